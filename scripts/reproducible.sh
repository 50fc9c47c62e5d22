#!/usr/bin/env bash
# Builds the commit twice, in two directories with two names, and compares the programs. Usage: scripts/reproducible.sh verifier|server
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-verifier}
commit=$(git rev-parse HEAD)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for name in one another/place; do
    mkdir -p "$work/$name"
    git archive "$commit" | tar -x -C "$work/$name"
    ZKL_COMMIT=$commit SOURCE_DATE_EPOCH=$(git log -1 --format=%ct "$commit") CARGO_TARGET_DIR="$work/$name/target" \
        "$work/$name/scripts/static_build.sh" "$what" "$work/$name/out"
done
(cd "$work/one/out" && sha256sum -- *) > "$work/sums"
cat "$work/sums"
(cd "$work/another/place/out" && sha256sum --quiet -c "$work/sums")
printf 'reproducible: the same bytes\n'
