using System.Collections.Concurrent;
using Grantkeeper.Egress;
using Grantkeeper.Errors;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>
/// Gives a provider's endpoints: from its manifest, or from its issuer's discovery document, fetched on first use,
/// shared by concurrent callers, renewed after 24 hours, and kept when a renewal fails.
/// </summary>
internal sealed class EndpointDiscovery(IEgress egress, TimeProvider time)
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromHours(24);
    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<Result<ServerMetadata>>>> _fetches = new(StringComparer.Ordinal);

    private sealed record Known(ServerMetadata Metadata, DateTimeOffset FetchedAt);

    /// <summary>Failure: <c>providers.discovery_failed</c>.</summary>
    public async Task<Result<ProviderEndpoints>> Of(Provider provider)
    {
        var manifest = provider.Manifest;
        if (!manifest.Discovery)
        {
            return new ProviderEndpoints
            {
                Issuer = manifest.Issuer,
                Authorization = manifest.AuthorizationEndpoint!,
                Token = manifest.TokenEndpoint!,
                Revocation = manifest.RevocationEndpoint,
                Userinfo = manifest.UserinfoEndpoint,
                Jwks = manifest.JwksUri,
                Iss = manifest.Iss,
                ClientAuthentication = manifest.ClientAuthentication ?? ClientAuthenticationMethod.Post,
            };
        }

        if (!(await MetadataOf(manifest.Issuer!)).TryGet(out var metadata, out var failure))
            return failure;
        return new ProviderEndpoints
        {
            Issuer = metadata.Issuer,
            DiscoveredFrom = new Uri(metadata.Issuer),
            Authorization = manifest.AuthorizationEndpoint ?? metadata.AuthorizationEndpoint,
            Token = manifest.TokenEndpoint ?? metadata.TokenEndpoint,
            Revocation = manifest.RevocationEndpoint ?? metadata.RevocationEndpoint,
            Userinfo = manifest.UserinfoEndpoint ?? metadata.UserinfoEndpoint,
            Jwks = manifest.JwksUri ?? metadata.JwksUri,
            Iss = metadata.SendsIss && manifest.Iss == IssPolicy.IfPresent ? IssPolicy.Required : manifest.Iss,
            ClientAuthentication = manifest.ClientAuthentication ?? Preferred(metadata, provider.Client),
        };
    }

    /// <summary>What an issuer says of itself. Failure: <c>providers.discovery_failed</c>.</summary>
    public async Task<Result<ServerMetadata>> MetadataOf(string issuer)
    {
        if (_known.TryGetValue(issuer, out var known) && known.FetchedAt + FreshFor > time.GetUtcNow())
            return known.Metadata;
        var fetch = _fetches.GetOrAdd(issuer, name => new Lazy<Task<Result<ServerMetadata>>>(() => Fetch(name)));
        try
        {
            var fetched = await fetch.Value;
            return fetched.IsSuccess || known is null ? fetched : known.Metadata;
        }
        finally
        {
            _fetches.TryRemove(new(issuer, fetch));
        }
    }

    private async Task<Result<ServerMetadata>> Fetch(string issuer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ServerMetadata.AddressOf(issuer));
        var outcome = await egress.Send(request, EgressTrust.Operator);
        if (!outcome.IsAnswer || !outcome.Response.IsSuccess)
        {
            var what = outcome.IsAnswer ? $"status {(int)outcome.Response.Status}" : outcome.Fault.ToString();
            return new Failure(ErrorCatalogue.Providers.DiscoveryFailed, $"The discovery document of {issuer} could not be read ({what}).");
        }

        if (ServerMetadata.Read(outcome.Response.Body, issuer, out var fault) is not { } metadata)
            return new Failure(ErrorCatalogue.Providers.DiscoveryFailed, $"The discovery document of {issuer} is not usable: {fault}.");
        _known[issuer] = new Known(metadata, time.GetUtcNow());
        return metadata;
    }

    private static ClientAuthenticationMethod Preferred(ServerMetadata metadata, ClientRegistration client)
    {
        if (client.ClientSecret.IsEmpty)
            return ClientAuthenticationMethod.None;
        var methods = metadata.TokenEndpointAuthMethods;
        // Nobody has a private key for a shared secret.
        if (methods.Contains("private_key_jwt") && ClientKey.Looks(client.ClientSecret))
            return ClientAuthenticationMethod.PrivateKeyJwt;
        return methods.Contains("client_secret_basic") || !methods.Contains("client_secret_post") ? ClientAuthenticationMethod.Basic : ClientAuthenticationMethod.Post;
    }
}
