-- Nodes that live and listen: each writes here every second. A change that must be known everywhere waits for all of them.
CREATE UNLOGGED TABLE live_nodes (
    node varchar(64) PRIMARY KEY,
    beat_at timestamptz NOT NULL
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON live_nodes TO grantkeeper_app;
