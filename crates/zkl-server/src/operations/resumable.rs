//! Uploads that go on where they broke off: their bytes, and how far they came, are in files until they are notarized, discarded or too old.
//!
//! ```text
//! ID.json   what is uploaded, by whom, and how many bytes are durable    ID.part   the bytes; those beyond are not counted
//! ```

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    str::FromStr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::TempPath;
use tokio::{
    fs::File,
    io::{AsyncSeekExt as _, AsyncWriteExt as _, SeekFrom},
    sync::{Mutex as Turn, OwnedMutexGuard},
};
use zkl_ledger::{
    DatasetName, ReadOptions,
    home::{create_private_dir, write_private_file},
    types::{PrivacyLevel, Timestamp},
};

use super::{IdempotencyKey, Spooled};
use crate::error::ServiceError;

/// Bytes after which what came is made durable.
const DURABLE_EVERY: u64 = 64 << 20;
/// Uploads that are open at a time, of all subjects.
const MAX_OPEN: usize = 256;
/// Longest file that describes an upload, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The id of an upload: 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UploadId(String);

impl UploadId {
    fn generate() -> Result<Self, getrandom::Error> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        Ok(Self(hex::encode(random)))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UploadId {
    type Err = ServiceError;

    fn from_str(s: &str) -> Result<Self, ServiceError> {
        let valid = s.len() == 32 && s.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if valid { Ok(Self(s.to_owned())) } else { Err(ServiceError::NoUpload { id: s.chars().take(80).collect() }) }
    }
}

/// What is to be uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUpload {
    /// Of which dataset it is to be a version.
    pub dataset: DatasetName,
    /// The id of whoever uploads it.
    pub by: String,
    /// Its bytes.
    pub length: u64,
    /// What is published of them.
    pub privacy: PrivacyLevel,
    /// Whether the notary's signature alone is to back its profile.
    pub attested: bool,
    /// How the table is read.
    pub read: ReadOptions,
    /// What its client calls the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<IdempotencyKey>,
}

/// An upload as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    id: UploadId,
    new: NewUpload,
    /// Bytes that are durable.
    received: u64,
    /// When it is given up.
    expires_at: Timestamp,
}

/// How far an upload is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// What it is.
    pub new: NewUpload,
    /// Bytes that came.
    pub received: u64,
    /// When it is given up.
    pub expires_at: Timestamp,
}

#[derive(Debug)]
struct Held {
    id: UploadId,
    new: NewUpload,
    expires_at: Timestamp,
    received: AtomicU64,
    /// Whoever writes has it.
    turn: Arc<Turn<Kept>>,
}

impl Held {
    fn new(kept: Kept) -> Self {
        Self {
            id: kept.id.clone(),
            new: kept.new.clone(),
            expires_at: kept.expires_at,
            received: AtomicU64::new(kept.received),
            turn: Arc::new(Turn::new(kept)),
        }
    }

    fn upload(&self) -> Upload {
        let received = self.received.load(Ordering::Acquire);
        Upload { id: self.id.clone(), new: self.new.clone(), received, expires_at: self.expires_at }
    }
}

/// Bounds of uploads that may be interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadLimits {
    /// Bytes of all that are open, together.
    pub room: u64,
    /// How long one may take, from its beginning.
    pub kept_for: Duration,
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self { room: 4 << 30, kept_for: Duration::from_secs(24 * 60 * 60) }
    }
}

/// All uploads that may be interrupted.
#[derive(Debug)]
pub(crate) struct Uploads {
    dir: PathBuf,
    limits: UploadLimits,
    /// Longest upload, in bytes.
    longest: u64,
    per_subject: usize,
    table: Mutex<BTreeMap<UploadId, Arc<Held>>>,
}

impl Uploads {
    /// The uploads in `dir`, which is made if it is not there, as far as their bytes are durable. Blocking.
    ///
    /// # Errors
    /// [`ServiceError::Io`].
    pub(crate) fn open(
        dir: PathBuf,
        limits: UploadLimits,
        longest: u64,
        per_subject: usize,
    ) -> Result<Self, ServiceError> {
        create_private_dir(&dir).map_err(|source| io_error("create", &dir, source))?;
        let uploads = Self { dir, limits, longest, per_subject, table: Mutex::default() };
        uploads.load()?;
        Ok(uploads)
    }

    fn load(&self) -> Result<(), ServiceError> {
        let failed = |source| io_error("read", &self.dir, source);
        let mut found = BTreeMap::new();
        let mut parts = Vec::new();
        for file in fs::read_dir(&self.dir).map_err(failed)? {
            let path = file.map_err(failed)?.path();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("json") => {
                    if let Some(kept) = self.recover(&path)? {
                        found.insert(kept.id.clone(), Arc::new(Held::new(kept)));
                    }
                }
                Some("part") => parts.push(path),
                _ => remove(&path)?,
            }
        }
        let is_described = |path: &Path| {
            let id = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<UploadId>().ok());
            id.is_some_and(|id| found.contains_key(&id))
        };
        for path in parts.iter().filter(|path| !is_described(path)) {
            remove(path)?;
        }
        *self.table() = found;
        Ok(())
    }

    /// An upload of before, if it can go on.
    fn recover(&self, path: &Path) -> Result<Option<Kept>, ServiceError> {
        let failed = |source| io_error("read", path, source);
        if fs::metadata(path).map_err(failed)?.len() > MAX_FILE {
            return Err(failed(io::Error::new(io::ErrorKind::InvalidData, "the file is too long to be an upload's")));
        }
        let bytes = fs::read(path).map_err(failed)?;
        let kept: Kept = serde_json::from_slice(&bytes)
            .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        let part = self.part(&kept.id);
        let goes_on = match fs::File::options().write(true).open(&part) {
            Ok(file) => {
                let len = file.metadata().map_err(failed)?.len();
                // What came after is not known to be whole.
                file.set_len(len.min(kept.received)).map_err(failed)?;
                len >= kept.received
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(source) => return Err(io_error("open", &part, source)),
        };
        if !goes_on || kept.expires_at <= Timestamp::now() {
            remove(path)?;
            return Ok(None);
        }
        Ok(Some(kept))
    }

    /// Longest upload, in bytes.
    pub(crate) const fn longest(&self) -> u64 {
        self.longest
    }

    /// Begins an upload; the same one, if it was begun under the same idempotency key.
    ///
    /// # Errors
    /// [`ServiceError::TooLarge`], [`ServiceError::TooManyOperations`], [`ServiceError::Busy`], [`ServiceError::IdempotencyMismatch`],
    /// [`ServiceError::Io`], [`ServiceError::Randomness`].
    pub(crate) async fn create(self: &Arc<Self>, new: NewUpload) -> Result<Upload, ServiceError> {
        if new.length > self.longest {
            return Err(ServiceError::TooLarge { max: self.longest });
        }
        let this = Arc::clone(self);
        tokio::task::spawn_blocking(move || this.create_now(new)).await?
    }

    fn create_now(&self, new: NewUpload) -> Result<Upload, ServiceError> {
        self.forget_old();
        let mut table = self.table();
        let theirs = || table.values().filter(|held| held.new.by == new.by);
        if new.idempotency_key.is_some()
            && let Some(before) = theirs().find(|held| held.new.idempotency_key == new.idempotency_key)
        {
            return if before.new == new { Ok(before.upload()) } else { Err(ServiceError::IdempotencyMismatch) };
        }
        if theirs().count() >= self.per_subject {
            return Err(ServiceError::TooManyOperations { max: self.per_subject });
        }
        let taken: u64 = table.values().map(|held| held.new.length).sum();
        if table.len() >= MAX_OPEN || taken.saturating_add(new.length) > self.limits.room {
            return Err(ServiceError::Busy);
        }
        let age = u64::try_from(self.limits.kept_for.as_millis()).unwrap_or(u64::MAX);
        let expires_at = Timestamp(Timestamp::now().0.saturating_add(age));
        let kept = Kept { id: UploadId::generate()?, new, received: 0, expires_at };
        let part = self.part(&kept.id);
        let mut options = fs::File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&part).map_err(|source| io_error("create", &part, source))?;
        if let Err(error) = self.write(&kept) {
            let _gone = remove(&part);
            return Err(error);
        }
        let held = Arc::new(Held::new(kept));
        let upload = held.upload();
        table.insert(upload.id.clone(), held);
        Ok(upload)
    }

    /// An upload as it is now; one that is too old is none.
    pub(crate) fn find(&self, id: &UploadId) -> Option<Upload> {
        let held = self.held(id).ok()?;
        Some(held.upload())
    }

    /// Goes on at `offset`, which is where it broke off.
    ///
    /// # Errors
    /// [`ServiceError::NoUpload`], [`ServiceError::UploadTaken`] while somebody else writes, [`ServiceError::Offset`], [`ServiceError::Io`].
    pub(crate) async fn append(self: &Arc<Self>, id: &UploadId, offset: u64) -> Result<Appending, ServiceError> {
        let held = self.held(id)?;
        let kept = Arc::clone(&held.turn).try_lock_owned().map_err(|_| ServiceError::UploadTaken)?;
        let received = held.received.load(Ordering::Acquire);
        if offset != received {
            return Err(ServiceError::Offset { expected: received });
        }
        let path = self.part(id);
        let failed = |source| io_error("open", &path, source);
        let mut file = File::options().write(true).open(&path).await.map_err(failed)?;
        // What was not counted is overwritten.
        file.set_len(received).await.map_err(failed)?;
        file.seek(SeekFrom::Start(received)).await.map_err(failed)?;
        Ok(Appending { uploads: Arc::clone(self), held, kept, file, received })
    }

    /// The whole upload, as a file that goes with what is returned. The upload stays until it is [`Whole::forget`].
    ///
    /// # Errors
    /// [`ServiceError::NoUpload`], [`ServiceError::UploadTaken`], [`ServiceError::Incomplete`], [`ServiceError::Io`].
    pub(crate) async fn whole(self: &Arc<Self>, id: &UploadId, spool: &Path) -> Result<(Whole, Spooled), ServiceError> {
        let held = self.held(id)?;
        let kept = Arc::clone(&held.turn).try_lock_owned().map_err(|_| ServiceError::UploadTaken)?;
        let received = held.received.load(Ordering::Acquire);
        if received != held.new.length {
            return Err(ServiceError::Incomplete { received, length: held.new.length });
        }
        let (part, spool) = (self.part(id), spool.join(id.as_str()));
        let spooled = tokio::task::spawn_blocking(move || {
            let failed = |source| io_error("read", &part, source);
            // The same bytes under another name: an operation removes its own.
            let linked = fs::hard_link(&part, &spool).or_else(|_| fs::copy(&part, &spool).map(drop));
            linked.map_err(|source| io_error("write", &spool, source))?;
            let path = TempPath::try_from_path(spool).map_err(failed)?;
            let sha256 = fs::File::open(&path).and_then(digest).map_err(failed)?;
            Ok::<_, ServiceError>(Spooled { path, sha256 })
        });
        Ok((Whole { uploads: Arc::clone(self), id: id.clone(), _turn: kept }, spooled.await??))
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// [`ServiceError::NoUpload`], [`ServiceError::UploadTaken`], [`ServiceError::Io`].
    pub(crate) async fn discard(self: &Arc<Self>, id: &UploadId) -> Result<(), ServiceError> {
        let held = self.held(id)?;
        let _turn = Arc::clone(&held.turn).try_lock_owned().map_err(|_| ServiceError::UploadTaken)?;
        self.table().remove(id);
        let (this, id) = (Arc::clone(self), id.clone());
        tokio::task::spawn_blocking(move || this.forget(&id)).await?
    }

    /// Removes what is too old, again and again, until it is dropped.
    pub(crate) async fn watch(self: Arc<Self>) {
        loop {
            tokio::time::sleep(Duration::from_secs(60)).await;
            let this = Arc::clone(&self);
            let _done = tokio::task::spawn_blocking(move || this.forget_old()).await;
        }
    }

    fn forget_old(&self) {
        let now = Timestamp::now();
        let mut old = Vec::new();
        self.table().retain(|id, held| {
            // What is being written to is looked at again.
            let is_old = held.expires_at <= now && held.turn.try_lock().is_ok();
            if is_old {
                old.push(id.clone());
            }
            !is_old
        });
        for id in old {
            if let Err(error) = self.forget(&id) {
                tracing::warn!(error = crate::failure::chain(&error), "an old upload is not removed");
            }
        }
    }

    /// Without its description the bytes are none, should this be cut short.
    fn forget(&self, id: &UploadId) -> Result<(), ServiceError> {
        remove(&self.description(id))?;
        remove(&self.part(id))
    }

    fn held(&self, id: &UploadId) -> Result<Arc<Held>, ServiceError> {
        let found = self.table().get(id).filter(|held| held.expires_at > Timestamp::now()).cloned();
        found.ok_or_else(|| ServiceError::NoUpload { id: id.as_str().to_owned() })
    }

    fn write(&self, kept: &Kept) -> Result<(), ServiceError> {
        let path = self.description(&kept.id);
        let written = serde_json::to_vec(kept).map_err(io::Error::other);
        written.and_then(|bytes| write_private_file(&path, &bytes)).map_err(|source| io_error("write", &path, source))
    }

    fn description(&self, id: &UploadId) -> PathBuf {
        self.dir.join(format!("{}.json", id.as_str()))
    }

    fn part(&self, id: &UploadId) -> PathBuf {
        self.dir.join(format!("{}.part", id.as_str()))
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<UploadId, Arc<Held>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An upload all of whose bytes came, which nobody else touches meanwhile.
#[derive(Debug)]
pub(crate) struct Whole {
    uploads: Arc<Uploads>,
    id: UploadId,
    _turn: OwnedMutexGuard<Kept>,
}

impl Whole {
    /// An operation has the bytes: the upload is over.
    ///
    /// # Errors
    /// [`ServiceError::Io`].
    pub(crate) async fn forget(self) -> Result<(), ServiceError> {
        let Self { uploads, id, _turn } = self;
        uploads.table().remove(&id);
        tokio::task::spawn_blocking(move || uploads.forget(&id)).await?
    }
}

/// An upload that goes on.
#[derive(Debug)]
pub(crate) struct Appending {
    uploads: Arc<Uploads>,
    held: Arc<Held>,
    kept: OwnedMutexGuard<Kept>,
    file: File,
    received: u64,
}

impl Appending {
    /// That so many bytes more are no more than were announced.
    ///
    /// # Errors
    /// [`ServiceError::TooLarge`].
    pub(crate) fn check_room(&self, bytes: u64) -> Result<(), ServiceError> {
        let length = self.held.new.length;
        if bytes > length.saturating_sub(self.received) { Err(ServiceError::TooLarge { max: length }) } else { Ok(()) }
    }

    /// Takes more bytes.
    ///
    /// # Errors
    /// [`ServiceError::TooLarge`]: there are more than were announced. [`ServiceError::Io`].
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), ServiceError> {
        self.check_room(bytes.len() as u64)?;
        let written = self.file.write_all(bytes).await;
        written.map_err(|source| io_error("write", &self.uploads.part(&self.held.id), source))?;
        self.received += bytes.len() as u64;
        if self.received - self.kept.received >= DURABLE_EVERY {
            self.settle().await?;
        }
        Ok(())
    }

    /// Makes what came durable, and says how far the upload is.
    ///
    /// # Errors
    /// [`ServiceError::Io`].
    pub(crate) async fn settle(&mut self) -> Result<u64, ServiceError> {
        let path = self.uploads.part(&self.held.id);
        let failed = |source| io_error("write", &path, source);
        self.file.flush().await.map_err(failed)?;
        self.file.sync_data().await.map_err(failed)?;
        self.kept.received = self.received;
        let (uploads, kept) = (Arc::clone(&self.uploads), self.kept.clone());
        tokio::task::spawn_blocking(move || uploads.write(&kept)).await??;
        // Nobody is told of bytes that a crash could take away.
        self.held.received.store(self.received, Ordering::Release);
        Ok(self.received)
    }
}

fn digest(mut file: fs::File) -> io::Result<[u8; 32]> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize().into()),
            read => hash.update(&buffer[..read]),
        }
    }
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> ServiceError {
    ServiceError::Io { action, path: path.to_owned(), source }
}

fn remove(path: &Path) -> Result<(), ServiceError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(io_error("remove", path, source)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(by: &str, length: u64) -> NewUpload {
        NewUpload {
            dataset: "team/a".parse().unwrap(),
            by: by.to_owned(),
            length,
            privacy: PrivacyLevel::Private,
            attested: true,
            read: ReadOptions::default(),
            idempotency_key: None,
        }
    }

    fn open(dir: &Path, limits: UploadLimits) -> Arc<Uploads> {
        Arc::new(Uploads::open(dir.join("resumable"), limits, 100, 2).unwrap())
    }

    fn files(dir: &Path) -> usize {
        fs::read_dir(dir.join("resumable")).unwrap().count()
    }

    async fn append(uploads: &Arc<Uploads>, id: &UploadId, offset: u64, bytes: &[u8]) -> Result<u64, ServiceError> {
        let mut appending = uploads.append(id, offset).await?;
        let written = appending.write(bytes).await;
        let settled = appending.settle().await?;
        written.map(|()| settled)
    }

    #[tokio::test]
    async fn an_upload_goes_on_where_it_broke_off_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let uploads = open(dir.path(), UploadLimits::default());
        let id = uploads.create(new("a", 9)).await.unwrap().id;
        assert_eq!(append(&uploads, &id, 0, b"abc").await.unwrap(), 3);
        assert!(matches!(append(&uploads, &id, 0, b"x").await, Err(ServiceError::Offset { expected: 3 })));
        assert!(matches!(append(&uploads, &id, 3, b"1234567").await, Err(ServiceError::TooLarge { max: 9 })));
        {
            // Written, and cut before anybody counted it.
            let mut appending = uploads.append(&id, 3).await.unwrap();
            assert!(matches!(uploads.append(&id, 3).await, Err(ServiceError::UploadTaken)));
            assert!(matches!(uploads.discard(&id).await, Err(ServiceError::UploadTaken)));
            appending.write(b"zz").await.unwrap();
            appending.file.flush().await.unwrap();
        }
        drop(uploads);
        let uploads = open(dir.path(), UploadLimits::default());
        assert_eq!(uploads.find(&id).unwrap().received, 3);
        let spool = dir.path().join("spool");
        create_private_dir(&spool).unwrap();
        assert!(matches!(uploads.whole(&id, &spool).await, Err(ServiceError::Incomplete { received: 3, length: 9 })));
        assert_eq!(append(&uploads, &id, 3, b"defghi").await.unwrap(), 9);
        let (whole, spooled) = uploads.whole(&id, &spool).await.unwrap();
        assert_eq!(fs::read(&spooled.path).unwrap(), b"abcdefghi");
        assert_eq!(spooled.sha256, <[u8; 32]>::from(Sha256::digest(b"abcdefghi")));
        assert!(matches!(uploads.append(&id, 9).await, Err(ServiceError::UploadTaken)));
        whole.forget().await.unwrap();
        // The operation has its own name for the bytes.
        assert_eq!((files(dir.path()), fs::read(&spooled.path).unwrap().len()), (0, 9));
        assert!(uploads.find(&id).is_none());
    }

    #[tokio::test]
    async fn uploads_are_bounded_in_number_length_room_and_time() {
        let dir = tempfile::tempdir().unwrap();
        let limits = UploadLimits { room: 150, ..UploadLimits::default() };
        let uploads = open(dir.path(), limits);
        assert!(matches!(uploads.create(new("a", 101)).await, Err(ServiceError::TooLarge { max: 100 })));
        let first = uploads.create(new("a", 100)).await.unwrap();
        assert!(matches!(uploads.create(new("a", 51)).await, Err(ServiceError::Busy)));
        uploads.create(new("a", 0)).await.unwrap();
        assert!(matches!(uploads.create(new("a", 1)).await, Err(ServiceError::TooManyOperations { max: 2 })));
        uploads.create(new("b", 50)).await.unwrap();
        uploads.discard(&first.id).await.unwrap();
        assert!(uploads.find(&first.id).is_none());
        uploads.create(new("b", 100)).await.unwrap();
        drop(uploads);
        // Their time is over when the server starts again, and while it runs.
        let limits = UploadLimits { kept_for: Duration::ZERO, ..UploadLimits::default() };
        let mut later = Uploads::open(dir.path().join("resumable"), limits, 100, 2).unwrap();
        assert_eq!(later.table().len(), 3);
        later.limits = limits;
        let uploads = Arc::new(later);
        let over = uploads.create(new("c", 1)).await.unwrap();
        assert!(uploads.find(&over.id).is_none());
        assert_eq!(files(dir.path()), 8);
        uploads.forget_old();
        assert_eq!(files(dir.path()), 6);
        fs::write(dir.path().join("resumable/0.part"), b"x").unwrap();
        fs::write(dir.path().join("resumable/1.tmp"), b"x").unwrap();
        open(dir.path(), UploadLimits::default());
        assert_eq!(files(dir.path()), 6);
    }

    #[tokio::test]
    async fn an_idempotency_key_begins_an_upload_once() {
        let dir = tempfile::tempdir().unwrap();
        let uploads = open(dir.path(), UploadLimits::default());
        let keyed = |by: &str, length| NewUpload { idempotency_key: Some("k".parse().unwrap()), ..new(by, length) };
        let first = uploads.create(keyed("a", 5)).await.unwrap();
        append(&uploads, &first.id, 0, b"ab").await.unwrap();
        let again = uploads.create(keyed("a", 5)).await.unwrap();
        assert_eq!((again.id, again.received), (first.id.clone(), 2));
        assert!(matches!(uploads.create(keyed("a", 6)).await, Err(ServiceError::IdempotencyMismatch)));
        assert_ne!(uploads.create(keyed("b", 5)).await.unwrap().id, first.id);
    }
}
