//! Uploads, in private temporary files that go with them.

use std::path::Path;

use sha2::{Digest as _, Sha256};
use tempfile::{NamedTempFile, TempPath};
use tokio::{fs::File, io::AsyncWriteExt as _};

use crate::error::ServiceError;

/// An upload that is being received. Memory does not grow with it.
#[derive(Debug)]
pub struct Spool {
    file: File,
    path: TempPath,
    hash: Sha256,
    len: u64,
    max: u64,
}

/// A whole upload. The file is gone when this is.
#[derive(Debug)]
pub struct Spooled {
    pub(crate) path: TempPath,
    pub(crate) sha256: [u8; 32],
}

impl Spool {
    pub(super) async fn new(dir: &Path, max: u64) -> Result<Self, ServiceError> {
        let dir = dir.to_owned();
        let io = |source| ServiceError::Io { action: "create a file in", path: dir.clone(), source };
        let place = dir.clone();
        let file = tokio::task::spawn_blocking(move || NamedTempFile::new_in(place)).await?.map_err(io)?;
        let (file, path) = file.into_parts();
        Ok(Self { file: File::from_std(file), path, hash: Sha256::new(), len: 0, max })
    }

    /// Takes more bytes.
    ///
    /// # Errors
    /// [`ServiceError::TooLarge`], [`ServiceError::Io`].
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), ServiceError> {
        self.len = self.len.saturating_add(bytes.len() as u64);
        if self.len > self.max {
            return Err(ServiceError::TooLarge { max: self.max });
        }
        self.hash.update(bytes);
        let written = self.file.write_all(bytes).await;
        written.map_err(|source| ServiceError::Io { action: "write", path: self.path.to_path_buf(), source })
    }

    /// The upload has come to its end.
    ///
    /// # Errors
    /// [`ServiceError::Io`].
    pub async fn finish(mut self) -> Result<Spooled, ServiceError> {
        let flushed = self.file.flush().await;
        flushed.map_err(|source| ServiceError::Io { action: "write", path: self.path.to_path_buf(), source })?;
        Ok(Spooled { path: self.path, sha256: self.hash.finalize().into() })
    }
}
