#!/usr/bin/env bash
# The main job in one go, in a directory of its own: notarize a table, prove two claims about it, verify them offline.
# Usage: scripts/quickstart.sh PATH-TO-ZKL
#
# ZKL_STORE names the store; without it the log is in the ledger's directory. Wherever it is, a copy has the same root.
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

# A verifier has neither the table nor the ledger, but the log's public key. Nothing that anybody could forge will do.
mkdir elsewhere
cp mean.receipt gap.receipt .zkl/log-public.txt elsewhere/
cd elsewhere
run verify mean.receipt --trust log-public.txt --require pinned,proved,public-setup
run verify gap.receipt --trust log-public.txt --require pinned,proved,public-setup

# The log moves to another store; the directory with key and openings moves by hand.
cd "$work"
run fsck
run receipt 1 -o original.receipt
run backup rocks:copy
mkdir moved
cp -r .zkl moved/
rm -rf moved/.zkl/db
sed -i.bak '/^store = /d' moved/.zkl/ledger.toml
cd moved
run restore rocks:../copy
run receipt 1 -o moved.receipt
cmp moved.receipt ../original.receipt
echo "The copy has the same root, and makes the same receipt."
