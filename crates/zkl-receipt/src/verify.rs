//! Offline verification of receipts: nothing is read but the receipt, nothing is trusted but what the caller hands in.
//!
//! What is checked, in this order, every size and public input taken from the statements:
//!
//! ```text
//! bytes       canonical, bounded
//! checkpoint  signed by the log, without extension lines
//! entries     by ascending index, none twice; each signed by the notary that it names, and in the tree of the checkpoint
//! log         its key is among the pinned ones, if any are pinned, or rotations among the entries lead to it from one; it named
//!             no successor in them, and counts at the size of the checkpoint
//! witnesses   each that the receipt names cosigned the checkpoint; with a policy, they are a quorum of it
//! notaries    those that count, if the caller says which do
//! names       what an entry names stands before it in the receipt, and so in the log
//! evidence    exactly the parts that the entry's kind calls for
//! statement   by kind: see the files in `kind`
//! ```

mod basis;
mod error;
mod keys;
mod proof;
mod report;
mod require;
mod summary;
#[cfg(test)]
mod tests;
mod trust;
mod witnesses;

use std::collections::BTreeSet;

use zkl_core::{digest::TransactionId, tree::LeafIndex};
use zkl_merkle::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    keys::{Origin, VerifyingKey},
    note::NoteVerifier,
    tree::Inclusion,
};

pub use basis::Verdict;
pub use error::VerifyError;
pub(crate) use keys::{NamedKey, trusted_srs};
pub(crate) use proof::{NamedProof, decode_base64};
pub(crate) use report::VerifiedTable;
pub use report::{ProofReport, VerifiedEntry, VerifiedLog, VerifiedReceipt, VerifiedStatement};
pub use require::{Requirement, RequirementError, RequirementParseError};
pub use summary::{LogSummary, ProofSummary, ReceiptSummary, ScanSummary, StatementSummary};
pub(crate) use trust::TrustAt;
pub use trust::{Trust, TrustParseError};
use witnesses::Witnesses;

use crate::{
    dataset_ref::DatasetRef,
    entry::SignedEntry,
    kind::Predicate,
    receipt::{Evidence, MAX_RECEIPT_ENTRIES, MAX_RELATIONS, MAX_SCAN_PROOFS, Receipt, ReceiptEntry},
    rotation::{NotaryRotations, Rotation},
    trust_store::Place,
};

/// Verifies a receipt.
///
/// # Soundness
/// The result says what was verified and under which assumptions: whether the log was pinned, which setups the keys came
/// from, and whether a sealed profile is proved or attested ([`crate::ProfileEvidence`]). A caller that needs more than that
/// must demand it ([`VerifiedReceipt::require`]) and look at the [`VerifiedReceipt::subjects`], which are what the receipt is for.
///
/// # Errors
/// [`VerifyError`], by the first check that fails.
pub fn verify(bytes: &[u8], trust: &Trust) -> Result<VerifiedReceipt, VerifyError> {
    let receipt = Receipt::decode(bytes)?;
    let log: NoteVerifier = receipt.log.parse().map_err(VerifyError::LogKey)?;
    if log.to_string() != receipt.log {
        return Err(VerifyError::LogKeySpelling);
    }
    let signed = SignedCheckpoint::parse(receipt.checkpoint.as_bytes()).map_err(VerifyError::Checkpoint)?;
    let pinned = trust.pins(&log);
    let untrusted = || VerifyError::LogNotTrusted { got: receipt.log.clone() };
    let checkpoint = signed.open(&log).map_err(VerifyError::Checkpoint)?.into_inner();
    let extensions = checkpoint.extensions().len();
    if extensions > 0 {
        return Err(VerifyError::CheckpointExtensions { got: extensions });
    }
    let opened = open_entries(&receipt.entries, &checkpoint)?;
    let rotations = rotations(&opened, &checkpoint);
    let followed_from = match pinned {
        Some(false) => Some(trust.follows(&rotations, &log)?.ok_or_else(untrusted)?.to_string()),
        _ => None,
    };
    if let Some(step) = rotations.iter().find(|step| step.old == log) {
        return Err(VerifyError::Superseded { index: step.index });
    }
    let stored = trust.store().and_then(|store| store.log(&log).map(|listed| (store, listed)));
    if let Some((store, _)) = stored {
        store.check_log(&log, checkpoint.size())?;
    }
    let label = stored.and_then(|(_, listed)| listed.label.clone());
    // A policy that lists logs speaks of those, and of the keys that they name.
    let leads_here =
        |listed: &NoteVerifier| Rotation::path(&rotations, listed).last().is_some_and(|last| last.new == log);
    let is_followed = trust.policy().is_some_and(|policy| policy.logs().iter().any(|listed| leads_here(&listed.key)));
    let witnesses = Witnesses::parse(&receipt.witnesses, trust.policy())?.check(&signed, &log, is_followed)?;
    let entries = check_statements(&opened, &Rotation::leading_to(&rotations, &log), &checkpoint, trust)?;
    let log = VerifiedLog {
        origin: checkpoint.origin().to_string(),
        key: receipt.log,
        pinned: pinned.is_some(),
        followed_from,
        label,
        size: checkpoint.size(),
        root: checkpoint.root(),
        witnesses,
        policy: trust.policy().is_some(),
    };
    Ok(VerifiedReceipt { log, entries })
}

/// An entry of a receipt that its notary signed and that is in the log.
struct Opened<'a> {
    entry: &'a ReceiptEntry,
    signed: SignedEntry,
}

/// The rotations of the log's key that the receipt shows, in the order of the log.
fn rotations(opened: &[Opened<'_>], checkpoint: &Checkpoint) -> Vec<Rotation> {
    let origin = checkpoint.origin().as_str();
    let rotation = |opened: &Opened<'_>| match opened.signed.predicate() {
        Predicate::Key(record) => Rotation::of(opened.entry.index, record, origin),
        _ => None,
    };
    opened.iter().filter_map(rotation).collect()
}

/// Checks the list: order, signatures, inclusion.
fn open_entries<'a>(entries: &'a [ReceiptEntry], checkpoint: &Checkpoint) -> Result<Vec<Opened<'a>>, VerifyError> {
    if entries.is_empty() || entries.len() > MAX_RECEIPT_ENTRIES {
        return Err(VerifyError::Entries { got: entries.len(), max: MAX_RECEIPT_ENTRIES });
    }
    let scans = entries.iter().filter(|entry| entry.evidence.scan.is_some()).count();
    if scans > MAX_SCAN_PROOFS {
        return Err(VerifyError::ScanProofs { got: scans, max: MAX_SCAN_PROOFS });
    }
    let mut neighbours = entries.iter().zip(entries.iter().skip(1));
    if let Some((first, second)) = neighbours.find(|(first, second)| first.index >= second.index) {
        return Err(VerifyError::Order { index: second.index, before: first.index });
    }
    let mut opened: Vec<Opened<'a>> = Vec::with_capacity(entries.len());
    let mut ids = BTreeSet::new();
    for entry in entries {
        let signed = entry.open()?;
        let (leaf, index) = (signed.id(), entry.index);
        let statement = Inclusion { leaf, index, size: checkpoint.size(), root: checkpoint.root() };
        let _included =
            statement.verify(&entry.inclusion).map_err(|source| VerifyError::Inclusion { index, source })?;
        // One envelope may be logged twice; in a receipt it would say one thing as two.
        if !ids.insert(leaf) {
            return Err(VerifyError::Repeated { index });
        }
        opened.push(Opened { entry, signed });
    }
    let relations = opened.iter().filter(|entry| matches!(entry.signed.predicate(), Predicate::Relation(_))).count();
    if relations > MAX_RELATIONS {
        return Err(VerifyError::Relations { got: relations, max: MAX_RELATIONS });
    }
    Ok(opened)
}

/// What notaries have named, as far as the receipt shows it.
fn notary_rotations(opened: &[Opened<'_>], checkpoint: &Checkpoint) -> NotaryRotations {
    let mut rotations = NotaryRotations::default();
    for opened in opened {
        if let Predicate::Key(record) = opened.signed.predicate() {
            rotations.add(opened.entry.index, record, checkpoint.origin().as_str());
        }
    }
    rotations
}

/// Checks what names what, and each statement by its kind. The rotations of `chain` are evidence for the log's key, those that lead to
/// the notary of another entry are evidence for it.
fn check_statements(
    opened: &[Opened<'_>],
    chain: &[Rotation],
    checkpoint: &Checkpoint,
    trust: &Trust,
) -> Result<Vec<VerifiedEntry>, VerifyError> {
    let named: BTreeSet<TransactionId> = opened.iter().flat_map(|entry| entry.signed.predicate().names()).collect();
    let is_subject = |entry: &Opened<'_>| !named.contains(&entry.signed.id());
    let notaries = notary_rotations(opened, checkpoint);
    let signed = opened.iter().filter(|entry| !matches!(entry.signed.predicate(), Predicate::Key(_)));
    let leading = |entry: &Opened<'_>| {
        notaries.leading_to(entry.signed.predicate().notary(), checkpoint.origin(), entry.entry.index)
    };
    let evidence: BTreeSet<LeafIndex> =
        signed.flat_map(leading).chain(chain.iter().cloned()).map(|step| step.index).collect();
    let is_evidence = |entry: &Opened<'_>| evidence.contains(&entry.entry.index);
    // A receipt for a rotation has no other subject.
    let for_others = opened.iter().any(|entry| is_subject(entry) && !is_evidence(entry));
    let mut verified: Vec<VerifiedEntry> = Vec::with_capacity(opened.len());
    for entry in opened {
        let (index, id, predicate) = (entry.entry.index, entry.signed.id(), entry.signed.predicate());
        // Who may sign an entry about keys is in the entry.
        if let (Some(store), false) = (trust.store(), matches!(predicate, Predicate::Key(_))) {
            store.check_notary(checkpoint.origin(), index, predicate.notary(), &notaries)?;
        }
        let scope = Scope {
            index,
            evidence: &entry.entry.evidence,
            before: &verified,
            notaries: &notaries,
            log: checkpoint.origin(),
            origin: checkpoint.origin().as_str(),
            trust: trust.at(Place::of_entry(checkpoint.origin(), index)),
        };
        for name in predicate.names() {
            if scope.find(name).is_none() {
                return Err(VerifyError::NotBefore { index, named: name });
            }
        }
        let statement = predicate.verify(&scope)?;
        verified.push(VerifiedEntry {
            index,
            id,
            notary: *predicate.notary(),
            recorded_at: predicate.recorded_at(),
            is_subject: is_subject(entry) && !(for_others && is_evidence(entry)),
            statement,
        });
    }
    Ok(verified)
}

/// What a statement is verified with.
pub(crate) struct Scope<'a> {
    /// Position of the entry in the log.
    pub(crate) index: LeafIndex,
    /// Its evidence.
    pub(crate) evidence: &'a Evidence,
    /// The log's name.
    pub(crate) origin: &'a str,
    /// What the caller trusts at this place.
    pub(crate) trust: TrustAt<'a>,
    /// The entries before it, verified.
    before: &'a [VerifiedEntry],
    /// What notaries have named, as far as the receipt shows it, in the log of this name.
    notaries: &'a NotaryRotations,
    log: &'a Origin,
}

impl<'a> Scope<'a> {
    /// An entry before this one.
    pub(crate) fn find(&self, id: TransactionId) -> Option<&'a VerifiedEntry> {
        self.before.iter().find(|entry| entry.id == id)
    }

    /// The notarization that this entry names as `id`.
    fn notarization(&self, id: TransactionId) -> Result<VerifiedTable<'a>, VerifyError> {
        let index = self.index;
        let named = self.find(id).ok_or(VerifyError::NotBefore { index, named: id })?;
        match &named.statement {
            VerifiedStatement::Notarization { notarization, layout, notes, profile } => {
                Ok(VerifiedTable { notarization, layout, notes, profile })
            }
            _ => Err(VerifyError::NotANotarization { index, named: named.index }),
        }
    }

    /// The notarization that this entry names as a dataset, which agrees with it.
    pub(crate) fn dataset(&self, dataset: &DatasetRef) -> Result<VerifiedTable<'a>, VerifyError> {
        let table = self.notarization(dataset.entry)?;
        if dataset.name != table.notarization.dataset {
            return Err(VerifyError::DatasetMismatch { field: "dataset" });
        }
        if dataset.id != table.notarization.dataset_id {
            return Err(VerifyError::DatasetMismatch { field: "dataset id" });
        }
        Ok(table)
    }

    /// Checks that the entry `named` is of the notary `notary`, or of one that has led to it.
    pub(crate) fn check_same_notary(&self, named: TransactionId, notary: &VerifyingKey) -> Result<(), VerifyError> {
        let index = self.index;
        let entry = self.find(named).ok_or(VerifyError::NotBefore { index, named })?;
        match self.notaries.is_same(&entry.notary, notary, self.log, index) {
            true => Ok(()),
            false => Err(VerifyError::OtherNotary { index, named: entry.index }),
        }
    }

    /// A part of the evidence that must be there.
    pub(crate) fn present<T>(&self, part: &'static str, value: Option<&'a T>) -> Result<&'a T, VerifyError> {
        value.ok_or(VerifyError::EvidenceMissing { index: self.index, part })
    }

    /// A part of the evidence that must not be there.
    pub(crate) fn absent<T>(&self, part: &'static str, value: Option<&T>) -> Result<(), VerifyError> {
        if value.is_some() { Err(VerifyError::EvidenceSuperfluous { index: self.index, part }) } else { Ok(()) }
    }
}

/// A part of a receipt that nothing binds must not be there.
pub(crate) fn absent(part: &'static str, there: bool) -> Result<(), VerifyError> {
    if there { Err(VerifyError::PartSuperfluous { part }) } else { Ok(()) }
}
