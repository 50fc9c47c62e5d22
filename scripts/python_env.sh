#!/usr/bin/env bash
# Makes a Python environment with pandas, and with the packages that are named, outside the tree and prints its interpreter. For comparisons and tests only.
# ENVIRONMENT=NAME makes another one, for packages that want older versions of what comparisons are made with.
set -euo pipefail
. "$(dirname "$0")/one_at_a_time.sh"
venv="${XDG_CACHE_HOME:-$HOME/.cache}/zkl/${ENVIRONMENT:-python}"
packages=(pandas pyarrow "$@")
# Packages are installed when one is not there, or in another version than the one that is named.
have='import sys; from importlib.metadata import version
for package in sys.argv[1:]:
    name, _, wanted = package.partition("==")
    assert version(name) == (wanted or version(name)), package'
if ! "$venv/bin/python" -c "$have" "${packages[@]}" 2>/dev/null; then
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}" >&2
fi
printf '%s\n' "$venv/bin/python"
