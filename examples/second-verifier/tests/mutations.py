"""Changes to receipts, by a seeded source of randomness: as whoever passes a receipt on makes them, and as whoever holds the keys does."""

import base64
import contextlib
import copy
import json
import random

from second_verifier.field import Q, R, le
from second_verifier.refused import Refused

from . import forge

ELEMENT = 32
CLAIMS = [
    {"claim": "mean", "column": "age", "is": {"between": ["25", "30"]}},
    {"claim": "mean", "column": "age", "is": {"between": ["30", "25"]}},
    {"claim": "mean", "column": "age", "is": {"at_least": "25.0"}},
    {"claim": "mean", "column": "age", "is": {"at_least": "0." + "1" * 38}},
    {"claim": "mean", "column": "age", "is": {"at_least": "1" * 39}},
    {"claim": "mean", "column": "sex", "is": {"at_least": "25"}},
    {"claim": "mean", "column": "absent", "is": {"at_least": "25"}},
    {"claim": "mean", "column": "age", "is": {"at_least": "2024-01-01"}},
    {"claim": "values", "column": "joined", "is": {"at_least": "2024-01-01"}},
    {"claim": "values", "column": "joined", "is": {"at_least": "2023-02-29"}},
    {"claim": "share", "column": "sex", "value": "f", "over": "valid_rows", "is": {"at_least": "1.5"}},
    {"claim": "gap", "column": "hired", "value": "yes", "by": "sex", "groups": ["f", "m"], "is": {"at_most": "1"}},
    {"claim": "rows", "is": {"at_least": "6"}},
    {"claim": "rows", "is": {"at_least": "-0"}},
    {"claim": "range", "column": "age", "is": {"at_least": "6"}},
    {"claim": "min_group", "columns": ["sex", "sex"], "nulls": "excluded", "is": {"at_least": "1"}},
]


def passed_on(data: bytes, rng: random.Random) -> bytes:
    """Changed without a key."""
    kind = rng.randrange(8)
    if kind == 0:
        at = rng.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
    if kind == 1:
        at, length = rng.randrange(len(data)), rng.randrange(1, 40)
        return data[:at] + data[at + length :]
    value = json.loads(data)
    if kind == 2:
        name = rng.choice(list(value))
        del value[name]
    elif kind == 3:
        value = dict(rng.sample(list(value.items()), len(value)))
    elif kind == 4:
        entries = value.get("entries", [])
        if entries:
            entries.insert(rng.randrange(len(entries) + 1), copy.deepcopy(rng.choice(entries)))
        value["log"] = value["log"] if entries else value["log"].upper()
    elif kind == 5 and value.get("entries"):
        value["entries"].pop(rng.randrange(len(value["entries"])))
    elif kind == 6:
        value["checkpoint" if "checkpoint" in value else "log"] += rng.choice(["\n", "x", "\u2014 x y\n"])
    else:
        value["witnesses"] = value.get("witnesses", [])[:-1]
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + rng.choice([b"\n", b"\n", b""])


def signed(parts: list[dict], log: forge.Signer, rng: random.Random) -> bytes:
    """Changed, and signed again so that everything else fits."""
    parts = forge.identify(copy.deepcopy(parts))
    part = rng.choice(parts)
    evidence, predicate = part["evidence"], part["statement"]["predicate"]
    usual = _bytes if "proof" in evidence or "scan" in evidence else _predicate
    rng.choice([usual] * 4 + [_evidence, _predicate, _manifest, _claim])(parts, evidence, predicate, rng)
    if rng.random() < 0.9:
        # What was changed may have no digest, and is signed as it is.
        with contextlib.suppress(LookupError, TypeError, ValueError, Refused):
            forge.rebind(parts)
    return forge.receipt_of(parts, log, "extension\n" if rng.random() < 0.03 else "")


def _bytes(parts, evidence: dict, predicate: dict, rng) -> None:
    """A change of a proof or a key: somewhere, to an element, to a point."""
    places = []
    if "proof" in evidence:
        places += [(evidence["proof"], "bytes")] * 4 + [(evidence["proof"], "key")]
    if "scan" in evidence:
        places += [(evidence["scan"], "proof")] * 4
        places += [(evidence["scan"]["keys"], index) for index in range(len(evidence["scan"]["keys"]))]
    if not places:
        return
    holder, name = rng.choice(places)
    data = bytearray(base64.b64decode(holder[name]))
    # Elements lie from the end on, whatever stands before them.
    count = len(data) // ELEMENT
    at = len(data) - ELEMENT * rng.randrange(1, count + 1)
    own = le(data[at : at + ELEMENT])
    kind = rng.randrange(9)
    if kind == 0:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == 1 and own + R < 1 << 256:
        data[at : at + ELEMENT] = (own + R).to_bytes(ELEMENT, "little")
    elif kind == 2 and own + Q < 1 << 256:
        data[at : at + ELEMENT] = (own + Q).to_bytes(ELEMENT, "little")
    elif kind == 3:
        data[at + 31] ^= rng.choice([0x40, 0x80, 0xC0])
    elif kind == 4:
        data[at : at + ELEMENT] = bytes(31) + rng.choice([b"\x40", b"\0", b"\xc0"])
    elif kind == 5:
        other = len(data) - ELEMENT * rng.randrange(1, count + 1)
        data[at : at + ELEMENT], data[other : other + ELEMENT] = data[other : other + ELEMENT], data[at : at + ELEMENT]
    elif kind == 6:
        data[at : at + ELEMENT] = ((own + 1) % R).to_bytes(ELEMENT, "little")
    elif kind == 7:
        del data[at : at + rng.choice([1, ELEMENT])]
    else:
        data += bytes(rng.choice([1, ELEMENT]))
    holder[name] = base64.b64encode(data).decode()


def _evidence(parts, evidence: dict, predicate: dict, rng) -> None:
    kind = rng.randrange(4)
    if kind == 0 and evidence:
        del evidence[rng.choice(list(evidence))]
    elif kind == 1:
        other = rng.choice(parts)["evidence"]
        for name in ("manifest", "scan", "proof"):
            if name in other and name not in evidence:
                evidence[name] = copy.deepcopy(other[name])
    elif kind == 2:
        parts.reverse()
    elif len(parts) > 1:
        parts.pop(rng.randrange(1, len(parts)))


def _predicate(parts, evidence: dict, predicate: dict, rng) -> None:
    name = rng.choice(list(predicate))
    value = predicate[name]
    if name in ("old", "new", "notary"):
        predicate[name] = rng.choice([*forge.SIGNERS, value[::-1]])
    elif name == "change":
        predicate[name] = rng.choice(["rotation", "notary-rotation", "revocation", "loss"])
    elif name in ("recordedAt", "from"):
        predicate[name] = rng.choice([0, 1 << 64, value + 1, -1])
    elif isinstance(value, str):
        predicate[name] = rng.choice([value.upper(), value[::-1], "", "00" * 32, value + "x", "public", "attested"])
    elif isinstance(value, dict):
        inner = rng.choice(list(value))
        value[inner] = rng.choice([value[inner], "groth16", "universal", "00" * 32, None, "claim/rows@1"])
    elif value:
        predicate[name] = rng.choice([[], value * 2, value[:1]])


def _manifest(parts, evidence: dict, predicate: dict, rng) -> None:
    manifest = parts[0]["evidence"].get("manifest")
    if not manifest:
        return
    layout = manifest["layout"]
    column = rng.choice(layout["columns"])
    kind = rng.randrange(9)
    if kind == 0:
        layout["rows"] = rng.choice([0, 1, 7, 65_537, 1 << 32, 1_048_577])
    elif kind == 1:
        column["nullable"] = not column["nullable"]
    elif kind == 2:
        column["name"] = rng.choice(["", "age", "a\u200bb", "x" * 5_000])
    elif kind == 3:
        column["type"] = rng.choice(["int", "decimal(0)", "decimal(19)", "decimal(3)", "text", "bool", "timestamp(s)"])
    elif kind == 4:
        column["encoding"] = rng.choice(
            [{"kind": "numeric", "limbs": 5}, {"kind": "category", "capacity": 16}, {"kind": "grouped", "capacity": 512}]
        )
    elif kind == 5:
        column["rounding"] = {"error": rng.choice(["0.05", "0", "0.50", ".5", "1e3", "5"])}
    elif kind == 8:
        column["fraction_bits"] = rng.choice([0, 1, 14, 15, 16, -1, True])
    elif kind == 6:
        layout["pairs"] += rng.choice([[{"kind": "product", "left": 1, "right": 0}], layout["pairs"][:1], []])
    else:
        manifest["notes"] = rng.choice([[], [{"code": "x y"}], [{"code": "x", "column": 99}], [{"code": "later", "count": 3}]])


def _claim(parts, evidence: dict, predicate: dict, rng) -> None:
    for part in parts:
        own = part["statement"]["predicate"]
        if "claim" in own and rng.random() < 0.7:
            own["claim"] = copy.deepcopy(rng.choice(CLAIMS))
