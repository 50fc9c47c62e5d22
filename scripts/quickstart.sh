#!/usr/bin/env bash
# The main job in one go, in a directory of its own: notarize a table, prove two claims about it, verify them offline.
# Usage: scripts/quickstart.sh PATH-TO-ZKL
#
# ZKL_STORE names the store; without it the ledger is in its own directory. Wherever it is, a backup has the same root, and
# receipts from the copy verify like those from the original.
set -euo pipefail
cd "$(dirname "$0")/.."
zkl=$(realpath "$1")
table=$PWD/examples/data/penguins.csv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

run() { printf '\n$ zkl %s\n' "$*"; "$zkl" "$@"; }

run init
run notarize "$table" --name penguins --joint species,sex
run prove penguins 'mean(body_mass_g) between 4000 and 4500' -o mean.receipt
run prove penguins "gap(sex = 'MALE' by species: 'Adelie', 'Gentoo') <= 5%" -o gap.receipt

# A verifier has neither the table nor the ledger.
mkdir elsewhere
cp mean.receipt gap.receipt elsewhere/
cd elsewhere
run verify mean.receipt
run verify gap.receipt

# The log in another kind of store: the same root, the same receipts.
cd "$work"
run fsck
run backup rocks:copy
mkdir restored
cp -r .zkl restored/.zkl
cp -r copy restored/copy
sed -i.original '/^store = /d' restored/.zkl/ledger.toml
rm -rf restored/.zkl/ledger.toml.original restored/.zkl/db
mv restored/copy restored/.zkl/db
cd restored
run receipt 1 -o mean.receipt
cmp mean.receipt ../mean.receipt 2>/dev/null || run verify mean.receipt
[ "$("$zkl" --format json verify mean.receipt | grep '"root"')" = "$("$zkl" --format json verify <(cd .. && "$zkl" receipt 1 -o /dev/stdout) | grep '"root"')" ]
echo
echo "The copy has the same root, and its receipt verifies."
