#!/usr/bin/env bash
# A real browser walks the explorer of a server on the loopback interface. Screenshots go to a directory.
# Usage: scripts/browser_test.sh DIRECTORY-OF-zkl-AND-zkl-server [DIRECTORY-FOR-SCREENSHOTS]
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath "$1")
{ read -r packages; read -r browser; } < <(scripts/setup_browser.sh)
table=$PWD/examples/data/penguins.csv
walk=$PWD/crates/zkl-server/tests/clients/explorer.mjs
work=$(mktemp -d)
shots=${2:-$work/shots}
mkdir -p "$shots"
shots=$(realpath "$shots")
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap finish EXIT

zkl() { "$bin/zkl" --quiet --ledger "$work/ledger" "$@"; }
export ZKL_KEYS=$work/keys ZKL_PROOF=dev
zkl init --origin example.com/explored >/dev/null
zkl notarize "$table" --name demo/penguins --joint species,sex --attest-only >/dev/null
zkl prove demo/penguins 'mean(body_mass_g) between 4000 and 4500' >/dev/null
zkl notarize "$table" --name demo/a-name-that-is-as-long-as-names-of-datasets-in-the-wild-are/2026-11 --attest-only >/dev/null
zkl withdraw 2 --reason 'the table was not final' >/dev/null
zkl receipt 0 -o "$work/good.receipt" >/dev/null
zkl receipt 1 -o "$work/dev.receipt" >/dev/null
sed 's/.\(.\{20\}\)$/0\1/' "$work/good.receipt" >"$work/bad.receipt"
cmp -s "$work/good.receipt" "$work/bad.receipt" && { echo "the receipt was not damaged" >&2; exit 1; }

"$bin/zkl-server" serve --ledger "$work/ledger" --listen 127.0.0.1:0 --public-log --public-verify >"$work/address" 2>"$work/log" &
server=$!
until grep -q '^listening' "$work/address"; do kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }; sleep 0.1; done
url=$(sed -n 's/^listening on //p' "$work/address")
timeout 300 node "$walk" "$packages" "$browser" "$url" "$work" "$shots"
