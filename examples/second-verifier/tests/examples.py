"""The worked examples of the pages, computed: values by page, each of which must stand there."""

import base64
import json
from functools import cache
from hashlib import sha256
from pathlib import Path

from second_verifier.claims import Claim, context, public_inputs
from second_verifier.curve import write_point
from second_verifier.field import element
from second_verifier.layout import read_manifest
from second_verifier.log import cosigned, read_line
from second_verifier.receipt import Refused, Trust, signed_message, verify

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "crates" / "zkl-ledger" / "tests" / "fixtures"
RECEIPT = FIXTURES / "v5" / "claims.receipt"


@cache
def trace(matrices: Path | None) -> dict:
    """What the verifier came to; without matrices, as far as it gets."""
    values: dict = {}
    try:
        verify(RECEIPT.read_bytes(), Trust(matrices=matrices), values)
    except Refused:
        if matrices is not None:
            raise
    return values


def of_the_log() -> dict[str, str]:
    receipt = json.loads(RECEIPT.read_bytes())
    own = trace(None)[0]["checkpoint"]
    line = read_line(receipt["checkpoint"].split("\n")[-2])
    envelope = receipt["entries"][1]["envelope"]
    payload = base64.b64decode(json.loads(envelope)["payload"])
    time = int.from_bytes(line[2][:8], "big")
    return {
        "leaf0": sha256(b"\0" + receipt["entries"][0]["envelope"].encode()).hexdigest(),
        "leaf1": sha256(b"\0" + envelope.encode()).hexdigest(),
        "path1": "`, `".join(receipt["entries"][1]["inclusion"]),
        "root": base64.b64encode(own.root).decode(),
        "note": sha256(own.text.encode()).hexdigest(),
        "cosigned": sha256(cosigned(own.text, time)).hexdigest(),
        "pae": sha256(signed_message(payload)).hexdigest(),
    }


def of_claims() -> dict[str, str]:
    receipt = json.loads(RECEIPT.read_bytes())
    table, claim = (predicate(receipt["entries"][index]) for index in (0, 1))
    own = Claim.read(claim["claim"])
    notary, nonce = bytes.fromhex(claim["notary"]), bytes.fromhex(claim["nonce"])
    ctx = context(own, 2, bytes.fromhex(claim["datasets"][0]["entry"]), notary, nonce)
    layout = read_manifest(receipt["entries"][0]["evidence"]["manifest"])
    seal = int.from_bytes(bytes.fromhex(table["seal"]), "little")
    circuit, x = public_inputs(own, layout, seal, ctx)
    return {
        "text": sha256(own.text(2).encode()).hexdigest(),
        "ctx": element(ctx).hex(),
        "layout": element(x[2]).hex(),
        "circuit": circuit,
        "rest": f"{x[3]}, then {', '.join(map(str, x[4:]))}",
    }


def predicate(entry: dict) -> dict:
    return json.loads(base64.b64decode(json.loads(entry["envelope"])["payload"]))["predicate"]


def of_scans() -> dict[str, str]:
    own = trace(None)[0]
    [part] = own["table"].parts
    return {
        "context": own["context"].hex(),
        "layout": element(part.layout.digest).hex(),
        "word0": "`, `".join(element(word).hex() for word in part.lay_words),
        "lay": element(part.lay).hex(),
        "root": own["root"].hex(),
        "t0": element(own["t0"]).hex(),
        "blocks": f"{len(part.blocks)}, {part.nu}; {len(part.values)}",
        "weight0": element(own["weights"][0]).hex(),
    }


def of_proofs(matrices: Path) -> dict[str, str]:
    own = trace(matrices)[1]
    sizes = own["sizes"]
    values = {
        "sizes": f"{sizes.private}, {sizes.rounds}, {sizes.length}, {sizes.kappa}, {sizes.blocks}",
        "w0": own["w0"].hex(),
        "t_0": element(own["t"][0]).hex(),
        "phi0": element(own["phi"][0]).hex(),
        "state": own["state"].hex(),
        "cstar": write_point(own["cstar"]).hex(),
        "P": write_point(own["p"]).hex(),
    }
    return values | {name: element(own[name]).hex() for name in ("e", "rho", "pub", "v", "r", "q", "d")}
