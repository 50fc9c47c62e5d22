"""Every piece of code on the pages runs, in order, and prints what the page says. Type checkers accept the package, the pages and the tests."""

from __future__ import annotations

import contextlib
import io
import os
import pathlib
import re
import subprocess
import sys

import pytest
import zkp_dataset_ledger
from conftest import ROOT

PAGES = [ROOT / "bindings/python/README.md", *(ROOT / f"docs/{page}.md" for page in ("python", "mlflow", "wandb", "kubeflow", "engines"))]
# What a page is about, where that has to be installed.
NEEDS = {"mlflow.md": ["mlflow", "sklearn"], "wandb.md": ["wandb"], "kubeflow.md": ["kfp"], "engines.md": ["ray", "pyspark"]}
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def blocks(page: pathlib.Path) -> list[tuple[str, str]]:
    """Code and what it prints. Lines have the numbers that they have on the page, where libraries look for the source of a function."""
    text = page.read_text()
    return [("\n" * text.count("\n", 0, found.start(1)) + found[1], found[2] or "") for found in BLOCK.finditer(text)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_of_a_page_prints_what_it_says(page: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in NEEDS.get(page.name, []):
        pytest.importorskip(module)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    if page.name == "wandb.md":
        import wandb

        # It keeps the directory and the variables that it found first.
        wandb.teardown()
    # What the first lines of the README speak of.
    (tmp_path / "data.csv").write_text("age,sex\n34,f\n58,m\n41,f\n")
    names: dict[str, object] = {"__name__": "__main__"}
    found = blocks(page)
    assert found
    for code, expected in found:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(page), "exec", dont_inherit=True), names)
        # kfp's runner prints its logs before.
        shown = printed.getvalue()[-len(expected) :] if page.name == "kubeflow.md" else printed.getvalue()
        assert shown == expected, code.lstrip()


def test_types_are_right(tmp_path: pathlib.Path) -> None:
    checked = []
    for page in PAGES:
        file = tmp_path / f"page_{page.stem.lower()}.py"
        file.write_text("\n".join(code.lstrip() for code, _ in blocks(page)))
        checked.append(str(file))
    here = ROOT / "bindings/python"
    package = pathlib.Path(zkp_dataset_ledger.__file__).parent
    command = [sys.executable, "-m", "mypy", "--config-file", str(here / "pyproject.toml"), "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run(
        [*command, str(package), *checked, str(here / "tests")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"MYPYPATH": str(package.parent)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
