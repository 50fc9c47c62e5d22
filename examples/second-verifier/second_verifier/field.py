"""Elements of Fr, hashes into it, and the chain of challenges: seal.md#hashes, verifying/proofs.md#chain."""

from functools import cache
from hashlib import sha256, sha512

from .refused import Refused

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583


def le(data: bytes) -> int:
    return int.from_bytes(data, "little")


def u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def u64(value: int) -> bytes:
    return value.to_bytes(8, "little")


def element(value: int) -> bytes:
    return (value % R).to_bytes(32, "little")


def elements(values) -> bytes:
    return b"".join(map(element, values))


def read_element(data: bytes) -> int:
    value = le(data)
    if len(data) != 32 or value >= R:
        raise Refused("not a field element")
    return value


def h2f(label: str, data: bytes) -> int:
    name = label.encode()
    return le(sha512(b"zkl/hash-to-field/v1" + u64(len(name)) + name + data).digest()) % R


def eq_table(point) -> list[int]:
    """eq(i, point) for every i."""
    table = [1]
    for x in point:
        upper = [value * x % R for value in table]
        table = [(value - up) % R for value, up in zip(table, upper)] + upper
    return table


def eq(a, b) -> int:
    product = 1
    for x, y in zip(a, b, strict=True):
        product = product * (1 - x - y + 2 * x * y) % R
    return product


class Chain:
    """The chain of SHA-512."""

    def __init__(self, protocol: str):
        self.state = sha512(protocol.encode()).digest()

    def absorb(self, label: str, data: bytes) -> None:
        name = label.encode()
        self.state = sha512(self.state + b"\0" + bytes([len(name)]) + name + u64(len(data)) + data).digest()

    def challenge(self, label: str) -> int:
        name = label.encode()
        self.state = sha512(self.state + b"\1" + bytes([len(name)]) + name).digest()
        return le(self.state) % R

    def nonzero(self, label: str) -> int:
        value = self.challenge(label)
        if value == 0:
            raise Refused(f"challenge {label} is 0")
        return value


PARTIAL = {3: 57, 6: 60}


@cache
def _poseidon(width: int) -> tuple[list[int], list[list[int]]]:
    """Constants and matrix from the Grain LFSR, as circomlib has them."""
    fields = ((1, 2), (0, 4), (254, 12), (width, 12), (8, 10), (PARTIAL[width], 10))
    state = [int(bit) for value, size in fields for bit in f"{value:0{size}b}"] + [1] * 30

    def step() -> int:
        new = state[62] ^ state[51] ^ state[38] ^ state[23] ^ state[13] ^ state[0]
        state.pop(0)
        state.append(new)
        return new

    def bit() -> int:
        while True:
            keep, value = step(), step()
            if keep:
                return value

    def number() -> int:
        return int("".join(str(bit()) for _ in range(254)), 2)

    for _ in range(160):
        step()
    constants = []
    while len(constants) < (8 + PARTIAL[width]) * width:
        value = number()
        if value < R:
            constants.append(value)
    xs, ys = ([number() % R for _ in range(width)] for _ in range(2))
    return constants, [[pow(x + y, -1, R) for y in ys] for x in xs]


def _permute(state: list[int]) -> list[int]:
    width = len(state)
    constants, matrix = _poseidon(width)
    for turn in range(8 + PARTIAL[width]):
        state = [(x + c) % R for x, c in zip(state, constants[turn * width :])]
        full = turn < 4 or turn >= 4 + PARTIAL[width]
        state = [pow(x, 5, R) if full or i == 0 else x for i, x in enumerate(state)]
        state = [sum(a * x for a, x in zip(row, state)) % R for row in matrix]
    return state


def poseidon(label: str, message: list[int]) -> int:
    """`hash(label, ..)` of seal.md."""
    state = [(h2f("zkl/poseidon/domain", label.encode()) + len(message)) % R] + [0] * 5
    for start in range(0, max(len(message), 1), 5):
        for i, value in enumerate(message[start : start + 5]):
            state[1 + i] = (state[1 + i] + value) % R
        state = _permute(state)
    return state[1]


def hash2(a: int, b: int) -> int:
    return _permute([0, a, b])[0]


def record_root(leaves: list[int]) -> int:
    """The root of seal.md over these leaves and empty ones."""
    empty, level = h2f("zkl/poseidon/domain", b"zkl/seal/v1/empty"), leaves
    for _ in range(10):
        level = level + [empty] * (len(level) % 2)
        level = [hash2(a, b) for a, b in zip(level[::2], level[1::2])]
        empty = hash2(empty, empty)
    return level[0]


def merkle_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, over leaves as they are."""

    def root(hashes):
        if len(hashes) == 1:
            return hashes[0]
        half = 1 << (len(hashes) - 1).bit_length() - 1
        return sha256(b"\1" + root(hashes[:half]) + root(hashes[half:])).digest()

    return root([sha256(b"\0" + leaf).digest() for leaf in leaves])
