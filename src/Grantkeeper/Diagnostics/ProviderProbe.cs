using System.Net.Http.Headers;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Egress;
using Grantkeeper.Encryption;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.RedirectUris;
using Grantkeeper.Settings;

namespace Grantkeeper.Diagnostics;

/// <summary>
/// Tries a provider with this deployment's client and nobody's account (R299): 1. what is configured 2. what the issuer says
/// of itself 3. the authorization page 4. the exchange of a made-up code 5. a refresh with a made-up token 6. a revocation of
/// one 7. the account and resources endpoints. A provider that refuses a made-up code, and not the client, has taken the
/// address, the form of the body and the client's secret. About ten requests; nothing is granted, stored or ended.
/// </summary>
internal sealed class ProviderProbe(GrantkeeperOptions options, IEgress egress, EndpointDiscovery discovery, TokenRequests requests, TimeProvider time)
{
    private const string Exchange = "exchange";
    private const string Refresh = "refresh";
    private const string Revocation = "revocation";
    private const string Account = "account";
    private const string Metadata = "metadata";

    public async Task<List<DiagnosticFinding>> Examine(Provider provider, CancellationToken cancellation)
    {
        // 1. what is configured
        var findings = await new ProviderChecks(options, egress, time).Of(provider, true, cancellation);
        if (findings.Exists(finding => finding.Verdict == Finding.Fail)
            || !RedirectUriPolicy.RedirectUriOf(provider.Key, provider.Client.RedirectUri, options).TryGet(out var redirectUri, out _)
            || !(await discovery.Of(provider)).TryGet(out var endpoints, out _))
        {
            findings.Add(Finding.NotLookedAt("everything_else", provider.Key, "The provider is tried once the above is right."));
            return findings;
        }

        findings.Add(await OwnWords(provider, endpoints, cancellation));
        findings.AddRange(await new AuthorizationProbe(egress).Look(provider, endpoints, redirectUri, cancellation));
        findings.Add(await TryExchange(provider, endpoints, redirectUri, cancellation));
        findings.Add(await TryRefresh(provider, endpoints, redirectUri, cancellation));
        findings.Add(await TryRevocation(provider, endpoints, cancellation));
        findings.Add(await TryApi(Account, provider, endpoints, HttpMethod.Get, endpoints.Userinfo, cancellation));
        foreach (var resource in provider.Manifest.Resources)
            findings.Add(await TryApi($"resource_{resource.Type}", provider, endpoints, resource.IsPost ? HttpMethod.Post : HttpMethod.Get, resource.Url, cancellation));
        return findings;
    }

    /// <summary>2. Compares the manifest with the issuer's metadata, where there is any (RFC 8414, OpenID Connect Discovery).</summary>
    private async Task<DiagnosticFinding> OwnWords(Provider provider, ProviderEndpoints endpoints, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(endpoints.Issuer, UriKind.Absolute, out _) || !(await discovery.MetadataOf(endpoints.Issuer!).WaitAsync(cancellation)).TryGet(out var metadata, out _))
            return Finding.NotLookedAt(Metadata, provider.Key, "It publishes no metadata under its issuer, or has none; the manifest's word is all there is.");
        var manifest = provider.Manifest;
        var differences = new List<string>();
        void Compare(string name, Uri? ours, Uri? theirs)
        {
            if (ours is not null && theirs is not null && ours != theirs)
                differences.Add($"{name} is {theirs}");
        }

        Compare("authorization_endpoint", manifest.AuthorizationEndpoint, metadata.AuthorizationEndpoint);
        Compare("token_endpoint", manifest.TokenEndpoint, metadata.TokenEndpoint);
        Compare("revocation_endpoint", manifest.RevocationEndpoint, metadata.RevocationEndpoint);
        Compare("userinfo_endpoint", manifest.UserinfoEndpoint, metadata.UserinfoEndpoint);
        Compare("jwks_uri", manifest.JwksUri, metadata.JwksUri);
        if (metadata.CodeChallengeMethods is { } methods && methods.Contains(OAuthNames.S256) != manifest.Pkce)
            differences.Add(manifest.Pkce ? "code_challenge_methods_supported does not name S256" : "it takes PKCE with S256, which the manifest leaves out");
        var name = MetadataNameOf(endpoints.ClientAuthentication);
        if (name is not null && !metadata.TokenEndpointAuthMethods.Contains(name))
            differences.Add($"token_endpoint_auth_methods_supported does not name {name}");
        return differences.Count == 0
            ? Finding.Good(Metadata, provider.Key, "The issuer's metadata says the same as the manifest.")
            : Finding.Doubtful(Metadata, provider.Key, $"By the issuer's metadata {string.Join("; ", differences)}.", "The manifest says otherwise, and it is the manifest that is used.", "Ask the provider's documentation which is right, and override the member that is wrong.");
    }

    /// <summary>4. A code that nobody issued, with our secret and then with another one.</summary>
    private async Task<DiagnosticFinding> TryExchange(Provider provider, ProviderEndpoints endpoints, string redirectUri, CancellationToken cancellation)
    {
        var answer = await Ask(provider, endpoints, redirectUri, cancellation);
        var other = endpoints.ClientAuthentication is ClientAuthenticationMethod.None
            ? answer
            : await Ask(provider with { Client = provider.Client with { ClientSecret = Another(provider, endpoints) } }, endpoints, redirectUri, cancellation);
        return Judge(Exchange, provider, endpoints, answer, other);
    }

    /// <summary>A secret that is not ours, of the same kind, so that it is refused there and not here.</summary>
    private static Secret Another(Provider provider, ProviderEndpoints endpoints) =>
        endpoints.ClientAuthentication == ClientAuthenticationMethod.PrivateKeyJwt && ClientKey.Read(provider.Client.ClientSecret, out _) is { } key ? key.Another() : RandomHandle.New();

    private Task<TokenAnswer> Ask(Provider provider, ProviderEndpoints endpoints, string redirectUri, CancellationToken cancellation) =>
        provider.Manifest.Flow == ConnectionFlow.Code
            ? requests.ExchangeCode(provider, endpoints, RandomHandle.New(), redirectUri, provider.Manifest.Pkce ? Pkce.NewVerifier() : default, cancellation)
            // There is no code; the made-up thing is the installation.
            : requests.Refresh(provider, endpoints, new Secret(Guid.NewGuid().ToString()), redirectUri, null, cancellation);

    private static DiagnosticFinding Judge(string check, Provider provider, ProviderEndpoints endpoints, TokenAnswer answer, TokenAnswer other)
    {
        var host = endpoints.Token.IdnHost;
        var proof = other.Failure?.Error == answer.Failure?.Error
            ? endpoints.ClientAuthentication == ClientAuthenticationMethod.None ? "" : " It says the same to a wrong secret, so that ours is not proved by this."
            : " A wrong secret it refuses otherwise: ours is right.";
        return answer.Failure switch
        {
            null => Finding.Doubtful(check, provider.Key, $"{host} gave tokens for a code that nobody issued.", "No OAuth server does that.", "Check whether token_endpoint is the real one."),
            { Kind: TokenFailureKind.Transient } failure => Finding.NotLookedAt(check, provider.Key, $"{host} was not able to answer ({failure.Error}); try again later."),
            { Kind: TokenFailureKind.Rejected } failure => Finding.Good(check, provider.Key, $"{host} takes the request and refuses the made-up code alone ({failure.Error}).{proof}"),
            { Kind: TokenFailureKind.Misconfigured, Error: "invalid_client" or "unauthorized_client" or "deleted_client" or "http_401" } failure => Finding.Bad(check, provider.Key,
                $"{host} refuses our client ({failure.Error}).", "Client id or secret is wrong, has ended, or goes another way than this provider wants it.",
                $"Compare both with the provider's console; the manifest sends them by {Words.Of(endpoints.ClientAuthentication)}."),
            { Kind: TokenFailureKind.Misconfigured } failure => Finding.Bad(check, provider.Key, $"{host} does not understand the request ({failure.Error}).",
                "The form of the body, the redirect URI or a parameter is not what it expects.", "Compare token_request, client_authentication, pkce and the redirect URI with the provider's documentation."),
            // A word of its own for a code that is wrong, told apart from one for a wrong client.
            { Delivery: Delivery.Refused } failure when other.Failure is not null && other.Failure.Error != failure.Error => Finding.Good(check, provider.Key,
                $"{host} refuses the made-up code in its own words ({failure.Error}).{proof}"),
            { } failure => Finding.Doubtful(check, provider.Key, $"{host} gives an answer that is none of a token endpoint ({failure.Error}).", "What it would say to a real code cannot be told from this.",
                "Check token_endpoint, token_request and client_authentication against the provider's documentation."),
        };
    }

    /// <summary>5. A refresh token that nobody issued.</summary>
    private async Task<DiagnosticFinding> TryRefresh(Provider provider, ProviderEndpoints endpoints, string redirectUri, CancellationToken cancellation)
    {
        if (!provider.Manifest.Refresh)
            return Finding.NotLookedAt(Refresh, provider.Key, "It gives no refresh tokens.");
        if (provider.Manifest.Flow != ConnectionFlow.Code)
            return Finding.NotLookedAt(Refresh, provider.Key, "Its tokens are minted again by the request that was tried above.");
        var answer = await requests.Refresh(provider, endpoints, RandomHandle.New(), redirectUri, null, cancellation);
        return answer.Failure switch
        {
            { Kind: TokenFailureKind.Rejected } failure => Finding.Good(Refresh, provider.Key, $"A refresh is taken as one, and the made-up token refused ({failure.Error})."),
            { Kind: TokenFailureKind.Transient } failure => Finding.NotLookedAt(Refresh, provider.Key, $"It was not able to answer ({failure.Error}); try again later."),
            null => Finding.Doubtful(Refresh, provider.Key, "It gave tokens for a refresh token that nobody issued.", "No OAuth server does that.", "Check whether token_endpoint is the real one."),
            { } failure => Finding.Doubtful(Refresh, provider.Key, $"A made-up refresh token is answered with {failure.Error}, not with invalid_grant.", "A grant that has ended may be taken for trouble that passes, or trouble for its end.",
                "Name this provider's codes under error_codes in a manifest, and look whether the client may use refresh tokens."),
        };
    }

    /// <summary>6. A token that nobody issued.</summary>
    private async Task<DiagnosticFinding> TryRevocation(Provider provider, ProviderEndpoints endpoints, CancellationToken cancellation) =>
        await requests.Revoke(provider, endpoints, RandomHandle.New(), provider.Manifest.RevocationToken, cancellation) switch
        {
            RevocationOutcome.Unsupported => Finding.NotLookedAt(Revocation, provider.Key, "It revokes no tokens; a disconnect destroys ours, and the person removes the access there."),
            RevocationOutcome.Transient => Finding.NotLookedAt(Revocation, provider.Key, "It was not able to answer; try again later."),
            RevocationOutcome.Confirmed => Finding.Good(Revocation, provider.Key, "A revocation is taken as one."),
            _ => Finding.Doubtful(Revocation, provider.Key, "A revocation of a made-up token is refused.", "RFC 7009 wants it confirmed. Some providers refuse here and take real ones.", "Disconnect a test account and look whether the access is gone at the provider."),
        };

    /// <summary>7. An endpoint of the API, with a token that nobody issued.</summary>
    private async Task<DiagnosticFinding> TryApi(string check, Provider provider, ProviderEndpoints endpoints, HttpMethod method, Uri? address, CancellationToken cancellation)
    {
        if (address is null)
            return Finding.NotLookedAt(check, provider.Key, "The account is told in another way; no endpoint is asked for it.");
        using var request = new HttpRequestMessage(method, address);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", RandomHandle.New().Reveal());
        foreach (var (name, value) in provider.Manifest.RequestHeaders)
            request.Headers.TryAddWithoutValidation(name, value);
        var outcome = await egress.Send(request, endpoints.TrustOf(address), Doctor.Limits, cancellation);
        var status = outcome.IsAnswer ? (int)outcome.Response.Status : 0;
        return status switch
        {
            400 or 401 or 403 => Finding.Good(check, provider.Key, $"{address.IdnHost} is there and refuses a made-up token ({status})."),
            429 or >= 500 => Finding.NotLookedAt(check, provider.Key, $"{address.IdnHost} was not able to answer ({status}); try again later."),
            0 => Finding.Bad(check, provider.Key, $"{address.IdnHost} does not answer ({outcome.Fault}).", "Accounts and resources are read there.", "Check the address in the manifest, and DNS and firewalls of this machine."),
            _ => Finding.Doubtful(check, provider.Key, $"{address.IdnHost} answers a made-up token with {status}.", "An API refuses such a token with 401.", "Check the address in the manifest."),
        };
    }

    private static string? MetadataNameOf(ClientAuthenticationMethod method) => method switch
    {
        ClientAuthenticationMethod.Basic => "client_secret_basic",
        ClientAuthenticationMethod.Post => "client_secret_post",
        ClientAuthenticationMethod.None => "none",
        ClientAuthenticationMethod.PrivateKeyJwt => "private_key_jwt",
        _ => null,
    };
}
