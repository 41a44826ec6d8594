-- The operator's OAuth clients at providers, as far as they were not written in the environment. One row per provider; a
-- change makes a new id, so that the set of ids tells a node whether it has seen everything.

CREATE TABLE client_registrations (
    provider varchar(50) PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    client_id varchar(500) NOT NULL,
    sealed_secret text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by varchar(100) NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON client_registrations TO grantkeeper_app;
