"""How tables are read and notarized."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Format = Literal["csv", "json", "ndjson", "parquet", "arrow", "arrow-stream", "avro", "xlsx", "ods"]


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How a table is read. What is not said is found out, and is in the entry."""

    format: Format | None = None
    """The format of a file."""
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
    delimiter: str | None = None
    """The character between cells of a CSV file."""
    quote: str | None = None
    """The character around cells of a CSV file."""
    header: bool = True
    """Whether the first row of a CSV file names the columns."""
    skip: int = 0
    """Lines before the table in a CSV file."""
    comment: str | None = None
    """The character that lines of comments begin with in a CSV file."""
    decimal_comma: bool = False
    """Whether numbers in a CSV file have a comma where others have a point."""
    dates: Literal["day_month_year", "month_day_year"] | None = None
    """How dates are read in a CSV file that are no ``YYYY-MM-DD``."""

    def _fields(self) -> dict[str, object]:
        return {
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
            "delimiter": self.delimiter,
            "quote": self.quote,
            "header": self.header,
            "skip": self.skip,
            "comment": self.comment,
            "decimal_comma": self.decimal_comma,
            "dates": self.dates,
        }


@dataclass(frozen=True, kw_only=True)
class ProofConfig:
    """What backs a notarization, and how it is proved."""

    proof: Literal["universal", "compact", "dev"] | None = None
    """The proof system. ``universal``, the default of a ledger: under the public reference string, without a setup for any circuit. ``compact``: the
    shortest proofs, with keys of ceremonies that were imported; refused where there are none. ``dev``: forgeable by anybody, for tests."""
    attest_only: bool = False
    """No proof over every row: the notary's signature alone stands for the profile."""
    privacy: Literal["private", "public"] = "private"
    """``private``: salted digests, with which nobody can test a guess of the file. ``public``: plain ones, by which whoever has it recognises it."""
    reference_string: str | None = None
    """Digest of an imported reference string to commit and prove under, instead of the public one."""
    read: ReadOptions = ReadOptions()
    """How the table is read."""

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
