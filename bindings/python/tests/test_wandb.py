"""Weights & Biases, offline: what an artifact says of its receipts, what a run writes, and what is not taken."""

from __future__ import annotations

import json
import pathlib
import time
from collections.abc import Iterator
from typing import Any

import pytest

wandb = pytest.importorskip("wandb")

from conftest import CSV, FIXTURE_LOG  # noqa: E402
from zkp_dataset_ledger import (  # noqa: E402
    InvalidInputError,
    InvalidTypeError,
    Ledger,
    Notarized,
    NotFoundError,
    NotValidError,
    ProofConfig,
    Receipt,
)
from zkp_dataset_ledger.wandb import (  # noqa: E402
    log_dataset,
    log_proofs,
    log_receipt,
    proof_panel,
    proof_table,
    receipt_artifact,
    reference,
    reference_artifact,
    serve,
    verify_artifact,
)

ATTESTED = ProofConfig.attested()


@pytest.fixture
def run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "data"))
    with wandb.init(project="readmission", dir=tmp_path) as begun:
        yield begun


@pytest.fixture
def served(proved: tuple[Ledger, Notarized, Receipt]) -> Iterator[Ledger]:
    serve(proved[0])
    yield proved[0]
    serve(None)


def records(run: Any) -> list[Any]:
    """What the file of a finished run says, which is uploaded later. Another process writes it to the end."""
    [file] = pathlib.Path(run.dir).parent.glob("*.wandb")
    for _ in range(600):
        found = parsed(file.read_bytes())
        if any(record.HasField("exit") for record in found):
            return found
        time.sleep(0.1)
    pytest.fail(f"{file} has no end, and {len(found)} records")


def parsed(data: bytes) -> list[Any]:
    """Records of protobuf in the log format of LevelDB."""
    from wandb.proto.wandb_internal_pb2 import Record

    found, record, at = [], b"", 7
    while at + 7 <= len(data):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        length, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        record += data[at + 7 : at + 7 + length]
        at += 7 + length
        # The whole of a record, or the last part of one.
        if kind in (1, 4):
            found.append(Record.FromString(record))
            record = b""
    return found


def test_a_run_writes_artifact_panel_table_and_report(
    proved: tuple[Ledger, Notarized, Receipt], run: Any, tmp_path: pathlib.Path
) -> None:
    ledger, patients, claim = proved
    log_receipt(patients.receipt(), claim, run=run, aliases=["training"])
    report = log_proofs([patients.receipt(), claim], trust=ledger.log_key, run=run)
    assert list(report.valid.values()) == [True, True]
    run.finish()
    written = records(run)
    [artifact] = [record.artifact for record in written if record.artifact.type == "zkp-receipt"]
    assert (artifact.type, artifact.name, set(artifact.aliases)) == ("zkp-receipt", "patients", {"latest", "training"})
    [first, second] = json.loads(artifact.metadata)["zkp"]["receipts"]
    verdict = claim.verify(trust=ledger.log_key)
    assert first["dataset_id"] == second["dataset_id"] == verdict.statement["dataset_id"]
    assert (first["kind"], second["kind"], second["says"]) == ("notarization", "claim", verdict.statement["claim"])
    logged = {key for r in written if r.HasField("history") for item in r.history.item for key in [item.key, *item.nested_key]}
    assert {"zkp/panel", "zkp/receipts", "zkp/report"} <= logged
    media = sorted(path.name.split("_")[0] for path in pathlib.Path(run.dir).rglob("media/**/*") if path.is_file())
    assert media == ["panel", "receipts", "report"]
    [page] = pathlib.Path(run.dir).rglob("report_*.html")
    assert page.read_text() == report.html


def test_an_artifact_verifies_and_what_is_changed_does_not(proved: tuple[Ledger, Notarized, Receipt], tmp_path: pathlib.Path) -> None:
    ledger, patients, claim = proved
    artifact = receipt_artifact(patients.receipt(), claim, name="a/b c")
    assert artifact.name == "a-b-c"
    verdicts = verify_artifact(artifact, trust=ledger.log_key)
    assert len(verdicts) == 2 and all(name.startswith("patients-") for name in verdicts)
    with pytest.raises(NotValidError, match="not among the trusted keys"):
        verify_artifact(artifact, trust=FIXTURE_LOG)
    # As it lies where it was downloaded to.
    for path, entry in artifact.manifest.entries.items():
        (tmp_path / path).write_bytes(pathlib.Path(entry.local_path).read_bytes())
    assert verify_artifact(tmp_path, trust=ledger.log_key) == verdicts
    artifact.metadata["zkp"]["receipts"][0]["dataset_id"] = "0" * 64
    with pytest.raises(NotValidError, match="metadata names"):
        verify_artifact(artifact, trust=ledger.log_key)
    empty = wandb.Artifact("empty", type="dataset")
    with pytest.raises(NotFoundError, match="no receipt"):
        verify_artifact(empty, trust=ledger.log_key)
    with pytest.raises(InvalidTypeError):
        receipt_artifact(bytes(claim))  # type: ignore[arg-type]


def test_receipts_of_two_logs_are_two_artifacts(proved: tuple[Ledger, Notarized, Receipt], attested: Ledger) -> None:
    other = attested.notarize_dataset(CSV, name="patients", config=ATTESTED).receipt()
    with pytest.raises(InvalidInputError, match="one log"):
        receipt_artifact(proved[2], other)


def test_a_reference_is_resolved_by_the_ledger(proved: tuple[Ledger, Notarized, Receipt], served: Ledger) -> None:
    _, patients, claim = proved
    artifact = reference_artifact(claim)
    [entry] = artifact.manifest.entries.values()
    assert entry.ref == reference(claim) == f"zkl://example.com/python?entry={claim.entry.id}" and entry.digest == claim.entry.id
    fetched = pathlib.Path(artifact.manifest.storage_policy.load_reference(entry, local=True))
    # Later receipts of an entry stand under a larger log.
    assert Receipt.load(fetched).entry == claim.entry
    assert verify_artifact(artifact, trust=served.log_key)[entry.path].statement["kind"] == "claim"
    with pytest.raises(InvalidInputError, match="names no entry"):
        artifact.add_reference("zkl://example.com/python?entry=7")
    with pytest.raises(NotFoundError):
        artifact.add_reference(f"zkl://example.com/python?entry={'0' * 64}")
    with pytest.raises(InvalidInputError, match="needs a name"):
        artifact.add_reference(reference(patients.receipt()), checksum=False)
    serve(None)
    with pytest.raises(NotFoundError, match="no ledger of log example.com/python") as raised:
        verify_artifact(artifact, trust=served.log_key)
    assert raised.value.hint == "serve(ledger)"


def test_references_of_other_schemes_are_left_to_wandb(served: Ledger, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "data.csv"
    file.write_bytes(CSV)
    artifact = wandb.Artifact("data", type="dataset")
    [entry] = artifact.add_reference(file.as_uri())
    assert entry.path == "data.csv" and entry.size == len(CSV)


def test_a_panel_says_what_is_not_valid(proved: tuple[Ledger, Notarized, Receipt]) -> None:
    ledger, _, claim = proved
    broken = Receipt(bytes(claim).replace(b'"index": 1', b'"index": 0'))
    table = proof_table([claim, broken], trust=ledger.log_key)
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.data]
    assert [row["verdict"] == "valid" for row in rows] == [True, False]
    assert rows[0]["pinned"] and rows[0]["rows"] == 4 and rows[1]["dataset"] is None
    html = pathlib.Path(proof_panel([claim, broken], trust=ledger.log_key)._path).read_text()
    assert "VALID" in html and "NOT VALID" in html and "<script" not in html
    # Nobody vouches for the log.
    [row] = proof_table([claim], trust=None).data
    assert row[table.columns.index("pinned")] is False


def test_a_changed_row_is_noticed(run: Any, attested: Ledger) -> None:
    said = []
    for table in (CSV, CSV, CSV.replace(b"34", b"35")):
        log_dataset(attested, table, name="patients", config=ATTESTED, run=run)
        said.append(run.config["zkp"]["patients"]["table"])
    assert said == ["new", "unchanged since entry 0", "changed since entry 0"]
    assert run.config["zkp"]["patients"]["log_key"] == attested.log_key


def test_a_wandb_that_is_not_known_is_said_to_be(attested: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    from zkp_dataset_ledger import NotSupportedError

    monkeypatch.delattr("wandb.sdk.artifacts.storage_policies.wandb_storage_policy.make_storage_handlers")
    with pytest.raises(NotSupportedError, match="does not know"):
        serve(attested)
