"""Ledgers and the datasets in them."""

from __future__ import annotations

import atexit
import json
import math
import os
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _calls, _forks, _native, _tables
from ._calls import ProgressArgument
from .claims import Claim
from .config import ProofConfig, ProofSystem
from .errors import InvalidInputError, InvalidTypeError
from .receipts import Entry, History, Receipt

if TYPE_CHECKING:
    import pandas
    import polars

Path = str | os.PathLike[str]
Table = Any
"""A path, also of a directory or a pattern whose files are one table, a URL (``https://``, ``s3://``, ``gs://``, ``az://``), bytes, a binary file object, or a frame: anything with ``__arrow_c_stream__``, and datasets
of Hugging Face.
"""

_DEFAULT_HOME = ".zkl"
_open: weakref.WeakSet[Ledger] = weakref.WeakSet()


class DatasetInfo(NamedTuple):
    """A dataset of a ledger."""

    name: str
    entries: int
    """Entries about it."""
    latest: int
    """Index of the newest one."""


class Checkpoint(NamedTuple):
    """A state of the log."""

    size: int
    """Entries."""
    root: str
    """Root of the tree."""


class Evaluation(NamedTuple):
    """Whether a claim holds, for the owner of the table."""

    holds: bool
    provable: bool
    """Whether it can be proved; not all that holds can."""
    observed: str
    """The statistic, which proofs hide."""
    absent_values: tuple[str, ...]
    """Values that the claim names and the column does not hold: misspelt, perhaps."""


@dataclass(frozen=True)
class ColumnProfile:
    """Exact statistics of a column. Numbers are texts with all their digits; what does not apply is ``None``."""

    name: str
    type: str
    count: int
    """Values that are not null."""
    nulls: int
    min: str | None = None
    max: str | None = None
    sum: str | None = None
    mean: str | None = None
    variance: str | None = None
    """Of the population."""
    categories: Mapping[str, int] | None = None
    """Rows per value."""


@dataclass(frozen=True)
class Profile:
    """The exact profile of a table: what a notarization seals, shown to its owner."""

    rows: int
    columns: tuple[ColumnProfile, ...]

    def __getitem__(self, column: str) -> ColumnProfile:
        for found in self.columns:
            if found.name == column:
                return found
        raise KeyError(column)

    def records(self) -> list[dict[str, object]]:
        """A row for each column, for any library of frames."""
        return [vars(column).copy() for column in self.columns]

    def to_pandas(self) -> pandas.DataFrame:
        """A frame of pandas with a row for each column."""
        import pandas

        return pandas.DataFrame(self.records()).set_index("name")

    def to_polars(self) -> polars.DataFrame:
        """A frame of Polars with a row for each column, without the categories."""
        import polars

        records = [{name: value for name, value in record.items() if name != "categories"} for record in self.records()]
        text = ["name", "type", "min", "max", "sum", "mean", "variance"]
        schema = {name: polars.String if name in text else polars.UInt64 for name in records[0]} if records else {}
        return polars.DataFrame(records, schema=schema)

    def _repr_html_(self) -> str:
        from . import _html

        header = ["name", "type", "count", "nulls", "min", "max", "mean", "variance", "values"]
        rows = (
            [c.name, c.type, c.count, c.nulls, c.min, c.max, c.mean, c.variance, None if c.categories is None else len(c.categories)]
            for c in self.columns
        )
        return _html.table(f"Profile of {self.rows} rows", header, rows)


class Ledger:
    """A ledger: notarizes tables, proves claims about them, keeps their history.

    ``Ledger("my-project")`` opens the ledger in a directory, which holds its log, its keys and its secrets, and makes it if there is none. With ``store`` the log is
    elsewhere: ``postgres://...``, ``s3://BUCKET/PREFIX``. ``Ledger("postgres://...")`` is the same with the directory ``home``, ``.zkl`` unless it is named.
    ``Ledger("memory:")`` is gone with the process.

    Calls may be made from several threads, and other processes may use the same directory. With ``with``, or by :meth:`close`, it is closed.
    """

    def __init__(
        self,
        place: Path = _DEFAULT_HOME,
        *,
        store: str | None = None,
        home: Path | None = None,
        create: bool = True,
        read_only: bool = False,
        origin: str | None = None,
        wait: float = 5.0,
        proof: ProofSystem | None = None,
        accept_older_store: bool = False,
        keys: Path | None = None,
        passphrase: str | None = None,
        openings_key: Path | None = None,
    ) -> None:
        """``create=False`` opens only what is there, ``read_only`` for reading only. ``origin`` names the log of a new ledger for ever, as ``example.com/ml``; without it
        a name is made up. ``wait``: seconds to wait for another process that is writing. ``proof``: how everything is proved unless a :class:`ProofConfig` says otherwise. ``accept_older_store`` goes on from a store that
        is older than what this ledger has had: what is missing is lost, and nobody has a receipt of it. ``keys``: where proving keys are kept, a cache of this user's
        unless it is said. ``passphrase`` or the file ``openings_key`` opens encrypted secrets, and encrypts those of a new ledger.
        """
        if not isinstance(place, (str, os.PathLike)):
            raise InvalidTypeError(f"a ledger's place is a path or a URL, not {type(place).__name__}", hint='Ledger("my-project")')
        if place != "memory:":
            _forks.embedded_store()
        if isinstance(wait, bool) or not isinstance(wait, (int, float)):
            raise InvalidTypeError(f"wait is a number of seconds, not {type(wait).__name__}", hint="for instance wait=5")
        settings: dict[str, object] = {"store": store, "create": create, "read_only": read_only, "origin": origin, "proof": proof}
        # What is not finite is no JSON.
        settings |= {"wait": wait if math.isfinite(wait) else -1, "accept_older_store": accept_older_store}
        self._native = _native.Ledger.open(place, home, json.dumps(settings), keys, passphrase, openings_key)
        _open.add(self)

    @property
    def log_key(self) -> str:
        """The key that verifies the log: what whoever gets receipts pins."""
        return self._native.log_key

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._native.closed

    def close(self) -> None:
        """Lets go of the store. A ledger that was closed raises :class:`ClosedError`."""
        self._native.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def notarize_dataset(
        self,
        table: Table,
        *,
        name: str | None = None,
        config: ProofConfig | None = None,
        progress: ProgressArgument = None,
    ) -> Notarized:
        """Reads a table, seals its exact profile, proves it over every row and records that. The name is that of the file, unless it is said."""
        return self._notarize(table, name, config, progress, None)

    async def notarize_dataset_async(
        self,
        table: Table,
        *,
        name: str | None = None,
        config: ProofConfig | None = None,
        progress: ProgressArgument = None,
    ) -> Notarized:
        """:meth:`notarize_dataset` for coroutines. When the task is cancelled, so is the work."""
        told = _calls.from_thread(progress)
        return await _calls.in_thread(lambda cancel: self._notarize(table, name, config, told, cancel))

    def _notarize(
        self, table: Table, name: str | None, config: ProofConfig | None, progress: ProgressArgument, cancel: _native.Cancel | None
    ) -> Notarized:
        if config is not None and not isinstance(config, ProofConfig):
            raise InvalidTypeError(f"config is a ProofConfig, not {type(config).__name__}", hint="config=ProofConfig.high_security()")
        settings = (config or ProofConfig())._settings()
        with _calls.Reporting(progress) as told:
            shown = json.loads(self._native.notarize(_tables.readable(table), name, settings, told, cancel))
        return Notarized(self, shown)

    def dataset(self, name: str, *, version: int | None = None) -> Dataset:
        """The newest version of a dataset, or the one that was notarized in entry ``version``."""
        entry = Entry._of(json.loads(self._native.version(name if version is None else None, version)))
        if entry.dataset != name:
            raise InvalidInputError(f"entry {version} is about {entry.dataset}, not about {name}")
        return Dataset(self, entry)

    def history(self, dataset: str) -> History:
        """Every entry about a dataset, of all its versions, the oldest first."""
        return self.dataset(dataset).history()

    def datasets(self) -> list[DatasetInfo]:
        """All datasets, by name."""
        return [DatasetInfo(*found) for found in self._native.datasets()]

    def prove(self, dataset: str, claim: str | Claim, *, progress: ProgressArgument = None) -> Receipt:
        """Proves a claim about the newest version of a dataset, records it, and returns its receipt."""
        return self.dataset(dataset).prove(claim, progress=progress)

    async def prove_async(self, dataset: str, claim: str | Claim, *, progress: ProgressArgument = None) -> Receipt:
        """:meth:`prove` for coroutines."""
        return await (await _calls.in_thread(lambda _: self.dataset(dataset))).prove_async(claim, progress=progress)

    def relate(self, relation: str, tables: Mapping[str, Table], *, closed: bool = False, progress: ProgressArgument = None) -> Receipt:
        """Proves a relation between notarized tables, or of one, whose rows are handed in again by name, and records it: ``train, test = split(all)``,
        ``same_rows(a, b)``, with ``on COLUMN, ..`` before the last bracket for some columns alone. docs/relations.md has every kind.

        ``closed`` keeps what is said (columns, constants) out of the log: the receipt alone has it, and cannot be made again once the ledger is closed.
        """
        return self._relate(relation, tables, closed, progress, None)

    async def relate_async(
        self, relation: str, tables: Mapping[str, Table], *, closed: bool = False, progress: ProgressArgument = None
    ) -> Receipt:
        """:meth:`relate` for coroutines."""
        told = _calls.from_thread(progress)
        return await _calls.in_thread(lambda cancel: self._relate(relation, tables, closed, told, cancel))

    def _relate(
        self,
        relation: str,
        tables: Mapping[str, Table],
        closed: bool,
        progress: ProgressArgument,
        cancel: _native.Cancel | None,
    ) -> Receipt:
        if not isinstance(tables, Mapping):
            raise InvalidTypeError(
                f"tables are handed in by name, not as {type(tables).__name__}", hint='{"all": "all.csv", "train": "train.csv", "test": "test.csv"}'
            )
        given = [(name, _tables.readable(table)) for name, table in tables.items()]
        with _calls.Reporting(progress) as told:
            entry = json.loads(self._native.relate(relation, given, closed, told, cancel))
        return self.receipt(entry["index"])

    def receipt(self, *entries: Entry | int | str, scans: bool = True) -> Receipt:
        """The receipt of entries: an index, an id, how one begins, the name of a dataset, ``last``. Without ``scans`` it leaves out the proofs over every row:
        some KB, and the tables are attested.
        """
        return Receipt(self._native.receipt([_reference(entry) for entry in entries], scans))

    def entry(self, entry: int | str) -> Entry:
        """One entry, named as for :meth:`receipt`."""
        return Entry._of(json.loads(self._native.entry(_reference(entry))))

    def entries(
        self,
        *,
        dataset: str | None = None,
        kind: str | None = None,
        start: int = 0,
        end: int | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> History:
        """Entries of the log from index ``start`` to before ``end``, only those about ``dataset`` or of a ``kind`` such as ``claim`` if that is said, ``limit`` at
        most.
        """
        found: list[Entry] = []
        page = {"dataset": dataset, "kind": kind, "start": start, "end": end, "newest_first": newest_first}
        while limit is None or len(found) < limit:
            page["limit"] = 0 if limit is None else limit - len(found)
            entries = [Entry._of(shown) for shown in json.loads(self._native.entries(json.dumps(page)))]
            if not entries:
                break
            found += entries
            page["end" if newest_first else "start"] = entries[-1].index + (0 if newest_first else 1)
        return History(f"Entries of {dataset}" if dataset else "Entries", found)

    def withdraw(self, entry: Entry | int | str, reason: str, *, replacement: Entry | int | str | None = None) -> Entry:
        """Records that an entry is not to be relied on any more. The log keeps it, and its receipts stay valid."""
        instead = None if replacement is None else _reference(replacement)
        return Entry._of(json.loads(self._native.withdraw(_reference(entry), instead, reason)))

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The newest state of the log; ``None`` before the first entry."""
        found = self._native.checkpoint()
        return None if found is None else Checkpoint(*found)

    def __repr__(self) -> str:
        place = os.fspath(self._native.directory or "memory:")
        return f"<Ledger {place!r}{', closed' if self.closed else ''}: log {self.log_key}>"

    def _repr_html_(self) -> str:
        from . import _html

        if self.closed:
            return _html.fields("Ledger, closed", [("log key", self.log_key)])
        head = _html.fields("Ledger", [("log key", self.log_key)])
        return head + _html.table("Datasets", ["name", "entries", "newest"], self.datasets())


class Dataset:
    """A version of a dataset that was notarized, and what its owner can do with it."""

    def __init__(self, ledger: Ledger, entry: Entry) -> None:
        self._ledger = ledger
        self.entry = entry
        """The entry that notarizes it."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.entry.dataset or ""

    @property
    def ledger(self) -> Ledger:
        """The ledger that it is in."""
        return self._ledger

    @property
    def log_key(self) -> str:
        """The key of the ledger's log."""
        return self._ledger.log_key

    def receipt(self, *, scans: bool = True) -> Receipt:
        """The receipt of its notarization."""
        return self._ledger.receipt(self.entry, scans=scans)

    def history(self) -> History:
        """Every entry about the dataset, of all its versions, the oldest first."""
        shown = json.loads(self._ledger._native.history(self.entry.index))
        return History(f"History of {self.name}", map(Entry._of, shown))

    def profile(self) -> Profile:
        """The exact profile, for the owner: it is not published."""
        shown = json.loads(self._ledger._native.profile(self.entry.index))
        columns = (ColumnProfile(**column) for column in shown["columns"])
        return Profile(shown["rows"], tuple(columns))

    def evaluate(self, claim: str | Claim) -> Evaluation:
        """Whether a claim holds and can be proved. Nothing is recorded."""
        shown = json.loads(self._ledger._native.evaluate(self.entry.index, _claim(claim)))
        return Evaluation(shown["holds"], shown["provable"], shown["observed"], tuple(shown["absent_values"]))

    def prove(self, claim: str | Claim, *, progress: ProgressArgument = None) -> Receipt:
        """Proves a claim about this version, records it, and returns its receipt."""
        return self._prove(claim, progress, None)

    async def prove_async(self, claim: str | Claim, *, progress: ProgressArgument = None) -> Receipt:
        """:meth:`prove` for coroutines. When the task is cancelled, so is the work."""
        told = _calls.from_thread(progress)
        return await _calls.in_thread(lambda cancel: self._prove(claim, told, cancel))

    def _prove(self, claim: str | Claim, progress: ProgressArgument, cancel: _native.Cancel | None) -> Receipt:
        text = _claim(claim)
        with _calls.Reporting(progress) as told:
            entry = json.loads(self._ledger._native.prove(self.entry.index, text, told, cancel))
        return self._ledger.receipt(entry["index"])

    def mismatch(self, table: Table, *, progress: ProgressArgument = None) -> str | None:
        """Reads a table as this version was read, and says what makes it another one: ``None`` when it is the notarized table, row by row."""
        return self._mismatch(table, progress, None)

    async def mismatch_async(self, table: Table, *, progress: ProgressArgument = None) -> str | None:
        """:meth:`mismatch` for coroutines."""
        told = _calls.from_thread(progress)
        return await _calls.in_thread(lambda cancel: self._mismatch(table, told, cancel))

    def _mismatch(self, table: Table, progress: ProgressArgument, cancel: _native.Cancel | None) -> str | None:
        with _calls.Reporting(progress) as told:
            return self._ledger._native.check(self.entry.index, _tables.readable(table), told, cancel)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: entry {self.entry.index}, {self.entry.text}>"

    def _repr_html_(self) -> str:
        from . import _html

        return _html.fields(f"Dataset {self.name}", self._fields())

    def _fields(self) -> list[tuple[str, object]]:
        return [("entry", self.entry.index), ("says", self.entry.text), ("recorded", self.entry.recorded_at), ("id", self.entry.id)]


class Notarized(Dataset):
    """A dataset that was notarized a moment ago, and what was found on the way."""

    def __init__(self, ledger: Ledger, shown: Mapping[str, Any]) -> None:
        super().__init__(ledger, Entry._of(shown["entry"]))
        self.rows: int = shown["rows"]
        """Rows of the table."""
        self.columns: dict[str, str] = dict(shown["columns"])
        """Types of the columns."""
        self.opening: str = shown["opening"]
        """Where the secret is that proves claims: keep it, and keep it secret."""
        self.reading: tuple[str, ...] = tuple(shown["reading"])
        """What reading did to the table, as the entry says."""
        self.remarks: tuple[str, ...] = tuple(shown["remarks"])
        """What was inferred that you may want to look at. It may hold values of the table."""

    def _fields(self) -> list[tuple[str, object]]:
        found: list[tuple[str, object]] = [("rows", self.rows), ("columns", ", ".join(f"{name}: {ty}" for name, ty in self.columns.items()))]
        return [*super()._fields(), *found, *(("read", line) for line in self.reading), *(("remark", line) for line in self.remarks)]


def _claim(claim: str | Claim) -> str:
    if not isinstance(claim, (str, Claim)):
        raise InvalidTypeError(f"a claim is a text or a Claim, not {type(claim).__name__}", hint='"mean(age) between 30 and 60"')
    return str(claim)


def _reference(entry: Entry | int | str) -> str:
    if isinstance(entry, Entry):
        return entry.id
    if isinstance(entry, bool) or not isinstance(entry, (int, str)):
        raise InvalidTypeError(f"an entry is named by an index or a text, not by {type(entry).__name__}", hint='7, "last" or the name of a dataset')
    return str(entry)


@atexit.register
def _close_all() -> None:
    # What is still open when the interpreter ends is closed while there are threads.
    for ledger in list(_open):
        ledger.close()
