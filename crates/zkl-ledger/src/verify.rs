//! Offline verification of receipts: nothing is read but the receipt, nothing is trusted but what the caller hands in.
//!
//! What is checked, in this order, every size and public input taken from the statement:
//!
//! ```text
//! bytes        canonical, bounded
//! log          its key is among the pinned ones, if any are pinned
//! entries      signed by the notary that each names; in the tree of a checkpoint that the log signed
//! witnesses    each that the receipt names cosigned that checkpoint; with a policy, they are a quorum of it
//! notarization its dataset id follows from manifest, file digests and seal; the manifest is the notarized one
//! scan proof   if the receipt has one: see `scan/verify.rs`
//! claim        is about that notarization, by the same notary, and behind it in the same tree; its circuit and public
//!              inputs follow from the statement
//! proof        has the logged digest; its key has the logged digest and is built in or pinned; it verifies
//! ```

mod error;
mod report;
mod trust;
mod witnesses;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zkl_circuits::claims;
use zkl_core::{
    ark::Fr,
    circuit::CircuitId,
    claim::resolve,
    digest::{BlobDigest, KeyDigest},
    layout::Layout,
};
use zkl_merkle::{note::NoteVerifier, proof_file::TlogProof};
use zkl_snark::groth16::{self, Proof, VerifyingKey};

pub use error::VerifyError;
pub use report::{InLog, ProofReport, VerifiedReceipt, VerifiedStatement};
pub use trust::{Trust, TrustParseError};
use witnesses::Witnesses;

use crate::{
    entry::SignedEntry,
    predicate::{ClaimRecord, CustomRecord, Notarization, Predicate, PublicInput},
    receipt::{LoggedEntry, Manifest, ProofPart, Receipt, ScanPart},
    scan::{ProfileEvidence, check_scan},
};

/// Verifies a receipt.
///
/// # Soundness
/// The result says what was verified and under which assumptions: whether the log was pinned, which set-up the proof's
/// key came from, and whether the sealed profile is proved or attested ([`ProfileEvidence`]). A caller that needs more than that must look.
///
/// # Errors
/// [`VerifyError`], by the first check that fails.
pub fn verify(bytes: &[u8], trust: &Trust) -> Result<VerifiedReceipt, VerifyError> {
    let receipt = Receipt::decode(bytes)?;
    let log: NoteVerifier = receipt.log.parse().map_err(VerifyError::LogKey)?;
    if log.to_string() != receipt.log {
        return Err(VerifyError::LogKeySpelling);
    }
    let pinned = trust.pins(&log);
    if pinned == Some(false) {
        return Err(VerifyError::LogNotTrusted { got: receipt.log });
    }
    let witnesses = Witnesses::parse(&receipt.witnesses, trust.policy())?;
    let (entry, in_log) = logged_entry("entry", &receipt.entry, &log, &witnesses)?;
    let statement = match entry.predicate() {
        Predicate::Notarization(record) => {
            absent("notarization", receipt.notarization.is_some())?;
            absent("proof", receipt.proof.is_some())?;
            let manifest = present("manifest", receipt.manifest.as_ref())?;
            let layout = check_notarization(record, manifest)?;
            let profile = check_profile(record, layout, &in_log, receipt.scan.as_ref(), trust)?;
            VerifiedStatement::Notarization { notarization: Box::new(record.clone()), layout: layout.clone(), profile }
        }
        Predicate::Claim(record) => {
            let (notarized, notarized_in_log) = logged_entry(
                "notarization",
                present("notarization", receipt.notarization.as_ref())?,
                &log,
                &witnesses,
            )?;
            let Predicate::Notarization(notarization) = notarized.predicate() else {
                let got = notarized.predicate().type_uri().to_owned();
                return Err(VerifyError::StatementType { part: "notarization", got });
            };
            if record.notarization != notarized.id() {
                return Err(VerifyError::Notarization { expected: record.notarization, got: notarized.id() });
            }
            check_order(&notarized_in_log, &in_log)?;
            let layout = check_notarization(notarization, present("manifest", receipt.manifest.as_ref())?)?;
            let profile = check_profile(notarization, layout, &notarized_in_log, receipt.scan.as_ref(), trust)?;
            let part = present("proof", receipt.proof.as_ref())?;
            let proof = check_claim(record, notarization, layout, part, trust)?;
            VerifiedStatement::Claim {
                profile,
                claim: Box::new(record.claim.clone()),
                notarization: Box::new(notarization.clone()),
                notarization_id: notarized.id(),
                layout: layout.clone(),
                proof,
            }
        }
        Predicate::Custom(record) => {
            absent("notarization", receipt.notarization.is_some())?;
            absent("manifest", receipt.manifest.is_some())?;
            absent("scan proof", receipt.scan.is_some())?;
            let proof = check_custom(record, present("proof", receipt.proof.as_ref())?, trust)?;
            VerifiedStatement::Custom { record: Box::new(record.clone()), proof }
        }
    };
    Ok(VerifiedReceipt {
        id: entry.id(),
        notary: *entry.predicate().notary(),
        recorded_at: entry.predicate().recorded_at(),
        log: InLog { key: receipt.log, pinned: pinned.is_some(), policy: trust.policy().is_some(), ..in_log },
        statement,
    })
}

/// Opens an entry and checks that it is in the log.
fn logged_entry(
    part: &'static str,
    logged: &LoggedEntry,
    log: &NoteVerifier,
    witnesses: &Witnesses<'_>,
) -> Result<(SignedEntry, InLog), VerifyError> {
    let entry = SignedEntry::open(&logged.envelope).map_err(|source| VerifyError::Entry { part, source })?;
    let inclusion = |source| VerifyError::Inclusion { part, source };
    let proof = TlogProof::decode(logged.inclusion.as_bytes()).map_err(inclusion)?;
    // Extra data is authenticated by nothing, so a receipt must not carry any.
    absent("line of extra data", !proof.unauthenticated_extra().is_empty())?;
    let found = proof.verify(logged.envelope.as_bytes(), log).map_err(inclusion)?;
    let witnesses = witnesses.check(part, proof.checkpoint(), log)?;
    let in_log = InLog {
        key: String::new(),
        pinned: false,
        origin: found.origin.to_string(),
        index: found.index,
        size: found.size,
        root: found.root,
        witnesses,
        policy: false,
    };
    Ok((entry, in_log))
}

/// Checks that the notarization was logged before the claim, by one state of the log: a log that shows two histories
/// could otherwise have each entry in another one.
fn check_order(notarization: &InLog, claim: &InLog) -> Result<(), VerifyError> {
    if (notarization.size, notarization.root) != (claim.size, claim.root) {
        return Err(VerifyError::Checkpoints { claim: claim.size, notarization: notarization.size });
    }
    if notarization.index >= claim.index {
        return Err(VerifyError::Order { claim: claim.index, notarization: notarization.index });
    }
    Ok(())
}

/// Checks that a notarization is consistent in itself and with its manifest, and returns the layout.
fn check_notarization<'a>(record: &Notarization, manifest: &'a Manifest) -> Result<&'a Layout, VerifyError> {
    if manifest.version != Manifest::VERSION {
        return Err(VerifyError::ManifestVersion { expected: Manifest::VERSION, got: manifest.version });
    }
    let got = manifest.digest().map_err(|source| VerifyError::NotAReceipt { source })?;
    if got != record.manifest {
        return Err(VerifyError::Manifest { expected: record.manifest, got });
    }
    if record.file.privacy() != record.privacy {
        return Err(VerifyError::Privacy);
    }
    let commitments = record.scan.as_ref().map(|scan| scan.commitments);
    let expected = Notarization::derive_dataset_id(record.manifest, &record.file, &record.seal, commitments);
    if expected != record.dataset_id {
        return Err(VerifyError::DatasetId { expected, got: record.dataset_id });
    }
    Ok(&manifest.layout)
}

/// Checks the scan proof, if the entry names one and the receipt has it.
fn check_profile(
    notarization: &Notarization,
    layout: &Layout,
    in_log: &InLog,
    part: Option<&ScanPart>,
    trust: &Trust,
) -> Result<ProfileEvidence, VerifyError> {
    match (&notarization.scan, part) {
        (None, None) => Ok(ProfileEvidence::Attested),
        (None, Some(_)) => Err(VerifyError::PartSuperfluous { part: "scan proof" }),
        (Some(_), None) => Ok(ProfileEvidence::ProofLeftOut),
        (Some(record), Some(part)) => {
            let report = check_scan(notarization, record, layout, &in_log.origin, part, trust)?;
            Ok(ProfileEvidence::Proved(report))
        }
    }
}

fn check_claim(
    record: &ClaimRecord,
    notarization: &Notarization,
    layout: &Layout,
    part: &ProofPart,
    trust: &Trust,
) -> Result<ProofReport, VerifyError> {
    let agreements = [
        ("dataset", record.dataset == notarization.dataset),
        ("dataset id", record.dataset_id == notarization.dataset_id),
        // Whoever holds the opening may prove claims, but only the notary speaks for the notarization.
        ("notary", record.notary == notarization.notary),
    ];
    if let Some((field, _)) = agreements.into_iter().find(|(_, agree)| !agree) {
        return Err(VerifyError::ClaimMismatch { field });
    }
    let resolved = resolve(&record.claim, layout).map_err(VerifyError::Claim)?;
    let ctx = claims::context(&record.claim, record.notarization, record.notary.as_bytes(), record.nonce.as_bytes());
    let (circuit, public_inputs) =
        claims::statement(&resolved, layout, &notarization.seal, ctx).map_err(VerifyError::ClaimStatement)?;
    if circuit != record.circuit {
        return Err(VerifyError::Circuit { expected: circuit, got: record.circuit.clone() });
    }
    check_proof(part, &circuit, &public_inputs, record.verifying_key, record.proof, trust)
}

fn check_custom(record: &CustomRecord, part: &ProofPart, trust: &Trust) -> Result<ProofReport, VerifyError> {
    // Here the public inputs are the notary's words: a claim's proof under a chosen seal would pass for a claim.
    if claims::is_reserved(&record.circuit) {
        return Err(VerifyError::ClaimCircuit { circuit: record.circuit.clone() });
    }
    let public_inputs: Vec<Fr> = record.public_inputs.iter().map(PublicInput::value).collect();
    let report = check_proof(part, &record.circuit, &public_inputs, record.verifying_key, record.proof, trust)?;
    // Trust by digest does not tell how a key was made; where the notary admits a forgeable set-up, that is what counts.
    let setup = if record.setup.is_forgeable() { record.setup } else { report.setup };
    Ok(ProofReport { setup, ..report })
}

fn check_proof(
    part: &ProofPart,
    circuit: &CircuitId,
    public_inputs: &[Fr],
    key_digest: KeyDigest,
    proof_digest: BlobDigest,
    trust: &Trust,
) -> Result<ProofReport, VerifyError> {
    let key_bytes = decode_base64("verifying key", &part.verifying_key)?;
    let got = KeyDigest::of(&key_bytes);
    if got != key_digest {
        return Err(VerifyError::KeyDigest { expected: key_digest, got });
    }
    let setup = trust.setup(circuit, key_digest);
    let setup = setup.ok_or_else(|| VerifyError::KeyNotTrusted { circuit: circuit.clone(), digest: key_digest })?;
    let proof_bytes = decode_base64("proof", &part.bytes)?;
    let got = BlobDigest::of(&proof_bytes);
    if got != proof_digest {
        return Err(VerifyError::ProofDigest { expected: proof_digest, got });
    }
    let key = VerifyingKey::from_bytes(&key_bytes).map_err(VerifyError::Key)?;
    let proof = Proof::from_bytes(&proof_bytes).map_err(VerifyError::ProofEncoding)?;
    groth16::verify(&key, public_inputs, &proof).map_err(VerifyError::Proof)?;
    Ok(ProofReport { circuit: circuit.clone(), setup, verifying_key: key_digest })
}

pub(crate) fn decode_base64(part: &'static str, text: &str) -> Result<Vec<u8>, VerifyError> {
    BASE64_STANDARD.decode(text).map_err(|_| VerifyError::Base64 { part })
}

fn present<'a, T>(part: &'static str, value: Option<&'a T>) -> Result<&'a T, VerifyError> {
    value.ok_or(VerifyError::PartMissing { part })
}

fn absent(part: &'static str, there: bool) -> Result<(), VerifyError> {
    if there { Err(VerifyError::PartSuperfluous { part }) } else { Ok(()) }
}
