using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Grantkeeper.Audit;
using Grantkeeper.Egress;
using Grantkeeper.Errors;
using Grantkeeper.Providers;

namespace Grantkeeper.Tokens;

/// <summary>What a provider's API answered.</summary>
/// <param name="Address">What was called.</param>
/// <param name="Status">The status.</param>
/// <param name="Body">The text, JSON indented, without the token that asked.</param>
/// <param name="IsCut">True when the answer was longer than what is shown.</param>
/// <param name="WasRenewed">True when the first token was refused and a fresh one was tried.</param>
internal sealed record ApiAnswer(Uri Address, HttpStatusCode Status, string Body, bool IsCut, bool WasRenewed);

/// <summary>
/// Tries an integration at its provider: one call of the account endpoint with a fresh token, as a back end would make it.
/// A 401 is reported, which forces one refresh, and the call is made once more. The token does not leave this process.
/// </summary>
internal sealed class AccountCall(ProviderApi api, ITokenVault vault, ProviderCatalogue catalogue, EndpointDiscovery discovery)
{
    /// <summary>Longer answers are cut: they are read by a person.</summary>
    public const int MostShown = 16 * 1024;

    private static readonly EgressLimits Limits = new() { MaxBodyBytes = 256 * 1024 };
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Failures: those of a token read, <c>providers.no_account_endpoint</c>, <c>providers.api_unreachable</c>.</summary>
    public async Task<Result<ApiAnswer>> Run(Guid integrationId, string userId, AuditSource source, CancellationToken cancellation)
    {
        if (await vault.Find(integrationId, userId, cancellation) is not { } row)
            return new Failure(ErrorCatalogue.Integrations.NotFound);
        if (catalogue.Find(row.Integration.Provider) is not { } provider)
            return new Failure(ErrorCatalogue.Providers.Unknown);
        if (!(await discovery.Of(provider)).TryGet(out var endpoints, out var failure))
            return failure;
        if (endpoints.Userinfo is not { } address)
            return new Failure(ErrorCatalogue.Providers.NoAccountEndpoint);

        return (await api.Call(row, provider, endpoints, () => new HttpRequestMessage(HttpMethod.Get, address), Limits, source, cancellation)).TryGet(out var called, out failure)
            ? Shown(address, called.Response, called.Grant, called.WasRenewed)
            : failure;
    }

    private static ApiAnswer Shown(Uri address, EgressResponse response, TokenGrant grant, bool wasRenewed)
    {
        // An API that repeats the token would carry it into a page.
        var text = Pretty(response.Body).Replace(grant.AccessToken.Reveal(), grant.AccessToken.ToString(), StringComparison.Ordinal);
        var isCut = text.Length > MostShown;
        var end = isCut && char.IsHighSurrogate(text[MostShown - 1]) ? MostShown - 1 : MostShown;
        return new ApiAnswer(address, response.Status, isCut ? text[..end] : text, isCut, wasRenewed);
    }

    private static string Pretty(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return JsonSerializer.Serialize(json.RootElement, Indented);
        }
        catch (JsonException)
        {
            return Encoding.UTF8.GetString(body.Span);
        }
    }
}
