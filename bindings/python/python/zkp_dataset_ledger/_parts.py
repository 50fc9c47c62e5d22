"""Tables whose rows lie on several machines: what the drivers of all engines share.

An engine has rows in an order of its own and carries bytes. Its workers *observe* what they hold, this driver joins that, workers *prove* segments of the
whole, and the driver checks each, joins them and records the entry. What travels is as secret as the table: observations hold values, and the frame of a
table opens everything that its entry hides.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from . import _calls, _native
from ._calls import ProgressArgument
from .config import ProofConfig
from .errors import InvalidInputError, InvalidTypeError, LedgerError
from .ledger import Ledger, Notarized

if TYPE_CHECKING:
    import pyarrow

Rows = tuple[int, int]
"""The first row and the one after the last, counted over all parts."""

# How often a segment is asked for whose part was refused. What an engine's workers do when they are lost is the engine's business.
_ROUNDS = 3


class Engine(Protocol):
    """What runs on workers."""

    def observe(self, reading: str) -> Sequence[bytes]:
        """What the parts hold that have rows, in the order of their rows."""

    def prove(self, frame: bytes, segments: Mapping[int, Rows]) -> Iterator[bytes]:
        """Proves segments, in any order, each as it is ready. Every attempt is a call of :func:`prove_segment`, and so has masks of its own."""


def notarize(ledger: Ledger, engine: Engine, *, name: str, config: ProofConfig, progress: ProgressArgument) -> Notarized:
    """Notarizes the table of an engine, whose types ``config`` says."""
    if not isinstance(ledger, Ledger):
        raise InvalidTypeError(f"a table is notarized in a Ledger, not in {type(ledger).__name__}")
    with _calls.Reporting(progress) as told:
        tell = told or (lambda *_: None)
        tell("read", "observing parts", None, None)
        observed = _native.join(list(engine.observe(json.dumps(config.read._fields()))))
        table = ledger._native.notarize_parts(name, config._settings(), observed)
        total, refused = len(table.rows), None
        tell("scan", f"proved 0 of {total} segments", 0, total)
        for _ in range(_ROUNDS):
            missing = table.missing()
            for part in engine.prove(table.frame(), {index: table.rows[index] for index in missing}):
                try:
                    table.accept(part)
                except LedgerError as error:
                    # It left everything as it was: another worker may do better.
                    refused = error
                left = len(table.missing())
                tell("scan", f"proved {total - left} of {total} segments", total - left, total)
            if not table.missing():
                break
        else:
            raise refused or LedgerError(f"the engine proved {total - len(table.missing())} of {total} segments")
        tell("append", "appending to the log", None, None)
        return Notarized(ledger, json.loads(table.finish()))


def observe(rows: pyarrow.Table | pyarrow.RecordBatchReader, reading: str) -> bytes:
    """What rows hold: called on a worker."""
    return _native.observe(rows, reading)


def prove_segment(frame: bytes, index: int, rows: pyarrow.Table, keys: str | None) -> bytes:
    """Proves a segment: called on a worker."""
    return _native.prove_segment(frame, index, rows, keys)


def with_types(config: ProofConfig | None, schema: pyarrow.Schema) -> ProofConfig:
    """The same, with the types that a schema decides. Raises :class:`InvalidInputError` for columns whose types it does not."""
    config = config or ProofConfig()
    if not isinstance(config, ProofConfig):
        raise InvalidTypeError(f"config is a ProofConfig, not {type(config).__name__}", hint="config=ProofConfig.high_security()")
    if config.read.schema is not None:
        raise InvalidInputError("a schema file is not where the rows are", hint="say the types with ReadOptions(columns=...)")
    types, open_ = dict(config.read.columns), []
    for field in schema:
        if field.name in types or field.name in config.read.round:
            continue
        kind = _type(field.type)
        if kind is None:
            open_.append(field.name)
        else:
            types[field.name] = kind
    if open_:
        example = ", ".join(f'"{name}": "{_example(schema.field(name).type)}"' for name in open_)
        raise InvalidInputError(
            f"the type of {', '.join(open_)} has to be said: no worker sees all values", hint=f"ReadOptions(columns={{{example}}})"
        )
    return replace(config, read=replace(config.read, columns=types))


def _type(kind: pyarrow.DataType) -> str | None:
    import pyarrow.types as types

    if types.is_boolean(kind):
        return "bool"
    if types.is_integer(kind):
        return "int"
    if types.is_decimal(kind):
        return f"decimal({kind.scale})" if kind.scale > 0 else "int"
    if types.is_date(kind):
        return "date"
    if types.is_timestamp(kind):
        return f"timestamp({kind.unit})"
    if types.is_dictionary(kind):
        return "category"
    # How many digits matter, and whether texts are categories, is not in a schema.
    return None


def _example(kind: pyarrow.DataType) -> str:
    import pyarrow.types as types

    return "decimal(2)" if types.is_floating(kind) else "category"


def pieces(rows: Rows, lengths: Iterable[int]) -> list[tuple[int, int, int]]:
    """Where rows lie in parts of these lengths: the part, the first row in it, and how many."""
    found, (start, stop), before = [], rows, 0
    for part, length in enumerate(lengths):
        first, last = max(start, before), min(stop, before + length)
        if first < last:
            found.append((part, first - before, last - first))
        before += length
    return found
