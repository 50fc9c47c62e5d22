#!/usr/bin/env bash
# Derives the public reference string again from public packages, and compares it with the committed one.
# Needs npm, cargo, and half a minute of CPU. Nothing is believed but digests that are written here.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf 'check_string: %s\n' "$*" >&2; }
same() { # what, expected, got
    [ "$2" = "$3" ] || { say "$1: expected $2, got $3"; exit 1; }
    say "$1: $3"
}

# A Groth16 key over a domain of 65,536 points, made after the ceremony. MIT licence.
(cd "$work" && npm pack --silent @unirep/circuits@2.0.0 >/dev/null)
same 'npm @unirep/circuits 2.0.0, sha512' \
    j4XfP389hVSFv1fRgZEBCj0wG4xBodhkjcNT81uQG4+VWWRk9vmRhRcUQZl7JX6lvcvYo/irXOQ+4NeCwlv0zw== \
    "$(openssl dgst -sha512 -binary "$work"/unirep-circuits-2.0.0.tgz | base64 -w0)"
tar -xzf "$work"/unirep-circuits-2.0.0.tgz -C "$work" package/zksnarkBuild/userStateTransition.zkey
zkey=$work/package/zksnarkBuild/userStateTransition.zkey
same 'its key, sha256' 630173f29eca98d8837b5baa940d072839abfa8e92ddc175ff3ebe8a6bec8065 "$(sha256sum "$zkey" | cut -d' ' -f1)"

# The first 256 powers of the ceremony. The digest is the one that snarkjs publishes for powersOfTau28_hez_final_08.ptau. MIT licence.
mkdir -p "$work/fetch/src" && : > "$work/fetch/src/lib.rs"
printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nppot-rs = "=0.1.1"\n[workspace]\n' > "$work/fetch/Cargo.toml"
(cd "$work/fetch" && cargo vendor --quiet "$work/vendor" >/dev/null)
ptau=$work/vendor/ppot-rs/8.ptau
same 'its powers, blake2b' \
    d6a8fb3a04feb600096c3b791f936a578c4e664d262e4aa24beed1b7a9a96aa5eb72864d628db247e9293384b74b36ffb52ca8d148d6e1b8b51e279fdf57b583 \
    "$(b2sum "$ptau" | cut -d' ' -f1)"

# Derive, check against the ceremony's [tau]_2, and compare with the files that come with the program.
cd "$root"
cargo run --quiet --release --locked -p zkl-argument --example derive_string -- "$zkey" "$ptau" "$work/points" "$work/key"
cmp "$work/points" crates/zkl-argument/assets/hez-65536.points
cmp "$work/key" crates/zkl-argument/assets/hez.key
say 'the committed string is the derived one'
