"""The report about receipts: it says of every receipt whether it is valid, and carries nothing that runs."""

from __future__ import annotations

import asyncio
import pathlib

import pytest
from conftest import CLAIM
from zkp_dataset_ledger import InvalidInputError, InvalidTypeError, Ledger, Notarized, Receipt, report, report_async


def test_a_report_says_what_was_proved(proved: tuple[Ledger, Notarized, Receipt], tmp_path: pathlib.Path) -> None:
    ledger, patients, receipt = proved
    broken = bytes(receipt).replace(b'"index": 1', b'"index": 0')
    assert broken != bytes(receipt)
    found = report({"claim": receipt, "<b>broken</b>": broken}, trust=ledger.log_key)
    assert found.valid == {"claim": True, "<b>broken</b>": False}
    assert found.html.startswith("<!DOCTYPE html>") and "<script" not in found.html
    assert "&lt;b&gt;broken" in found.html and "<b>broken" not in found.html
    assert "mean" in found.html and "10(2)" in found.html
    found.save(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == found.html
    shown = found._repr_html_()
    assert shown.startswith("<iframe sandbox") and "<!DOCTYPE" not in shown and CLAIM not in repr(found)


def test_receipts_have_names(proved: tuple[Ledger, Notarized, Receipt], tmp_path: pathlib.Path) -> None:
    ledger, patients, receipt = proved
    path = tmp_path / "claim.receipt"
    receipt.save(path)
    found = asyncio.run(report_async([path, receipt, receipt, patients.receipt(), b"nothing"], trust=ledger.log_key))
    names = list(found.valid)
    assert names[0] == str(path) and names[1].startswith("patients, claim ") and names[2].startswith("patients, notarization ")
    assert list(found.valid.values()) == [True, True, True, False]
    # One file alone is not the letters of its name.
    assert list(report(str(path), trust=None).valid) == [str(path)]
    with pytest.raises(InvalidTypeError):
        report([7], trust=None)  # type: ignore[list-item]
    # The same entry, without the proof over every row.
    shorter = ledger.receipt(receipt.entry, scans=False)
    with pytest.raises(InvalidInputError, match="two receipts"):
        report([receipt, shorter], trust=ledger.log_key)
    assert report({"long": receipt, "short": shorter}, trust=ledger.log_key).valid == {"long": True, "short": True}
