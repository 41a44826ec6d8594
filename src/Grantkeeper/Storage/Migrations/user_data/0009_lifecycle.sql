-- What the host application and the user say about an integration. Not the provider's words: those are in provider_metadata.
ALTER TABLE oauth_integrations
    ADD COLUMN label varchar(100),
    ADD COLUMN metadata jsonb NOT NULL DEFAULT '{}';

-- Work over many integrations: goes through them by id, so that a node that goes on where another stopped knows the place.
CREATE TABLE bulk_operations (
    user_id varchar(255) NOT NULL,
    id uuid NOT NULL,
    action varchar(20) NOT NULL,
    status varchar(20) NOT NULL DEFAULT 'running',
    for_user varchar(255),
    provider varchar(50),
    total integer NOT NULL,
    succeeded integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    failures jsonb NOT NULL DEFAULT '[]',
    after_id uuid,
    last_id uuid,
    caller varchar(100),
    actor varchar(255),
    claimed_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (user_id, id),
    CHECK (action IN ('refresh', 'disconnect')),
    CHECK (status IN ('running', 'finished', 'cancelled'))
);
CREATE INDEX idx_bulk_operations_id ON bulk_operations (id);
CREATE INDEX idx_bulk_operations_running ON bulk_operations (created_at) WHERE status = 'running';

ALTER TABLE bulk_operations ENABLE ROW LEVEL SECURITY;
ALTER TABLE bulk_operations FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_or_service ON bulk_operations
    USING (user_id = current_setting('gk.user', true) OR current_setting('gk.scope', true) = 'service');
GRANT SELECT, INSERT, UPDATE, DELETE ON bulk_operations TO grantkeeper_app;
