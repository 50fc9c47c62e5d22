#!/usr/bin/env bash
# A real browser walks the explorer of a server on the loopback interface, and asks questions with GraphiQL. Screenshots go to a directory.
# Usage: scripts/browser_test.sh DIRECTORY-OF-zkl-AND-zkl-server [DIRECTORY-FOR-SCREENSHOTS]
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath "$1")
{ read -r packages; read -r browser; } < <(scripts/setup_browser.sh)
walk=$PWD/crates/zkl-server/tests/clients/explorer.mjs
ask=$PWD/crates/zkl-server/tests/clients/graphiql.mjs
table=$PWD/examples/data/penguins.csv
# shellcheck source=scripts/served.sh
. scripts/served.sh
shots=${2:-$work/shots}
mkdir -p "$shots"
shots=$(realpath "$shots")

export ZKL_KEYS=$work/keys ZKL_PROOF=dev
zkl() { "$bin/zkl" --quiet --ledger "$work/ledger" "$@"; }
demo_ledger ledger example.com/explored demo/penguins
zkl prove demo/penguins 'mean(body_mass_g) between 4000 and 4500' >/dev/null
zkl notarize "$table" --name demo/a-name-that-is-as-long-as-names-of-datasets-in-the-wild-are/2026-11 --attest-only >/dev/null
zkl withdraw 2 --reason 'the table was not final' >/dev/null
zkl receipt 0 -o "$work/good.receipt" >/dev/null
zkl receipt 1 -o "$work/dev.receipt" >/dev/null
sed 's/.\(.\{20\}\)$/0\1/' "$work/good.receipt" >"$work/bad.receipt"
cmp -s "$work/good.receipt" "$work/bad.receipt" && { echo "the receipt was not damaged" >&2; exit 1; }

start_server ledger --public-log --public-verify
timeout 300 node "$walk" "$packages" "$browser" "$url" "$work" "$shots"
# Nothing is open to everybody there: what is typed as a key is what counts.
demo_ledger closed example.com/closed demo/penguins
KEY=$(demo_key closed 'read:*' 'write:demo/*')
export KEY
start_server closed
timeout 120 node "$ask" "$packages" "$browser" "$url" "$shots"
