"""Whatever holds the table, the profile is the same; and what is no table is refused with what to do."""

from __future__ import annotations

import io
import pathlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import numpy
import pandas
import polars
import pyarrow
import pytest
from conftest import CSV
from zkp_dataset_ledger import InvalidInputError, InvalidTypeError, Ledger, LedgerError, Profile, ProofConfig, ReadOptions, UnavailableError

ATTESTED = ProofConfig.attested()


def path(tmp: pathlib.Path) -> pathlib.Path:
    file = tmp / "patients.csv"
    file.write_bytes(CSV)
    return file


def arrow() -> pyarrow.Table:
    return pyarrow.table(
        {
            "age": pyarrow.array([34, 58, 41, 29], pyarrow.int64()),
            "sex": ["f", "m", "f", "m"],
            "weight": pyarrow.array([61.5, 80.0, None, 77.25]),
            "smokes": ["no", "yes", "no", "no"],
        }
    )


class Buffered:
    """A binary file object that is no class of `io`."""

    def __init__(self) -> None:
        self._file = io.BytesIO(CSV)

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, 7))


SOURCES: dict[str, Callable[[pathlib.Path], Any]] = {
    "a path": path,
    "a text": lambda tmp: str(path(tmp)),
    "bytes": lambda _: CSV,
    "a bytearray": lambda _: bytearray(CSV),
    "a memoryview": lambda _: memoryview(CSV),
    "an open file": lambda tmp: path(tmp).open("rb"),
    "a file in memory": lambda _: io.BytesIO(CSV),
    "another file object": lambda _: Buffered(),
    "pandas": lambda _: arrow().to_pandas(),
    "pandas with its own dtypes": lambda _: arrow().to_pandas().convert_dtypes(),
    "Polars": lambda _: polars.from_arrow(arrow()),
    "a pyarrow table": lambda _: arrow(),
    "a pyarrow batch": lambda _: arrow().combine_chunks().to_batches()[0],
    "a pyarrow reader, which comes once": lambda _: arrow().to_reader(max_chunksize=3),
    "DuckDB": lambda _: duckdb.from_arrow(arrow()),
}


def of(profile: Profile) -> list[tuple[object, ...]]:
    # Two digits after the point that are zero do not make another number.
    def number(text: str | None) -> float | None:
        return None if text is None else float(text)

    return [(c.name, c.count, c.nulls, number(c.min), number(c.max), number(c.sum), c.categories) for c in profile.columns]


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_has_the_same_profile(source: str, tmp_path: pathlib.Path, attested: Ledger) -> None:
    made = SOURCES[source](tmp_path)
    found = attested.notarize_dataset(made, name="patients", config=ATTESTED)
    assert found.rows == 4
    assert of(found.profile()) == [
        ("age", 4, 0, 29, 58, 162, None),
        ("sex", 4, 0, None, None, None, {"f": 2, "m": 2}),
        ("weight", 3, 1, 61.5, 80, 218.75, None),
        ("smokes", 4, 0, None, None, None, {"no": 3, "yes": 1}),
    ]


def test_the_name_is_that_of_the_file(tmp_path: pathlib.Path, attested: Ledger) -> None:
    file = path(tmp_path)
    assert attested.notarize_dataset(file, config=ATTESTED).name == "patients"
    with file.open("rb") as opened:
        assert attested.notarize_dataset(opened, config=ATTESTED).name == "patients"
    with pytest.raises(InvalidInputError, match="no name") as raised:
        attested.notarize_dataset(arrow(), config=ATTESTED)
    assert raised.value.hint == 'name the dataset: name="patients"'


def test_a_table_without_rows_is_refused(attested: Ledger) -> None:
    # With a batch, and without one.
    for empty in (arrow().slice(0, 0), arrow().schema.empty_table(), arrow().slice(0, 0).to_reader()):
        with pytest.raises(InvalidInputError, match="no rows"):
            attested.notarize_dataset(empty, name="empty", config=ATTESTED)


def test_a_path_that_is_not_utf_8_is_read(tmp_path: pathlib.Path, attested: Ledger) -> None:
    name = "patients-\udcff.csv"
    file = tmp_path / name
    file.write_bytes(CSV)
    assert attested.notarize_dataset(file, name="patients", config=ATTESTED).rows == 4
    assert attested.notarize_dataset(str(file), name="again", config=ATTESTED).rows == 4
    with pytest.raises(InvalidInputError) as raised:
        attested.notarize_dataset(file, config=ATTESTED)
    assert "name=" in (raised.value.hint or "")


@pytest.mark.parametrize("nothing", [None, 7, 3.5, ["a"], {"a": [1]}, object(), numpy.arange(3)])
def test_what_is_no_table_is_a_type_error(nothing: object, attested: Ledger) -> None:
    with pytest.raises(InvalidTypeError, match="no table") as raised:
        attested.notarize_dataset(nothing, name="x")
    assert isinstance(raised.value, TypeError) and "__arrow_c_stream__" in (raised.value.hint or "")
    assert attested.checkpoint is None


def test_what_a_file_object_raises_is_the_cause(attested: Ledger) -> None:
    class Broken:
        def read(self, _: int) -> bytes:
            raise OSError("the tape tore")

    with pytest.raises(UnavailableError, match="the tape tore") as raised:
        attested.notarize_dataset(Broken(), name="x")
    assert isinstance(raised.value.__cause__, OSError)
    with pytest.raises(UnavailableError, match="binary mode"):
        attested.notarize_dataset(io.StringIO(CSV.decode()), name="x")


def test_what_a_stream_raises_is_told(attested: Ledger) -> None:
    def batches() -> Iterator[pyarrow.RecordBatch]:
        yield from arrow().to_batches()
        raise RuntimeError("the server went away")

    with pytest.raises(LedgerError, match="the server went away"):
        attested.notarize_dataset(pyarrow.RecordBatchReader.from_batches(arrow().schema, batches()), name="x")
    assert attested.checkpoint is None


def test_a_frame_that_changes_while_it_is_read_is_refused(attested: Ledger) -> None:
    values = numpy.arange(400_000, dtype=numpy.int64)
    frame = pyarrow.table({"x": pyarrow.Array.from_buffers(pyarrow.int64(), len(values), [None, pyarrow.py_buffer(values)])})
    done = threading.Event()

    def change() -> None:
        # Another value whenever it is looked at, and so in every pass.
        while not done.is_set():
            values[0] += 100_003

    thread = threading.Thread(target=change)
    thread.start()
    try:
        with pytest.raises(InvalidInputError, match="changed") as raised:
            attested.notarize_dataset(frame, name="x")
    finally:
        done.set()
        thread.join()
    assert "copy" in (raised.value.hint or "")
    assert attested.checkpoint is None


def test_options_are_those_of_the_ledger(attested: Ledger) -> None:
    text = "# no table\nkey;amount;on\na;1,234;31/12/2024\nb;n.a.;01/02/2024\n".encode()
    options = ReadOptions(
        delimiter=";", skip=1, decimal_comma=True, dates="day_month_year", nulls=["n.a."], round={"amount": 1}, hash=["key"]
    )
    found = attested.notarize_dataset(text, name="x", config=ProofConfig.attested(read=options))
    assert found.columns == {"key": "text", "amount": "decimal(1)", "on": "date"}
    profile = found.profile()
    assert (profile["amount"].max, profile["amount"].nulls, profile["on"].max) == ("1.2", 1, "2024-12-31")
    with pytest.raises(InvalidInputError, match="'k'|\"k\""):
        attested.notarize_dataset(text, name="x", config=ProofConfig.attested(read=ReadOptions(columns={"k": "number"})))
    short = ReadOptions(delimiter="\\t", dates="dmy")
    found = attested.notarize_dataset(b"a\ton\n1\t31/12/2024\n", name="x", config=ProofConfig.attested(read=short))
    assert found.columns == {"a": "int", "on": "date"}
    nan = polars.DataFrame({"x": [1.0, float("nan")]})
    with pytest.raises(InvalidInputError) as raised:
        attested.notarize_dataset(nan, name="nan", config=ATTESTED)
    assert "nan_as_null=True" in (raised.value.hint or "")
    config = ProofConfig.attested(read=ReadOptions(nan_as_null=True))
    assert attested.notarize_dataset(nan, name="nan", config=config).profile()["x"].nulls == 1


def test_a_schema_file_is_kept_to(tmp_path: pathlib.Path, attested: Ledger) -> None:
    schema = tmp_path / "patients.toml"
    schema.write_text('version = 1\nexact = true\n\n[[columns]]\nname = "age"\ntype = "decimal(1)"\n')
    config = ProofConfig.attested(read=ReadOptions(schema=schema))
    assert attested.notarize_dataset(b"age\n34\n", name="x", config=config).columns == {"age": "decimal(1)"}
    with pytest.raises(InvalidInputError, match="sex"):
        attested.notarize_dataset(CSV, name="x", config=config)
    with pytest.raises(UnavailableError, match="absent.toml"):
        attested.notarize_dataset(CSV, name="x", config=ProofConfig.attested(read=ReadOptions(schema=tmp_path / "absent.toml")))


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        # A str is a sequence of strs, and a pair one of two.
        ({"hash": "id"}, "hash is a list", "hash=["),
        ({"joint": ("sex", "smokes")}, "joint is a list of pairs", 'joint=[("'),
        ({"columns": ["age"]}, "columns is a mapping", "columns={"),
        ({"columns": {"age": int}}, "columns maps", "columns={"),
        ({"round": {"age": "2"}}, "round maps", "round={"),
        ({"skip": -1}, "skip is a whole number", "skip=1"),
        ({"header": 0}, "header is True or False", "header="),
        ({"delimiter": 7}, "delimiter is a str", 'delimiter=";"'),
        ({"schema": {"age": "int"}}, "schema is the path", "columns="),
    ],
)
def test_options_of_a_wrong_type_are_refused_where_they_are_written(options: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(InvalidTypeError, match=message) as raised:
        ReadOptions(**options)
    assert hint in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delimiter": ";;"}, 'delimiter ";;": expected one ASCII character'),
        ({"format": "xls"}, '"xls" is no format of tables: expected one of csv'),
        ({"round": {"age": 19}}, 'column "age" keeps 0 to 18 digits after the point, not 19'),
        ({"dates": "ymd"}, 'dates "ymd": expected dmy or mdy'),
    ],
)
def test_options_that_say_nothing_are_refused(options: dict[str, Any], message: str, attested: Ledger) -> None:
    with pytest.raises(InvalidInputError) as raised:
        attested.notarize_dataset(CSV, name="x", config=ProofConfig.attested(read=ReadOptions(**options)))
    assert message in str(raised.value)


def test_values_are_kept_out_of_errors_where_that_is_wanted(attested: Ledger) -> None:
    table = b"age\n34\ncancer\n"
    with pytest.raises(InvalidInputError, match="cancer"):
        attested.notarize_dataset(table, name="x", config=ProofConfig.attested(read=ReadOptions(columns={"age": "int"})))
    with pytest.raises(InvalidInputError) as raised:
        attested.notarize_dataset(table, name="x", config=ProofConfig.attested(read=ReadOptions(columns={"age": "int"}, redact=True)))
    assert "cancer" not in str(raised.value)


def test_the_files_of_a_directory_or_a_pattern_are_one_table(tmp_path: pathlib.Path, attested: Ledger) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_bytes(CSV)
    for table in (tmp_path, f"{tmp_path}/*.csv"):
        assert attested.notarize_dataset(table, name="x", config=ATTESTED).rows == 8


def test_hints_are_in_the_words_of_python(attested: Ledger) -> None:
    patients = attested.notarize_dataset(CSV, name="patients", config=ATTESTED)
    with pytest.raises(InvalidInputError) as raised:
        patients.prove("corr(age, weight) >= 0")
    assert raised.value.hint == 'notarize the table again with ReadOptions(product=[("age", "weight")])'
    with pytest.raises(LedgerError) as unknown:
        attested.dataset("nothing-like-it")
    assert unknown.value.hint == "ledger.datasets() lists the names"
    with pytest.raises(InvalidInputError) as place:
        attested.notarize_dataset("postgres://localhost/db", name="x", config=ATTESTED)
    assert "__arrow_c_stream__" in (place.value.hint or "")


def test_an_index_of_pandas_is_a_column_unless_it_only_counts(attested: Ledger) -> None:
    frame = pandas.DataFrame({"x": [1, 2]}, index=pandas.Index(["a", "b"], name="key"))
    assert set(attested.notarize_dataset(frame, name="x", config=ATTESTED).columns) == {"x", "key"}
    assert set(attested.notarize_dataset(frame.reset_index(drop=True), name="x", config=ATTESTED).columns) == {"x"}
