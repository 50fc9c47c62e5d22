"""The texts of claims that are built from objects."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from zkp_dataset_ledger import Claim, InvalidInputError, InvalidTypeError, Ledger, ProofConfig, ReadOptions, claims

TABLE = "a\"b,s'x,on,at,n,flag,m\n" + "".join(
    f"{i},{'uv'[i % 2]},2024-01-{i + 1:02},2024-01-{i + 1:02}T12:00:00,{i}.5,{'true' if i % 3 else 'false'},{i * i}\n" for i in range(20)
)
TEXTS = [
    (claims.rows() >= 20, "rows >= 20"),
    (claims.count('a"b') == 20, 'count("a\\"b") = 20'),
    (claims.nulls("n") <= "5%", 'nulls("n") <= 5%'),
    (claims.mean("n").between(0.5, Decimal("1E+2")), 'mean("n") between 0.5 and 100'),
    (claims.sum("n") > -1, 'sum("n") > -1'),
    (claims.var("n", sample=True) < 100, 'var_sample("n") < 100'),
    (claims.std("n") <= 10, 'std("n") <= 10'),
    (claims.std("n", sample=True) <= 10, 'std_sample("n") <= 10'),
    (claims.min("on") >= date(2024, 1, 1), 'min("on") >= 2024-01-01'),
    (
        claims.max("at") <= datetime(2024, 2, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        'max("at") <= 2024-02-01T00:00:00',
    ),
    (claims.values("n").between(0, 100), 'values("n") between 0 and 100'),
    (claims.range("n") <= 1e3, 'range("n") <= 1000.0'),
    (claims.share("s'x", "u") >= "40%", "share(\"s'x\" = 'u') >= 40%"),
    (claims.share("flag", True, over_all_rows=True) >= 0.5, 'share("flag" = true) >= 0.5 over all rows'),
    (
        claims.gap("flag", True, by="s'x", first="u", second="v") <= "50%",
        "gap(\"flag\" = true by \"s'x\": 'u', 'v') <= 50%",
    ),
    (claims.min_group("s'x", with_nulls=True) >= 5, "min_group(\"s'x\") >= 5 with nulls"),
    (claims.min_group("s'x", "flag") >= 1, 'min_group("s\'x", "flag") >= 1'),
    (claims.balance("flag") >= "0.1", 'balance("flag") >= 0.1'),
    (claims.corr("n", "m") >= 0.5, 'corr("n", "m") >= 0.5'),
]


def test_texts_are_as_written() -> None:
    for claim, text in TEXTS:
        assert str(claim) == text and claim == Claim(text) and hash(claim) == hash(Claim(text))


def test_the_ledger_understands_every_text() -> None:
    read = ReadOptions(joint=[("s'x", "flag")], product=[("n", "m")], columns={"flag": "bool"})
    with Ledger("memory:") as ledger:
        table = ledger.notarize_dataset(TABLE.encode(), name="t", config=ProofConfig.attested(read=read))
        for claim, text in TEXTS:
            assert table.evaluate(claim).holds, text


def test_names_with_odd_characters_are_escaped() -> None:
    assert str(claims.mean("a\u200bb\n\\") >= 1) == 'mean("a\\u{200b}b\\u{a}\\\\") >= 1'
    assert str(claims.share("größe", 'it\'s') >= 1) == "share(\"größe\" = 'it\\'s') >= 1"


def test_what_is_no_claim_is_refused() -> None:
    for nothing in (True, None, [1], b"1"):
        with pytest.raises(InvalidTypeError):
            claims.mean("x") >= nothing  # type: ignore[operator]
    for number in (float("nan"), float("inf")):
        with pytest.raises(InvalidInputError):
            claims.mean("x") >= number
    with pytest.raises(InvalidTypeError):
        claims.mean(7)  # type: ignore[arg-type]
    with pytest.raises(InvalidTypeError):
        claims.share("x", 1.5)  # type: ignore[arg-type]
    # `30 <= mean <= 60` would forget its first half.
    with pytest.raises(InvalidTypeError, match="not known"):
        assert 30 <= claims.mean("x") <= 60
