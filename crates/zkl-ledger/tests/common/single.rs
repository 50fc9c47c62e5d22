//! Receipts of one entry in formats 1 to 3, as earlier versions wrote them.

use serde::Serialize;
use zkl_ledger::receipt::{Manifest, Receipt, ReceiptEntry};

#[derive(Serialize)]
struct Single<'a> {
    format: &'a str,
    log: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    witnesses: &'a [String],
    entry: Logged<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notarization: Option<Logged<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<&'a Manifest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scan: Option<Scan<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<Proof<'a>>,
}

#[derive(Serialize)]
struct Logged<'a> {
    envelope: &'a str,
    inclusion: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Scan<'a> {
    proof: &'a str,
    verifying_keys: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Proof<'a> {
    bytes: &'a str,
    verifying_key: &'a str,
}

/// A list of one or two entries, the subject last, in the older form.
pub(crate) fn encode(receipt: &Receipt, format: &str) -> Vec<u8> {
    let (entry, others) = receipt.entries.split_last().expect("an entry");
    let logged = |entry: &'_ ReceiptEntry| receipt.tlog_proof(entry).expect("a proof").encode();
    let table = others.first().unwrap_or(entry);
    let single = Single {
        format,
        log: &receipt.log,
        witnesses: &receipt.witnesses,
        entry: Logged { envelope: &entry.envelope, inclusion: logged(entry) },
        notarization: others.first().map(|other| Logged { envelope: &other.envelope, inclusion: logged(other) }),
        manifest: table.evidence.manifest.as_ref(),
        scan: table.evidence.scan.as_ref().map(|scan| Scan { proof: &scan.proof, verifying_keys: &scan.keys }),
        proof: entry.evidence.proof.as_ref().map(|proof| Proof { bytes: &proof.bytes, verifying_key: &proof.key }),
    };
    let mut bytes = serde_json::to_vec_pretty(&single).expect("JSON");
    bytes.push(b'\n');
    bytes
}
