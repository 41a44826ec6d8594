using System.Runtime.CompilerServices;
using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>Reads the private keys of our clients, each once for as long as its registration is in use.</summary>
internal sealed class ClientKeys
{
    /// <summary>The error of a request that was never sent, because the registered secret is no usable key.</summary>
    public const string Unusable = "client_key_unusable";

    private readonly ConditionalWeakTable<ClientRegistration, Holder> _read = [];

    private sealed record Holder(ClientKey? Key);

    /// <summary>What is wrong with a secret as this provider's key, as the end of a sentence that begins with its name; null when nothing is.</summary>
    public static string? FaultOf(ProviderManifest manifest, Secret secret) => ClientKey.Read(secret, out var fault) is { } key
        ? manifest.ClientAssertion.Algorithm is { } asked && !key.Fits(asked) ? $"holds a key that does not sign {asked}, which the manifest asks for" : null
        : fault;

    /// <summary>The credentials of a request; null when they need a key and the secret is none.</summary>
    public ClientCredentials? Credentials(Provider provider, ProviderEndpoints endpoints, DateTimeOffset now)
    {
        var (client, manifest) = (provider.Client, provider.Manifest);
        var credentials = new ClientCredentials(client.ClientId, client.ClientSecret, endpoints.ClientAuthentication) { IdParameter = manifest.ClientIdParameter };
        if (endpoints.ClientAuthentication != ClientAuthenticationMethod.PrivateKeyJwt)
            return credentials;
        var rules = manifest.ClientAssertion;
        if (_read.GetValue(client, registered => new Holder(ClientKey.Read(registered.ClientSecret, out _))).Key is not { } key || (rules.Algorithm is { } asked && !key.Fits(asked)))
            return null;
        var audience = rules.Audience == AssertionAudience.Issuer ? endpoints.Issuer! : endpoints.Token.OriginalString;
        return credentials with
        {
            Assertion = ClientAssertion.Sign(key, rules.Algorithm ?? key.Algorithm, rules.KeyId ?? key.KeyId, client.ClientId, audience, now, rules.Issuer),
            AssertionIsSecret = rules.Parameter == AssertionParameter.ClientSecret,
        };
    }
}
