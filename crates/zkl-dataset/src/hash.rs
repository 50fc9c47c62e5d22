//! Digests of a file as stored.

use std::{fs::File, io::Read, path::Path};

use sha2::Digest as _;
use zkl_core::digest::{Blake3Digest, FileDigests, Sha3Digest, Sha256Digest};

use crate::error::DatasetError;

/// Bytes hashed at a time.
pub(crate) const CHUNK: usize = 256 << 10;

/// The three digests, fed together.
#[derive(Default)]
pub(crate) struct Hashers {
    sha256: sha2::Sha256,
    sha3: sha3::Sha3_256,
    blake3: blake3::Hasher,
    bytes: u64,
}

impl Hashers {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.sha3.update(bytes);
        self.blake3.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    pub(crate) fn finish(self) -> FileDigests {
        FileDigests {
            sha256: Sha256Digest::new(self.sha256.finalize().into()),
            sha3_256: Sha3Digest::new(self.sha3.finalize().into()),
            blake3: Blake3Digest::new(*self.blake3.finalize().as_bytes()),
            bytes: self.bytes,
        }
    }
}

/// The digests of the file at `path`, in one pass.
///
/// # Errors
/// The file cannot be read.
pub fn hash_file(path: &Path) -> Result<FileDigests, DatasetError> {
    let fail = |source| DatasetError::io(path, source);
    let mut file = File::open(path).map_err(fail)?;
    let mut hashers = Hashers::default();
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(hashers.finish()),
            Ok(read) => hashers.update(&chunk[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(fail(error)),
        }
    }
}
