#!/usr/bin/env python3
"""Measures every relation between tables of ROWS x 10, one of the columns text (`patient`): proving, memory, the receipt, and its verification.

    scripts/bench_relations.py PATH-TO-ZKL [ROWS]

Tables are random and the same every time. Seconds are those of whole processes, which read the tables again, and make the circuits' matrices; verification
is also measured beyond the first receipt of a process, when the circuits are known.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEAD = "id,patient,age,amount,kind,region,day,score,member,code"
COPIES = 8
"""Receipts that are verified beside the first."""
# Statement, and the tables in it.
RELATIONS = [
    ("same_rows(shuffled, all)", ["shuffled", "all"]),
    ("train, test = split(all)", ["all", "train", "test"]),
    ("all = append(train, test)", ["all", "train", "test"]),
    ("subset(sample of all)", ["sample", "all"]),
    ("adults = filter(all, age >= 18)", ["all", "adults"]),
    ("north = filter(all, age >= 18 and region = r3)", ["all", "north"]),
    ('rest = erase(all, patient = "P-000017")', ["all", "rest"]),
    ("unique(all on id)", ["all"]),
    ("unique(once on patient)", ["once"]),
    ("disjoint(train, test on id)", ["train", "test"]),
    ("disjoint(once, strangers on patient)", ["once", "strangers"]),
    ("once = dedup(all on patient)", ["all", "once"]),
    ("k_anonymous(all on kind, region, member, k = 10)", ["all"]),
    ("bounds(all on age, 0, 120, nulls)", ["all"]),
    ('present(all, patient = "P-000017")', ["all"]),
    ('absent(all, patient = "P-none")', ["all"]),
]


def table(count):
    """Rows as dictionaries of what the derived tables ask for, and the text of each."""
    rng = random.Random(1)
    rows = []
    for index in range(count):
        patient, age, region = rng.randrange(max(count // 2, 18)), rng.randrange(100) if rng.randrange(20) else None, rng.randrange(12)
        day = f"20{rng.randrange(10, 25)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
        text = (f"{index},P-{patient:06},{'' if age is None else age},{rng.randrange(10**6) / 100:.2f},{'ab'[rng.randrange(2)]},r{region},{day},"
                f"{rng.randrange(-500, 500)},{'true' if rng.randrange(2) else 'false'},{rng.randrange(65536)}")
        rows.append((patient, age, region, text))
    return rng, rows


def derived(count):
    """The tables by name."""
    rng, rows = table(count)
    tables = {"all": rows, "shuffled": rng.sample(rows, count)}
    cut = count * 4 // 5
    tables |= {"train": tables["shuffled"][:cut], "test": tables["shuffled"][cut:], "sample": rng.sample(rows, count // 10)}
    adults = [row for row in rows if row[1] is not None and row[1] >= 18]
    tables |= {"adults": adults, "north": [row for row in adults if row[2] == 3], "rest": [row for row in rows if row[0] != 17]}
    tables["strangers"] = [(*row[:3], row[3].replace(",P-", ",Q-", 1)) for row in tables["sample"]]
    tables["once"] = list({row[0]: row for row in reversed(rows)}.values())
    return tables


def measured(command):
    """Wall seconds, seconds of processor time and the most memory in MiB of a process."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench-relations: {' '.join(map(str, command))} answered {process.returncode}")
    return time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss >> 10


def main():
    zkl = Path(sys.argv[1]).resolve()
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        os.environ |= {"ZKL_LEDGER": str(place / "ledger"), "ZKL_QUIET": "true"}
        subprocess.run([zkl, "init", "--origin", "example.com/relations"], check=True, stdout=subprocess.DEVNULL)
        for name, rows in derived(count).items():
            (place / f"{name}.csv").write_text("\n".join([HEAD, *(row[3] for row in rows)]) + "\n")
            wall, cpu, peak = measured([zkl, "notarize", place / f"{name}.csv", "--name", name, "--proof", "universal", "--hash", "patient"])
            print(f"notarized {name}: {len(rows)} rows, {wall:.1f} s, {cpu:.1f} s of processor time, {peak} MiB", file=sys.stderr)
        print(f"{count} rows x 10 columns\n")
        print("| relation | s | CPU s | MiB | receipt KB | of it the relation's proof KB | first verify s | CPU s | then, ms | CPU ms |")
        print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
        for statement, names in RELATIONS:
            receipt = place / "relation.receipt"
            receipt.unlink(missing_ok=True)
            data = [part for name in names for part in ("--data", f"{name}={place / name}.csv")]
            wall, cpu, peak = measured([zkl, "relate", statement, *data, "-o", receipt])
            trust = ["--trust", place / "ledger/log-public.txt", "--require", "pinned,proved,public-setup"]
            verified = measured([zkl, "verify", receipt, *trust])
            copies = [shutil.copy(receipt, place / f"{copy}.copy") for copy in range(COPIES)]
            many = measured([zkl, "verify", receipt, *copies, *trust])
            again = [(whole - first) / COPIES * 1000 for whole, first in zip(many[:2], verified[:2], strict=True)]
            entries = json.loads(receipt.read_text())["entries"]
            proof = max(len(entry["evidence"]["proof"]["bytes"]) * 3 // 4 for entry in entries if entry["evidence"].get("proof"))
            print(f"| `{statement}` | {wall:.1f} | {cpu:.1f} | {peak} | {receipt.stat().st_size / 1000:.0f} | {proof / 1000:.1f} | "
                  f"{verified[0]:.2f} | {verified[1]:.2f} | {again[0]:.0f} | {again[1]:.0f} |", flush=True)


if __name__ == "__main__":
    main()
