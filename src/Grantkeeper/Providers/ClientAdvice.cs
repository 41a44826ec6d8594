using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>
/// Names the likely mistakes in a client id and secret that somebody pasted. Pure: knows the forms from the manifests,
/// asks nobody. No sentence repeats what was pasted.
/// </summary>
internal static class ClientAdvice
{
    private const int LongestId = 500;
    private const int LongestSecret = 2000;
    /// <summary>An RSA key of 8192 bits with a chain of certificates is shorter.</summary>
    private const int LongestKey = 16000;

    /// <summary>What is surely wrong; such a registration is not stored.</summary>
    public static IReadOnlyList<string> Faults(Provider provider, string? clientId, Secret clientSecret, IEnumerable<Provider> others)
    {
        var faults = new List<string>();
        var (id, secret) = (clientId ?? "", clientSecret.Reveal());
        Form("client_id", id, LongestId, faults);
        if (provider.IsPublicClient && secret.Length > 0)
            faults.Add($"client_secret must be left out: {provider.DisplayName} is a public client and has none");
        else if (provider.TakesKey(clientSecret))
            Key(provider, clientSecret, faults);
        else if (!provider.IsPublicClient && ClientKey.Looks(clientSecret))
            faults.Add($"client_secret is a private key, but {provider.DisplayName} is set up with a shared secret; a key needs client_authentication: private_key_jwt");
        else if (!provider.IsPublicClient)
            Form("client_secret", secret, LongestSecret, faults);
        if (faults.Count > 0)
            return faults;

        var manifest = provider.Manifest;
        if (id == secret)
            faults.Add("client_secret is the same text as client_id");
        if (manifest.ClientSecretPattern?.IsMatch(id) == true)
            faults.Add($"client_id has the form of a client secret of {provider.DisplayName}: the two may be swapped");
        if (manifest.ClientIdPattern?.IsMatch(secret) == true)
            faults.Add($"client_secret has the form of an id of {provider.DisplayName}: copy the secret's value, not its id");
        if (Elsewhere(manifest, secret, others) is { } elsewhere)
            faults.Add($"client_secret has the form of a client secret of {elsewhere.DisplayName}, not of {provider.DisplayName}");
        return faults;
    }

    /// <summary>True when a text has the form of some provider's client secret, wherever it was pasted: it is not shown again.</summary>
    public static bool LooksSecret(string text, IEnumerable<Provider> providers) => ClientKey.Looks(new Secret(text)) || providers.Any(provider => provider.Manifest.ClientSecretPattern?.IsMatch(text.Trim()) == true);

    /// <summary>What is unusual and may still be right.</summary>
    public static IReadOnlyList<string> Warnings(Provider provider)
    {
        var warnings = new List<string>();
        if (provider.Client.ClientId.Contains(' ', StringComparison.Ordinal))
            warnings.Add("The client id holds a blank: look whether it was copied whole.");
        if (provider.Client.ClientId.Length > 0 && provider.Manifest.ClientIdPattern?.IsMatch(provider.Client.ClientId) == false)
            warnings.Add($"The client id does not have the usual form of ids of {provider.DisplayName}.");
        if (!provider.Client.ClientSecret.IsEmpty && provider.TakesKey(provider.Client.ClientSecret))
        {
            if (ClientKeys.FaultOf(provider.Manifest, provider.Client.ClientSecret) is { } fault)
                warnings.Add($"The client secret {fault}.");
        }
        else if (!provider.Client.ClientSecret.IsEmpty && provider.Manifest.ClientSecretPattern?.IsMatch(provider.Client.ClientSecret.Reveal()) == false)
            warnings.Add($"The client secret does not have the usual form of secrets of {provider.DisplayName}.");
        return warnings;
    }

    private static void Key(Provider provider, Secret key, List<string> faults)
    {
        if (key.IsEmpty)
            faults.Add($"client_secret is required: {provider.DisplayName} takes a private key, as PEM or JWK, in its place");
        else if (key.Reveal().Length > LongestKey)
            faults.Add($"client_secret is longer than {LongestKey} characters");
        else if (ClientKeys.FaultOf(provider.Manifest, key) is { } fault)
            faults.Add($"client_secret {fault}");
    }

    private static void Form(string name, string text, int most, List<string> faults)
    {
        if (string.IsNullOrWhiteSpace(text))
            faults.Add($"{name} is required");
        else if (text.Length > most)
            faults.Add($"{name} is longer than {most} characters");
        else if (text.Trim().Length != text.Length)
            faults.Add($"{name} begins or ends with a blank or line break: it was probably copied along");
        // A blank inside is allowed by RFC 6749, appendix A; a line break or tab never is.
        else if (text.Any(c => c != ' ' && (char.IsWhiteSpace(c) || char.IsControl(c))))
            faults.Add($"{name} holds a line break, tab or control character inside");
        else if (text.Length > 1 && text[0] is '"' or '\'' && text[^1] == text[0])
            faults.Add($"{name} stands in quotation marks: leave them out");
    }

    private static Provider? Elsewhere(ProviderManifest manifest, string secret, IEnumerable<Provider> others) => manifest.ClientSecretPattern?.IsMatch(secret) == true
        ? null
        : others.FirstOrDefault(other => other.Key != manifest.Key && other.Manifest.ClientSecretPattern is { } pattern && !pattern.Equals(manifest.ClientSecretPattern) && pattern.IsMatch(secret));
}
