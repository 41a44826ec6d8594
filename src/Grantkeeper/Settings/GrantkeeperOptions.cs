using Grantkeeper.Encryption;
using Grantkeeper.Failpoints;

namespace Grantkeeper.Settings;

/// <summary>The settings of a deployment, read and validated once at start.</summary>
public sealed record GrantkeeperOptions
{
    /// <summary><c>DEPLOY_ENV</c>: production (default), staging or development.</summary>
    public DeployEnvironment Environment { get; init; }

    /// <summary><c>FRONTEND_URL</c>: the product's own origin; return addresses are paths of it. Required.</summary>
    public required Uri FrontendUrl { get; init; }

    /// <summary><c>GRANTKEEPER_PUBLIC_URL</c>: the origin on which browsers reach Grantkeeper. Default: <see cref="FrontendUrl"/>.</summary>
    public required Uri PublicUrl { get; init; }

    /// <summary>True when <c>GRANTKEEPER_PUBLIC_URL</c> is set, so that redirect URIs may be derived from it.</summary>
    public bool PublicUrlIsSet { get; init; }

    /// <summary><c>GRANTKEEPER_API_KEY</c>: a bootstrap administrator key of at least 32 characters. Default: none.</summary>
    public Secret ApiKey { get; init; }

    /// <summary><c>GRANTKEEPER_PROVIDERS_PATH</c>: a folder with further provider manifests. Default: none.</summary>
    public string? ProvidersPath { get; init; }

    /// <summary><c>GRANTKEEPER_FEATURES_PATH</c>: the file that says which features need which scopes. Default: none.</summary>
    public string? FeaturesPath { get; init; }

    /// <summary><c>GRANTKEEPER_SANDBOX</c>: offers the sandbox provider. Default false; refused in production.</summary>
    public bool Sandbox { get; init; }

    /// <summary><c>Grantkeeper:Connect:AllowedOrigins</c>: further origins that may open popups and receive users.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary><c>Grantkeeper:Connect:SessionMinutes</c>: how long a connect session lives; 1 to 30, default 30.</summary>
    public TimeSpan ConnectSessionLifetime { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary><c>Grantkeeper:Brand</c>: whose name the connect page bears.</summary>
    public BrandOptions Brand { get; init; } = new();

    /// <summary><c>Grantkeeper:Egress:AllowedNetworks</c>: private networks (CIDR) that addresses written by the operator may lead to.</summary>
    public IReadOnlyList<string> AllowedNetworks { get; init; } = [];

    /// <summary><c>Grantkeeper:Resilience</c>: retries, circuit and limits per provider.</summary>
    public ResilienceOptions Resilience { get; init; } = new();

    /// <summary><c>Grantkeeper:RunWorkers</c>: whether this node does background work. Default true.</summary>
    public bool RunWorkers { get; init; } = true;

    /// <summary><c>Grantkeeper:Identity:UserIdClaim</c>: the claim of a signed-in user that is the user_id. Default <c>sub</c>.</summary>
    public string UserIdClaim { get; init; } = "sub";

    /// <summary>Whose tokens speak for users; null when callers need an API key or a connect session.</summary>
    internal JwtOptions? Jwt { get; init; }

    /// <summary>Where operators sign in beside keys and links; null when nowhere.</summary>
    internal OidcOptions? Oidc { get; init; }

    /// <summary><c>Grantkeeper:Limits</c>: how often users, keys and addresses may do what.</summary>
    internal LimitOptions Limits { get; init; } = new();

    /// <summary><c>Grantkeeper:Onboarding</c>: when a user has connected enough.</summary>
    internal OnboardingOptions Onboarding { get; init; } = new();

    /// <summary><c>Grantkeeper:Http:KnownProxies</c>: networks (CIDR) whose <c>X-Forwarded-For</c> names the client. Default: none is believed.</summary>
    internal IReadOnlyList<string> KnownProxies { get; init; } = [];

    /// <summary><c>Grantkeeper:Scopes:Policy</c>: which roles may ask for which scopes. Default: sensitive ones for premium and administrator.</summary>
    internal IReadOnlyList<ScopePolicyRule> ScopePolicy { get; init; } = ScopePolicyReader.Usual;

    /// <summary><c>Grantkeeper:Consents:Version</c>: what each new consent is marked with, 1 to 20 characters. Default <c>1.0</c>.</summary>
    public string ConsentVersion { get; init; } = "1.0";

    /// <summary><c>Grantkeeper:Consents:Lifetime</c>: how long a consent is good, one hour to ten years. Default: without end.</summary>
    public TimeSpan? ConsentLifetime { get; init; }

    /// <summary><c>GRANTKEEPER_FAILPOINTS</c>: faults that a campaign asked for; refused in production. Default: none.</summary>
    internal FailpointPlan? Failpoints { get; init; }

    /// <summary>Where grants are kept.</summary>
    internal string UserDataDatabase { get; init; } = "";

    /// <summary>Where the deployment's own rows are kept.</summary>
    internal string PlatformDatabase { get; init; } = "";

    /// <summary>The login that migrates; the application's own unless <c>GRANTKEEPER_MIGRATION_DATABASE_URL</c> is set.</summary>
    internal string? UserDataMigrationDatabase { get; init; }

    /// <summary>The same for the platform's database: <c>GRANTKEEPER_PLATFORM_MIGRATION_DATABASE_URL</c>.</summary>
    internal string? PlatformMigrationDatabase { get; init; }

    /// <summary>The wrapping key itself or the file that holds it.</summary>
    internal Secret EncryptionKey { get; init; }

    internal string? EncryptionKeyFile { get; init; }

    /// <summary>What users call the product.</summary>
    internal string BrandName => Brand.Name ?? FrontendUrl.Host;

    /// <summary>Whether pages of an origin belong to the product: <see cref="FrontendUrl"/>, or one of <see cref="AllowedOrigins"/>. Compared letter by letter.</summary>
    internal bool IsProductOrigin(string origin) =>
        origin == FrontendUrl.GetLeftPart(UriPartial.Authority) || AllowedOrigins.Contains(origin, StringComparer.Ordinal);

    /// <summary>True in development: http is accepted on loopback.</summary>
    public bool AllowsLoopbackHttp => Environment == DeployEnvironment.Development;

    /// <summary>
    /// <c>GRANTKEEPER_DATA_PATH</c>: a folder of this machine that outlives the process; a refreshed token waits there for the
    /// database. Default: none, and it waits in memory.
    /// </summary>
    public string? DataPath { get; init; }

    /// <summary>
    /// <c>Grantkeeper:Cache:Life</c>: how long this node serves a grant from memory without reading it again, while it hears
    /// of changes on other nodes. Default 5 seconds; 0 to 5.
    /// </summary>
    public TimeSpan CacheLife { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>Grantkeeper:Refresh:Ahead</c>: whether this node renews tokens before they end, used or not. Default true.</summary>
    public bool RefreshAhead { get; init; } = true;

    /// <summary><c>Grantkeeper:Refresh:Concurrency</c>: how many of these refreshes a node runs at once. Default 768; 64 to 4096.</summary>
    public int RefreshConcurrency { get; init; } = 768;

    /// <summary>
    /// <c>Grantkeeper:Refresh:SpoolWait</c>: how long a grant waits for a node that went away in the middle of its refresh
    /// and may hold the new tokens. Default 10 minutes; 0 to 24 hours. Only at providers that use a refresh token up.
    /// </summary>
    public TimeSpan SpoolWait { get; init; } = TimeSpan.FromMinutes(10);
}
