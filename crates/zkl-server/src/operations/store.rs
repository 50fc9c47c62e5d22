//! Operations in files: one for each, written whole and durably, readable by their owner alone.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use zkl_ledger::{
    home::{create_private_dir, write_private_file},
    types::Timestamp,
};

use super::{Operation, OperationId, Outcome, State};
use crate::{
    error::ServiceError,
    failure::{Code, Failure},
};

/// Longest file of an operation that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The files of operations.
#[derive(Clone, Debug)]
pub(super) struct Files {
    dir: PathBuf,
}

impl Files {
    /// The files in `dir`, which is made if it is not there.
    pub(super) fn open(dir: PathBuf) -> Result<Self, ServiceError> {
        create_private_dir(&dir).map_err(|source| ServiceError::Io { action: "create", path: dir.clone(), source })?;
        Ok(Self { dir })
    }

    /// All operations. What had not ended has now: whoever worked at it is gone.
    pub(super) fn load(&self) -> Result<BTreeMap<OperationId, Operation>, ServiceError> {
        let mut operations = BTreeMap::new();
        let read_dir = |source| ServiceError::Io { action: "read", path: self.dir.clone(), source };
        for file in fs::read_dir(&self.dir).map_err(read_dir)? {
            let path = file.map_err(read_dir)?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let mut operation = read(&path)?;
            if !operation.has_ended() {
                let outcome = Outcome::Failed(interrupted());
                operation.state = State::Ended { at: Timestamp::now(), outcome };
                self.write(&operation)?;
            }
            operations.insert(operation.id.clone(), operation);
        }
        Ok(operations)
    }

    /// Writes an operation, durably.
    pub(super) fn write(&self, operation: &Operation) -> Result<(), ServiceError> {
        let path = self.path(&operation.id);
        let written = serde_json::to_vec_pretty(operation).map_err(io::Error::other);
        let written = written.and_then(|bytes| write_private_file(&path, &bytes));
        written.map_err(|source| ServiceError::Io { action: "write", path, source })
    }

    /// Forgets an operation.
    pub(super) fn remove(&self, id: &OperationId) -> Result<(), ServiceError> {
        let path = self.path(id);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(ServiceError::Io { action: "remove", path, source })
            }
            _ => Ok(()),
        }
    }

    fn path(&self, id: &OperationId) -> PathBuf {
        self.dir.join(format!("{id}.json"))
    }
}

/// What is said of an operation that the server did not finish.
pub(super) fn interrupted() -> Failure {
    Failure::new(Code::Interrupted, "the server stopped before the operation had ended")
        .with_hint("look at the history of the dataset, where the entry may be, and ask again if it is not")
}

fn read(path: &Path) -> Result<Operation, ServiceError> {
    let io = |source| ServiceError::Io { action: "read", path: path.to_owned(), source };
    if fs::metadata(path).map_err(io)?.len() > MAX_FILE {
        return Err(io(io::Error::new(io::ErrorKind::InvalidData, "the file is too long to be an operation's")));
    }
    let bytes = fs::read(path).map_err(io)?;
    serde_json::from_slice(&bytes).map_err(|error| io(io::Error::new(io::ErrorKind::InvalidData, error)))
}
