"""Ledgers: made, opened, closed; datasets, claims, relations; what is refused, and what it says."""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import pickle
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
import zkp_dataset_ledger
from conftest import CLAIM, CSV
from zkp_dataset_ledger import (
    BusyError,
    ClosedError,
    FalseClaimError,
    InvalidInputError,
    InvalidTypeError,
    Ledger,
    LedgerError,
    Notarized,
    NotFoundError,
    ProofConfig,
    ReadOnlyError,
    ReadOptions,
    Receipt,
    claims,
    errors,
)

ATTESTED = ProofConfig.attested()


def test_a_directory_is_made_once_and_opened_again(tmp_path: pathlib.Path) -> None:
    place = tmp_path / "my-project"
    with Ledger(place, origin="example.com/ml") as ledger:
        key = ledger.log_key
        assert key.startswith("example.com/ml+") and ledger.checkpoint is None
        ledger.notarize_dataset(CSV, name="patients", config=ATTESTED)
    assert (place / ".gitignore").read_text().endswith("*\n")
    with Ledger(str(place), create=False) as ledger:
        assert ledger.log_key == key and ledger.checkpoint is not None and ledger.checkpoint.size == 1
        # Another one beside it, in the same process as well.
        with Ledger(place) as other:
            other.notarize_dataset(CSV, name="patients", config=ATTESTED)
    with pytest.raises(InvalidInputError, match="is called example.com/ml"):
        Ledger(place, origin="example.com/other")
    with pytest.raises(InvalidInputError, match="in another store"):
        Ledger("rocks:elsewhere", home=place)


def test_the_name_of_a_log_is_made_up_unless_it_is_said() -> None:
    with Ledger("memory:") as one, Ledger("memory:") as other:
        assert one.log_key.split("+")[0].endswith(".invalid") and one.log_key != other.log_key
    with pytest.raises(InvalidInputError):
        Ledger("memory:", origin="no name\n")


def test_a_store_may_be_elsewhere(tmp_path: pathlib.Path) -> None:
    store = f"rocks:{tmp_path / 'log'}"
    with Ledger(tmp_path / "home", store=store) as ledger:
        ledger.notarize_dataset(CSV, name="patients", config=ATTESTED)
        key = ledger.log_key
    assert (tmp_path / "log").is_dir() and not (tmp_path / "home" / "db").exists()
    with Ledger(store, home=tmp_path / "home") as ledger:
        assert ledger.log_key == key and [found.name for found in ledger.datasets()] == ["patients"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"place": "memory:", "store": "s3://b/p"},
        {"place": "memory:", "home": "x"},
        {"place": "s3://b/p", "store": "s3://b/p"},
        {"place": "x", "home": "y"},
        {"place": "x", "wait": -1},
        {"place": "x", "wait": float("inf")},
        {"place": "x", "proof": "quick"},
        {"place": "x", "store": "ftp://x"},
        {"place": "x", "passphrase": ""},
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: dict[str, Any], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInputError):
        Ledger(**arguments)
    assert not list(tmp_path.iterdir())


def test_a_directory_with_other_files_is_left_alone(tmp_path: pathlib.Path) -> None:
    (tmp_path / "train.py").touch()
    with pytest.raises(InvalidInputError, match="other files") as raised:
        Ledger(tmp_path)
    assert ".zkl" in (raised.value.hint or "") and [path.name for path in tmp_path.iterdir()] == ["train.py"]
    with pytest.raises(NotFoundError, match="no ledger"):
        Ledger(tmp_path / "absent", create=False)
    with pytest.raises(InvalidTypeError):
        Ledger(7)  # type: ignore[arg-type]


def test_a_directory_whose_name_is_not_utf_8_is_refused(tmp_path: pathlib.Path) -> None:
    place = os.fsdecode(os.fsencode(tmp_path) + b"/ledger-\xff")
    with pytest.raises(InvalidInputError, match="UTF-8") as raised:
        Ledger(place)
    assert raised.value.hint and not list(tmp_path.iterdir())


def test_a_closed_ledger_says_so(tmp_path: pathlib.Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        patients = ledger.notarize_dataset(CSV, name="patients", config=ATTESTED)
    assert ledger.closed and "closed" in repr(ledger) and "closed" in ledger._repr_html_()
    ledger.close()
    calls: list[Callable[[], object]] = [
        lambda: ledger.notarize_dataset(CSV, name="patients"),
        lambda: ledger.prove("patients", CLAIM),
        lambda: ledger.checkpoint,
        lambda: patients.history(),
        lambda: patients.profile(),
        lambda: patients.receipt(),
        lambda: patients.mismatch(CSV),
    ]
    for call in calls:
        with pytest.raises(ClosedError) as raised:
            call()
        assert raised.value.hint == "open it again: Ledger(...)"


def test_a_ledger_that_is_read_only_records_nothing(tmp_path: pathlib.Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        ledger.notarize_dataset(CSV, name="patients", config=ATTESTED)
    with Ledger(tmp_path / "ledger", read_only=True) as ledger:
        assert ledger.dataset("patients").profile().rows == 4
        with pytest.raises(ReadOnlyError):
            ledger.notarize_dataset(CSV, name="patients", config=ATTESTED)


def test_secrets_may_be_encrypted(tmp_path: pathlib.Path) -> None:
    with Ledger(tmp_path / "ledger", passphrase="correct horse") as ledger:
        ledger.notarize_dataset(CSV, name="patients", config=ATTESTED)
    with Ledger(tmp_path / "ledger", passphrase="correct horse") as ledger:
        assert ledger.dataset("patients").profile().rows == 4
    with Ledger(tmp_path / "ledger") as ledger, pytest.raises(LedgerError) as raised:
        ledger.dataset("patients").profile()
    assert "passphrase=" in (raised.value.hint or "") and "correct" not in str(raised.value)


def test_a_dataset_has_a_history_and_a_profile(proved: tuple[Ledger, Notarized, Receipt]) -> None:
    ledger, patients, receipt = proved
    again = ledger.dataset("patients", version=patients.entry.index)
    assert again.entry == patients.entry and again.name == "patients" and again.log_key == ledger.log_key
    kinds = [entry.kind for entry in patients.history()]
    assert kinds[:2] == ["notarization", "claim"]
    entry = patients.entry
    assert entry.index == 0 and entry.statement["rows" if "rows" in entry.statement else "dataset"]
    assert abs((datetime.now(timezone.utc) - entry.recorded_at).total_seconds()) < 86_400
    assert ledger.entry(0) == ledger.entry("patients") == ledger.entry(entry.id) == entry
    assert ledger.receipt(entry) == ledger.receipt(0) == patients.receipt()
    assert ledger.receipt(0, 1).entries[0] == entry and receipt.entry == ledger.entry(1)
    profile = patients.profile()
    assert profile["age"].mean == "40.5" and profile["weight"].nulls == 1 and profile["sex"].categories == {"f": 2, "m": 2}
    with pytest.raises(KeyError):
        profile["height"]
    frame = profile.to_pandas()
    assert frame.loc["age", "max"] == "58" and list(frame.index) == ["age", "sex", "weight", "smokes"]
    assert profile.to_polars().filter(name="age")["count"].to_list() == [4]


def test_claims_are_texts_or_objects(proved: tuple[Ledger, Notarized, Receipt]) -> None:
    _, patients, _ = proved
    found = patients.evaluate(claims.mean("age").between(30, 60))
    assert found.holds and found.provable and float(found.observed) == 40.5 and found.absent_values == ()
    assert patients.evaluate(claims.share("sex", "x") <= "5%").absent_values == ("x",)
    assert not patients.evaluate("max(age) <= 40").holds
    with pytest.raises(FalseClaimError) as raised:
        patients.prove("max(age) <= 40")
    assert raised.value.kind == "false-claim"
    for nothing in ("mean(age) is nice", "mean(height) >= 1", "corr(age, weight) >= 0"):
        with pytest.raises(InvalidInputError):
            patients.prove(nothing)
    with pytest.raises(InvalidTypeError):
        patients.prove(7)  # type: ignore[arg-type]


def test_a_changed_row_is_noticed(proved: tuple[Ledger, Notarized, Receipt]) -> None:
    _, patients, _ = proved
    assert patients.mismatch(CSV) is None
    assert asyncio.run(patients.mismatch_async(CSV)) is None
    assert patients.mismatch(CSV.replace(b"58", b"57")) == "the file's digests are not the notarized ones"


def test_names_that_are_not_there_have_a_hint(proved: tuple[Ledger, Notarized, Receipt]) -> None:
    ledger, _, _ = proved
    with pytest.raises(NotFoundError, match="patiens") as raised:
        ledger.dataset("patiens")
    assert raised.value.hint == "did you mean patients?" and str(raised.value).endswith("\nhint: did you mean patients?")
    assert isinstance(raised.value, LookupError)
    for nothing in (99, "ffffffff"):
        with pytest.raises(NotFoundError):
            ledger.entry(nothing)
    with pytest.raises(InvalidInputError):
        ledger.dataset("no name")
    with pytest.raises(InvalidTypeError):
        ledger.receipt(None)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError):
        ledger.dataset("other", version=0)


def test_pages_of_the_log_are_joined() -> None:
    with Ledger("memory:") as ledger:
        for name in ("a", "b", "a", "c"):
            ledger.notarize_dataset(CSV, name=name, config=ATTESTED)
        assert [entry.index for entry in ledger.entries()] == [0, 1, 2, 3]
        assert [entry.index for entry in ledger.entries(newest_first=True, limit=3)] == [3, 2, 1]
        assert [entry.index for entry in ledger.entries(start=1, end=3)] == [1, 2]
        assert [entry.index for entry in ledger.entries(dataset="a", kind="notarization")] == [0, 2]
        assert ledger.datasets() == [("a", 2, 2), ("b", 1, 1), ("c", 1, 3)]
        withdrawn = ledger.withdraw(0, "two rows were missing", replacement=2)
        assert withdrawn.kind == "withdrawal" and "missing" in withdrawn.text
        with pytest.raises(InvalidInputError):
            ledger.withdraw(withdrawn, "no")


def test_relations_are_proved_of_rows_that_are_handed_in(tmp_path: pathlib.Path) -> None:
    lines = CSV.splitlines(keepends=True)
    tables = {"all": CSV, "train": b"".join(lines[:3]), "test": b"".join(lines[:1] + lines[3:])}
    read = ReadOptions(columns={"age": "int", "sex": "category", "weight": "decimal(2)", "smokes": "category"})
    with Ledger(tmp_path / "ledger") as ledger:
        for name, table in tables.items():
            ledger.notarize_dataset(table, name=name, config=ProofConfig.high_security(read=read))
        relation = "train, test = split(all on age, weight)"
        verdict = ledger.relate(relation, tables).verify(trust=ledger.log_key, require=["proved", "public-setup"])
        assert verdict.statement["kind"] == "relation" and "split of all, train, test" in repr(verdict)
        for one in ("unique(all on age)", "k_anonymous(all on sex, k = 2)", "bounds(all on age, 29, 58)", "absent(all, age = 29 and sex = f)"):
            assert ledger.relate(one, {"all": CSV}).verify(trust=ledger.log_key)
        with pytest.raises(FalseClaimError, match="row 4 of all"):
            ledger.relate("bounds(all on age, 30, 58)", {"all": CSV})
        with pytest.raises(FalseClaimError):
            ledger.relate("k_anonymous(all on sex, k = 3)", {"all": CSV})
        with pytest.raises(FalseClaimError, match="row"):
            ledger.relate("same_rows(train, test on age)", {name: tables[name] for name in ("train", "test")})
        with pytest.raises(InvalidInputError, match="not the notarized"):
            ledger.relate(relation, tables | {"test": tables["train"]})
        with pytest.raises(InvalidInputError, match="missing"):
            ledger.relate(relation, {"all": CSV})
        with pytest.raises(InvalidInputError, match="not a table of the relation"):
            ledger.relate(relation, tables | {"other": CSV})
        with pytest.raises(InvalidInputError, match="expected"):
            ledger.relate("train = half(all)", tables)


def test_a_closed_relation_says_nothing_in_the_log(tmp_path: pathlib.Path) -> None:
    read = ReadOptions(columns={"age": "int"})
    with Ledger(tmp_path / "ledger", proof="dev") as ledger:
        ledger.notarize_dataset(CSV, name="all", config=ProofConfig(read=read))
        receipt = ledger.relate("bounds(all on age, 29, 58)", {"all": CSV}, closed=True)
        verdict = receipt.verify(trust=ledger.log_key, allow_forgeable=True)
        assert verdict.statement["relation"]["where"] == [{"column": "age", "is": {"between": ["29", "58"]}}]
        entry = ledger.history("all")[-1]
        assert entry.kind == "relation" and "age" not in json.dumps(entry.statement)
        # This ledger has what it said, as long as it is open.
        assert ledger.receipt(entry).verify(trust=ledger.log_key, allow_forgeable=True) == verdict
        with pytest.raises(InvalidTypeError, match="by name"):
            ledger.relate("bounds(all on age, 29, 58)", CSV)  # type: ignore[arg-type]
    with Ledger(tmp_path / "ledger", create=False) as again, pytest.raises(InvalidInputError) as raised:
        again.receipt(entry)
    assert raised.value.hint


def test_an_older_copy_of_the_store_is_gone_on_from_only_when_that_is_said(tmp_path: pathlib.Path) -> None:
    place = tmp_path / "ledger"
    with Ledger(place) as ledger:
        ledger.notarize_dataset(CSV, name="a", config=ATTESTED)
    shutil.copytree(place / "db", tmp_path / "older")
    with Ledger(place) as ledger:
        ledger.notarize_dataset(CSV, name="b", config=ATTESTED)
    shutil.rmtree(place / "db")
    shutil.copytree(tmp_path / "older", place / "db")
    with pytest.raises(LedgerError) as raised, Ledger(place) as ledger:
        ledger.notarize_dataset(CSV, name="c", config=ATTESTED)
    assert "accept_older_store=True" in (raised.value.hint or "")
    with Ledger(place, accept_older_store=True) as ledger:
        assert ledger.notarize_dataset(CSV, name="c", config=ATTESTED).entry.index == 1


def test_objects_show_what_they_are(proved: tuple[Ledger, Notarized, Receipt]) -> None:
    ledger, patients, receipt = proved
    shown: list[Any] = [ledger, patients, patients.entry, patients.history(), patients.profile(), receipt, receipt.verify(trust=ledger.log_key)]
    for one in shown:
        html = one._repr_html_()
        assert html.startswith("<div>") and html.count("<table>") >= 1 and "None" not in html
    assert "patients" in repr(patients) and "not verified" in repr(receipt) and "valid" in repr(shown[-1])
    with Ledger("memory:") as other:
        odd = other.notarize_dataset(b"<script>\n1\n", name="odd", config=ATTESTED)
        assert "<script>" not in odd._repr_html_() and "&lt;script&gt;" in odd._repr_html_()


def test_every_exception_is_exported_and_made_of_its_kind() -> None:
    classes = {cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, LedgerError)}
    assert {cls.__name__ for cls in classes} <= set(zkp_dataset_ledger.__all__)
    # Those that others are derived from have no kind of their own.
    for cls in classes - {errors.LedgerError, errors.VerificationError}:
        made = errors._of_kind(cls.kind, "it did not work", "try again")
        assert type(made) is cls and made.hint == "try again"


def test_a_ledger_is_not_pickled(attested: Ledger) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(attested)
    error = errors.InvalidInputError("no", hint="yes")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is errors.InvalidInputError and again.hint == "yes" and str(again) == str(error)


def test_a_store_that_is_held_elsewhere_is_busy(tmp_path: pathlib.Path) -> None:
    place = tmp_path / "ledger"
    Ledger(place).close()
    # Whoever has the lock of the store, as `zkl` has while it records.
    script = f"""
        import fcntl, sys
        lock = open({str(place / "db" / "LOCK")!r}, "r+")
        fcntl.lockf(lock, fcntl.LOCK_EX)
        print("held", flush=True)
        sys.stdin.read()
    """
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(BusyError):
            Ledger(place, wait=0.0)
    finally:
        holder.communicate("")
    Ledger(place).close()
