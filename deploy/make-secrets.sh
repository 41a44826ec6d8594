#!/bin/sh
# Makes the secrets of compose.yaml in deploy/secrets/, each once: what is there stays. Keep a copy of OAUTH_ENCRYPTION_KEY
# apart from the database's backups; without it nobody reads the stored tokens again.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
# The folder is closed to others; the files are not, because the container's user is none of this machine.
chmod 700 secrets
umask 022

random() { openssl rand -base64 32 | tr -d '\n'; }
# Without characters that would need escaping in a URL.
word() { openssl rand -hex 32 | tr -d '\n'; }
keep() { [ -s "secrets/$1" ] || printf '%s\n' "$2" > "secrets/$1"; }

keep POSTGRES_PASSWORD "$(word)"
keep GRANTKEEPER_DATABASE_PASSWORD "$(word)"
keep USER_DATA_DATABASE_URL "postgresql://grantkeeper:$(cat secrets/GRANTKEEPER_DATABASE_PASSWORD)@database:5432/grantkeeper"
keep OAUTH_ENCRYPTION_KEY "$(random)"
keep GRANTKEEPER_API_KEY "$(word)"
echo "The secrets are in $(pwd)/secrets."
