#!/usr/bin/env python3
"""Which rows `zkl split` sends where, from the page alone (docs/relations.md): values of the first column, a line for each part.

    scripts/split_rows.py TABLE.csv 80/20 SEED [STRATIFY-COLUMN]
"""

import csv
import sys
from collections.abc import Iterator


def chacha20(key: bytes, counter: int) -> bytes:
    """A block of the stream: RFC 8439, 2.3, with a nonce of zeros."""
    words = [int.from_bytes(b"expand 32-byte k"[at : at + 4], "little") for at in range(0, 16, 4)]
    words += [int.from_bytes(key[at : at + 4], "little") for at in range(0, 32, 4)]
    words += [counter, 0, 0, 0]
    state = words[:]

    def quarter(a: int, b: int, c: int, d: int) -> None:
        for one, two, three, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[one] = (state[one] + state[two]) % 2**32
            mixed = state[three] ^ state[one]
            state[three] = (mixed << bits | mixed >> (32 - bits)) % 2**32

    for _ in range(10):
        for at in range(4):
            quarter(at, at + 4, at + 8, at + 12)
        for at in range(4):
            quarter(at, 4 + (at + 1) % 4, 8 + (at + 2) % 4, 12 + (at + 3) % 4)
    return b"".join(((now + then) % 2**32).to_bytes(4, "little") for now, then in zip(state, words, strict=True))


def numbers(seed: int) -> Iterator[int]:
    key, counter = seed.to_bytes(8, "little") + bytes(24), 0
    while True:
        block = chacha20(key, counter)
        yield from (int.from_bytes(block[at : at + 8], "little") for at in range(0, 64, 8))
        counter += 1


def parts(strata: list[str], shares: list[int], seed: int) -> list[int]:
    words, total = numbers(seed), sum(shares)

    def below(bound: int) -> int:
        while True:
            word = next(words)
            if word < 2**64 - 2**64 % bound:
                return word % bound

    owed = [0] * len(shares)
    place = [0] * len(strata)
    for stratum in dict.fromkeys(strata):
        rows = [row for row, other in enumerate(strata) if other == stratum]
        for last in range(len(rows) - 1, 0, -1):
            other = below(last + 1)
            rows[last], rows[other] = rows[other], rows[last]
        sizes = [len(rows) * share // total for share in shares]
        rests = [len(rows) * share % total for share in shares]
        owed = [before + rest for before, rest in zip(owed, rests, strict=True)]
        free = [part for part, rest in enumerate(rests) if rest]
        for _ in range(len(rows) - sum(sizes)):
            part = max(free, key=lambda part: (owed[part], -part))
            free.remove(part)
            sizes[part] += 1
            owed[part] -= total
        for part, size in enumerate(sizes):
            for row in rows[:size]:
                place[row] = part
            rows = rows[size:]
    return place


def main() -> None:
    table, ratio, seed, *column = sys.argv[1:]
    with open(table, newline="") as file:
        names, *rows = csv.reader(file)
    strata = [row[names.index(column[0])] if column else "" for row in rows]
    shares = [int(share) for share in ratio.split("/")]
    place = parts(strata, shares, int(seed))
    for part in range(len(shares)):
        print(" ".join(row[0] for row, other in zip(rows, place, strict=True) if other == part))


if __name__ == "__main__":
    main()
