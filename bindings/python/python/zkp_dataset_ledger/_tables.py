"""Objects of other libraries that are tables, and do not say so by ``__arrow_c_stream__``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .errors import InvalidTypeError

_BATCH_ROWS = 8192


def readable(table: Any) -> Any:
    """The table as the ledger reads it; what it does not know is passed on as it is."""
    kind = type(table)
    if hasattr(kind, "__arrow_c_stream__"):
        return table
    library = kind.__module__.partition(".")[0]
    if library == "datasets":
        return _hugging_face(table)
    if library in ("pyspark", "ray") and kind.__name__ in ("DataFrame", "Dataset", "MaterializedDataset"):
        module = library.removeprefix("py")
        raise InvalidTypeError(
            f"the rows of {kind.__module__}.{kind.__name__} are on several machines",
            hint=f"zkp_dataset_ledger.{module}.notarize_dataset notarizes them there",
        )
    return table


def _hugging_face(table: Any) -> Any:
    import pyarrow

    if isinstance(table, dict):
        raise InvalidTypeError(f"there are several tables: {', '.join(map(str, table))}", hint='name one: table["train"]')
    indices, data = getattr(table, "_indices", None), getattr(getattr(table, "data", None), "table", None)
    if indices is None and isinstance(data, pyarrow.Table):
        # As it lies in memory, or in files that are mapped into it.
        return data
    arrow = table.with_format("arrow")
    batches = iter(arrow.iter(batch_size=_BATCH_ROWS))
    first = next(batches, None)
    if first is None:
        raise InvalidTypeError("the dataset has no rows", hint="a table has rows")

    def rest() -> Iterator[pyarrow.RecordBatch]:
        yield from first.to_batches()
        for batch in batches:
            yield from batch.cast(first.schema).to_batches()

    return pyarrow.RecordBatchReader.from_batches(first.schema, rest())
