using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>What an authorization request carries beside what its provider's manifest says.</summary>
internal sealed record AuthorizationAsk(string RedirectUri, ScopeSet Scopes, Secret State)
{
    /// <summary>Null where the provider takes no PKCE.</summary>
    public string? CodeChallenge { get; init; }

    public Secret Nonce { get; init; }

    public string? LoginHint { get; init; }

    /// <summary>True when an integration is connected again.</summary>
    public bool IsReconnect { get; init; }

    /// <summary>What an API asked for when it refused the grant that is connected again; null when it asked for nothing.</summary>
    public string? ClaimsChallenge { get; init; }
}

/// <summary>The page at a provider on which a person grants access.</summary>
internal static class AuthorizationPage
{
    /// <summary>Its address. Failure: <c>providers.class_failed</c>.</summary>
    public static Result<Secret> Url(Provider provider, ProviderEndpoints endpoints, AuthorizationAsk ask)
    {
        if (provider.Manifest.Flow != ConnectionFlow.Code)
            return AppInstance.InstallUrl(endpoints.Authorization, provider.Client.ClientId, ask.RedirectUri, ask.State);
        var facts = new AuthorizationFacts(ask.Scopes.ToArray(), ask.RedirectUri, ask.LoginHint, ask.IsReconnect);
        if (!provider.Hooks.AuthorizationParameters(provider.Manifest, facts).TryGet(out var parameters, out var failure))
            return failure;
        return new AuthorizationRequest
        {
            AuthorizationEndpoint = endpoints.Authorization,
            ClientId = provider.Client.ClientId,
            ClientIdParameter = provider.Manifest.ClientIdParameter,
            RedirectUri = ask.RedirectUri,
            Scopes = ask.Scopes,
            ScopeSeparator = provider.Manifest.ScopeSeparator,
            State = ask.State,
            CodeChallenge = ask.CodeChallenge,
            Nonce = ask.Nonce,
            LoginHint = ask.LoginHint,
            ResponseMode = provider.Manifest.ResponseMode,
            Names = provider.Manifest.AuthorizationNames,
            Extra = ClaimsRequest.With(parameters, provider.Manifest, ask.ClaimsChallenge),
        }.ToUrl();
    }
}
