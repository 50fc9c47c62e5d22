#!/usr/bin/env bash
# Notarizes every CSV file of a directory and compares each profile with pandas.
# Usage: scripts/compare_all.sh PATH-TO-ZKL DIRECTORY
set -euo pipefail
cd "$(dirname "$0")/.."
zkl=$(realpath "$1")
python=$(scripts/python_env.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ZKL_LEDGER=$work/ledger ZKL_QUIET=true
"$zkl" init >/dev/null
for table in "$2"/*.csv; do
    name=$(basename "$table" .csv)
    "$zkl" notarize "$table" --name "$name" >/dev/null
    "$zkl" profile "$name" --format json >"$work/$name.json"
    "$python" scripts/compare_with_pandas.py "$work/$name.json" "$table"
done
