namespace Grantkeeper.IntegrationTests.Storage;

/// <summary>The earlier service's tables as its live database had them, and rows with everything that went wrong in it.</summary>
internal static class EarlierLayout
{
    // Tokens that must not be found anywhere afterwards; the signs make their encoded forms differ from the plain ones.
    public const string OldAccess = "ya29.canary-old/access+1=";
    public const string NewAccess = "ya29.canary-new/access+2=";
    public const string Refresh = "1//canary-refresh/google+3=";
    public const string RotatedAccess = "eyJ.canary-ms/access+4=";
    public const string FirstRefresh = "M.C1-canary-ms/refresh-old+5=";
    public const string RotatedRefresh = "M.C2-canary-ms/refresh-new+6=";
    public const string RevokedAccess = "secret_canary/revoked+7=";
    public const string FailedAccess = "ya29.canary-failed/access+8=";
    public const string FailedRefresh = "1//canary-failed/refresh+9=";
    public const string LonelyRefresh = "1//canary-lonely/refresh+10=";
    public const string LongLived = "secret_canary/notion+11=";
    public const string CleanedRefresh = "1//canary-cleaned/refresh+13=";
    public const string Verifier = "canary-verifier/12+=";

    public static readonly string[] Canaries =
        [OldAccess, NewAccess, Refresh, RotatedAccess, FirstRefresh, RotatedRefresh, RevokedAccess, FailedAccess, FailedRefresh, LonelyRefresh, LongLived, CleanedRefresh, Verifier];

    private const string Providers = "CHECK (provider IN ('google', 'microsoft', 'notion', 'youtube'))";

    public static string Tables(bool plural = false)
    {
        var (audit, state) = plural ? ("oauth_audit_logs", "oauth_states") : ("oauth_audit_log", "oauth_state");
        return $$"""
            CREATE TABLE users (id serial PRIMARY KEY, email varchar(255) UNIQUE NOT NULL);
            CREATE TABLE oauth_integrations (
                id serial PRIMARY KEY, user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                provider varchar(50) NOT NULL {{Providers}}, provider_user_id varchar(255),
                status varchar(20) DEFAULT 'pending' CHECK (status IN ('pending', 'active', 'revoked', 'error')),
                scopes text[] DEFAULT '{}', provider_metadata jsonb, created_at timestamp DEFAULT now(), updated_at timestamp DEFAULT now(),
                last_sync_at timestamp, error_message text, error_count integer DEFAULT 0, UNIQUE (user_id, provider));
            CREATE INDEX idx_oauth_integrations_user_id ON oauth_integrations (user_id);
            CREATE INDEX idx_oauth_integrations_created_at ON oauth_integrations (created_at);
            CREATE INDEX idx_oauth_integrations_provider ON oauth_integrations (provider);
            CREATE INDEX idx_oauth_integrations_status ON oauth_integrations (status);
            CREATE TABLE oauth_tokens (
                id serial PRIMARY KEY, integration_id integer NOT NULL REFERENCES oauth_integrations (id) ON DELETE CASCADE,
                access_token text NOT NULL, refresh_token text, token_type varchar(20) DEFAULT 'Bearer', expires_at timestamp NOT NULL, scope text,
                created_at timestamp DEFAULT now(), updated_at timestamp DEFAULT now(), last_used_at timestamp, usage_count integer DEFAULT 0);
            CREATE INDEX idx_oauth_tokens_created_at ON oauth_tokens (created_at);
            CREATE INDEX idx_oauth_tokens_expires_at ON oauth_tokens (expires_at);
            CREATE INDEX idx_oauth_tokens_integration_id ON oauth_tokens (integration_id);
            CREATE TABLE oauth_scopes (
                id serial PRIMARY KEY, provider varchar(50) NOT NULL {{Providers}}, scope_name varchar(100) NOT NULL, display_name varchar(200) NOT NULL,
                description text, category varchar(50), {{(plural
                    ? "is_readonly boolean DEFAULT false, is_active boolean DEFAULT true, is_required boolean DEFAULT false, provider_metadata jsonb, updated_at timestamp DEFAULT now(),"
                    : "is_required boolean DEFAULT false, is_dangerous boolean DEFAULT false,")}}
                created_at timestamp DEFAULT now(), UNIQUE (provider, scope_name));
            CREATE TABLE oauth_consents (
                id serial PRIMARY KEY, integration_id integer NOT NULL REFERENCES oauth_integrations (id) ON DELETE CASCADE,
                scopes text[] NOT NULL, granted_at timestamp DEFAULT now(), expires_at timestamp, ip_address inet, user_agent text,
                consent_version varchar(20) DEFAULT '1.0', is_revoked boolean DEFAULT false, revoked_at timestamp, revoked_reason varchar(100));
            CREATE TABLE {{audit}} (
                id serial PRIMARY KEY, integration_id integer REFERENCES oauth_integrations (id) ON DELETE CASCADE, user_id integer REFERENCES users (id),
                action varchar(50) NOT NULL CHECK (action IN ('connect', 'disconnect', 'refresh', 'revoke', 'api_call', 'error')),
                provider varchar(50) NOT NULL {{Providers}}, scopes text[], ip_address inet, user_agent text, success boolean NOT NULL, error_message text,
                duration_ms integer, action_metadata jsonb, created_at timestamp DEFAULT now(), status varchar(20) NOT NULL DEFAULT 'pending', details jsonb);
            CREATE INDEX idx_oauth_audit_log_created_at ON {{audit}} (created_at);
            CREATE INDEX idx_oauth_audit_log_user_id ON {{audit}} (user_id);
            CREATE TABLE {{state}} (
                id serial PRIMARY KEY, state_token varchar(128) UNIQUE NOT NULL, user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                provider varchar(50) NOT NULL {{Providers}}, scopes text[] NOT NULL, redirect_uri varchar(500) NOT NULL, code_verifier varchar(128), code_challenge varchar(128),
                state_metadata jsonb NOT NULL DEFAULT '{}', created_at timestamp DEFAULT now(), expires_at timestamp NOT NULL, is_used boolean DEFAULT false, used_at timestamp);
            """;
    }

    public static string Rows(bool plural = false)
    {
        var (audit, state) = plural ? ("oauth_audit_logs", "oauth_states") : ("oauth_audit_log", "oauth_state");
        return $$$"""
            INSERT INTO users (email) SELECT 'user' || n || '@example.test' FROM generate_series(1, 7) n;
            INSERT INTO oauth_integrations (id, user_id, provider, provider_user_id, status, scopes, provider_metadata, created_at, updated_at, error_message, error_count) VALUES
                (11, 1, 'google', 'g-1', 'active', '{openid,email}', '{"email": "user1@gmail.test", "name": "User One", "picture": "https://img.test/1.png", "sub": "g-1",
                    "access_token": "{{{OldAccess}}}", "refresh_token": "{{{Refresh}}}", "raw_response": {"access_token": "{{{NewAccess}}}", "email": "x"}, "id_token": "{{{OldAccess}}}"}', '2025-01-01 10:00', '2025-01-02 10:00', NULL, 0),
                (12, 2, 'microsoft', 'm-2', 'active', '{User.Read}', '{"workspace_name": {"refresh_token": "{{{FirstRefresh}}}"}}', '2025-02-01 10:00', '2025-02-01 10:00', NULL, 0),
                (13, 3, 'notion', 'n-3', 'revoked', '{}', '"{{{RevokedAccess}}}"', '2025-03-01 10:00', '2025-03-02 10:00', NULL, 0),
                (14, 4, 'youtube', 'y-4', 'error', NULL, NULL, '2025-04-01 10:00', '2025-04-01 10:00', 'provider said {"access_token": "{{{FailedAccess}}}"}', 3),
                (15, 5, 'google', NULL, 'active', '{openid}', '{}', '2025-05-01 10:00', '2025-05-01 10:00', NULL, 0),
                (16, 6, 'notion', 'n-6', 'pending', '{}', '{"workspace_name": "Team Six", "bot_id": "b-6"}', '2025-06-01 10:00', '2025-06-01 10:00', NULL, 0),
                (17, 1, 'microsoft', 'm-1', 'pending', '{}', '[]', '2025-07-01 10:00', '2025-07-01 10:00', NULL, 0),
                (18, 5, 'youtube', 'y-5', 'active', '{}', '{"channel_title": "Channel Five"}', '2025-08-01 10:00', '2025-08-01 10:00', NULL, NULL);
            INSERT INTO oauth_tokens (integration_id, access_token, refresh_token, token_type, expires_at, scope, created_at, usage_count) VALUES
                (11, '{{{OldAccess}}}', NULL, 'Bearer', '2025-01-01 11:00', 'openid email', '2025-01-01 10:00', 4),
                (11, '{{{Refresh}}}', NULL, 'Bearer', '2026-01-01 10:00', 'openid email', '2025-01-01 10:00', 0),
                (11, '{{{OldAccess}}}.2', NULL, 'Bearer', '2025-01-01 12:00', 'openid email', '2025-01-01 11:00', 2),
                (11, '{{{OldAccess}}}.3', NULL, 'Bearer', '2025-01-01 13:00', 'openid email', '2025-01-01 12:00', 1),
                (11, '{{{NewAccess}}}', NULL, 'Bearer', '2025-01-02 11:00', 'openid email', '2025-01-02 10:00', 7),
                (12, '{{{RotatedAccess}}}.old', '{{{FirstRefresh}}}', 'Bearer', '2025-02-01 11:00', 'User.Read', '2025-02-01 10:00', 0),
                (12, '{{{RotatedAccess}}}.mid', '{{{RotatedRefresh}}}', 'Bearer', '2025-02-01 12:00', 'User.Read', '2025-02-01 11:00', 0),
                (12, '{{{RotatedAccess}}}', NULL, 'bearer', '2025-02-02 11:00', 'User.Read', '2025-02-02 10:00', 0),
                (13, '{{{RevokedAccess}}}', NULL, 'Bearer', '2025-03-08 10:00', NULL, '2025-03-01 10:00', 0),
                (14, '{{{FailedAccess}}}', NULL, 'Bearer', '2025-04-01 11:00', NULL, '2025-04-01 10:00', 0),
                (14, '{{{FailedRefresh}}}', NULL, 'refresh', '2026-04-01 10:00', NULL, '2025-04-01 10:00', 0),
                (15, '{{{LonelyRefresh}}}', NULL, 'refresh_token', '2026-05-01 10:00', NULL, '2025-05-01 10:00', 0),
                (18, '{{{CleanedRefresh}}}.old', NULL, 'Bearer', '2026-08-01 10:00', NULL, '2025-08-01 10:00', 0),
                (18, '{{{CleanedRefresh}}}', NULL, 'Bearer', '2026-08-01 11:00', NULL, '2025-08-01 11:00', 0),
                (16, '{{{LongLived}}}', NULL, NULL, '2026-06-01 10:00', NULL, '2025-06-01 10:00', NULL);
            INSERT INTO oauth_scopes (provider, scope_name, display_name) VALUES ('google', 'openid', 'Sign in'), ('google', 'email', 'Address');
            INSERT INTO oauth_consents (integration_id, scopes, granted_at, ip_address, user_agent, is_revoked, revoked_at) VALUES
                (11, '{openid}', '2025-01-01 10:00', '203.0.113.4', 'browser', true, '2025-01-01 10:30'), (11, '{openid,email}', '2025-01-01 10:30', '2001:db8::1', NULL, false, NULL);
            INSERT INTO {{{audit}}} (integration_id, user_id, action, provider, scopes, ip_address, success, error_message, action_metadata, created_at, status, details) VALUES
                (11, 1, 'connect', 'google', '{openid}', '203.0.113.4', true, NULL, '{"response": "{{{OldAccess}}}"}', '2025-01-01 10:00', 'success', '{"token": "{{{Refresh}}}"}'),
                (11, NULL, 'refresh', 'google', NULL, NULL, true, NULL, NULL, '2025-01-02 10:00', 'success', NULL),
                (NULL, NULL, 'error', 'notion', NULL, NULL, false, 'body: {{{RevokedAccess}}}', NULL, '2025-03-02 10:00', 'error', NULL);
            INSERT INTO {{{state}}} (state_token, user_id, provider, scopes, redirect_uri, code_verifier, expires_at, is_used) VALUES
                ('state-1', 1, 'google', '{openid}', 'https://app.test/cb', '{{{Verifier}}}', '2025-01-01 11:00', true),
                ('state-2', 2, 'microsoft', '{openid}', 'https://app.test/cb', '{{{Verifier}}}', '2035-01-01 11:00', false);
            SELECT setval('oauth_integrations_id_seq', 18);
            """;
    }
}
