"""Ed25519 under strict rules: verifying/log.md#keys."""

from functools import cache
from hashlib import sha512

from .field import le
from .refused import require

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def _recover(data: bytes):
    """The point (x, y); None if there is none. The y is taken modulo P."""
    y, sign = le(data) & (1 << 255) - 1, data[31] >> 7
    y %= P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return None
    return (x if x % 2 == sign else -x % P), y


def _add(p, q):
    x1, y1, z1, t1 = p
    x2, y2, z2, t2 = q
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(scalar: int, point):
    total = (0, 1, 1, 0)
    for bit in bin(scalar)[2:]:
        total = _add(total, total)
        if bit == "1":
            total = _add(total, point)
    return total


def _extended(point):
    x, y = point
    return x, y, 1, x * y % P


def _small_order(point) -> bool:
    x, y, z, _ = _times(8, _extended(point))
    return x == 0 and y == z


BASE = _extended(_recover((4 * pow(5, -1, P) % P).to_bytes(32, "little")))


@cache
def read_key(data: bytes):
    """A public key: canonical, on the curve, not of small order."""
    require(len(data) == 32, "a public key has 32 bytes")
    point = _recover(data)
    canonical = point is not None and (point[1] | (point[0] & 1) << 255).to_bytes(32, "little") == data
    require(canonical and not _small_order(point), "not a public key")
    return point


def verify(key: bytes, message: bytes, signature: bytes) -> None:
    a = read_key(key)
    require(len(signature) == 64, "a signature has 64 bytes")
    s = le(signature[32:])
    require(s < L, "the scalar of a signature is not canonical")
    r = _recover(signature[:32])
    require(r is not None and not _small_order(r), "the point of a signature is none, or of small order")
    k = le(sha512(signature[:32] + key + message).digest()) % L
    x1, y1, z1, _ = _times(s, BASE)
    x2, y2, z2, _ = _add(_extended(r), _times(k, _extended(a)))
    require((x1 * z2 - x2 * z1) % P == 0 and (y1 * z2 - y2 * z1) % P == 0, "a signature is wrong")
