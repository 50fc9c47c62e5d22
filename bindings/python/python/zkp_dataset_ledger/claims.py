"""Claims as objects. ``str()`` of one is the text that ``prove`` takes as well; docs/claims.md says what each means.

>>> from zkp_dataset_ledger import claims
>>> str(claims.mean("age").between(30, 60))
'mean("age") between 30 and 60'
>>> str(claims.share("species", "Adelie") >= "20%")
'share("species" = \\'Adelie\\') >= 20%'
"""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal

from .errors import InvalidInputError, InvalidTypeError

Bound = int | Decimal | float | str | date | datetime
"""A threshold: a number, a date, a time, or its text, as in ``"5%"``."""
Value = str | int | bool
"""A value of a column."""


class Claim:
    """A claim about a notarized table."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Claim({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Claim) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        raise InvalidTypeError(
            "whether a claim is true is not known before it is evaluated",
            hint="dataset.evaluate(claim).holds says so; for two limits write .between(low, high)",
        )


class Statistic:
    """A statistic of a table, to be compared with ``<=``, ``<``, ``>=``, ``>``, ``==`` or :meth:`between`."""

    __slots__ = ("_suffix", "_text")

    def __init__(self, text: str, suffix: str = "") -> None:
        self._text = text
        self._suffix = suffix

    def _is(self, comparison: str) -> Claim:
        return Claim(f"{self._text} {comparison}{self._suffix}")

    def between(self, low: Bound, high: Bound) -> Claim:
        """Both ends included."""
        return self._is(f"between {_bound(low)} and {_bound(high)}")

    def __le__(self, bound: Bound) -> Claim:
        return self._is(f"<= {_bound(bound)}")

    def __lt__(self, bound: Bound) -> Claim:
        return self._is(f"< {_bound(bound)}")

    def __ge__(self, bound: Bound) -> Claim:
        return self._is(f">= {_bound(bound)}")

    def __gt__(self, bound: Bound) -> Claim:
        return self._is(f"> {_bound(bound)}")

    def __eq__(self, bound: Bound) -> Claim:  # type: ignore[override]
        return self._is(f"= {_bound(bound)}")

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Statistic({self._text!r})"


def rows() -> Statistic:
    """Rows of the table."""
    return Statistic("rows")


def count(column: str) -> Statistic:
    """Values that are not null."""
    return _of("count", column)


def nulls(column: str) -> Statistic:
    """Nulls, or their part of the rows when the threshold is in percent."""
    return _of("nulls", column)


def mean(column: str) -> Statistic:
    """The mean of the values."""
    return _of("mean", column)


def sum(column: str) -> Statistic:  # noqa: A001
    """The sum of the values."""
    return _of("sum", column)


def var(column: str, *, sample: bool = False) -> Statistic:
    """The variance; with ``sample`` divided by one less than the number of values."""
    return _of("var_sample" if sample else "var", column)


def std(column: str, *, sample: bool = False) -> Statistic:
    """The standard deviation, the root of :func:`var`."""
    return _of("std_sample" if sample else "std", column)


def min(column: str) -> Statistic:  # noqa: A001
    """A limit that no value is below: with ``>=`` only."""
    return _of("min", column)


def max(column: str) -> Statistic:  # noqa: A001
    """A limit that no value is above: with ``<=`` only."""
    return _of("max", column)


def values(column: str) -> Statistic:
    """All values, to be between two limits."""
    return _of("values", column)


def range(column: str) -> Statistic:  # noqa: A001
    """The largest value less the smallest: with ``<=`` only."""
    return _of("range", column)


def share(column: str, value: Value, *, over_all_rows: bool = False) -> Statistic:
    """The part of the values that is ``value``; of all rows with ``over_all_rows``."""
    return Statistic(f"share({_name(column)} = {_value(value)})", " over all rows" if over_all_rows else "")


def gap(column: str, value: Value, *, by: str, first: Value, second: Value) -> Statistic:
    """How far the rates of ``value`` lie apart in two groups. The pair (by, column) is declared as ``joint`` when the table is notarized."""
    return Statistic(f"gap({_name(column)} = {_value(value)} by {_name(by)}: {_value(first)}, {_value(second)})")


def min_group(column: str, second: str | None = None, *, with_nulls: bool = False) -> Statistic:
    """Rows of the smallest group of equal values, in one column or in a pair that is declared as ``joint``."""
    names = _name(column) if second is None else f"{_name(column)}, {_name(second)}"
    return Statistic(f"min_group({names})", " with nulls" if with_nulls else "")


def balance(column: str) -> Statistic:
    """The smallest class over the largest."""
    return _of("balance", column)


def corr(first: str, second: str) -> Statistic:
    """Pearson's correlation of a pair that is declared as ``product``."""
    return Statistic(f"corr({_name(first)}, {_name(second)})")


def _of(statistic: str, column: str) -> Statistic:
    return Statistic(f"{statistic}({_name(column)})")


def _escaped(text: str, quote: str) -> str:
    def one(char: str) -> str:
        if char in ("\\", quote):
            return "\\" + char
        # What is not printed is written by its number.
        return char if char.isprintable() else f"\\u{{{ord(char):x}}}"

    return quote + "".join(map(one, text)) + quote


def _name(column: str) -> str:
    if not isinstance(column, str):
        raise InvalidTypeError(f"a column is named by a str, not by {type(column).__name__}", hint="for instance \"age\"")
    return _escaped(column, '"')


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _escaped(value, "'")
    raise InvalidTypeError(f"a value is a str, int or bool, not {type(value).__name__}", hint="pass it as it stands in the table")


def _bound(bound: Bound) -> str:
    if isinstance(bound, datetime):
        if bound.tzinfo is not None:
            bound = bound.astimezone(timezone.utc).replace(tzinfo=None)
        return bound.isoformat()
    if isinstance(bound, date):
        return bound.isoformat()
    if isinstance(bound, bool) or not isinstance(bound, (int, float, Decimal, str)):
        raise InvalidTypeError(f"a threshold is a number, a date or a text, not {type(bound).__name__}", hint='for instance 30 or "5%"')
    if isinstance(bound, str):
        return bound
    # The decimal that Python prints for a float, and no exponent.
    number = Decimal(repr(bound)) if isinstance(bound, float) else Decimal(bound)
    if not number.is_finite():
        raise InvalidInputError(f"{bound} is no threshold")
    return format(number, "f")
