using Grantkeeper.Integrations;
using Grantkeeper.Jwt;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;

namespace Grantkeeper.Tokens;

/// <summary>
/// Whose tokens a refresh brought. OpenID Connect Core section 12.2: an id_token of a refresh names the same subject as the
/// first one. Its signature is not checked: it comes from the token endpoint itself (section 3.1.3.7, point 6), and it can
/// only freeze an integration, never open one.
/// </summary>
internal static class RefreshedAccount
{
    /// <summary>The error of a refresh that brought another account's tokens.</summary>
    public const string AnotherAccount = "another_account";

    /// <summary>True when the answer says that it belongs to another account than the integration's. Pure.</summary>
    public static bool IsAnother(Provider provider, Integration integration, TokenResponse answer)
    {
        if (answer.IdToken.IsEmpty || integration.AccountId is null || provider.Manifest.Account.Source != AccountSource.IdToken)
            return false;
        var parts = answer.IdToken.Reveal().Split('.');
        return parts.Length == 3
            && Base64UrlStrict.Decode(parts[1]) is { } payload
            && JwtJson.Object(payload, out _) is { } claims
            // A class that fails here says nothing: it must not cost the tokens that have come.
            && provider.Hooks.Account(claims, provider.Manifest.Account, answer) is { IsSuccess: true, Value.Id: { } id }
            && id != integration.AccountId;
    }
}
