"""Croissant, OpenLineage, DVC and Hugging Face: what is written passes the tools' own validators, what verifies, and what is not taken."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
from typing import Any

import pytest
from conftest import CLAIM, CSV, FIXTURE_LOG, ROOT
from zkp_dataset_ledger import InvalidInputError, InvalidTypeError, Ledger, Notarized, NotFoundError, NotValidError, ProofConfig, Receipt

ATTESTED = ProofConfig.attested()
Proved = tuple[Ledger, Notarized, Receipt]


def published(proved: Proved, place: pathlib.Path) -> tuple[pathlib.Path, dict[str, Any]]:
    from zkp_dataset_ledger.croissant import croissant

    _, patients, claim = proved
    (place / "patients.csv").write_bytes(CSV)
    described = croissant(
        patients,
        claim,
        url="https://hospital.example/patients",
        description="Patients of ward 7",
        license="https://hospital.example/license",
        table=place / "patients.csv",
        version="1.0.0",
    )
    return described.save(place), described.jsonld


def test_croissant_is_valid_and_its_records_are_the_table(proved: Proved, tmp_path: pathlib.Path) -> None:
    mlc = pytest.importorskip("mlcroissant")
    from zkp_dataset_ledger.croissant import verify_croissant

    path, described = published(proved, tmp_path)
    dataset = mlc.Dataset(jsonld=str(path))
    assert not dataset.metadata.issues.errors and dataset.metadata.name == "patients"
    records = list(dataset.records("rows"))
    assert len(records) == 4 and records[0]["rows/age"] == 34 and records[0]["rows/sex"] == b"f"
    ledger, patients, claim = proved
    said = described["zkp:notarization"]
    verdicts = verify_croissant(path, trust=ledger.log_key)
    assert [verdict.statement["kind"] for verdict in verdicts.values()] == ["notarization", "claim"]
    assert {verdict.statement["dataset_id"] for verdict in verdicts.values()} == {said["zkp:datasetId"]}
    with pytest.raises(NotValidError, match="not among the trusted keys"):
        verify_croissant(path, trust=FIXTURE_LOG)


def test_croissant_for_other_receipts_is_not_taken(proved: Proved, attested: Ledger, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("mlcroissant")
    from zkp_dataset_ledger.croissant import croissant, verify_croissant

    ledger, patients, claim = proved
    path, described = published(proved, tmp_path)
    described["zkp:notarization"]["zkp:datasetId"] = "0" * 64
    path.write_text(json.dumps(described))
    with pytest.raises(NotValidError, match="about another dataset"):
        verify_croissant(path, trust=ledger.log_key)
    [file] = tmp_path.glob(f"*{claim.entry.id[:16]}.receipt")
    file.write_bytes(bytes(claim) + b"\n")
    published_again = json.loads(path.read_text())
    published_again["zkp:notarization"]["zkp:receipt"].reverse()
    path.write_text(json.dumps(published_again))
    with pytest.raises(NotValidError, match="not the file that is described"):
        verify_croissant(path, trust=ledger.log_key)
    del described["zkp:notarization"]
    path.write_text(json.dumps(described))
    with pytest.raises(NotFoundError):
        verify_croissant(path, trust=ledger.log_key)
    other = attested.notarize_dataset(CSV, name="patients", config=ATTESTED).receipt()
    with pytest.raises(InvalidInputError, match="another table"):
        croissant(patients, other, url="https://e.example", description="", license="")


def test_lineage_has_the_commitment_and_what_was_proved(proved: Proved, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("openlineage.client")
    import jsonschema
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
    from openlineage.client.transport.file import FileConfig, FileTransport
    from openlineage.client.uuid import generate_new_uuid
    from zkp_dataset_ledger.openlineage import input_dataset, output_dataset

    ledger, patients, claim = proved
    read = input_dataset(patients.receipt(), claim, trust=ledger.log_key, require=["pinned", "proved"])
    written = output_dataset(patients.receipt(), trust=ledger.log_key, name="patients-2026")
    log = tmp_path / "events.json"
    client = OpenLineageClient(transport=FileTransport(FileConfig(log_file_path=str(log), append=True)))
    run, job = Run(runId=str(generate_new_uuid())), Job(namespace="hospital", name="train")
    event = RunEvent(
        eventType=RunState.COMPLETE, eventTime="2026-11-30T00:00:00Z", run=run, job=job, inputs=[read], outputs=[written]
    )
    client.emit(event)
    emitted = json.loads(log.read_text().splitlines()[0])
    [used], [made] = emitted["inputs"], emitted["outputs"]
    assert (used["namespace"], used["name"], made["name"]) == ("zkl://example.com/python", "patients", "patients-2026")
    said = claim.verify(trust=ledger.log_key).statement
    assert used["facets"]["version"]["datasetVersion"] == said["dataset_id"]
    facet = used["facets"]["zkpReceipt"]
    assert facet["rows"] == 4 and facet["assurance"] == "proved" and facet["entries"][1] == claim.entry.id
    [assertion] = used["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert assertion["content"] == CLAIM and assertion["success"] is True
    schema = json.loads((ROOT / "docs/openlineage/ReceiptDatasetFacet.json").read_text())
    assert facet["_schemaURL"].endswith("docs/openlineage/ReceiptDatasetFacet.json#/$defs/ReceiptDatasetFacet")
    validator = jsonschema.Draft202012Validator(schema)
    for facets in (used["facets"], made["facets"]):
        validator.validate(facets)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"zkpReceipt": facet | {"rows": "four"}})


def test_lineage_is_not_made_of_what_does_not_verify(proved: Proved, attested: Ledger) -> None:
    pytest.importorskip("openlineage.client")
    from zkp_dataset_ledger.openlineage import input_dataset

    ledger, patients, claim = proved
    with pytest.raises(NotValidError):
        input_dataset(claim, trust=FIXTURE_LOG)
    other = attested.notarize_dataset(CSV, name="patients", config=ATTESTED).receipt()
    with pytest.raises(NotValidError, match="one dataset"):
        input_dataset(claim, other, trust=[ledger.log_key, attested.log_key])
    with pytest.raises(InvalidInputError):
        input_dataset(trust=None)


def test_datasets_of_hugging_face_are_tables(attested: Ledger, tmp_path: pathlib.Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = {"age": [34, 58, 41, 29], "sex": ["f", "m", "f", "m"]}
    whole = datasets.Dataset.from_dict(rows)
    first = attested.notarize_dataset(whole, name="patients", config=ATTESTED)
    assert first.rows == 4 and first.columns["age"] == "int"
    assert first.mismatch(whole) is None
    # With indices, from files, and as a stream.
    some = whole.shuffle(seed=7).select([0, 1, 2])
    profile = attested.notarize_dataset(some, name="some", config=ATTESTED).profile()
    assert profile.rows == 3 and profile["age"].sum == str(sum(some["age"]))
    whole.save_to_disk(tmp_path / "saved")
    stored = datasets.load_from_disk(str(tmp_path / "saved"))
    assert attested.notarize_dataset(stored, name="stored", config=ATTESTED).profile() == first.profile()
    stream = whole.to_iterable_dataset()
    assert attested.notarize_dataset(stream, name="stream", config=ATTESTED).profile() == first.profile()
    with pytest.raises(InvalidTypeError, match="train, test"):
        attested.notarize_dataset(datasets.DatasetDict({"train": whole, "test": whole}), name="both")


def test_a_file_of_dvc_has_a_receipt_beside_it(proved: Proved, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dvc")
    from zkp_dataset_ledger.dvc import notarize, verify_file

    def dvc(*arguments: str) -> str:
        done = subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    ledger, table, tracked = proved[0], tmp_path / "stays.csv", tmp_path / "stays.csv.dvc"
    table.write_bytes(CSV)
    dvc("init", "--no-scm", "-q")
    dvc("add", "-q", "stays.csv")
    with pytest.raises(NotFoundError):
        verify_file(tracked, trust=ledger.log_key)
    tracked.write_text("# of ward 7\n" + tracked.read_text())
    receipt = notarize(ledger, tracked)
    assert Receipt.load(tmp_path / "stays.csv.receipt") == receipt
    assert verify_file(tracked, trust=ledger.log_key).statement["rows"] == 4
    # DVC reads the file, and keeps what is in it.
    assert "up to date" in dvc("status") and tracked.read_text().startswith("# of ward 7\n")
    table.write_bytes(CSV.replace(b"34", b"35"))
    dvc("add", "-q", "stays.csv")
    with pytest.raises(NotValidError, match="another content"):
        verify_file(tracked, trust=ledger.log_key)
    notarize(ledger, tracked)
    assert verify_file(tracked, trust=ledger.log_key)
    receipt.save(tmp_path / "stays.csv.receipt")
    with pytest.raises(NotValidError, match="the receipt is about"):
        verify_file(tracked, trust=ledger.log_key)
    with pytest.raises(InvalidInputError, match="no .dvc file"):
        notarize(ledger, table)
