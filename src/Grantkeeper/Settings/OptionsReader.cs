using System.Globalization;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Failpoints;
using Grantkeeper.Storage;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Settings;

/// <summary>Reads the documents' environment variables (R302 to R311) and the section <c>Grantkeeper</c>; reports every fault at once.</summary>
/// <remarks>Each fault begins with the name of its setting, so that <see cref="SettingReport"/> can say which one it is about.</remarks>
internal static class OptionsReader
{
    public const string Section = "Grantkeeper";

    /// <summary>Reads the settings. Each fault says what is wrong, why it matters and what to write.</summary>
    public static GrantkeeperOptions? Read(IConfiguration configuration, List<string> faults)
    {
        var before = faults.Count;
        var section = configuration.GetSection(Section);
        var environment = Environment(configuration["DEPLOY_ENV"], faults);
        var frontend = Origin(configuration, "FRONTEND_URL", environment, faults);
        var publicUrl = Origin(configuration, "GRANTKEEPER_PUBLIC_URL", environment, faults);
        if (Text(configuration["FRONTEND_URL"]) is null)
            faults.Add("FRONTEND_URL is not set: it is the origin of your product, to which users return. Set it to, for example, https://app.example.com.");

        var userData = Text(configuration["USER_DATA_DATABASE_URL"]) ?? Text(configuration.GetConnectionString("grantkeeper")) ?? Text(configuration["PLATFORM_DATABASE_URL"]);
        var platform = Text(configuration["PLATFORM_DATABASE_URL"]) ?? userData;
        CheckDatabase("USER_DATA_DATABASE_URL", userData, faults);
        if (platform != userData)
            CheckDatabase("PLATFORM_DATABASE_URL", platform, faults);
        foreach (var name in new[] { "GRANTKEEPER_MIGRATION_DATABASE_URL", "GRANTKEEPER_PLATFORM_MIGRATION_DATABASE_URL" })
        {
            if (Text(configuration[name]) is { } migration)
                CheckDatabase(name, migration, faults);
        }

        var apiKey = new Secret(Text(configuration["GRANTKEEPER_API_KEY"]));
        if (!apiKey.IsEmpty && apiKey.Reveal().Length < 32)
            faults.Add("GRANTKEEPER_API_KEY is shorter than 32 characters. Make one with: openssl rand -base64 32.");

        var oidc = OidcReader.Read(configuration, environment == DeployEnvironment.Development, faults);
        var jwt = JwtReader.Read(configuration, oidc is not null, environment == DeployEnvironment.Development, apiKey, faults);

        var key = new Secret(Text(configuration["OAUTH_ENCRYPTION_KEY"]) ?? Text(configuration["OAUTH_TOKEN_ENCRYPTION_KEY"]));
        var keyFile = Text(configuration["OAUTH_ENCRYPTION_KEY_FILE"]);
        if (LocalKeyWrapper.Read(key, keyFile).Failure is { } keyFault)
            faults.Add($"{(key.IsEmpty && keyFile is not null ? "OAUTH_ENCRYPTION_KEY_FILE" : "OAUTH_ENCRYPTION_KEY")}: {keyFault.Message} {keyFault.Code.Remedy}");

        if (Text(configuration["GRANTKEEPER_SECRETS_PATH"]) is { } secretsPath && !Directory.Exists(secretsPath))
            faults.Add($"GRANTKEEPER_SECRETS_PATH names a folder that does not exist: {secretsPath}. Mount the secrets there, or unset it.");

        var sandbox = Flag(configuration["GRANTKEEPER_SANDBOX"], "GRANTKEEPER_SANDBOX", false, faults);
        if (sandbox && environment == DeployEnvironment.Production)
            faults.Add("GRANTKEEPER_SANDBOX is true in production: simulated accounts would look like real ones. Unset it, or set DEPLOY_ENV=development.");

        var failpoints = FailpointPlan.Read(configuration[FailpointPlan.Variable], faults);
        if (failpoints is not null && environment == DeployEnvironment.Production)
            faults.Add($"{FailpointPlan.Variable} is set in production: it lets this process break on purpose. Unset it.");

        var providersPath = Text(configuration["GRANTKEEPER_PROVIDERS_PATH"]);
        if (providersPath is not null && !Directory.Exists(providersPath))
            faults.Add($"GRANTKEEPER_PROVIDERS_PATH names a folder that does not exist: {providersPath}. Create it, or unset the variable.");

        var featuresPath = Text(configuration["GRANTKEEPER_FEATURES_PATH"]);
        if (featuresPath is not null && (!File.Exists(featuresPath) || Path.GetExtension(featuresPath) is not (".yaml" or ".yml")))
            faults.Add($"GRANTKEEPER_FEATURES_PATH names no YAML file: {featuresPath}. Create it, or unset the variable.");

        var options = new GrantkeeperOptions
        {
            Environment = environment,
            FrontendUrl = frontend ?? new Uri("http://localhost"),
            PublicUrl = publicUrl ?? frontend ?? new Uri("http://localhost"),
            PublicUrlIsSet = publicUrl is not null,
            ApiKey = apiKey,
            Jwt = jwt,
            Oidc = oidc,
            ProvidersPath = providersPath,
            FeaturesPath = featuresPath,
            Sandbox = sandbox,
            Failpoints = failpoints,
            AllowedOrigins = Origins(section.GetSection("Connect:AllowedOrigins"), environment, faults),
            ConnectSessionLifetime = SessionLifetime(section, faults),
            Brand = BrandReader.Read(section.GetSection("Brand"), faults),
            AllowedNetworks = Networks(section.GetSection("Egress:AllowedNetworks"), faults),
            RunWorkers = Flag(section["RunWorkers"], "Grantkeeper:RunWorkers", true, faults),
            DataPath = Text(configuration["GRANTKEEPER_DATA_PATH"]) is { } dataPath ? Path.GetFullPath(dataPath) : null,
            CacheLife = Span(section, "Cache:Life", TimeSpan.FromSeconds(5), TimeSpan.Zero, TimeSpan.FromSeconds(5), faults),
            RefreshAhead = Flag(section["Refresh:Ahead"], "Grantkeeper:Refresh:Ahead", true, faults),
            RefreshConcurrency = Number(section, "Refresh:Concurrency", 768, 64, 4096, faults),
            SpoolWait = Span(section, "Refresh:SpoolWait", TimeSpan.FromMinutes(10), TimeSpan.Zero, TimeSpan.FromDays(1), faults),
            Resilience = Resilience(section, faults),
            Limits = Limits(section, faults),
            Onboarding = OnboardingReader.Read(section.GetSection("Onboarding"), faults),
            KnownProxies = Networks(section.GetSection("Http:KnownProxies"), faults),
            ScopePolicy = ScopePolicyReader.Read(section.GetSection("Scopes:Policy"), faults),
            ConsentVersion = Version(section, faults),
            ConsentLifetime = Text(section["Consents:Lifetime"]) is null ? null : Span(section, "Consents:Lifetime", TimeSpan.FromDays(365), TimeSpan.FromHours(1), TimeSpan.FromDays(3650), faults),
            UserIdClaim = Text(section["Identity:UserIdClaim"]) ?? "sub",
            UserDataDatabase = userData ?? "",
            PlatformDatabase = platform ?? "",
            UserDataMigrationDatabase = Text(configuration["GRANTKEEPER_MIGRATION_DATABASE_URL"]),
            PlatformMigrationDatabase = Text(configuration["GRANTKEEPER_PLATFORM_MIGRATION_DATABASE_URL"]),
            EncryptionKey = key,
            EncryptionKeyFile = keyFile,
        };
        return faults.Count == before ? options : null;
    }

    private static TimeSpan SessionLifetime(IConfigurationSection section, List<string> faults)
    {
        const int most = 30;
        if (Text(section["Connect:SessionMinutes"]) is not { } text)
            return TimeSpan.FromMinutes(most);
        if (int.TryParse(text, System.Globalization.NumberStyles.None, null, out var minutes) && minutes is >= 1 and <= most)
            return TimeSpan.FromMinutes(minutes);
        faults.Add($"Grantkeeper:Connect:SessionMinutes is \"{text}\"; write a whole number of minutes from 1 to {most}.");
        return TimeSpan.FromMinutes(most);
    }

    /// <summary>The environment that a word names; production when it names none.</summary>
    internal static DeployEnvironment Environment(string? text, List<string> faults)
    {
        switch (Text(text)?.ToLowerInvariant())
        {
            case null or "production" or "prod":
                return DeployEnvironment.Production;
            case "staging" or "stage":
                return DeployEnvironment.Staging;
            case "development" or "dev" or "local":
                return DeployEnvironment.Development;
            default:
                faults.Add($"DEPLOY_ENV is \"{text}\", which is none of production, staging, development. Write one of them.");
                return DeployEnvironment.Production;
        }
    }

    private static Uri? Origin(IConfiguration configuration, string name, DeployEnvironment environment, List<string> faults)
    {
        if (Text(configuration[name]) is not { } text)
            return null;
        if (TryOrigin(text, environment) is { } origin)
            return origin;
        faults.Add($"{name} is not usable as an origin: {Shown(text)}. Write scheme, host and port only, https outside of a developer's machine.");
        return null;
    }

    /// <summary>An origin: https, or http on loopback in development; no user, path, query or fragment.</summary>
    internal static Uri? TryOrigin(string text, DeployEnvironment environment)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.UserInfo.Length > 0 || url.PathAndQuery != "/" || url.Fragment.Length > 0)
            return null;
        var https = url.Scheme == Uri.UriSchemeHttps;
        var loopback = url.Scheme == Uri.UriSchemeHttp && url.IsLoopback && environment == DeployEnvironment.Development;
        if (!https && !loopback)
            return null;
        // Browsers name a host of another script in its ASCII form, and so do headers.
        return url.Host.All(char.IsAscii) ? url : new UriBuilder(url) { Host = url.IdnHost }.Uri;
    }

    private static List<string> Origins(IConfigurationSection section, DeployEnvironment environment, List<string> faults)
    {
        var origins = new List<string>();
        foreach (var entry in section.GetChildren())
        {
            if (entry.Value is { } text && TryOrigin(text, environment) is { } origin)
                origins.Add(origin.GetLeftPart(UriPartial.Authority));
            else
                faults.Add($"{entry.Path} is not usable as an origin: {Shown(entry.Value)}. Write scheme, host and port only.");
        }

        return origins;
    }

    private static List<string> Networks(IConfigurationSection section, List<string> faults)
    {
        var networks = new List<string>();
        foreach (var entry in section.GetChildren())
        {
            if (entry.Value is { } text && System.Net.IPNetwork.TryParse(text, out _))
                networks.Add(text);
            else
                faults.Add($"{entry.Path} is no network in CIDR form: {entry.Value}. Write, for example, 10.20.0.0/16.");
        }

        return networks;
    }

    private static void CheckDatabase(string name, string? url, List<string> faults)
    {
        if (url is null)
            faults.Add($"{name} is not set. {ErrorCatalogue.Storage.UrlInvalid.Remedy}");
        else if (DatabaseUrl.Parse(url).Failure is { } fault)
            faults.Add($"{name}: {fault.Message} {ErrorCatalogue.Storage.UrlInvalid.Remedy}");
    }

    private static bool Flag(string? text, string name, bool otherwise, List<string> faults)
    {
        if (Text(text) is not { } word)
            return otherwise;
        if (bool.TryParse(word, out var flag))
            return flag;
        faults.Add($"{name} is \"{word}\"; write true or false.");
        return otherwise;
    }

    private static ResilienceOptions Resilience(IConfigurationSection section, List<string> faults)
    {
        var usual = new ResilienceOptions();
        return new ResilienceOptions
        {
            FailureThreshold = Number(section, "Resilience:FailureThreshold", usual.FailureThreshold, 1, 1000, faults),
            RecoveryTimeout = Span(section, "Resilience:RecoveryTimeout", usual.RecoveryTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), faults),
            SuccessThreshold = Number(section, "Resilience:SuccessThreshold", usual.SuccessThreshold, 1, 100, faults),
            MaxRetries = Number(section, "Resilience:MaxRetries", usual.MaxRetries, 0, 10, faults),
            RetryDelay = Span(section, "Resilience:RetryDelay", usual.RetryDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1), faults),
            BackoffFactor = Number(section, "Resilience:BackoffFactor", (int)usual.BackoffFactor, 1, 10, faults),
            MaxConcurrency = Number(section, "Resilience:MaxConcurrency", usual.MaxConcurrency, 1, 10000, faults),
        };
    }

    private static LimitOptions Limits(IConfigurationSection section, List<string> faults)
    {
        const int most = 10_000_000;
        var usual = new LimitOptions();
        return new LimitOptions
        {
            PerUser = Number(section, "Limits:PerUser", usual.PerUser, 0, most, faults),
            PerAddress = Number(section, "Limits:PerAddress", usual.PerAddress, 0, most, faults),
            PerKey = Number(section, "Limits:PerKey", usual.PerKey, 0, most, faults),
            ReadsPerUser = Number(section, "Limits:ReadsPerUser", usual.ReadsPerUser, 0, most, faults),
            ReadsPerKey = Number(section, "Limits:ReadsPerKey", usual.ReadsPerKey, 0, most, faults),
        };
    }

    private static int Number(IConfigurationSection section, string name, int otherwise, int least, int most, List<string> faults)
    {
        if (Text(section[name]) is not { } word)
            return otherwise;
        if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        faults.Add($"{Section}:{name} is \"{word}\"; write a whole number from {least} to {most}. The default is {otherwise}.");
        return otherwise;
    }

    private static TimeSpan Span(IConfigurationSection section, string name, TimeSpan otherwise, TimeSpan least, TimeSpan most, List<string> faults)
    {
        if (Text(section[name]) is not { } word)
            return otherwise;
        if (TimeSpan.TryParse(word, CultureInfo.InvariantCulture, out var span) && span >= least && span <= most)
            return span;
        faults.Add($"{Section}:{name} is \"{word}\"; write hours:minutes:seconds from {least:c} to {most:c}, for example {otherwise:c}.");
        return otherwise;
    }

    private static string Version(IConfigurationSection section, List<string> faults)
    {
        const int longest = 20;
        var version = Text(section["Consents:Version"]) ?? "1.0";
        if (version.Length > longest || version.Any(char.IsControl))
            faults.Add($"{Section}:Consents:Version must be 1 to {longest} characters on one line, for example 2026-11.");
        return version;
    }

    /// <summary>What was written, without what may be a password.</summary>
    private static string Shown(string? text)
    {
        var at = text?.LastIndexOf('@') ?? -1;
        return at < 0 ? text ?? "" : $"…{text![at..]}";
    }

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
}
