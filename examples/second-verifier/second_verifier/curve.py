"""BN254: points, their bytes, and products of pairings. verifying/proofs.md#points. Nothing here is constant-time: all of it is public."""

from functools import cache
from hashlib import sha256

from .field import Q, R, le
from .refused import Refused, require

# G1: affine points are pairs, zero is None. G2: coordinates are pairs (coefficient of 1, of u).
G1 = (1, 2)
G2 = (
    (
        10857046999023057135944570762232829481370756359578518086990519993285655852781,
        11559732032986387107991004021392285783925812861821192530917403151452391805634,
    ),
    (
        8495653923123431417604973247489272438418190587263600148770280649306958101930,
        4082367875863433681332203403145435568316851327593401208105741076214120093531,
    ),
)


def _double(p):
    x, y, z = p
    if z == 0:
        return p
    a, b = x * x % Q, y * y % Q
    c = b * b % Q
    d = 2 * ((x + b) * (x + b) - a - c) % Q
    e = 3 * a % Q
    x3 = (e * e - 2 * d) % Q
    return x3, (e * (d - x3) - 8 * c) % Q, 2 * y * z % Q


def _add(p, q):
    if p[2] == 0:
        return q
    if q[2] == 0:
        return p
    x1, y1, z1 = p
    x2, y2, z2 = q
    z1z1, z2z2 = z1 * z1 % Q, z2 * z2 % Q
    u1, u2 = x1 * z2z2 % Q, x2 * z1z1 % Q
    s1, s2 = y1 * z2 * z2z2 % Q, y2 * z1 * z1z1 % Q
    if u1 == u2:
        return _double(p) if s1 == s2 else (1, 1, 0)
    h, r = u2 - u1, s2 - s1
    hh = h * h % Q
    hhh, v = h * hh % Q, u1 * hh % Q
    x3 = (r * r - hhh - 2 * v) % Q
    return x3, (r * (v - x3) - s1 * hhh) % Q, z1 * z2 * h % Q


def _affine(p):
    if p[2] == 0:
        return None
    inverse = pow(p[2], -1, Q)
    square = inverse * inverse % Q
    return p[0] * square % Q, p[1] * square * inverse % Q


def msm(terms):
    """sum scalar point, by buckets of 8 bits."""
    terms = [(scalar % R, (*point, 1)) for scalar, point in terms if point is not None]
    width = 8 if len(terms) > 64 else 4
    total = (1, 1, 0)
    for shift in range(256 - width, -1, -width):
        for _ in range(width):
            total = _double(total)
        buckets = [(1, 1, 0)] * (1 << width)
        for scalar, point in terms:
            digit = scalar >> shift & (1 << width) - 1
            if digit:
                buckets[digit] = _add(buckets[digit], point)
        running, window = (1, 1, 0), (1, 1, 0)
        for bucket in reversed(buckets[1:]):
            running = _add(running, bucket)
            window = _add(window, running)
        total = _add(total, window)
    return _affine(total)


def add_points(points):
    total = (1, 1, 0)
    for point in points:
        if point is not None:
            total = _add(total, (*point, 1))
    return _affine(total)


def negate(point):
    return None if point is None else (point[0], -point[1] % Q)


def _root(square: int) -> int | None:
    y = pow(square, (Q + 1) // 4, Q)
    return y if y * y % Q == square % Q else None


def read_point(data: bytes):
    """A compressed point of G1."""
    require(len(data) == 32, "a point has 32 bytes")
    flags, x = data[31] & 0xC0, le(data) & (1 << 254) - 1
    if flags & 0x40:
        require(flags == 0x40 and x == 0, "another spelling of the zero point")
        return None
    require(x < Q, "a coordinate above the modulus")
    y = _root((x * x * x + 3) % Q)
    if y is None:
        raise Refused("no point of the curve")
    return x, max(y, Q - y) if flags else min(y, Q - y)


def write_point(point) -> bytes:
    if point is None:
        return bytes(31) + b"\x40"
    x, y = point
    return (x | (y > Q - y) << 255).to_bytes(32, "little")


def read_g1_plain(data: bytes):
    x, y = le(data[:32]), le(data[32:])
    require(x < Q and y < Q and (y * y - x * x * x - 3) % Q == 0 and (x, y) != (0, 0), "no point of G1")
    return x, y


def f2_mul(a, b):
    return (a[0] * b[0] - a[1] * b[1]) % Q, (a[0] * b[1] + a[1] * b[0]) % Q


def f2_add(a, b):
    return (a[0] + b[0]) % Q, (a[1] + b[1]) % Q


def f2_sub(a, b):
    return (a[0] - b[0]) % Q, (a[1] - b[1]) % Q


def f2_inv(a):
    norm = pow(a[0] * a[0] + a[1] * a[1], -1, Q)
    return a[0] * norm % Q, -a[1] * norm % Q


B2 = f2_mul((3, 0), f2_inv((9, 1)))


def _f2_root(a):
    """A root by the norm; None if there is none."""
    if a[1] == 0:
        y = _root(a[0])
        if y is not None:
            return y, 0
        y = _root(-a[0] % Q)
        return None if y is None else (0, y)
    norm = _root((a[0] * a[0] + a[1] * a[1]) % Q)
    if norm is None:
        return None
    half = pow(2, -1, Q)
    for sign in (norm, -norm):
        x = _root((a[0] + sign) * half % Q)
        if x:
            return x, a[1] * pow(2 * x, -1, Q) % Q
    return None


def _in_group(point) -> bool:
    """r times the point is zero: by doubling and adding in Fq2."""
    total = None
    for bit in bin(R)[2:]:
        total = _g2_add(total, total)
        if bit == "1":
            total = _g2_add(total, point)
    return total is None


def _g2_add(p, q):
    if p is None or q is None:
        return p if q is None else q
    if p[0] == q[0]:
        if p[1] != q[1] or p[1] == (0, 0):
            return None
        slope = f2_mul(f2_mul((3, 0), f2_mul(p[0], p[0])), f2_inv(f2_add(p[1], p[1])))
    else:
        slope = f2_mul(f2_sub(q[1], p[1]), f2_inv(f2_sub(q[0], p[0])))
    x = f2_sub(f2_sub(f2_mul(slope, slope), p[0]), q[0])
    return x, f2_sub(f2_mul(slope, f2_sub(p[0], x)), p[1])


def _check_g2(point):
    x, y = point
    on_curve = f2_sub(f2_mul(y, y), f2_add(f2_mul(x, f2_mul(x, x)), B2)) == (0, 0)
    require(on_curve and _in_group(point), "no point of G2")
    return point


@cache
def read_g2_plain(data: bytes):
    x0, x1, y0, y1 = (le(data[i : i + 32]) for i in range(0, 128, 32))
    require(max(x0, x1, y0, y1) < Q, "a coordinate above the modulus")
    return _check_g2(((x0, x1), (y0, y1)))


@cache
def read_g2(data: bytes):
    """A compressed point of G2."""
    require(len(data) == 64, "a point of G2 has 64 bytes")
    flags, x0, x1 = data[63] & 0xC0, le(data[:32]), le(data[32:]) & (1 << 254) - 1
    if flags & 0x40:
        require(flags == 0x40 and x0 == x1 == 0, "another spelling of the zero point")
        return None
    require(max(x0, x1) < Q, "a coordinate above the modulus")
    x = x0, x1
    y = _f2_root(f2_add(f2_mul(x, f2_mul(x, x)), B2))
    if y is None:
        raise Refused("no point of the curve")
    minus = f2_sub((0, 0), y)
    larger, smaller = (y, minus) if (y[1], y[0]) > (minus[1], minus[0]) else (minus, y)
    return _check_g2((x, larger if flags else smaller))


# Fq12 = Fq[w] / (w^12 - 18 w^6 + 82), with u = w^6 - 9.
def _mul12(a, b):
    c = [0] * 23
    for i, x in enumerate(a):
        if x:
            for j, y in enumerate(b):
                c[i + j] += x * y
    for k in range(22, 11, -1):
        top = c[k]
        c[k - 6] += 18 * top
        c[k - 12] -= 82 * top
    return [x % Q for x in c[:12]]


def _pow12(a, exponent):
    result = [1] + [0] * 11
    for bit in bin(exponent)[2:]:
        result = _mul12(result, result)
        if bit == "1":
            result = _mul12(result, a)
    return result


def _line(slope, at, p):
    """The line through `at` with this slope, untwisted, at the point p of G1: y - slope x w + (slope x_at - y_at) w^3."""
    constant = f2_sub(f2_mul(slope, at[0]), at[1])
    value = [0] * 12
    value[0] = p[1]
    for power, (a, b) in ((1, (-slope[0] * p[0], -slope[1] * p[0])), (3, constant)):
        value[power] = (a - 9 * b) % Q
        value[power + 6] = b % Q
    return value


ATE = 29793968203157093288
_XI = (9, 1)


def _f2_pow(a, exponent):
    result = (1, 0)
    for bit in bin(exponent)[2:]:
        result = f2_mul(result, result)
        if bit == "1":
            result = f2_mul(result, a)
    return result


_FROBENIUS = [_f2_pow(_XI, (Q - 1) // 3), _f2_pow(_XI, (Q - 1) // 2)]


def _frobenius(point):
    conjugate = [(c[0], -c[1] % Q) for c in point]
    return tuple(f2_mul(c, factor) for c, factor in zip(conjugate, _FROBENIUS))


@cache
def _steps(g2):
    """Slopes and points of the Miller loop of the optimal ate pairing; None squares first."""
    steps, at = [], g2

    def add(other):
        nonlocal at
        if at == other:
            slope = f2_mul(f2_mul((3, 0), f2_mul(at[0], at[0])), f2_inv(f2_add(at[1], at[1])))
        else:
            slope = f2_mul(f2_sub(other[1], at[1]), f2_inv(f2_sub(other[0], at[0])))
        steps.append((slope, at))
        at = _g2_add(at, other)

    for bit in bin(ATE)[3:]:
        steps.append(None)
        add(at)
        if bit == "1":
            add(g2)
    first = _frobenius(g2)
    second = _frobenius(first)
    add(first)
    add((second[0], f2_sub((0, 0), second[1])))
    return steps


def pairings_are_one(pairs) -> bool:
    """Whether prod e(p, q) is 1."""
    pairs = [(p, _steps(q)) for p, q in pairs if p is not None and q is not None]
    value = [1] + [0] * 11
    if not pairs:
        return True
    for index in range(len(pairs[0][1])):
        for number, (p, steps) in enumerate(pairs):
            step = steps[index]
            if step is None:
                if number == 0:
                    value = _mul12(value, value)
            else:
                value = _mul12(value, _line(*step, p))
    # (q^12 - 1) / r; the easy part first, as powers of q: w^(q^6) = -w.
    conjugate = [x if i % 2 == 0 else -x % Q for i, x in enumerate(value)]
    # value^(q^6 - 1) = 1 is what conjugate = value says; the rest of the exponent needs the whole power.
    value = _mul12(conjugate, _inverse12(value))
    return _pow12(value, (Q**6 + 1) // R) == [1] + [0] * 11


def _inverse12(a):
    """By linear algebra over Fq: the b with a b = 1."""
    columns = []
    power = list(a)
    for _ in range(12):
        columns.append(power)
        power = _mul12(power, [0, 1] + [0] * 10)
    rows = [[columns[j][i] for j in range(12)] + [1 if i == 0 else 0] for i in range(12)]
    for i in range(12):
        pivot = next(j for j in range(i, 12) if rows[j][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        scale = pow(rows[i][i], -1, Q)
        rows[i] = [x * scale % Q for x in rows[i]]
        for j in range(12):
            factor = rows[j][i]
            if j != i and factor:
                rows[j] = [(x - factor * y) % Q for x, y in zip(rows[j], rows[i])]
    return [row[12] for row in rows]


@cache
def hiding_base():
    """H of srs.md."""
    tag = b"zkp-dataset-ledger/hiding-base/bn254-g1/v1"
    for counter in range(256):
        digest = int.from_bytes(sha256(tag + counter.to_bytes(4, "big")).digest(), "big")
        sign, x = digest >> 255, digest & (1 << 254) - 1
        y = _root((x * x * x + 3) % Q)
        if x < Q and y is not None:
            return x, y if y % 2 == sign else Q - y
    raise Refused("no hiding base")
