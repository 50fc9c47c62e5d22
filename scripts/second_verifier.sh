#!/usr/bin/env bash
# Compares the verdicts of examples/second-verifier with those of `zkl verify`: on the fixtures, on receipts that are made here, and on changed ones.
# Usage: scripts/second_verifier.sh PATH-TO-ZKL [CHANGED RECEIPTS OF EACH]
set -euo pipefail
cd "$(dirname "$0")/.."
zkl=$(realpath "$1")
changed=${2:-12}
fixtures=$PWD/crates/zkl-ledger/tests/fixtures
table=$PWD/examples/data/penguins.csv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ZKL_LEDGER=$work/ledger ZKL_QUIET=true ZKL_MATRICES=$work/matrices PYTHONDONTWRITEBYTECODE=1

"$zkl" init >/dev/null
"$zkl" notarize "$table" --name penguins --joint species,sex --product bill_length_mm,body_mass_g >/dev/null
claims=(
    'rows >= 300' 'count(sex) >= 100' 'nulls(sex) <= 10%' 'nulls(sex) <= 40'
    'mean(body_mass_g) between 4000 and 4500' 'sum(body_mass_g) > 0' 'var_sample(bill_length_mm) <= 100.5' 'std(bill_length_mm) < 10'
    'max(body_mass_g) <= 100000' 'range(bill_length_mm) <= 100' "share(species = 'Adelie') >= 20% over all rows"
    "gap(sex = 'male' by species: 'Adelie', 'Gentoo') <= 30%" 'min_group(species, sex) >= 5' 'min_group(species) > 3'
    'balance(species) >= 0.1' 'corr(body_mass_g, bill_length_mm) between -0.9 and 0.9'
)
for claim in "${claims[@]}"; do "$zkl" prove penguins "$claim" >/dev/null; done
"$zkl" receipt $(seq 1 "${#claims[@]}") -o "$work/all.receipt" >/dev/null
"$zkl" receipt 5 -o "$work/mean.receipt" >/dev/null
for receipt in "$work"/*.receipt "$fixtures"/v5/claims.receipt; do
    "$zkl" circuits --receipt "$receipt" --matrices "$ZKL_MATRICES" >/dev/null
done

cd examples/second-verifier
python3 -m unittest discover -t . -s tests
compare=(python3 compare.py --zkl "$zkl" --matrices "$ZKL_MATRICES")
"${compare[@]}" "$work/all.receipt"
"${compare[@]}" --mutations "$changed" "$work/mean.receipt" "$fixtures"/v*/*.receipt
# Keys of custom statements are trusted by their digests.
"${compare[@]}" --trust vk:example/product@1:75af38b6a1a49f09f997353556eb21e16e541dce7eea6a600e9c861ece0a1af5 \
    --mutations "$changed" "$fixtures"/v{1,4}/custom.receipt
