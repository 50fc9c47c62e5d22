//! Auditing: that a log has only grown since a checkpoint that the auditor kept, and what was added.
//!
//! ```text
//! both checkpoints are signed by the log
//! a consistency proof leads from the old tree to the new one (RFC 6962, section 2.1.2)
//! the old tree's right edge, grown by the entries that were added, has the new root
//! every added entry in which the log's key names another one leads to the key that signed the new checkpoint (ADR 21)
//! ```
//!
//! The first two show that nothing was changed or removed; the third, that the entries shown are the ones that were added.

use std::{collections::BTreeMap, io::Read as _, path::Path};

use thiserror::Error;
use zkl_core::{
    digest::{RootHash, TransactionId},
    name::DatasetName,
    time::Timestamp,
    transaction::OperationKind,
    tree::{LeafIndex, TreeSize},
};
use zkl_merkle::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    error::{CheckpointError, ProofError, TreeError},
    note::NoteVerifier,
    policy::{Policy, PolicyError},
    tile::{RightEdge, right_edge_tiles},
    tree::{Consistency, ConsistencyPlan, RootPlan},
};
use zkl_receipt::{
    DistrustError, EntryError, KeyChange, KeyRecord, MAX_RECEIPT_LEN, NotaryRotations, Predicate, Receipt, Rotation,
    TrustStore, WithdrawalRecord,
};

use crate::{
    error::LedgerError,
    export::ExportDir,
    ledger::Ledger,
    rotation::rotation_of,
    source::{LogSource, Stored, load_tiles},
    stage::StageReporter,
    walk::{bundle_at, open, walk},
};

/// What an auditor asks.
#[derive(Clone, Debug)]
pub struct AuditRequest {
    /// The checkpoint that the auditor kept, with whatever signatures.
    pub since: SignedCheckpoint,
    /// A policy that the new checkpoint must satisfy, and the old one where it is cosigned.
    pub policy: Option<Policy>,
    /// A trust store in which the log must stand, at its new size. It says which notaries count.
    pub trust: Option<TrustStore>,
    /// Most added entries to list; all are checked.
    pub list: usize,
}

/// A log that has only grown.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Audit {
    /// Entries of the old tree.
    pub since: TreeSize,
    /// The new checkpoint.
    pub checkpoint: Checkpoint,
    /// The key that signed it: what to know the log by from now on.
    pub log: NoteVerifier,
    /// The rotations by which the log came to that key from the one that signed the old checkpoint.
    pub rotations: Vec<Rotation>,
    /// Hashes of the consistency proof that was verified.
    pub proof_hashes: usize,
    /// Names of the policy's witnesses that cosigned the new checkpoint.
    pub witnesses: Vec<String>,
    /// Added entries by kind.
    pub added: BTreeMap<OperationKind, u64>,
    /// The first of the added entries, in log order.
    pub entries: Vec<AddedEntry>,
    /// The first of the withdrawals among them, as many as entries are listed at most: what is not to be relied on any more is not to be
    /// overlooked in a long list.
    pub withdrawals: Vec<AddedWithdrawal>,
}

/// An entry that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedEntry {
    /// Its index.
    pub index: LeafIndex,
    /// Its id.
    pub id: TransactionId,
    /// What it records.
    pub kind: OperationKind,
    /// The dataset that it is about.
    pub dataset: Option<DatasetName>,
    /// When, by the notary's clock.
    pub recorded_at: Timestamp,
    /// What it says beside its kind and its dataset.
    pub summary: String,
}

/// A withdrawal that was added. Whether its notary is that of the entry which it names is for whoever has that entry to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedWithdrawal {
    /// Its index.
    pub index: LeafIndex,
    /// What it says.
    pub record: WithdrawalRecord,
}

/// Why a log is not shown to have only grown.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The kept checkpoint is not this log's.
    #[error("the old checkpoint is not this log's")]
    Since(#[source] CheckpointError),
    /// The log has no checkpoint.
    #[error("the log has no checkpoint, the old one is of {since} entries")]
    Empty {
        /// Entries of the old tree.
        since: TreeSize,
    },
    /// The log's checkpoint is not signed by it.
    #[error("the log's checkpoint is not its own")]
    Checkpoint(#[source] CheckpointError),
    /// The log's key named a successor, which did not sign the checkpoint.
    #[error("the log's key named a successor in entry {index}, which did not sign the checkpoint")]
    Superseded {
        /// The entry.
        index: LeafIndex,
        /// What is wrong with its signature.
        #[source]
        source: CheckpointError,
    },
    /// The log has revoked the key that signed the old checkpoint from a smaller size on.
    #[error(
        "the log revoked the key of the old checkpoint, of {since} entries, from {from} entries on in entry {index}"
    )]
    Revoked {
        /// The entry.
        index: LeafIndex,
        /// Entries of the old tree.
        since: TreeSize,
        /// The first size at which the key does not count.
        from: TreeSize,
    },
    /// The log is smaller than it was.
    #[error("the log has {now} entries and had {since}: entries were removed, or this is an old copy")]
    Shrunk {
        /// Entries of the old tree.
        since: TreeSize,
        /// Entries now.
        now: TreeSize,
    },
    /// The old tree is not a prefix of the new one: the log signed two histories.
    #[error(
        "the log does not continue the old checkpoint: its first {since} entries had root {expected}, now {computed}"
    )]
    Fork {
        /// Entries of the old tree.
        since: TreeSize,
        /// Root in the old checkpoint.
        expected: RootHash,
        /// Root of as many entries now.
        computed: RootHash,
    },
    /// The stored tiles are not those of the log's own checkpoint.
    #[error("the log's tiles are not those of its checkpoint")]
    Tiles(#[source] ProofError),
    /// A tile that is missing or malformed.
    #[error("the log's tree cannot be read")]
    Tree(#[from] TreeError),
    /// An added entry is missing.
    #[error("entry {index} is missing")]
    EntryAbsent {
        /// Its index.
        index: u64,
    },
    /// An added entry is malformed or its signature wrong.
    #[error("entry {index} is damaged")]
    Entry {
        /// Its index.
        index: u64,
        /// The failed check.
        #[source]
        source: EntryError,
    },
    /// The entries shown are not those of the checkpoint.
    #[error("the added entries give root {computed}, the checkpoint says {expected}")]
    Entries {
        /// Root in the new checkpoint.
        expected: RootHash,
        /// Root over the old tree and the entries.
        computed: RootHash,
    },
    /// The log or the notary of an added entry does not count.
    #[error("the trust store does not let the log count")]
    Distrusted(#[from] DistrustError),
    /// The new checkpoint does not satisfy the policy.
    #[error("the log's checkpoint does not satisfy the policy")]
    Policy(#[source] PolicyError),
    /// The log cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl AuditError {
    /// Whether the log is shown to be other than it should be, rather than unreadable.
    pub const fn is_verdict(&self) -> bool {
        !matches!(self, Self::Ledger(_))
    }
}

impl Ledger {
    /// Shows that the log has only grown since a checkpoint, and what was added. The old checkpoint may be of a key that the log had before.
    ///
    /// # Errors
    /// [`AuditError`], by the first check that fails.
    pub async fn audit(&self, request: &AuditRequest, reporter: &dyn StageReporter) -> Result<Audit, AuditError> {
        let head = self.published_head().await?;
        let head = head.map(|head| head.to_string().into_bytes());
        let newest = self.log_key();
        let rotations = self.rotations().await?;
        let before = |step: &&Rotation| request.since.unverified().size().0 <= step.index.0;
        let former = rotations.iter().filter(before).find(|step| request.since.open(&step.old).is_ok());
        let log = match (request.since.open(&newest), former) {
            (Err(_), Some(step)) => &step.old,
            _ => &newest,
        };
        audit(&Stored(&*self.storage), head, log, request, reporter).await
    }
}

impl ExportDir {
    /// As [`Ledger::audit`], from the files of an export alone. `log` is the key of the log that the auditor knows: the one that signed
    /// the old checkpoint. Rotations since then are followed.
    ///
    /// # Errors
    /// [`AuditError`], by the first check that fails.
    pub async fn audit(
        &self,
        log: &NoteVerifier,
        request: &AuditRequest,
        reporter: &dyn StageReporter,
    ) -> Result<Audit, AuditError> {
        let head = self.head().await.map_err(LedgerError::from)?.map(|head| head.checkpoint);
        audit(self, head, log, request, reporter).await
    }
}

/// Reads a checkpoint that somebody kept, by itself or in a receipt. Whose it is shows when it is audited.
///
/// # Errors
/// [`LedgerError::Io`], [`LedgerError::Checkpoint`], [`LedgerError::KeptReceipt`].
pub fn read_checkpoint(path: &Path) -> Result<SignedCheckpoint, LedgerError> {
    let failed = |source| LedgerError::Io { action: "read", path: path.to_owned(), source };
    let mut bytes = Vec::new();
    // One byte more than a receipt may have: enough to be refused.
    let limit = MAX_RECEIPT_LEN as u64 + 1;
    std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(failed)?;
    // The first line of a checkpoint is the name of a log, whose second one is a number.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Ok(SignedCheckpoint::parse(&bytes)?);
    }
    let kept = |source| LedgerError::KeptReceipt { path: path.to_owned(), source: Box::new(source) };
    Ok(SignedCheckpoint::parse(Receipt::decode(&bytes).map_err(kept)?.checkpoint.as_bytes())?)
}

pub(crate) async fn audit(
    source: &dyn LogSource,
    head: Option<Vec<u8>>,
    log: &NoteVerifier,
    request: &AuditRequest,
    reporter: &dyn StageReporter,
) -> Result<Audit, AuditError> {
    let since = request.since.open(log).map_err(AuditError::Since)?;
    let head = head.ok_or(AuditError::Empty { since: since.size() })?;
    let signed = SignedCheckpoint::parse(&head).map_err(AuditError::Checkpoint)?;
    // Whose signature to look for: the replay below shows that it is the right one.
    let likely = match signed.open(log) {
        Ok(_) => log.clone(),
        Err(_) => newest_key(source, since.size(), signed.unverified().size(), log).await?,
    };
    let now = signed.open(&likely).map_err(AuditError::Checkpoint)?;
    let mut witnesses = Vec::new();
    if let Some(policy) = &request.policy {
        let known = policy.accepts_log(log);
        let checked = if known { policy.check_quorum(&signed, &likely) } else { policy.check(&signed, &likely) };
        let witnessed = checked.map_err(AuditError::Policy)?.into_inner();
        witnesses.extend(witnessed.cosignatures.iter().map(|cosignature| cosignature.witness.to_string()));
    }
    if since.size() > now.size() {
        return Err(AuditError::Shrunk { since: since.size(), now: now.size() });
    }
    let (plan, old) = (ConsistencyPlan::new(since.size(), now.size())?, RootPlan::new(since.size()));
    let needed = [plan.tiles(), old.tiles()].concat();
    let tiles = load_tiles(source, &needed).await.map_err(LedgerError::from)?;
    let (proof, computed) = (plan.prove(&tiles)?, old.root(&tiles)?);
    // First that the tiles are those of the log's own checkpoint: only then is another old root a fork and no damage.
    let statement =
        Consistency { old_size: since.size(), old_root: computed, new_size: now.size(), new_root: now.root() };
    let _consistent = statement.verify(&proof).map_err(AuditError::Tiles)?;
    if computed != since.root() {
        return Err(AuditError::Fork { since: since.size(), expected: since.root(), computed });
    }
    let added = replay(source, &since, &now, request, reporter).await?;
    let path: Vec<Rotation> = Rotation::path(&added.rotations(), log).into_iter().cloned().collect();
    let newest = path.last().map_or(log, |last| &last.new).clone();
    if let Some(last) = path.last() {
        let _by_successor =
            signed.open(&newest).map_err(|source| AuditError::Superseded { index: last.index, source })?;
    } else {
        let _by_log = signed.open(&newest).map_err(AuditError::Checkpoint)?;
    }
    added.check_revocations(&since, log, &path)?;
    if let Some(store) = &request.trust {
        check_log(store, log, &since, &path, &newest, now.size())?;
    }
    Ok(Audit {
        since: since.size(),
        checkpoint: now.into_inner(),
        log: newest,
        rotations: path,
        proof_hashes: proof.hashes().len(),
        witnesses,
        added: added.counts,
        entries: added.entries,
        withdrawals: added.withdrawals,
    })
}

/// Checks that a store lets the log's newest key count, or the one of the old checkpoint name it.
fn check_log(
    store: &TrustStore,
    log: &NoteVerifier,
    since: &Checkpoint,
    path: &[Rotation],
    newest: &NoteVerifier,
    size: TreeSize,
) -> Result<(), DistrustError> {
    if newest == log || store.log(newest).is_some() {
        return store.check_log(newest, size);
    }
    store.check_log(log, since.size())?;
    path.iter().try_for_each(|step| store.check_rotation(&step.old, step.index))
}

/// The key that the added entries lead to from `log`, as far as they can be read.
async fn newest_key(
    source: &dyn LogSource,
    since: TreeSize,
    now: TreeSize,
    log: &NoteVerifier,
) -> Result<NoteVerifier, AuditError> {
    let (mut next, mut rotations) = (since.0, Vec::new());
    while next < now.0 {
        let (bundle, width) = bundle_at(next, now.0);
        let entries = source.entries(bundle, width).await.map_err(LedgerError::from)?;
        let read = entries.iter().skip_while(|entry| entry.index < next);
        let mut last = None;
        for entry in read {
            last = Some(entry.index);
            // A damaged one is reported by the replay.
            let Ok(predicate) = open(&entry.bytes) else { continue };
            rotations.extend(rotation_of(LeafIndex(entry.index), &predicate, log));
        }
        // What a checkpoint says that nobody has signed must not keep this from ending.
        let Some(last) = last.filter(|last| *last >= next) else { break };
        next = last.saturating_add(1);
    }
    Ok(Rotation::path(&rotations, log).last().map_or(log, |last| &last.new).clone())
}

#[derive(Default)]
struct Added {
    counts: BTreeMap<OperationKind, u64>,
    entries: Vec<AddedEntry>,
    withdrawals: Vec<AddedWithdrawal>,
    keys: Vec<(LeafIndex, KeyRecord)>,
}

impl Added {
    /// The added rotations, in the order of the log. All entries are those of its tree.
    fn rotations(&self) -> Vec<Rotation> {
        let of = |(index, record): &(LeafIndex, KeyRecord)| Rotation::of(*index, record, record.log.as_str());
        self.keys.iter().filter_map(of).collect()
    }

    /// Checks that no key that the log had later says that `log` did not count for the old checkpoint.
    fn check_revocations(&self, since: &Checkpoint, log: &NoteVerifier, path: &[Rotation]) -> Result<(), AuditError> {
        for (index, record) in &self.keys {
            let by_later_key = path.iter().any(|step| step.new == record.new_verifier() && step.index < *index);
            if let Some(from) = record.from.filter(|from| by_later_key && from.0 <= since.size().0)
                && record.change == KeyChange::Revocation
                && record.old_verifier() == *log
            {
                return Err(AuditError::Revoked { index: *index, since: since.size(), from });
            }
        }
        Ok(())
    }
}

/// Grows the old tree by the added entries and compares the root.
async fn replay(
    source: &dyn LogSource,
    since: &Checkpoint,
    now: &Checkpoint,
    request: &AuditRequest,
    reporter: &dyn StageReporter,
) -> Result<Added, AuditError> {
    let tiles = load_tiles(source, &right_edge_tiles(since.size())).await.map_err(LedgerError::from)?;
    let edge = match RightEdge::load(since.size(), since.root(), &tiles) {
        Ok(edge) => edge,
        Err(TreeError::EdgeRoot { expected, computed }) => {
            return Err(AuditError::Fork { since: since.size(), expected, computed });
        }
        Err(error) => return Err(error.into()),
    };
    let (mut added, mut notaries) = (Added::default(), NotaryRotations::default());
    walk(source, edge, now, reporter, |index, id, predicate| {
        *added.counts.entry(predicate.kind()).or_default() += 1;
        if let Predicate::Key(record) = predicate {
            if record.log == *now.origin() {
                notaries.add(index, record, now.origin().as_str());
                added.keys.push((index, record.clone()));
            }
        } else if let Some(store) = &request.trust {
            store.check_notary(now.origin(), index, predicate.notary(), &notaries)?;
        }
        if added.entries.len() < request.list {
            added.entries.push(AddedEntry {
                index,
                id,
                kind: predicate.kind(),
                dataset: predicate.dataset().cloned(),
                recorded_at: predicate.recorded_at(),
                summary: predicate.in_words(),
            });
        }
        if let Predicate::Withdrawal(record) = predicate
            && added.withdrawals.len() < request.list
        {
            added.withdrawals.push(AddedWithdrawal { index, record: record.clone() });
        }
        Ok(())
    })
    .await?;
    Ok(added)
}
