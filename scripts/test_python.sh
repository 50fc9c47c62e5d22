#!/usr/bin/env bash
# Tests the Python package with the native module of an ordinary build. Usage: scripts/test_python.sh TARGET-DIRECTORY/debug [PYTEST ARGUMENTS]
set -euo pipefail
cd "$(dirname "$0")/.."
built=$(realpath "$1")
shift
python=$(ENVIRONMENT=python-bindings scripts/python_env.sh polars duckdb pytest mypy tqdm mlflow)

# As it would be installed, beside the build, so that nothing is left in the tree.
package=$built/python
rm -rf "$package"
mkdir -p "$package/zkp_dataset_ledger-0.dist-info"
cp -r bindings/python/python/zkp_dataset_ledger "$package/"
for module in lib_native.so lib_native.dylib; do
    [ ! -e "$built/$module" ] || cp "$built/$module" "$package/zkp_dataset_ledger/_native.abi3.so"
done
printf 'Metadata-Version: 2.1\nName: zkp-dataset-ledger\nVersion: 0\n' >"$package/zkp_dataset_ledger-0.dist-info/METADATA"
# The plugins of pyproject.toml, in the form that installers write.
sed -n '/^\[project.entry-points/,/^$/{s/^\[project.entry-points."\(.*\)"\]$/[\1]/; s/"//g; /^$/d; p}' bindings/python/pyproject.toml \
    >"$package/zkp_dataset_ledger-0.dist-info/entry_points.txt"
export PYTHONPATH=$package PYTHONDONTWRITEBYTECODE=1 MLFLOW_DISABLE_TELEMETRY=true
cd bindings/python
exec "$python" -m pytest -q "$@"
