-- What belongs to the deployment and not to a user's grant.

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    name varchar(200) NOT NULL,
    prefix varchar(24) NOT NULL,
    key_hash varchar(64) NOT NULL UNIQUE,
    permissions text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by varchar(100) NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz
);

CREATE TABLE sign_in_links (
    handle_hash varchar(64) PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

CREATE TABLE data_protection_keys (
    id uuid PRIMARY KEY,
    friendly_name text,
    sealed_xml text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT, UPDATE, DELETE ON api_keys, sign_in_links, data_protection_keys TO grantkeeper_app;
