#!/usr/bin/env bash
# Runs every test. Usage: scripts/test.sh FEATURES
# Tests of stores and of the server wait for disks, sockets and other programs most of the time, so they run beside those that compute.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}
args=(--locked --workspace --features "$1")
# Names of test targets; another crate's target of the same name runs beside the others, too.
waiting=(s3 suite server crash damage trials)

"$cargo" test "${args[@]}" --no-run
args+=(--no-fail-fast)
beside=() computing=()
for name in $("$cargo" metadata --locked --no-deps --format-version 1 \
    | python3 -c 'import json, sys; print(*{t["name"] for p in json.load(sys.stdin)["packages"] for t in p["targets"] if "test" in t["kind"]})'); do
    if [[ " ${waiting[*]} " == *" $name "* ]]; then beside+=(--test "$name"); else computing+=(--test "$name"); fi
done

log=$(mktemp)
"$cargo" test "${args[@]}" "${beside[@]}" >"$log" 2>&1 &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; cat "$log"; rm -f "$log"' EXIT

# All of them run, whatever fails: one run tells all.
status=0
"$cargo" test "${args[@]}" --lib --bins "${computing[@]}" || status=1
"$cargo" test "${args[@]}" --doc || status=1
wait "$pid" || status=1
exit "$status"
