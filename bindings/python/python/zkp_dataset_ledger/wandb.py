"""Receipts in Weights & Biases: artifacts that can be verified, references to receipts of a ledger, and panels that say what was proved.

What verifies is the receipt, offline. That a run used the table is what the server says.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pathlib
import re
import tempfile
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import ParseResult, parse_qs, quote, unquote, urlparse

import wandb
from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from wandb.sdk.artifacts.storage_handler import StorageHandler
from wandb.sdk.artifacts.storage_policies import wandb_storage_policy

from . import _html, _tracking
from .config import ProofConfig
from .errors import InvalidInputError, InvalidTypeError, NotFoundError, NotSupportedError, NotValidError, VerificationError
from .ledger import Ledger, Table
from .receipts import Receipt, Requirement, Trusted, Verdict, _says, verify
from .reports import Report, report

if TYPE_CHECKING:
    from wandb import Artifact, Html
    from wandb import Run as WandbRun

ARTIFACT_TYPE = "zkp-receipt"
"""The type of artifacts that hold receipts."""
SCHEME = "zkl"
"""The scheme of references to receipts: ``zkl://ORIGIN-OF-THE-LOG?entry=ID``."""
METADATA = "zkp"
"""The key of an artifact's metadata under which it says what its receipts are about."""

_SUFFIX = ".receipt"
_TABLE_COLUMNS = ["dataset", "kind", "says", "verdict", "rows", "assurance", "recorded", "log", "pinned", "dataset_id", "entry", "sha256"]
_MAX_NAME = 128

# Ledgers by the name of their log, whose receipts references are resolved to.
_served: dict[str, Ledger] = {}


def receipt_artifact(*receipts: Receipt, name: str | None = None) -> Artifact:
    """An artifact with receipts as files, and with what they are about as metadata, by their own words. It is called as the dataset unless ``name`` says
    otherwise, and gets a new version when one of its receipts is another."""
    artifact = _artifact(receipts, name)
    for receipt in receipts:
        with artifact.new_file(_tracking.file_name(receipt), mode="wb") as file:
            file.write(bytes(receipt))
    return artifact


def reference_artifact(*receipts: Receipt, name: str | None = None) -> Artifact:
    """As :func:`receipt_artifact`, with references in place of files: the receipts stay where the ledger is, which :func:`serve` makes known."""
    artifact = _artifact(receipts, name)
    for receipt in receipts:
        artifact.add_reference(reference(receipt), name=_tracking.file_name(receipt))
    return artifact


def reference(receipt: Receipt) -> str:
    """The URI of the last entry of a receipt."""
    return f"{SCHEME}://{quote(_origin(receipt.log_key))}?entry={receipt.entry.id}"


def serve(ledger: Ledger | None) -> None:
    """From now on, references to entries of this ledger are resolved in this process: when they are added to an artifact, and when it is downloaded. ``None``
    ends that for every ledger."""
    if ledger is None:
        _served.clear()
        return
    _install()
    _served[_origin(ledger.log_key)] = ledger


def log_receipt(*receipts: Receipt, name: str | None = None, run: WandbRun | None = None, aliases: Sequence[str] = ()) -> Artifact:
    """Logs receipts as an artifact of the run, which is begun if there is none."""
    artifact: Artifact = _run(run).log_artifact(receipt_artifact(*receipts, name=name), aliases=list(aliases) or None)
    return artifact


def log_dataset(
    ledger: Ledger, table: Table, *, name: str, config: ProofConfig | None = None, run: WandbRun | None = None, aliases: Sequence[str] = ()
) -> Receipt:
    """Notarizes a table that a run uses, unless it is the newest version of ``name``, and logs its receipt. The run's config says whether it has changed."""
    run = _run(run)
    receipt, said = _tracking.notarized(ledger, table, name, config)
    log_receipt(receipt, run=run, aliases=aliases)
    found = _tracking.notarization(receipt)
    logged = dict(run.config.get(METADATA, {}))
    logged[name] = {"dataset_id": found.dataset_id, "entry": found.entry, "log_key": found.log_key, "table": said}
    run.config.update({METADATA: logged}, allow_val_change=True)
    return receipt


def verify_artifact(
    artifact: Artifact | str | os.PathLike[str], *, trust: Trusted, require: Iterable[Requirement] = ("pinned", "proved")
) -> dict[str, Verdict]:
    """Verifies every receipt of an artifact, or of the directory that one was downloaded to, by the names of their files. References need :func:`serve`.

    Raises as :func:`zkp_dataset_ledger.verify`; :class:`NotFoundError` when there are no receipts, :class:`NotValidError` when they are about other datasets
    than the artifact's metadata says.
    """
    required = list(require)
    receipts = _receipts(artifact)
    if not receipts:
        raise NotFoundError("the artifact holds no receipt", hint="log one with log_receipt")
    verdicts = {name: verify(receipt, trust=trust, require=required) for name, receipt in receipts.items()}
    if not isinstance(artifact, (str, os.PathLike)):
        # The receipts of another table verify as well.
        said = sorted((one["dataset"], one["dataset_id"]) for one in artifact.metadata.get(METADATA, {}).get("receipts", ()))
        about = sorted((str(one.get("dataset")), str(one.get("dataset_id"))) for verdict in verdicts.values() for one in verdict.statements)
        if about != said:
            raise NotValidError(f"the artifact's metadata names {said}, its receipts are about {about}")
    return verdicts


def proof_table(receipts: Iterable[Receipt], *, trust: Trusted) -> wandb.Table:
    """A row for each receipt: what it says, and whether it verified. What a receipt says that did not is not in the table."""
    rows = [row for receipt in receipts for row in _rows(receipt, trust)]
    return wandb.Table(columns=_TABLE_COLUMNS, data=rows)


def proof_panel(receipts: Iterable[Receipt], *, trust: Trusted) -> Html:
    """What receipts prove and on what trust, as HTML that loads and runs nothing."""
    return _panel_html("".join(_section(receipt, trust) for receipt in receipts))


def log_proofs(receipts: Iterable[Receipt], *, trust: Trusted, run: WandbRun | None = None, key: str = "zkp") -> Report:
    """Logs a panel, a table and the compliance report about receipts under ``KEY/panel``, ``KEY/receipts`` and ``KEY/report``, and returns the report."""
    listed = list(receipts)
    made = report(listed, trust=trust)
    panels = {"panel": proof_panel(listed, trust=trust), "receipts": proof_table(listed, trust=trust), "report": _panel_html(made.html)}
    _run(run).log({f"{key}/{name}": panel for name, panel in panels.items()})
    return made


class ReceiptHandler(StorageHandler):  # type: ignore[misc]
    """Resolves references to receipts, in ledgers that :func:`serve` was given."""

    def can_handle(self, parsed_url: ParseResult) -> bool:
        """Whether it is a reference to a receipt."""
        return parsed_url.scheme == SCHEME

    def load_path(self, manifest_entry: ArtifactManifestEntry, local: bool = False) -> str:
        """The reference, or a file with the receipt."""
        uri = str(manifest_entry.ref)
        if not local:
            return uri
        receipt = _resolve(uri)
        # wandb copies it from there.
        file = pathlib.Path(_fetched().name) / _tracking.file_name(receipt)
        receipt.save(file)
        return os.fspath(file)

    def store_path(
        self, artifact: Artifact, path: str, name: str | None = None, checksum: bool = True, max_objects: int | None = None
    ) -> list[ArtifactManifestEntry]:
        """An entry whose digest is the id of the log's entry: receipts of one entry have other bytes whenever the log has grown."""
        entry = _entry_of(path)
        if checksum:
            name = name or _tracking.file_name(_resolve(path))
        if name is None:
            raise InvalidInputError("a reference without a checksum needs a name", hint='add_reference(uri, name="stays.receipt")')
        return [ArtifactManifestEntry(path=name, ref=path, digest=entry, size=0, extra={"log": _origin_of(path)})]


@functools.cache
def _fetched() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="zkp-receipts-")


def _install() -> None:
    """Puts the handler beside those of wandb, which has no registry of them."""
    made = getattr(wandb_storage_policy, "make_storage_handlers", None)
    if not callable(made):
        raise NotSupportedError(
            f"wandb {wandb.__version__} resolves references in a way that this version does not know", hint="log receipts as files: log_receipt"
        )
    if getattr(made, "zkp", False):
        return

    def make_storage_handlers(*arguments: Any, **named: Any) -> list[StorageHandler]:
        return [ReceiptHandler(), *made(*arguments, **named)]

    make_storage_handlers.zkp = True  # type: ignore[attr-defined]
    wandb_storage_policy.make_storage_handlers = make_storage_handlers


def _artifact(receipts: Sequence[Receipt], name: str | None) -> Artifact:
    if not receipts or not all(isinstance(receipt, Receipt) for receipt in receipts):
        raise InvalidTypeError("an artifact is made of receipts", hint="receipt_artifact(dataset.receipt())")
    described = [_described(receipt) for receipt in receipts]
    keys = {receipt.log_key for receipt in receipts}
    if len(keys) != 1:
        raise InvalidInputError("receipts of one artifact are of one log", hint="log an artifact for each log")
    metadata = {METADATA: {"log_key": keys.pop(), "receipts": described}}
    return wandb.Artifact(name=_valid_name(name or str(described[0]["dataset"])), type=ARTIFACT_TYPE, metadata=metadata)


def _described(receipt: Receipt) -> dict[str, object]:
    entry, found = receipt.entry, _tracking.notarization(receipt)
    return {
        "dataset": found.dataset,
        "dataset_id": found.dataset_id,
        "notarization": found.entry,
        "entry": entry.id,
        "kind": entry.kind,
        "says": entry.text,
        "recorded_at": entry.recorded_at.isoformat(),
        "sha256": hashlib.sha256(bytes(receipt)).hexdigest(),
    }


def _valid_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)[:_MAX_NAME]


def _receipts(artifact: Artifact | str | os.PathLike[str]) -> dict[str, Receipt]:
    if isinstance(artifact, (str, os.PathLike)):
        return _in_directory(pathlib.Path(artifact))
    if not artifact.is_draft():
        with tempfile.TemporaryDirectory() as directory:
            return _in_directory(pathlib.Path(artifact.download(root=directory)))
    found = {}
    for path, entry in artifact.manifest.entries.items():
        if path.endswith(_SUFFIX):
            found[path] = _resolve(entry.ref) if entry.ref is not None else Receipt.load(entry.local_path)
    return found


def _in_directory(directory: pathlib.Path) -> dict[str, Receipt]:
    files = sorted(directory.rglob(f"*{_SUFFIX}"))
    return {file.relative_to(directory).as_posix(): Receipt.load(file) for file in files}


def _verified(receipt: Receipt, trust: Trusted) -> Verdict | VerificationError:
    try:
        return verify(receipt, trust=trust, allow_forgeable=True)
    except VerificationError as error:
        return error


def _rows(receipt: Receipt, trust: Trusted) -> list[list[object]]:
    verdict, sha256 = _verified(receipt, trust), hashlib.sha256(bytes(receipt)).hexdigest()
    if isinstance(verdict, VerificationError):
        row: dict[str, object] = {"verdict": str(verdict.args[0]), "sha256": sha256}
        return [[row.get(column) for column in _TABLE_COLUMNS]]
    rows = []
    for statement in verdict.statements:
        row = {
            "dataset": statement.get("dataset"),
            "kind": statement.get("kind"),
            "says": _says(statement),
            "verdict": verdict.verdict,
            "rows": statement.get("rows"),
            "assurance": statement.get("assurance"),
            "recorded": statement.get("recorded_at"),
            "log": verdict.log.origin,
            "pinned": verdict.log.pinned,
            "dataset_id": statement.get("dataset_id"),
            "entry": statement.get("transaction"),
            "sha256": sha256,
        }
        rows.append([row[column] for column in _TABLE_COLUMNS])
    return rows


def _section(receipt: Receipt, trust: Trusted) -> str:
    verdict = _verified(receipt, trust)
    if isinstance(verdict, VerificationError):
        return _html.fields("NOT VALID", [("it shows nothing", verdict.args[0]), ("size", f"{len(receipt)} bytes")])
    return verdict._repr_html_()


def _panel_html(text: str) -> Html:
    return wandb.Html(text, inject=False, data_is_not_path=True)


def _origin(log_key: str) -> str:
    # The name of a key has no plus sign.
    return log_key.partition("+")[0]


def _origin_of(uri: str) -> str:
    parsed = urlparse(uri)
    return unquote(parsed.netloc + parsed.path)


def _entry_of(uri: str) -> str:
    entries = parse_qs(urlparse(uri).query).get("entry", [])
    if len(entries) != 1 or not re.fullmatch(r"[0-9a-f]{64}", entries[0]):
        raise InvalidInputError(f"{uri!r} names no entry", hint=f"{SCHEME}://example.com/log?entry=ID")
    return entries[0]


def _resolve(uri: str) -> Receipt:
    origin, entry = _origin_of(uri), _entry_of(uri)
    ledger = _served.get(origin)
    if ledger is None:
        raise NotFoundError(f"no ledger of log {origin} is open for references", hint="serve(ledger)")
    return ledger.receipt(entry)


def _run(run: WandbRun | None) -> WandbRun:
    return run or wandb.run or wandb.init()
