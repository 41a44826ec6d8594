-- The person behind an account, where the account is a channel or a site: a revocation may end all grants of one person.
ALTER TABLE oauth_integrations ADD COLUMN provider_subject varchar(255);
UPDATE oauth_integrations SET provider_subject = provider_account_id;
CREATE INDEX idx_oauth_integrations_subject ON oauth_integrations (coalesce(provider_subject, provider_account_id), provider) WHERE status <> 'revoked';
