#!/usr/bin/env bash
# Random tables of every writer, format and type, compared with what was written.
# Usage: scripts/differential.sh PATH-TO-EXAMPLE-PROFILE [--tables N] [--seed S] [--write]
set -euo pipefail
cd "$(dirname "$0")/.."
profile=$(realpath "$1")
shift
if ! python=$(scripts/python_env.sh polars duckdb fastavro cramjam backports.zstd odfpy); then
    echo "differential: NOT TRIED, the packages of the writers cannot be fetched" >&2
    exit 0
fi
exec "$python" scripts/differential.py "$profile" "${XDG_CACHE_HOME:-$HOME/.cache}/zkl/tables" "$@"
