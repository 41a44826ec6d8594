namespace Grantkeeper.Testing.Browser;

/// <summary>A request that a browser sent.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Url">The whole URL, query included.</param>
/// <param name="Referer">The Referer header, or null if the browser sent none.</param>
public sealed record RecordedRequest(string Method, string Url, string? Referer)
{
    /// <summary>Whether a text stands in the URL or in the Referer, plain or escaped.</summary>
    public bool Exposes(string secret) => Holds(Url, secret) || (Referer is not null && Holds(Referer, secret));

    private static bool Holds(string address, string secret) =>
        address.Contains(secret, StringComparison.Ordinal)
        || Uri.UnescapeDataString(address).Contains(secret, StringComparison.Ordinal)
        || Uri.UnescapeDataString(address.Replace('+', ' ')).Contains(secret, StringComparison.Ordinal);
}
