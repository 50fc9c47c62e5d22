"""What all tests share: one table, and ledgers of it. Proofs are made once for as many tests as can share them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from zkp_dataset_ledger import Ledger, Notarized, Receipt

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "crates/zkl-ledger/tests/fixtures"
# The key of the log of the fixtures before v6.
FIXTURE_LOG = "example.com/fixtures+3fedaab5+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"

CSV = b"age,sex,weight,smokes\n34,f,61.5,no\n58,m,80,yes\n41,f,,no\n29,m,77.25,no\n"
CLAIM = "mean(age) between 30 and 60"


@pytest.fixture(scope="session")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, Notarized, Receipt]]:
    """A ledger with a proved table, and a receipt of a claim about it. Tests read it, or append to it."""
    with Ledger(tmp_path_factory.mktemp("proved") / "ledger", origin="example.com/python") as ledger:
        patients = ledger.notarize_dataset(CSV, name="patients")
        yield ledger, patients, patients.prove(CLAIM)


@pytest.fixture
def attested() -> Iterator[Ledger]:
    """An empty ledger in memory, for tests that do without proofs."""
    with Ledger("memory:") as ledger:
        yield ledger
