"""Receipts that are changed and signed again, by whoever holds the keys of log and notary: here the fixtures' public seed."""

import base64
import copy
import json
from hashlib import sha256, sha512

from second_verifier import ed25519
from second_verifier.field import le
from second_verifier.log import leaf_hash
from second_verifier.receipt import evidence_digest, signed_message
from second_verifier.text import compact, indented

ORIGIN = "example.com/fixtures"


def _encode(point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, ed25519.P)
    return (y * inverse % ed25519.P | (x * inverse % ed25519.P & 1) << 255).to_bytes(32, "little")


class Signer:
    """A key of the fixtures, from its public seed."""

    def __init__(self, seed: bytes):
        hashed = sha512(seed).digest()
        self.scalar, self.prefix = le(hashed[:32]) & (1 << 254) - 8 | 1 << 254, hashed[32:]
        self.public = _encode(ed25519._times(self.scalar, ed25519.BASE))
        self.key_id = sha256(bytes.fromhex("302a300506032b6570032100") + self.public).hexdigest()
        typed = b"\1" + self.public
        self.note_id = sha256(ORIGIN.encode() + b"\n" + typed).digest()[:4]
        self.log = f"{ORIGIN}+{self.note_id.hex()}+{base64.b64encode(typed).decode()}"

    def sign(self, message: bytes) -> bytes:
        nonce = le(sha512(self.prefix + message).digest()) % ed25519.L
        r = _encode(ed25519._times(nonce, ed25519.BASE))
        k = le(sha512(r + self.public + message).digest()) % ed25519.L
        return r + ((nonce + k * self.scalar) % ed25519.L).to_bytes(32, "little")


FIRST = Signer(bytes([7] * 32))
# The key that rotations in the fixtures name, and the first.
SIGNERS = {signer.public.hex(): signer for signer in (FIRST, Signer(bytes([9] * 32)))}


def signer_of(receipt: dict) -> Signer:
    """Of the receipt's log, if it is one of the fixtures."""
    return next((signer for signer in SIGNERS.values() if signer.log == receipt["log"]), FIRST)


def parts_of(data: bytes) -> list[dict]:
    """Statements and evidence of a receipt of any format, without the log around them."""
    receipt = json.loads(data)
    if receipt["format"] == "zkl-receipt/4":
        entries = receipt["entries"]
    else:
        entries = []
        scan, proof = receipt.get("scan"), receipt.get("proof")
        table = {"manifest": receipt["manifest"]} if "manifest" in receipt else {}
        table |= {"scan": {"proof": scan["proof"], "keys": scan["verifyingKeys"]}} if scan else {}
        own = {"proof": {"bytes": proof["bytes"], "key": proof["verifyingKey"]}} if proof else {}
        if "notarization" in receipt:
            entries.append({"envelope": receipt["notarization"]["envelope"], "evidence": table})
            table = {}
        entries.append({"envelope": receipt["entry"]["envelope"], "evidence": table | own})
    payloads = (base64.b64decode(json.loads(entry["envelope"])["payload"]) for entry in entries)
    return [{"statement": json.loads(p), "evidence": copy.deepcopy(e["evidence"])} for p, e in zip(payloads, entries)]


def envelope(statement: dict) -> str:
    payload = compact(statement)
    signer = SIGNERS.get(statement["predicate"].get("notary"), FIRST)
    signature = {"keyid": signer.key_id, "sig": base64.b64encode(signer.sign(signed_message(payload))).decode()}
    value = {"payload": base64.b64encode(payload).decode(), "payloadType": "application/vnd.in-toto+json"}
    return compact(value | {"signatures": [signature]}).decode()


def _path(leaves: list[bytes], index: int) -> tuple[bytes, list[bytes]]:
    """Root, and the path of a leaf from its sibling up."""
    if len(leaves) == 1:
        return leaves[0], []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    left, of_left = _path(leaves[:half], min(index, half - 1))
    right, of_right = _path(leaves[half:], max(index - half, 0))
    root = sha256(b"\1" + left + right).digest()
    return root, of_left + [right] if index < half else of_right + [left]


def receipt_of(parts: list[dict], log: Signer = FIRST, extension: str = "") -> bytes:
    """A receipt of format 4: statements, signed and logged in a log of their own."""
    envelopes = [envelope(part["statement"]) for part in parts]
    leaves = [leaf_hash(own.encode()) for own in envelopes]
    root = _path(leaves, 0)[0]
    text = f"{ORIGIN}\n{len(leaves)}\n{base64.b64encode(root).decode()}\n{extension}"
    line = base64.b64encode(log.note_id + log.sign(text.encode())).decode()
    entries = []
    for index, (own, part) in enumerate(zip(envelopes, parts)):
        path = [base64.b64encode(hash_).decode() for hash_ in _path(leaves, index)[1]]
        entries.append({"index": index, "envelope": own, "inclusion": path, "evidence": part["evidence"]})
    checkpoint = f"{text}\n\u2014 {ORIGIN} {line}\n"
    return indented({"format": "zkl-receipt/4", "log": log.log, "checkpoint": checkpoint, "entries": entries})


def rebind(parts: list[dict]) -> None:
    """Lets everything that names something by digest name what is there now: evidence, dataset ids, subjects, entries."""
    ids: dict[str, tuple[str, dict]] = {}
    for part in parts:
        statement, evidence = part["statement"], part["evidence"]
        predicate = statement["predicate"]
        kind = statement["predicateType"].split(":")[2]
        if kind == "notarization":
            _rebind_notarization(predicate, evidence)
        elif kind != "key":
            _rebind_proof(predicate, evidence)
            for own in predicate.get("datasets", []):
                if own["entry"] in ids:
                    own["entry"], table = ids[own["entry"]]
                    own["id"] = table["datasetId"]
            if predicate.get("notarization") in ids:
                predicate["notarization"], table = ids[predicate["notarization"]]
                predicate["datasetId"] = table["datasetId"]
        _rebind_subject(statement)
        ids[part["original"]] = leaf_hash(envelope(statement).encode()).hex(), predicate


def _digest(text: str) -> str:
    return sha256(base64.b64decode(text)).hexdigest()


def _rebind_notarization(predicate: dict, evidence: dict) -> None:
    if "manifest" in evidence:
        predicate["manifest"] = sha256(compact(evidence["manifest"])).hexdigest()
    scan = predicate.get("scan")
    if scan and "scan" in evidence:
        scan["proof"] = _digest(evidence["scan"]["proof"])
        for own, text in zip(scan["keys"], evidence["scan"]["keys"]):
            own["key" if "key" in own else "verifyingKey"] = _digest(text)
    later = "source" in predicate
    version = 3 if later else 2 if scan else 1
    root = bytes.fromhex(scan["commitments"]) if scan else bytes(32) if later else b""
    message = bytes.fromhex(predicate["manifest"]) + evidence_digest(predicate)[0] + bytes.fromhex(predicate["seal"]) + root
    predicate["datasetId"] = sha256(f"zkl dataset id v{version}\0".encode() + message).hexdigest()


def _rebind_proof(predicate: dict, evidence: dict) -> None:
    if "proof" in evidence:
        key, digest = _digest(evidence["proof"]["key"]), _digest(evidence["proof"]["bytes"])
        if isinstance(predicate["proof"], dict):
            predicate["proof"] |= {"key": key, "digest": digest}
        else:
            predicate["verifyingKey"], predicate["proof"] = key, digest


def _rebind_subject(statement: dict) -> None:
    predicate, [subject] = statement["predicate"], statement["subject"]
    if "zklKey" in subject["digest"]:
        subject |= {"name": predicate["log"], "digest": {"zklKey": predicate["old"]}}
    elif "zklDataset" in subject["digest"]:
        subject["digest"]["zklDataset"] = predicate["datasetId"] if "datasetId" in predicate else predicate["datasets"][0]["id"]
    else:
        proof = predicate["proof"]
        subject["digest"]["zklVerifyingKey"] = proof["key"] if isinstance(proof, dict) else predicate["verifyingKey"]


def identify(parts: list[dict]) -> list[dict]:
    """Remembers the ids that statements have before they are changed."""
    for part in parts:
        part["original"] = leaf_hash(envelope(part["statement"]).encode()).hex()
    return parts

