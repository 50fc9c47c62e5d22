"""How tables are read and notarized."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from .errors import InvalidTypeError

ProofSystem = Literal["universal", "compact", "dev"]
"""``universal``, the default of a ledger: under the public reference string, without a setup for any circuit. ``compact``: the shortest proofs, with keys of
ceremonies that were imported; refused where there are none. ``dev``: forgeable by anybody, for tests."""
Format = Literal["csv", "json", "ndjson", "parquet", "arrow", "arrow-stream", "avro", "xlsx", "ods"]


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How a table is read. What is not said is found out, and is in the entry."""

    schema: str | os.PathLike[str] | None = None
    """A schema file (TOML or JSON) that the table must satisfy, as ``zkl schema`` writes it."""
    format: Format | None = None
    """The format of a file: from its name and first bytes, unless it is said."""
    sheet: str | None = None
    """The sheet of an Excel workbook, where several hold something."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Types of columns: ``bool``, ``int``, ``decimal(N)``, ``date``, ``timestamp(s|ms|us|ns)``, ``category``, ``text``."""
    round: Mapping[str, int] = field(default_factory=dict)
    """Digits after the point that numbers of a column keep; the rest is rounded."""
    hash: Sequence[str] = ()
    """Columns that are read as text and committed to by digests, as every column of text is: they can be compared and be keys of relations."""
    opaque: Sequence[str] = ()
    """Columns that are read as text of which only the missing values are committed to."""
    nulls: Sequence[str] | None = None
    """Texts that stand for null, in place of those of pandas."""
    nan_as_null: bool = False
    """Whether NaN is null instead of an error. Frames of pandas have null for it anyway."""
    joint: Sequence[tuple[str, str]] = ()
    """Pairs of columns (group, label) for claims about both: ``gap`` and ``min_group``."""
    product: Sequence[tuple[str, str]] = ()
    """Pairs of numeric columns for ``corr``."""
    redact: bool = False
    """Whether values of the table are kept out of errors and remarks, for those whose logs others read."""
    delimiter: str | None = None
    """The character between cells of a CSV file: the one of ``,`` ``;`` tab ``|`` that fits, unless it is said."""
    quote: str | None = None
    """The character around cells of a CSV file: ``"``, unless it is said."""
    header: bool = True
    """Whether the first row of a CSV file names the columns."""
    skip: int = 0
    """Lines before the table in a CSV file."""
    comment: str | None = None
    """The character that lines of comments begin with in a CSV file. Those before the table that begin with ``#`` are skipped anyway."""
    decimal_comma: bool = False
    """Whether numbers in a CSV file have a comma where others have a point."""
    dates: Literal["dmy", "mdy", "day_month_year", "month_day_year"] | None = None
    """How dates such as 1/2/2024 are read in a CSV file, which are text unless it is said: ``dmy`` or ``mdy``, or in full."""

    def __post_init__(self) -> None:
        texts = {"format": "csv", "sheet": "Sheet1", "delimiter": ";", "quote": "'", "comment": "#", "dates": "dmy"}
        for name, example in texts.items():
            _check(name, getattr(self, name), str | None, "a str", f'"{example}"')
        if self.schema is not None and not isinstance(self.schema, (str, os.PathLike)):
            raise InvalidTypeError(f"schema is the path of a file, not {type(self.schema).__name__}", hint="ReadOptions(columns=...) takes types")
        for name in ("header", "nan_as_null", "redact", "decimal_comma"):
            _check(name, getattr(self, name), bool, "True or False", "True")
        _check_count("skip", self.skip)
        _check_texts("hash", self.hash, "patient")
        _check_texts("opaque", self.opaque, "note")
        if self.nulls is not None:
            _check_texts("nulls", self.nulls, "n.a.")
        for name, ty, what, example in (("columns", str, "types", '{"age": "int"}'), ("round", int, "digits", '{"price": 2}')):
            pins = getattr(self, name)
            if not isinstance(pins, Mapping):
                raise InvalidTypeError(f"{name} is a mapping of columns to {what}, not {type(pins).__name__}", hint=f"{name}={example}")
            for column, pin in pins.items():
                if not isinstance(column, str) or not isinstance(pin, ty) or isinstance(pin, bool):
                    raise InvalidTypeError(f"{name} maps columns to {what}, and not {column!r} to {pin!r}", hint=f"{name}={example}")
        for name in ("joint", "product"):
            _check_pairs(name, getattr(self, name))

    def _fields(self) -> dict[str, object]:
        return {
            "schema": None if self.schema is None else os.fspath(self.schema),
            "format": self.format,
            "sheet": self.sheet,
            "columns": [list(pin) for pin in self.columns.items()],
            "round": [list(pin) for pin in self.round.items()],
            "hash": list(self.hash),
            "opaque": list(self.opaque),
            "nulls": None if self.nulls is None else list(self.nulls),
            "nan_as_null": self.nan_as_null,
            "joint": [list(pair) for pair in self.joint],
            "product": [list(pair) for pair in self.product],
            "redact": self.redact,
            "delimiter": self.delimiter,
            "quote": self.quote,
            "header": self.header,
            "skip": self.skip,
            "comment": self.comment,
            "decimal_comma": self.decimal_comma,
            "dates": self.dates,
        }


def _check(name: str, value: object, ty: object, what: str, example: str) -> None:
    if not isinstance(value, ty):  # type: ignore[arg-type]
        raise InvalidTypeError(f"{name} is {what}, not {type(value).__name__}", hint=f"for instance {name}={example}")


def _check_count(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        shown = value if isinstance(value, int) else type(value).__name__
        raise InvalidTypeError(f"{name} is a whole number from 0, not {shown}", hint=f"for instance {name}=1")


def _check_texts(name: str, value: object, example: str) -> None:
    # A str is a collection of strs, each of one character.
    if isinstance(value, str) or not isinstance(value, Collection) or not all(isinstance(text, str) for text in value):
        raise InvalidTypeError(f"{name} is a list of strs, not {value!r}", hint=f'for instance {name}=["{example}"]')


def _check_pairs(name: str, value: object) -> None:
    def is_pair(pair: object) -> bool:
        return isinstance(pair, (tuple, list)) and len(pair) == 2 and all(isinstance(column, str) for column in pair)

    if isinstance(value, str) or not isinstance(value, Collection) or not all(map(is_pair, value)):
        raise InvalidTypeError(f"{name} is a list of pairs of columns, not {value!r}", hint=f'for instance {name}=[("sex", "readmitted")]')


@dataclass(frozen=True, kw_only=True)
class ProofConfig:
    """What backs a notarization, and how it is proved."""

    proof: ProofSystem | None = None
    """The proof system, if not that of the ledger."""
    attest_only: bool = False
    """No proof over every row: the notary's signature alone stands for the profile."""
    privacy: Literal["private", "public"] = "private"
    """``private``: salted digests, with which nobody can test a guess of the file. ``public``: plain ones, by which whoever has it recognises it."""
    reference_string: str | None = None
    """Digest of an imported reference string to commit and prove under, instead of the public one."""
    read: ReadOptions = ReadOptions()
    """How the table is read."""

    def __post_init__(self) -> None:
        _check("proof", self.proof, str | None, "a str", '"universal"')
        _check("privacy", self.privacy, str, "a str", '"public"')
        _check("reference_string", self.reference_string, str | None, "a str", '"DIGEST"')
        _check("attest_only", self.attest_only, bool, "True or False", "True")
        if not isinstance(self.read, ReadOptions):
            raise InvalidTypeError(f"read is ReadOptions, not {type(self.read).__name__}", hint='read=ReadOptions(columns={"age": "int"})')

    @classmethod
    def high_security(cls, *, read: ReadOptions | None = None) -> ProofConfig:
        """A universal proof over every row, and salted digests.

        This is what a ledger does anyway, written down: there are no levels of security to choose from. Proofs rest on KZG in the algebraic group model over BN254
        (about 100 bits), on a public ceremony of which one participant was honest, and on no setup per circuit. docs/proof-system.md says it in full.
        """
        return cls(proof="universal", read=read or ReadOptions())

    @classmethod
    def attested(cls, *, read: ReadOptions | None = None) -> ProofConfig:
        """The notary's signature alone, without a proof over every row: faster, and only as good as the notary."""
        return cls(attest_only=True, read=read or ReadOptions())

    def _settings(self) -> str:
        return json.dumps(
            {
                "proof": self.proof,
                "attest_only": self.attest_only,
                "privacy": self.privacy,
                "reference_string": self.reference_string,
                "reading": self.read._fields(),
            }
        )
