//! The witness protocol (c2sp.org/tlog-witness): the request, the answer, and the rule by which a witness cosigns. Pure:
//! who keeps the state and who speaks HTTP is elsewhere.
//!
//! ```text
//! POST <prefix>/add-checkpoint
//! old <size of the tree that the witness cosigned last>
//! <base64 of a hash of the consistency proof>      0 to 63 lines
//!
//! <signed checkpoint>
//! ```

mod error;

use std::fmt::Write as _;

use zkl_core::{digest::RootHash, tree::TreeSize};

pub use error::{AnswerError, Refusal, RequestError};

use crate::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    cosignature::WitnessVerifier,
    encoding::{base64, from_base64_array, from_decimal},
    error::{CheckpointError, NoteError},
    note::{NoteSignature, NoteVerifier},
    tree::{Consistency, ConsistencyProof, empty_root},
    verified::Verified,
};

/// Path of the call below a witness's submission prefix.
pub const ADD_CHECKPOINT: &str = "add-checkpoint";

/// Content type of a witness's answer to another old size than the one it has.
pub const SIZE_CONTENT_TYPE: &str = "text/x.tlog.size";

/// Most hashes of a request's proof.
const MAX_PROOF_LINES: usize = 63;

/// Longest answer that is read, in bytes.
pub const MAX_ANSWER_LEN: usize = 64 << 10;

/// A request to cosign a checkpoint: well-formed, and nothing in it verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Entries of the tree that the proof starts from.
    pub old_size: TreeSize,
    /// The proof from there to the checkpoint.
    pub proof: ConsistencyProof,
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
}

impl AddCheckpoint {
    /// Longest request that is read, in bytes.
    pub const MAX_LEN: usize = 1 << 20;

    /// The body of the request.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "old {}", self.old_size);
        for hash in self.proof.hashes() {
            text.push_str(&base64(hash));
            text.push('\n');
        }
        let _ = write!(text, "\n{}", self.checkpoint);
        text
    }

    /// Reads the body of a request.
    ///
    /// # Errors
    /// [`RequestError`] for whatever the specification does not allow, and above [`AddCheckpoint::MAX_LEN`] bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, RequestError> {
        if bytes.len() > Self::MAX_LEN {
            return Err(RequestError::TooLong { max: Self::MAX_LEN, got: bytes.len() });
        }
        let text = str::from_utf8(bytes).map_err(|_| RequestError::NotUtf8)?;
        let (old, mut rest) = text.split_once('\n').ok_or(RequestError::OldSize)?;
        let old_size = old.strip_prefix("old ").and_then(from_decimal).map(TreeSize).ok_or(RequestError::OldSize)?;
        let mut hashes = Vec::new();
        loop {
            let (line, after) = rest.split_once('\n').ok_or(RequestError::NoCheckpoint)?;
            rest = after;
            if line.is_empty() {
                break;
            }
            if hashes.len() == MAX_PROOF_LINES {
                return Err(RequestError::TooManyHashes { max: MAX_PROOF_LINES });
            }
            hashes.push(from_base64_array(line).ok_or(RequestError::Hash { line: hashes.len() })?);
        }
        let checkpoint = SignedCheckpoint::parse(rest.as_bytes())?;
        Ok(Self { old_size, proof: ConsistencyProof::new(hashes), checkpoint })
    }

    /// What a witness checks before it cosigns. `logs` are the keys that it trusts; `latest` gives, for the origin of
    /// the checkpoint, size and root of the tree that it cosigned last.
    ///
    /// # Soundness
    /// The caller holds a lock from before `latest` is read until the returned checkpoint is durable in its place, and
    /// signs afterwards. Otherwise two requests can each be consistent with `latest` and not with one another.
    ///
    /// # Errors
    /// [`Refusal`], in the order of the specification; nothing may be cosigned then.
    pub fn check(
        &self,
        logs: &[NoteVerifier],
        latest: Option<(TreeSize, RootHash)>,
    ) -> Result<Verified<Checkpoint>, Refusal> {
        let checkpoint = self.signed_by(logs)?;
        let (old_size, new_size) = (self.old_size, checkpoint.size());
        if old_size > new_size {
            return Err(Refusal::OldSize { old: old_size, new: new_size });
        }
        let (size, root) = latest.unwrap_or((TreeSize(0), empty_root()));
        if old_size != size {
            return Err(Refusal::Conflict { latest: size });
        }
        let statement = Consistency { old_size, old_root: root, new_size, new_root: checkpoint.root() };
        let _consistent = statement.verify(&self.proof)?;
        Ok(checkpoint)
    }

    /// The checkpoint, if one of the keys for its origin signed it. A line that names such a key and does not verify makes
    /// the whole note malformed.
    fn signed_by(&self, logs: &[NoteVerifier]) -> Result<Verified<Checkpoint>, Refusal> {
        let origin = self.checkpoint.unverified().origin();
        let mut opened = Err(Refusal::UnknownLog { origin: origin.to_string() });
        for log in logs.iter().filter(|log| log.name() == origin) {
            match self.checkpoint.open(log) {
                Ok(checkpoint) => opened = Ok(checkpoint),
                Err(CheckpointError::Note(NoteError::NotSigned { .. })) if opened.is_ok() => {}
                Err(error @ CheckpointError::Note(NoteError::NotSigned { .. })) => {
                    opened = Err(Refusal::Signature(error));
                }
                Err(error) => return Err(Refusal::Signature(error)),
            }
        }
        opened
    }
}

/// A witness's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It cosigned; the line verifies.
    Cosigned(NoteSignature),
    /// It cosigned a tree of this size last, and wants a proof from there.
    Conflict(TreeSize),
}

impl Answer {
    /// Reads the answer of `witness` to a request for `checkpoint`: HTTP status and body. Lines of other keys are ignored.
    ///
    /// # Errors
    /// [`AnswerError`]: refused, malformed, or a cosignature that does not verify.
    pub fn read(
        status: u16,
        body: &[u8],
        checkpoint: &SignedCheckpoint,
        witness: &WitnessVerifier,
    ) -> Result<Self, AnswerError> {
        if body.len() > MAX_ANSWER_LEN {
            return Err(AnswerError::TooLong { max: MAX_ANSWER_LEN, got: body.len() });
        }
        let text = str::from_utf8(body).map_err(|_| AnswerError::NotUtf8)?;
        match status {
            200 => Self::read_cosignature(text, checkpoint, witness).map(Self::Cosigned),
            409 => {
                let size = text.strip_suffix('\n').and_then(from_decimal).ok_or(AnswerError::Size)?;
                Ok(Self::Conflict(TreeSize(size)))
            }
            status => Err(AnswerError::Refused { status, message: excerpt(text) }),
        }
    }

    fn read_cosignature(
        text: &str,
        checkpoint: &SignedCheckpoint,
        witness: &WitnessVerifier,
    ) -> Result<NoteSignature, AnswerError> {
        let lines = text.split_inclusive('\n').map(NoteSignature::parse).collect::<Result<Vec<_>, _>>()?;
        let mut own = lines.into_iter().filter(|line| witness.names(line));
        let (Some(line), None) = (own.next(), own.next()) else {
            return Err(AnswerError::NotCosigned { witness: witness.name().to_string() });
        };
        let _cosignature = witness.verify_line(checkpoint.unverified(), &line)?;
        Ok(line)
    }
}

/// The checkpoint with `lines` in place of all signatures but the log's own `log`.
///
/// # Errors
/// [`NoteError::NotSigned`] when `log` has no line, [`NoteError::TooManySignatures`].
pub fn with_cosignatures(
    checkpoint: &SignedCheckpoint,
    log: &NoteVerifier,
    lines: impl IntoIterator<Item = NoteSignature>,
) -> Result<SignedCheckpoint, NoteError> {
    let mut stripped = checkpoint.signed_only_by(log)?;
    lines.into_iter().try_for_each(|line| stripped.add_signature(line))?;
    Ok(stripped)
}

/// The beginning of a stranger's text, in one line.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 200;
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect::<String>().trim().to_owned()
}
