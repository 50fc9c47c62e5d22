//! The keys of a server, in a file of the ledger's directory that only its owner can read.
//!
//! The file is changed under a lock, by the server or by the command line beside it, and replaced whole. A server looks every second
//! whether it was.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use zkl_ledger::{home::write_private_file, types::Timestamp};

use super::{ApiKey, Grant, KeyUpdate, SECURITY, Subject, Token};

const VERSION: u32 = 1;
/// Longest file of keys that is read, in bytes.
const MAX_FILE: u64 = 16 << 20;
/// How long a change by somebody else may go unnoticed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Longest name of a key, in bytes.
const MAX_NAME: usize = 100;
/// Most grants of a key.
const MAX_GRANTS: usize = 100;

/// The keys of a server.
#[derive(Debug)]
pub struct KeyRing {
    path: PathBuf,
    seen: Mutex<Seen>,
}

/// The file as it was last read.
#[derive(Debug, Default)]
struct Seen {
    /// `None` before it was read.
    keys: Option<Arc<[Arc<ApiKey>]>>,
    stamp: Option<Stamp>,
    looked: Option<Instant>,
}

/// What tells one version of the file from another: it is replaced, never written into.
type Stamp = (SystemTime, u64);

/// Keys could not be read or changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// The file could not be read or written.
    #[error("cannot {action} {path}", path = path.display())]
    Io {
        /// `read`, `write` or `lock`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The file is not one of keys.
    #[error("{path} does not hold the keys of a server of this version", path = path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What the JSON reader says.
        #[source]
        source: Option<serde_json::Error>,
    },
    /// A name that is empty, too long, or not printable.
    #[error("a key's name has 1 to {MAX_NAME} printable characters")]
    Name,
    /// A key for nothing, or for too much.
    #[error("a key has 1 to {MAX_GRANTS} grants, not {got}")]
    Grants {
        /// Grants that it would have.
        got: usize,
    },
    /// No such key.
    #[error("there is no key {id:?}")]
    Unknown {
        /// The id asked for.
        id: String,
    },
    /// The system has no randomness.
    #[error("the operating system has no randomness")]
    Randomness(#[from] getrandom::Error),
}

impl KeyRingError {
    /// Whether what was asked for is at fault, and not the file.
    pub const fn is_of_the_request(&self) -> bool {
        matches!(self, Self::Name | Self::Grants { .. } | Self::Unknown { .. })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    version: u32,
    keys: Vec<ApiKey>,
}

impl KeyRing {
    /// The keys in `dir`, which must be there. Blocking, as all of this.
    ///
    /// # Errors
    /// [`KeyRingError::Io`], [`KeyRingError::Format`].
    pub fn open(dir: &Path) -> Result<Self, KeyRingError> {
        Self::at(dir.join("keys.json"))
    }

    /// The keys in the file `path`, none while it is not there.
    ///
    /// # Errors
    /// As [`KeyRing::open`].
    pub fn at(path: PathBuf) -> Result<Self, KeyRingError> {
        let ring = Self { path, seen: Mutex::default() };
        ring.look()?;
        Ok(ring)
    }

    /// Whose token it is, if it is one of a key that is good now.
    ///
    /// # Errors
    /// [`KeyRingError::Io`], [`KeyRingError::Format`]: a file that cannot be read lets nobody in.
    pub fn authenticate(&self, token: &str) -> Result<Option<Subject>, KeyRingError> {
        let Some(token) = Token::parse(token) else { return Ok(None) };
        let keys = self.look()?;
        let key = keys.iter().find(|key| key.id == *token.id());
        let key = key.filter(|key| key.accepts(&token, Timestamp::now()));
        Ok(key.map(|key| Subject::Key(Arc::clone(key))))
    }

    /// The holder of a key as it is now; `None`, if the key is good no more.
    ///
    /// # Errors
    /// As [`KeyRing::authenticate`].
    pub fn renew(&self, before: &ApiKey) -> Result<Option<Subject>, KeyRingError> {
        let keys = self.look()?;
        let key = keys.iter().find(|key| key.id == before.id && key.is_good_at(Timestamp::now()));
        Ok(key.map(|key| Subject::Key(Arc::clone(key))))
    }

    /// The keys, the oldest first.
    ///
    /// # Errors
    /// As [`KeyRing::authenticate`].
    pub fn list(&self) -> Result<Arc<[Arc<ApiKey>]>, KeyRingError> {
        self.look()
    }

    /// The file of keys as it is now, for another server: hashes instead of tokens.
    ///
    /// # Errors
    /// As [`KeyRing::authenticate`].
    pub fn export(&self) -> Result<String, KeyRingError> {
        let (keys, _) = self.read()?;
        serde_json::to_string_pretty(&KeyFile { version: VERSION, keys }).map_err(|error| self.format(Some(error)))
    }

    /// Makes a key, durably. The token is all that its holder needs, and is not kept.
    ///
    /// # Errors
    /// [`KeyRingError`].
    pub fn create(
        &self,
        name: &str,
        grants: Vec<Grant>,
        expires_at: Option<Timestamp>,
    ) -> Result<(ApiKey, Token), KeyRingError> {
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(KeyRingError::Name);
        }
        check_grants(&grants)?;
        let (key, token) = ApiKey::generate(name.to_owned(), grants, expires_at)?;
        self.change(|keys| {
            keys.push(key.clone());
            Ok(())
        })?;
        Ok((key, token))
    }

    /// Changes what a key is good for, durably, and returns it as it was and as it is.
    ///
    /// # Errors
    /// [`KeyRingError`].
    pub fn update(&self, id: &str, update: &KeyUpdate) -> Result<(ApiKey, ApiKey), KeyRingError> {
        update.grants.as_deref().map_or(Ok(()), check_grants)?;
        self.replace(id, |key| key.updated(update))
    }

    /// What [`KeyRing::update`] would do, which nothing is done of.
    ///
    /// # Errors
    /// [`KeyRingError`].
    pub fn propose(&self, id: &str, update: &KeyUpdate) -> Result<(ApiKey, ApiKey), KeyRingError> {
        update.grants.as_deref().map_or(Ok(()), check_grants)?;
        let keys = self.look()?;
        let key = keys.iter().find(|key| key.id.as_str() == id).ok_or_else(|| unknown(id))?;
        Ok((ApiKey::clone(key), key.updated(update)))
    }

    /// Leaves a key with what it has in common with `before`: what it lost is lost, and what it was given is taken back. It may be good for
    /// nothing then.
    ///
    /// # Errors
    /// [`KeyRingError`].
    pub(crate) fn narrow(&self, before: &ApiKey) -> Result<(), KeyRingError> {
        self.replace(before.id.as_str(), |key| key.updated(&key.in_common(before)))?;
        Ok(())
    }

    fn replace(&self, id: &str, new: impl FnOnce(&ApiKey) -> ApiKey) -> Result<(ApiKey, ApiKey), KeyRingError> {
        self.change(|keys| {
            let key = keys.iter_mut().find(|key| key.id.as_str() == id).ok_or_else(|| unknown(id))?;
            let after = new(key);
            let before = std::mem::replace(key, after.clone());
            Ok((before, after))
        })
    }

    /// Takes a key out, durably: from now on it is good for nothing.
    ///
    /// # Errors
    /// [`KeyRingError`].
    pub fn revoke(&self, id: &str) -> Result<ApiKey, KeyRingError> {
        self.change(|keys| {
            let place = keys.iter().position(|key| key.id.as_str() == id);
            let place = place.ok_or_else(|| unknown(id))?;
            Ok(keys.remove(place))
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut Vec<ApiKey>) -> Result<T, KeyRingError>) -> Result<T, KeyRingError> {
        let lock = self.path.with_extension("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&lock);
        let file = file.and_then(|file| file.lock().map(|()| file));
        let _held = file.map_err(|source| KeyRingError::Io { action: "lock", path: lock, source })?;
        let (mut keys, _) = self.read()?;
        let answer = change(&mut keys)?;
        let bytes = serde_json::to_vec_pretty(&KeyFile { version: VERSION, keys });
        let bytes = bytes.map_err(|error| self.format(Some(error)))?;
        write_private_file(&self.path, &bytes).map_err(|source| self.io("write", source))?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.looked = None;
        drop(seen);
        self.look()?;
        Ok(answer)
    }

    /// The keys, read again where the file is another one than it was.
    fn look(&self) -> Result<Arc<[Arc<ApiKey>]>, KeyRingError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = seen.looked.is_some_and(|at| at.elapsed() < LOOK_AGAIN);
        let is_same = || Ok::<_, KeyRingError>(seen.looked.is_some() && self.stamp()? == seen.stamp);
        if let Some(keys) = &seen.keys
            && (is_recent || is_same()?)
        {
            let keys = Arc::clone(keys);
            seen.looked = seen.looked.filter(|_| is_recent).or_else(|| Some(Instant::now()));
            return Ok(keys);
        }
        let (keys, stamp) = self.read()?;
        if let Some(before) = &seen.keys {
            tell_changes(before, &keys);
        }
        let keys: Arc<[_]> = keys.into_iter().map(Arc::new).collect();
        *seen = Seen { keys: Some(Arc::clone(&keys)), stamp, looked: Some(Instant::now()) };
        Ok(keys)
    }

    fn read(&self) -> Result<(Vec<ApiKey>, Option<Stamp>), KeyRingError> {
        // Taken before the file is read: what replaces it in between is seen the next time.
        let stamp = self.stamp()?;
        let bytes = match stamp {
            None => return Ok((Vec::new(), None)),
            Some(_) if fs::metadata(&self.path).map_err(|source| self.io("read", source))?.len() > MAX_FILE => {
                return Err(self.format(None));
            }
            Some(_) => fs::read(&self.path).map_err(|source| self.io("read", source))?,
        };
        let file: KeyFile = serde_json::from_slice(&bytes).map_err(|error| self.format(Some(error)))?;
        if file.version != VERSION {
            return Err(self.format(None));
        }
        Ok((file.keys, stamp))
    }

    fn stamp(&self) -> Result<Option<Stamp>, KeyRingError> {
        match fs::metadata(&self.path) {
            Ok(metadata) => {
                let modified = metadata.modified().map_err(|source| self.io("read", source))?;
                #[cfg(unix)]
                let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
                // Elsewhere the time and the length have to do.
                #[cfg(not(unix))]
                let inode = metadata.len();
                Ok(Some((modified, inode)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.io("read", source)),
        }
    }

    fn io(&self, action: &'static str, source: io::Error) -> KeyRingError {
        KeyRingError::Io { action, path: self.path.clone(), source }
    }

    fn format(&self, source: Option<serde_json::Error>) -> KeyRingError {
        KeyRingError::Format { path: self.path.clone(), source }
    }
}

fn check_grants(grants: &[Grant]) -> Result<(), KeyRingError> {
    let got = grants.len();
    if (1..=MAX_GRANTS).contains(&got) { Ok(()) } else { Err(KeyRingError::Grants { got }) }
}

fn unknown(id: &str) -> KeyRingError {
    KeyRingError::Unknown { id: id.chars().take(80).collect() }
}

/// Whoever changed the file, the server or the command line beside it: the server's log says so.
fn tell_changes(before: &[Arc<ApiKey>], now: &[ApiKey]) {
    let grants = |key: &ApiKey| key.grants.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    for key in now.iter().filter(|key| before.iter().all(|old| old.id != key.id)) {
        let (id, name, grants) = (key.id.as_str(), key.name.as_str(), grants(key));
        tracing::warn!(target: SECURITY, event = "key-made", key = id, name, grants, "a key was made");
    }
    for key in now.iter().filter(|key| before.iter().any(|old| old.id == key.id && **old != **key)) {
        let (id, name, grants) = (key.id.as_str(), key.name.as_str(), grants(key));
        let until = key.expires_at.map(|end| end.to_string());
        tracing::warn!(target: SECURITY, event = "key-changed", key = id, name, grants, until, "a key was changed");
    }
    for key in before.iter().filter(|key| now.iter().all(|new| new.id != key.id)) {
        let (id, name) = (key.id.as_str(), key.name.as_str());
        tracing::warn!(target: SECURITY, event = "key-revoked", key = id, name, "a key was revoked");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> (KeyRing, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        (KeyRing::open(dir.path()).unwrap(), dir)
    }

    fn everything() -> Vec<Grant> {
        vec!["read:*".parse().unwrap()]
    }

    #[test]
    fn a_key_works_until_it_is_revoked_and_survives_a_restart() {
        let (ring, dir) = ring();
        let (key, token) = ring.create("ci", everything(), None).unwrap();
        let text = token.reveal();
        let again = KeyRing::open(dir.path()).unwrap();
        for ring in [&ring, &again] {
            assert_eq!(ring.authenticate(&text).unwrap().unwrap().id(), key.id.as_str());
        }
        ring.revoke(key.id.as_str()).unwrap();
        assert!(ring.authenticate(&text).unwrap().is_none());
        assert!(matches!(ring.revoke(key.id.as_str()), Err(KeyRingError::Unknown { .. })));
        // Another process notices soon.
        std::thread::sleep(LOOK_AGAIN);
        assert!(again.authenticate(&text).unwrap().is_none());
    }

    #[test]
    fn a_key_is_changed_and_its_token_stays() {
        let (ring, dir) = ring();
        let (key, token) = ring.create("ci", everything(), Some(Timestamp(u64::MAX))).unwrap();
        let grants: Vec<Grant> = vec!["verify".parse().unwrap()];
        let update = KeyUpdate { grants: Some(grants.clone()), expires_at: None };
        let (before, proposed) = ring.propose(key.id.as_str(), &update).unwrap();
        assert_eq!((&before, &proposed.grants), (&key, &grants));
        assert_eq!(*ring.list().unwrap()[0], key);
        assert_eq!(ring.update(key.id.as_str(), &update).unwrap(), (key.clone(), proposed));
        let now = KeyRing::open(dir.path()).unwrap().list().unwrap()[0].clone();
        assert_eq!((&now.grants, now.expires_at), (&grants, key.expires_at));
        assert!(ring.authenticate(&token.reveal()).unwrap().is_some());
        let end = KeyUpdate { grants: None, expires_at: Some(Some(Timestamp(1))) };
        ring.update(key.id.as_str(), &end).unwrap();
        assert!(ring.authenticate(&token.reveal()).unwrap().is_none());
        // Back to what it was would be more than it has: nothing is left of both.
        ring.narrow(&key).unwrap();
        let now = ring.list().unwrap()[0].clone();
        assert_eq!((now.grants.len(), now.expires_at), (0, Some(Timestamp(1))));
        let nothing = KeyUpdate { grants: Some(Vec::new()), expires_at: None };
        assert!(matches!(ring.update(key.id.as_str(), &nothing), Err(KeyRingError::Grants { got: 0 })));
        assert!(matches!(ring.update("0", &update), Err(KeyRingError::Unknown { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;

        let (ring, dir) = ring();
        ring.create("ci", everything(), None).unwrap();
        let mode = fs::metadata(dir.path().join("keys.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_lets_nobody_in() {
        let (ring, dir) = ring();
        let (_, token) = ring.create("ci", everything(), None).unwrap();
        fs::write(dir.path().join("keys.json"), b"{").unwrap();
        let opened = KeyRing::open(dir.path());
        assert!(matches!(opened, Err(KeyRingError::Format { .. })));
        std::thread::sleep(LOOK_AGAIN);
        assert!(ring.authenticate(&token.reveal()).is_err());
    }

    #[test]
    fn a_key_has_a_name_and_a_purpose() {
        let (ring, _dir) = ring();
        for name in ["", "a\nb", &"x".repeat(MAX_NAME + 1)] {
            assert!(matches!(ring.create(name, everything(), None), Err(KeyRingError::Name)));
        }
        assert!(matches!(ring.create("x", Vec::new(), None), Err(KeyRingError::Grants { got: 0 })));
    }
}
