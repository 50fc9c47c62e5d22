//! Digests of a file as stored.

use std::{
    fs::File,
    io::{self, Read, Seek as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use sha2::Digest as _;
use zkl_core::digest::{Blake3Digest, FileDigests, Sha3Digest, Sha256Digest};

use crate::error::DatasetError;

/// Bytes hashed at a time.
const CHUNK: usize = 256 << 10;

/// The three digests, fed together.
struct Hashers {
    set: HashSet,
    sha256: sha2::Sha256,
    sha3: sha3::Sha3_256,
    blake3: blake3::Hasher,
    bytes: u64,
}

impl Hashers {
    fn new(set: HashSet) -> Self {
        let (sha256, sha3, blake3) = Default::default();
        Self { set, sha256, sha3, blake3, bytes: 0 }
    }

    fn update(&mut self, bytes: &[u8]) {
        if self.set == HashSet::All {
            self.sha256.update(bytes);
            self.sha3.update(bytes);
        }
        self.blake3.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    fn finish(self) -> FileDigests {
        FileDigests {
            sha256: Sha256Digest::new(self.sha256.finalize().into()),
            sha3_256: Sha3Digest::new(self.sha3.finalize().into()),
            blake3: Blake3Digest::new(*self.blake3.finalize().as_bytes()),
            bytes: self.bytes,
        }
    }
}

/// Which digests are wanted: all when they are reported, one when a file is only compared with itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HashSet {
    All,
    Blake3,
}

/// The digests of the file at `path`, in one pass.
///
/// # Errors
/// The file cannot be read.
pub fn hash_file(path: &Path) -> Result<FileDigests, DatasetError> {
    let fail = |source| DatasetError::io(path, source);
    hash_opened(&File::open(path).map_err(fail)?, HashSet::All).map_err(fail)
}

/// The digests of an open file, from its start.
pub(crate) fn hash_opened(mut file: &File, set: HashSet) -> io::Result<FileDigests> {
    file.rewind()?;
    let mut hashers = Hashers::new(set);
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => hashers.update(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    file.rewind()?;
    Ok(hashers.finish())
}

/// Hashes a file on a thread of its own while another reads it.
pub(crate) struct Feed {
    thread: JoinHandle<FileDigests>,
    bytes: Arc<AtomicU64>,
}

impl Feed {
    /// Chunks that may wait to be hashed: bounds the memory.
    const QUEUE: usize = 8;

    /// The feed, and the file's bytes. All bytes have to be read for the digests to be those of the file.
    pub(crate) fn start(file: File, set: HashSet) -> io::Result<(Self, FeedReader)> {
        let (sender, receiver) = sync_channel::<Arc<Vec<u8>>>(Self::QUEUE);
        let thread = thread::Builder::new().name("zkl-hash".to_owned()).spawn(move || {
            let mut hashers = Hashers::new(set);
            for chunk in receiver {
                hashers.update(&chunk);
            }
            hashers.finish()
        })?;
        let bytes = Arc::new(AtomicU64::new(0));
        let reader = FeedReader { file, sender, chunk: Arc::default(), position: 0, bytes: Arc::clone(&bytes) };
        Ok((Self { thread, bytes }, reader))
    }

    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The digests. The reader must have been dropped.
    pub(crate) fn finish(self) -> io::Result<FileDigests> {
        self.thread.join().map_err(|_| io::Error::other("the hashing thread ended early"))
    }
}

/// The bytes of a file that is being hashed.
pub(crate) struct FeedReader {
    file: File,
    sender: SyncSender<Arc<Vec<u8>>>,
    chunk: Arc<Vec<u8>>,
    position: usize,
    bytes: Arc<AtomicU64>,
}

impl Read for FeedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position == self.chunk.len() {
            let mut chunk = vec![0; CHUNK];
            let read = self.file.read(&mut chunk)?;
            if read == 0 {
                return Ok(0);
            }
            chunk.truncate(read);
            self.bytes.fetch_add(read as u64, Ordering::Relaxed);
            self.chunk = Arc::new(chunk);
            self.position = 0;
            self.sender
                .send(Arc::clone(&self.chunk))
                .map_err(|_| io::Error::other("the hashing thread ended early"))?;
        }
        let rest = &self.chunk[self.position..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.position += length;
        Ok(length)
    }
}
