"""Datasets described in Croissant, with the commitment of the notarization and the receipts among their files."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import mlcroissant as mlc

from . import _tracking
from .errors import InvalidInputError, NotFoundError, NotValidError
from .ledger import Dataset
from .receipts import Receipt, Requirement, Trusted, Verdict, verify

FILE = "croissant.json"
"""The name of a description's file."""
NAMESPACE = "https://github.com/zkp-dataset-ledger/zkp-dataset-ledger/ns#"
"""Of the properties that are ours, which are written with the prefix ``zkp``."""

_TYPES = {
    "int": mlc.DataType.INTEGER,
    "bool": mlc.DataType.BOOL,
    "date": mlc.DataType.DATE,
    "decimal": mlc.DataType.FLOAT,
    "timestamp": mlc.DataType.DATETIME,
}
_FORMATS = {".csv": "text/csv", ".json": "application/json", ".ndjson": "application/jsonlines", ".parquet": "application/x-parquet"}


@dataclass(frozen=True)
class Description:
    """A description and the receipts that it names."""

    jsonld: dict[str, Any]
    """The description."""
    receipts: dict[str, Receipt]
    """The receipts by the names of their files."""

    def save(self, directory: str | os.PathLike[str]) -> pathlib.Path:
        """Writes ``croissant.json`` and the receipts, and returns the path of the former. The table is its owner's to put beside them."""
        place = pathlib.Path(directory)
        for name, receipt in self.receipts.items():
            receipt.save(place / name)
        (place / FILE).write_text(json.dumps(self.jsonld, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return place / FILE


def croissant(
    dataset: Dataset,
    *receipts: Receipt,
    url: str,
    description: str,
    license: str,
    table: str | os.PathLike[str] | None = None,
    **more: Any,
) -> Description:
    """The description of a dataset, for whoever publishes it: :meth:`Description.save` writes it, and the receipts beside it.

    The receipt of the notarization is among the files, followed by ``receipts`` of claims about it. With ``table``, a file that is published beside it, the
    columns are fields of records; its SHA-256 is in the description, as Croissant demands, by which everybody recognises the file. ``more`` is passed to
    ``mlcroissant.Metadata``: ``version``, ``date_published``, ``cite_as``.
    """
    notarized = dataset.receipt()
    named, about = {_tracking.file_name(receipt): receipt for receipt in (notarized, *receipts)}, _tracking.notarization(notarized)
    for name, receipt in named.items():
        if _tracking.notarization(receipt).entry != about.entry:
            raise InvalidInputError(f"{name} is about another table than entry {dataset.entry.index}")
    distribution = [_file(name, bytes(receipt), "application/json", "A receipt, which anybody can verify") for name, receipt in named.items()]
    records = []
    if table is not None:
        path = pathlib.Path(table)
        distribution.insert(0, _file(path.name, path.read_bytes(), _FORMATS.get(path.suffix, "application/octet-stream"), "The table"))
        records.append(_records(dataset, path.name))
    made = mlc.Metadata(
        name=dataset.name, url=url, description=description, license=license, distribution=distribution, record_sets=records, **more
    )
    found: dict[str, Any] = json.loads(json.dumps(made.to_json(), default=str))
    found["@context"]["zkp"] = NAMESPACE
    found["zkp:notarization"] = {
        "@type": "zkp:Notarization",
        "zkp:datasetId": about.dataset_id,
        "zkp:entry": about.entry,
        "zkp:logKey": about.log_key,
        "zkp:receipt": [{"@id": name} for name in named],
    }
    return Description(found, named)


def verify_croissant(
    path: str | os.PathLike[str], *, trust: Trusted, require: Iterable[Requirement] = ("pinned", "proved")
) -> dict[str, Verdict]:
    """Verifies the receipts of a description in a file, which lie beside it, by their names. Raises as :func:`zkp_dataset_ledger.verify`;
    :class:`NotFoundError` where there are none, :class:`NotValidError` when they are other files or about another dataset than it says. Whether the table is
    the notarized one is its owner's to find out: :meth:`Dataset.mismatch`.
    """
    place, required = pathlib.Path(path), list(require)
    described = json.loads(place.read_text(encoding="utf-8"))
    said = described.get("zkp:notarization")
    if not isinstance(said, dict) or not said.get("zkp:receipt"):
        raise NotFoundError(f"{place} names no receipts")
    files = {file.get("@id"): file for file in described.get("distribution", ())}
    verdicts = {}
    for reference in said["zkp:receipt"]:
        file = files.get(reference.get("@id"))
        if file is None:
            raise NotValidError(f"{reference.get('@id')} is not in the distribution")
        receipt = Receipt.load(place.parent / pathlib.PurePath(str(file["contentUrl"])).name)
        if hashlib.sha256(bytes(receipt)).hexdigest() != file.get("sha256"):
            raise NotValidError(f"{file['contentUrl']} is not the file that is described")
        verdict = verify(receipt, trust=trust, require=required)
        if any(one.get("dataset_id") != said.get("zkp:datasetId") for one in verdict.statements):
            raise NotValidError(f"{file['contentUrl']} is about another dataset than {said.get('zkp:datasetId')}")
        verdicts[str(file["@id"])] = verdict
    return verdicts


def _file(name: str, data: bytes, format: str, description: str) -> mlc.FileObject:
    digest = hashlib.sha256(data).hexdigest()
    return mlc.FileObject(id=name, name=name, description=description, content_url=name, encoding_formats=[format], sha256=digest)


def _records(dataset: Dataset, file: str) -> mlc.RecordSet:
    fields = []
    for column in dataset.profile().columns:
        source = mlc.Source(file_object=file, extract=mlc.Extract(column=column.name))
        kind = _TYPES.get(column.type.partition("(")[0], mlc.DataType.TEXT)
        fields.append(mlc.Field(id=f"rows/{column.name}", name=column.name, data_types=[kind], source=source))
    return mlc.RecordSet(id="rows", name="rows", description="The rows of the table", fields=fields)
