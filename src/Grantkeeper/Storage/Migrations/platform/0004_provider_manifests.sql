-- Providers that were added over the API, and shipped drafts that an operator has looked through and offers (those have no
-- manifest of their own). A change makes a new id, so that the set of ids tells a node whether it has seen everything.

CREATE TABLE provider_manifests (
    provider varchar(50) PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    manifest text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by varchar(100) NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON provider_manifests TO grantkeeper_app;

-- The origins that a provider's manifest named when its client was entered. A manifest that came over the API gets no client
-- that was entered for others.
ALTER TABLE client_registrations ADD COLUMN entered_for text;
