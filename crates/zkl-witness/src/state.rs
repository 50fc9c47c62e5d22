//! What a witness must never forget: for each log, the newest checkpoint that it cosigned.
//!
//! One file per log, named by the SHA-256 of the log's origin, that holds the cosigned checkpoint as it was answered. It is
//! replaced by renaming a synced file over it and syncing the directory, so that a reader and a crash find the old or the
//! new one whole. One process at a time holds the directory, by a lock on `lock`.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};
use zkl_receipt::{
    checkpoint::SignedCheckpoint,
    cosignature::WitnessVerifier,
    keys::Origin,
    note::{Note, NoteVerifier},
};

use crate::error::WitnessError;

/// The state, open for one process.
#[derive(Debug)]
pub(crate) struct State {
    dir: PathBuf,
    latest: BTreeMap<Origin, SignedCheckpoint>,
    poisoned: bool,
    /// Held as long as the state is open.
    _lock: File,
}

impl State {
    /// Opens the state in `dir` and checks what it holds about `logs`: each checkpoint is signed by its log and cosigned by
    /// this witness.
    pub(crate) fn open(dir: &Path, logs: &[NoteVerifier], own: &WitnessVerifier) -> Result<Self, WitnessError> {
        fs::create_dir_all(dir).map_err(|source| WitnessError::io("create", dir, source))?;
        let path = dir.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(|source| WitnessError::io("create", &path, source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(WitnessError::InUse { dir: dir.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(WitnessError::io("lock", &path, source)),
        }
        let mut state = Self { dir: dir.to_owned(), latest: BTreeMap::new(), poisoned: false, _lock: lock };
        for log in logs {
            let origin = log.name();
            if state.latest.contains_key(origin) {
                continue;
            }
            let path = state.path(origin);
            let Some(bytes) = read(&path)? else { continue };
            let keys = logs.iter().filter(|log| log.name() == origin);
            let signed = SignedCheckpoint::parse(&bytes).ok().filter(|signed| {
                let by_log = keys.into_iter().any(|key| signed.open(key).is_ok());
                by_log && own.verify(signed).is_ok()
            });
            let signed = signed.ok_or_else(|| WitnessError::State { path, origin: origin.clone() })?;
            state.latest.insert(origin.clone(), signed);
        }
        Ok(state)
    }

    /// The newest checkpoint that was cosigned for a log.
    pub(crate) fn latest(&self, origin: &Origin) -> Option<&SignedCheckpoint> {
        self.latest.get(origin)
    }

    /// The same by the SHA-256 of the origin in hexadecimal.
    pub(crate) fn latest_by_hash(&self, hash: &str) -> Option<&SignedCheckpoint> {
        self.latest.iter().find(|(origin, _)| origin_hash(origin) == hash).map(|(_, signed)| signed)
    }

    /// Replaces the newest checkpoint of its log, durably.
    ///
    /// A failure leaves open which of the two is on the disk, so it ends all writing: a witness that goes on from the older
    /// one could cosign beside the newer.
    pub(crate) fn store(&mut self, signed: SignedCheckpoint) -> Result<(), WitnessError> {
        if self.poisoned {
            return Err(WitnessError::Poisoned);
        }
        let origin = signed.unverified().origin().clone();
        let path = self.path(&origin);
        if let Err(source) = replace(&self.dir, &path, signed.to_string().as_bytes()) {
            self.poisoned = true;
            return Err(WitnessError::io("write", &path, source));
        }
        self.latest.insert(origin, signed);
        Ok(())
    }

    fn path(&self, origin: &Origin) -> PathBuf {
        self.dir.join(origin_hash(origin))
    }
}

/// SHA-256 of an origin in hexadecimal, as in the path of the monitoring call.
pub(crate) fn origin_hash(origin: &Origin) -> String {
    hex::encode(Sha256::digest(origin.as_str()))
}

fn replace(dir: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix("new-").tempfile_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The name is durable once the directory is.
    File::open(dir)?.sync_all()
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, WitnessError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > Note::MAX_LEN as u64 => {
            let source = io::Error::new(io::ErrorKind::InvalidData, "the file is too long to be a checkpoint");
            Err(WitnessError::io("read", path, source))
        }
        Ok(_) => fs::read(path).map(Some).map_err(|source| WitnessError::io("read", path, source)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(WitnessError::io("read", path, source)),
    }
}
