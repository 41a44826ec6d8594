#!/usr/bin/env bash
# Makes sure that what the tests need is on this machine: the .NET SDK, a PostgreSQL server (15 or later), Node with
# npm, and Chromium. As root on a Debian-like system it installs what is missing; elsewhere it says what to install.
set -euo pipefail
cd "$(dirname "$0")/.."

has() { command -v "$1" >/dev/null 2>&1; }

has_chromium() { [ -x "${GRANTKEEPER_CHROMIUM:-/usr/bin/chromium}" ]; }

has_postgres() {
  local folder version
  for folder in /usr/lib/postgresql/*/bin "$(pg_config --bindir 2>/dev/null)" "$(dirname "$(command -v postgres 2>/dev/null || echo /none/postgres)")"; do
    [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ] || continue
    version=$("$folder/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
    [ "$version" -ge 15 ] && return 0
  done
  return 1
}

# Fills two lists in step: what is missing in words, and the Debian package that brings it.
missing=() packages=()
need() { missing+=("$1"); packages+=("$2"); }
find_missing() {
  missing=() packages=()
  has_chromium || need "Chromium at ${GRANTKEEPER_CHROMIUM:-/usr/bin/chromium} (GRANTKEEPER_CHROMIUM names another place)" chromium
  has_postgres || need "the server programs of PostgreSQL 15 or later" postgresql
  has node || need "Node.js 18 or later" nodejs
  has npm || need "npm" npm
}

# The tests start clusters of their own, so the package must neither create nor start one.
install_packages() {
  if [[ " ${packages[*]} " == *" postgresql "* ]]; then
    local switch=/etc/postgresql-common/createcluster.d/grantkeeper-tests.conf
    mkdir -p "$(dirname "$switch")"
    echo 'create_main_cluster = false' > "$switch"
    trap "rm -f '$switch'" EXIT
  fi
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${packages[@]}"
}

if ! sdk=$(dotnet --version 2>&1); then
  printf 'The .NET SDK that global.json asks for is missing: https://dotnet.microsoft.com/download\n%s\n' "$sdk" >&2
  exit 1
fi

find_missing
if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && has apt-get; then
  echo "Installing ${packages[*]}"
  install_packages
  find_missing
fi

if [ ${#missing[@]} -gt 0 ]; then
  echo "The tests need, and this machine lacks:" >&2
  printf '  - %s\n' "${missing[@]}" >&2
  echo "On Debian and Ubuntu: apt-get install ${packages[*]}" >&2
  exit 1
fi
