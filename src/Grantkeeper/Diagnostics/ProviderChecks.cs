using Grantkeeper.Client.Contracts;
using Grantkeeper.Egress;
using Grantkeeper.Providers;
using Grantkeeper.RedirectUris;
using Grantkeeper.Settings;

namespace Grantkeeper.Diagnostics;

/// <summary>Looks at one provider: our registration, our redirect URI, its endpoints and its clock.</summary>
internal sealed class ProviderChecks(GrantkeeperOptions options, IEgress egress, TimeProvider time)
{
    private const string Credentials = "credentials";
    private const string RedirectUri = "redirect_uri";
    private const string Endpoints = "endpoints";

    /// <summary>True when the operator has begun to configure it, so that what is missing is a fault.</summary>
    public static bool IsBegun(Provider provider) =>
        provider.Client.ClientId.Length > 0 || !provider.Client.ClientSecret.IsEmpty || provider.Client.RedirectUri is not null;

    public async Task<List<DiagnosticFinding>> Of(Provider provider, bool isAskedFor, CancellationToken cancellation)
    {
        if (!IsBegun(provider) && !isAskedFor)
            return [Finding.NotLookedAt(Credentials, provider.Key, $"It is not configured; set {string.Join(" and ", provider.Missing)} to use it.")];
        var findings = new List<DiagnosticFinding> { Registration(provider), Address(provider) };
        findings.AddRange(await Network(provider, cancellation));
        return findings;
    }

    private static DiagnosticFinding Registration(Provider provider) => provider.IsConfigured
        ? Finding.Good(Credentials, provider.Key, $"Client {provider.Client.ClientId}{(provider.Client.ClientSecret.IsEmpty ? ", a public client" : provider.TakesKey(provider.Client.ClientSecret) ? " and its private key" : " and its secret")} are set. The provider judges them when a code is exchanged.")
        : Finding.Bad(Credentials, provider.Key, $"Missing: {string.Join(", ", provider.Missing)}.", "Without them nobody can connect an account there.",
            $"Register an OAuth client in the provider's console{(provider.Manifest.DocsUrl is { } docs ? $" ({docs})" : "")} and set them.");

    /// <summary>The three places that have to agree (R334).</summary>
    private DiagnosticFinding Address(Provider provider)
    {
        var prefix = provider.Key.ToUpperInvariant();
        if (!RedirectUriPolicy.RedirectUriOf(provider.Key, provider.Client.RedirectUri, options).TryGet(out var uri, out var failure))
            return Finding.Of(RedirectUri, provider.Key, failure);
        var details = new Dictionary<string, object?> { ["redirect_uri"] = uri };
        if (!new Uri(uri).AbsolutePath.Equals($"/oauth/{provider.Key}/callback", StringComparison.Ordinal))
        {
            return Finding.Doubtful(RedirectUri, provider.Key, $"Browsers come back to {uri}, which is not Grantkeeper's own callback.",
                "The page there has to hand code and state on, or the account is never connected.",
                $"Let that page call POST /oauth/{provider.Key}/callback, or unset {prefix}_REDIRECT_URI and register the derived address.", details);
        }

        return Finding.Good(RedirectUri, provider.Key,
            $"Register exactly this at the provider, letter by letter: {uri}. If it reports a mismatch, compare {prefix}_REDIRECT_URI, GRANTKEEPER_PUBLIC_URL or FRONTEND_URL, and DEPLOY_ENV with the client's console entry.", details);
    }

    private async Task<List<DiagnosticFinding>> Network(Provider provider, CancellationToken cancellation)
    {
        var manifest = provider.Manifest;
        if (manifest.Discovery && manifest.Issuer is null)
            return [Finding.NotLookedAt(Endpoints, provider.Key, "Its issuer is not set.")];
        if (manifest.UnsetVariables.Count > 0)
            return [Finding.NotLookedAt(Endpoints, provider.Key, "A variable of its addresses is not set.")];
        var findings = new List<DiagnosticFinding>();
        var address = manifest.TokenEndpoint;
        if (manifest.Discovery)
        {
            var found = await new EndpointDiscovery(egress, time).Of(provider);
            if (!found.TryGet(out var endpoints, out var failure))
                return [Finding.Of(Endpoints, provider.Key, failure)];
            address = endpoints.Token;
        }

        // Any answer will do: an empty GET is refused there, and the refusal carries the clock.
        var before = time.GetUtcNow();
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        var outcome = await egress.Send(request, EgressTrust.Operator, Doctor.Limits, cancellation);
        var host = address!.IdnHost;
        if (!outcome.IsAnswer)
        {
            return [Finding.Bad(Endpoints, provider.Key, $"{host} does not answer ({outcome.Fault}).", "Codes and tokens are exchanged there.", outcome.Fault == EgressFault.AddressNotAllowed
                ? "If you wrote this address yourself and trust it, list its network in Grantkeeper__Egress__AllowedNetworks."
                : "Check DNS, firewalls and proxies of this machine, and the provider's status page.")];
        }

        findings.Add(Finding.Good(Endpoints, provider.Key, $"{host} answers{(manifest.Discovery ? ", and its discovery document is usable" : "")}."));
        // The header tells whole seconds, cut off.
        if (outcome.Response.Date is { } date)
            findings.Add(ClockSkew.Of(provider.Key, provider.DisplayName, date, before - TimeSpan.FromSeconds(1), time.GetUtcNow()));
        return findings;
    }
}
