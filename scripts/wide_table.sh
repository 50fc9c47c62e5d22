#!/usr/bin/env bash
# Measures a wide table: notarization, receipt, verification, memory. Whole numbers of one to six digits, at random, the same every time.
# Usage: scripts/wide_table.sh PATH-TO-ZKL [COLUMNS] [ROWS]
set -euo pipefail
zkl=$(realpath "$1")
columns=${2:-1000}
rows=${3:-10000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ZKL_LEDGER=$work/ledger ZKL_QUIET=true
python3 - "$columns" "$rows" >"$work/wide.csv" <<'PYTHON'
import random
import sys

columns, rows = map(int, sys.argv[1:])
rng = random.Random(1)
print(",".join(f"c{i}" for i in range(columns)))
for _ in range(rows):
    print(",".join(str(rng.randrange(10 ** (1 + i % 6))) for i in range(columns)))
PYTHON

# measured NAME COMMAND..: seconds of wall and processor time, and the most memory.
measured() {
    python3 - "$@" <<'PYTHON'
import resource
import subprocess
import sys
import time

name, *command = sys.argv[1:]
start = time.monotonic()
subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
wall, used = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{name}: {wall:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of processor time, {used.ru_maxrss >> 10} MiB")
PYTHON
}

"$zkl" init --origin example.com/wide >/dev/null
echo "$columns columns x $rows rows, $(stat -c %s "$work/wide.csv") bytes"
measured "notarize" "$zkl" notarize "$work/wide.csv" --name wide --proof universal -o "$work/wide.receipt"
measured "verify" "$zkl" verify "$work/wide.receipt" --trust "$ZKL_LEDGER/log-public.txt" --require pinned,proved,public-setup
measured "prove a claim" "$zkl" prove wide "mean(c$((columns - 1))) >= 0" --proof universal -o "$work/mean.receipt"
measured "verify the claim" "$zkl" verify "$work/mean.receipt" --trust "$ZKL_LEDGER/log-public.txt" --require pinned,proved,public-setup
echo "receipt: $(stat -c %s "$work/wide.receipt") bytes, $("$zkl" verify "$work/wide.receipt" --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["scan"].get("groups", 1))') groups"
