"""python -m second_verifier [--trust KEY]... [--matrices DIR] RECEIPT...: exit code 0 when all are valid, 1 otherwise."""

import argparse
import sys
from pathlib import Path

from .receipt import Refused, Trust, verify


def main() -> int:
    parser = argparse.ArgumentParser(prog="second_verifier", description=__doc__)
    parser.add_argument("--trust", action="append", default=[], help="a log key, vk:CIRCUIT:DIGEST or srs:DIGEST")
    parser.add_argument("--matrices", type=Path, help="what `zkl circuits --matrices` wrote")
    parser.add_argument("receipts", nargs="+", type=Path, metavar="RECEIPT")
    arguments = parser.parse_args()
    trust = Trust(matrices=arguments.matrices)
    for text in arguments.trust:
        trust.add(text)
    code = 0
    for path in arguments.receipts:
        try:
            verdict = verify(path.read_bytes(), trust)
        except Refused as why:
            print(f"{path}: INVALID: {why}")
            code = 1
            continue
        print(f"{path}: valid, in a log of {verdict.size} entries{'' if verdict.pinned else ' that is not pinned'}: {verdict.log}")
        for index, kind, basis in verdict.entries:
            print(f"  {index} {kind}: {basis}")
    return code


if __name__ == "__main__":
    sys.exit(main())
