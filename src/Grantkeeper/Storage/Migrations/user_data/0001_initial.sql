-- The six oauth tables and what the engine needs beside them.
-- On an empty database they are created; tables of the earlier service's layout (integer ids, one row per
-- token, plain text) are brought to this shape in place, rows kept. The program seals the plain tokens in
-- the same transaction, right after this file.

-- UUIDv7 from a time (RFC 9562 section 5.7); PostgreSQL 15 has no such function.
CREATE FUNCTION pg_temp.uuid_v7(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_byte(set_byte(
        overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send((extract(epoch FROM at) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        6, (get_byte(uuid_send(gen_random_uuid()), 6) & 15) | 112),
        8, (get_byte(uuid_send(gen_random_uuid()), 8) & 63) | 128), 'hex')::uuid
$$;

DO $adopt$
DECLARE
    item record;
    name text;
    names text[] := ARRAY['oauth_integrations', 'oauth_tokens', 'oauth_scopes', 'oauth_consents', 'oauth_audit_log', 'oauth_state'];
BEGIN
    -- Some installations use plural names for two of the tables.
    IF to_regclass('oauth_audit_logs') IS NOT NULL AND to_regclass('oauth_audit_log') IS NULL THEN
        ALTER TABLE oauth_audit_logs RENAME TO oauth_audit_log;
    END IF;
    IF to_regclass('oauth_states') IS NOT NULL AND to_regclass('oauth_state') IS NULL THEN
        ALTER TABLE oauth_states RENAME TO oauth_state;
    END IF;

    IF NOT EXISTS (SELECT FROM unnest(names) AS n WHERE to_regclass(n) IS NOT NULL) THEN
        RETURN;
    END IF;

    IF (SELECT count(*) FROM information_schema.columns
        WHERE table_schema = current_schema() AND data_type IN ('integer', 'bigint')
          AND ((table_name = 'oauth_integrations' AND column_name = 'id')
            OR (table_name = 'oauth_tokens' AND column_name IN ('id', 'integration_id')))) <> 3
       OR NOT EXISTS (SELECT FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name = 'oauth_integrations' AND column_name = 'provider_user_id') THEN
        RAISE EXCEPTION 'oauth tables of an unknown layout' USING ERRCODE = 'GK001';
    END IF;

    -- CHECK lists, cascades, old keys and old indexes go; the new ones come below.
    FOR item IN SELECT conrelid::regclass AS relation, conname FROM pg_constraint
        WHERE conrelid IN (SELECT to_regclass(n) FROM unnest(names) AS n) AND contype IN ('p', 'u', 'f', 'c', 'x') ORDER BY contype = 'p' LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', item.relation, item.conname);
    END LOOP;
    FOR item IN SELECT indexrelid::regclass AS index FROM pg_index
        WHERE indrelid IN (SELECT to_regclass(n) FROM unnest(names) AS n) LOOP
        EXECUTE format('DROP INDEX IF EXISTS %s', item.index);
    END LOOP;

    -- Times without a zone were written in UTC.
    FOR item IN SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name = ANY (names) AND data_type = 'timestamp without time zone' LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN %I TYPE timestamptz USING %I AT TIME ZONE ''UTC''', item.table_name, item.column_name, item.column_name);
    END LOOP;
    FOR item IN SELECT table_name, data_type FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name = ANY (names) AND column_name = 'user_id' LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN user_id TYPE varchar(255) USING user_id::text', item.table_name);
    END LOOP;
    FOREACH name IN ARRAY names LOOP
        IF to_regclass(name) IS NULL THEN
            CONTINUE;
        END IF;
        -- What a column needs is said below; what is left of the earlier ones may be empty.
        EXECUTE format('ALTER TABLE %I ALTER COLUMN id DROP IDENTITY IF EXISTS', name);
        FOR item IN SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = name LOOP
            EXECUTE format('ALTER TABLE %I ALTER COLUMN %I DROP DEFAULT, ALTER COLUMN %I DROP NOT NULL', name, item.column_name, item.column_name);
        END LOOP;
        EXECUTE format('ALTER TABLE %I RENAME COLUMN id TO legacy_id', name);
        EXECUTE format('ALTER TABLE %I ALTER COLUMN legacy_id TYPE bigint', name);
        EXECUTE format('ALTER TABLE %I ADD COLUMN id uuid', name);
        EXECUTE format('ALTER TABLE %I ADD COLUMN IF NOT EXISTS created_at timestamptz', name);
        IF name = 'oauth_consents' THEN
            UPDATE oauth_consents SET created_at = granted_at WHERE created_at IS NULL;
        END IF;
        EXECUTE format('UPDATE %I SET id = pg_temp.uuid_v7(coalesce(created_at, now())), created_at = coalesce(created_at, now())', name);
        IF name IN ('oauth_tokens', 'oauth_consents', 'oauth_audit_log') THEN
            EXECUTE format('ALTER TABLE %I RENAME COLUMN integration_id TO legacy_integration_id', name);
            EXECUTE format('ALTER TABLE %I ADD COLUMN integration_id uuid', name);
            EXECUTE format('ALTER TABLE %I ADD COLUMN IF NOT EXISTS user_id varchar(255)', name);
            EXECUTE format('UPDATE %I AS t SET integration_id = i.id, user_id = coalesce(t.user_id, i.user_id)
                FROM oauth_integrations AS i WHERE i.legacy_id = t.legacy_integration_id', name);
        END IF;
    END LOOP;

    ALTER TABLE oauth_integrations RENAME COLUMN provider_user_id TO provider_account_id;
    ALTER TABLE oauth_integrations
        ADD COLUMN IF NOT EXISTS account_email varchar(320),
        ADD COLUMN IF NOT EXISTS account_name varchar(255),
        ADD COLUMN IF NOT EXISTS account_avatar text,
        ADD COLUMN IF NOT EXISTS revoked_at timestamptz;
    -- The earlier service kept whole token responses here, and bodies in error messages. Only what describes the account stays.
    UPDATE oauth_integrations SET error_message = NULL, provider_metadata = coalesce((
        SELECT jsonb_object_agg(key, value) FROM jsonb_each(CASE WHEN jsonb_typeof(provider_metadata) = 'object' THEN provider_metadata ELSE '{}' END)
        WHERE key IN ('email', 'name', 'picture', 'sub', 'workspace_id', 'workspace_name', 'workspace_icon', 'bot_id', 'channel_id', 'channel_title', 'owner_type')
          AND jsonb_typeof(value) IN ('string', 'number', 'boolean')), '{}');
    UPDATE oauth_integrations SET account_email = left(provider_metadata ->> 'email', 320),
        account_name = left(coalesce(provider_metadata ->> 'name', provider_metadata ->> 'workspace_name', provider_metadata ->> 'channel_title'), 255),
        account_avatar = CASE WHEN provider_metadata ->> 'picture' LIKE 'https://%' THEN provider_metadata ->> 'picture' END;
    -- Not yet used here: pending until a call to the provider succeeds.
    UPDATE oauth_integrations SET status = 'pending' WHERE status IS NULL OR status NOT IN ('revoked', 'error', 'inactive');
    UPDATE oauth_integrations SET revoked_at = coalesce(updated_at, now()) WHERE status = 'revoked';

    -- A revoked integration is a tombstone without secrets.
    DELETE FROM oauth_tokens AS t USING oauth_integrations AS i WHERE i.id = t.integration_id AND i.status = 'revoked';
    -- A refresh token stood in access_token of a row of its own with an invented life of a year; often it is the only row
    -- left, since ended access tokens were cleaned up. Notion gave no refresh tokens. Each refresh left duplicates.
    ALTER TABLE oauth_tokens ADD COLUMN is_refresh boolean;
    UPDATE oauth_tokens AS t SET is_refresh = coalesce(t.token_type ILIKE 'refresh%', false)
            OR coalesce(nullif(t.refresh_token, '') IS NULL AND i.provider <> 'notion' AND t.expires_at - t.created_at > interval '300 days', false)
        FROM oauth_integrations AS i WHERE i.id = t.integration_id;
    UPDATE oauth_tokens AS t SET refresh_token = newest.token FROM (
        SELECT DISTINCT ON (integration_id) integration_id, CASE WHEN is_refresh THEN access_token ELSE refresh_token END AS token
        FROM oauth_tokens WHERE is_refresh OR nullif(refresh_token, '') IS NOT NULL ORDER BY integration_id, created_at DESC, legacy_id DESC) AS newest
    WHERE newest.integration_id = t.integration_id;
    -- Without an access token there is none, and an end that has passed makes the first read renew it.
    UPDATE oauth_tokens SET access_token = '', expires_at = 'epoch' WHERE is_refresh;
    DELETE FROM oauth_tokens AS t USING (
        SELECT legacy_id, row_number() OVER (PARTITION BY integration_id ORDER BY is_refresh, created_at DESC, legacy_id DESC) AS place FROM oauth_tokens) AS ranked
    WHERE ranked.legacy_id = t.legacy_id AND ranked.place > 1;
    ALTER TABLE oauth_tokens DROP COLUMN is_refresh;
    UPDATE oauth_tokens SET token_type = 'bearer' WHERE token_type IS NULL OR token_type NOT ILIKE 'bearer';
    -- Flows of the earlier service cannot be finished here.
    IF to_regclass('oauth_state') IS NOT NULL THEN
        DELETE FROM oauth_state;
    END IF;
END
$adopt$;

CREATE TABLE IF NOT EXISTS oauth_integrations ();
ALTER TABLE oauth_integrations
    ADD COLUMN IF NOT EXISTS user_id varchar(255) NOT NULL,
    ADD COLUMN IF NOT EXISTS id uuid,
    ADD COLUMN IF NOT EXISTS legacy_id bigint,
    ADD COLUMN IF NOT EXISTS provider varchar(50) NOT NULL,
    ADD COLUMN IF NOT EXISTS provider_account_id varchar(255),
    ADD COLUMN IF NOT EXISTS account_email varchar(320),
    ADD COLUMN IF NOT EXISTS account_name varchar(255),
    ADD COLUMN IF NOT EXISTS account_avatar text,
    ADD COLUMN IF NOT EXISTS status varchar(20) NOT NULL DEFAULT 'pending',
    ADD COLUMN IF NOT EXISTS reason varchar(50),
    ADD COLUMN IF NOT EXISTS reason_detail varchar(50),
    ADD COLUMN IF NOT EXISTS is_primary boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS epoch integer NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS scopes text[] DEFAULT '{}',
    ADD COLUMN IF NOT EXISTS provider_metadata jsonb,
    ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS updated_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS connected_at timestamptz,
    ADD COLUMN IF NOT EXISTS revoked_at timestamptz,
    ADD COLUMN IF NOT EXISTS last_sync_at timestamptz,
    ADD COLUMN IF NOT EXISTS error_message text,
    ADD COLUMN IF NOT EXISTS error_count integer NOT NULL DEFAULT 0;
UPDATE oauth_integrations SET connected_at = created_at, is_primary = status <> 'revoked', error_count = coalesce(error_count, 0), scopes = coalesce(scopes, '{}'),
    provider_metadata = coalesce(provider_metadata, '{}'), created_at = coalesce(created_at, now()), updated_at = coalesce(updated_at, now());
ALTER TABLE oauth_integrations
    ALTER COLUMN id SET NOT NULL,
    ALTER COLUMN provider SET NOT NULL,
    ALTER COLUMN status SET DEFAULT 'pending', ALTER COLUMN status SET NOT NULL,
    ALTER COLUMN error_count SET DEFAULT 0, ALTER COLUMN error_count SET NOT NULL,
    ALTER COLUMN scopes SET DEFAULT '{}', ALTER COLUMN scopes SET NOT NULL,
    ALTER COLUMN provider_metadata SET DEFAULT '{}', ALTER COLUMN provider_metadata SET NOT NULL,
    ALTER COLUMN created_at SET DEFAULT now(), ALTER COLUMN created_at SET NOT NULL,
    ALTER COLUMN updated_at SET DEFAULT now(), ALTER COLUMN updated_at SET NOT NULL,
    ADD PRIMARY KEY (user_id, id),
    ADD CHECK (status IN ('pending', 'active', 'expired', 'error', 'inactive', 'revoked'));
CREATE INDEX idx_oauth_integrations_id ON oauth_integrations (id);
CREATE UNIQUE INDEX idx_oauth_integrations_account ON oauth_integrations (user_id, provider, provider_account_id);
CREATE UNIQUE INDEX idx_oauth_integrations_primary ON oauth_integrations (user_id, provider) WHERE is_primary;
CREATE INDEX idx_oauth_integrations_created_at ON oauth_integrations (created_at);
CREATE INDEX idx_oauth_integrations_provider_account ON oauth_integrations (provider, provider_account_id) WHERE status <> 'revoked';

CREATE TABLE IF NOT EXISTS oauth_tokens ();
ALTER TABLE oauth_tokens
    ADD COLUMN IF NOT EXISTS user_id varchar(255) NOT NULL,
    ADD COLUMN IF NOT EXISTS id uuid,
    ADD COLUMN IF NOT EXISTS legacy_id bigint,
    ADD COLUMN IF NOT EXISTS integration_id uuid NOT NULL,
    ADD COLUMN IF NOT EXISTS epoch integer NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS generation bigint NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS access_token text NOT NULL,
    ADD COLUMN IF NOT EXISTS refresh_token text,
    ADD COLUMN IF NOT EXISTS token_type varchar(50) NOT NULL DEFAULT 'bearer',
    ADD COLUMN IF NOT EXISTS expires_at timestamptz,
    ADD COLUMN IF NOT EXISTS lifetime_seconds integer,
    ADD COLUMN IF NOT EXISTS scope text,
    ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS updated_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS last_refreshed_at timestamptz,
    ADD COLUMN IF NOT EXISTS last_used_at timestamptz,
    ADD COLUMN IF NOT EXISTS usage_count bigint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS is_active boolean NOT NULL DEFAULT true,
    ADD COLUMN IF NOT EXISTS suspect_generation bigint,
    -- lease: who refreshes, until when by this database's clock, and the fence that late failures meet
    ADD COLUMN IF NOT EXISTS lease_owner uuid,
    ADD COLUMN IF NOT EXISTS lease_until timestamptz,
    ADD COLUMN IF NOT EXISTS fence bigint NOT NULL DEFAULT 0,
    -- intent: written before the provider is called, so that an attempt whose end is unknown is known to have begun
    ADD COLUMN IF NOT EXISTS intent_id uuid,
    ADD COLUMN IF NOT EXISTS intent_generation bigint,
    ADD COLUMN IF NOT EXISTS intent_node varchar(64),
    ADD COLUMN IF NOT EXISTS intent_at timestamptz,
    -- schedule
    ADD COLUMN IF NOT EXISTS next_refresh_at timestamptz,
    ADD COLUMN IF NOT EXISTS failure_count integer NOT NULL DEFAULT 0;
UPDATE oauth_tokens AS t SET is_active = false FROM oauth_integrations AS i WHERE i.id = t.integration_id AND i.status NOT IN ('pending', 'active');
UPDATE oauth_tokens SET usage_count = coalesce(usage_count, 0), created_at = coalesce(created_at, now()), updated_at = coalesce(updated_at, now()), next_refresh_at = expires_at;
ALTER TABLE oauth_tokens
    ALTER COLUMN id SET NOT NULL,
    ALTER COLUMN integration_id SET NOT NULL,
    ALTER COLUMN access_token SET NOT NULL,
    ALTER COLUMN token_type TYPE varchar(50), ALTER COLUMN token_type SET DEFAULT 'bearer', ALTER COLUMN token_type SET NOT NULL,
    ALTER COLUMN usage_count TYPE bigint, ALTER COLUMN usage_count SET DEFAULT 0, ALTER COLUMN usage_count SET NOT NULL,
    ALTER COLUMN created_at SET DEFAULT now(), ALTER COLUMN created_at SET NOT NULL,
    ALTER COLUMN updated_at SET DEFAULT now(), ALTER COLUMN updated_at SET NOT NULL,
    ADD PRIMARY KEY (user_id, id),
    ADD UNIQUE (user_id, integration_id),
    ADD FOREIGN KEY (user_id, integration_id) REFERENCES oauth_integrations (user_id, id),
    SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX idx_oauth_tokens_user_id ON oauth_tokens (user_id);
CREATE INDEX idx_oauth_tokens_expires_at ON oauth_tokens (expires_at);
CREATE INDEX idx_oauth_tokens_active ON oauth_tokens (integration_id) WHERE is_active = TRUE;
CREATE INDEX idx_oauth_tokens_next_refresh_at ON oauth_tokens (next_refresh_at) WHERE is_active = TRUE;

CREATE TABLE IF NOT EXISTS oauth_scopes ();
ALTER TABLE oauth_scopes
    ADD COLUMN IF NOT EXISTS id uuid,
    ADD COLUMN IF NOT EXISTS legacy_id bigint,
    ADD COLUMN IF NOT EXISTS provider varchar(50) NOT NULL,
    ADD COLUMN IF NOT EXISTS scope_name varchar(255) NOT NULL,
    ADD COLUMN IF NOT EXISTS display_name varchar(200),
    ADD COLUMN IF NOT EXISTS description text,
    ADD COLUMN IF NOT EXISTS category varchar(50),
    ADD COLUMN IF NOT EXISTS is_required boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS is_dangerous boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now();
UPDATE oauth_scopes SET is_required = coalesce(is_required, false), is_dangerous = coalesce(is_dangerous, false), created_at = coalesce(created_at, now());
ALTER TABLE oauth_scopes
    ALTER COLUMN id SET NOT NULL,
    ALTER COLUMN provider SET NOT NULL,
    ALTER COLUMN scope_name TYPE varchar(255), ALTER COLUMN scope_name SET NOT NULL,
    ALTER COLUMN is_required SET DEFAULT false, ALTER COLUMN is_required SET NOT NULL,
    ALTER COLUMN is_dangerous SET DEFAULT false, ALTER COLUMN is_dangerous SET NOT NULL,
    ALTER COLUMN created_at SET DEFAULT now(), ALTER COLUMN created_at SET NOT NULL,
    ADD PRIMARY KEY (id),
    ADD UNIQUE (provider, scope_name);

CREATE TABLE IF NOT EXISTS oauth_consents ();
ALTER TABLE oauth_consents
    ADD COLUMN IF NOT EXISTS user_id varchar(255) NOT NULL,
    ADD COLUMN IF NOT EXISTS id uuid,
    ADD COLUMN IF NOT EXISTS legacy_id bigint,
    ADD COLUMN IF NOT EXISTS integration_id uuid NOT NULL,
    ADD COLUMN IF NOT EXISTS epoch integer NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS scopes_requested text[] NOT NULL DEFAULT '{}',
    ADD COLUMN IF NOT EXISTS scopes text[] NOT NULL DEFAULT '{}',
    ADD COLUMN IF NOT EXISTS granted_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS expires_at timestamptz,
    ADD COLUMN IF NOT EXISTS ip_address inet,
    ADD COLUMN IF NOT EXISTS user_agent text,
    ADD COLUMN IF NOT EXISTS consent_version varchar(20) NOT NULL DEFAULT '1.0',
    ADD COLUMN IF NOT EXISTS actor varchar(255),
    ADD COLUMN IF NOT EXISTS is_revoked boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS revoked_at timestamptz,
    ADD COLUMN IF NOT EXISTS revoked_reason varchar(100),
    ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now();
UPDATE oauth_consents SET scopes = coalesce(scopes, '{}'), granted_at = coalesce(granted_at, created_at, now()), created_at = coalesce(created_at, now()),
    consent_version = coalesce(consent_version, '1.0'), is_revoked = coalesce(is_revoked, false);
ALTER TABLE oauth_consents
    ALTER COLUMN id SET NOT NULL,
    ALTER COLUMN integration_id SET NOT NULL,
    ALTER COLUMN scopes SET DEFAULT '{}', ALTER COLUMN scopes SET NOT NULL,
    ALTER COLUMN granted_at SET DEFAULT now(), ALTER COLUMN granted_at SET NOT NULL,
    ALTER COLUMN consent_version SET DEFAULT '1.0', ALTER COLUMN consent_version SET NOT NULL,
    ALTER COLUMN is_revoked SET DEFAULT false, ALTER COLUMN is_revoked SET NOT NULL,
    ALTER COLUMN created_at SET DEFAULT now(), ALTER COLUMN created_at SET NOT NULL,
    ADD PRIMARY KEY (user_id, id),
    ADD FOREIGN KEY (user_id, integration_id) REFERENCES oauth_integrations (user_id, id);
CREATE INDEX idx_oauth_consents_integration ON oauth_consents (user_id, integration_id);

-- No foreign key: an audit row outlives what it tells about.
CREATE TABLE IF NOT EXISTS oauth_audit_log ();
ALTER TABLE oauth_audit_log
    ADD COLUMN IF NOT EXISTS user_id varchar(255),
    ADD COLUMN IF NOT EXISTS id uuid,
    ADD COLUMN IF NOT EXISTS legacy_id bigint,
    ADD COLUMN IF NOT EXISTS integration_id uuid,
    ADD COLUMN IF NOT EXISTS action varchar(50) NOT NULL,
    ADD COLUMN IF NOT EXISTS provider varchar(50),
    ADD COLUMN IF NOT EXISTS actor varchar(255),
    ADD COLUMN IF NOT EXISTS caller varchar(100),
    ADD COLUMN IF NOT EXISTS scopes text[],
    ADD COLUMN IF NOT EXISTS ip_address inet,
    ADD COLUMN IF NOT EXISTS user_agent text,
    ADD COLUMN IF NOT EXISTS success boolean NOT NULL DEFAULT true,
    ADD COLUMN IF NOT EXISTS code varchar(100),
    ADD COLUMN IF NOT EXISTS error_message text,
    ADD COLUMN IF NOT EXISTS duration_ms integer,
    ADD COLUMN IF NOT EXISTS event_count integer NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS node varchar(64),
    ADD COLUMN IF NOT EXISTS node_sequence bigint,
    ADD COLUMN IF NOT EXISTS correlation_id varchar(64),
    ADD COLUMN IF NOT EXISTS action_metadata jsonb,
    ADD COLUMN IF NOT EXISTS txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now();
-- Free-form members of the earlier service may hold provider answers; rows are kept, these members are not.
UPDATE oauth_audit_log SET user_id = coalesce(user_id, '~system'), action_metadata = NULL, error_message = NULL, created_at = coalesce(created_at, now()), success = coalesce(success, true);
ALTER TABLE oauth_audit_log
    DROP COLUMN IF EXISTS details,
    ALTER COLUMN id SET NOT NULL, ALTER COLUMN user_id SET NOT NULL,
    ALTER COLUMN action SET NOT NULL,
    ALTER COLUMN success SET DEFAULT true, ALTER COLUMN success SET NOT NULL,
    ALTER COLUMN created_at SET DEFAULT now(), ALTER COLUMN created_at SET NOT NULL,
    ADD PRIMARY KEY (user_id, id);
CREATE INDEX idx_oauth_audit_log_created_at ON oauth_audit_log (created_at);
CREATE INDEX idx_oauth_audit_log_integration ON oauth_audit_log (integration_id, created_at);
CREATE INDEX idx_oauth_audit_log_user ON oauth_audit_log (user_id, created_at);

CREATE TABLE IF NOT EXISTS oauth_state ();
ALTER TABLE oauth_state
    ADD COLUMN IF NOT EXISTS user_id varchar(255) NOT NULL,
    ADD COLUMN IF NOT EXISTS id uuid,
    ADD COLUMN IF NOT EXISTS legacy_id bigint,
    ADD COLUMN IF NOT EXISTS state_token varchar(128) NOT NULL,
    ADD COLUMN IF NOT EXISTS provider varchar(50) NOT NULL,
    ADD COLUMN IF NOT EXISTS scopes text[],
    ADD COLUMN IF NOT EXISTS redirect_uri varchar(500),
    ADD COLUMN IF NOT EXISTS code_verifier text,
    ADD COLUMN IF NOT EXISTS code_challenge varchar(128),
    ADD COLUMN IF NOT EXISTS state_metadata jsonb,
    ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS expires_at timestamptz NOT NULL,
    ADD COLUMN IF NOT EXISTS is_used boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS used_at timestamptz,
    ADD COLUMN IF NOT EXISTS handle_hash varchar(64) NOT NULL,
    ADD COLUMN IF NOT EXISTS binding_hash varchar(64),
    ADD COLUMN IF NOT EXISTS nonce_hash varchar(64),
    ADD COLUMN IF NOT EXISTS authorization_url text NOT NULL,
    ADD COLUMN IF NOT EXISTS issuer text,
    ADD COLUMN IF NOT EXISTS completion varchar(10) NOT NULL,
    ADD COLUMN IF NOT EXISTS status varchar(20) NOT NULL DEFAULT 'started',
    ADD COLUMN IF NOT EXISTS actor varchar(255),
    ADD COLUMN IF NOT EXISTS return_to text,
    ADD COLUMN IF NOT EXISTS opener_origin text,
    ADD COLUMN IF NOT EXISTS reconnect_integration_id uuid,
    ADD COLUMN IF NOT EXISTS replace_account boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS parked_code text,
    ADD COLUMN IF NOT EXISTS parked_until timestamptz,
    ADD COLUMN IF NOT EXISTS ticket_hash varchar(64),
    ADD COLUMN IF NOT EXISTS ip_address inet,
    ADD COLUMN IF NOT EXISTS user_agent text,
    ADD COLUMN IF NOT EXISTS integration_id uuid,
    ADD COLUMN IF NOT EXISTS error_code varchar(100);
ALTER TABLE oauth_state
    ALTER COLUMN id SET NOT NULL,
    ALTER COLUMN state_token SET NOT NULL,
    ALTER COLUMN provider SET NOT NULL,
    ALTER COLUMN code_verifier TYPE text,
    ALTER COLUMN created_at SET DEFAULT now(), ALTER COLUMN created_at SET NOT NULL,
    ALTER COLUMN expires_at SET NOT NULL,
    ALTER COLUMN is_used SET DEFAULT false, ALTER COLUMN is_used SET NOT NULL,
    ADD PRIMARY KEY (user_id, id),
    ADD UNIQUE (state_token),
    ADD UNIQUE (handle_hash),
    ADD CHECK (status IN ('started', 'redeemed', 'parked', 'completed', 'denied', 'failed'));
CREATE INDEX idx_oauth_state_id ON oauth_state (id);
CREATE INDEX idx_oauth_state_expires_at ON oauth_state (expires_at);

-- Every refresh that was tried; kept 30 days.
CREATE TABLE refresh_attempts (
    user_id varchar(255) NOT NULL,
    id uuid NOT NULL,
    integration_id uuid NOT NULL,
    epoch integer NOT NULL,
    generation bigint NOT NULL,
    class varchar(20) NOT NULL,
    code varchar(64),
    delivery varchar(20),
    started_at timestamptz NOT NULL,
    duration_ms integer NOT NULL,
    next_attempt_at timestamptz,
    PRIMARY KEY (user_id, id)
);
CREATE INDEX idx_refresh_attempts_integration ON refresh_attempts (user_id, integration_id, started_at);
CREATE INDEX idx_refresh_attempts_started_at ON refresh_attempts (started_at);

-- What has to happen elsewhere because of a change here; written in the change's transaction.
CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    user_id varchar(255) NOT NULL,
    kind varchar(30) NOT NULL,
    provider varchar(50),
    integration_id uuid,
    payload text,
    created_at timestamptz NOT NULL DEFAULT now(),
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    claimed_until timestamptz,
    finished_at timestamptz,
    outcome varchar(20)
);
CREATE INDEX idx_outbox_due ON outbox (next_attempt_at) WHERE finished_at IS NULL;
CREATE INDEX idx_outbox_integration ON outbox (integration_id);

-- One random salt per owner; destroying it makes everything sealed for that owner unreadable.
CREATE TABLE owner_salts (
    user_id varchar(255) PRIMARY KEY,
    salt bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE data_keys (
    version integer PRIMARY KEY,
    wrapped text NOT NULL,
    wrapping_key_id varchar(64) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Rows of a user are visible in that user's context, or in a service context; without a context nothing is.
DO $policies$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['oauth_integrations', 'oauth_tokens', 'oauth_consents', 'oauth_audit_log', 'oauth_state', 'refresh_attempts', 'outbox', 'owner_salts'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY owner_or_service ON %I USING (user_id = current_setting(''gk.user'', true) OR current_setting(''gk.scope'', true) = ''service'')', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO grantkeeper_app', name);
    END LOOP;
END
$policies$;
REVOKE UPDATE, DELETE ON oauth_audit_log FROM grantkeeper_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON oauth_scopes TO grantkeeper_app;
GRANT SELECT, INSERT ON data_keys TO grantkeeper_app;
