#!/usr/bin/env bash
# Runs every test. Usage: scripts/test.sh FEATURES
# The tests of the object store wait for their server most of the time, so they run beside all others.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}
args=(--locked --workspace --features "$1")

"$cargo" test "${args[@]}" --no-run
args+=(--no-fail-fast)
log=$(mktemp)
"$cargo" test "${args[@]}" --test s3 >"$log" 2>&1 &
beside=$!
trap 'kill "$beside" 2>/dev/null || true; cat "$log"; rm -f "$log"' EXIT

# Every target but that one: Cargo can leave out packages, not targets. All of them run, whatever fails: one run tells all.
status=0
"$cargo" test "${args[@]}" --lib --bins --test '[!s]*' --test 's[!3]*' || status=1
"$cargo" test "${args[@]}" --doc || status=1
wait "$beside" || status=1
exit "$status"
