"""Verdicts of this verifier beside those of `zkl verify`, on receipts as they are and on changed ones. Exit code 1 when they differ.

    python compare.py --zkl PATH [--matrices DIR] [--mutations N] [--seed S] [--trust KEY]... RECEIPT...
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from second_verifier.receipt import Refused, Trust, verify
from tests import forge, mutations


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zkl", type=Path, required=True)
    parser.add_argument("--matrices", type=Path)
    parser.add_argument("--mutations", type=int, default=0, help="changed receipts of each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trust", action="append", default=[])
    parser.add_argument("receipts", nargs="+", type=Path)
    arguments = parser.parse_args()
    trust = Trust(matrices=arguments.matrices)
    for text in arguments.trust:
        trust.add(text)
    rng = random.Random(arguments.seed)
    counts, spent, different = Counter(), 0.0, 0

    def ours(data: bytes) -> tuple[bool, str]:
        nonlocal spent
        start = time.process_time()
        try:
            return True, repr(verify(data, trust).entries)
        except Refused as why:
            return False, str(why)
        finally:
            spent += time.process_time() - start

    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "a.receipt"
        flags = [flag for text in arguments.trust for flag in ("--trust", text)]

        def theirs(data: bytes) -> tuple[bool, str]:
            path.write_bytes(data)
            run = subprocess.run([arguments.zkl, "verify", path, *flags], capture_output=True, text=True, cwd=work)
            if run.returncode not in (0, 1) or "panicked" in run.stderr:
                raise SystemExit(f"zkl verify ended with {run.returncode}: {run.stderr}")
            return run.returncode == 0, " ".join(run.stderr.split())

        for receipt in arguments.receipts:
            data = receipt.read_bytes()
            parts, log = forge.parts_of(data), forge.signer_of(json.loads(data))
            variants = [("as it is", data)]
            for number in range(arguments.mutations):
                if number % 4 == 0:
                    variants.append(("passed on", mutations.passed_on(data, rng)))
                else:
                    variants.append(("signed", mutations.signed(parts, log, rng)))
            for number, (name, variant) in enumerate(variants):
                (own, why), (other, reason) = ours(variant), theirs(variant)
                counts[name, own] += 1
                if own != other:
                    different += 1
                    kept = Path(tempfile.gettempdir()) / f"different-{receipt.stem}-{number}.receipt"
                    kept.write_bytes(variant)
                    print(f"DIFFERENT: {receipt} {name}: here {own} ({why}), there {other} ({reason}): {kept}")
    for (name, valid), count in sorted(counts.items()):
        print(f"{name}: {count} {'valid' if valid else 'refused'} by both")
    print(f"{sum(counts.values())} receipts, {different} verdicts differ, {spent:.1f} s of CPU here")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
