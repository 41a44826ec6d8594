-- When a grant that cannot be renewed is next looked at, where its provider can be asked; null: it has no place in the day yet.
ALTER TABLE oauth_tokens ADD COLUMN next_check_at timestamptz;
CREATE INDEX idx_oauth_tokens_next_check_at ON oauth_tokens (provider, next_check_at) WHERE is_active = TRUE AND refresh_token IS NULL;
