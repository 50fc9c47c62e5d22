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

PAGES = [ROOT / "bindings/python/README.md", ROOT / "docs/python.md", ROOT / "docs/mlflow.md"]
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def blocks(page: pathlib.Path) -> list[tuple[str, str | None]]:
    return BLOCK.findall(page.read_text())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_of_a_page_prints_what_it_says(page: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if page.name == "mlflow.md":
        pytest.importorskip("mlflow")
    monkeypatch.chdir(tmp_path)
    # What the first lines of the README speak of.
    (tmp_path / "data.csv").write_text("age,sex\n34,f\n58,m\n41,f\n")
    names: dict[str, object] = {}
    found = blocks(page)
    assert found
    for code, expected in found:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(page), "exec"), names)
        assert printed.getvalue() == expected, code


def test_types_are_right(tmp_path: pathlib.Path) -> None:
    checked = []
    for page in PAGES:
        file = tmp_path / f"page_{page.stem.lower()}.py"
        file.write_text("\n".join(code for code, _ in blocks(page)))
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
