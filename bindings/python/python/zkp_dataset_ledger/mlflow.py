"""Receipts in MLflow: datasets of runs that can be verified, and models that can be traced to them.

What verifies is the receipt, offline. That a run used the table, and that a model came out of the run, is what the tracking server says.
"""

# MLflow looks at annotations of plugins, which are types therefore, and loads plugins while it is imported itself.
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow.data.dataset import Dataset as MlflowDataset
from mlflow.data.dataset_source import DatasetSource

from . import _tracking
from .config import ProofConfig
from .errors import InvalidInputError, NotFoundError, NotValidError
from .ledger import Ledger, Table
from .receipts import Receipt, Requirement, Trusted, Verdict, verify

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

SOURCE_TYPE = "zkp_receipt"
"""The type of sources that are receipts."""

_DIGEST_LEN = 36
_ARTIFACTS = "receipts"
_KEY_TAG = "zkp.log_key"
_DATASET_TAG = "zkp.dataset."

# What `autolog` has put its own function in the place of.
_log_input: Callable[..., Any] | None = None


class ReceiptSource(DatasetSource):  # type: ignore[misc]
    """A receipt among the artifacts of a run. What it says of itself is not verified until its receipt is."""

    def __init__(self, *, dataset: str, dataset_id: str, entry: str, log_key: str, uri: str | None = None) -> None:
        self.dataset = dataset
        self.dataset_id = dataset_id
        self.entry = entry
        self.log_key = log_key
        self.uri = uri

    @staticmethod
    def _get_source_type() -> str:
        return SOURCE_TYPE

    def load(self) -> Receipt:
        """Fetches the receipt. It is not verified by that."""
        if self.uri is None:
            raise NotFoundError("the receipt is not among the artifacts of a run", hint="log it with log_receipt")
        with tempfile.TemporaryDirectory() as directory:
            return Receipt.load(mlflow.artifacts.download_artifacts(artifact_uri=self.uri, dst_path=directory))

    @staticmethod
    def _can_resolve(raw_source: object) -> bool:
        return isinstance(raw_source, Receipt)

    @classmethod
    def _resolve(cls, raw_source: Receipt) -> "ReceiptSource":
        return _source(raw_source, None)

    def to_dict(self) -> dict[str, str | None]:
        """As it is logged."""
        return {name: getattr(self, name) for name in ("dataset", "dataset_id", "entry", "log_key", "uri")}

    @classmethod
    def from_dict(cls, source_dict: dict[str, Any]) -> "ReceiptSource":
        """As it was logged."""
        return cls(**source_dict)


class ReceiptDataset(MlflowDataset):  # type: ignore[misc]
    """A notarized dataset. Its digest is the beginning of the id that commits to the table."""

    def _compute_digest(self) -> str:
        return str(self.source.dataset_id)[:_DIGEST_LEN]

    @property
    def profile(self) -> None:
        """None: the profile is secret."""

    @property
    def schema(self) -> None:
        """None: the receipt has it."""


def from_receipt(receipt: Receipt, name: str | None = None, digest: str | None = None) -> ReceiptDataset:
    """The dataset of a receipt, as ``mlflow.data.from_receipt``. In a run, its source names the artifact that :func:`log_receipt` makes."""
    run = mlflow.active_run()
    source = _source(receipt, run.info.run_id if run else None)
    return ReceiptDataset(source, name=name or source.dataset, digest=digest)


def log_receipt(receipt: Receipt, *, context: str | None = None) -> ReceiptDataset:
    """Puts a receipt among the artifacts of the run, its dataset among the inputs, and the log's key among the tags."""
    if mlflow.active_run() is None:
        mlflow.start_run()
    dataset = from_receipt(receipt)
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / _tracking.file_name(receipt)
        receipt.save(file)
        mlflow.log_artifact(os.fspath(file), _ARTIFACTS)
    (_log_input or mlflow.log_input)(dataset, context=context)
    mlflow.set_tag(_KEY_TAG, dataset.source.log_key)
    return dataset


def log_dataset(
    ledger: Ledger, table: Table, *, name: str, context: str | None = None, config: ProofConfig | None = None
) -> Receipt:
    """Notarizes a table that a run uses, unless it is the newest version of ``name``, and logs its receipt. A tag says whether it has changed."""
    receipt, said = _tracking.notarized(ledger, table, name, config)
    log_receipt(receipt, context=context)
    mlflow.set_tag(_DATASET_TAG + name, said)
    return receipt


def autolog(ledger: Ledger | None, *, config: ProofConfig | None = None) -> None:
    """From now on, frames that are logged with ``mlflow.log_input`` are notarized under their names as by :func:`log_dataset`. ``None`` ends that.

    What MLflow's own autologging of libraries logs does not pass through ``mlflow.log_input``.
    """
    global _log_input
    if _log_input is not None:
        mlflow.log_input, _log_input = _log_input, None
    if ledger is None:
        return
    original = mlflow.log_input

    def log_input(dataset: Any = None, context: str | None = None, *arguments: Any, **named: Any) -> Any:
        logged = original(dataset, context, *arguments, **named)
        frame = getattr(dataset, "df", None)
        if frame is not None and hasattr(frame, "__arrow_c_stream__"):
            log_dataset(ledger, frame, name=dataset.name, context=context, config=config)
        return logged

    _log_input = original
    mlflow.log_input = log_input


@dataclass(frozen=True)
class VerifiedInput:
    """A dataset of a run, whose receipt verified."""

    name: str
    context: str | None
    receipt: Receipt
    verdict: Verdict


@dataclass(frozen=True)
class Lineage:
    """What a model was made of, by what the tracking server says and receipts prove."""

    model: str
    run_id: str
    datasets: tuple[VerifiedInput, ...]
    """Inputs whose receipts verified."""
    unverified: tuple[str, ...]
    """Names of inputs that have no receipt."""


def verify_model(
    model: str,
    *,
    trust: Trusted,
    require: Iterable[Requirement] = ("pinned", "proved"),
    client: "MlflowClient | None" = None,
) -> Lineage:
    """Follows a model (``models:/name/3``, ``models:/name@alias``) to its run, and verifies the receipt of every dataset that has one.

    Raises :class:`NotFoundError` when none has, and as :func:`zkp_dataset_ledger.verify`.
    """
    client = client or mlflow.MlflowClient()
    run = client.get_run(_run_of(model, client))
    found, unverified = [], []
    for logged in run.inputs.dataset_inputs:
        dataset, tags = logged.dataset, {tag.key: tag.value for tag in logged.tags}
        if dataset.source_type != SOURCE_TYPE:
            unverified.append(dataset.name)
            continue
        receipt = ReceiptSource.from_json(dataset.source).load()
        verdict = verify(receipt, trust=trust, require=require)
        # The receipt of another table verifies as well.
        about = [(said.get("dataset"), str(said.get("dataset_id"))[:_DIGEST_LEN]) for said in verdict.statements]
        if about != [(dataset.name, dataset.digest)]:
            raise NotValidError(f"the run logs {dataset.name} with digest {dataset.digest}, its receipt is about {about}")
        found.append(VerifiedInput(dataset.name, tags.get("mlflow.data.context"), receipt, verdict))
    if not found:
        raise NotFoundError(f"no dataset of {model} has a receipt", hint="log what a run uses with log_dataset")
    return Lineage(model, run.info.run_id, tuple(found), tuple(name for name in unverified if name not in {one.name for one in found}))


def _run_of(model: str, client: "MlflowClient") -> str:
    if not model.startswith("models:/"):
        raise InvalidInputError(f"{model!r} is no model", hint="models:/name/3 or models:/name@alias")
    name = model.removeprefix("models:/")
    if "@" in name:
        name, _, alias = name.partition("@")
        version = client.get_model_version_by_alias(name, alias)
    else:
        name, _, number = name.rpartition("/")
        version = client.get_model_version(name, number)
    if not version.run_id:
        raise NotFoundError(f"{model} is of no run")
    return str(version.run_id)


def _source(receipt: Receipt, run_id: str | None) -> "ReceiptSource":
    found = _tracking.notarization(receipt)
    uri = None if run_id is None else f"runs:/{run_id}/{_ARTIFACTS}/{_tracking.file_name(receipt)}"
    return ReceiptSource(dataset=found.dataset, dataset_id=found.dataset_id, entry=found.entry, log_key=found.log_key, uri=uri)
