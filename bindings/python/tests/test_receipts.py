"""Verification: what passes, and that everything else raises."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import pathlib
import re

import pytest
from conftest import CLAIM, FIXTURE_LOG, FIXTURES, ROOT
from zkp_dataset_ledger import (
    ForgeableError,
    InvalidInputError,
    InvalidTypeError,
    Ledger,
    LogState,
    Notarized,
    NotAsRequiredError,
    NotValidError,
    Receipt,
    VerificationError,
    verify,
    verify_async,
)

STORED = sorted(path for version in ("v1", "v2", "v3", "v4", "v5") for path in (FIXTURES / version).glob("*.receipt"))


@pytest.mark.parametrize("path", STORED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_stored_receipts_verify_and_are_forgeable_where_they_rest_on_dev_material(path: pathlib.Path) -> None:
    shown = Receipt.load(path)
    custom = any(entry.kind == "custom" for entry in shown.entries)
    if custom:
        # The key of an embedder's circuit is trusted by name only.
        with pytest.raises(NotValidError):
            verify(path, trust=FIXTURE_LOG, allow_forgeable=True)
        return
    verdict = verify(path, trust=FIXTURE_LOG, allow_forgeable=True)
    assert verdict.log.pinned and verdict.log.key == FIXTURE_LOG
    assert len(verdict.statements) >= 1 and verdict.grounds
    if verdict.verdict == "forgeable":
        assert not verdict
        with pytest.raises(ForgeableError) as raised:
            verify(path, trust=FIXTURE_LOG)
        assert isinstance(raised.value, VerificationError) and raised.value.kind == "forgeable"


def test_the_log_of_a_verdict_has_what_rust_says_of_it() -> None:
    # What both npm packages have is compared with what is verified by their tests.
    types = (ROOT / "bindings/common/js/verdict.d.ts").read_text()
    said = types.split("export interface Log {")[1].split("}")[0]
    assert {field.name for field in dataclasses.fields(LogState)} == set(re.findall(r"^    (\w+)\??:", said, re.MULTILINE))


def test_there_are_forgeable_and_valid_fixtures() -> None:
    assert len(STORED) > 8


def test_a_receipt_of_this_ledger_verifies(proved: tuple[Ledger, Notarized, Receipt], tmp_path: pathlib.Path) -> None:
    ledger, patients, receipt = proved
    verdict = receipt.verify(trust=ledger.log_key, require=["pinned", "proved", "public-setup"])
    assert verdict and verdict.verdict == "valid"
    assert verdict.statement["claim"] == CLAIM and verdict.statement["assurance"] == "proved"
    assert verdict.log.origin == "example.com/python" and verdict.log.index == receipt.entry.index
    receipt.save(tmp_path / "claim.receipt")
    keys = tmp_path / "keys.txt"
    keys.write_text(f"# ours\n\n{ledger.log_key}\n")
    assert verify(tmp_path / "claim.receipt", trust=keys) == verdict
    assert verify(str(tmp_path / "claim.receipt"), trust=[keys]) == verdict
    assert verify(bytes(receipt), trust=[FIXTURE_LOG, ledger.log_key]) == verdict
    assert asyncio.run(verify_async(receipt, trust=ledger.log_key)) == verdict
    assert asyncio.run(receipt.verify_async(trust=ledger.log_key)) == verdict
    assert "NOT pinned" in repr(receipt.verify(trust=None))
    assert Receipt.load(tmp_path / "claim.receipt") == receipt and len({receipt, Receipt(bytes(receipt))}) == 1


def test_every_demand_can_fail(proved: tuple[Ledger, Notarized, Receipt]) -> None:
    ledger, patients, receipt = proved
    with pytest.raises(NotAsRequiredError, match="not pinned") as raised:
        receipt.verify(trust=None, require=["pinned"])
    assert "trust=" in (raised.value.hint or "")
    with pytest.raises(NotAsRequiredError, match="not proved"):
        patients.receipt(scans=False).verify(trust=ledger.log_key, require=["proved"])
    with pytest.raises(NotAsRequiredError, match="not cosigned"):
        receipt.verify(trust=ledger.log_key, require=["cosigned"])
    with pytest.raises(InvalidInputError, match="expected pinned"):
        receipt.verify(trust=ledger.log_key, require=["certain"])  # type: ignore[list-item]


def test_another_log_is_not_trusted(proved: tuple[Ledger, Notarized, Receipt]) -> None:
    _, _, receipt = proved
    with pytest.raises(NotValidError, match="not among the trusted keys"):
        receipt.verify(trust=FIXTURE_LOG)


@pytest.mark.parametrize("trust", ["log-public.txt", "", "vk:x", 7, [7], b"key"])
def test_what_is_no_key_is_refused(trust: object, proved: tuple[Ledger, Notarized, Receipt]) -> None:
    with pytest.raises((InvalidInputError, InvalidTypeError)):
        proved[2].verify(trust=trust)  # type: ignore[arg-type]


def test_changed_receipts_are_not_valid(proved: tuple[Ledger, Notarized, Receipt]) -> None:
    ledger, _, receipt = proved
    whole = bytes(receipt)

    def changed(change: str) -> bytes:
        shown = json.loads(whole)
        entry = shown["entries"][-1]
        if change == "claim":
            import base64

            envelope = json.loads(entry["envelope"])
            payload = base64.b64decode(envelope["payload"]).replace(b'"30"', b'"31"')
            envelope["payload"] = base64.b64encode(payload).decode()
            entry["envelope"] = json.dumps(envelope, separators=(",", ":"))
        elif change == "proof":
            other = "B" if entry["evidence"]["proof"]["bytes"][200] == "A" else "A"
            text = entry["evidence"]["proof"]["bytes"]
            entry["evidence"]["proof"]["bytes"] = text[:200] + other + text[201:]
        elif change == "index":
            entry["index"] += 1
        elif change == "checkpoint":
            shown["checkpoint"] = shown["checkpoint"].replace("\n2\n", "\n3\n")
        return (json.dumps(shown, indent=2, ensure_ascii=False) + "\n").encode()

    for change in ("claim", "proof", "index", "checkpoint"):
        assert changed(change) != whole
        with pytest.raises(NotValidError) as raised:
            verify(changed(change), trust=ledger.log_key)
        assert raised.value.kind == "not-valid"
    for other in (b"", b"{}", whole[:-1], whole + b"\n", b"\xff" * 9):
        with pytest.raises(NotValidError):
            verify(other, trust=ledger.log_key)


def test_what_is_no_receipt_is_a_type_error() -> None:
    for nothing in (None, 7, [b""]):
        with pytest.raises(InvalidTypeError):
            verify(nothing, trust=None)  # type: ignore[arg-type]
        with pytest.raises(InvalidTypeError):
            Receipt(nothing)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        verify("absent.receipt", trust=None)


def test_unreadable_receipts_are_shown_as_such() -> None:
    assert "cannot be read" in repr(Receipt(b"{}")) and "cannot be read" in Receipt(b"{}")._repr_html_()


def test_policies_and_trust_stores_are_read(proved: tuple[Ledger, Notarized, Receipt], tmp_path: pathlib.Path) -> None:
    ledger, _, receipt = proved
    store = tmp_path / "trust.toml"
    store.write_text(f'version = 1\n[[log]]\nkey = "{ledger.log_key}"\nlabel = "the hospital"\n')
    verdict = receipt.verify(trust=None, trust_store=store)
    assert verdict.log.pinned and verdict.log.label == "the hospital"
    policy = tmp_path / "policy.txt"
    policy.write_text(f"log {ledger.log_key}\nquorum none\n")
    assert receipt.verify(trust=None, policy=policy, require=["pinned", "cosigned"]).log.policy
    with pytest.raises(InvalidInputError, match="absent"):
        receipt.verify(trust=None, policy=tmp_path / "absent")
    store.write_text("version = 9\n")
    with pytest.raises(InvalidInputError, match="trust.toml"):
        receipt.verify(trust=None, trust_store=store)
