using System.Net.Http.Headers;
using Grantkeeper.Egress;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Jwt;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>
/// Finds out whose account a fresh grant opens: from the validated id_token (OpenID Connect Core section 3.1.3.7), from the
/// userinfo endpoint (section 5.3), or both. An id_token that came and does not hold ends the connection, asked for or not.
/// </summary>
internal sealed class AccountReader(IEgress egress, JwksCache jwks)
{
    /// <summary>Failures: <c>connect.id_token_invalid</c>, <c>connect.account_unknown</c>.</summary>
    /// <param name="provider">The provider.</param>
    /// <param name="endpoints">Its endpoints.</param>
    /// <param name="tokens">The fresh tokens.</param>
    /// <param name="nonceHash">The hash of the nonce that was sent.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<Result<Account>> Read(Provider provider, ProviderEndpoints endpoints, TokenResponse tokens, string? nonceHash, CancellationToken cancellation)
    {
        var members = provider.Manifest.Account;
        JwtClaims? claims = null;
        if (!tokens.IdToken.IsEmpty && endpoints.Jwks is not null)
        {
            if (!(await Verify(provider, endpoints, tokens, nonceHash, cancellation)).TryGet(out claims, out var failure))
                return failure;
        }
        else if (nonceHash is not null && endpoints.Jwks is not null && tokens.Scope?.Contains(OAuthNames.OpenIdScope) != false)
        {
            // OpenID Connect Core section 3.1.3.3: asked for with openid, it must come.
            return new Failure(ErrorCatalogue.Connect.IdTokenInvalid, "The id_token was not accepted: none came, although openid was asked for.");
        }

        if (members.Source == AccountSource.None)
            return new Account(null, null, null, null);
        Account? account = null;
        if (members.Source == AccountSource.TokenResponse)
        {
            return tokens.Members is { } named && !provider.Hooks.Account(named.Json, members, tokens).TryGet(out account, out var unread)
                ? unread
                : Or(account, $"the token response has no member {string.Join(" or ", members.Id)}");
        }

        if (claims is not null && members.Source == AccountSource.IdToken && !provider.Hooks.Account(claims.Json, members, tokens).TryGet(out account, out var unreadable))
            return unreadable;
        if (endpoints.Userinfo is null || account is { Name: not null, Email: not null })
            return Or(account, "no id_token came, and the provider has no userinfo endpoint");
        return await Userinfo(provider, endpoints, tokens, claims, account, cancellation);
    }

    private async Task<Result<JwtClaims>> Verify(Provider provider, ProviderEndpoints endpoints, TokenResponse tokens, string? nonceHash, CancellationToken cancellation)
    {
        var rules = new JwtRules
        {
            Issuers = [.. endpoints.Issuer is null ? [] : new[] { endpoints.Issuer }, .. provider.Manifest.IssuerAliases],
            Audience = provider.Client.ClientId,
        };
        var verdict = await jwks.Verify(tokens.IdToken.Reveal(), rules, endpoints.Jwks!, endpoints.TrustOf(endpoints.Jwks!), cancellation);
        if (!verdict.IsValid)
            return new Failure(ErrorCatalogue.Connect.IdTokenInvalid, $"The id_token was not accepted: {Words.Of(verdict.Fault!.Value)}.");
        var claims = verdict.Claims!;
        // The nonce is stored as a hash, so the comparison is one of hashes.
        if (nonceHash is not null && (claims.Text(OAuthNames.Nonce) is not { } nonce || RandomHandle.HashOf(nonce) != nonceHash))
            return new Failure(ErrorCatalogue.Connect.IdTokenInvalid, "The id_token was not accepted: nonce_wrong.");
        if (claims.Text("at_hash") is { } hash && !AtHash.Matches(tokens.AccessToken.Reveal(), hash, claims.Algorithm))
            return new Failure(ErrorCatalogue.Connect.IdTokenInvalid, "The id_token was not accepted: at_hash_wrong.");
        return claims;
    }

    private async Task<Result<Account>> Userinfo(Provider provider, ProviderEndpoints endpoints, TokenResponse tokens, JwtClaims? claims, Account? known, CancellationToken cancellation)
    {
        var (members, accessToken) = (provider.Manifest.Account, tokens.AccessToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, endpoints.Userinfo);
        if (provider.Manifest.SendsBearer)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken.Reveal());
        else
            request.Headers.TryAddWithoutValidation("Authorization", accessToken.Reveal());
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        var outcome = await egress.Send(request, endpoints.TrustOf(endpoints.Userinfo!), cancellation: cancellation);
        if (!outcome.IsAnswer || !outcome.Response.IsSuccess)
            return Or(known, outcome.IsAnswer ? $"the userinfo endpoint answered {(int)outcome.Response.Status}" : "the userinfo endpoint could not be reached");
        using var document = OAuth.TokenEndpoint.Parse(outcome.Response.MediaType, outcome.Response.Body);
        if (document is null)
            return Or(known, "the userinfo endpoint answered with something that is no JSON object");
        // OpenID Connect Core section 5.3.2: a sub that differs from the id_token's belongs to somebody else. An API that is no
        // userinfo endpoint in that sense, and tells a channel or a site, names no sub.
        var sub = JsonText.Of(document.RootElement, "sub");
        var isSame = claims is null || sub == claims.Subject || (sub is null && members.Source == AccountSource.Userinfo);
        // What the id_token has told already needs only its gaps filled.
        if (!provider.Hooks.Account(document.RootElement, members, tokens).TryGet(out var read, out var failure))
            return known is null ? failure : known;
        read = read is null ? null : read with { Subject = claims?.Subject, Email = read.Email ?? claims?.Text("email") };
        if (known is not null)
            return isSame && read is not null ? known with { Email = known.Email ?? read.Email, Name = known.Name ?? read.Name, AvatarUrl = known.AvatarUrl ?? read.AvatarUrl } : known;
        if (!isSame)
            return Unknown("the userinfo endpoint speaks of another account than the id_token");
        return Or(read, $"the userinfo answer has no member {string.Join(" or ", members.Id)}");
    }

    private static Result<Account> Or(Account? known, string why) => known is null ? Unknown(why) : known;

    private static Failure Unknown(string why) => new(ErrorCatalogue.Connect.AccountUnknown, $"The provider granted access, but whose account it is could not be read: {why}. Nothing was stored.");
}
