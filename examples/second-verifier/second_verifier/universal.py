"""Universal keys, matrices, proofs, and masked openings: verifying/proofs.md."""

from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path

from .curve import G2, hiding_base, msm, negate, pairings_are_one, read_g1_plain, read_g2_plain, read_point, write_point
from .curve import G1
from .field import R, Chain, element, elements, eq, eq_table, le, read_element, u32
from .refused import Refused, require
from .text import circuit_id


@dataclass(frozen=True)
class String:
    """The verifier's part of a reference string."""

    kind: int
    base: tuple
    tau: tuple
    digest: bytes
    length: int

    @classmethod
    def at(cls, data: bytes) -> "String":
        """The string that the bytes begin with."""
        require(len(data) >= 4 and le(data[:4]) in (0, 1, 2), "not a reference string")
        kind = le(data[:4])
        length = 196 if kind == 2 else 132
        require(len(data) >= length, "a reference string is cut")
        own = data[4:length]
        base = read_g1_plain(own[:64]) if kind == 2 else G1
        require((base == G1) == (kind != 2), "another base than that of the kind")
        h = b"".join(coordinate.to_bytes(32, "little") for coordinate in hiding_base())
        label = b"zkp-dataset-ledger/srs/v2\0" if kind == 2 else b"zkp-dataset-ledger/srs/v1\0"
        digest = sha256(label + h + u32(kind) + own).digest()
        return cls(kind, base, read_g2_plain(own[-128:]), digest, length)


@dataclass(frozen=True)
class Link:
    """Committed columns that a proof opens: the mask's term is the last."""

    point: list[int]
    value: int
    terms: list[tuple[int, tuple | None]]

    @cached_property
    def bytes(self) -> bytes:
        terms = b"".join(element(weight) + write_point(point) for weight, point in self.terms)
        return bytes([len(self.point)]) + elements(self.point) + element(self.value) + terms


@dataclass(frozen=True)
class Key:
    """A universal key."""

    id: str
    link: bool
    inputs: int
    variables: int
    rows: int
    matrices: bytes
    digest: bytes

    @classmethod
    def read(cls, data: bytes) -> "Key":
        require(len(data) >= 13 and data[:12] == b"zkl-r1cs" + u32(1) and len(data) == 58 + data[12], "not a universal key")
        end = 13 + data[12]
        try:
            name = data[13:end].decode()
        except UnicodeDecodeError as error:
            raise Refused("not a universal key") from error
        link, (inputs, variables, rows) = data[end], (le(data[end + i : end + i + 4]) for i in (1, 5, 9))
        bounds = link < 2 and 1 <= rows < 1 << 22 and 1 <= variables <= (1 << 22) - 47 and inputs < variables
        require(bounds, "a universal key out of bounds")
        return cls(circuit_id(name), link == 1, inputs, variables, rows, data[end + 13 :], sha256(data).digest())


class Matrices:
    """Rows as numbers of combinations, combinations as terms."""

    def __init__(self, data: bytes, key: Key):
        require(sha256(data).digest() == key.matrices, "matrices of another digest")
        coefficients, combinations, terms = (le(data[i : i + 8]) for i in (0, 8, 16))
        sizes = (24, 32 * coefficients, 8 * terms, 4 * combinations, 12 * key.rows)
        require(sum(sizes) == len(data), "matrices of another length")
        at = 24
        self.coefficients = [read_element(data[at + 32 * i : at + 32 * i + 32]) for i in range(coefficients)]
        at += sizes[1]
        integers = memoryview(data[at:]).cast("I")
        self.terms = integers[: 2 * terms].tolist()
        self.ends = integers[2 * terms : 2 * terms + combinations].tolist()
        self.rows = integers[2 * terms + combinations :].tolist()
        require(max(self.terms[1::2], default=0) < key.variables, "a variable that does not exist")
        require(max(self.terms[::2], default=-1) < coefficients, "a coefficient that does not exist")
        require(max(self.rows, default=-1) < combinations, "a combination that does not exist")
        require(self.ends == sorted(self.ends) and (self.ends or [0])[-1] == terms, "ends that do not ascend")

    def weights(self, row_point: list[int], rho: int) -> list[int]:
        """Per combination: sum over its rows of eq and 1, rho or rho^2."""
        weights = [0] * len(self.ends)
        table = eq_table(row_point)
        for side, factor in enumerate((1, rho, rho * rho % R)):
            for row, combination in enumerate(self.rows[side::3]):
                weights[combination] += table[row] * factor
        return weights


class Store:
    """Keys and matrices in a directory, as `zkl circuits --matrices` writes them."""

    def __init__(self, directory: Path | None):
        self.directory = directory

    @cache
    def matrices(self, key: Key) -> Matrices:
        require(self.directory is not None, "no matrices at hand (zkl circuits --matrices DIR)")
        path = self.directory / f"{key.id.replace('/', '.')}.r1cs"
        require(path.is_file(), f"no matrices of {key.id} at hand (zkl circuits --matrices DIR)")
        return Matrices(path.read_bytes(), key)


@dataclass(frozen=True)
class Sizes:
    private: int
    rounds: int
    length: int
    kappa: int
    blocks: int

    @classmethod
    def of(cls, key: Key, link: int | None) -> "Sizes":
        require((link is not None) == key.link, "a link where there is none, or none where there is one")
        private = key.variables - 1 - key.inputs
        rounds = key.rows.bit_length()
        length = private + 3 + 2 * rounds
        kappa = min(16, (length - 1).bit_length()) if link is None else link
        blocks = -(-length >> kappa)
        require(1 <= kappa <= 17 and blocks <= 1024, "a proof of another size")
        return cls(private, rounds, length, kappa, blocks)

    @property
    def bytes(self) -> int:
        return 32 * (self.blocks + 2 * self.rounds + 6 * self.kappa + 10)


class Reader:
    """Takes points and elements off the front."""

    def __init__(self, data: bytes, length: int):
        require(len(data) == length, f"{len(data)} bytes of a proof, not {length}")
        self.data, self.at = data, 0

    def take(self, length: int = 32) -> bytes:
        self.at += length
        return self.data[self.at - length : self.at]

    def points(self, count: int) -> list:
        return [read_point(self.take()) for _ in range(count)]

    def elements(self, count: int) -> list[int]:
        return [read_element(self.take()) for _ in range(count)]


def verify(key: Key, store: Store, string: String, x: list[int], link: Link | None, proof: bytes, trace=None) -> None:
    """A universal proof."""
    sizes = Sizes.of(key, None if link is None else len(link.point))
    require(len(x) == key.inputs, "another number of public inputs")
    reader = Reader(proof, sizes.bytes)
    witness, (u, v, mask) = reader.points(sizes.blocks), reader.points(3)
    [sigma] = reader.elements(1)
    outer = [reader.elements(2) for _ in range(sizes.rounds)]
    a, b = reader.elements(2)
    inner = [reader.elements(2) for _ in range(sizes.kappa)]
    [d] = reader.elements(1)

    chain = Chain("zkp-dataset-ledger/universal/v1")
    chain.absorb("key", key.digest)
    chain.absorb("srs", string.digest)
    chain.absorb("link", link.bytes if link else b"")
    chain.absorb("x", elements(x))
    chain.absorb("witness", b"".join(map(write_point, witness)))
    chain.absorb("masks", b"".join(map(write_point, (u, v, mask))))
    chain.absorb("sigma", element(sigma))
    t = [chain.challenge("t") for _ in range(sizes.rounds)]
    e, rx = 0, []
    for (c1, c2), t_j in zip(outer, t, strict=True):
        chain.absorb("outer", elements((c1, c2)))
        r = chain.challenge("rx")
        e = (e - t_j * (c1 + c2) + (c2 * r + c1) * r) % R
        rx.append(r)
    chain.absorb("ab", elements((a, b)))
    rho, gamma, alpha = chain.challenge("rho"), chain.challenge("gamma"), chain.nonzero("alpha")
    ry = []
    for message in inner:
        chain.absorb("inner", elements(message))
        ry.append(chain.challenge("ry"))
    chain.absorb("d", element(d))
    delta = chain.nonzero("delta")

    public, phi = evaluate(store.matrices(key), key, sizes, x, t, rx, rho, ry)
    value = a + rho * b + rho * rho * (a * b - e) - public + gamma * (link.value if link else 0) + alpha * sigma
    half = pow(2, -1, R)
    for (c1, c2), y in zip(inner, ry, strict=True):
        value = ((value - c1 - c2) * half + (c2 * y + c1) * y) % R
    terms = list(zip(phi, witness, strict=True))
    if link:
        weight = gamma * eq(link.point, ry) % R
        terms += [(weight * own % R, point) for own, point in link.terms]
    terms += [(alpha, u), (alpha * sum(ry) % R, v)]
    if trace is not None:
        trace.update(sizes=sizes, w0=proof[:32], t=t, e=e, rho=rho, pub=public, phi=phi, v=value, state=chain.state)
    opening = reader.take(32 * (4 * sizes.kappa + 3))
    verify_opening(string, chain.state, terms, mask, delta, ry, (value + delta * d) % R, opening, trace)


def evaluate(matrices: Matrices, key: Key, sizes: Sizes, x, t, rx, rho: int, ry) -> tuple[int, list[int]]:
    """`pub`, and `Phi_k` of every block."""
    table = eq_table(ry)
    low, kappa, first = len(table) - 1, sizes.kappa, key.inputs + 1
    values = [1, *x] + [table[entry & low] for entry in range(sizes.private)]
    public, phi = 0, [0] * sizes.blocks
    coefficients, terms, start = matrices.coefficients, matrices.terms, 0
    for weight, end in zip(matrices.weights(rx, rho), matrices.ends):
        weight %= R
        sums: dict[int, int] = {}
        for i in range(2 * start, 2 * end, 2):
            variable = terms[i + 1]
            block = variable - first >> kappa if variable >= first else -1
            sums[block] = sums.get(block, 0) + coefficients[terms[i]] * values[variable]
        for block, total in sums.items():
            if block < 0:
                public += weight * (total % R)
            else:
                phi[block] += weight * (total % R)
        start = end
    row = eq([key.rows >> j & 1 for j in range(sizes.rounds)], rx)
    own = [row, rho * row, rho * rho * row]
    for r, t_j in zip(rx, t, strict=True):
        own += [-rho * rho * (r - t_j), -rho * rho * (r * r - t_j)]
    for entry, weight in enumerate(own, sizes.private):
        phi[entry >> kappa] += weight * table[entry & low]
    return public % R, [value % R for value in phi]


def verify_opening(string, context: bytes, terms, mask, rho: int, x: list[int], value: int, data: bytes, trace=None) -> None:
    """A masked opening."""
    require(rho != 0, "a mask without weight")
    kappa = len(x)
    reader = Reader(data, 32 * (4 * kappa + 3))
    [s] = reader.elements(1)
    folds = reader.points(kappa - 1)
    evaluations = [reader.elements(3) for _ in range(kappa)]
    witnesses = reader.points(3)
    commitment = msm([*terms, (rho, mask), (-s, hiding_base())])

    chain = Chain("zkp-dataset-ledger/hyperkzg/masked/v1")
    chain.absorb("context", context)
    chain.absorb("s", element(s))
    chain.absorb("srs", string.digest)
    chain.absorb("commitment", write_point(commitment))
    chain.absorb("point", elements(x))
    chain.absorb("value", element(value))
    chain.absorb("folds", b"".join(map(write_point, folds)))
    r = chain.nonzero("r")
    chain.absorb("evaluations", b"".join(map(elements, evaluations)))
    q = chain.nonzero("q")
    chain.absorb("witnesses", b"".join(map(write_point, witnesses)))
    d = chain.nonzero("d")

    ends = [own[2] for own in evaluations[1:]] + [value]
    for x_i, (plus, minus, _), end in zip(x, evaluations, ends, strict=True):
        left = 2 * r * end - (1 - x_i) * r * (plus + minus) - x_i * (plus - minus)
        require(left % R == 0, "a fold does not fit")
    points, powers = (r, -r, r * r), (1, d, d * d)
    sums = [sum(pow(q, i, R) * own[j] for i, own in enumerate(evaluations)) for j in range(3)]
    all_terms = [(sum(powers) * pow(q, i, R), point) for i, point in enumerate([commitment, *folds])]
    all_terms += [(power * u, point) for power, u, point in zip(powers, points, witnesses)]
    all_terms.append((-sum(power * own for power, own in zip(powers, sums)), string.base))
    p = msm(all_terms)
    if trace is not None:
        trace.update(cstar=commitment, r=r, q=q, d=d, p=p)
    on_tau = negate(msm(list(zip(powers, witnesses))))
    require(pairings_are_one([(p, G2), (on_tau, string.tau)]), "the opening does not verify")
