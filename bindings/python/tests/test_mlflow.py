"""MLflow: what a run logs, and what another process that knows the server and the log's key finds out."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

mlflow = pytest.importorskip("mlflow")
pytest.importorskip("sklearn")

import pandas  # noqa: E402
from conftest import FIXTURE_LOG  # noqa: E402
from zkp_dataset_ledger import InvalidInputError, Ledger, NotFoundError, NotValidError, ProofConfig  # noqa: E402

ATTESTED = ProofConfig.attested()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A tracking server with SQLite, which has the limits that files do not have."""
    place = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{place}/mlflow.db", "--artifacts-destination", str(place / "artifacts")]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=place, stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(600):
            if process.poll() is not None:
                pytest.fail((place / "log").read_text())
            try:
                urllib.request.urlopen(f"{url}/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def tracking(server: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    mlflow.set_tracking_uri(server)
    mlflow.set_experiment(request.node.name)
    yield mlflow.MlflowClient()
    while mlflow.active_run():
        mlflow.end_run()


def stays() -> pandas.DataFrame:
    return pandas.DataFrame({"age": [64, 71, 58, 80], "days": [3.5, 9.0, 2.0, 11.5], "readmitted": [0, 1, 0, 1]})


def other_process(server: str, code: str, *arguments: str) -> Any:
    env = os.environ | {"MLFLOW_TRACKING_URI": server}
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), *arguments], env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_model_is_traced_to_its_tables_by_another_process(server: str, tracking: Any, tmp_path: pathlib.Path) -> None:
    from sklearn.linear_model import LogisticRegression
    from zkp_dataset_ledger.mlflow import log_dataset

    frame = stays()
    with Ledger(tmp_path / "ledger") as ledger:
        with mlflow.start_run() as run:
            log_dataset(ledger, frame, name="stays", context="training")
            model = LogisticRegression().fit(frame[["age", "days"]], frame["readmitted"])
            mlflow.sklearn.log_model(model, name="model", registered_model_name="readmission")
        key = ledger.log_key
    verify = """
        import json, sys
        from zkp_dataset_ledger.mlflow import verify_model
        lineage = verify_model("models:/readmission/1", trust=sys.argv[1])
        [used] = lineage.datasets
        said = used.verdict.statement
        print(json.dumps([lineage.run_id, used.name, used.context, said["rows"], said["assurance"], used.verdict.log.pinned]))
    """
    assert other_process(server, verify, key) == [run.info.run_id, "stays", "training", 4, "proved", True]
    from zkp_dataset_ledger.mlflow import verify_model

    with pytest.raises(NotValidError, match="not among the trusted keys"):
        verify_model("models:/readmission/1", trust=FIXTURE_LOG)
    tracking.set_registered_model_alias("readmission", "champion", "1")
    assert verify_model("models:/readmission@champion", trust=key).run_id == run.info.run_id
    for nothing in ("readmission", "runs:/x/model"):
        with pytest.raises(InvalidInputError):
            verify_model(nothing, trust=key)


def test_a_changed_row_is_noticed_when_it_is_logged_again(tracking: Any, tmp_path: pathlib.Path) -> None:
    from zkp_dataset_ledger.mlflow import log_dataset

    frame, tags = stays(), []
    with Ledger(tmp_path / "ledger") as ledger:
        for days in (3.5, 3.5, 4.5):
            frame.loc[0, "days"] = days
            with mlflow.start_run() as run:
                log_dataset(ledger, frame, name="stays", config=ATTESTED)
            tags.append(tracking.get_run(run.info.run_id).data.tags["zkp.dataset.stays"])
        assert tags == ["new", "unchanged since entry 0", "changed since entry 0"]
        assert [entry.index for entry in ledger.entries()] == [0, 1]


def test_inputs_fit_the_limits_and_come_back(tracking: Any, tmp_path: pathlib.Path) -> None:
    from zkp_dataset_ledger.mlflow import ReceiptSource, from_receipt, log_receipt

    with Ledger(tmp_path / "ledger") as ledger:
        receipt = ledger.notarize_dataset(stays(), name="stays", config=ATTESTED).receipt()
        with pytest.raises(NotFoundError):
            from_receipt(receipt).source.load()
        with mlflow.start_run() as run:
            log_receipt(receipt, context="training")
        logged = tracking.get_run(run.info.run_id)
        [used] = logged.inputs.dataset_inputs
        dataset_id = receipt.verify(trust=ledger.log_key).statement["dataset_id"]
        assert used.dataset.digest == dataset_id[:36] and used.dataset.name == "stays"
        source = ReceiptSource.from_json(used.dataset.source)
        assert source.load() == receipt and source.to_json() == used.dataset.source
        assert logged.data.tags["zkp.log_key"] == ledger.log_key


def test_a_receipt_of_another_table_is_not_taken(tracking: Any, tmp_path: pathlib.Path) -> None:
    from zkp_dataset_ledger.mlflow import from_receipt, log_receipt, verify_model

    with Ledger(tmp_path / "ledger") as ledger:
        one, other = (ledger.notarize_dataset(stays(), name=name, config=ATTESTED).receipt() for name in ("one", "other"))
        with mlflow.start_run() as run:
            log_receipt(one)
            # Under the digest of one the artifact of the other.
            file = tmp_path / from_receipt(one).source.uri.rpartition("/")[2]
            other.save(file)
            mlflow.log_artifact(str(file), "receipts")
        tracking.create_registered_model("swapped")
        tracking.create_model_version("swapped", f"runs:/{run.info.run_id}/model", run.info.run_id)
        with pytest.raises(NotValidError, match="its receipt is about"):
            verify_model("models:/swapped/1", trust=ledger.log_key, require=["pinned"])


def test_autolog_notarizes_what_is_logged(tracking: Any, tmp_path: pathlib.Path) -> None:
    from zkp_dataset_ledger.mlflow import autolog, verify_model

    untouched = mlflow.log_input
    with Ledger(tmp_path / "ledger") as ledger:
        autolog(ledger, config=ATTESTED)
        try:
            with mlflow.start_run() as run:
                mlflow.log_input(mlflow.data.from_pandas(stays(), name="stays"), context="training")
        finally:
            autolog(None)
        assert mlflow.log_input is untouched
        tracking.create_registered_model("logged")
        tracking.create_model_version("logged", f"runs:/{run.info.run_id}/model", run.info.run_id)
        lineage = verify_model("models:/logged/1", trust=ledger.log_key, require=["pinned"])
        assert [used.name for used in lineage.datasets] == ["stays"] and lineage.unverified == ()
        with mlflow.start_run() as run:
            mlflow.log_input(mlflow.data.from_pandas(stays(), name="stays"), context="training")
        tracking.create_model_version("logged", f"runs:/{run.info.run_id}/model", run.info.run_id)
        with pytest.raises(NotFoundError, match="no dataset"):
            verify_model("models:/logged/2", trust=ledger.log_key)


def test_plugins_are_found_by_their_entry_points() -> None:
    from zkp_dataset_ledger.mlflow import ReceiptSource, from_receipt

    assert mlflow.data.from_receipt is from_receipt
    assert ReceiptSource in mlflow.data.dataset_source_registry._dataset_source_registry.sources
