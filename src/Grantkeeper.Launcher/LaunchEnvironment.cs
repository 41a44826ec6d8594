using System.Security.Cryptography;
using System.Text.Json;
using Grantkeeper.Sandbox;

namespace Grantkeeper.Launcher;

/// <summary>
/// The environment variables of server and sandbox. What the person has set stays as it is; the launcher fills the gaps.
/// Development keys are made once and kept in the data folder.
/// </summary>
/// <param name="DataPath">The data folder, absolute.</param>
/// <param name="Addresses">Where the two listen.</param>
/// <param name="Sandbox">False leaves the sandbox out.</param>
/// <param name="Variable">Reads the person's environment.</param>
internal sealed record LaunchEnvironment(string DataPath, LaunchAddresses Addresses, bool Sandbox, Func<string, string?> Variable)
{
    private const string SandboxClient = "grantkeeper-dev";

    private static readonly string[] DatabaseVariables =
        ["USER_DATA_DATABASE_URL", "PLATFORM_DATABASE_URL", "ConnectionStrings__grantkeeper"];

    /// <summary>The variable by which the person brings a database; null if there is none.</summary>
    public string? DatabaseVariable => DatabaseVariables.FirstOrDefault(IsSet);

    public string ApiKeyFile => Path.Combine(DataPath, "api-key");

    /// <summary>The key of back ends and scripts: the person's own, or one made here.</summary>
    public string ApiKey => IsSet("GRANTKEEPER_API_KEY")
        ? Variable("GRANTKEEPER_API_KEY")!
        : SecretFile.ReadOrCreate(ApiKeyFile, () => "gk_dev_" + SecretFile.NewSecret());

    /// <summary>How a shell gets at that key.</summary>
    public string ApiKeyInShell(string currentFolder) => IsSet("GRANTKEEPER_API_KEY")
        ? "$GRANTKEEPER_API_KEY"
        : $"$(cat {Quoted(Path.GetRelativePath(currentFolder, ApiKeyFile))})";

    /// <summary>The variables of the server.</summary>
    /// <param name="databaseUrl">The private database; null when the person brings one.</param>
    public IReadOnlyDictionary<string, string> Server(string? databaseUrl)
    {
        var variables = new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = Addresses.Listen,
            ["GRANTKEEPER_API_KEY"] = ApiKey,
            ["GRANTKEEPER_DATA_PATH"] = DataPath,
            ["GRANTKEEPER_SANDBOX"] = Sandbox ? "true" : "false",
        };
        Fill(variables, "DEPLOY_ENV", () => "development");
        Fill(variables, "GRANTKEEPER_PUBLIC_URL", () => Addresses.Server);
        Fill(variables, "FRONTEND_URL", () => Addresses.Server);
        if (!IsSet("OAUTH_ENCRYPTION_KEY"))
            Fill(variables, "OAUTH_ENCRYPTION_KEY_FILE", EncryptionKeyFile);
        if (databaseUrl is not null)
            variables["USER_DATA_DATABASE_URL"] = databaseUrl;
        if (!Sandbox)
            return variables;
        Fill(variables, "Grantkeeper__Providers__sandbox__issuer", () => Addresses.Sandbox);
        variables["SANDBOX_CLIENT_ID"] = SandboxClient;
        variables["SANDBOX_CLIENT_SECRET"] = SandboxSecret();
        var simulated = PlatformSettings.For(Addresses.Sandbox);
        foreach (var key in Simulated)
        {
            variables[$"{key.ToUpperInvariant()}_CLIENT_ID"] = SandboxClient;
            variables[$"{key.ToUpperInvariant()}_CLIENT_SECRET"] = SandboxSecret();
            foreach (var (name, value) in simulated.Where(setting => setting.Key.StartsWith($"Grantkeeper__Providers__{key}__", StringComparison.Ordinal)))
                Fill(variables, name, () => value);
            Fill(variables, $"Grantkeeper__Providers__{key}__display_name", () => $"{PlatformSettings.NameOf(key)} (simulated)");
        }

        return variables;
    }

    /// <summary>The platforms that the sandbox plays: all for which no client of the operator's own is set.</summary>
    private IEnumerable<string> Simulated => PlatformSettings.Providers.Where(key => !IsSet($"{key.ToUpperInvariant()}_CLIENT_ID") && !IsSet($"{key.ToUpperInvariant()}_OAUTH_CLIENT_ID"));

    /// <summary>The variables of the sandbox: its address and the one client that it knows.</summary>
    public IReadOnlyDictionary<string, string> SandboxServer() => new Dictionary<string, string>
    {
        ["ASPNETCORE_URLS"] = Addresses.Sandbox,
        ["SANDBOX_CLIENTS"] = JsonSerializer.Serialize(new[]
        {
            new
            {
                client_id = SandboxClient,
                client_secret = SandboxSecret(),
                redirect_uris = PlatformSettings.Providers.Prepend("sandbox").Select(key => $"{PublicUrl}/oauth/{key}/callback").ToArray(),
                token_endpoint_auth_method = "client_secret_basic",
            },
        }),
    };

    private string PublicUrl => (IsSet("GRANTKEEPER_PUBLIC_URL") ? Variable("GRANTKEEPER_PUBLIC_URL")! : Addresses.Server).TrimEnd('/');

    private string EncryptionKeyFile()
    {
        var file = Path.Combine(DataPath, "encryption.key");
        SecretFile.ReadOrCreate(file, () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        return file;
    }

    private string SandboxSecret() => SecretFile.ReadOrCreate(Path.Combine(DataPath, "sandbox-secret"), SecretFile.NewSecret);

    private void Fill(Dictionary<string, string> variables, string name, Func<string> value)
    {
        if (!IsSet(name))
            variables[name] = value();
    }

    private bool IsSet(string name) => !string.IsNullOrWhiteSpace(Variable(name));

    private static string Quoted(string path) => path.Contains(' ', StringComparison.Ordinal) ? $"'{path}'" : path;
}
