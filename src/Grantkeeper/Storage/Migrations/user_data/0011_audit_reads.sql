-- Reads of the audit log, newest first. Each index ends in the time, so that a page is read from its end whatever there is in
-- all. Background work names no actor and no caller and mostly succeeds, hence the narrow ones: they cost it nothing.
CREATE INDEX idx_oauth_audit_log_provider ON oauth_audit_log (provider, created_at);
CREATE INDEX idx_oauth_audit_log_action ON oauth_audit_log (action, created_at);
CREATE INDEX idx_oauth_audit_log_actor ON oauth_audit_log (actor, created_at) WHERE actor IS NOT NULL;
CREATE INDEX idx_oauth_audit_log_caller ON oauth_audit_log (caller, created_at) WHERE caller IS NOT NULL;
CREATE INDEX idx_oauth_audit_log_failed ON oauth_audit_log (created_at) WHERE NOT success;
