-- Nodes with a spool. What a node held when it went away is stored once spool_replayed_at is later than its intent.
CREATE TABLE nodes (
    node varchar(64) PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT now(),
    spool_replayed_at timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON nodes TO grantkeeper_app;

ALTER TABLE oauth_tokens
    -- How many attempts have followed the one that the intent is of.
    ADD COLUMN intent_retries integer NOT NULL DEFAULT 0,
    -- The attempt that brought the current generation; recognises an answer that is replayed after its commit.
    ADD COLUMN stored_attempt uuid;
