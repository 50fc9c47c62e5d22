#!/usr/bin/env bash
# How fast a store is checked, copied into, copied out of and exported, with the commands that people use.
# Usage: scripts/measure_upkeep.sh PATH-TO-ZKL PATH-TO-LONG_LOG [ENTRIES, 20000]
#
# ZKL_STORE names the store; without it, it is the embedded one. DIR is where the files go (the current directory).
set -euo pipefail
zkl=$(realpath "$1")
long_log=$(realpath "$2")
entries=${3:-20000}
work=$(mktemp -d -p "${DIR:-.}")
trap 'rm -rf "$work"' EXIT
cd "$work"
store=${ZKL_STORE:-rocks:$PWD/store}
unset ZKL_STORE
export ZKL_QUIET=true ZKL_KEYS=$PWD/keys

# Prints what was done and how long it took, per second of it.
timed() {
    local what=$1 start end
    shift
    start=$(date +%s%N)
    "$@" >/dev/null
    end=$(date +%s%N)
    awk -v what="$what" -v ns=$((end - start)) -v n="$entries" -v bytes="$bytes" \
        'BEGIN { s = ns / 1e9; printf "%-44s %8.2f s %8.0f entries/s %6.1f MB/s\n", what, s, n / s, bytes / s / 1e6 }'
}

echo "load average $(cut -d ' ' -f 1-3 /proc/loadavg)"
"$zkl" --ledger source init >/dev/null
filled=$("$long_log" source "$entries")
echo "$filled"
entries=${filled%% *}
"$zkl" --ledger source export plain >/dev/null
bytes=$(find plain/tile/entries plain/blob -type f -exec cat {} + | wc -c)
echo "$entries entries, $bytes bytes of entries and blobs, ${store%%:*}"

timed "backup: from the embedded store to this one" "$zkl" --ledger source backup "$store"
mkdir ledger
cp source/ledger.toml source/ledger.key ledger/
printf 'store = "%s"\n' "$store" >>ledger/ledger.toml
timed "fsck" "$zkl" --ledger ledger fsck
timed "export" "$zkl" --ledger ledger export exported
diff -r plain exported
timed "fsck of the export" "$zkl" fsck --export exported
timed "backup once more, nothing new" "$zkl" --ledger source backup "$store"
timed "backup: from this store to the embedded one" "$zkl" --ledger ledger backup rocks:copy
echo "load average $(cut -d ' ' -f 1-3 /proc/loadavg)"
