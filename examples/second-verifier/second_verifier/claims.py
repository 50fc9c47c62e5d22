"""Claims: canonical text, matching to a layout, public inputs. verifying/claims.md."""

import json
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from hashlib import sha256
from math import ceil, floor, isqrt

from .data import characters
from .field import R, h2f
from .layout import UNITS, Column, Layout
from .refused import Refused, require
from .text import fields, items, string

COMPARISONS = {"at_most": "<=", "below": "<", "at_least": ">=", "above": ">", "equal": "=", "between": "between"}
FIELDS = {
    "rows": (),
    "count": ("column",),
    "nulls": ("column", "unit"),
    "mean": ("column",),
    "sum": ("column",),
    "variance": ("column", "estimator"),
    "std": ("column", "estimator"),
    "values": ("column",),
    "range": ("column",),
    "share": ("column", "value", "over"),
    "gap": ("column", "value", "by", "groups"),
    "min_group": ("columns", "nulls"),
    "balance": ("column",),
    "correlation": ("left", "right"),
}
CHOICES = {
    "unit": ("rows", "rate"),
    "estimator": ("population", "sample"),
    "over": ("valid_rows", "all_rows"),
    "nulls": ("excluded", "included"),
}


@dataclass(frozen=True)
class Decimal:
    """mantissa / 10^scale, in lowest terms."""

    mantissa: int
    scale: int

    @classmethod
    def new(cls, mantissa: int, scale: int) -> "Decimal":
        while scale > 0 and mantissa % 10 == 0:
            mantissa, scale = mantissa // 10, scale - 1
        require(scale <= 38 and abs(mantissa) < 10**38, "a number of more than 38 digits")
        return cls(mantissa, scale)

    @classmethod
    def read(cls, text: str) -> "Decimal":
        match = re.fullmatch(r"(-?)([0-9]+)(?:\.([0-9]+))?", text)
        require(match is not None, "not a number")
        whole, fraction = match[2].lstrip("0"), (match[3] or "").rstrip("0")
        require(len(whole) + len(fraction) <= 38, "a number of more than 38 digits")
        value = cls.new(int(match[1] + (whole + fraction or "0")), len(fraction))
        require(str(value) == text, "a number in another spelling")
        return value

    @property
    def exact(self) -> Fraction:
        return Fraction(self.mantissa, 10**self.scale)

    def __str__(self) -> str:
        digits = f"{abs(self.mantissa):0{self.scale + 1}d}"
        sign = "-" if self.mantissa < 0 else ""
        return sign + digits if self.scale == 0 else f"{sign}{digits[:-self.scale]}.{digits[-self.scale:]}"

    def percent(self) -> str:
        """A hundred times the value."""
        hundred = Decimal(self.mantissa * 10 ** max(0, 2 - self.scale), max(0, self.scale - 2))
        return f"{hundred}%"


@dataclass(frozen=True)
class Moment:
    """A date in days, or a timestamp in nanoseconds, since 1970-01-01."""

    is_date: bool
    count: int
    text: str

    @property
    def exact(self) -> Fraction:
        return Fraction(self.count)

    def __str__(self) -> str:
        return self.text


def _literal(text: str):
    if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII) is None:
        return Decimal.read(text)
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{0,8}[1-9]))?)?", text)
    require(match is not None, "not a date or timestamp in its one spelling")
    year, month, day = (int(match[i]) for i in (1, 2, 3))
    try:
        # The calendar here begins with year 1; 400 years are a cycle of 146,097 days.
        days = (date(year + 400, month, day) - date(1970, 1, 1)) // timedelta(days=1) - 146_097
    except ValueError:
        # Beyond 9999 - 400 years.
        try:
            days = (date(year, month, day) - date(1970, 1, 1)) // timedelta(days=1)
        except ValueError as error:
            raise Refused("no such date") from error
    if match[4] is None:
        return Moment(True, days, text)
    hour, minute, second = (int(match[i]) for i in (4, 5, 6))
    require(hour < 24 and minute < 60 and second < 60, "no such time")
    nanoseconds = int((match[7] or "").ljust(9, "0"))
    return Moment(False, (days * 86_400 + hour * 3_600 + minute * 60 + second) * 10**9 + nanoseconds, text)


@dataclass(frozen=True)
class Claim:
    kind: str
    parts: dict
    comparison: str
    ends: tuple

    @classmethod
    def read(cls, value) -> "Claim":
        require(isinstance(value, dict) and value.get("claim") in FIELDS, "not a claim")
        kind = value["claim"]
        parts = dict(fields(value, "claim", *FIELDS[kind], "is"))
        for name in FIELDS[kind]:
            if name in CHOICES:
                require(parts[name] in CHOICES[name], f"{name} of a claim")
            elif name == "groups":
                require(len([string(group) for group in items(parts[name])]) == 2, "groups of a claim")
            elif name == "columns":
                [string(column) for column in items(parts[name])]
            else:
                string(parts[name])
        [(comparison, threshold)] = fields(parts["is"], *list(parts["is"])[:1]).items() if parts["is"] else [("", "")]
        allowed = ("at_most", "below") if kind == "range" else tuple(COMPARISONS)
        require(comparison in allowed, "not a comparison")
        texts = items(threshold) if comparison == "between" else [threshold]
        require(len(texts) == (2 if comparison == "between" else 1), "not two thresholds")
        read = _literal if kind == "values" else Decimal.read
        return cls(kind, parts, comparison, tuple(read(string(text)) for text in texts))

    def columns(self) -> list[str]:
        names = {"rows": (), "gap": ("column", "by"), "correlation": ("left", "right")}.get(self.kind, ("column",))
        return list(self.parts["columns"]) if self.kind == "min_group" else [self.parts[name] for name in names]

    def values(self) -> list[str]:
        own = [self.parts["value"]] if self.kind in ("share", "gap") else []
        return own + (self.parts["groups"] if self.kind == "gap" else [])

    def text(self, version: int) -> str:
        """The canonical text."""
        parts, kind = self.parts, self.kind
        percent = kind in ("share", "gap") or parts.get("unit") == "rate"
        ends = [end.percent() if percent else str(end) for end in self.ends]
        sign = COMPARISONS[self.comparison]
        comparison = f"between {ends[0]} and {ends[1]}" if self.comparison == "between" else f"{sign} {ends[0]}"
        names = ", ".join(_name(name, version) for name in self.columns())
        if kind == "rows":
            return f"rows {comparison}"
        if kind == "share":
            whole = " over all rows" if parts["over"] == "all_rows" else ""
            value = _quoted(parts["value"], "'", version)
            return f"share({names} = {value}) {comparison}{whole}"
        if kind == "gap":
            column, by = (_name(name, version) for name in self.columns())
            value, first, second = (_quoted(value, "'", version) for value in self.values())
            return f"gap({column} = {value} by {by}: {first}, {second}) {comparison}"
        function = {"variance": "var", "correlation": "corr"}.get(kind, kind)
        if parts.get("estimator") == "sample":
            function += "_sample"
        if kind == "values":
            function = {"at_least": "min", "above": "min", "at_most": "max", "below": "max"}.get(self.comparison, kind)
        with_nulls = " with nulls" if kind == "min_group" and parts["nulls"] == "included" else ""
        return f"{function}({names}) {comparison}{with_nulls}"


@cache
def _set(name: str) -> frozenset[int]:
    return frozenset(code for first, last in characters()[name] for code in range(first, last + 1))


KEYWORDS = "all and between by false in nulls over rows true valid with".split()


def _name(name: str, version: int) -> str:
    if version == 2:
        bare = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None and name.lower() not in KEYWORDS
    else:
        letters, numbers = _set("letters"), _set("numbers")
        kinds = [c == "_" or ord(c) in letters for c in name]
        bare = kinds[:1] == [True] and all(kind or ord(c) in numbers for kind, c in zip(kinds, name))
    return name if bare else _quoted(name, '"', version)


def _quoted(text: str, quote: str, version: int) -> str:
    hidden = _set("hidden") if version == 2 else _set("controls") | _set("hidden_before")
    escapes = {"\n": "\\n", "\r": "\\r", "\t": "\\t", quote: "\\" + quote, "\\": "\\\\"}
    return quote + "".join(escapes.get(c) or (f"\\u{{{ord(c):x}}}" if ord(c) in hidden else c) for c in text) + quote


def context(claim: Claim, version: int, entry: bytes, notary: bytes, nonce: bytes) -> int:
    text = sha256(claim.text(version).encode()).digest()
    return h2f(f"zkl/claim/v{version}/context", text + entry + notary + nonce)


# Matching a claim to a layout.


def _moved(claim: Claim, layout: Layout) -> Claim:
    """The claim with its thresholds moved inwards, where its column was rounded."""
    kinds = ("mean", "sum", "values", "range", "variance", "std")
    position = layout.position(claim.parts["column"]) if claim.kind in kinds else None
    rounding = None if position is None else layout.columns[position].rounding
    if rounding is None or (claim.kind == "values" and not all(isinstance(end, Decimal) for end in claim.ends)):
        return claim
    (mantissa, scale), kind = rounding, claim.kind
    times = {"sum": layout.rows, "range": 2}.get(kind, 1)
    if kind in ("variance", "std") and claim.parts["estimator"] == "sample":
        times, scale = 15, scale + 1
    error = mantissa * times

    def shifted(t: Decimal, sign: int) -> Decimal:
        digits = max(scale, t.scale)
        moved = t.mantissa * 10 ** (digits - t.scale) + sign * error * 10 ** (digits - scale)
        return Decimal.new(moved, digits)

    def squared(t: Decimal, sign: int) -> Decimal:
        if t.mantissa < 0:
            root, digits = 0, scale
        else:
            digits = max(scale, (t.scale + 1) // 2)
            square = t.mantissa * 10 ** (2 * digits - t.scale)
            root = isqrt(square)
            root += sign > 0 and root * root != square
        moved = root + sign * error * 10 ** (digits - scale)
        return Decimal.new(moved * abs(moved), 2 * digits)

    def end(t: Decimal, sign: int) -> Decimal:
        if kind == "variance":
            return squared(t, sign)
        moved = shifted(t, sign)
        closer = kind in ("range", "std") and sign < 0 and moved.mantissa < 0 <= t.mantissa
        require(not closer, "a threshold within the rounding")
        return moved

    require(claim.comparison != "equal", "an equality about rounded values")
    if claim.comparison == "between":
        if claim.ends[0].exact > claim.ends[1].exact:
            return claim
        ends = end(claim.ends[0], 1), end(claim.ends[1], -1)
        require(ends[0].exact <= ends[1].exact, "a range within the rounding")
    else:
        ends = (end(claim.ends[0], 1 if claim.comparison in ("at_least", "above") else -1),)
    return replace(claim, ends=ends)


@dataclass(frozen=True)
class Bound:
    numerator: int
    denominator: int
    strict: bool

    def inputs(self) -> list[int]:
        return [self.numerator, self.denominator, int(self.strict)]


def _sides(claim: Claim, ends) -> tuple:
    """(value, strict) of the lower and of the upper end, None for one that is not there."""
    strict = claim.comparison in ("below", "above")
    if claim.comparison in ("equal", "between"):
        return (ends[0], False), (ends[-1], False)
    only = (ends[0], strict)
    return (only, None) if claim.comparison in ("at_least", "above") else (None, only)


def _bounds(claim: Claim, ends: list[Fraction], per_one: int, width: tuple[int, int]) -> tuple[Bound | None, Bound | None]:
    require(claim.comparison != "between" or ends[0] <= ends[1], "an empty range")

    def bound(side):
        if side is None:
            return None
        value = side[0] * per_one
        fits = abs(value.numerator) < 1 << width[0] and value.denominator < 1 << width[1]
        require(fits, "a threshold that the circuit does not hold")
        return Bound(value.numerator, value.denominator, side[1])

    lower, upper = _sides(claim, ends)
    return bound(lower), bound(upper)


WIDE, NARROW = (127, 56), (56, 56)


def _range(bounds) -> list[int]:
    return [value for bound in bounds for value in (bound.inputs() if bound else [0, 0, 0])]


def value_digest(column: Column, value: str) -> int:
    require(column.type != "bool" or value in ("true", "false"), "not a truth value")
    return h2f("zkl/seal/v1/value", column.type.encode() + b"\0" + value.encode())


def statement(claim: Claim, layout: Layout) -> tuple[str, list[int]]:
    """Circuit, and public inputs after the layout digest."""
    longest = max((len(text.encode()) for text in claim.columns() + claim.values()), default=0)
    require(longest <= 4096, "a name or value is too long")
    claim = _moved(claim, layout)
    kind, parts = claim.kind, claim.parts
    exact = [end.exact for end in claim.ends]

    def column(name: str) -> tuple[int, Column]:
        position = layout.position(name)
        require(position is not None, f"there is no column {json.dumps(name)}")
        return position, layout.columns[position]

    def quantity(name: str) -> tuple[int, Column]:
        found = column(name)
        require(found[1].is_quantity, "a column of another type")
        return found

    def category(name: str) -> tuple[int, Column]:
        found = column(name)
        require(found[1].encoding == "category", "a column of another encoding")
        return found

    def pair(of: str, a: int, b: int) -> tuple[int, bool]:
        """Index of the record, and whether it was declared in this order."""
        for straight, wanted in ((True, (of, a, b)), (False, (of, b, a))):
            for position, own in enumerate(layout.pairs):
                if (own.kind, own.first, own.second) == wanted:
                    return 1 + len(layout.columns) + position, straight
        raise Refused("a pair that was not declared")

    def whole():
        require(all(value.denominator == 1 for value in exact), "not a number of rows")
        return _bounds(claim, exact, 1, WIDE)

    def within(low: int, high: int | None):
        require(all(low <= value and (high is None or value <= high) for value in exact), "a threshold outside of its range")

    def rate(low: int = 0):
        within(low, 1)
        return _bounds(claim, exact, 1, NARROW)

    if kind == "rows":
        return "rows", _range(whole())
    if kind == "count":
        return "count", [1 + column(parts["column"])[0], *_range(whole())]
    if kind == "nulls":
        is_rate = parts["unit"] == "rate"
        return "nulls", [1 + column(parts["column"])[0], int(is_rate), *_range(rate() if is_rate else whole())]
    if kind in ("mean", "sum", "range"):
        position, own = quantity(parts["column"])
        return kind, [1 + position, *_range(_bounds(claim, exact, own.per_one, WIDE))]
    if kind in ("variance", "std"):
        position, own = quantity(parts["column"])
        if kind == "std":
            within(0, None)
            squares = [Decimal.new(end.mantissa**2, 2 * end.scale) for end in claim.ends]
            exact = [square.exact for square in squares]
        sample = int(parts["estimator"] == "sample")
        return "variance", [1 + position, sample, *_range(_bounds(claim, exact, own.per_one**2, WIDE))]
    if kind == "values":
        position, own = column(parts["column"])
        require(own.encoding == "numeric", "a column of another encoding")
        ends = [_in_units(end, own) for end in claim.ends]
        require(claim.comparison != "between" or ends[0] <= ends[1], "an empty range")
        lower, upper = _sides(claim, ends)
        inputs = [1 + position]
        limit = 1 << 65
        for side, integer in ((lower, lambda t, strict: floor(t) + 1 if strict else ceil(t)),
                              (upper, lambda t, strict: ceil(t) - 1 if strict else floor(t))):
            t, strict = side or (0, False)
            require(abs(integer(t, strict)) <= limit, "a threshold that the circuit does not hold")
            committed = integer(t * 2**own.fraction_bits, strict)
            inputs += [int(side is not None), max(-limit, min(limit, committed))]
        return "values", inputs
    if kind == "share":
        position, own = category(parts["column"])
        inputs = [1 + position, value_digest(own, parts["value"]), int(parts["over"] == "all_rows")]
        return f"share-{own.size}", [*inputs, *_range(rate())]
    if kind == "gap":
        require(parts["column"] != parts["by"] and parts["groups"][0] != parts["groups"][1], "a gap between one and itself")
        (label, labels), (group, groups) = category(parts["column"]), category(parts["by"])
        record, straight = pair("joint", group, label)
        digests = [value_digest(labels, parts["value"]), *(value_digest(groups, value) for value in parts["groups"])]
        circuit = f"gap-{groups.size}x{labels.size}" + ("" if straight else "-label-first")
        return circuit, [record, 1 + group, 1 + label, *digests, *_range(rate())]
    if kind == "min_group":
        require(claim.comparison in ("at_least", "above"), "a smallest group is bounded from below")
        bound = whole()[0]
        least = max(bound.numerator + bound.strict, 0)
        require(least < 1 << 32, "a threshold that the circuit does not hold")
        rest = [least, int(parts["nulls"] == "included")]
        names = claim.columns()
        if len(names) == 1:
            position, own = column(names[0])
            require(own.encoding in ("category", "grouped"), "a column of another encoding")
            return f"min-group-{own.size if own.encoding == 'category' else 'large'}", [1 + position, *rest]
        require(len(names) == 2 and names[0] != names[1], "one or two different columns")
        (a, of_a), (b, of_b) = category(names[0]), category(names[1])
        record, straight = pair("joint", a, b)
        first, second = (of_a, of_b) if straight else (of_b, of_a)
        return f"min-group-{first.size}x{second.size}", [record, *rest]
    if kind == "balance":
        require(claim.comparison in ("at_least", "above"), "a balance is bounded from below")
        position, own = category(parts["column"])
        return f"balance-{own.size}", [1 + position, *rate()[0].inputs()]
    require(parts["left"] != parts["right"], "a correlation of a column with itself")
    record, _ = pair("product", quantity(parts["left"])[0], quantity(parts["right"])[0])
    inputs = [record]
    for bound, upper in zip(rate(-1), (False, True)):
        a, b, strict = bound.inputs() if bound else (0, 0, 0)
        below, above = min(a, 0), max(a, 0)
        inputs += [above, below, b, strict] if upper else [below, above, b, strict]
    return "correlation", inputs


def _in_units(end, column: Column) -> Fraction:
    if isinstance(end, Decimal):
        require(column.is_quantity, "a threshold of another type")
        return end.exact * 10**column.scale
    if end.is_date:
        require(column.type == "date", "a threshold of another type")
        return end.exact
    require(column.is_time, "a threshold of another type")
    return end.exact * UNITS[column.type[10:-1]] / 10**9


def public_inputs(claim: Claim, layout: Layout, seal: int, ctx: int) -> tuple[str, list[int]]:
    name, own = statement(claim, layout)
    return f"claim/{name}@1", [value % R for value in (seal, ctx, layout.digest, *own)]
