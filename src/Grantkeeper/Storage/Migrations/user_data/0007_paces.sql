-- Due work is claimed per provider, so that one with a long queue does not keep the others waiting.
ALTER TABLE oauth_tokens ADD COLUMN provider varchar(50);
UPDATE oauth_tokens AS t SET provider = i.provider FROM oauth_integrations AS i WHERE i.user_id = t.user_id AND i.id = t.integration_id;
ALTER TABLE oauth_tokens ALTER COLUMN provider SET NOT NULL;
DROP INDEX idx_oauth_tokens_next_refresh_at;
CREATE INDEX idx_oauth_tokens_next_refresh_at ON oauth_tokens (provider, next_refresh_at) WHERE is_active = TRUE AND refresh_token IS NOT NULL;

-- How far ahead the requests of a provider with a stated limit are given away, by all nodes together. It lies beside the
-- grants, so that a refresh needs one database. A crash forgets it, which costs a moment's pause at most.
CREATE UNLOGGED TABLE provider_paces (
    provider varchar(50) PRIMARY KEY,
    taken_until timestamptz NOT NULL
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_paces TO grantkeeper_app;
