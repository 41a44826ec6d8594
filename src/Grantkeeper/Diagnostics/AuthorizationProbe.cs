using Grantkeeper.Client.Contracts;
using Grantkeeper.Egress;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;

namespace Grantkeeper.Diagnostics;

/// <summary>
/// Opens a provider's authorization page as a browser would, without anybody in it, and once more with a redirect URI that is
/// surely not registered. Providers answer in their own ways, so that one answer tells little; the difference tells much.
/// </summary>
internal sealed class AuthorizationProbe(IEgress egress)
{
    private const string Check = "authorization";
    private const string Registered = "redirect_uri_registered";

    /// <summary>What a page did: where it led, or its status.</summary>
    private sealed record Page(int Status, Uri? Location, EgressFault? Fault)
    {
        /// <summary>The same for two pages that cannot be told apart.</summary>
        public string Kind => $"{Status} {Location?.GetLeftPart(UriPartial.Path)} {Fault}";

        /// <summary>A refusal, by its status, or by an address that speaks of an error as Google's does.</summary>
        public bool IsRefused => Status >= 400 || Location?.AbsolutePath.Contains("error", StringComparison.OrdinalIgnoreCase) == true;
    }

    public async Task<List<DiagnosticFinding>> Look(Provider provider, ProviderEndpoints endpoints, string redirectUri, CancellationToken cancellation)
    {
        var wrongUri = $"{new Uri(redirectUri).GetLeftPart(UriPartial.Authority)}/surely-not-registered";
        if (!Address(provider, endpoints, redirectUri).TryGet(out var address, out var failure) || !Address(provider, endpoints, wrongUri).TryGet(out var wrong, out failure))
            return [Finding.Bad(Check, provider.Key, failure.Message, failure.Code.Cause, failure.Code.Remedy)];
        var page = await Open(endpoints, address, cancellation);
        var host = endpoints.Authorization.IdnHost;
        if (page.Fault is { } fault)
            return [Finding.Bad(Check, provider.Key, $"{host} does not answer ({fault}).", "People are sent there to grant access.", "Check the address in the manifest, and DNS and firewalls of this machine.")];
        if (ErrorSentBack(page, redirectUri) is { } error)
            return [Finding.Bad(Check, provider.Key, $"{host} sends the browser back at once: {error}.", "It knows the client and refuses the request: often a scope that the client may not ask for.",
                "Compare scopes and the client's settings in the provider's console.")];
        if (page.IsRefused)
            return [Finding.Bad(Check, provider.Key, $"{host} refuses the request before anybody has signed in (status {page.Status}).", "It does not know the client id, or the redirect URI is not registered for it, or a parameter is not to its taste.",
                $"Compare client id and redirect URI with the provider's console, letter by letter: {redirectUri}")];

        var opens = Finding.Good(Check, provider.Key, $"{host} opens its page for this client.");
        var other = await Open(endpoints, wrong, cancellation);
        return other.Kind == page.Kind
            ? [opens, Finding.NotLookedAt(Registered, provider.Key, $"{host} answers a wrong redirect URI in the same way; whether ours is registered shows when a person signs in.")]
            : [opens, Finding.Good(Registered, provider.Key, $"{host} refuses another redirect URI and takes ours: it is registered.")];
    }

    private static Result<Secret> Address(Provider provider, ProviderEndpoints endpoints, string redirectUri) =>
        AuthorizationPage.Url(provider, endpoints, new AuthorizationAsk(redirectUri, provider.ScopesFor(ScopeSet.Empty), RandomHandle.New())
        {
            CodeChallenge = provider.Manifest.Pkce ? Pkce.ChallengeOf(Pkce.NewVerifier()) : null,
            Nonce = RandomHandle.New(),
        });

    private async Task<Page> Open(ProviderEndpoints endpoints, Secret address, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address.Reveal());
        var outcome = await egress.Send(request, endpoints.TrustOf(endpoints.Authorization), Doctor.Limits, cancellation);
        if (!outcome.IsAnswer)
            // A page too large to read is a page.
            return outcome.Fault == EgressFault.TooLarge ? new Page(200, null, null) : new Page(0, null, outcome.Fault);
        var location = Uri.TryCreate(endpoints.Authorization, outcome.Response.Header("Location") ?? "", out var absolute) && (int)outcome.Response.Status is >= 300 and < 400 ? absolute : null;
        return new Page((int)outcome.Response.Status, location, null);
    }

    /// <summary>The error word in a redirect to our own callback (RFC 6749 section 4.1.2.1); null when there is none.</summary>
    private static string? ErrorSentBack(Page page, string redirectUri)
    {
        if (page.Location is null || page.Location.GetLeftPart(UriPartial.Path) != new Uri(redirectUri).GetLeftPart(UriPartial.Path))
            return null;
        var error = System.Web.HttpUtility.ParseQueryString(page.Location.Query)[OAuthNames.Error];
        return TokenEndpoint.Clean(error ?? "no_error_word");
    }
}
