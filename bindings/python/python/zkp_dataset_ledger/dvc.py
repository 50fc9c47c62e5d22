"""Receipts of files that DVC keeps.

A file that ``dvc add`` tracks has a ``.dvc`` file beside it, which Git keeps. So does the receipt: ``stays.csv``, ``stays.csv.dvc``, ``stays.csv.receipt``.
What commits to the table is in the ``.dvc`` file, under ``meta`` of its output, where DVC leaves it alone.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable
from typing import Any

from ruamel.yaml import YAML

from . import _tracking
from .config import ProofConfig
from .errors import InvalidInputError, NotFoundError, NotValidError
from .ledger import Ledger
from .receipts import Receipt, Requirement, Trusted, Verdict, verify

_META = "zkp"


def notarize(ledger: Ledger, dvc_file: str | os.PathLike[str], *, name: str | None = None, config: ProofConfig | None = None) -> Receipt:
    """Notarizes the table of a ``.dvc`` file, unless it is the newest version of its name, puts the receipt beside it and says so in the file. Commit both to
    Git.
    """
    place, document, output = _output(dvc_file)
    table = place.parent / str(output["path"])
    receipt, _ = _tracking.notarized(ledger, table, name or _name(table), config)
    found = _tracking.notarization(receipt)
    beside = _receipt_of(table)
    meta = output.setdefault("meta", {})
    meta[_META] = {
        "dataset": found.dataset,
        "dataset_id": found.dataset_id,
        "entry": found.entry,
        "log_key": found.log_key,
        "receipt": beside.name,
        # Of the content that was notarized, as DVC names it: another one has no receipt yet.
        "content": _content(output),
    }
    receipt.save(beside)
    with place.open("w", encoding="utf-8") as file:
        _yaml().dump(document, file)
    return receipt


def verify_file(dvc_file: str | os.PathLike[str], *, trust: Trusted, require: Iterable[Requirement] = ("pinned", "proved")) -> Verdict:
    """Verifies the receipt of a ``.dvc`` file. The table need not be there. Raises as :func:`zkp_dataset_ledger.verify`; :class:`NotFoundError` where there
    is no receipt, and :class:`NotValidError` when DVC keeps another content than was notarized, or the receipt is about another dataset.
    """
    place, _, output = _output(dvc_file)
    said = (output.get("meta") or {}).get(_META)
    if said is None:
        raise NotFoundError(f"{place} names no receipt", hint="zkp_dataset_ledger.dvc.notarize(ledger, file)")
    if said.get("content") != _content(output):
        raise NotValidError(f"{place} is about another content than was notarized: notarize it again")
    verdict = verify(place.parent / pathlib.PurePath(str(said["receipt"])).name, trust=trust, require=require)
    if verdict.statement.get("dataset_id") != said.get("dataset_id"):
        raise NotValidError(f"{place} names dataset {said.get('dataset_id')}, the receipt is about {verdict.statement.get('dataset_id')}")
    return verdict


def _output(dvc_file: str | os.PathLike[str]) -> tuple[pathlib.Path, Any, Any]:
    place = pathlib.Path(dvc_file)
    if place.suffix != ".dvc":
        raise InvalidInputError(f"{place} is no .dvc file", hint=f"dvc add {place} makes {place}.dvc")
    document = _yaml().load(place.read_text(encoding="utf-8"))
    outputs = document.get("outs") if isinstance(document, dict) else None
    if not outputs or len(outputs) != 1:
        raise InvalidInputError(f"{place} is about {len(outputs or ())} files, a table is one")
    return place, document, outputs[0]


def _content(output: Any) -> str:
    for digest in ("md5", "etag", "checksum"):
        if digest in output:
            return str(output[digest])
    raise InvalidInputError(f"DVC has no content of {output.get('path')} yet", hint="dvc commit")


def _receipt_of(table: pathlib.Path) -> pathlib.Path:
    return table.with_name(table.name + ".receipt")


def _name(table: pathlib.Path) -> str:
    return "".join(char if char.isascii() and (char.isalnum() or char in "_-") else "-" for char in table.name.split(".")[0])


def _yaml() -> YAML:
    # Keeps comments and order, as DVC does.
    return YAML()
