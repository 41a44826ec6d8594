using System.Collections.Concurrent;
using System.Net;
using Grantkeeper.Egress;
using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>An answer of the token endpoint, or why there is none; never both.</summary>
internal readonly record struct TokenAnswer(TokenResponse? Response, TokenFailure? Failure);

/// <summary>The three requests that carry a grant to its provider: exchange, refresh, revoke. Each is sent once.</summary>
internal sealed class TokenRequests(IEgress egress, TimeProvider time)
{
    /// <summary>The error of a request that was never sent, because its address may not be called.</summary>
    public const string AddressNotAllowed = "address_not_allowed";

    /// <summary>The error of a signed instance that is not of our app.</summary>
    public const string InstanceInvalid = "instance_invalid";

    /// <summary>The error of a signed instance that is too old.</summary>
    public const string InstanceStale = "instance_stale";

    private static readonly TokenAnswer NotShaped = new(null, new TokenFailure(TokenFailureKind.Misconfigured, Delivery.NotProcessed, ProviderHooks.ClassFailed));

    private static readonly TokenAnswer KeyUnusable = new(null, new TokenFailure(TokenFailureKind.Misconfigured, Delivery.NotProcessed, ClientKeys.Unusable));

    private readonly ClientKeys _keys = new();

    /// <summary>Which of several refresh endpoints has answered as one, by provider.</summary>
    private readonly ConcurrentDictionary<string, Uri> _answered = new(StringComparer.Ordinal);

    public Task<TokenAnswer> ExchangeCode(Provider provider, ProviderEndpoints endpoints, Secret code, string redirectUri, Secret codeVerifier, CancellationToken cancellation)
    {
        if (!provider.Hooks.Shape(provider, isRefresh: false).TryGet(out provider!, out _))
            return Task.FromResult(NotShaped);
        if (Target(provider, endpoints, endpoints.Token, ClaimsRequest.With(provider.Manifest.TokenParameters, provider.Manifest, null)) is not { } target)
            return Task.FromResult(KeyUnusable);
        if (provider.Manifest.Flow == ConnectionFlow.Code)
            return Send(provider, endpoints, OAuth.TokenEndpoint.ExchangeCode(target, code, redirectUri, codeVerifier), cancellation);
        var opened = AppInstance.Open(code, provider.Client.ClientSecret, provider.Manifest.InstanceLifetime, time.GetUtcNow());
        return opened.Id is { } instance
            ? Mint(provider, endpoints, target, instance, cancellation)
            : Task.FromResult(new TokenAnswer(null, new TokenFailure(
                TokenFailureKind.Rejected, Delivery.NotProcessed, opened.Fault == InstanceFault.Stale ? InstanceStale : InstanceInvalid)));
    }

    /// <param name="provider">Whose grant.</param>
    /// <param name="endpoints">Its addresses.</param>
    /// <param name="refreshToken">What is shown.</param>
    /// <param name="redirectUri">The one that the consent came back to; sent only where the manifest says that the provider asks for it.</param>
    /// <param name="claimsChallenge">What an API asked for when it refused the access token; null when it asked for nothing.</param>
    /// <param name="cancellation">Ends the request.</param>
    public async Task<TokenAnswer> Refresh(Provider provider, ProviderEndpoints endpoints, Secret refreshToken, string? redirectUri, string? claimsChallenge, CancellationToken cancellation)
    {
        if (!provider.Hooks.Shape(provider, isRefresh: true).TryGet(out provider!, out _))
            return NotShaped;
        var manifest = provider.Manifest;
        var repeated = manifest.RefreshRepeatsRedirectUri ? redirectUri : null;
        var parameters = ClaimsRequest.With(manifest.RefreshParameters, manifest, claimsChallenge);
        if (Target(provider, endpoints, endpoints.Token, parameters) is not { } target)
            return KeyUnusable;
        if (manifest.Flow == ConnectionFlow.AppInstance)
            return await Mint(provider, endpoints, target, refreshToken, cancellation);
        if (manifest.RefreshEndpoints.Count == 0)
            return await Send(provider, endpoints, OAuth.TokenEndpoint.Refresh(target, refreshToken, repeated), cancellation);

        // Where the provider's pages name several addresses, one that is no endpoint has processed nothing; the next is tried, and the good one remembered.
        var answer = default(TokenAnswer);
        var known = _answered.GetValueOrDefault(provider.Key);
        foreach (var address in manifest.RefreshEndpoints.OrderBy(address => address == known ? 0 : 1))
        {
            // Made again for each address: an assertion is shown once.
            target = Target(provider, endpoints, address, parameters)!;
            answer = await Send(provider, endpoints, OAuth.TokenEndpoint.Refresh(target, refreshToken, repeated), cancellation);
            if (answer.Failure is { Error: "http_404" or "http_405", Delivery: Delivery.Refused })
                continue;
            _answered[provider.Key] = address;
            break;
        }

        return answer;
    }

    /// <summary>The instance takes the refresh token's place.</summary>
    private async Task<TokenAnswer> Mint(Provider provider, ProviderEndpoints endpoints, TokenEndpointTarget target, Secret instance, CancellationToken cancellation)
    {
        var answer = await Send(provider, endpoints, AppInstance.Mint(target, instance), cancellation);
        return answer.Response is { } response ? new TokenAnswer(response with { RefreshToken = instance }, null) : answer;
    }

    /// <summary>Asks the provider to end a token (RFC 7009); <c>Unsupported</c> when it has no endpoint for that.</summary>
    public async Task<RevocationOutcome> Revoke(Provider provider, ProviderEndpoints endpoints, Secret token, string tokenTypeHint, CancellationToken cancellation)
    {
        if (endpoints.Revocation is null)
            return RevocationOutcome.Unsupported;
        if (Target(provider, endpoints, endpoints.Revocation, new Dictionary<string, string>()) is not { } target)
            return RevocationOutcome.Failed;
        using var request = RevocationEndpoint.Revoke(target, token, tokenTypeHint);
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
            return response is not null
                ? new TokenAnswer(provider.Hooks.Understand(Dialect.Understand(provider.Manifest, response)), null)
                : new TokenAnswer(null, Dialect.Understand(provider.Manifest, failure!, answer.MediaType, answer.Body));
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

    /// <summary>Null when the client signs with a key and has none that can be used.</summary>
    private TokenEndpointTarget? Target(Provider provider, ProviderEndpoints endpoints, Uri address, IReadOnlyDictionary<string, string> extra) =>
        _keys.Credentials(provider, endpoints, time.GetUtcNow()) is not { } credentials ? null : new(address, credentials)
        {
            SendsJson = provider.Manifest.TokenRequestIsJson,
            Extra = extra,
            Headers = provider.Manifest.RequestHeaders,
        };
}
