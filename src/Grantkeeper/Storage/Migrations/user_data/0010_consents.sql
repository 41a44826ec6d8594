-- What the table of scopes was last written from. One row.
CREATE TABLE scope_catalogue (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    hash char(64) NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, UPDATE ON scope_catalogue TO grantkeeper_app;

-- Manifests of an operator may name longer scopes than those of the earlier service.
ALTER TABLE oauth_scopes
    ALTER COLUMN provider TYPE text,
    ALTER COLUMN scope_name TYPE text,
    ALTER COLUMN display_name TYPE text,
    ALTER COLUMN category TYPE text;

-- What the provider granted although nobody had asked, and until when the consent is good. Beside the integration, so that a
-- read of a token sees both without another table.
ALTER TABLE oauth_integrations
    ADD COLUMN unasked_scopes text[] NOT NULL DEFAULT '{}',
    ADD COLUMN consent_expires_at timestamptz;

ALTER TABLE connect_sessions
    ADD COLUMN features text[] NOT NULL DEFAULT '{}';
