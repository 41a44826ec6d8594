#!/bin/sh
# Runs once, when the database's volume is empty: a login that is no superuser, and its database. Grantkeeper makes the two
# roles that keep users apart, and its tables, at its first start.
set -eu
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres \
  --set=password="$(cat "${GRANTKEEPER_DATABASE_PASSWORD_FILE:-/run/secrets/GRANTKEEPER_DATABASE_PASSWORD}")" <<'SQL'
CREATE ROLE grantkeeper LOGIN CREATEROLE NOSUPERUSER PASSWORD :'password';
CREATE DATABASE grantkeeper OWNER grantkeeper;
SQL
