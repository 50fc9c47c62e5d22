//! Reference strings in the directory of keys.
//!
//! ```text
//! srs-dev.srs           the project's dev string, made on first use
//! srs-DIGEST.srs        the public string, unpacked on first use, or an imported one
//! ```

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use zkl_argument::srs::{self, Srs, SrsError, SrsVerifierKey, ceremony};
use zkl_core::digest::KeyDigest;

use super::{
    KeyError, KeyEvent, KeyStore, Setup,
    store::{at, write_atomically},
};

/// Binary logarithm of the powers of the strings that are made and imported: one row group.
pub const SRS_LOG_POWERS: u32 = 16;

/// Digest of the project's dev string, whatever its length.
const DEV_DIGEST: &str = "63e1268d5a89895cd10a57aaaa92fefd52b20b869a666f5a9f42a1be55e76342";

/// How the string with `digest` was made, when it is one that this program knows.
pub fn builtin_srs_setup(digest: KeyDigest) -> Option<Setup> {
    if DEV_DIGEST.parse() == Ok(digest) { Some(Setup::Dev) } else { ceremony(digest).map(|_| Setup::Ceremony) }
}

/// Digest of the string that comes with the program.
///
/// # Errors
/// [`KeyError::SrsNotPinned`], never for the bytes that come with the program.
pub fn public_srs_digest() -> Result<KeyDigest, KeyError> {
    SrsVerifierKey::public().map(|key| key.digest()).map_err(|_| KeyError::SrsNotPinned)
}

/// Digest of the project's dev string.
///
/// # Errors
/// [`KeyError::SrsNotPinned`], never for the constant of this module.
pub fn dev_srs_digest() -> Result<KeyDigest, KeyError> {
    DEV_DIGEST.parse().map_err(|_| KeyError::SrsNotPinned)
}

/// The verifier's part of the dev string, from the `[tau]_2` that its seed fixes.
///
/// # Errors
/// [`SrsError`], never for the project's seed.
pub fn dev_srs_verifier_key() -> Result<SrsVerifierKey, SrsError> {
    Srs::dev(Srs::MIN_POWERS, Srs::DEV_SEED).map(|srs| srs.verifier_key().clone())
}

impl KeyStore {
    /// The project's dev string of `2^`[`SRS_LOG_POWERS`] powers: from memory, from the directory, or made now and kept.
    ///
    /// # Errors
    /// [`KeyError`]. A damaged file is no error: it is reported to `progress` and replaced.
    pub fn dev_srs(&self, progress: &dyn Fn(KeyEvent<'_>)) -> Result<Arc<Srs>, KeyError> {
        let digest = dev_srs_digest()?;
        let path = self.dir()?.join("srs-dev.srs");
        self.kept(digest, &path, progress, || Srs::dev(1 << SRS_LOG_POWERS, Srs::DEV_SEED))
    }

    /// The string that comes with the program, `2^`[`SRS_LOG_POWERS`] powers of a public ceremony: from memory, from the
    /// directory, or unpacked now and kept.
    ///
    /// # Errors
    /// [`KeyError`]. A damaged file is no error: it is reported to `progress` and replaced.
    pub fn public_srs(&self, progress: &dyn Fn(KeyEvent<'_>)) -> Result<Arc<Srs>, KeyError> {
        let digest = public_srs_digest()?;
        self.kept(digest, &self.srs_path(digest)?, progress, Srs::public)
    }

    /// The string with this digest: the dev string, the public one, or an imported one.
    ///
    /// # Errors
    /// [`KeyError::SrsAbsent`] when it was not imported here, [`KeyError::Srs`] when its file cannot be used.
    pub fn srs(&self, digest: KeyDigest, progress: &dyn Fn(KeyEvent<'_>)) -> Result<Arc<Srs>, KeyError> {
        if dev_srs_digest()? == digest {
            return self.dev_srs(progress);
        }
        if public_srs_digest()? == digest {
            return self.public_srs(progress);
        }
        let mut loaded = self.loaded_srs();
        if let Some(srs) = loaded.get(&digest) {
            return Ok(Arc::clone(srs));
        }
        let path = self.srs_path(digest)?;
        let srs = match read(&path)? {
            None => return Err(KeyError::SrsAbsent { digest }),
            Some(Err(source)) => return Err(KeyError::Srs { path, source }),
            Some(Ok(srs)) if srs.digest() == digest => Arc::new(srs),
            Some(Ok(srs)) => return Err(KeyError::SrsDigest { path, expected: digest, got: srs.digest() }),
        };
        loaded.insert(digest, Arc::clone(&srs));
        Ok(srs)
    }

    /// Digests of the strings in the directory, the dev string left aside, in ascending order.
    ///
    /// # Errors
    /// [`KeyError::Io`].
    pub fn srs_digests(&self) -> Result<Vec<KeyDigest>, KeyError> {
        let (mut digests, dir) = (Vec::new(), self.dir()?);
        let entries = match fs::read_dir(dir) {
            // Nothing was kept yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(digests),
            entries => entries.map_err(at("list", dir))?,
        };
        for entry in entries {
            let name = entry.map_err(at("list", dir))?.file_name();
            let digest: Option<KeyDigest> =
                name.to_str().and_then(|name| name.strip_prefix("srs-")?.strip_suffix(".srs")?.parse().ok());
            digests.extend(digest);
        }
        digests.sort_unstable();
        Ok(digests)
    }

    /// Checks with a pairing that the points of a string are consecutive powers of one secret, the one whose `[tau]_2` its digest
    /// is about. Some seconds.
    ///
    /// # Errors
    /// [`KeyError::SrsPoints`].
    pub fn check_srs(&self, srs: &Srs) -> Result<(), KeyError> {
        srs.check_powers().map_err(|source| KeyError::SrsPoints { digest: srs.digest(), source })
    }

    /// Keeps a string that was imported, and whose powers were checked, and returns its file.
    ///
    /// # Errors
    /// [`KeyError::SrsPowers`] when it is shorter than a row group, [`KeyError::Io`].
    pub fn add_srs(&self, srs: &Srs) -> Result<PathBuf, KeyError> {
        let needed = 1usize << SRS_LOG_POWERS;
        if srs.powers().len() < needed {
            return Err(KeyError::SrsPowers { expected: needed, got: srs.powers().len() });
        }
        let path = self.srs_path(srs.digest())?;
        let _lock = self.lock_file(&path)?;
        write_atomically(self.dir()?, &path, &srs.to_bytes())?;
        Ok(path)
    }

    /// A string that can be made at any time, from memory, from its file, or from `make`.
    fn kept(
        &self,
        digest: KeyDigest,
        path: &Path,
        progress: &dyn Fn(KeyEvent<'_>),
        make: impl FnOnce() -> Result<Srs, SrsError>,
    ) -> Result<Arc<Srs>, KeyError> {
        let mut loaded = self.loaded_srs();
        if let Some(srs) = loaded.get(&digest) {
            return Ok(Arc::clone(srs));
        }
        let srs = Arc::new(self.load_or_make(digest, path, progress, make)?);
        loaded.insert(digest, Arc::clone(&srs));
        Ok(srs)
    }

    fn load_or_make(
        &self,
        digest: KeyDigest,
        path: &Path,
        progress: &dyn Fn(KeyEvent<'_>),
        make: impl FnOnce() -> Result<Srs, SrsError>,
    ) -> Result<Srs, KeyError> {
        let usable = |srs: &Srs| srs.digest() == digest && srs.powers().len() >= 1 << SRS_LOG_POWERS;
        if let Some(Ok(srs)) = read(path)?
            && usable(&srs)
        {
            return Ok(srs);
        }
        // Under the lock the file is looked at again: whoever held it may have written it.
        let _lock = self.lock_file(path)?;
        match read(path)? {
            Some(Ok(srs)) if usable(&srs) => return Ok(srs),
            Some(_) => progress(KeyEvent::SrsDamaged { path }),
            None => {}
        }
        progress(KeyEvent::GeneratingSrs);
        let srs = make().map_err(|source| KeyError::Srs { path: path.to_owned(), source })?;
        if srs.digest() != digest {
            return Err(KeyError::SrsNotPinned);
        }
        write_atomically(self.dir()?, path, &srs.to_bytes())?;
        Ok(srs)
    }

    fn srs_path(&self, digest: KeyDigest) -> Result<PathBuf, KeyError> {
        Ok(self.dir()?.join(format!("srs-{digest}.srs")))
    }
}

/// What a proof under a string of this kind is worth to whoever trusts its digest.
pub const fn srs_setup(key: &SrsVerifierKey) -> Setup {
    match key.setup() {
        srs::Setup::Dev => Setup::Dev,
        srs::Setup::Ceremony | srs::Setup::DerivedBase => Setup::External,
    }
}

/// The string in a file; `None` when there is no file.
fn read(path: &Path) -> Result<Option<Result<Srs, SrsError>>, KeyError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(Srs::from_bytes(&bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(at("read", path)(source)),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn the_dev_string_is_made_once_and_remade_when_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let made = Cell::new(0);
        let progress = |event: KeyEvent<'_>| made.set(made.get() + u32::from(matches!(event, KeyEvent::GeneratingSrs)));
        let fresh = || KeyStore::open(dir.path()).unwrap().dev_srs(&progress).unwrap();
        let srs = fresh();
        assert_eq!((made.get(), srs.powers().len()), (1, 1 << SRS_LOG_POWERS));
        assert_eq!(builtin_srs_setup(srs.digest()), Some(Setup::Dev));
        assert_eq!(srs.verifier_key(), &dev_srs_verifier_key().unwrap());
        assert_eq!(fresh().digest(), srs.digest());
        assert_eq!(made.get(), 1);

        let path = dir.path().join("srs-dev.srs");
        let mut bytes = fs::read(&path).unwrap();
        bytes[1_000] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(fresh().powers(), srs.powers());
        assert_eq!(made.get(), 2);
    }

    #[test]
    fn another_string_under_the_name_of_the_dev_string_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let other = Srs::dev(1 << SRS_LOG_POWERS, b"another seed").unwrap();
        fs::write(dir.path().join("srs-dev.srs"), other.to_bytes()).unwrap();
        let srs = KeyStore::open(dir.path()).unwrap().dev_srs(&|_| {}).unwrap();
        assert_ne!(srs.digest(), other.digest());
    }

    #[test]
    fn the_public_string_needs_no_import_and_rests_on_a_ceremony() {
        let dir = tempfile::tempdir().unwrap();
        let unpacked = Cell::new(0);
        let progress = |event: KeyEvent<'_>| {
            unpacked.set(unpacked.get() + u32::from(matches!(event, KeyEvent::GeneratingSrs)));
        };
        let fresh = || KeyStore::open(dir.path()).unwrap();
        let srs = fresh().public_srs(&progress).unwrap();
        assert_eq!(srs.powers().len(), 1 << SRS_LOG_POWERS);
        assert_eq!(builtin_srs_setup(srs.digest()), Some(Setup::Ceremony));
        assert_eq!(fresh().srs(srs.digest(), &progress).unwrap().powers(), srs.powers());
        assert_eq!(fresh().srs_digests().unwrap(), [srs.digest()]);
        assert_eq!(unpacked.get(), 1, "the second store found the file");

        // The file is a cache: one that was damaged, or holds another string, is replaced.
        let other = Srs::dev(1 << SRS_LOG_POWERS, b"planted").unwrap();
        fs::write(dir.path().join(format!("srs-{}.srs", srs.digest())), other.to_bytes()).unwrap();
        assert_eq!(fresh().public_srs(&progress).unwrap().powers(), srs.powers());
        assert_eq!(unpacked.get(), 2);
    }

    #[test]
    fn imported_strings_are_found_by_digest_only() {
        let dir = tempfile::tempdir().unwrap();
        let store = KeyStore::open(dir.path()).unwrap();
        let short = Srs::dev(8, b"short").unwrap();
        assert!(matches!(store.add_srs(&short), Err(KeyError::SrsPowers { got: 8, .. })));
        let srs = Srs::dev(1 << SRS_LOG_POWERS, b"mine").unwrap();
        assert!(matches!(store.srs(srs.digest(), &|_| {}), Err(KeyError::SrsAbsent { .. })));
        let path = store.add_srs(&srs).unwrap();
        assert_eq!(store.srs(srs.digest(), &|_| {}).unwrap().powers(), srs.powers());
        assert_eq!(builtin_srs_setup(srs.digest()), None, "nothing is trusted because it lies there");

        let other = Srs::dev(1 << SRS_LOG_POWERS, b"other").unwrap();
        fs::write(&path, other.to_bytes()).unwrap();
        let reopened = KeyStore::open(dir.path()).unwrap();
        assert!(matches!(reopened.srs(srs.digest(), &|_| {}), Err(KeyError::SrsDigest { .. })));
    }
}
