-- Users whose onboarding is complete: once, with the platforms that were connected then.
CREATE TABLE onboarding_completions (
    user_id varchar(255) PRIMARY KEY,
    platforms text[] NOT NULL,
    completed_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE onboarding_completions ENABLE ROW LEVEL SECURITY;
ALTER TABLE onboarding_completions FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_or_service ON onboarding_completions
    USING (user_id = current_setting('gk.user', true) OR current_setting('gk.scope', true) = 'service');
GRANT SELECT, INSERT, UPDATE, DELETE ON onboarding_completions TO grantkeeper_app;
