#pragma warning disable CA1034 // The catalogue reads as Catalogue.Slice.Code.
namespace Grantkeeper.Errors;

public static partial class ErrorCatalogue
{
    /// <summary>Faults of a request's form.</summary>
    public static class Requests
    {
        /// <summary>The body is no JSON or no form.</summary>
        public static readonly ErrorCode Malformed = new("requests.malformed", 400, "Unreadable request",
            "The body is not the JSON or form that this operation takes.",
            "Send the members that /openapi/v1.json names, with the matching Content-Type.");

        /// <summary>A parameter came twice.</summary>
        public static readonly ErrorCode ParameterRepeated = new("requests.parameter_repeated", 400, "Repeated parameter",
            "A parameter was sent more than once, so its meaning is unclear.",
            "Send each parameter once; separate several scopes or features by spaces.");

        /// <summary>Members are missing or wrong.</summary>
        public static readonly ErrorCode Invalid = new("requests.invalid", 422, "Invalid input",
            "One or more members of the request are missing or wrong; all of them are listed in errors.",
            "Correct every member that errors names and send the request again.");

        /// <summary>No such route.</summary>
        public static readonly ErrorCode NotFound = new("requests.not_found", 404, "No such address",
            "Nothing is served under this path.",
            "Compare the path and the method with /openapi/v1.json.");
    }

    /// <summary>Who calls, and what they may do.</summary>
    public static class Identity
    {
        /// <summary>No credential, or a token that does not hold.</summary>
        public static readonly ErrorCode Unauthenticated = new("identity.unauthenticated", 401, "Credential required",
            "The request carries no credential, or a token that is not accepted here.",
            "Send Authorization: Bearer with an API key, or with a fresh token that the identity provider of GRANTKEEPER_JWT_ISSUER made for GRANTKEEPER_JWT_AUDIENCE.");

        /// <summary>The identity provider's keys are away.</summary>
        public static readonly ErrorCode KeysUnavailable = new("identity.keys_unavailable", 503, "Identity provider not reachable",
            "The keys of the identity provider could not be fetched, and none are held that are less than a day old, so tokens of users cannot be verified.",
            "Open GRANTKEEPER_JWT_JWKS_URI from this node; API keys and connect sessions work meanwhile.", Retryable: true);

        /// <summary>For back ends only.</summary>
        public static readonly ErrorCode KeyRequired = new("identity.key_required", 403, "For API keys only",
            "The operation, or something that the request asks of it, trusts the caller with users' grants, and a user's own token is not trusted so far.",
            "Call it from your back end with an API key; a user's token connects, sees, refreshes and disconnects that user's accounts.");

        /// <summary>No second factor.</summary>
        public static readonly ErrorCode MfaRequired = new("identity.mfa_required", 403, "Second factor required",
            "The operation asks for a sign-in with a second factor, and the token tells of none, or of one too long ago.",
            "Let the user sign in again with a second factor, and repeat the request with the new token.");

        /// <summary>Unknown, expired or revoked key.</summary>
        public static readonly ErrorCode KeyInvalid = new("identity.key_invalid", 401, "Credential not accepted",
            "The API key is unknown, expired or revoked, or belongs to another environment.",
            "Use a key that an administrator of this deployment made and that is still valid.");

        /// <summary>Unknown, expired or ended connect session.</summary>
        public static readonly ErrorCode SessionInvalid = new("identity.session_invalid", 401, "Connect session not accepted",
            "The connect session is unknown, was ended, or is older than its lifetime.",
            "Let the back end make a new one (POST /api/v1/oauth/connect-sessions) and hand its token to the page.");

        /// <summary>A connect session is for connecting only.</summary>
        public static readonly ErrorCode SessionNotAllowed = new("identity.session_not_allowed", 403, "Not for connect sessions",
            "A connect session lets a browser connect, see and disconnect its own user's accounts, and nothing else.",
            "Call this operation from your back end with an API key.");

        /// <summary>Another user than the caller's own.</summary>
        public static readonly ErrorCode UserForeign = new("identity.user_foreign", 403, "Another user",
            "The request names another user than the one that this credential belongs to.",
            "Leave user_id out: the credential knows its user.");

        /// <summary>The key lacks a permission.</summary>
        public static readonly ErrorCode PermissionMissing = new("identity.permission_missing", 403, "Permission missing",
            "The caller is known but does not hold the permission that this operation asks for.",
            "Use a key with that permission, or ask an administrator for one.");

        /// <summary>An API key must name the user.</summary>
        public static readonly ErrorCode UserRequired = new("identity.user_required", 400, "user_id required",
            "An API key acts for many users, and this operation is about one of them, but user_id was not sent.",
            "Add user_id to the query or the body.");

        /// <summary>user_id is not usable.</summary>
        public static readonly ErrorCode UserInvalid = new("identity.user_invalid", 422, "user_id not usable",
            "user_id is empty, longer than 255 characters, holds control characters, or starts with the reserved character ~.",
            "Send the stable id under which your product knows the user or team.");

        /// <summary>No such API key.</summary>
        public static readonly ErrorCode KeyNotFound = new("identity.key_not_found", 404, "No such API key",
            "No API key has this id.",
            "List the keys and use an id from there.");

        /// <summary>The sign-in link is no longer good.</summary>
        public static readonly ErrorCode SignInLinkInvalid = new("identity.sign_in_link_invalid", 403, "Sign-in link not valid",
            "The link was used before, is older than ten minutes, or was never made here.",
            "Ask for a new link: ./run prints one, and so do grantkeeper sign-in-link and POST /api/v1/oauth/admin/sign-in-links.");

        /// <summary>An operator's sign-in that does not hold.</summary>
        public static readonly ErrorCode SignInRefused = new("identity.sign_in_refused", 403, "Sign-in not accepted",
            "The identity provider's answer belongs to no sign-in that this browser began, was used before, or does not hold.",
            "Sign in again; if it stays, compare GRANTKEEPER_OIDC_CLIENT_ID, its secret and the redirect URI {GRANTKEEPER_PUBLIC_URL}/sign-in/callback with the provider's settings.");

        /// <summary>The identity provider does not answer.</summary>
        public static readonly ErrorCode SignInUnavailable = new("identity.sign_in_unavailable", 503, "Identity provider not reachable",
            "The identity provider's discovery document, token endpoint or keys could not be read.",
            "Open {GRANTKEEPER_JWT_ISSUER}/.well-known/openid-configuration from this node; meanwhile sign in with a key or a one-time link.", Retryable: true);

        /// <summary>Too many operations in a minute.</summary>
        public static readonly ErrorCode TooManyRequests = new("identity.too_many_requests", 429, "Too many requests",
            "This user, key or network address did this too often within a minute.",
            "Repeat the request after Retry-After; the limits are Grantkeeper:Limits.", Retryable: true);

        /// <summary>Too many sign-ins from one address.</summary>
        public static readonly ErrorCode TooManyAttempts = new("identity.too_many_attempts", 429, "Too many attempts",
            "Keys were tried for signing in too often from this network address.",
            "Wait a minute and try again, or open a one-time sign-in link.", Retryable: true);
    }

    /// <summary>Where things are kept.</summary>
    public static class Storage
    {
        /// <summary>The database does not answer.</summary>
        public static readonly ErrorCode Unavailable = new("storage.unavailable", 503, "Database unavailable",
            "PostgreSQL could not be reached or did not answer in time. Nothing was lost: what was not stored was not confirmed.",
            "Repeat the request after Retry-After; if it goes on, look at /health/ready and the database.", Retryable: true);

        /// <summary>A database URL that cannot be read.</summary>
        public static readonly ErrorCode UrlInvalid = new("storage.url_invalid", 0, "Database URL not usable",
            "A database URL is missing or cannot be parsed.",
            "Set USER_DATA_DATABASE_URL (or ConnectionStrings:grantkeeper) to postgresql://user:password@host:5432/database, special characters percent-encoded.");

        /// <summary>A migration that was applied has changed.</summary>
        public static readonly ErrorCode MigrationChanged = new("storage.migration_changed", 0, "Migration changed after it ran",
            "The database says that a migration ran with another text than the one in this release.",
            "Deploy the release that made the database, or restore the migration; never edit one that was released.");

        /// <summary>The schema is newer than the program.</summary>
        public static readonly ErrorCode SchemaNewer = new("storage.schema_newer", 0, "Database of a newer release",
            "The database holds migrations that this release does not know.",
            "Run the newer release, or restore a backup of the older database.");

        /// <summary>Roles are missing and cannot be made.</summary>
        public static readonly ErrorCode RolesMissing = new("storage.roles_missing", 0, "Database roles missing",
            "The roles grantkeeper_owner and grantkeeper_app do not exist, or the login may not use them, and it may not create them either.",
            "Let a database administrator run the statements of docs/operations.md, section Roles, once.");

        /// <summary>The application role could bypass row-level security.</summary>
        public static readonly ErrorCode RoleUnsafe = new("storage.role_unsafe", 0, "Application role too powerful",
            "The role that queries run under is a superuser, owns the tables, or bypasses row-level security, so users would not be kept apart.",
            "Grant the login membership in grantkeeper_app and take SUPERUSER and BYPASSRLS from grantkeeper_app.");

        /// <summary>A layout that cannot be adopted.</summary>
        public static readonly ErrorCode LayoutUnknown = new("storage.layout_unknown", 0, "Unknown table layout",
            "The database holds some of the oauth tables in a layout that is neither ours nor the one that can be adopted.",
            "Point Grantkeeper at an empty database, or bring the tables to the layout in docs/operations.md, section Adoption.");

        /// <summary>The development cluster was handed to a production server.</summary>
        public static readonly ErrorCode PrivateClusterInProduction = new("storage.private_cluster_in_production", 0, "Development database in production",
            "DEPLOY_ENV is production, but the database is the private development cluster of ./run.",
            "Set USER_DATA_DATABASE_URL to a PostgreSQL server that is backed up, or DEPLOY_ENV=development.");
    }

    /// <summary>Secrets at rest.</summary>
    public static class Encryption
    {
        /// <summary>No key.</summary>
        public static readonly ErrorCode KeyMissing = new("encryption.key_missing", 0, "Encryption key missing",
            "Neither OAUTH_ENCRYPTION_KEY nor OAUTH_ENCRYPTION_KEY_FILE is set; tokens are never stored in plain text.",
            "Create one with: openssl rand -base64 32. Keep a copy apart from the database backups.");

        /// <summary>The key is no 256-bit key.</summary>
        public static readonly ErrorCode KeyInvalid = new("encryption.key_invalid", 0, "Encryption key not usable",
            "The encryption key is not 32 bytes in base64 or hexadecimal, or its file cannot be read.",
            "Create one with: openssl rand -base64 32.");

        /// <summary>The key does not open the data keys.</summary>
        public static readonly ErrorCode KeyWrong = new("encryption.key_wrong", 0, "Another encryption key was used before",
            "The database's data keys were wrapped with another encryption key than the one that is configured.",
            "Configure the key that this database was set up with. Without it the stored tokens cannot be read by anybody.");

        /// <summary>A ciphertext that does not open.</summary>
        public static readonly ErrorCode Unreadable = new("encryption.unreadable", 500, "Stored secret not readable",
            "A stored secret does not open with its key and place: it was changed, moved to another row, or sealed with a key that is gone.",
            "Restore the row from a backup, or let the user connect the account again. Treat it as tampering until you know better.");
    }

    /// <summary>Outbound requests.</summary>
    public static class Egress
    {
        /// <summary>The address may not be called.</summary>
        public static readonly ErrorCode AddressNotAllowed = new("egress.address_not_allowed", 502, "Address not allowed",
            "An outbound request was refused: the address is not https, or resolves to a private or reserved network.",
            "If you wrote this address yourself and trust it, add its network to Grantkeeper:Egress:AllowedNetworks.");
    }

    /// <summary>Settings.</summary>
    public static class Configuration
    {
        /// <summary>The start was refused.</summary>
        public static readonly ErrorCode Invalid = new("configuration.invalid", 0, "Configuration refused",
            "One or more settings are missing or wrong; every one of them is listed.",
            "Correct the listed settings and start again; grantkeeper config check shows every one of them.");
    }
}
