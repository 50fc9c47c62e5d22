#!/usr/bin/env bash
# Tests the Python package with engines and tools that take minutes to install. Usage: scripts/test_engines.sh TARGET-DIRECTORY/debug [PYTEST ARGUMENTS]
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v java >/dev/null && command -v apt-get >/dev/null; then
    printf 'setup: installing default-jre-headless\n' >&2
    if [ "$(id -u)" = 0 ]; then root=(); else root=(sudo); fi
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends default-jre-headless >/dev/null
fi
python=$(ENVIRONMENT=python-engines scripts/python_env.sh polars duckdb pytest mypy tqdm wandb mlcroissant openlineage-python datasets jsonschema \
    kfp==2.17.3 ray==2.60.0 pyspark==4.3.0 dvc==3.67.1 psutil)
built=$1
shift
# The pages that need them, and all tests of what they have to do with.
[ $# -gt 0 ] || set -- tests/test_kfp.py tests/test_ray.py tests/test_spark.py tests/test_descriptions.py tests/test_docs.py
# Workers of Ray start with the variables of the driver, and none of them calls home.
export RAY_USAGE_STATS_ENABLED=0 DVC_NO_ANALYTICS=1
PYTHON=$python exec scripts/test_python.sh "$built" "$@"
