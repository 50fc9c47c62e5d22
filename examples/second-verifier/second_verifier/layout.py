"""Manifests and layouts: formats.md#manifest, verifying/log.md#what-each-kind-must-hold, seal.md#layout-digest."""

import re
from dataclasses import dataclass, field
from functools import cached_property

from .field import elements, h2f, poseidon
from .refused import require
from .text import fields, integer, items, string

UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
CAPACITIES = (4, 16, 64, 256)
JOINTS = (16, 64, 256)
TEXT = ("opaque", "hashed")
# Of a digest, 16 bits each.
PARTS = 8


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    nullable: bool
    encoding: str
    size: int
    rounding: tuple[int, int] | None = None
    fraction_bits: int = 0

    @property
    def scale(self) -> int:
        return int(self.type[8:-1]) if self.type.startswith("decimal") else 0

    @property
    def per_one(self) -> int:
        """Committed integers count this many to 1."""
        return 10**self.scale << self.fraction_bits

    @property
    def is_quantity(self) -> bool:
        return self.type == "int" or self.type.startswith("decimal")

    @property
    def is_time(self) -> bool:
        return self.type.startswith("timestamp")


@dataclass(frozen=True)
class Pair:
    kind: str
    first: int
    second: int


@dataclass(frozen=True)
class Layout:
    rows: int
    columns: tuple[Column, ...]
    pairs: tuple[Pair, ...] = field(default=())

    def position(self, name: str) -> int | None:
        return next((i for i, column in enumerate(self.columns) if column.name == name), None)

    def with_rows(self, rows: int) -> "Layout":
        return self if rows == self.rows else Layout(rows, self.columns, self.pairs)

    @cached_property
    def vector(self) -> list[int]:
        vector = [1, self.rows, len(self.columns), len(self.pairs)]
        for column in self.columns:
            code, parameter = _type_code(column)
            encoding = ("numeric", "category", "grouped", "opaque", "hashed").index(column.encoding) + 1
            packed = code | parameter << 8 | column.nullable << 16 | encoding << 24 | column.size << 32
            packed |= column.fraction_bits << 40
            vector += [h2f("zkl/seal/v1/column-name", column.name.encode()), packed]
        for pair in self.pairs:
            vector.append((1 if pair.kind == "joint" else 2) | pair.first << 8 | pair.second << 40)
        return vector

    @cached_property
    def digest(self) -> int:
        return poseidon("zkl/seal/v1/layout", self.vector)

    @cached_property
    def bytes(self) -> bytes:
        return elements(self.vector)


def _type_code(column: Column) -> tuple[int, int]:
    if column.scale:
        return 2, column.scale
    if column.is_time:
        return 4, list(UNITS).index(column.type[10:-1])
    return {"bool": 0, "int": 1, "date": 3, "category": 5, "text": 6}[column.type], 0


def read_manifest(value) -> Layout:
    """The layout of a manifest, which has exactly what its version has."""
    require(isinstance(value, dict) and value.get("version") in (1, 2), "not a manifest")
    version = integer(value["version"])
    fields(value, *(("version", "layout") if version == 1 else ("version", "layout", "notes")))
    layout = fields(value["layout"], "rows", "columns", "pairs")
    rows = integer(layout["rows"], 1 << 32)
    columns = tuple(_column(column, version) for column in items(layout["columns"]))
    require(rows > 0 and columns != (), "a table without rows or columns")
    require(len({column.name for column in columns}) == len(columns), "two columns of one name")
    pairs = tuple(_pair(pair, columns) for pair in items(layout["pairs"]))
    require(len(set(pairs)) == len(pairs), "a pair stands twice")
    require(len(columns) + len(pairs) <= 1023, "too many columns and pairs")
    for note in items(value["notes"]) if version == 2 else ():
        fields(note, "code", "column", "count", optional=("column", "count"))
        require(re.fullmatch(r"[a-z0-9_]{1,64}", string(note["code"])) is not None, "the code of a note")
        require("column" not in note or integer(note["column"], 1 << 32) < len(columns), "a note about no column")
        require("count" not in note or integer(note["count"]) >= 0, "the count of a note")
    return Layout(rows, columns, pairs)


def _column(value, version: int) -> Column:
    later = ("fraction_bits", "rounding", "zone")
    fields(value, "name", "type", "nullable", "encoding", *later, optional=later)
    require(version == 2 or not any(name in value for name in later), "a field of a later version")
    kind = string(value["type"])
    decimal = re.fullmatch(r"decimal\(([1-9]|1[0-8])\)", kind)
    time = re.fullmatch(r"timestamp\((s|ms|us|ns)\)", kind)
    require(decimal or time or kind in ("bool", "int", "date", "category", "text"), "not a type")
    require(isinstance(value["nullable"], bool), "not a truth value")
    encoding, size = _encoding(value["encoding"], kind)
    fraction_bits = 0
    if "fraction_bits" in value:
        fraction_bits = integer(value["fraction_bits"])
        require(encoding == "numeric" and size > 1 and 1 <= fraction_bits <= 15, "fraction bits of another column")
    rounding = None
    if "rounding" in value:
        require(decimal or kind == "int", "rounding of what is no number")
        rounding = _error(string(fields(value["rounding"], "error")["error"]))
    if "zone" in value:
        require(time and value["zone"] in ("naive", "utc"), "not a zone")
    return Column(string(value["name"]), kind, value["nullable"], encoding, size, rounding, fraction_bits)


def _encoding(value, kind: str) -> tuple[str, int]:
    require(isinstance(value, dict), "not an encoding")
    name = value.get("kind")
    if name == "numeric":
        limbs = integer(fields(value, "kind", "limbs")["limbs"])
        require(kind not in ("bool", "category", "text") and 1 <= limbs <= 4, "an encoding of another type")
        return name, limbs
    if name in ("category", "grouped"):
        capacity = integer(fields(value, "kind", "capacity")["capacity"])
        small = name == "category"
        large = capacity.bit_count() == 1 and 512 <= capacity <= 65536
        require(kind in (("bool", "category") if small else ("category",)), "an encoding of another type")
        require(capacity in CAPACITIES if small else large, "not a capacity")
        return name, capacity
    fields(value, "kind")
    require(name in TEXT and kind == "text", "an encoding of another type")
    return name, 0 if name == "opaque" else PARTS


def _pair(value, columns) -> Pair:
    require(isinstance(value, dict), "not a pair")
    kind = value.get("kind")
    require(kind in ("joint", "product"), "not a pair")
    names = ("group", "label") if kind == "joint" else ("left", "right")
    fields(value, "kind", *names)
    first, second = (integer(value[name], 1 << 32) for name in names)
    require(first != second and max(first, second) < len(columns), "a pair of other columns")
    a, b = columns[first], columns[second]
    if kind == "joint":
        require(a.encoding == b.encoding == "category" and a.size * b.size <= 256, "a joint pair of other columns")
    else:
        require(a.is_quantity and b.is_quantity, "a product of other columns")
    return Pair(kind, first, second)


def _error(text: str) -> tuple[int, int]:
    """Mantissa and digits after the point of a positive decimal in its one spelling."""
    match = re.fullmatch(r"(0|[1-9][0-9]*)(?:\.([0-9]*[1-9]))?", text)
    require(match is not None, "not the error of a rounding")
    fraction = match[2] or ""
    mantissa = int(match[1] + fraction)
    require(0 < mantissa < 1 << 64 and len(fraction) <= 19, "not the error of a rounding")
    return mantissa, len(fraction)
