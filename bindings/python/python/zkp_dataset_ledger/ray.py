"""Tables of Ray: notarized where their rows are, with the entry and the proof of a table on one machine.

Workers get the frame of the table through Ray's object store. It is secret, as the rows are: encrypt Ray's traffic (``RAY_USE_TLS``), and keep spilled
objects on disks that may hold the table.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow
import ray

from . import _parts
from ._calls import ProgressArgument
from ._parts import Rows
from .config import ProofConfig
from .errors import InvalidInputError, InvalidTypeError
from .ledger import Ledger, Notarized


def notarize_dataset(
    ledger: Ledger,
    dataset: ray.data.Dataset,
    *,
    name: str,
    config: ProofConfig | None = None,
    progress: ProgressArgument = None,
    num_cpus: float = 1,
    max_retries: int = 3,
    keys: str | os.PathLike[str] | None = None,
) -> Notarized:
    """Notarizes a dataset of Ray in the ledger of this process. Rows have the order of its blocks.

    Types that the schema does not decide (numbers with a point, texts) are said in ``config.read.columns``. A segment of up to 2^20 rows is proved by a task
    with ``num_cpus``, which is tried ``max_retries`` times more when its worker is lost. ``keys`` is where workers keep keys that they make.
    """
    if not isinstance(dataset, ray.data.Dataset):
        raise InvalidTypeError(f"{type(dataset).__name__} is no dataset of Ray", hint="Ledger.notarize_dataset takes tables of one machine")
    blocks = dataset.materialize().to_arrow_refs()
    options = {"num_cpus": num_cpus, "max_retries": max_retries, "runtime_env": {"env_vars": {"RAYON_NUM_THREADS": str(max(1, int(num_cpus)))}}}
    schemas = ray.get([_schema.remote(block) for block in blocks])
    schemas = [schema for schema, rows in schemas if rows]
    if not schemas:
        raise InvalidInputError("the dataset has no rows")
    engine = _Engine(blocks, options, None if keys is None else os.fspath(keys))
    return _parts.notarize(ledger, engine, name=name, config=_parts.with_types(config, schemas[0]), progress=progress)


class _Engine:
    def __init__(self, blocks: Sequence[Any], options: Mapping[str, Any], keys: str | None) -> None:
        self._blocks = list(blocks)
        self._options = dict(options)
        self._keys = keys
        self._lengths: list[int] = []

    def observe(self, reading: str) -> list[bytes]:
        task = _observe.options(**self._options)
        observed = ray.get([task.remote(block, reading) for block in self._blocks])
        self._blocks = [block for block, (rows, _) in zip(self._blocks, observed, strict=True) if rows]
        self._lengths = [rows for rows, _ in observed if rows]
        return [scan for rows, scan in observed if rows]

    def prove(self, frame: bytes, segments: Mapping[int, Rows]) -> Iterator[bytes]:
        # Once per node, and not in what describes a task.
        shared, task, waiting = ray.put(frame), _prove.options(**self._options), []
        for index, rows in segments.items():
            pieces = _parts.pieces(rows, self._lengths)
            spans = [(first, count) for _, first, count in pieces]
            waiting.append(task.remote(shared, index, self._keys, spans, *(self._blocks[part] for part, _, _ in pieces)))
        try:
            while waiting:
                ready, waiting = ray.wait(waiting)
                yield from ray.get(ready)
        finally:
            # Whoever stopped waiting wants none of them.
            for left in waiting:
                ray.cancel(left, force=True)


@ray.remote(num_cpus=0.1)
def _schema(block: pyarrow.Table) -> tuple[pyarrow.Schema, int]:
    return block.schema, block.num_rows


@ray.remote
def _observe(block: pyarrow.Table, reading: str) -> tuple[int, bytes]:
    return block.num_rows, _parts.observe(block, reading) if block.num_rows else b""


@ray.remote
def _prove(frame: bytes, index: int, keys: str | None, spans: list[Rows], *blocks: pyarrow.Table) -> bytes:
    rows = pyarrow.concat_tables(block.slice(first, count) for block, (first, count) in zip(blocks, spans, strict=True))
    return _parts.prove_segment(frame, index, rows, keys)
