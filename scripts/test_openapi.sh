#!/usr/bin/env bash
# Lints the OpenAPI document and has a property-based tester (schemathesis) look for requests that the server answers in another way than
# the document says, with a key, without one and with others. Everything is on the loopback interface, and ends with this.
# Usage: scripts/test_openapi.sh DIRECTORY-OF-zkl-AND-zkl-server [EXAMPLES-PER-OPERATION]
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath "$1")
examples=${2:-20}
{ read -r tester; read -r linter; } < <(scripts/setup_openapi.sh)
configs=$PWD/crates/zkl-server/tests/clients
# shellcheck source=scripts/served.sh
. scripts/served.sh

REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true "$linter" lint --config "$configs/redocly.yaml" --format=stylish docs/openapi.json \
    >"$work/lint" 2>&1 || { cat "$work/lint" >&2; exit 1; }
echo "openapi: the document is as the linter wants it"

export ZKL_KEYS=$work/keys
demo_ledger ledger example.com/tested penguins
key=$(demo_key ledger 'read:*' 'write:*' 'prove:*' verify administer)
# What is asked for in bulk must not be refused for being much: that is tested elsewhere.
start_server ledger --proof dev --rate 0 --queue 500 --queue-per-key 500 --grace 0
# In its directory it keeps what it has found.
cd "$work"
run() {
    SCHEMATHESIS_HOOKS=schemathesis_hooks PYTHONPATH=$configs PYTHONDONTWRITEBYTECODE=1 \
        timeout 3600 "$tester" --config-file "$configs/$1" run "$url/api/v1/openapi.json" -H "Authorization: Bearer $key" \
        --max-examples "$examples" --generation-deterministic --no-color >"$work/found" 2>&1 || { cat "$work/found" >&2; exit 1; }
    grep -E '^ *[0-9]+ generated' "$work/found" | sed "s/^ */openapi: $2: /"
}
run schemathesis.toml "whatever names and indices"
run schemathesis-there.toml "of what is there"
# A fault of the server is one, whatever the document says of it.
if grep -E ' ERROR ' "$work/ledger.log"; then exit 1; fi
