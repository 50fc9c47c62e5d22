//! Offline proofs that an entry is in the log (c2sp.org/tlog-proof): an index, an inclusion proof and a checkpoint in
//! one text.
//!
//! # What is authenticated
//! After [`TlogProof::verify`]: the entry, its index, every hash of the proof, and the text of the checkpoint. Not
//! authenticated, and open to change by whoever passes the file on: the `extra` line and the signature lines of other
//! keys.

use std::fmt::Write as _;

use zkl_core::{
    digest::{RootHash, TransactionId},
    tree::{LeafIndex, TreeSize},
};

use crate::{
    checkpoint::SignedCheckpoint,
    encoding::{base64, from_base64, from_base64_array, from_decimal},
    error::ProofFileError,
    keys::Origin,
    note::NoteVerifier,
    tree::{Inclusion, InclusionProof, MAX_PROOF_LEN, leaf_hash},
    verified::Verified,
};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A proof file, well-formed but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    extra: Vec<u8>,
    index: LeafIndex,
    proof: InclusionProof,
    checkpoint: SignedCheckpoint,
}

/// The statement "the log `origin` has an entry with this leaf hash at `index`, in its tree of `size` entries with root
/// `root`".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedEntry {
    /// The log.
    pub origin: Origin,
    /// Leaf hash of the entry.
    pub id: TransactionId,
    /// Position of the entry.
    pub index: LeafIndex,
    /// Entries in the tree of the checkpoint.
    pub size: TreeSize,
    /// Root of the tree of the checkpoint.
    pub root: RootHash,
}

impl TlogProof {
    /// Longest file that is read, in bytes.
    pub const MAX_LEN: usize = 16 << 20;

    /// A proof of entry `index` under `checkpoint`.
    ///
    /// # Errors
    /// [`ProofFileError::TooManyHashes`] for a proof that no tree calls for.
    pub fn new(index: LeafIndex, proof: InclusionProof, checkpoint: SignedCheckpoint) -> Result<Self, ProofFileError> {
        if proof.hashes().len() > MAX_PROOF_LEN {
            return Err(ProofFileError::TooManyHashes { max: MAX_PROOF_LEN });
        }
        Ok(Self { extra: Vec::new(), index, proof, checkpoint })
    }

    /// The same with `extra` data; empty data removes the line. It is not authenticated.
    pub fn with_extra(mut self, extra: Vec<u8>) -> Self {
        self.extra = extra;
        self
    }

    /// The extra data, empty if there is none. Not authenticated by any verification.
    pub fn unauthenticated_extra(&self) -> &[u8] {
        &self.extra
    }

    /// Position of the entry. Holds once the file is verified.
    pub const fn index(&self) -> LeafIndex {
        self.index
    }

    /// The inclusion proof.
    pub const fn proof(&self) -> &InclusionProof {
        &self.proof
    }

    /// The checkpoint, for the cosignatures of witnesses.
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// The text of the file.
    pub fn encode(&self) -> String {
        let mut text = format!("{HEADER}\n");
        if !self.extra.is_empty() {
            text.push_str("extra ");
            text.push_str(&base64(&self.extra));
            text.push('\n');
        }
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "index {}", self.index);
        for hash in self.proof.hashes() {
            text.push_str(&base64(hash));
            text.push('\n');
        }
        let _ = write!(text, "\n{}", self.checkpoint);
        text
    }

    /// Reads a file. [`TlogProof::encode`] gives the same bytes again.
    ///
    /// # Errors
    /// [`ProofFileError`] for whatever the specification does not allow, and above [`TlogProof::MAX_LEN`] bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofFileError> {
        if bytes.len() > Self::MAX_LEN {
            return Err(ProofFileError::TooLong { max: Self::MAX_LEN, got: bytes.len() });
        }
        let text = str::from_utf8(bytes).map_err(|_| ProofFileError::NotUtf8)?;
        let (header, rest) = text.split_once('\n').ok_or(ProofFileError::Header)?;
        if header != HEADER {
            return Err(ProofFileError::Header);
        }
        let (mut line, mut rest) = rest.split_once('\n').ok_or(ProofFileError::Index)?;
        let mut extra = Vec::new();
        if let Some(text) = line.strip_prefix("extra ") {
            extra = from_base64(text).filter(|extra| !extra.is_empty()).ok_or(ProofFileError::Extra)?;
            (line, rest) = rest.split_once('\n').ok_or(ProofFileError::Index)?;
        }
        let index = line.strip_prefix("index ").and_then(from_decimal).map(LeafIndex).ok_or(ProofFileError::Index)?;
        let mut hashes = Vec::new();
        loop {
            (line, rest) = rest.split_once('\n').ok_or(ProofFileError::NoCheckpoint)?;
            if line.is_empty() {
                break;
            }
            if hashes.len() == MAX_PROOF_LEN {
                return Err(ProofFileError::TooManyHashes { max: MAX_PROOF_LEN });
            }
            hashes.push(from_base64_array(line).ok_or(ProofFileError::Hash { line: hashes.len() })?);
        }
        let checkpoint = SignedCheckpoint::parse(rest.as_bytes())?;
        Ok(Self { extra, index, proof: InclusionProof::new(hashes), checkpoint })
    }

    /// Verifies that `entry` is in the log `log`: the checkpoint is signed by `log`, under `log`'s name as its origin, and
    /// the proof leads from the entry at the index to the checkpoint's root.
    ///
    /// # Soundness
    /// Speaks about the log as `log`'s key shows it. Verify [`TlogProof::checkpoint`] with the keys of witnesses to know
    /// that others were shown the same.
    ///
    /// # Errors
    /// [`ProofFileError::Checkpoint`], [`ProofFileError::Inclusion`].
    pub fn verify(&self, entry: &[u8], log: &NoteVerifier) -> Result<Verified<LoggedEntry>, ProofFileError> {
        let checkpoint = self.checkpoint.open(log)?;
        let (leaf, index) = (leaf_hash(entry), self.index);
        let statement = Inclusion { leaf, index, size: checkpoint.size(), root: checkpoint.root() };
        let Inclusion { leaf: id, index, size, root } = statement.verify(&self.proof)?.into_inner();
        Ok(Verified::new(LoggedEntry { origin: log.name().clone(), id, index, size, root }))
    }
}
