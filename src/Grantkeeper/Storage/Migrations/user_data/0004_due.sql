-- A worker's claim on a grant that is due; ends by itself.
ALTER TABLE oauth_tokens ADD COLUMN claimed_until timestamptz;

-- What the workers look for, and nothing else: it does not grow with grants that cannot be renewed.
DROP INDEX idx_oauth_tokens_next_refresh_at;
CREATE INDEX idx_oauth_tokens_next_refresh_at ON oauth_tokens (next_refresh_at) WHERE is_active = TRUE AND refresh_token IS NOT NULL;
