#!/usr/bin/env bash
# Goes through docs/ceremony.md: a ceremony for the smallest claim with snarkjs, a compact proof, and its verification. The powers are made
# here, by nobody but this script: the key that follows proves nothing to anybody else. They take snarkjs most of the time, and are kept.
# Usage: scripts/ceremony.sh PATH/TO/zkl
set -euo pipefail
cd "$(dirname "$0")/.."
zkl=$(realpath "$1")
circuit=claim/rows@1
log=12
snarkjs_version=0.7.6
table=$PWD/examples/data/penguins.csv

tools=${XDG_CACHE_HOME:-$HOME/.cache}/zkl/snarkjs-$snarkjs_version
[ -e "$tools/node_modules/snarkjs/build/cli.cjs" ] || npm install --silent --no-audit --no-fund --prefix "$tools" "snarkjs@$snarkjs_version"
snarkjs() { node "$tools/node_modules/snarkjs/build/cli.cjs" "$@" >>log.txt 2>&1 || { tail -20 log.txt >&2; exit 1; }; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export ZKL_LEDGER=$work/ledger ZKL_KEYS=$work/keys
step() { printf '\n> %s\n' "$*"; }

step "powers of tau, 2^$log"
powers=$tools/powers-$log.ptau
if [ ! -e "$powers" ]; then
    snarkjs powersoftau new bn128 "$log" pot_0.ptau
    snarkjs powersoftau contribute pot_0.ptau pot_1.ptau --name=test -e="$RANDOM$RANDOM"
    snarkjs powersoftau prepare phase2 pot_1.ptau powers.ptau
    mv powers.ptau "$powers"
fi

step "a key for $circuit"
"$zkl" -q circuits "$circuit" --r1cs ceremony
r1cs=ceremony/${circuit//\//.}.snarkjs.r1cs
snarkjs groth16 setup "$r1cs" "$powers" key_0.zkey
snarkjs zkey contribute key_0.zkey key_1.zkey --name="first party" -e="$RANDOM$RANDOM"
snarkjs zkey beacon key_1.zkey key.zkey 0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20 10 --name=beacon
snarkjs zkey verify "$r1cs" "$powers" key.zkey

step "refused without it"
"$zkl" -q init --origin example.com/ceremony
"$zkl" -q notarize "$table" --name penguins -o penguins.receipt
claim=(prove penguins 'rows >= 300' --proof compact)
if "$zkl" -q "${claim[@]}" -o rows.receipt 2>refused.txt; then echo "a compact proof was made without a key" >&2; exit 1; fi
grep "no key from a ceremony" refused.txt

step "imported"
"$zkl" circuits import "$circuit" key.zkey
digest=$("$zkl" --format json circuits import "$circuit" key.zkey | sed -n 's/.*"digest": *"\([0-9a-f]*\)".*/\1/p')
"$zkl" "${claim[@]}" -o rows.receipt

step "verified by whoever trusts the key, and by nobody else"
if "$zkl" -q verify rows.receipt 2>refused.txt; then echo "a key that nobody trusts was accepted" >&2; exit 1; fi
grep -i "trust" refused.txt
"$zkl" verify rows.receipt --trust "vk:$circuit:$digest"
