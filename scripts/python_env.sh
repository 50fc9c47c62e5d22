#!/usr/bin/env bash
# Makes a Python environment with pandas outside the tree and prints its interpreter. For comparisons only.
set -euo pipefail
venv="${XDG_CACHE_HOME:-$HOME/.cache}/zkl/python"
if ! "$venv/bin/python" -c 'import pandas, pyarrow' 2>/dev/null; then
    python3 -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check pandas pyarrow >&2
fi
printf '%s\n' "$venv/bin/python"
