"""The example of docs/seal.md from that page alone: naive Poseidon and plain integers, nothing shared with the Rust code.

Prints the layout digest, the empty leaf, leaf 1, h, and h of the same rows as segments 1 and 2 of a longer table. Needs Python 3.8 and the package blake3.
"""

import hashlib
from blake3 import blake3

P = 21888242871839275222246405745257275088548364400416034343698204186575808495617
RP = {3: 57, 6: 60}


def grain(t, rp):
    bits = []

    def put(v, n):
        bits.extend(int(b) for b in bin(v)[2:].zfill(n))

    put(1, 2)
    put(0, 4)
    put(254, 12)
    put(t, 12)
    put(8, 10)
    put(rp, 10)
    bits.extend([1] * 30)
    st = bits[:]

    def step():
        n = st[62] ^ st[51] ^ st[38] ^ st[23] ^ st[13] ^ st[0]
        st.pop(0)
        st.append(n)
        return n

    for _ in range(160):
        step()

    def bit():
        while True:
            a = step()
            b = step()
            if a:
                return b

    def num():
        return int("".join(str(bit()) for _ in range(254)), 2)

    rc = []
    for _ in range((8 + rp) * t):
        x = num()
        while x >= P:
            x = num()
        rc.append(x)
    xs = [num() % P for _ in range(t)]
    ys = [num() % P for _ in range(t)]
    return rc, [[pow(xs[i] + ys[j], -1, P) for j in range(t)] for i in range(t)]


C = {t: grain(t, RP[t]) for t in RP}


def perm(s):
    t = len(s)
    rc, m = C[t]
    R = 8 + RP[t]
    for r in range(R):
        s = [(x + rc[r * t + i]) % P for i, x in enumerate(s)]
        s = [pow(x, 5, P) if (r < 4 or r >= R - 4 or i == 0) else x for i, x in enumerate(s)]
        s = [sum(m[i][j] * s[j] for j in range(t)) % P for i in range(t)]
    return s


def hash2(a, b):
    return perm([0, a, b])[0]


assert hash2(1, 2) == 7853200120776062878684798364095072458815029376092732009249414926327459813530
le = lambda b: int.from_bytes(b, "little")


def h2f(label, data):
    l = label.encode()
    return le(hashlib.sha512(b"zkl/hash-to-field/v1" + len(l).to_bytes(8, "little") + l + data).digest()) % P


D = lambda label: h2f("zkl/poseidon/domain", label.encode())


def H(label, *m):
    s = [(D(label) + len(m)) % P] + [0] * 5
    blocks = [m[i : i + 5] for i in range(0, len(m), 5)] or [()]
    for b in blocks:
        for i, x in enumerate(b):
            s[1 + i] = (s[1 + i] + x) % P
        s = perm(s)
    return s[1]


seed = bytes(range(32))


def prf(label, i):
    return le(blake3(label.encode() + i.to_bytes(2, "little"), key=seed).digest(length=64)) % P


salt = lambda i: prf("zkl/seal/v1/salt", i)
V = "zkl/seal/v1/"


def rec(i, kind, valid, b0, b1):
    return H(V + "record", kind, salt(i), valid, b0, b1)


def numeric(i, valid, s1, s2, mn, T, limbs):
    return rec(i, 1, valid, s1 | (mn + 2**63) << 96 | T << 160 | (limbs - 1) << 176, s2)


def pack(c):
    return [sum(x << (32 * k) for k, x in enumerate(c[i : i + 7])) for i in range(0, len(c), 7)]


def hv(ty, v):
    return h2f(V + "value", ty.encode() + b"\0" + v.encode())


def cat(i, valid, counts, ty, vals):
    hvs = [0] + [hv(ty, v) for v in vals]
    hvs += [0] * (len(counts) - len(hvs))
    return rec(i, 2, valid, H(V + "category-counts", *pack(counts)), H(V + "category-values", salt(i), *hvs))


def name(n):
    return h2f(V + "column-name", n.encode())


def col(n, ty, par, null, enc, size):
    return [name(n), ty | par << 8 | null << 16 | enc << 24 | size << 32]


vec = (
    [1, 6, 6, 2]
    + col("age", 1, 0, 1, 1, 1)
    + col("income", 2, 2, 0, 1, 2)
    + col("sex", 5, 0, 0, 2, 4)
    + col("label", 0, 0, 1, 2, 4)
    + col("city", 5, 0, 0, 3, 512)
    + col("note", 6, 0, 1, 4, 0)
)
vec += [1 | 2 << 8 | 3 << 40, 2 | 0 << 8 | 1 << 40]
lay = H(V + "layout", *vec)
u = [0, 10, 20, None, 0, 5]
w = [0, 100000, 50000, 0, 800000, 1]
both = [(a, b) for a, b in zip(u, w) if a is not None]
joint = [0, 0, 0, 0, 0, 2, 0, 0, 1, 1, 2, 0, 0, 0, 0, 0]
leaves = [
    H(V + "header", lay, 6, prf("zkl/seal/v1/nonce", 0)),
    numeric(1, 5, 35, sum(a * a for a, _ in both), 20, 20, 1),
    numeric(2, 6, sum(w), sum(x * x for x in w), 100000, 800000 >> 16, 2),
    cat(3, 6, [0, 2, 4, 0], "category", ["f", "m"]),
    cat(4, 5, [1, 3, 2, 0], "bool", ["true", "false"]),
    rec(5, 3, 6, 3 | 1 << 32, 0),
    rec(6, 4, 2, 0, 0),
    rec(7, 5, 5, H(V + "joint-counts", *pack(joint)), 4),
    rec(
        8,
        6,
        5,
        H(
            V + "product-sums",
            sum(a for a, _ in both) | sum(b for _, b in both) << 96,
            sum(a * b for a, b in both),
            sum(a * a for a, _ in both),
            sum(b * b for _, b in both),
        ),
        0,
    ),
]
e = D(V + "empty")


def root(lv):
    emp = e
    for _ in range(10):
        if len(lv) % 2:
            lv = lv + [emp]
        lv = [hash2(lv[i], lv[i + 1]) for i in range(0, len(lv), 2)]
        emp = hash2(emp, emp)
    return lv[0]


def range_nonce(first, count):
    message = b"zkl/seal/v1/range-nonce" + first.to_bytes(4, "little") + count.to_bytes(4, "little")
    return le(blake3(message, key=seed).digest(length=64)) % P


hx = lambda x: x.to_bytes(32, "little").hex()
print(hx(lay))
print(hx(e))
print(hx(leaves[1]))
print(hx(root(leaves)))
print(hx(root([H(V + "header", lay, 6, range_nonce(1, 2))] + leaves[1:])))
