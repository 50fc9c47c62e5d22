//! Digests of stored bytes, and of streams as they are written.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use sha2::Digest as _;
use zkl_core::digest::{Blake3Digest, DigestRule, FileDigests, Sha3Digest, Sha256Digest};

use crate::error::DatasetError;

/// What the list of a table's parts begins with.
const PARTS: &[u8] = b"zkl/parts/v1\0";

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
    hash_all(File::open(path).map_err(fail)?, HashSet::All).map_err(fail)
}

/// The digests of all that `input` yields.
pub(crate) fn hash_all(mut input: impl Read, set: HashSet) -> io::Result<FileDigests> {
    let mut hashers = Hashers::new(set);
    let mut chunk = vec![0; CHUNK];
    loop {
        match input.read(&mut chunk) {
            Ok(0) => return Ok(hashers.finish()),
            Ok(read) => hashers.update(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Hashes all that an input yields on a thread of its own, while others read it elsewhere.
pub(crate) struct Aside {
    thread: JoinHandle<io::Result<FileDigests>>,
    _wanted: Arc<()>,
}

impl Aside {
    pub(crate) fn start(input: impl Read + Send + 'static, set: HashSet) -> io::Result<Self> {
        let wanted = Arc::new(());
        let input = WhileWanted { input, wanted: Arc::downgrade(&wanted) };
        let thread = thread::Builder::new().name("zkl-hash".to_owned()).spawn(move || hash_all(input, set))?;
        Ok(Self { thread, _wanted: wanted })
    }

    pub(crate) fn finish(self) -> io::Result<FileDigests> {
        self.thread.join().map_err(|_| ended_early())?
    }
}

/// An input that ends when nobody waits for its digests any more.
struct WhileWanted<R> {
    input: R,
    wanted: Weak<()>,
}

impl<R: Read> Read for WhileWanted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.wanted.strong_count() == 0 { Ok(0) } else { self.input.read(buffer) }
    }
}

/// The digests of a table in parts: of the list of their digests, in order, as `docs/formats.md` defines it.
pub(crate) fn digest_of_parts<'p>(parts: impl ExactSizeIterator<Item = (DigestRule, &'p FileDigests)>) -> FileDigests {
    let mut hashers = Hashers::new(HashSet::All);
    hashers.update(PARTS);
    // A part has a row, and a table fewer than 2^32.
    hashers.update(&(parts.len() as u32).to_le_bytes());
    for (rule, part) in parts {
        hashers.update(&[rule as u8]);
        hashers.update(&part.bytes.to_le_bytes());
        hashers.update(part.sha256.as_bytes());
        hashers.update(part.sha3_256.as_bytes());
        hashers.update(part.blake3.as_bytes());
    }
    hashers.finish()
}

/// Hashes bytes on a thread of its own while another reads or writes them.
pub(crate) struct Feed {
    thread: JoinHandle<FileDigests>,
    bytes: Arc<AtomicU64>,
}

impl Feed {
    /// Chunks that may wait to be hashed: bounds the memory.
    const QUEUE: usize = 8;

    fn start(set: HashSet) -> io::Result<(Self, Chunks)> {
        let (sender, receiver) = sync_channel::<Arc<Vec<u8>>>(Self::QUEUE);
        let thread = thread::Builder::new().name("zkl-hash".to_owned()).spawn(move || {
            let mut hashers = Hashers::new(set);
            for chunk in receiver {
                hashers.update(&chunk);
            }
            hashers.finish()
        })?;
        let bytes = Arc::new(AtomicU64::new(0));
        Ok((Self { thread, bytes: Arc::clone(&bytes) }, Chunks { sender, bytes }))
    }

    /// The feed, and what `input` yields. All of it has to be read for the digests to be those of the whole.
    pub(crate) fn reading<R: Read>(input: R, set: HashSet) -> io::Result<(Self, FeedReader<R>)> {
        let (feed, chunks) = Self::start(set)?;
        Ok((feed, FeedReader { input, chunks, chunk: Arc::default(), position: 0 }))
    }

    /// The feed, and a writer whose bytes are hashed.
    pub(crate) fn writing(set: HashSet) -> io::Result<(Self, FeedWriter)> {
        let (feed, chunks) = Self::start(set)?;
        Ok((feed, FeedWriter { chunks, chunk: Vec::with_capacity(CHUNK) }))
    }

    /// Bytes so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The digests. The reader must have been dropped, or the writer have ended.
    pub(crate) fn finish(self) -> io::Result<FileDigests> {
        self.thread.join().map_err(|_| ended_early())
    }
}

fn ended_early() -> io::Error {
    io::Error::other("the hashing thread ended early")
}

/// The way to the hashing thread.
struct Chunks {
    sender: SyncSender<Arc<Vec<u8>>>,
    bytes: Arc<AtomicU64>,
}

impl Chunks {
    fn send(&self, chunk: Arc<Vec<u8>>) -> io::Result<()> {
        self.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        self.sender.send(chunk).map_err(|_| ended_early())
    }
}

/// Bytes that are being read and hashed.
pub(crate) struct FeedReader<R> {
    input: R,
    chunks: Chunks,
    chunk: Arc<Vec<u8>>,
    position: usize,
}

impl<R: Read> Read for FeedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position == self.chunk.len() {
            let mut chunk = vec![0; CHUNK];
            let read = self.input.read(&mut chunk)?;
            if read == 0 {
                return Ok(0);
            }
            chunk.truncate(read);
            self.chunk = Arc::new(chunk);
            self.position = 0;
            self.chunks.send(Arc::clone(&self.chunk))?;
        }
        let rest = &self.chunk[self.position..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.position += length;
        Ok(length)
    }
}

/// Bytes that are being made and hashed.
pub(crate) struct FeedWriter {
    chunks: Chunks,
    chunk: Vec<u8>,
}

impl FeedWriter {
    /// Hands over what is left.
    pub(crate) fn end(mut self) -> io::Result<()> {
        self.flush()
    }
}

impl Write for FeedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        self.chunks.send(Arc::new(chunk))
    }
}
