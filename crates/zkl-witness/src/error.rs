//! Why a witness cannot be set up or cannot go on.

use std::{io, path::PathBuf};

use thiserror::Error;
use zkl_receipt::{checkpoint::SignedCheckpoint, keys::Origin, signer::SignerError};
use zkl_signer::KeyPlaceError;

/// Why a witness cannot be set up or cannot go on. What it refuses to cosign is an answer and no error.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// A file could not be read or written.
    #[error("cannot {action} {path}", path = path.display())]
    Io {
        /// `read`, `write`, `create`, ...
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// There is no witness at the place given.
    #[error("there is no witness in {dir}", dir = dir.display())]
    NoWitness {
        /// The directory.
        dir: PathBuf,
    },
    /// There already is a witness at the place given.
    #[error("there already is a witness in {dir}", dir = dir.display())]
    WitnessExists {
        /// The directory.
        dir: PathBuf,
    },
    /// The settings cannot be used.
    #[error("{path} is not a witness's settings file of this version", path = path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Option<toml::de::Error>,
    },
    /// The settings list a text that is no log's key.
    #[error("{key:?} in {path} is not a log's key (origin+hash+base64)", path = path.display())]
    LogKey {
        /// The settings file.
        path: PathBuf,
        /// The text.
        key: String,
    },
    /// The key cannot be made or used.
    #[error("the witness's key cannot be used")]
    Key(#[from] KeyPlaceError),
    /// A file that does not hold the public key that it should.
    #[error("{path} does not hold this witness's public key", path = path.display())]
    PublicKey {
        /// The file.
        path: PathBuf,
    },
    /// The signer did not sign. Nothing was cosigned.
    #[error("the witness's signer did not do its work")]
    Signer(#[source] SignerError),
    /// Another process serves with this state.
    #[error("another process has the witness's state in {dir}", dir = dir.display())]
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// A stored checkpoint is not one that this witness cosigned for this log.
    #[error("{path} does not hold a checkpoint of {origin} that this witness cosigned", path = path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// The log.
        origin: Origin,
    },
    /// An earlier write failed with unknown outcome: nothing is cosigned until the witness is restarted.
    #[error("an earlier write of the witness's state failed; restart it")]
    Poisoned,
    /// The clock stands before 1970 or far behind us.
    #[error("the clock gives no time that a cosignature can have")]
    Clock,
    /// A checkpoint with more signatures than a note may have.
    #[error("the checkpoint has too many signatures to be cosigned")]
    TooManySignatures(Box<SignedCheckpoint>),
    /// The server ended.
    #[error("the server ended")]
    Server(#[source] io::Error),
    /// A blocking task of the server ended abnormally.
    #[error("an internal task ended abnormally")]
    Task(#[from] tokio::task::JoinError),
}

impl WitnessError {
    pub(crate) fn io(action: &'static str, path: &std::path::Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// What the user can do about it, if there is something.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Key(error) => error.hint(),
            Self::NoWitness { .. } => Some("`zkl witness init --name NAME` makes one"),
            Self::State { .. } => Some(
                "do not delete it: without it the witness could cosign a fork; restore the file, or retire the key",
            ),
            _ => None,
        }
    }
}
