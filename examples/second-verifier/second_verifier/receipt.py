"""Receipts: verifying.md#the-verdict, verifying/log.md, formats.md."""

import unicodedata
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from . import ed25519, groth16, universal
from .claims import Claim, context, public_inputs
from .data import circuits
from .field import read_element
from .layout import Layout, read_manifest
from .log import Checkpoint, Key, check_checkpoint, check_inclusion, is_name, leaf_hash, read_proof_file
from .refused import Refused, require
from .scan import Groups, System, Table, entry_context, is_wide, verify_groups
from .scan import verify as verify_table
from .text import circuit_id, compact, dataset_name, digest, fields, indented, integer, items, read_json, string, unbase64

CEREMONIES = {
    "79f96ef5bbcf75fb204e4720126dd6b3ad4b092c6f42898e85f890c7c84fc086",
    "d814c27910638eb36239284b3cad51e11b7b7a122563261f7e2ab62a133ad683",
    "4f3e4099edcf61d6fcee9fe8b2bc8b01bac10447bd6fbc8ecc903efa68d63d0d",
    "51f827c3be65b4462b42c11ad5c8639c94923068c790ce0a17ac8fac292b95f2",
}
DEV_STRING = "63e1268d5a89895cd10a57aaaa92fefd52b20b869a666f5a9f42a1be55e76342"


@dataclass
class Trust:
    """What a verifier brings: verifying.md#what-is-trusted."""

    logs: list[Key] = field(default_factory=list)
    keys: set[tuple[str, str]] = field(default_factory=set)
    strings: set[str] = field(default_factory=set)
    matrices: Path | None = None

    def __post_init__(self):
        self.store = universal.Store(self.matrices)

    def add(self, text: str) -> None:
        """A log key, vk:CIRCUIT:DIGEST or srs:DIGEST."""
        if text.startswith("vk:"):
            circuit, _, own = text[3:].rpartition(":")
            self.keys.add((circuit_id(circuit), digest(own).hex()))
        elif text.startswith("srs:"):
            self.strings.add(digest(text[4:]).hex())
        else:
            self.logs.append(Key.read(text, 1))

    def check_string(self, string_: universal.String, expected: bytes) -> str:
        """What a string rests on: `ceremony`, `external` or `dev`."""
        own = string_.digest.hex()
        require(string_.digest == expected, "another string than that of the entry")
        if own == DEV_STRING:
            return "dev"
        if own in CEREMONIES:
            return "ceremony"
        require(own in self.strings, "the string is not trusted")
        return "dev" if string_.kind == 0 else "external"

    def check_key(self, scheme: str, circuit: str, own: bytes, is_derivable: bool = False) -> str:
        """What a key rests on. Its bytes have this digest. Matrices in the directory that follow from a layout were derived by the
        program that wrote them: whoever passes the directory trusts that program."""
        known, trusted = circuits().get(circuit), (circuit, own.hex()) in self.keys
        if scheme == "universal":
            if known:
                require(known["key"] == own.hex(), "another key than that of the circuit")
            else:
                require(trusted or is_derivable and self.matrices is not None, "the key is not trusted")
            return "ceremony"
        if known and known["dev_key"] == own.hex():
            return "dev"
        require(trusted, "the key is not trusted")
        return "external"


@dataclass
class Entry:
    index: int
    envelope: bytes
    path: list[bytes]
    evidence: dict
    type: str = ""
    predicate: dict = field(default_factory=dict)
    layout: Layout | None = None

    @property
    def id(self) -> bytes:
        return leaf_hash(self.envelope)


ORDER = {"dev": 0, "external": 1, "ceremony": 2}


def weakest(*parts: str) -> str:
    return min(parts, key=ORDER.__getitem__)


@dataclass
class Verdict:
    """Of a valid receipt: its log, and for each entry what it rests on."""

    log: str
    pinned: bool
    size: int
    entries: list[tuple[int, str, str]]


def verify(data: bytes, trust: Trust, trace: dict | None = None) -> Verdict:
    """The verdict; `Refused` for a receipt that is not valid. `trace` gathers the values of the pages' examples."""
    require(len(data) <= 64 << 20, "a receipt of more than 64 MiB")
    value = read_json(data)
    require(isinstance(value, dict) and indented(value) == data, "not the canonical bytes of a receipt")
    log, witnesses, note, entries = _read_list(value)
    key = Key.read(log, 1)
    checkpoint = check_checkpoint(note, key, [Key.read(witness, 4) for witness in witnesses])
    require(1 <= len(entries) <= 1024, "no entries, or too many")
    require(sum("scan" in entry.evidence for entry in entries) <= 64, "too many scan proofs")
    require(all(a.index < b.index for a, b in zip(entries, entries[1:])), "indices do not ascend")
    require(len({entry.id for entry in entries}) == len(entries), "an entry stands twice")
    for entry in entries:
        _open(entry)
        check_inclusion(entry.id, entry.index, entry.path, checkpoint)
    _check_log(key, entries, trust)
    before: dict[bytes, tuple[Entry, str]] = {}
    for entry in entries:
        own = None if trace is None else trace.setdefault(entry.index, {"checkpoint": checkpoint, "entry": entry})
        basis = _statement(entry, before, checkpoint, trust, own)
        before[entry.id] = entry, basis
    listed = [(entry.index, entry.type, basis) for entry, basis in before.values()]
    return Verdict(log, bool(trust.logs), checkpoint.size, listed)


def _read_list(value: dict) -> tuple[str, list, str, list[Entry]]:
    """Log, witnesses, checkpoint and entries of a receipt of any format."""
    form = value.get("format")
    if form == "zkl-receipt/4":
        fields(value, "format", "log", "witnesses", "checkpoint", "entries", optional=("witnesses",))
        require(value.get("witnesses") != [], "a list of no witnesses")
        entries = []
        for own in items(value["entries"]):
            fields(own, "index", "envelope", "inclusion", "evidence")
            path = [unbase64(hash_, 32) for hash_ in items(own["inclusion"])]
            evidence = fields(own["evidence"], "manifest", "scan", "proof", optional=("manifest", "scan", "proof"))
            if "scan" in evidence:
                fields(evidence["scan"], "proof", "keys")
            if "proof" in evidence:
                fields(evidence["proof"], "bytes", "key")
            entries.append(Entry(integer(own["index"]), string(own["envelope"]).encode(), path, evidence))
        return string(value["log"]), items(value.get("witnesses", [])), string(value["checkpoint"]), entries
    return _read_single(value, form)


def _read_single(value: dict, form) -> tuple[str, list, str, list[Entry]]:
    """Formats 1 to 3."""
    require(form in ("zkl-receipt/1", "zkl-receipt/2", "zkl-receipt/3"), "not a receipt")
    optional = ("witnesses", "notarization", "manifest", "scan", "proof")
    fields(value, "format", "log", "witnesses", "entry", *optional[1:], optional=optional)
    require(("witnesses" in value) == (form[-1] == "3") and value.get("witnesses") != [], "witnesses and format")
    require(form[-1] == "3" or ("scan" in value) == (form[-1] == "2"), "scan proof and format")

    def logged(name: str) -> tuple[Entry, str]:
        own = fields(value[name], "envelope", "inclusion")
        index, path, checkpoint = read_proof_file(own["inclusion"])
        return Entry(index, string(own["envelope"]).encode(), path, {}), checkpoint

    table, own = {}, {}
    if "manifest" in value:
        table["manifest"] = value["manifest"]
    if "scan" in value:
        scan = fields(value["scan"], "proof", "verifyingKeys")
        table["scan"] = {"proof": scan["proof"], "keys": scan["verifyingKeys"]}
    if "proof" in value:
        proof = fields(value["proof"], "bytes", "verifyingKey")
        own["proof"] = {"bytes": proof["bytes"], "key": proof["verifyingKey"]}
    subject, checkpoint = logged("entry")
    entries = [subject]
    if "notarization" in value:
        notarization, other = logged("notarization")
        require(other == checkpoint, "two checkpoints")
        _open(subject)
        require(notarization.id in _names(subject), "a notarization that the entry does not name")
        notarization.evidence = table
        subject.evidence = own
        entries = [notarization, subject]
    else:
        subject.evidence = table | own
    return string(value["log"]), items(value.get("witnesses", [])), checkpoint, entries


def _check_log(key: Key, entries: list[Entry], trust: Trust) -> None:
    """The log's key is pinned, if any is, or rotations of the receipt lead to it from one that is; none leads on from it."""
    own = [entry.predicate for entry in entries if entry.type == "key:v1"]
    steps = [(step["old"], step["new"]) for step in own if step["change"] == "rotation" and step["log"] == key.name]
    require(all(old != key.public.hex() for old, _ in steps), "a key that names its successor in the receipt")
    if not trust.logs or key in trust.logs:
        return
    for pinned in trust.logs:
        reached = pinned.public.hex()
        for old, new in steps:
            reached = new if old == reached else reached
        if pinned.name == key.name and reached == key.public.hex():
            return
    raise Refused("the log is not trusted")


KINDS = {
    "notarization:v1": ("dataset", "datasetId", "assurance", "privacy", "seal", "manifest", "file"),
    "notarization:v2": ("dataset", "datasetId", "assurance", "privacy", "seal", "manifest", "file", "scan"),
    "notarization:v3": ("dataset", "datasetId", "assurance", "privacy", "seal", "manifest", "source", "scan"),
    "claim:v1": ("dataset", "datasetId", "notarization", "claim", "circuit", "verifyingKey", "proof"),
    "claim:v2": ("datasets", "claim", "proof"),
    "custom:v1": ("dataset", "description", "circuit", "setup", "verifyingKey", "publicInputs", "proof"),
    "custom:v2": ("datasets", "description", "setup", "publicInputs", "proof"),
    "key:v1": ("log", "change", "old", "new", "from"),
    "withdrawal:v1": ("entry", "replacement", "reason"),
    "policy:v1": ("log", "server", "before", "removed", "added", "after", "by"),
}
OPTIONAL = {
    "notarization:v3": ("scan",),
    "key:v1": ("from",),
    "withdrawal:v1": ("replacement",),
    "policy:v1": ("before", "removed", "added"),
}


def _open(entry: Entry) -> None:
    """Envelope and statement: canonical, signed by the notary, about what the predicate says."""
    require(len(entry.envelope) <= 65535, "an entry is too long")
    envelope = fields(read_json(entry.envelope), "payload", "payloadType", "signatures")
    require(compact(envelope) == entry.envelope, "not a canonical envelope")
    [signature] = items(envelope["signatures"]) if len(items(envelope["signatures"])) == 1 else [None]
    fields(signature, "keyid", "sig")
    payload = unbase64(envelope["payload"])
    require(envelope["payloadType"] == "application/vnd.in-toto+json", "a payload of another type")
    statement = fields(read_json(payload), "_type", "subject", "predicateType", "predicate")
    require(compact(statement) == payload, "not a canonical statement")
    require(statement["_type"] == "https://in-toto.io/Statement/v1", "not an in-toto statement")
    entry.type = string(statement["predicateType"]).removeprefix("urn:zkp-dataset-ledger:")
    require(entry.type in KINDS and statement["predicateType"].startswith("urn:"), "a statement of an unknown type")
    optional = OPTIONAL.get(entry.type, ())
    names = (*KINDS[entry.type], "notary", "recordedAt", "nonce")
    predicate = entry.predicate = fields(statement["predicate"], *names, optional=optional)
    notary = digest(predicate["notary"])
    integer(predicate["recordedAt"])
    digest(predicate["nonce"])
    fingerprint = sha256(bytes.fromhex("302a300506032b6570032100") + notary).hexdigest()
    require(signature["keyid"] == fingerprint, "a signature of another key than the notary's")
    ed25519.verify(notary, signed_message(payload), unbase64(signature["sig"], 64))
    _check_fields(entry.type, predicate)
    require(items(statement["subject"]) == [_subject(entry.type, predicate)], "another subject than that of the predicate")


def signed_message(payload: bytes) -> bytes:
    return f"DSSEv1 28 application/vnd.in-toto+json {len(payload)} ".encode() + payload


def _check_fields(kind: str, predicate: dict) -> None:
    if kind == "key:v1":
        require(is_name(string(predicate["log"])) and len(predicate["log"].encode()) <= 255, "not an origin")
        for name in ("old", "new"):
            ed25519.read_key(digest(predicate[name]))
        rotation = predicate["change"] in ("rotation", "notary-rotation")
        require(rotation or predicate["change"] == "revocation", "not a change of a key")
        require(rotation or integer(predicate.get("from")) >= 0, "a revocation without a size")
        require(not rotation or "from" not in predicate, "a rotation with a size")
        require(predicate["old"] != predicate["new"], "a key in place of itself")
        require(predicate["notary"] == predicate["old" if rotation else "new"], "another signer than that of the change")
        return
    if kind == "withdrawal:v1":
        digest(predicate["entry"])
        require(1 <= len(string(predicate["reason"]).encode()) <= 1024, "no reason, or one that is too long")
        if "replacement" in predicate:
            require(digest(predicate["replacement"]) != digest(predicate["entry"]), "an entry in place of itself")
        return
    if kind == "policy:v1":
        require(is_name(string(predicate["log"])) and len(predicate["log"].encode()) <= 255, "not an origin")
        _check_policy(predicate)
        return
    if kind.startswith("notarization"):
        dataset_name(predicate["dataset"])
        has_scan = "scan" in predicate
        assurance = "proved" if has_scan else "attested"
        require(predicate["assurance"] == assurance, "assurance and scan record do not fit")
        require(predicate["privacy"] in ("private", "public"), "not a privacy level")
        read_element(digest(predicate["seal"]))
        for name in ("datasetId", "manifest"):
            digest(predicate[name])
        evidence_digest(predicate)
        if has_scan:
            later = kind.endswith("v3")
            names = ("commitments", "srs", "keys", "proof")
            scan = fields(predicate["scan"], *(("scheme",) if later else ()), *names)
            require(scan.get("scheme", "groth16") in ("universal", "groth16"), "not a proof system")
            for name in ("commitments", "srs", "proof"):
                digest(scan[name])
            for own in items(scan["keys"]):
                circuit_id(fields(own, "circuit", "key" if later else "verifyingKey")["circuit"])
                digest(own["key" if later else "verifyingKey"])
        return
    if kind.endswith("v1"):
        circuit_id(predicate["circuit"])
        for name in ("verifyingKey", "proof", *(("datasetId", "notarization") if kind == "claim:v1" else ())):
            digest(predicate[name])
        if kind == "claim:v1" or predicate["dataset"] is not None:
            dataset_name(predicate["dataset"])
    else:
        proof = fields(predicate["proof"], "scheme", "circuit", "key", "srs", "digest", optional=("srs",))
        require(proof["scheme"] in ("universal", "groth16"), "not a proof system")
        circuit_id(proof["circuit"])
        for name in set(proof) - {"scheme", "circuit"}:
            digest(proof[name])
        datasets = [fields(own, "role", "name", "id", "entry") for own in items(predicate["datasets"])]
        roles = [string(own["role"]) for own in datasets]
        require(all(_is_role(role) for role in roles), "not a role")
        for own in datasets:
            dataset_name(own["name"])
            digest(own["id"])
            digest(own["entry"])
        if kind == "claim:v2":
            require(roles == ["dataset"], "a claim has one dataset, in the role dataset")
        require(len(set(roles)) == len(roles) <= 16, "two datasets in one role, or too many")
    if kind.startswith("claim"):
        Claim.read(predicate["claim"])
    else:
        string(predicate["description"])
        require(predicate["setup"] in ORDER, "not a setup")
        for own in items(predicate["publicInputs"]):
            read_element(digest(own))


def _is_role(role: str) -> bool:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return 1 <= len(role) <= 32 and role[0] in letters and all(c in letters + "0123456789_" for c in role)


def evidence_digest(predicate: dict) -> tuple[bytes, str]:
    """The digest of the file's evidence, and its kind."""
    covers = b""
    if "source" in predicate:
        source = fields(predicate["source"], "covers", "digests")
        require(source["covers"] in ("stored-bytes", "arrow-stream/1", "parts/1"), "digests of something unknown")
        covers, own = source["covers"].encode() + b"\0", source["digests"]
    else:
        own = predicate["file"]
    require(isinstance(own, dict) and own.get("kind") in ("plain", "salted"), "not the digests of a file")
    plain = own["kind"] == "plain"
    fields(own, "kind", "sha256", "sha3-256", "blake3", *(("bytes",) if plain else ()))
    message = own["kind"].encode() + b"\0" + covers + b"".join(digest(own[n]) for n in ("sha256", "sha3-256", "blake3"))
    return sha256(message + (integer(own["bytes"]).to_bytes(8, "big") if plain else b"")).digest(), own["kind"]


def _policy_line(text: object) -> bytes:
    line = string(text)
    require(1 <= len(line.encode()) <= 1024 and line == line.strip(), "not a line of a policy")
    require(all(unicodedata.category(character) != "Cc" for character in line), "a line with control characters")
    return line.encode()


def _check_policy(predicate: dict) -> None:
    for name in ("server", "by"):
        _policy_line(predicate[name])
    # An empty list is written as none.
    require(all(predicate.get(name) != [] for name in ("removed", "added")), "an empty list of lines")
    removed, added = ([_policy_line(line) for line in items(predicate.get(name, []))] for name in ("removed", "added"))
    for lines in (removed, added):
        require(all(one < other for one, other in zip(lines, lines[1:], strict=False)), "lines that are not in order")
    require(not set(removed) & set(added), "a line that comes and goes")
    after = digest(predicate["after"])
    if "before" in predicate:
        require(removed or added, "a change of nothing")
        require(digest(predicate["before"]) != after, "a change to what was before")
        return
    require(not removed, "lines that go where nothing was")
    text = b"zkl-policy-v1\n" + b"".join(line + b"\n" for line in added)
    require(sha256(text).digest() == after, "another digest than that of the lines")


def _subject(kind: str, predicate: dict) -> dict:
    if kind == "policy:v1":
        return {"name": predicate["server"], "digest": {"zklPolicy": predicate["after"]}}
    if kind == "key:v1":
        return {"name": predicate["log"], "digest": {"zklKey": predicate["old"]}}
    if kind == "withdrawal:v1":
        return {"name": predicate["entry"], "digest": {"zklEntry": predicate["entry"]}}
    if kind.startswith("custom"):
        name = _record(kind, predicate)["circuit"].split("@")[0]
        if kind == "custom:v1":
            name = predicate["dataset"] or name
        elif predicate["datasets"]:
            name = predicate["datasets"][0]["name"]
        return {"name": name, "digest": {"zklVerifyingKey": _record(kind, predicate)["key"]}}
    if kind == "claim:v2":
        own = predicate["datasets"][0]
        return {"name": own["name"], "digest": {"zklDataset": own["id"]}}
    digests = {}
    if kind.startswith("notarization"):
        file = predicate["source"]["digests"] if "source" in predicate else predicate["file"]
        if file["kind"] == "plain":
            digests = {"blake3": file["blake3"], "sha256": file["sha256"], "sha3_256": file["sha3-256"]}
    return {"name": predicate["dataset"], "digest": digests | {"zklDataset": predicate["datasetId"]}}


def _record(kind: str, predicate: dict) -> dict:
    """The proof that an entry names, of any version."""
    if kind.endswith("v2"):
        return predicate["proof"]
    key, own = predicate["verifyingKey"], predicate["proof"]
    return {"scheme": "groth16", "circuit": predicate["circuit"], "key": key, "digest": own}


def _datasets(kind: str, predicate: dict) -> list[tuple[bytes, str, str]]:
    """(entry, name, id) of what an entry names."""
    if kind == "claim:v1":
        return [(digest(predicate["notarization"]), predicate["dataset"], predicate["datasetId"])]
    own = predicate.get("datasets", [])
    return [(digest(dataset["entry"]), dataset["name"], dataset["id"]) for dataset in own]


def _names(entry: Entry) -> list[bytes]:
    return [] if entry.type.startswith("notarization") else [own[0] for own in _datasets(entry.type, entry.predicate)]


def _statement(entry: Entry, before: dict, checkpoint: Checkpoint, trust: Trust, trace) -> str:
    """Checks an entry by its kind, and returns what it rests on."""
    predicate, evidence = entry.predicate, entry.evidence
    if entry.type.startswith("notarization"):
        require("proof" not in evidence and "manifest" in evidence, "evidence of a notarization")
        return _notarization(entry, checkpoint, trust, trace)
    if entry.type == "key:v1":
        require(evidence == {} and predicate["log"] == checkpoint.origin, "a change of another log's key, or with evidence")
        return "ceremony"
    if entry.type == "policy:v1":
        require(evidence == {} and predicate["log"] == checkpoint.origin, "a policy of another log's server, or with evidence")
        return "ceremony"
    if entry.type == "withdrawal:v1":
        require(evidence == {}, "evidence of a withdrawal")
        for name in ("entry", "replacement"):
            if name in predicate:
                named = before.get(digest(predicate[name]))
                require(named is not None, "what an entry names does not stand before it")
                _same_notary(named[0].predicate["notary"], predicate["notary"], before, checkpoint)
        return "ceremony"
    require(list(evidence) == ["proof"], "evidence of a statement with a proof")
    tables = []
    for id_, name, dataset in _datasets(entry.type, predicate):
        require(id_ in before, "what an entry names does not stand before it")
        table, basis = before[id_]
        require(table.type.startswith("notarization"), "a dataset that is no notarization")
        own = table.predicate
        require((own["dataset"], own["datasetId"]) == (name, dataset), "another dataset than that of the notarization")
        tables.append((id_, table, basis))
    record = _record(entry.type, predicate)
    if entry.type.startswith("claim"):
        [(id_, table, basis)] = tables
        require(predicate["notary"] == table.predicate["notary"], "another notary than that of the notarization")
        claim, version = Claim.read(predicate["claim"]), int(entry.type[-1])
        ctx = context(claim, version, id_, digest(predicate["notary"]), digest(predicate["nonce"]))
        circuit, x = public_inputs(claim, table.layout, read_element(digest(table.predicate["seal"])), ctx)
        require(circuit == record["circuit"], "another circuit than that of the claim")
        if trace is not None:
            trace.update(text=claim.text(version), ctx=ctx, x=x)
        return weakest(basis, _check_proof(record, evidence["proof"], x, trust, trace))
    require(not record["circuit"].startswith(("claim/", "scan/", "merge/")), "a custom statement of a circuit of the project")
    x = [read_element(digest(own)) for own in predicate["publicInputs"]]
    own = _check_proof(record, evidence["proof"], x, trust, trace)
    return weakest("dev" if predicate["setup"] == "dev" else own, *(basis for _, _, basis in tables))


def _same_notary(earlier: str, notary: str, before: dict, checkpoint: Checkpoint) -> None:
    """The same key, or one that rotations before this entry lead to."""
    reached = earlier
    for entry, _ in before.values():
        step = entry.predicate
        if entry.type == "key:v1" and step["change"] != "revocation" and step["log"] == checkpoint.origin:
            reached = step["new"] if step["old"] == reached else reached
    require(notary in (earlier, reached), "a withdrawal of what another notary recorded")


def _check_proof(record: dict, part: dict, x: list[int], trust: Trust, trace) -> str:
    key_bytes, data = unbase64(part["key"]), unbase64(part["bytes"])
    require(sha256(key_bytes).hexdigest() == record["key"], "another key than that of the entry")
    require(sha256(data).hexdigest() == record["digest"], "another proof than that of the entry")
    scheme, circuit = record["scheme"], record["circuit"]
    require(("srs" in record) == (scheme == "universal"), "a string where there is none, or none where there is one")
    if scheme == "groth16":
        basis = trust.check_key(scheme, circuit, bytes.fromhex(record["key"]))
        groth16.verify(groth16.Key.read(key_bytes), None, x, None, data)
        return basis
    string_ = universal.String.at(data)
    of_string = trust.check_string(string_, digest(record["srs"]))
    basis = trust.check_key(scheme, circuit, bytes.fromhex(record["key"]))
    key = universal.Key.read(key_bytes)
    require(key.id == circuit, "a key of another circuit")
    universal.verify(key, trust.store, string_, x, None, data[string_.length :], trace)
    return weakest(basis, of_string)


def _notarization(entry: Entry, checkpoint: Checkpoint, trust: Trust, trace) -> str:
    predicate, evidence = entry.predicate, entry.evidence
    entry.layout = read_manifest(evidence["manifest"])
    manifest = sha256(compact(evidence["manifest"])).digest()
    require(manifest == digest(predicate["manifest"]), "another manifest than that of the entry")
    own, kind = evidence_digest(predicate)
    require((kind == "plain") == (predicate["privacy"] == "public"), "privacy and digests do not fit")
    scan = predicate.get("scan")
    root = digest(scan["commitments"]) if scan else (bytes(32) if "source" in predicate else b"")
    label = f"zkl dataset id {entry.type[-2:]}\0".encode()
    derived = sha256(label + manifest + own + digest(predicate["seal"]) + root).hexdigest()
    require(derived == predicate["datasetId"], "another dataset id than that of the fields")
    if scan is None:
        require("scan" not in evidence, "a scan proof that the entry does not name")
        return "external"
    if "scan" not in evidence:
        return "external"
    return _scan(entry, scan, checkpoint, trust, trace)


def _scan(entry: Entry, scan: dict, checkpoint: Checkpoint, trust: Trust, trace) -> str:
    predicate, part = entry.predicate, entry.evidence["scan"]
    scheme = scan.get("scheme", "groth16")
    data = unbase64(part["proof"])
    require(sha256(data).hexdigest() == scan["proof"], "another scan proof than that of the entry")
    in_groups = is_wide(entry.layout)
    table = Groups(entry.layout) if in_groups else Table(entry.layout)
    logged = [(own["circuit"], own.get("key") or own["verifyingKey"]) for own in scan["keys"]]
    texts = items(part["keys"])
    require([circuit for circuit, _ in logged] == table.circuits, "other circuits than those of the layout")
    require(len(texts) == len(logged), "not a key for each circuit")
    string_ = universal.String.at(data)
    basis, keys = [trust.check_string(string_, digest(scan["srs"]))], {}
    tables = table.tables if in_groups else [table]
    wide = [scheme == "universal" and len(own.parts) == 1 for own in tables]
    is_derivable = all(own.parts[0].slots.derivable(wide=wide) for own, wide in zip(tables, wide))
    for (circuit, own), text in zip(logged, texts, strict=True):
        key_bytes = unbase64(text)
        require(sha256(key_bytes).hexdigest() == own, "another key than that of the entry")
        basis.append(trust.check_key(scheme, circuit, bytes.fromhex(own), is_derivable))
        keys[circuit] = (universal.Key if scheme == "universal" else groth16.Key).read(key_bytes)
        require(scheme == "groth16" or keys[circuit].id == circuit, "a key of another circuit")
    if scheme == "universal":

        def check(circuit, x, link, proof):
            universal.verify(keys[circuit], trust.store, string_, x, link, proof)

        system = System(1, keys, check, lambda circuit, link: universal.Sizes.of(keys[circuit], link).bytes)
    else:

        def check(circuit, x, link, proof):
            groth16.verify(keys[circuit], string_, x, link, proof)

        system = System(None, keys, check, lambda circuit, link: groth16.proof_length(link))
    notary, nonce = digest(predicate["notary"]), digest(predicate["nonce"])
    place = entry_context(checkpoint.origin, notary, predicate["dataset"], nonce)
    seal = read_element(digest(predicate["seal"]))
    if trace is not None:
        trace.update(table=table)
    data = data[string_.length :]
    if in_groups:
        root = verify_groups(table, place, seal, string_, system, data)
    else:
        root = verify_table(table, place, seal, string_, system, data, trace)
    require(root == digest(scan["commitments"]), "another dataset commitment than that of the entry")
    return weakest(*basis)

