using System.Net;
using Grantkeeper.Egress;
using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>An answer of the token endpoint, or why there is none; never both.</summary>
internal readonly record struct TokenAnswer(TokenResponse? Response, TokenFailure? Failure);

/// <summary>The three requests that carry a grant to its provider: exchange, refresh, revoke. Each is sent once.</summary>
internal sealed class TokenRequests(IEgress egress)
{
    /// <summary>The error of a request that was never sent, because its address may not be called.</summary>
    public const string AddressNotAllowed = "address_not_allowed";

    public Task<TokenAnswer> ExchangeCode(Provider provider, ProviderEndpoints endpoints, Secret code, string redirectUri, Secret codeVerifier, CancellationToken cancellation) =>
        Send(provider, endpoints, OAuth.TokenEndpoint.ExchangeCode(Target(provider, endpoints, endpoints.Token, provider.Manifest.TokenParameters), code, redirectUri, codeVerifier), cancellation);

    public Task<TokenAnswer> Refresh(Provider provider, ProviderEndpoints endpoints, Secret refreshToken, CancellationToken cancellation) =>
        Send(provider, endpoints, OAuth.TokenEndpoint.Refresh(Target(provider, endpoints, endpoints.Token, provider.Manifest.RefreshParameters), refreshToken), cancellation);

    /// <summary>Asks the provider to end a token (RFC 7009); <c>Unsupported</c> when it has no endpoint for that.</summary>
    public async Task<RevocationOutcome> Revoke(Provider provider, ProviderEndpoints endpoints, Secret token, string tokenTypeHint, CancellationToken cancellation)
    {
        if (endpoints.Revocation is null)
            return RevocationOutcome.Unsupported;
        using var request = RevocationEndpoint.Revoke(Target(provider, endpoints, endpoints.Revocation, new Dictionary<string, string>()), token, tokenTypeHint);
        var outcome = await egress.Send(request, endpoints.TrustOf(endpoints.Revocation), cancellation: cancellation);
        if (outcome.IsAnswer)
            return RevocationEndpoint.Judge((int)outcome.Response.Status, outcome.Response.MediaType, outcome.Response.Body);
        return outcome.Fault == EgressFault.AddressNotAllowed ? RevocationOutcome.Failed : RevocationOutcome.Transient;
    }

    private async Task<TokenAnswer> Send(Provider provider, ProviderEndpoints endpoints, HttpRequestMessage request, CancellationToken cancellation)
    {
        using (request)
        {
            var outcome = await egress.Send(request, endpoints.TrustOf(endpoints.Token), cancellation: cancellation);
            if (!outcome.IsAnswer)
                return new TokenAnswer(null, OfFault(outcome));
            var answer = outcome.Response;
            // A redirect is never followed: it would carry the secret elsewhere.
            if (answer.Status is >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest)
                return new TokenAnswer(null, new TokenFailure(TokenFailureKind.Unreadable, Delivery.Ambiguous, "redirect"));
            OAuth.TokenEndpoint.Judge((int)answer.Status, answer.MediaType, answer.Body, answer.RetryAfter, provider.Manifest.ScopeSeparator, out var response, out var failure);
            return new TokenAnswer(response, failure);
        }
    }

    private static TokenFailure OfFault(EgressOutcome outcome) => outcome.Fault switch
    {
        EgressFault.AddressNotAllowed => new(TokenFailureKind.Misconfigured, Delivery.NotProcessed, AddressNotAllowed),
        EgressFault.NotConnected => new(TokenFailureKind.Transient, Delivery.NotProcessed, "not_connected"),
        EgressFault.TimedOut => new(TokenFailureKind.Transient, Delivery.Ambiguous, "timeout"),
        EgressFault.TooLarge => new(TokenFailureKind.Unreadable, Delivery.Ambiguous, "too_large"),
        _ => new(TokenFailureKind.Transient, outcome.MayHaveLeft ? Delivery.Ambiguous : Delivery.NotProcessed, "connection_broken"),
    };

    private static TokenEndpointTarget Target(Provider provider, ProviderEndpoints endpoints, Uri address, IReadOnlyDictionary<string, string> extra) =>
        new(address, new ClientCredentials(provider.Client.ClientId, provider.Client.ClientSecret, endpoints.ClientAuthentication))
        {
            SendsJson = provider.Manifest.TokenRequestIsJson,
            Extra = extra,
            Headers = provider.Manifest.RequestHeaders,
        };
}
