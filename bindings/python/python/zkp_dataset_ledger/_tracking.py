"""What any tracker of experiments is told of a notarized dataset."""

from __future__ import annotations

from typing import NamedTuple

from .config import ProofConfig
from .errors import InvalidInputError, NotFoundError
from .ledger import Ledger, Table
from .receipts import Entry, Receipt


class Notarization(NamedTuple):
    """The notarization that a receipt rests on, by its own words: not verified."""

    dataset: str
    dataset_id: str
    """Commits to the table, its profile and how it was read."""
    entry: str
    """Id of the entry of the log."""
    log_key: str
    """Key of the log."""


def notarization_entry(receipt: Receipt) -> Entry:
    """The one notarization of a receipt. Raises :class:`InvalidInputError` for receipts of several tables, or of none."""
    found = [entry for entry in receipt.entries if entry.kind == "notarization"]
    if len(found) != 1:
        raise InvalidInputError(f"the receipt is about {len(found)} tables, a dataset is one")
    return found[0]


def notarization(receipt: Receipt) -> Notarization:
    """What names the dataset of a receipt. Raises as :func:`notarization_entry`."""
    entry = notarization_entry(receipt)
    return Notarization(entry.dataset or "", str(entry.statement["datasetId"]), entry.id, receipt.log_key)


def notarized(ledger: Ledger, table: Table, name: str, config: ProofConfig | None) -> tuple[Receipt, str]:
    """The receipt of a table, which is notarized unless it is the newest version of ``name``, and in words whether it has changed."""
    try:
        newest = ledger.dataset(name)
    except NotFoundError:
        return ledger.notarize_dataset(table, name=name, config=config).receipt(), "new"
    since = f"since entry {newest.entry.index}"
    if newest.mismatch(table) is None:
        return newest.receipt(), f"unchanged {since}"
    return ledger.notarize_dataset(table, name=name, config=config).receipt(), f"changed {since}"


def file_name(receipt: Receipt) -> str:
    """What the file of a receipt is called."""
    entry = receipt.entry
    return f"{entry.dataset}-{entry.id[:16]}.receipt"
