"""Groth16 keys and proofs: formats.md#proof-and-verifying-key, verifying/proofs.md#groth16."""

from dataclasses import dataclass
from hashlib import sha256

from .curve import msm, negate, pairings_are_one, read_g2, read_point
from .field import elements, le
from .refused import require
from .universal import Link, String, verify_opening


@dataclass(frozen=True)
class Key:
    alpha: tuple
    beta: tuple
    gamma: tuple
    delta: tuple
    points: list
    digest: bytes

    @classmethod
    def read(cls, data: bytes) -> "Key":
        require(len(data) >= 264, "a key is too short")
        count = le(data[224:232])
        require(len(data) == 232 + 32 * count and count > 0, "a key of another length")
        alpha = read_point(data[:32])
        beta, gamma, delta = (read_g2(data[i : i + 64]) for i in (32, 96, 160))
        require(None not in (alpha, beta, gamma, delta), "a key with a zero point")
        points = [read_point(data[i : i + 32]) for i in range(232, len(data), 32)]
        return cls(alpha, beta, gamma, delta, points, sha256(data).digest())


def proof_length(link: int | None) -> int:
    return 128 + (0 if link is None else 32 * (4 * link + 3))


def verify(key: Key, string: String | None, x: list[int], link: Link | None, proof: bytes) -> None:
    require(len(proof) == proof_length(None if link is None else len(link.point)), "a proof of another length")
    a, b, c = read_point(proof[:32]), read_g2(proof[32:96]), read_point(proof[96:128])
    require(len(key.points) == len(x) + 1, "another number of public inputs")
    inputs = msm(list(zip([1, *x], key.points, strict=True)))
    pairs = [(negate(a), b), (key.alpha, key.beta), (inputs, key.gamma), (c, key.delta)]
    require(pairings_are_one(pairs), "the proof does not verify")
    if link is not None:
        (rho, mask), terms = link.terms[-1], link.terms[:-1]
        verify_opening(string, elements(x), terms, mask, rho, link.point, link.value, proof[128:])
