using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>What an authorization request carries beside what its provider's manifest says.</summary>
internal sealed record AuthorizationAsk(string RedirectUri, ScopeSet Scopes, Secret State)
{
    /// <summary>Null where the provider takes no PKCE.</summary>
    public string? CodeChallenge { get; init; }

    public Secret Nonce { get; init; }

    public string? LoginHint { get; init; }
}

/// <summary>The page at a provider on which a person grants access.</summary>
internal static class AuthorizationPage
{
    public static Secret Url(Provider provider, ProviderEndpoints endpoints, AuthorizationAsk ask) => provider.Manifest.Flow != ConnectionFlow.Code
        ? AppInstance.InstallUrl(endpoints.Authorization, provider.Client.ClientId, ask.RedirectUri, ask.State)
        : new AuthorizationRequest
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
            Extra = provider.Manifest.AuthorizationParameters,
        }.ToUrl();
}
