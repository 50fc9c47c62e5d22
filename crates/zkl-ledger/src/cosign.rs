//! Cosignatures: asking witnesses, keeping what they answer, and choosing the checkpoint that receipts and exports carry.

use std::{fmt, ops::ControlFlow};

use futures::{StreamExt as _, stream::FuturesUnordered};
use thiserror::Error;
use zkl_core::tree::{LeafIndex, TreeSize};
use zkl_merkle::{
    checkpoint::SignedCheckpoint,
    cosignature::WitnessVerifier,
    error::TreeError,
    note::NoteSignature,
    tile::{RightEdge, right_edge_tiles},
    tree::ConsistencyPlan,
    witness::{AddCheckpoint, Answer, AnswerError, with_cosignatures},
};
pub use zkl_receipt::{TransportError, WitnessAnswer, WitnessClient};

use crate::{
    error::LedgerError,
    ledger::Ledger,
    log::{TrustedHead, load_tiles},
    rotation,
};

/// A witness is asked again this often when it names another old size: it may be cosigning for another process.
const MAX_ATTEMPTS: u32 = 4;
/// Stored checkpoints that are looked through for a cosignature that the newest one does not have.
const LOOK_BACK: usize = 8;
/// The status of a checkpoint that does not continue what a witness has cosigned (c2sp.org/tlog-witness).
const INCONSISTENT: u16 = 422;

/// What asking the witnesses brought.
#[derive(Debug)]
#[non_exhaustive]
pub struct Cosigned {
    /// Entries of the checkpoint.
    pub size: TreeSize,
    /// The checkpoint with all cosignatures that are there now, as it is stored; `None` when nobody has cosigned.
    pub checkpoint: Option<SignedCheckpoint>,
    /// One outcome per witness, in the order asked.
    pub outcomes: Vec<(WitnessVerifier, Result<CosignOutcome, CosignError>)>,
}

/// What a witness did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CosignOutcome {
    /// It cosigned now.
    Cosigned,
    /// Its cosignature of this checkpoint was there before.
    Already,
}

/// Why there is no cosignature of a witness.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CosignError {
    /// It did not answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// It refused, or its answer is no cosignature.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// It has cosigned a larger tree than the log has: this ledger is an old copy, or its log was forked.
    #[error("the witness has cosigned {witness} entries, this ledger has {ledger}")]
    Ahead {
        /// Entries that the witness has cosigned.
        witness: TreeSize,
        /// Entries of the ledger.
        ledger: TreeSize,
    },
    /// It has cosigned another tree of this size: the log was forked.
    #[error("the witness has cosigned another tree of {size} entries")]
    OtherTree {
        /// Entries of either tree.
        size: TreeSize,
    },
    /// It named another old size at each attempt.
    #[error("the witness named another old size {attempts} times")]
    Contention {
        /// Attempts made.
        attempts: u32,
    },
    /// The proof could not be made from the store.
    #[error("the consistency proof could not be made")]
    Proof(#[source] Box<LedgerError>),
}

impl CosignError {
    /// Whether the witness knows another history than the ledger. What it was sent was proved from the ledger's own tree, so asking again
    /// does not help, unless the ledger was behind and has grown.
    pub const fn is_conflict(&self) -> bool {
        matches!(
            self,
            Self::Ahead { .. }
                | Self::OtherTree { .. }
                | Self::Answer(AnswerError::Refused { status: INCONSISTENT, .. })
        )
    }
}

impl Ledger {
    /// The same ledger, whose receipts carry cosignatures of these witnesses, and whose [`Ledger::fsck`] verifies them.
    #[must_use]
    pub fn with_witnesses(mut self, witnesses: Vec<WitnessVerifier>) -> Self {
        self.witnesses = witnesses.into();
        self
    }

    /// The witnesses that the ledger knows.
    pub fn witness_keys(&self) -> &[WitnessVerifier] {
        &self.witnesses
    }

    /// Asks `witnesses` to cosign the newest checkpoint, all at once, and stores each answer when it comes. What one witness does
    /// hinders no other, and nothing of it touches the log. `None` for a ledger without entries.
    ///
    /// # Errors
    /// What the store answers; a witness that does not cosign is an outcome.
    pub async fn cosign(&self, witnesses: &[Box<dyn WitnessClient>]) -> Result<Option<Cosigned>, LedgerError> {
        let Some(head) = self.head().await? else {
            return Ok(None);
        };
        let size = head.checkpoint.size();
        let before = self.cosigned_at(&head).await?;
        let mut checkpoint = before.clone();
        let mut outcomes = Vec::with_capacity(witnesses.len());
        {
            let (head, before) = (&head, before.as_ref());
            let asked = witnesses.iter().enumerate().map(|(place, witness)| async move {
                (place, witness.key().clone(), self.ask(witness.as_ref(), head, before).await)
            });
            let asked: FuturesUnordered<_> = asked.collect();
            let mut answers = asked.ready_chunks(witnesses.len().max(1));
            while let Some(answered) = answers.next().await {
                let mut lines = Vec::new();
                for (place, witness, answer) in answered {
                    let outcome = answer.map(|line| match line {
                        Some(line) => {
                            lines.push(line);
                            CosignOutcome::Cosigned
                        }
                        None => CosignOutcome::Already,
                    });
                    outcomes.push((place, witness, outcome));
                }
                if !lines.is_empty() {
                    // Another process may have stored cosignatures meanwhile.
                    let now = self.cosigned_at(head).await?;
                    let merged = merge(&head.signed, now.as_ref(), &lines, &self.log_key())?;
                    self.storage.put_cosigned(size, &merged.to_string()).await?;
                    checkpoint = Some(merged);
                }
            }
        }
        outcomes.sort_by_key(|(place, ..)| *place);
        let outcomes = outcomes.into_iter().map(|(_, witness, outcome)| (witness, outcome)).collect();
        Ok(Some(Cosigned { size, checkpoint, outcomes }))
    }

    /// The line of one witness, or `None` when it is there already.
    async fn ask(
        &self,
        witness: &dyn WitnessClient,
        head: &TrustedHead,
        before: Option<&SignedCheckpoint>,
    ) -> Result<Option<NoteSignature>, CosignError> {
        if before.is_some_and(|before| witness.key().verify(before).is_ok()) {
            return Ok(None);
        }
        let size = head.checkpoint.size();
        let store = |error| CosignError::Proof(Box::new(error));
        let newest = self.newest_cosigned(size).await.map_err(store)?;
        let known = newest.filter(|newest| witness.key().verify(newest).is_ok());
        let mut old = known.map_or(TreeSize(0), |known| known.unverified().size());
        for _ in 0..MAX_ATTEMPTS {
            let request = self.request(old, head).await.map_err(store)?;
            let WitnessAnswer { status, body } = witness.add_checkpoint(request.encode()).await?;
            match Answer::read(status, &body, &head.signed, witness.key())? {
                Answer::Cosigned(line) => return Ok(Some(line)),
                Answer::Conflict(other) if other > size => {
                    return Err(CosignError::Ahead { witness: other, ledger: size });
                }
                // It was shown the root of just that many entries.
                Answer::Conflict(other) if other == size && old == size => {
                    return Err(CosignError::OtherTree { size });
                }
                Answer::Conflict(other) => old = other,
            }
        }
        Err(CosignError::Contention { attempts: MAX_ATTEMPTS })
    }

    async fn request(&self, old_size: TreeSize, head: &TrustedHead) -> Result<AddCheckpoint, LedgerError> {
        let plan = ConsistencyPlan::new(old_size, head.checkpoint.size())?;
        let tiles = load_tiles(&*self.storage, &plan.tiles()).await?;
        Ok(AddCheckpoint { old_size, proof: plan.prove(&tiles)?, checkpoint: head.signed.clone() })
    }

    /// The head as it is published: with the cosignatures that are stored for it.
    ///
    /// # Errors
    /// As [`Ledger::checkpoint`].
    pub async fn published_head(&self) -> Result<Option<SignedCheckpoint>, LedgerError> {
        let Some(head) = self.head().await? else {
            return Ok(None);
        };
        Ok(Some(self.cosigned_at(&head).await?.unwrap_or(head.signed)))
    }

    /// The newest cosigned checkpoint of at most `at_most` entries, or `None`. It is signed by the log, with the key that it had then,
    /// and its tree is a prefix of the ledger's.
    ///
    /// # Errors
    /// [`LedgerError::Checkpoint`], [`LedgerError::Tree`] when it is not.
    pub async fn newest_cosigned(&self, at_most: TreeSize) -> Result<Option<SignedCheckpoint>, LedgerError> {
        let Some((size, text)) = self.storage.cosigned(at_most).await? else {
            return Ok(None);
        };
        let signed = SignedCheckpoint::parse(text.as_bytes())?;
        let checkpoint = rotation::open_any(&*self.storage, &self.log_key(), &signed).await?;
        if checkpoint.size() != size {
            return Err(LedgerError::HeadMismatch { stored: size, signed: checkpoint.size() });
        }
        // Not the head's root, but that of its first entries.
        let tiles = load_tiles(&*self.storage, &right_edge_tiles(size)).await?;
        RightEdge::load(size, checkpoint.root(), &tiles)?;
        Ok(Some(signed))
    }

    /// Entries of the newest stored checkpoint that `witness` has cosigned, 0 when none of the newest few has its cosignature.
    ///
    /// # Errors
    /// [`LedgerError::Storage`], [`LedgerError::Checkpoint`].
    pub async fn cosigned_by(&self, witness: &WitnessVerifier) -> Result<TreeSize, LedgerError> {
        let mut found = TreeSize(0);
        self.look_back(TreeSize(u64::MAX), |size, signed| match witness.verify(signed) {
            Ok(_) => {
                found = size;
                ControlFlow::Break(())
            }
            Err(_) => ControlFlow::Continue(()),
        })
        .await?;
        Ok(found)
    }

    /// Shows `look` the newest stored cosigned checkpoints of at most `at_most` entries, the newest first. That they are of this log is not
    /// checked.
    async fn look_back(
        &self,
        at_most: TreeSize,
        mut look: impl FnMut(TreeSize, &SignedCheckpoint) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let mut at_most = Some(at_most);
        for _ in 0..LOOK_BACK {
            let Some(most) = at_most else { break };
            let Some((size, text)) = self.storage.cosigned(most).await? else { break };
            if look(size, &SignedCheckpoint::parse(text.as_bytes())?).is_break() {
                break;
            }
            at_most = size.0.checked_sub(1).map(TreeSize);
        }
        Ok(())
    }

    /// Entries of the checkpoint that most witnesses of this ledger have cosigned, of those that are of at most `newest` entries and cover
    /// `last`; the newest of several. `None` when no witness has cosigned one.
    ///
    /// While a witness has not answered yet, or is away, the checkpoint before has more cosignatures than the newest.
    async fn most_cosigned(&self, newest: TreeSize, last: LeafIndex) -> Result<Option<TreeSize>, LedgerError> {
        let (log, mut best) = (self.log_key(), None::<(usize, TreeSize)>);
        self.look_back(newest, |size, signed| {
            if size.0 <= last.0 {
                return ControlFlow::Break(());
            }
            // Receipts are under the log's newest key.
            let count = match signed.open(&log) {
                Ok(_) => self.witnesses.iter().filter(|witness| witness.verify(signed).is_ok()).count(),
                Err(_) => 0,
            };
            if count > best.map_or(0, |(most, _)| most) {
                best = Some((count, size));
            }
            if count == self.witnesses.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await?;
        Ok(best.map(|(_, size)| size))
    }

    /// The checkpoint for a receipt about entries up to `last`: the one that most witnesses of this ledger cosigned, if one covers
    /// them, otherwise the head. With it the witnesses whose cosignatures it then carries, in their order.
    pub(crate) async fn head_for_receipt(
        &self,
        last: LeafIndex,
    ) -> Result<Option<(TrustedHead, Vec<WitnessVerifier>)>, LedgerError> {
        let Some(head) = self.head().await? else {
            return Ok(None);
        };
        let log = self.log_key();
        // Receipts carry the line of the log's newest key and no other of the log.
        let alone = |head: TrustedHead| -> Result<TrustedHead, LedgerError> {
            let signed = head.signed.signed_only_by(&log).map_err(zkl_merkle::error::CheckpointError::Note)?;
            Ok(TrustedHead { signed, ..head })
        };
        let size = match self.witnesses.is_empty() {
            true => None,
            false => self.most_cosigned(head.checkpoint.size(), last).await?,
        };
        let cosigned = match size {
            Some(size) => self.newest_cosigned(size).await?,
            None => None,
        };
        let covers = |cosigned: &SignedCheckpoint| cosigned.unverified().size().0 > last.0;
        let Some(cosigned) = cosigned.filter(covers).filter(|cosigned| cosigned.open(&log).is_ok()) else {
            return Ok(Some((alone(head)?, Vec::new())));
        };
        let lines = cosigned.note().signatures();
        let cosigners: Vec<(WitnessVerifier, NoteSignature)> = self
            .witnesses
            .iter()
            .filter(|witness| witness.verify(&cosigned).is_ok())
            .filter_map(|witness| Some((witness.clone(), lines.iter().find(|line| witness.names(line))?.clone())))
            .collect();
        if cosigners.is_empty() {
            return Ok(Some((alone(head)?, Vec::new())));
        }
        let (witnesses, lines): (Vec<_>, Vec<_>) = cosigners.into_iter().unzip();
        let signed = with_cosignatures(&cosigned, &log, lines).map_err(zkl_merkle::error::CheckpointError::Note)?;
        Ok(Some((TrustedHead { checkpoint: signed.open(&log)?, signed }, witnesses)))
    }

    /// The stored cosigned text of the head, if there is one that says what the head says.
    async fn cosigned_at(&self, head: &TrustedHead) -> Result<Option<SignedCheckpoint>, LedgerError> {
        let size = head.checkpoint.size();
        let Some((_, text)) = self.storage.cosigned(size).await?.filter(|(found, _)| *found == size) else {
            return Ok(None);
        };
        let signed = SignedCheckpoint::parse(text.as_bytes())?;
        let checkpoint = signed.open(&self.log_key())?;
        if *checkpoint != *head.checkpoint {
            let (expected, computed) = (head.checkpoint.root(), checkpoint.root());
            return Err(LedgerError::Tree(TreeError::EdgeRoot { expected, computed }));
        }
        Ok(Some(signed))
    }
}

/// The log's own lines, the lines that were stored before and are not replaced, and the new ones.
fn merge(
    head: &SignedCheckpoint,
    stored: Option<&SignedCheckpoint>,
    lines: &[NoteSignature],
    log: &zkl_merkle::note::NoteVerifier,
) -> Result<SignedCheckpoint, LedgerError> {
    let same = |a: &NoteSignature, b: &NoteSignature| (a.name(), a.key_id()) == (b.name(), b.key_id());
    let own = |line: &NoteSignature| line.name() == log.name().as_str() && line.key_id() == log.key_id();
    // While a key is being replaced, the log has two of them.
    let of_log = head.note().signatures().iter().filter(|line| line.name() == log.name().as_str());
    let kept = stored.into_iter().flat_map(|stored| stored.note().signatures());
    let kept = kept.filter(|line| !head.note().signatures().contains(line));
    let kept = of_log.chain(kept).filter(|line| !own(line) && !lines.iter().any(|new| same(line, new))).cloned();
    let all: Vec<_> = kept.chain(lines.iter().cloned()).collect();
    Ok(with_cosignatures(head, log, all).map_err(zkl_merkle::error::CheckpointError::Note)?)
}

impl fmt::Display for CosignOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cosigned => "cosigned",
            Self::Already => "had cosigned",
        })
    }
}
