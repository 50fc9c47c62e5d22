"""Receipts, entries and verdicts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, overload

from . import _calls, _native
from .errors import InvalidTypeError

Requirement = Literal["pinned", "proved", "public-setup", "cosigned"]
Trusted = str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None
"""Keys of logs as their operators publish them, ``vk:CIRCUIT:DIGEST`` and ``srs:DIGEST``, each as a text, or paths of files with one in a line. ``None``
trusts no log in particular: anybody may have made it then, and ``verdict.log.pinned`` is false."""

_MAX_TRUST_FILE = 1 << 20


@dataclass(frozen=True)
class Entry:
    """An entry of a log: a statement that a notary signed."""

    index: int
    """Position in the log, from 0."""
    id: str
    """Digest of the entry."""
    kind: str
    """``notarization``, ``claim``, ``relation``, ``policy``, ``key``, ``withdrawal``, ``custom``, or a kind that this version does not know."""
    dataset: str | None
    """The dataset that it is about; the first, if there are several."""
    datasets: tuple[str, ...]
    """All of them."""
    notary: str
    """Key of the notary."""
    recorded_at: datetime
    """Time by the notary's clock."""
    text: str
    """What it says, in one line."""
    statement: Mapping[str, Any] = field(repr=False, compare=False)
    """All that was signed."""

    @classmethod
    def _of(cls, shown: Mapping[str, Any]) -> Entry:
        return cls(
            index=shown["index"],
            id=shown["id"],
            kind=shown["kind"],
            dataset=shown["dataset"],
            datasets=tuple(shown["datasets"]),
            notary=shown["notary"],
            recorded_at=_time(shown["recorded_at"]),
            text=shown["text"],
            statement=shown["statement"],
        )

    def __str__(self) -> str:
        return f"entry {self.index}: {self.kind} {self.dataset or ''} {self.text}".rstrip()

    def _repr_html_(self) -> str:
        from . import _html

        return _html.fields(
            f"Entry {self.index}: {self.kind}",
            [("dataset", ", ".join(self.datasets)), ("says", self.text), ("id", self.id), ("notary", self.notary), ("recorded", self.recorded_at)],
        )


class History(Sequence[Entry]):
    """Entries, in an order."""

    def __init__(self, title: str, entries: Iterable[Entry]) -> None:
        self._title = title
        self._entries = tuple(entries)

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> History: ...
    def __getitem__(self, index: int | slice) -> Entry | History:
        return History(self._title, self._entries[index]) if isinstance(index, slice) else self._entries[index]

    def __repr__(self) -> str:
        lines = "".join(f"\n  {entry}" for entry in self._entries)
        return f"<{self._title}: {len(self)} entries{lines}>"

    def _repr_html_(self) -> str:
        from . import _html

        rows = ([entry.index, entry.kind, entry.dataset, entry.text, entry.recorded_at] for entry in self._entries)
        return _html.table(self._title, ["entry", "kind", "dataset", "says", "recorded"], rows)


@dataclass(frozen=True)
class LogState:
    """The log at the state under which a receipt stands."""

    origin: str
    """Its name."""
    key: str
    """Its key."""
    pinned: bool
    """Whether the key is one that the caller trusts. If not, anybody may have made this log."""
    size: int
    """Entries in it."""
    root: str
    """Root of its tree."""
    index: int | None = None
    """Position of the entry of a receipt for one."""
    followed_from: str | None = None
    """The key that the caller trusts, where the log's key was named by it in the log."""
    label: str | None = None
    """What the caller's trust store calls the log."""
    witnesses: tuple[str, ...] = ()
    """Witnesses that cosigned; nobody vouched for them unless there is a policy."""
    policy: bool = False
    """Whether a policy was given, which is then satisfied."""


@dataclass(frozen=True)
class Verdict:
    """A receipt that verified: every check passed."""

    verdict: Literal["valid", "forgeable"]
    """``forgeable`` only where that was allowed: a proof rests on test material, and nothing is proved."""
    statements: tuple[Mapping[str, Any], ...]
    """What was verified, as ``zkl verify --format json`` says it: ``kind``, ``dataset``, ``claim``, ``rows``, ``assurance`` and so on."""
    log: LogState
    """The log."""
    grounds: tuple[str, ...]
    """What the verdict rests on and what would break it, a sentence each."""

    @classmethod
    def _of(cls, text: str) -> Verdict:
        shown: dict[str, Any] = json.loads(text)
        verdict, log, grounds = shown.pop("verdict"), shown.pop("log"), shown.pop("trust")
        statements = shown.pop("statements", None) or [shown]
        log["witnesses"] = tuple(log.get("witnesses", ()))
        return cls(verdict, tuple(statements), LogState(**log), tuple(grounds))

    def __bool__(self) -> bool:
        return self.verdict == "valid"

    @property
    def statement(self) -> Mapping[str, Any]:
        """The statement of a receipt for one."""
        if len(self.statements) != 1:
            raise InvalidTypeError(f"the receipt is for {len(self.statements)} statements", hint="look at verdict.statements")
        return self.statements[0]

    def __repr__(self) -> str:
        says = "; ".join(_says(statement) for statement in self.statements)
        return f"<Verdict {self.verdict}: {says}; log {self.log.origin}{'' if self.log.pinned else ', NOT pinned'}>"

    def _repr_html_(self) -> str:
        from . import _html

        rows: list[tuple[str, object]] = []
        for statement in self.statements:
            rows.append(("statement", _says(statement)))
            rows.extend(("read", line) for line in statement.get("reading", ()))
        rows.append(("log", f"{self.log.origin}, {self.log.size} entries{'' if self.log.pinned else ', NOT pinned'}"))
        rows.extend(("rests on", sentence) for sentence in self.grounds)
        return _html.fields(self.verdict.upper(), rows)


class Receipt:
    """A file that carries entries of a log and all that is needed to believe them. What it says is verified by :meth:`verify`, and by nothing else."""

    __slots__ = ("_data", "_shown")

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise InvalidTypeError(f"a receipt is made of bytes, not of {type(data).__name__}", hint="Receipt.load(path) reads a file")
        self._data = bytes(data)
        self._shown: tuple[str, tuple[Entry, ...]] | None = None

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Receipt:
        """Reads a file."""
        with open(path, "rb") as file:
            return cls(file.read())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a file."""
        with open(path, "wb") as file:
            file.write(self._data)

    def __bytes__(self) -> bytes:
        return self._data

    def __len__(self) -> int:
        return len(self._data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Receipt) and other._data == self._data

    def __hash__(self) -> int:
        return hash(self._data)

    def _inspected(self) -> tuple[str, tuple[Entry, ...]]:
        if self._shown is None:
            shown = json.loads(_native.inspect(self._data))
            self._shown = shown["log"], tuple(map(Entry._of, shown["entries"]))
        return self._shown

    @property
    def log_key(self) -> str:
        """The key of the log by its own words: not verified."""
        return self._inspected()[0]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries by its own words: not verified. The last one is what the receipt is for."""
        return self._inspected()[1]

    @property
    def entry(self) -> Entry:
        """The last entry, not verified."""
        return self.entries[-1]

    def verify(
        self,
        *,
        trust: Trusted,
        require: Iterable[Requirement] = (),
        policy: str | os.PathLike[str] | None = None,
        trust_store: str | os.PathLike[str] | None = None,
        allow_forgeable: bool = False,
    ) -> Verdict:
        """Verifies it: see :func:`verify`."""
        return verify(self, trust=trust, require=require, policy=policy, trust_store=trust_store, allow_forgeable=allow_forgeable)

    async def verify_async(
        self,
        *,
        trust: Trusted,
        require: Iterable[Requirement] = (),
        policy: str | os.PathLike[str] | None = None,
        trust_store: str | os.PathLike[str] | None = None,
        allow_forgeable: bool = False,
    ) -> Verdict:
        """:meth:`verify` for coroutines."""
        return await verify_async(
            self, trust=trust, require=require, policy=policy, trust_store=trust_store, allow_forgeable=allow_forgeable
        )

    def __repr__(self) -> str:
        try:
            says = str(self.entry)
        except Exception:
            says = "cannot be read"
        return f"<Receipt, not verified: {says}; {len(self._data)} bytes>"

    def _repr_html_(self) -> str:
        from . import _html

        try:
            rows: list[tuple[str, object]] = [("log", self.log_key)]
            rows += [(f"entry {entry.index}", f"{entry.kind} {entry.dataset or ''} {entry.text}") for entry in self.entries]
        except Exception as error:
            rows = [("cannot be read", error)]
        return _html.fields("Receipt, not verified", [*rows, ("size", f"{len(self._data)} bytes")])


def verify(
    receipt: Receipt | bytes | str | os.PathLike[str],
    *,
    trust: Trusted,
    require: Iterable[Requirement] = (),
    policy: str | os.PathLike[str] | None = None,
    trust_store: str | os.PathLike[str] | None = None,
    allow_forgeable: bool = False,
) -> Verdict:
    """Verifies a receipt offline: a file, its bytes, or a :class:`Receipt`. Nothing is trusted but what ``trust``, ``policy`` and ``trust_store`` name.

    ``require`` demands more: ``pinned`` (the log is one that you trust), ``proved`` (every table was proved over every row), ``public-setup`` (every proof rests on
    a public ceremony), ``cosigned`` (a quorum of the policy's witnesses saw the log).

    Raises :class:`NotValidError` when a check fails, :class:`NotAsRequiredError` when a demand is not met, :class:`ForgeableError` when a proof rests on test material,
    unless ``allow_forgeable`` is set.
    """
    return _verify(_data(receipt), _texts(trust), list(require), policy, trust_store, allow_forgeable, None)


async def verify_async(
    receipt: Receipt | bytes | str | os.PathLike[str],
    *,
    trust: Trusted,
    require: Iterable[Requirement] = (),
    policy: str | os.PathLike[str] | None = None,
    trust_store: str | os.PathLike[str] | None = None,
    allow_forgeable: bool = False,
) -> Verdict:
    """:func:`verify` for coroutines."""
    data, trusted, required = _data(receipt), _texts(trust), list(require)
    return await _calls.in_thread(lambda cancel: _verify(data, trusted, required, policy, trust_store, allow_forgeable, cancel))


def _verify(
    data: bytes,
    trust: list[str],
    require: list[Requirement],
    policy: str | os.PathLike[str] | None,
    trust_store: str | os.PathLike[str] | None,
    allow_forgeable: bool,
    cancel: _native.Cancel | None,
) -> Verdict:
    return Verdict._of(_native.verify(data, trust, require, policy, trust_store, allow_forgeable, cancel))


def _data(receipt: Receipt | bytes | str | os.PathLike[str]) -> bytes:
    if isinstance(receipt, Receipt):
        return bytes(receipt)
    if isinstance(receipt, (bytes, bytearray, memoryview)):
        return bytes(receipt)
    if isinstance(receipt, (str, os.PathLike)):
        return bytes(Receipt.load(receipt))
    raise InvalidTypeError(f"{type(receipt).__name__} is no receipt", hint="pass a path, bytes or a Receipt")


def _texts(trust: Trusted) -> list[str]:
    if trust is None:
        return []
    listed = list(trust) if isinstance(trust, Iterable) and not isinstance(trust, (str, bytes)) else [trust]
    texts: list[str] = []
    for item in listed:
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, os.PathLike):
            with open(item, encoding="utf-8") as file:
                lines = [line.strip() for line in file.read(_MAX_TRUST_FILE).splitlines()]
            texts.extend(line for line in lines if line and not line.startswith("#"))
        else:
            raise InvalidTypeError(f"a key is a str or a path, not {type(item).__name__}", hint="trust=ledger.log_key")
    return texts


def _says(statement: Mapping[str, Any]) -> str:
    about = statement.get("dataset") or ""
    if rows := statement.get("rows"):
        about += f", {rows} rows, {statement.get('assurance')}"
    said = statement.get("claim") or statement.get("description") or ""
    if relation := statement.get("relation"):
        said = f"{relation['operation']} of {', '.join(table['dataset'] for table in relation['tables'])}"
    return f"{statement.get('kind')} {said}{' about ' if said else ''}{about}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
