//! The witness itself: a state, a key, and the rule of `zkl_merkle::witness`.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use zkl_receipt::{
    TrustStore,
    checkpoint::Checkpoint,
    cosignature::{WitnessSigner, WitnessVerifier},
    note::{NoteError, NoteVerifier},
    witness::{AddCheckpoint, Refusal, SIZE_CONTENT_TYPE},
};

use crate::{error::WitnessError, state::State};

/// The status of a checkpoint that no key signed which counts.
const FORBIDDEN: u16 = 403;

/// A witness that cosigns the checkpoints of some logs.
pub struct Witness {
    signer: WitnessSigner,
    logs: Vec<NoteVerifier>,
    store: Option<TrustStore>,
    state: Mutex<State>,
}

/// An answer over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Witness {
    /// A witness for `logs` with its state in `dir`, which no other process may have open.
    ///
    /// # Errors
    /// [`WitnessError::InUse`], [`WitnessError::State`], [`WitnessError::Io`].
    pub fn open(dir: &Path, signer: WitnessSigner, logs: Vec<NoteVerifier>) -> Result<Self, WitnessError> {
        let state = State::open(dir, &logs, &signer.verifier())?;
        Ok(Self { signer, logs, store: None, state: Mutex::new(state) })
    }

    /// Cosigns with the keys that stand in `store` only at the sizes at which they count.
    #[must_use]
    pub fn limited_by(mut self, store: TrustStore) -> Self {
        self.store = Some(store);
        self
    }

    /// The key that verifies this witness's cosignatures.
    pub fn key(&self) -> WitnessVerifier {
        self.signer.verifier()
    }

    /// Answers an `add-checkpoint` request. Blocks while it writes.
    ///
    /// One request at a time is checked against the newest cosigned checkpoint and takes its place; the cosignature is
    /// returned when that is durable, so that whatever happens afterwards nothing beside it is ever cosigned.
    ///
    /// # Errors
    /// [`WitnessError`] when the state cannot be written. A refusal is an answer.
    pub fn add_checkpoint(&self, body: &[u8]) -> Result<Reply, WitnessError> {
        let request = match AddCheckpoint::decode(body) {
            Ok(request) => request,
            Err(error) => return Ok(Reply::text(error.status(), error.to_string())),
        };
        let origin = request.checkpoint.unverified().origin();
        // The lock guards a map that is changed in one step, after the disk: it is whole whatever panicked.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = state.latest(origin).map(|latest| (latest.unverified().size(), latest.unverified().root()));
        let logs = match self.keys_at(request.checkpoint.unverified()) {
            Ok(logs) => logs,
            Err(reply) => return Ok(reply),
        };
        let checkpoint = match request.check(&logs, latest) {
            Ok(checkpoint) => checkpoint,
            Err(refusal) => return Ok(Reply::refusal(&refusal)),
        };
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| WitnessError::Clock)?.as_secs();
        let line = self.signer.cosign(&checkpoint, seconds).map_err(|error| match error {
            NoteError::Signer(error) => WitnessError::Signer(error),
            _ => WitnessError::Clock,
        })?;
        let trusted = logs.iter().find(|log| request.checkpoint.open(log).is_ok());
        let signed = trusted.and_then(|log| request.checkpoint.signed_only_by(log).ok());
        let Some(mut signed) = signed.filter(|signed| signed.unverified() == &*checkpoint) else {
            return Err(WitnessError::TooManySignatures(Box::new(request.checkpoint)));
        };
        signed
            .add_signature(line.clone())
            .map_err(|_| WitnessError::TooManySignatures(Box::new(request.checkpoint.clone())))?;
        state.store(signed)?;
        drop(state);
        Ok(Reply::text(200, line.to_string()))
    }

    /// The logs' keys without those that do not count at the size of a checkpoint, unless none of its log is left.
    fn keys_at(&self, checkpoint: &Checkpoint) -> Result<Vec<NoteVerifier>, Reply> {
        let mut distrusted = None;
        let counts = |log: &&NoteVerifier| {
            let listed = self.store.as_ref().filter(|store| store.log(log).is_some());
            let checked = listed.map_or(Ok(()), |store| store.check_log(log, checkpoint.size()));
            if log.name() == checkpoint.origin() {
                distrusted = checked.clone().err().or(distrusted.take());
            }
            checked.is_ok()
        };
        let logs: Vec<NoteVerifier> = self.logs.iter().filter(counts).cloned().collect();
        match distrusted {
            Some(error) if !logs.iter().any(|log| log.name() == checkpoint.origin()) => {
                Err(Reply::text(FORBIDDEN, format!("{error}\n")))
            }
            _ => Ok(logs),
        }
    }

    /// Answers a monitor: the newest cosigned checkpoint of the log whose origin has this SHA-256 in lower-case hexadecimal.
    pub fn checkpoint(&self, origin_hash: &str) -> Reply {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.latest_by_hash(origin_hash) {
            Some(signed) => Reply::text(200, signed.to_string()),
            None => Reply::text(404, "nothing was cosigned for this log\n".to_owned()),
        }
    }
}

impl Reply {
    pub(crate) fn text(status: u16, body: String) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8", body }
    }

    fn refusal(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Conflict { latest } => {
                Self { status: refusal.status(), content_type: SIZE_CONTENT_TYPE, body: format!("{latest}\n") }
            }
            _ => Self::text(refusal.status(), format!("{refusal}\n")),
        }
    }
}
