"""What the components of :mod:`zkp_dataset_ledger.kfp` do in their containers, over files and metadata. Nothing here needs kfp."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, get_args

from . import _tracking
from .config import ProofConfig, ReadOptions
from .errors import InvalidInputError, NotFoundError, NotValidError
from .ledger import Ledger
from .receipts import Receipt, Requirement, Verdict, verify

PREFIX = "zkp_"
"""What keys of metadata begin with that are ours: a table of pipelines has one column for each."""


class Artifact(Protocol):
    """An artifact of kfp."""

    uri: str
    path: str
    metadata: dict[str, Any]


def notarize(
    table: Artifact,
    notarized: Artifact,
    receipt: Artifact,
    *,
    ledger: str,
    name: str,
    home: str,
    openings_key: str,
    columns: Mapping[str, str],
    format: str,
    attest_only: bool,
) -> None:
    """Notarizes a table, unless it is the newest version of ``name``. ``notarized`` is the same table, and says so."""
    read = ReadOptions(columns=dict(columns), format=format or None)  # type: ignore[arg-type]
    with _opened(ledger, home, openings_key) as opened:
        made, said = _tracking.notarized(opened, table.path, name, ProofConfig(read=read, attest_only=attest_only))
    found = _tracking.notarization(made)
    metadata = {"dataset": found.dataset, "dataset_id": found.dataset_id, "entry": found.entry, "log_key": found.log_key, "table": said}
    _same(table, notarized, metadata)
    _write(made, receipt, metadata)


def prove(notarized: Artifact, receipt: Artifact, *, ledger: str, claim: str, home: str, openings_key: str) -> None:
    """Proves a claim about the version of a dataset that :func:`notarize` made."""
    with _opened(ledger, home, openings_key) as opened:
        entry = opened.entry(_said(notarized, "entry"))
        made = opened.dataset(_said(notarized, "dataset"), version=entry.index).prove(claim)
    _write(made, receipt, {"dataset_id": _said(notarized, "dataset_id"), "claim": claim, "log_key": made.log_key})


def verify_gate(
    receipts: Iterable[str],
    notarized: Artifact,
    passed: Artifact,
    report: Artifact,
    *,
    trust: Sequence[str],
    require: Sequence[str],
    claims: Sequence[str],
) -> None:
    """Verifies receipts, and raises unless every check passed, all of them are about the dataset, and every one of ``claims`` is among what was proved."""
    from .reports import report as made

    for demand in require:
        if demand not in get_args(Requirement):
            raise InvalidInputError(f"{demand!r} is no requirement", hint=f"one of {', '.join(get_args(Requirement))}")
    loaded = [Receipt.load(path) for path in receipts]
    if not loaded:
        raise NotFoundError("no receipt was handed in")
    # The report is there to look at when the gate stays shut.
    with open(report.path, "w", encoding="utf-8") as file:
        file.write(made(loaded, trust=trust).html)
    about, proved = _said(notarized, "dataset_id"), set()
    for receipt in loaded:
        verdict: Verdict = verify(receipt, trust=trust, require=require)  # type: ignore[arg-type]
        for statement in verdict.statements:
            if statement.get("dataset_id") != about:
                raise NotValidError(f"a receipt is about {statement.get('dataset_id')}, the dataset is {about}")
            proved.add(statement.get("claim"))
    if missing := [claim for claim in claims if claim not in proved]:
        raise NotValidError(f"no receipt is for {'; '.join(missing)}", hint="claims are compared as receipts write them")
    _same(notarized, passed, {"verified": True})


def _opened(ledger: str, home: str, openings_key: str) -> Ledger:
    # A new ledger would have a key that nobody trusts.
    return Ledger(ledger, home=home or None, openings_key=openings_key or None, create=False)


def _same(table: Artifact, output: Artifact, metadata: Mapping[str, object]) -> None:
    """Makes an output of the table that came in: nothing is copied."""
    output.uri = table.uri
    output.metadata.update(table.metadata)
    output.metadata.update({PREFIX + key: value for key, value in metadata.items()})


def _write(receipt: Receipt, output: Artifact, metadata: Mapping[str, object]) -> None:
    os.makedirs(os.path.dirname(output.path), exist_ok=True)
    receipt.save(output.path)
    output.metadata.update({PREFIX + key: value for key, value in metadata.items()})


def _said(notarized: Artifact, key: str) -> str:
    value = notarized.metadata.get(PREFIX + key)
    if not isinstance(value, str):
        raise InvalidInputError(f"the dataset does not say its {PREFIX}{key}", hint="pass on the output `notarized` of the component notarize")
    return value
