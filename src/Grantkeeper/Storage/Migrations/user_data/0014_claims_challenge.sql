-- What an API asked for when it refused the access token (OpenID Connect Core section 5.5); null: it asked for nothing.
ALTER TABLE oauth_tokens ADD COLUMN claims_challenge text CHECK (length(claims_challenge) <= 8192);
