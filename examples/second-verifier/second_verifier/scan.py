"""What follows from a layout, and scan proofs: verifying/scan.md."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from .curve import add_points, read_point, write_point
from .field import R, element, eq_table, h2f, le, merkle_root, poseidon, read_element, record_root, u32, u64
from .layout import CAPACITIES, JOINTS, TEXT, Column, Layout, Pair
from .refused import require
from .universal import Link, String


@dataclass(frozen=True)
class Slots:
    limbs: int
    numeric: int
    opaque: int
    categories: tuple[int, int, int, int]
    joints: tuple[int, int, int]
    grouped: int
    products: int

    @classmethod
    def needed(cls, layout: Layout) -> "Slots":
        columns = layout.columns
        sizes = [own.size for own in columns if own.encoding == "category"]
        cells = [columns[pair.first].size * columns[pair.second].size for pair in layout.pairs if pair.kind == "joint"]
        numeric = [own.size for own in columns if own.encoding == "numeric"]
        return cls(
            sum(numeric),
            len(numeric),
            sum(own.encoding in TEXT for own in columns),
            tuple(map(sizes.count, CAPACITIES)),
            tuple(map(cells.count, JOINTS)),
            sum(own.encoding == "grouped" for own in columns),
            sum(pair.kind == "product" for pair in layout.pairs),
        )

    @property
    def counts(self) -> tuple[int, ...]:
        return self.limbs, self.numeric, self.opaque, *self.categories, *self.joints, self.grouped, self.products

    @property
    def joint_sizes(self) -> list[int]:
        return [size for size, count in zip(JOINTS, self.joints) for _ in range(count)]

    @property
    def records(self) -> int:
        return sum(self.counts) - self.limbs

    @property
    def blocks(self) -> int:
        tables = self.grouped + (self.limbs + self.numeric + self.grouped > 0)
        return self.limbs + self.numeric + sum(self.categories) + sum(self.joints) + 3 * self.grouped + tables

    def derivable(self, wide: bool) -> bool:
        """Whether a verifier makes the circuits' keys; `wide` are universal ones of a table of one segment."""
        cells = sum(size * count for size, count in zip(CAPACITIES + JOINTS, self.categories + self.joints))
        records, blocks, most = (512, 1024, 16384) if wide else (128, 128, 4096)
        return self.records <= records and self.blocks <= blocks and cells <= most

    def text(self) -> str:
        categories, joints = ("-".join(map(str, own)) for own in (self.categories, self.joints))
        return f"n{self.numeric}-o{self.opaque}-c{categories}-j{joints}-g{self.grouped}-p{self.products}"


STANDARD = (
    Slots(6, 3, 2, (2, 1, 0, 0), (1, 1, 0), 0, 1),
    Slots(11, 7, 4, (3, 3, 1, 0), (1, 1, 0), 1, 1),
    Slots(26, 12, 8, (8, 4, 2, 2), (2, 1, 0), 1, 2),
    Slots(40, 16, 8, (8, 6, 3, 2), (3, 2, 1), 2, 4),
)


def pack(fields: list[tuple[int, int]]) -> list[int]:
    """(value, bits) into words of 252 bits."""
    words, used = [], 252
    for value, bits in fields:
        if used + bits > 252:
            words.append(0)
            used = 0
        words[-1] |= value << used
        used += bits
    return words


class Part:
    """A segment, or the scan over dictionaries: a layout in the slots of a shape."""

    def __init__(self, layout: Layout, slots: Slots | None = None):
        self.layout = layout
        self.mu = max(16, (layout.rows - 1).bit_length())
        needed = Slots.needed(layout)
        fitting = (own for own in STANDARD if all(a >= b for a, b in zip(own.counts, needed.counts)))
        self.slots = slots or next(fitting, needed)
        self.groups = 1 << self.mu - 16
        self.nu = max(2, max(self.slots.blocks - 1, 0).bit_length())
        self.circuit = f"scan/{self.mu}-l{self.slots.limbs}-{self.slots.text()}@1"

    @cached_property
    def cells(self) -> list[tuple]:
        cells = []
        for position, column in enumerate(self.layout.columns):
            if column.encoding == "numeric":
                cells += [("limb", position, limb) for limb in range(column.size)]
            elif column.encoding == "category":
                cells.append(("code", position))
            elif column.encoding == "grouped":
                cells += [(name, position) for name in ("code", "multiplicity", "low", "high")]
            if column.nullable and column.encoding in ("numeric", *TEXT):
                cells.append(("valid", position))
            if column.encoding == "hashed":
                # In no block and no value: their weights are 0.
                cells += [("digest", position, part) for part in range(column.size)]
        if any(column.encoding in ("numeric", "grouped") for column in self.layout.columns):
            cells.append(("limbs",))
        return cells

    def _columns(self, encoding: str | tuple[str, ...], size: int | None, count: int) -> list[int | None]:
        """Positions of columns in the slots of a kind."""
        encodings = (encoding,) if isinstance(encoding, str) else encoding
        all_columns = enumerate(self.layout.columns)
        own = [i for i, column in all_columns if column.encoding in encodings and size in (None, column.size)]
        return own + [None] * (count - len(own))

    def _pairs(self, kind: str, size: int | None, count: int) -> list[int | None]:
        columns = self.layout.columns

        def fits(pair):
            return pair.kind == kind and size in (None, columns[pair.first].size * columns[pair.second].size)

        own = [i for i, pair in enumerate(self.layout.pairs) if fits(pair)]
        return own + [None] * (count - len(own))

    @cached_property
    def placed(self) -> dict[str, list[int | None]]:
        slots = self.slots
        category = [self._columns("category", size, count) for size, count in zip(CAPACITIES, slots.categories)]
        joint = [self._pairs("joint", size, count) for size, count in zip(JOINTS, slots.joints)]
        return {
            "numeric": self._columns("numeric", None, slots.numeric),
            "opaque": self._columns(TEXT, None, slots.opaque),
            "category": sum(category, []),
            "joint": sum(joint, []),
            "grouped": self._columns("grouped", None, slots.grouped),
            "product": self._pairs("product", None, slots.products),
        }

    def _form(self, *terms) -> dict[int, int]:
        """(cell, coefficient), for cells that exist."""
        return {self.cells.index(cell): coefficient for cell, coefficient in terms if cell in self.cells}

    @cached_property
    def blocks(self) -> list[tuple[bool, dict[int, int]]]:
        """Whether the block is a table, and its form."""
        columns, placed = self.layout.columns, self.placed

        def form(position, *terms):
            return (False, {} if position is None else self._form(*terms))

        limbs = [cell for cell in self.cells if cell[0] == "limb"]
        blocks = [(False, self._form((cell, 1))) for cell in limbs]
        blocks += [(False, {})] * (self.slots.limbs - len(limbs))
        for i in placed["numeric"]:
            blocks.append(form(i, *([(("limb", i, columns[i].size - 1), -1)] if i is not None else ())))
        blocks += [form(i, (("code", i), 1)) for i in placed["category"]]
        for p in placed["joint"]:
            pair = self.layout.pairs[p] if p is not None else None
            terms = [(("code", pair.first), columns[pair.second].size), (("code", pair.second), 1)] if pair else ()
            blocks.append(form(p, *terms))
        for name in ("code", "low", "high"):
            blocks += [form(i, ((name, i), 1)) for i in placed["grouped"]]
        if self.slots.limbs + self.slots.numeric + self.slots.grouped > 0:
            blocks.append((True, self._form((("limbs",), 1))))
        blocks += [(True, form(i, (("multiplicity", i), 1))[1]) for i in placed["grouped"]]
        return blocks

    def _number(self, position: int) -> dict[int, int]:
        limbs = range(self.layout.columns[position].size)
        return self._form(*((("limb", position, limb), 1 << 16 * limb) for limb in limbs))

    @cached_property
    def values(self) -> list[dict[int, int]]:
        placed = self.placed
        values = []
        for i in placed["numeric"]:
            values += [{}, {}] if i is None else [self._number(i), self._form((("valid", i), 1))]
        values += [{} if i is None else self._form((("valid", i), 1)) for i in placed["opaque"]]
        for i in placed["grouped"]:
            rest = self._form((("low", i), 1), (("high", i), 1 << 16))
            values += [{}, {}] if i is None else [self._form((("multiplicity", i), 1)), rest]
        for p in placed["product"]:
            if p is None:
                values += [{}] * 4
            else:
                both = self.layout.pairs[p].first, self.layout.pairs[p].second
                values += [*map(self._number, both), *(self._form((("valid", i), 1)) for i in both)]
        return values

    @property
    def places(self) -> list[tuple[int, int]]:
        bits = min(10, self.slots.records.bit_length())
        fields = []
        for kind in ("numeric", "opaque", "category", "joint", "grouped", "product"):
            before = 1 + (len(self.layout.columns) if kind in ("joint", "product") else 0)
            for own in self.placed[kind]:
                fields += [(int(own is not None), 1), (0 if own is None else before + own, bits)]
        return fields

    @cached_property
    def lay_words(self) -> list[int]:
        columns, placed = self.layout.columns, self.placed

        def flags(slots, test=lambda i: True):
            return [(int(i is not None and test(i)), 1) for i in slots]

        def full(i):
            return not columns[i].nullable

        limbs = sum(column.size for column in columns if column.encoding == "numeric")
        fields = [(int(slot < limbs), 1) for slot in range(self.slots.limbs)]
        fields += flags(placed["numeric"]) + flags(placed["numeric"], full) + flags(placed["opaque"], full)
        fields += flags(placed["category"]) + flags(placed["category"], full) + flags(placed["joint"])
        fields += flags(placed["grouped"]) + flags(placed["grouped"], full)
        fields += [(0 if i is None else columns[i].size - 1, 16) for i in placed["grouped"]]
        fields += flags(placed["product"], lambda p: full(self.layout.pairs[p].first))
        fields += flags(placed["product"], lambda p: full(self.layout.pairs[p].second))
        fields += [(0 if i is None else columns[i].size - 1, 2) for i in placed["numeric"]]
        for p, size in zip(placed["joint"], self.slots.joint_sizes, strict=True):
            label = None if p is None else columns[self.layout.pairs[p].second].size
            fields += [(int(c == label), 1) for c in CAPACITIES if size % c == 0 and size // c in CAPACITIES]
        return pack(fields + self.places)

    @property
    def lay(self) -> int:
        return poseidon("zkl/scan/lay/v1", [self.layout.digest, *self.lay_words])

    def weights(self, z: list[int], beta: int, eta: int) -> list[int]:
        weights = [0] * len(self.cells)
        for (table, form), own in zip(self.blocks, eq_table(z)):
            for cell, coefficient in form.items():
                weights[cell] += own * (1 if table else beta) * coefficient
        power = 1
        for form in self.values:
            power = power * eta % R
            for cell, coefficient in form.items():
                weights[cell] += power * coefficient
        return [weight % R for weight in weights]

    def root(self, commitments: list[list]) -> bytes:
        head = b"\0" + u32(16) + u32(self.groups) + u32(len(self.cells)) + self.layout.bytes
        leaves = [head]
        for c, column in enumerate(commitments):
            leaves += [b"\1" + u32(c) + u32(g) + write_point(point) for g, point in enumerate(column)]
        return merkle_root(leaves)


class Dictionaries(Part):
    """The scan over the large dictionaries of a table of several segments."""

    def __init__(self, table: Layout):
        columns = [column for column in table.columns if column.encoding == "grouped"]
        own = Layout(1, tuple(Column(c.name, c.type, True, c.encoding, c.size) for c in columns))
        super().__init__(own, Slots.needed(own))
        self.rows = table.rows

    @cached_property
    def cells(self) -> list[tuple]:
        own = [(name, i) for i in range(len(self.layout.columns)) for name in ("multiplicity", "low", "high")]
        return [("origin",), ("nothing",), *own, ("limbs",)]

    @cached_property
    def blocks(self) -> list[tuple[bool, dict[int, int]]]:
        count = len(self.layout.columns)
        blocks = [(False, self._form((("nothing",), 1)))] * count
        blocks += [(False, self._form(((name, i), 1))) for name in ("low", "high") for i in range(count)]
        return [*blocks, (True, self._form((("limbs",), 1)))] + [(True, self._form((("origin",), 1)))] * count

    @cached_property
    def values(self) -> list[dict[int, int]]:
        values = []
        for i in range(len(self.layout.columns)):
            values.append(self._form((("multiplicity", i), 1), (("origin",), 1 - self.rows)))
            values.append(self._form((("low", i), 1), (("high", i), 1 << 16)))
        return values


def segment_rows(layout: Layout) -> int:
    hashed = sum(column.encoding == "hashed" for column in layout.columns)
    bits = max(Slots.needed(layout).blocks + hashed // 4 - 1, 0).bit_length()
    return 1 << min(max(25 - bits, 16), 20)


class Table:
    """How a table is cut, and the circuits that its proof has."""

    def __init__(self, layout: Layout, rows: int | None = None):
        self.layout = layout
        rows = rows or segment_rows(layout)
        full = Part(layout.with_rows(min(rows, layout.rows)))
        count = -(-layout.rows // rows)
        rest = layout.rows - (count - 1) * rows
        last = Part(layout.with_rows(rest)) if count > 1 and rest < rows else full
        self.parts = [full] * (count - 1) + [last]
        grouped = any(column.encoding == "grouped" for column in layout.columns)
        self.dictionaries = Dictionaries(layout) if count > 1 and grouped else None
        self.merge = f"merge/4-{full.slots.text()}@1"
        self.steps = []
        first = 0
        while count > 1 and first < count:
            end = min(count, first + (4 if first == 0 else 3))
            self.steps.append((first, end))
            first = end
        circuits = [part.circuit for part in (full, last, *([self.dictionaries] if self.dictionaries else []))]
        circuits += [self.merge] if count > 1 else []
        self.circuits = [own for i, own in enumerate(circuits) if i == 0 or own != circuits[i - 1]]


def is_wide(layout: Layout) -> bool:
    """Whether a table is proved in groups of columns."""
    return not Slots.needed(layout).derivable(wide=layout.rows <= segment_rows(layout))


class Groups:
    """A table in groups of columns: `parts` are its columns and pairs, by their places, `tables` how each is proved."""

    def __init__(self, layout: Layout):
        self.layout = layout
        columns, pairs = range(len(layout.columns)), range(len(layout.pairs))
        self.parts = [(run, []) for run in self._runs(columns, lambda run: (run, []))]
        self.parts += [self._touched(run) for run in self._runs(pairs, self._touched)]
        self.tables = [Table(self._layout(*part), segment_rows(layout)) for part in self.parts]
        self.circuits = list(dict.fromkeys(own for table in self.tables for own in table.circuits))
        self.home = {column: g for g, (own, pairs) in enumerate(self.parts) if not pairs for column in own}

    def _runs(self, all_, part) -> list[list[int]]:
        runs: list[list[int]] = []
        for own in all_:
            if runs and self._fits(*part([*runs[-1], own])):
                runs[-1].append(own)
            else:
                runs.append([own])
        return runs

    def _touched(self, pairs: list[int]) -> tuple[list[int], list[int]]:
        own = [self.layout.pairs[pair] for pair in pairs]
        return sorted({column for pair in own for column in (pair.first, pair.second)}), pairs

    def _layout(self, columns: list[int], pairs: list[int]) -> Layout:
        own = [self.layout.pairs[pair] for pair in pairs]
        moved = tuple(Pair(pair.kind, columns.index(pair.first), columns.index(pair.second)) for pair in own)
        return Layout(self.layout.rows, tuple(self.layout.columns[column] for column in columns), moved)

    def _fits(self, columns: list[int], pairs: list[int]) -> bool:
        needed = Slots.needed(self._layout(columns, pairs))
        return all(a >= b for a, b in zip(STANDARD[-1].counts, needed.counts))

    def cells(self, g: int) -> dict[tuple, int]:
        """Where the cells of columns are committed in a group, by the column's place in the table."""
        columns = self.parts[g][0]
        cells = enumerate(self.tables[g].parts[0].cells)
        return {(cell[0], columns[cell[1]], *cell[2:]): i for i, cell in cells if len(cell) > 1}


def entry_context(origin: str, notary: bytes, dataset: str, nonce: bytes) -> bytes:
    parts = (origin.encode(), notary, dataset.encode(), nonce)
    return sha256(b"zkl/scan/context/v1\0" + b"".join(u32(len(part)) + part for part in parts)).digest()


@dataclass
class System:
    """A proof system with the keys of a table's circuits: `verify(circuit, x, link, proof)`, `length(circuit, kappa)`."""

    tag: int | None
    keys: dict
    verify: object
    length: object

    def t0(self, label: str, message: bytes) -> int:
        version = "v1" if self.tag is None else "v2"
        return h2f(f"{label}/{version}", (b"" if self.tag is None else bytes([self.tag])) + message)


class _Bytes:
    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def take(self, length: int) -> bytes:
        require(self.at + length <= len(self.data), "a scan proof is cut")
        self.at += length
        return self.data[self.at - length : self.at]

    def commitments(self, cells: int, groups: int) -> list[list]:
        return [[read_point(self.take(32)) for _ in range(groups)] for _ in range(cells)]


def verify_groups(groups: Groups, context: bytes, seal: int, string: String, system: System, data: bytes) -> bytes:
    """Checks the proof of a table in groups, without the string before it, and returns the dataset commitment."""
    layout, reader, count = groups.layout, _Bytes(data), len(groups.parts)
    require(reader.take(1) == b"\3", "a scan proof of another version")
    nonce = read_element(reader.take(32))
    headers = [read_element(reader.take(32)) for _ in groups.parts]
    columns, pairs = ([read_element(reader.take(32)) for _ in own] for own in (layout.columns, layout.pairs))
    header = poseidon("zkl/seal/v1/header", [layout.digest, layout.rows, nonce])
    require(record_root([header, *columns, *pairs]) == seal, "leaves of another seal")
    roots, points = [], []
    for g, ((own, of_pairs), table) in enumerate(zip(groups.parts, groups.tables, strict=True)):
        h = record_root([headers[g], *(columns[i] for i in own), *(pairs[i] for i in of_pairs)])
        place = sha256(b"zkl/scan/group/v1\0" + context + element(layout.digest) + u32(count) + u32(g)).digest()
        commitments: list = []
        roots.append(verify(table, place, h, string, system, reader, commitments=commitments))
        points.append(commitments)
        for cell, i in groups.cells(g).items() if of_pairs else ():
            home = groups.home[cell[1]]
            there = groups.cells(home)[cell]
            for here, own_group in zip(commitments, points[home], strict=True):
                require(here[i] == own_group[there], "a pair of a column that is committed to otherwise")
    require(reader.at == len(data), "bytes after a scan proof")
    leaves = [b"\7" + u32(count) + layout.bytes]
    return merkle_root(leaves + [b"\x08" + u32(g) + root for g, root in enumerate(roots)])


def verify(table: Table, context: bytes, seal: int, string: String, system: System, data, trace=None, commitments=None) -> bytes:
    """Checks a table's proof, without the string before it, and returns the dataset commitment. `data` are its bytes, or what it is read from;
    `commitments` takes in those of the segments."""
    reader = data if isinstance(data, _Bytes) else _Bytes(data)
    head = b"\1" if system.tag is None else bytes([2, system.tag])
    count = len(table.parts)
    require(reader.take(len(head)) == head, "a scan proof of another version or system")
    require(le(reader.take(4)) == count, "another number of segments")
    table_digest = element(table.layout.digest)
    seals, commitments = [], [] if commitments is None else commitments
    for index, part in enumerate(table.parts):
        rows = part.layout.rows
        require(le(reader.take(4)) == rows, "a segment of other rows")
        h = read_element(reader.take(32))
        own = reader.commitments(len(part.cells), part.groups)
        place = context
        if count > 1:
            tail = table_digest + u32(count) + u32(index) + u64(rows)
            place = sha256(b"zkl/scan/segment/v1\0" + context + tail).digest()
        _verify_part(part, place, h, own, string, system, reader, trace)
        seals.append(h)
        commitments.append(own)

    of_dictionaries = None
    if table.dictionaries:
        part = table.dictionaries
        of_dictionaries = read_element(reader.take(32))
        own = iter(reader.commitments(len(part.cells) - 2 - len(part.layout.columns), 1))
        multiplicities = [i for i, cell in enumerate(table.parts[0].cells) if cell[0] == "multiplicity"]
        columns = []
        for cell in part.cells:
            if cell[0] == "multiplicity":
                points = [add_points([segment[multiplicities[cell[1]]][0] for segment in commitments])]
            else:
                points = {"origin": [string.base], "nothing": [None]}.get(cell[0]) or next(own)
            columns.append(points)
        place = sha256(b"zkl/scan/dictionaries/v1\0" + context + table_digest).digest()
        _verify_part(part, place, of_dictionaries, columns, string, system, reader)

    root = table.parts[0].root(commitments[0]) if count == 1 else _table_root(table, commitments)
    merges = []
    if table.steps:
        length = system.length(table.merge, None)
        merges = [(read_element(reader.take(32)), reader.take(length)) for _ in table.steps]
        _verify_merges(table, context, string, system, root, seals, of_dictionaries, merges)
    require(reader is data or reader.at == len(data), "bytes after a scan proof")
    require((merges[-1][0] if merges else seals[0]) == seal, "a proof of another seal")
    return root


def _verify_part(part: Part, context: bytes, h: int, commitments, string, system: System, reader: _Bytes, trace=None) -> None:
    mask_bytes = reader.take(32)
    mask = read_point(mask_bytes)
    claim = [read_element(reader.take(32)) for _ in range(part.mu + part.nu + 4)]
    proof = reader.take(system.length(part.circuit, 16))
    r, z, (beta, eta, rho, y) = claim[: part.mu], claim[part.mu : -4], claim[-4:]
    root, layout = part.root(commitments), part.layout
    id_bytes = part.circuit.encode()
    key = system.keys[part.circuit].digest
    message = context + string.digest + key + bytes([len(id_bytes)]) + id_bytes + root
    t0 = system.t0("zkl/scan/t0", message + element(layout.digest) + element(h) + mask_bytes)
    require(rho != 0, "a mask without weight")
    weights = part.weights(z, beta, eta)
    groups = eq_table(r[16:])
    pairs = zip(weights, commitments, strict=True)
    terms = [(weight * g % R, point) for weight, own in pairs for g, point in zip(groups, own, strict=True)]
    if trace is not None:
        trace.update(context=context, t0=t0, weights=weights, root=root)
    x = [t0, h, part.lay, layout.rows, *claim]
    system.verify(part.circuit, x, Link(r[:16], y, [*terms, (rho, mask)]), proof)


def _table_root(table: Table, commitments) -> bytes:
    leaves = [b"\2" + u32(len(table.parts)) + u32(len(table.parts[0].cells)) + table.layout.bytes]
    for s, (part, own) in enumerate(zip(table.parts, commitments, strict=True)):
        leaves.append(b"\3" + u32(s) + u64(part.layout.rows) + u32(16) + u32(part.groups))
        for c, column in enumerate(own):
            leaves += [b"\4" + u32(s) + u32(c) + u32(g) + write_point(point) for g, point in enumerate(column)]
    return merkle_root(leaves)


def _verify_merges(table, context, string, system, root, seals, of_dictionaries, merges) -> None:
    message = context + string.digest + system.keys[table.merge].digest + root + element(table.layout.digest)
    message += u32(len(seals)) + b"".join(map(element, seals))
    message += bytes(32) if of_dictionaries is None else element(of_dictionaries)
    digest = sha256(message + b"".join(element(h) for h, _ in merges)).digest()
    places = pack(table.parts[0].places)
    for index, ((first, end), (h, proof)) in enumerate(zip(table.steps, merges, strict=True)):
        rows = sum(part.layout.rows for part in table.parts[:end])
        before = [merges[index - 1][0]] if index else []
        added = before + seals[first:end]
        x = [system.t0("zkl/merge/t0", u32(index) + digest), table.layout.with_rows(rows).digest, rows, h, *places]
        x += added + [0] * (4 - len(added)) + [int(len(added) > 2), int(len(added) > 3)]
        if table.parts[0].slots.grouped:
            last = of_dictionaries is not None and end == len(seals)
            x += [of_dictionaries, 1] if last else [0, 0]
        system.verify(table.merge, x, None, proof)
