#!/usr/bin/env python3
"""Times the Python package beside the command line, on one table: as an Arrow frame here, as a Parquet file there.

Usage: PYTHONPATH=PACKAGE scripts/bench_python.py ZKL [ROWS]. Figures are of this machine at this moment; the shortest of several runs is printed.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy
import pyarrow
import pyarrow.parquet
import zkp_dataset_ledger
from zkp_dataset_ledger import Ledger, ProofConfig, Receipt, _native

RUNS = 3


def table(rows: int) -> pyarrow.Table:
    """Ten columns of what tables hold."""
    random = numpy.random.default_rng(7)
    columns: dict[str, object] = {f"n{i}": random.integers(0, 10 ** (i + 1), rows) for i in range(4)}
    columns |= {f"d{i}": numpy.round(random.normal(50, 10, rows), 2) for i in range(3)}
    columns["ward"] = numpy.array(["north", "south", "east", "west"])[random.integers(0, 4, rows)]
    columns["sex"] = numpy.array(["f", "m"])[random.integers(0, 2, rows)]
    columns["smokes"] = random.integers(0, 2, rows) == 1
    return pyarrow.table(columns)


def shortest(run: Callable[[int], object], runs: int = RUNS) -> float:
    """Seconds of the shortest run; each is told its number."""
    times = []
    for number in range(runs):
        begun = time.perf_counter()
        run(number)
        times.append(time.perf_counter() - begun)
    return min(times)


def process(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True)


def main() -> None:
    zkl, rows = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        frame, file = table(rows), work / "table.parquet"
        pyarrow.parquet.write_table(frame, file)
        print(f"{rows} rows x {frame.num_columns} columns, {file.stat().st_size} bytes of Parquet, {frame.nbytes} bytes in memory")

        for what, config, flag in [
            ("attested", ProofConfig.attested(), ["--attest-only"]),
            ("proved", ProofConfig(), []),
        ]:
            with Ledger(work / f"python-{what}") as ledger:
                ledger.notarize_dataset(b"x\n1\n", name="warm", config=config)
                here = shortest(lambda n: ledger.notarize_dataset(frame, name=f"t{n}", config=config))
                same = shortest(lambda n: ledger.notarize_dataset(file, name=f"f{n}", config=config))
            home = work / f"cli-{what}"
            process(zkl, "--ledger", home, "init")
            there = shortest(lambda n: process(zkl, "--ledger", home, "notarize", file, "--name", f"t{n}", *flag))
            print(f"notarize, {what}: frame {here:.2f} s, the file from Python {same:.2f} s, the command line {there:.2f} s ({here / there - 1:+.1%})")

        with Ledger(work / "python-proved") as ledger:
            receipt, key = ledger.prove("t0", "mean(d0) between 40 and 60"), ledger.log_key
        path = work / "claim.receipt"
        receipt.save(path)
        nothing = shortest(lambda _: process(sys.executable, "-c", "pass"), 5)
        for what, code in [
            ("import, to verify", "import zkp_dataset_ledger"),
            ("import, with ledgers", "from zkp_dataset_ledger import Ledger"),
            ("import and verify, cold", "import sys, zkp_dataset_ledger as z; z.verify(sys.argv[1], trust=sys.argv[2])"),
        ]:
            took = shortest(lambda _, code=code: process(sys.executable, "-c", code, path, key), 5)  # type: ignore[misc]
            print(f"{what}: {(took - nothing) * 1000:.0f} ms")
        loaded = Receipt.load(path)
        print(f"verify, warm: {shortest(lambda _: loaded.verify(trust=key), 10) * 1000:.0f} ms; zkl verify: ", end="")
        print(f"{shortest(lambda _: process(zkl, 'verify', path, '--trust', key), 5) * 1000:.0f} ms")
        native = pathlib.Path(str(_native.__file__))
        print(f"receipt {len(receipt)} bytes, module {native.stat().st_size} bytes, package {zkp_dataset_ledger.__version__}")


if __name__ == "__main__":
    main()
