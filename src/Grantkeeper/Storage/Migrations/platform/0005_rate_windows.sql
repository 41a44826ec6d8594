-- How often somebody did something of late, all nodes together: a subject is the hash of an operation and a user, a key or an
-- address. A crash forgets it, which lets everybody begin anew.
CREATE UNLOGGED TABLE rate_windows (
    subject bytea PRIMARY KEY,
    began_at timestamptz NOT NULL,
    hits integer NOT NULL,
    hits_before integer NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX idx_rate_windows_began_at ON rate_windows (began_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_windows TO grantkeeper_app;
