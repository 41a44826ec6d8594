-- The role of the user for whom a connect session was made, for the policy of scopes (R182); null: no role limits it.
ALTER TABLE connect_sessions ADD COLUMN role varchar(60);
