"""Kubeflow Pipelines: the components run by kfp's own local runner, and what they compile to."""

# kfp looks at annotations, which are types therefore.
import json
import pathlib
from typing import Any

import pytest

kfp = pytest.importorskip("kfp")

import yaml  # noqa: E402
from conftest import FIXTURE_LOG  # noqa: E402
from google.protobuf import json_format  # noqa: E402
from kfp import compiler, dsl, local  # noqa: E402
from kfp.pipeline_spec.pipeline_spec_pb2 import PipelineSpec  # noqa: E402
from zkp_dataset_ledger import Ledger, Receipt, verify  # noqa: E402
from zkp_dataset_ledger.kfp import components  # noqa: E402

ROWS = "age,sex\n34,f\n58,m\n41,f\n29,m\n"
CLAIM = "mean(age) between 30 and 60"
OURS = components(packages=[])


@dsl.component(base_image="python:3.12", packages_to_install=[], install_kfp_package=False)
def write(rows: str, table: dsl.Output[dsl.Dataset]) -> None:
    with open(table.path, "w") as file:
        file.write(rows)
    table.metadata["ward"] = "7"


@dsl.component(base_image="python:3.12", packages_to_install=[], install_kfp_package=False)
def train(table: dsl.Input[dsl.Dataset], said: dsl.Output[dsl.Artifact]) -> int:
    import json

    with open(said.path, "w") as file:
        json.dump(table.metadata, file)
    with open(table.path) as file:
        return len(file.readlines()) - 1


@dsl.pipeline
def readmission(rows: str, ledger: str, trust: list[str], proved: str, demanded: list[str]) -> int:
    written = write(rows=rows)
    notarized = OURS.notarize(table=written.outputs["table"], ledger=ledger, name="stays")
    claim = OURS.prove(notarized=notarized.outputs["notarized"], ledger=ledger, claim=proved)
    gate = OURS.verify_gate(
        notarized=notarized.outputs["notarized"], receipt=claim.outputs["receipt"], trust=trust, claims=demanded
    )
    trained: int = train(table=gate.outputs["passed"]).outputs["Output"]
    return trained


@pytest.fixture
def outputs(tmp_path: pathlib.Path) -> pathlib.Path:
    """Where the local runner puts what components write."""
    root = tmp_path / "outputs"
    local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=str(root), raise_on_error=True)
    return root


@pytest.fixture
def key(tmp_path: pathlib.Path) -> str:
    """The key of the log of a ledger in `ledger`."""
    with Ledger(tmp_path / "ledger", origin="hospital.example/stays") as ledger:
        return ledger.log_key


def written(outputs: pathlib.Path, task: str, name: str) -> pathlib.Path:
    [found] = outputs.glob(f"*/{task}/**/{name}")
    return found


def test_a_pipeline_goes_on_when_receipts_verify(outputs: pathlib.Path, tmp_path: pathlib.Path, key: str) -> None:
    done = readmission(rows=ROWS, ledger=str(tmp_path / "ledger"), trust=[key], proved=CLAIM, demanded=[CLAIM])
    assert done.output == 4
    receipt = written(outputs, "prove", "receipt")
    verdict = verify(receipt, trust=key, require=["pinned", "proved"])
    assert verdict.statement["claim"] == CLAIM
    # What the first component said of the table, and all that came to it on the way.
    metadata = json.loads(written(outputs, "train", "said").read_text())
    assert metadata["ward"] == "7" and metadata["zkp_verified"] is True
    assert metadata["zkp_dataset_id"] == verdict.statement["dataset_id"]
    assert metadata["zkp_table"] == "new" and metadata["zkp_log_key"] == key
    assert "<!DOCTYPE html>" in written(outputs, "verify-gate", "report").read_text()


@pytest.mark.parametrize(
    ("trust", "proved", "demanded", "stopped", "reason"),
    [
        (FIXTURE_LOG, CLAIM, CLAIM, "verify-gate", "not among the trusted keys"),
        (None, CLAIM, "mean(age) between 40 and 41", "verify-gate", "no receipt is for mean(age) between 40 and 41"),
        (None, "mean(age) between 50 and 60", CLAIM, "prove", "the claim is false"),
    ],
    ids=["a log that nobody trusts", "another claim", "a false claim"],
)
def test_a_pipeline_stops(
    trust: str | None,
    proved: str,
    demanded: str,
    stopped: str,
    reason: str,
    outputs: pathlib.Path,
    tmp_path: pathlib.Path,
    key: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(RuntimeError, match=stopped):
        readmission(rows=ROWS, ledger=str(tmp_path / "ledger"), trust=[trust or key], proved=proved, demanded=[demanded])
    assert reason in capfd.readouterr().out
    assert not list(outputs.glob("*/train/**/said"))
    if stopped == "verify-gate":
        assert written(outputs, "verify-gate", "report").exists()


def test_a_receipt_of_another_table_stops_the_gate(tmp_path: pathlib.Path, key: str) -> None:
    from zkp_dataset_ledger import InvalidInputError, NotFoundError, NotValidError, _steps

    def artifact(name: str, metadata: dict[str, Any] | None = None) -> dsl.Artifact:
        path = tmp_path / name
        path.touch()
        return dsl.Artifact(uri=str(path), metadata=metadata or {})

    with Ledger(tmp_path / "ledger") as ledger:
        one, other = (ledger.notarize_dataset(ROWS.encode(), name=name).receipt() for name in ("one", "other"))
    one.save(tmp_path / "receipt")
    verdict = other.verify(trust=key)
    table = artifact("table", {"zkp_dataset_id": verdict.statement["dataset_id"]})

    def gate(receipts: list[pathlib.Path], about: dsl.Artifact, require: list[str]) -> None:
        _steps.verify_gate(
            map(str, receipts), about, artifact("passed"), artifact("report"), trust=[key], require=require, claims=[]
        )

    with pytest.raises(NotValidError, match="a receipt is about"):
        gate([tmp_path / "receipt"], table, ["pinned"])
    with pytest.raises(InvalidInputError, match="no requirement"):
        gate([tmp_path / "receipt"], table, ["everything"])
    with pytest.raises(NotFoundError):
        gate([], table, [])
    with pytest.raises(InvalidInputError, match="zkp_dataset_id"):
        gate([tmp_path / "receipt"], artifact("bare"), [])
    other.save(tmp_path / "receipt")
    gate([tmp_path / "receipt"], table, ["pinned", "proved"])
    assert Receipt.load(tmp_path / "receipt") == other


def test_what_is_compiled_is_a_pipeline(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "readmission.yaml"
    compiler.Compiler().compile(readmission, str(file))
    # By the schema of pipelines: a field that it does not have is an error.
    spec = json_format.ParseDict(yaml.safe_load(file.read_text()), PipelineSpec())
    assert set(spec.root.dag.tasks) == {"write", "notarize", "prove", "verify-gate", "train"}
    # What comes after the gate depends on it.
    assert list(spec.root.dag.tasks["train"].dependent_tasks) == ["verify-gate"]
    assert kfp.components.load_component_from_file(str(file)).pipeline_spec == spec
    for component in components(base_image="registry.example/zkl:1"):
        name = component.name
        compiler.Compiler().compile(component, str(tmp_path / f"{name}.yaml"))
        loaded = kfp.components.load_component_from_file(str(tmp_path / f"{name}.yaml"))
        [executor] = loaded.pipeline_spec.deployment_spec["executors"].values()
        assert executor["container"]["image"] == "registry.example/zkl:1"
        assert any("zkp-dataset-ledger[kfp]==" in word for word in executor["container"]["command"])
