"""A table whose rows lie on several machines: what drivers of engines do, with an engine in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow
import pytest
from zkp_dataset_ledger import InvalidInputError, InvalidTypeError, Ledger, LedgerError, Progress, ProofConfig, ReadOptions, _native, _parts

TABLE = pyarrow.table(
    {
        "age": pyarrow.array([34, 58, 41, None, 19, 77], pyarrow.int64()),
        "city": ["York", "Bath", "York", "Ely", "Bath", None],
        "smokes": [False, True, False, False, True, False],
    }
)
READ = ReadOptions(columns={"city": "category"}, joint=[("city", "smokes")])
CONFIG = _parts.with_types(ProofConfig(read=READ), TABLE.schema)


class Here:
    """Parts of a table, and workers that may fail."""

    def __init__(self, *cuts: int, spoil: int = 0) -> None:
        bounds = [0, *cuts, TABLE.num_rows]
        self.parts = [TABLE.slice(start, stop - start) for start, stop in zip(bounds, bounds[1:], strict=False)]
        self.spoil = spoil
        self.made: list[bytes] = []

    def observe(self, reading: str) -> list[bytes]:
        return [_parts.observe(part, reading) for part in self.parts]

    def prove(self, frame: bytes, segments: Mapping[int, tuple[int, int]]) -> Iterator[bytes]:
        for index, rows in segments.items():
            lengths = [part.num_rows for part in self.parts]
            pieces = [self.parts[part].slice(first, count) for part, first, count in _parts.pieces(rows, lengths)]
            part = _parts.prove_segment(frame, index, pyarrow.concat_tables(pieces), None)
            self.made.append(part)
            if self.spoil:
                self.spoil -= 1
                part = part[:-1] + bytes([part[-1] ^ 1])
            yield part


def test_the_entry_is_that_of_a_table_on_one_machine() -> None:
    news: list[Progress] = []
    with Ledger("memory:") as ledger:
        alone = ledger.notarize_dataset(TABLE, name="alone", config=ProofConfig(read=READ))
        # The last part of the first attempt is changed on the way, and asked for again.
        engine = Here(2, 5, spoil=1)
        together = _parts.notarize(ledger, engine, name="together", config=CONFIG, progress=news.append)
        assert together.rows == 6 and together.columns == alone.columns
        assert together.profile() == alone.profile()
        claim = together.prove("mean(age) between 40 and 50")
        assert claim.verify(trust=ledger.log_key, require=["pinned", "proved", "public-setup"]).statement["rows"] == 6
        # Each attempt had masks of its own.
        first, second = engine.made
        assert first != second and len(first) == len(second)
    assert [(told.stage, told.done, told.total) for told in news] == [
        ("read", None, None),
        ("scan", 0, 1),
        ("scan", 0, 1),
        ("scan", 1, 1),
        ("append", None, None),
    ]


def test_a_part_that_is_never_right_ends_the_call_and_nothing_is_recorded() -> None:
    with Ledger("memory:") as ledger:
        with pytest.raises(InvalidInputError):
            _parts.notarize(ledger, Here(3, spoil=9), name="x", config=CONFIG, progress=None)
        assert ledger.checkpoint is None


class Absent(Here):
    """Workers of whom nothing is heard."""

    def prove(self, frame: bytes, segments: Mapping[int, tuple[int, int]]) -> Iterator[bytes]:
        yield from ()


class Changing(Here):
    """Rows that are others when they are proved: a value that nobody has seen, or one value less."""

    def __init__(self, age: int | None) -> None:
        super().__init__()
        self.age = age

    def prove(self, frame: bytes, segments: Mapping[int, tuple[int, int]]) -> Iterator[bytes]:
        age = pyarrow.array([self.age, 58, 41, None, 19, 77], pyarrow.int64())
        yield _parts.prove_segment(frame, 0, TABLE.set_column(0, "age", age), None)


def test_what_workers_owe_is_noticed() -> None:
    with Ledger("memory:") as ledger:
        with pytest.raises(LedgerError, match="proved 0 of 1 segments"):
            _parts.notarize(ledger, Absent(), name="x", config=CONFIG, progress=None)
        for age in (99, None):
            with pytest.raises(InvalidInputError):
                _parts.notarize(ledger, Changing(age), name="x", config=CONFIG, progress=None)
        with pytest.raises(InvalidInputError, match="proved, not attested"):
            _parts.notarize(ledger, Here(), name="x", config=_parts.with_types(ProofConfig.attested(read=READ), TABLE.schema), progress=None)
        assert ledger.checkpoint is None


def test_a_table_in_parts_is_finished_once() -> None:
    reading = '{"columns": [["age", "int"], ["city", "category"], ["smokes", "bool"]]}'
    scan = _native.join([_native.observe(TABLE, reading)])
    with Ledger("memory:") as ledger:
        table = ledger._native.notarize_parts("x", f'{{"reading": {reading}}}', scan)
        assert table.rows == [(0, 6)] and table.missing() == [0]
        with pytest.raises(InvalidInputError):
            table.accept(b"nothing")
        assert table.accept(_native.prove_segment(table.frame(), 0, TABLE)) == 0
        assert table.missing() == []
        assert '"rows":6' in table.finish()
        for call in (table.missing, table.frame, table.finish):
            with pytest.raises(InvalidInputError, match="finished"):
                call()
    with pytest.raises(InvalidInputError, match="no parts"):
        _native.join([])
    with pytest.raises(InvalidInputError):
        _native.join([b"{}"])
    with pytest.raises(InvalidInputError):
        _native.prove_segment(b"{}", 0, TABLE)


def test_types_come_from_the_schema_or_are_asked_for() -> None:
    schema = pyarrow.schema(
        {
            "count": pyarrow.int32(),
            "price": pyarrow.decimal128(10, 2),
            "whole": pyarrow.decimal128(10, 0),
            "day": pyarrow.date32(),
            "at": pyarrow.timestamp("ms"),
            "ward": pyarrow.dictionary(pyarrow.int8(), pyarrow.string()),
            "weight": pyarrow.float64(),
            "note": pyarrow.string(),
        }
    )
    with pytest.raises(InvalidInputError, match="type of weight, note") as raised:
        _parts.with_types(None, schema)
    assert raised.value.hint == 'ReadOptions(columns={"weight": "decimal(2)", "note": "category"})'
    given = ProofConfig(read=ReadOptions(columns={"note": "text"}, round={"weight": 1}))
    assert dict(_parts.with_types(given, schema).read.columns) == {
        "note": "text",
        "count": "int",
        "price": "decimal(2)",
        "whole": "int",
        "day": "date",
        "at": "timestamp(ms)",
        "ward": "category",
    }
    with pytest.raises(InvalidTypeError):
        _parts.with_types("fast", schema)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ((0, 3), [(0, 0, 3)]),
        ((2, 9), [(0, 2, 1), (2, 0, 4), (3, 0, 2)]),
        ((7, 12), [(3, 0, 5)]),
        ((3, 3), []),
    ],
)
def test_rows_are_found_in_their_parts(rows: tuple[int, int], found: list[tuple[int, int, int]]) -> None:
    assert _parts.pieces(rows, [3, 0, 4, 5]) == found
