#!/usr/bin/env bash
# Tests the Python package with the native module of an ordinary build. Usage: scripts/test_python.sh TARGET-DIRECTORY/debug [PYTEST ARGUMENTS]
# PYTHON=INTERPRETER names another environment than the one of the gate.
set -euo pipefail
cd "$(dirname "$0")/.."
built=$(realpath "$1")
shift
python=${PYTHON:-$(ENVIRONMENT=python-bindings scripts/python_env.sh polars duckdb pytest mypy tqdm mlflow wandb mlcroissant openlineage-python datasets jsonschema)}

package=$(scripts/python_package.sh "$built")
export PYTHONPATH=$package PYTHONDONTWRITEBYTECODE=1 MLFLOW_DISABLE_TELEMETRY=true
cd bindings/python
exec "$python" -m pytest -q "$@"
