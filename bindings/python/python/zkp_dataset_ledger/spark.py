"""Tables of Spark: notarized where their rows are, with the entry and the proof of a table on one machine.

Workers get the frame of the table with the tasks that Spark sends them, and rows move between them by a shuffle. Both are secret, as the table is: set
``spark.network.crypto.enabled`` and ``spark.io.encryption.enabled``.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping

import pyarrow
from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import to_arrow_schema

from . import _parts
from ._calls import ProgressArgument
from ._parts import Rows
from .config import ProofConfig
from .errors import InvalidInputError, InvalidTypeError
from .ledger import Ledger, Notarized


def notarize_dataset(
    ledger: Ledger,
    frame: DataFrame,
    *,
    name: str,
    config: ProofConfig | None = None,
    progress: ProgressArgument = None,
    keys: str | os.PathLike[str] | None = None,
) -> Notarized:
    """Notarizes a data frame of Spark in the ledger of the driver. Rows have the order of its partitions; the frame is persisted meanwhile.

    Types that the schema does not decide (numbers with a point, texts) are said in ``config.read.columns``. A segment of up to 2^20 rows is proved by one
    task, on as many threads as ``spark.task.cpus`` says. Spark tries a task again when its worker is lost, ``spark.task.maxFailures`` times. ``keys`` is
    where workers keep keys that they make.
    """
    if not hasattr(frame, "mapInArrow"):
        raise InvalidTypeError(f"{type(frame).__name__} is no data frame of Spark", hint="Ledger.notarize_dataset takes tables of one machine")
    config = _parts.with_types(config, to_arrow_schema(frame.schema))
    persisted = frame.storageLevel != StorageLevel.NONE
    if not persisted:
        frame = frame.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        engine = _Engine(frame, None if keys is None else os.fspath(keys))
        return _parts.notarize(ledger, engine, name=name, config=config, progress=progress)
    finally:
        if not persisted:
            frame.unpersist()


class _Engine:
    def __init__(self, frame: DataFrame, keys: str | None) -> None:
        self._frame = frame
        self._keys = keys
        # Rows of every partition that has some, by its position.
        self._lengths: dict[int, int] = {}

    def observe(self, reading: str) -> list[bytes]:
        def observed(batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
            _use_task_threads()
            filled = (batch for batch in batches if batch.num_rows)
            first, counted = next(filled, None), _Counted()
            if first is not None:
                rows = pyarrow.RecordBatchReader.from_batches(first.schema, counted.of(itertools.chain([first], filled)))
                scan = _parts.observe(rows, reading)
                yield pyarrow.RecordBatch.from_pydict({"partition": [_partition()], "rows": [counted.rows], "scan": [scan]})

        found = self._frame.mapInArrow(observed, "partition long, rows long, scan binary").collect()
        found.sort(key=lambda row: row["partition"])
        if not found:
            raise InvalidInputError("the data frame has no rows")
        self._lengths = {row["partition"]: row["rows"] for row in found}
        return [bytes(row["scan"]) for row in found]

    def prove(self, frame: bytes, segments: Mapping[int, Rows]) -> Iterator[bytes]:
        starts, before = {}, 0
        for partition, length in self._lengths.items():
            starts[partition] = before
            before += length
        wanted, keys = dict(segments), self._keys

        def cut(batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
            at = starts.get(_partition(), 0)
            for batch in batches:
                for index, (start, stop) in wanted.items():
                    first, last = max(start, at), min(stop, at + batch.num_rows)
                    if first < last:
                        rows = _written(batch.slice(first - at, last - first))
                        yield pyarrow.RecordBatch.from_pydict({"segment": [index], "position": [first], "rows": [rows]})
                at += batch.num_rows

        def proved(batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
            _use_task_threads()
            pieces: dict[int, list[tuple[int, bytes]]] = {}
            for batch in batches:
                for row in batch.to_pylist():
                    pieces.setdefault(row["segment"], []).append((row["position"], row["rows"]))
            for index, found in pieces.items():
                found.sort()
                rows = pyarrow.concat_tables(pyarrow.ipc.open_stream(data).read_all() for _, data in found)
                yield pyarrow.RecordBatch.from_pydict({"part": [_parts.prove_segment(frame, index, rows, keys)]})

        moved = self._frame.mapInArrow(cut, "segment long, position long, rows binary")
        # A partition for each segment, so that no task has two of them while others have none.
        places = {index: place for place, index in enumerate(wanted)}
        by_segment = moved.repartitionById(len(wanted), _place(places))
        for row in by_segment.mapInArrow(proved, "part binary").collect():
            yield bytes(row["part"])


class _Counted:
    """Counts the rows of batches that are read."""

    def __init__(self) -> None:
        self.rows = 0

    def of(self, batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        for batch in batches:
            self.rows += batch.num_rows
            yield batch


def _place(places: Mapping[int, int]) -> object:
    from pyspark.sql import functions

    segment = functions.col("segment")
    if all(index == place for index, place in places.items()):
        return segment.cast("int")
    known = functions.create_map(*(functions.lit(number) for pair in places.items() for number in pair))
    return known[segment].cast("int")


def _written(batch: pyarrow.RecordBatch) -> bytes:
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def _partition() -> int:
    from pyspark import TaskContext

    context = TaskContext.get()
    return context.partitionId() if context is not None else 0


def _use_task_threads() -> None:
    """Lets a task compute on as many threads as Spark counts it for."""
    from pyspark import TaskContext

    context = TaskContext.get()
    if context is not None:
        os.environ["RAYON_NUM_THREADS"] = str(max(1, context.cpus()))
