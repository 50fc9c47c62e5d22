//! Formats 1 to 3: receipts of one entry, with the notarization that a claim is about beside it.
//!
//! ```text
//! 1   without a scan proof
//! 2   with one
//! 3   with cosignatures, with or without a scan proof
//! ```
//!
//! They are read into a list of one or two entries, which is then verified as any other. What the list does not have is
//! checked here: which parts a format has, and that both entries stand under one checkpoint.

use serde::{Deserialize, Serialize};
use zkl_merkle::{proof_file::TlogProof, tree::leaf_hash};

use super::{Evidence, Manifest, ProofPart, Receipt, ReceiptEntry, ScanPart};
use crate::verify::{VerifyError, absent};

/// Without a scan proof.
const PLAIN: &str = "zkl-receipt/1";
/// With a scan proof.
const SCAN: &str = "zkl-receipt/2";
/// With cosignatures.
const WITNESSED: &str = "zkl-receipt/3";

/// The formats that are read here.
pub(super) const FORMATS: [&str; 3] = [PLAIN, SCAN, WITNESSED];

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SingleJson {
    format: String,
    log: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<String>,
    entry: LoggedJson,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notarization: Option<LoggedJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manifest: Option<Manifest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scan: Option<ScanJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proof: Option<ProofJson>,
}

/// An entry and a `c2sp.org/tlog-proof@v1` file: index, inclusion proof and checkpoint.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LoggedJson {
    envelope: String,
    inclusion: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProofJson {
    bytes: String,
    verifying_key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScanJson {
    proof: String,
    verifying_keys: Vec<String>,
}

/// Reads a receipt of one of [`FORMATS`].
pub(super) fn decode(bytes: &[u8]) -> Result<Receipt, VerifyError> {
    let json: SingleJson = super::decode(bytes)?;
    json.check_parts()?;
    json.into_list()
}

impl SingleJson {
    /// Checks that the format is the one of the parts that are there.
    fn check_parts(&self) -> Result<(), VerifyError> {
        let witnessed = self.format == WITNESSED;
        match (witnessed, self.witnesses.is_empty()) {
            (true, true) => return Err(VerifyError::PartMissing { part: "witness" }),
            (false, false) => return Err(VerifyError::PartSuperfluous { part: "witness" }),
            _ => {}
        }
        match (self.format == SCAN, self.scan.is_some()) {
            (true, false) => Err(VerifyError::PartMissing { part: "scan proof" }),
            (false, true) if !witnessed => Err(VerifyError::PartSuperfluous { part: "scan proof" }),
            _ => Ok(()),
        }
    }

    fn into_list(self) -> Result<Receipt, VerifyError> {
        let Self { log, witnesses, entry, notarization, manifest, scan, proof, .. } = self;
        let scan = scan.map(|scan| ScanPart { proof: scan.proof, keys: scan.verifying_keys });
        let proof = proof.map(|proof| ProofPart { bytes: proof.bytes, key: proof.verifying_key });
        let (mut subject, checkpoint) = entry.read()?;
        let table = Evidence { manifest, scan, ..Evidence::default() };
        let entries = match notarization {
            Some(notarization) => {
                let (mut notarization, other) = notarization.read()?;
                if other != checkpoint {
                    return Err(VerifyError::Checkpoints);
                }
                // What nothing names would be a second subject, and these formats have one.
                let names = subject.open()?.predicate().names();
                absent("notarization", !names.contains(&leaf_hash(notarization.envelope.as_bytes())))?;
                notarization.evidence = table;
                subject.evidence.proof = proof;
                vec![notarization, subject]
            }
            None => {
                subject.evidence = Evidence { proof, ..table };
                vec![subject]
            }
        };
        Ok(Receipt { log, witnesses, checkpoint, entries })
    }
}

impl LoggedJson {
    /// The entry without evidence, and the text of its checkpoint.
    fn read(self) -> Result<(ReceiptEntry, String), VerifyError> {
        let proof = TlogProof::decode(self.inclusion.as_bytes()).map_err(VerifyError::TlogProof)?;
        // Extra data is authenticated by nothing, so a receipt must not carry any.
        absent("line of extra data", !proof.unauthenticated_extra().is_empty())?;
        let (index, inclusion) = (proof.index(), proof.proof().clone());
        let entry = ReceiptEntry { index, envelope: self.envelope, inclusion, evidence: Evidence::default() };
        Ok((entry, proof.checkpoint().to_string()))
    }
}
