-- Connect sessions: the short-lived credential with which one user's browser connects accounts. Only hashes of its
-- three secrets are kept: the token of the browser module, the one-time ticket in the page's address, the page's cookie.
CREATE TABLE connect_sessions (
    user_id varchar(255) NOT NULL,
    id uuid NOT NULL,
    actor varchar(255),
    created_by varchar(100) NOT NULL,
    token_hash varchar(64) NOT NULL,
    ticket_hash varchar(64) NOT NULL,
    cookie_hash varchar(64),
    providers text[] NOT NULL DEFAULT '{}',
    integration_id uuid,
    return_to text NOT NULL,
    opener_origin text,
    confirm boolean NOT NULL,
    language varchar(10),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    redeemed_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (user_id, id)
);
-- Not UNIQUE: 256 random bits are, and a database that is split by user_id can keep these.
CREATE INDEX idx_connect_sessions_id ON connect_sessions (id);
CREATE INDEX idx_connect_sessions_token ON connect_sessions (token_hash);
CREATE INDEX idx_connect_sessions_ticket ON connect_sessions (ticket_hash);
CREATE INDEX idx_connect_sessions_cookie ON connect_sessions (cookie_hash);
CREATE INDEX idx_connect_sessions_expires_at ON connect_sessions (expires_at);

ALTER TABLE connect_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE connect_sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_or_service ON connect_sessions
    USING (user_id = current_setting('gk.user', true) OR current_setting('gk.scope', true) = 'service');
GRANT SELECT, INSERT, UPDATE, DELETE ON connect_sessions TO grantkeeper_app;

-- Which session a flow was started in, and where the browser lands at its end.
ALTER TABLE oauth_state
    ADD COLUMN session_id uuid,
    ADD COLUMN landing varchar(10) NOT NULL DEFAULT 'address';
CREATE INDEX idx_oauth_state_session ON oauth_state (user_id, session_id) WHERE session_id IS NOT NULL;
