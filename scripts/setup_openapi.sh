#!/usr/bin/env bash
# Installs what tests the served OpenAPI document, outside the tree: schemathesis (PyPI) and a linter, Redocly's (npm). Prints the two
# programs. Quiet and quick when nothing is missing.
set -euo pipefail
. "$(dirname "$0")/one_at_a_time.sh"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/zkl"

say() { printf 'setup: %s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi
}

tester=$cache/schemathesis/bin/schemathesis
if ! "$tester" --version >/dev/null 2>&1; then
    say "installing schemathesis"
    python3 -m venv "$cache/schemathesis" >&2
    "$cache/schemathesis/bin/pip" install --quiet --disable-pip-version-check 'schemathesis>=4.32,<5' >&2
fi
linter=$cache/openapi/node_modules/.bin/redocly
if [ ! -x "$linter" ]; then
    if ! command -v npm >/dev/null; then
        say "installing npm"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm >/dev/null
    fi
    say "installing @redocly/cli"
    mkdir -p "$cache/openapi"
    npm install --prefix "$cache/openapi" --silent --no-audit --no-fund '@redocly/cli@2' >&2
fi
printf '%s\n%s\n' "$tester" "$linter"
