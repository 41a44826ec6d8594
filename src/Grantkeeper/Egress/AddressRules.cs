using System.Net;

namespace Grantkeeper.Egress;

/// <summary>
/// Decides which URLs and addresses are within reach of a trust. Pure. A URL is judged before anything is looked up, and
/// every address behind its host again before a connection is opened.
/// </summary>
internal sealed class AddressRules(EgressOptions options)
{
    /// <summary>Names that resolve inside a network only (RFC 6761, RFC 6762, RFC 8375, and ICANN's reservation of .internal).</summary>
    private static readonly string[] InsideNames = ["internal", "local", "localhost", "home.arpa"];

    /// <summary>
    /// True when a URL may be called: https without user information; for data on port 443 and with a name that is public in
    /// form; http only for an operator's address on loopback in development.
    /// </summary>
    public bool Allows(Uri url, EgressTrust trust)
    {
        if (!url.IsAbsoluteUri || url.UserInfo.Length > 0 || url.Port is < 1 or > 65535) return false;
        if (url.HostNameType is not (UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6)) return false;
        if (url.Scheme == Uri.UriSchemeHttp) return AllowsHttp(url, trust);
        if (url.Scheme != Uri.UriSchemeHttps || trust is EgressTrust.Data && url.Port != 443) return false;
        return Literal(url.IdnHost) is { } literal ? Allows([literal], url, trust) : trust is EgressTrust.Operator || IsPublicName(url.IdnHost);
    }

    /// <summary>True when there is an address and every single one is within reach.</summary>
    public bool Allows(IReadOnlyCollection<IPAddress> addresses, Uri url, EgressTrust trust) =>
        addresses.Count > 0 && addresses.All(address => Allows(address, url.Scheme == Uri.UriSchemeHttps, trust));

    /// <summary>The address that a host spells out; null when it is a name.</summary>
    public static IPAddress? Literal(string host) => IPAddress.TryParse(host, out var address) ? address : null;

    private bool Allows(IPAddress address, bool secure, EgressTrust trust)
    {
        var reach = AddressRanges.ReachOf(address);
        if (reach is AddressReach.Public) return secure;
        if (reach is AddressReach.Never || trust is not EgressTrust.Operator) return false;
        if (reach is AddressReach.Loopback && options.AllowLoopbackHttp) return true;
        var inner = AddressRanges.Unmapped(address);
        return secure && options.AllowedNetworks.Any(network => network.Contains(inner));
    }

    private bool AllowsHttp(Uri url, EgressTrust trust)
    {
        if (trust is not EgressTrust.Operator || !options.AllowLoopbackHttp) return false;
        return Literal(url.IdnHost) is { } literal
            ? AddressRanges.ReachOf(literal) is AddressReach.Loopback
            : IsUnder(url.IdnHost.TrimEnd('.'), "localhost");
    }

    /// <summary>A public name has at least two labels, no trailing dot, and is not under a name that is kept for inside use.</summary>
    private static bool IsPublicName(string host) =>
        host.Contains('.', StringComparison.Ordinal) && !host.EndsWith('.') && !InsideNames.Any(name => IsUnder(host, name));

    private static bool IsUnder(string host, string name) =>
        host.EndsWith(name, StringComparison.OrdinalIgnoreCase) && (host.Length == name.Length || host[^(name.Length + 1)] == '.');
}
