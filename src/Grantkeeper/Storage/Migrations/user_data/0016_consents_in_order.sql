-- Administrators page through everybody's consents in this order; without it each page sorted all of them.
CREATE INDEX idx_oauth_consents_id ON oauth_consents (id);
