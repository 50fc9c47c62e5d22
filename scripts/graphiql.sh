#!/usr/bin/env bash
# Bundles the page of GraphiQL from npm packages of fixed versions, and writes it where the server takes it from. Needs npm and the network.
# Usage: scripts/graphiql.sh [--check]: compares with what is there instead of writing it.
set -euo pipefail
cd "$(dirname "$0")/../crates/zkl-server/graphiql"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/out"
cp package.json package-lock.json main.js page.css build.mjs "$work"
(cd "$work" && npm ci --silent --no-audit --no-fund --ignore-scripts >&2 && node build.mjs out)
(cd "$work/out" && sha256sum app.css app.js LICENSES.txt >SHA256SUMS)
if [ "${1:-}" = --check ]; then
    diff SHA256SUMS "$work/out/SHA256SUMS"
    echo "graphiql: what is served is what its packages make"
else
    cp "$work/out/"{app.js.gz,app.css.gz,LICENSES.txt,SHA256SUMS} .
fi
