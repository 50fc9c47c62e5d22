#!/usr/bin/env bash
# Compares the verdicts of examples/second-verifier with those of `zkl verify`: on the fixtures, on receipts that are made here, and on changed ones.
# Usage: [WIDE=1] scripts/second_verifier.sh PATH-TO-ZKL [CHANGED RECEIPTS OF EACH]
set -euo pipefail
cd "$(dirname "$0")/.."
zkl=$(realpath "$1")
changed=${2:-12}
fixtures=$PWD/crates/zkl-ledger/tests/fixtures
table=$PWD/examples/data/penguins.csv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ZKL_LEDGER=$work/ledger ZKL_QUIET=true ZKL_MATRICES=$work/matrices PYTHONDONTWRITEBYTECODE=1

# The fixtures' log and key, whose seed is 07 .. 07: what is made here can be changed and signed again.
"$zkl" init --origin example.com/fixtures >/dev/null
printf -- '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n-----END PRIVATE KEY-----\n' >"$ZKL_LEDGER/ledger.key"
key=example.com/fixtures+3fedaab5+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs
echo "$key" >"$ZKL_LEDGER/log-public.txt"
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

# Rounded values, times, names that are quoted or hidden, a pair in both orders.
{
    echo $'x,w,when,day,by,gr\xc3\xb6\xc3\x9fe,a\xe2\x80\x8bb,flag'
    for i in $(seq 10 39); do
        echo "$((i * 37 % 100)).1234567890123$i,$i.25,2024-01-02T10:00:$i.5,2023-02-$((i % 18 + 10)),$((i % 3))b,$i,q,$((i % 4 < 3 ? 1 : 0))"
    done
} >"$work/odd.csv"
"$zkl" notarize "$work/odd.csv" --name odd --round x=12 --column flag=bool --joint by,flag --joint flag,by --product x,w >/dev/null
odd=(
    'mean(x) between 1 and 999.5' 'sum(x) <= 100000' 'var(x) <= 1000000' 'var_sample(x) >= 2' 'std(x) < 900.5' 'std_sample(x) > 1.5'
    'range(x) <= 100000' 'min(x) >= -1.5' 'max(when) <= 2025-01-01T00:00:00.25' 'values(day) between 0000-01-01 and 9999-12-31'
    $'mean("gr\xc3\xb6\xc3\x9fe") >= 0' 'count("a\u{200b}b") = 30' "gap(flag = true by \"by\": '0b', '1b') <= 100%"
    "gap(\"by\" = '0b' by flag: true, false) < 99.5%" 'min_group(flag, "by") > 0' 'corr(w, x) between -1 and 1'
)
for claim in "${odd[@]}"; do "$zkl" prove odd "$claim" >/dev/null; done
first=$((${#claims[@]} + 2))
"$zkl" receipt $(seq $first $((first + ${#odd[@]} - 1))) -o "$work/odd.receipt" >/dev/null
"$zkl" receipt 5 12 16 -o "$work/some.receipt" >/dev/null
for receipt in "$work"/*.receipt "$fixtures"/v5/claims.receipt; do
    "$zkl" circuits --receipt "$receipt" --matrices "$ZKL_MATRICES" >/dev/null
done

# A table in groups of columns, with pairs that span them: minutes.
if [ -n "${WIDE:-}" ]; then
    {
        seq -s, -f c%g 0 519
        for i in $(seq 30); do seq -s, $((i * 37 % 101)) $((i % 5 + 3)) 9000 | cut -d, -f1-520; done
    } >"$work/wide.csv"
    "$zkl" notarize "$work/wide.csv" --name wide --product c0,c500 --product c3,c77 -o "$work/wide.receipt" >/dev/null
    "$zkl" circuits --receipt "$work/wide.receipt" --matrices "$ZKL_MATRICES" >/dev/null
fi

cd examples/second-verifier
python3 -m unittest discover -t . -s tests
compare=(python3 compare.py --zkl "$zkl" --matrices "$ZKL_MATRICES")
"${compare[@]}" "$work/all.receipt" "$work/odd.receipt"
if [ -n "${WIDE:-}" ]; then "${compare[@]}" --mutations 8 "$work/wide.receipt"; fi
"${compare[@]}" --mutations $((4 * changed)) "$work/some.receipt"
"${compare[@]}" --mutations "$changed" "$fixtures"/v*/*.receipt
# The first key of the fixtures, which names another one in v6.
"${compare[@]}" --trust "$key" --mutations $((4 * changed)) "$fixtures"/v6/*.receipt
# Keys of custom statements are trusted by their digests.
"${compare[@]}" --trust vk:example/product@1:75af38b6a1a49f09f997353556eb21e16e541dce7eea6a600e9c861ece0a1af5 \
    --mutations "$changed" "$fixtures"/v{1,4}/custom.receipt
