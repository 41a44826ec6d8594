-- How refreshes ended, by provider and hour, all nodes together.
CREATE TABLE provider_hours (
    provider varchar(50) NOT NULL,
    hour timestamptz NOT NULL,
    ended varchar(20) NOT NULL,
    refreshes bigint NOT NULL,
    PRIMARY KEY (provider, hour, ended)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_hours TO grantkeeper_app;
