-- Answers that came after their grant had moved on. The provider may hold to the one that lost here, so it is kept until
-- the one that won has been used.
CREATE TABLE superseded_answers (
    user_id varchar(255) NOT NULL,
    id uuid NOT NULL,
    integration_id uuid NOT NULL,
    epoch integer NOT NULL,
    generation bigint NOT NULL,
    answer text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, id)
);
CREATE INDEX idx_superseded_answers_integration ON superseded_answers (user_id, integration_id);

ALTER TABLE superseded_answers ENABLE ROW LEVEL SECURITY;
ALTER TABLE superseded_answers FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_or_service ON superseded_answers
    USING (user_id = current_setting('gk.user', true) OR current_setting('gk.scope', true) = 'service');
GRANT SELECT, INSERT, UPDATE, DELETE ON superseded_answers TO grantkeeper_app;

-- Every node that may hold an answer of an attempt whose end is unknown: one may follow another before the first came back.
ALTER TABLE oauth_tokens ADD COLUMN intent_nodes text[];
UPDATE oauth_tokens SET intent_nodes = ARRAY[intent_node::text] WHERE intent_node IS NOT NULL;
ALTER TABLE oauth_tokens DROP COLUMN intent_node;
