"""Notarized datasets in OpenLineage: facets with the commitment, and what was proved as assertions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import attr
from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import DatasetFacet, data_quality_assertions_dataset, dataset_version_dataset

from ._native import __version__
from .errors import InvalidInputError, NotValidError
from .receipts import Receipt, Requirement, Trusted, Verdict, verify

FACET = "zkpReceipt"
"""The name of the facet that is ours."""
_REPOSITORY = "https://github.com/zkp-dataset-ledger/zkp-dataset-ledger"
_PRODUCER = f"{_REPOSITORY}/tree/v{__version__}/bindings/python"
_SCHEMA = f"{_REPOSITORY}/blob/v{__version__}/docs/openlineage/ReceiptDatasetFacet.json#/$defs/ReceiptDatasetFacet"


@attr.define
class ReceiptDatasetFacet(DatasetFacet):  # type: ignore[misc]
    """That a dataset was notarized. It is no evidence: the receipts are."""

    datasetId: str
    """Commits to the table, its profile and how it was read."""
    logKey: str
    """Key of the log that the receipts were verified with."""
    entries: list[str]
    """Entries that the receipts are for."""
    receipts: list[str]
    """SHA-256 of every receipt's bytes."""
    rows: int
    """Rows of the table."""
    assurance: str
    """``proved`` over every row, or ``attested`` by its notary."""

    @staticmethod
    def _get_schema() -> str:
        return _SCHEMA


def input_dataset(*receipts: Receipt, trust: Trusted, require: Iterable[Requirement] = ("pinned",), name: str | None = None) -> InputDataset:
    """A dataset that a job reads, with facets of what its receipts prove. The namespace is that of the log, ``zkl://ORIGIN``. Raises as
    :func:`zkp_dataset_ledger.verify`.
    """
    verified = _verified(receipts, trust, list(require))
    dataset = verified[0].statements[0]
    assertions = [_assertion(one) for verdict in verified for one in verdict.statements if one.get("claim")]
    found = {}
    if assertions:
        found["dataQualityAssertions"] = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(assertions, producer=_PRODUCER)
    return InputDataset(_namespace(verified), name or str(dataset["dataset"]), facets=_facets(receipts, verified), inputFacets=found)


def output_dataset(*receipts: Receipt, trust: Trusted, require: Iterable[Requirement] = ("pinned",), name: str | None = None) -> OutputDataset:
    """A dataset that a job writes, as :func:`input_dataset`, without assertions: OpenLineage has those of inputs."""
    verified = _verified(receipts, trust, list(require))
    return OutputDataset(_namespace(verified), name or str(verified[0].statements[0]["dataset"]), facets=_facets(receipts, verified))


def _verified(receipts: tuple[Receipt, ...], trust: Trusted, require: list[Requirement]) -> list[Verdict]:
    if not receipts:
        raise InvalidInputError("a dataset is described by its receipts, and there are none")
    verdicts = [verify(receipt, trust=trust, require=require) for receipt in receipts]
    about = {one.get("dataset_id") for verdict in verdicts for one in verdict.statements}
    if len(about) != 1 or None in about:
        raise NotValidError("the receipts are not about one dataset")
    return verdicts


def _facets(receipts: tuple[Receipt, ...], verified: list[Verdict]) -> dict[str, DatasetFacet]:
    statements = [one for verdict in verified for one in verdict.statements]
    facet = ReceiptDatasetFacet(
        datasetId=str(statements[0]["dataset_id"]),
        logKey=verified[0].log.key,
        entries=[str(one["transaction"]) for one in statements],
        receipts=[hashlib.sha256(bytes(receipt)).hexdigest() for receipt in receipts],
        rows=int(statements[0]["rows"]),
        assurance=str(statements[0]["assurance"]),
        producer=_PRODUCER,
    )
    version = dataset_version_dataset.DatasetVersionDatasetFacet(facet.datasetId, producer=_PRODUCER)
    return {"version": version, FACET: facet}


def _assertion(statement: Any) -> data_quality_assertions_dataset.Assertion:
    return data_quality_assertions_dataset.Assertion(
        assertion="zero_knowledge_proof",
        success=True,
        description="Proved of the committed table; the receipt shows it without the rows",
        content=str(statement["claim"]),
        contentType="expression",
        params={"entry": str(statement["transaction"])},
    )


def _namespace(verified: list[Verdict]) -> str:
    return f"zkl://{verified[0].log.origin}"
