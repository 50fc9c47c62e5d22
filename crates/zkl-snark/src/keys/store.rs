//! A directory of keys.

use std::{
    collections::HashMap,
    fmt,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest as _, Sha256};
use zkl_argument::srs::Srs;
use zkl_core::{
    circuit::{Circuit, CircuitId},
    digest::KeyDigest,
};

use super::{FileFault, KeyError, PinnedKeys};
use crate::proof_system::{ImportKeyError, ProofSystem, ProvingKey};

/// How the files of keys end that were generated.
pub(crate) const GENERATED: &str = "dev.key";

/// What a [`KeyStore`] is doing, for whoever waits.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum KeyEvent<'a> {
    /// The keys are not there yet; making them takes seconds to minutes.
    Generating {
        /// The circuit.
        circuit: &'a CircuitId,
    },
    /// The keys are being made. Told a hundred times at most, from the thread that asked for them.
    Progress {
        /// The circuit.
        circuit: &'a CircuitId,
        /// Share of the work that is done, in percent.
        percent: u8,
    },
    /// The keys were made and cached.
    Generated {
        /// The circuit.
        circuit: &'a CircuitId,
    },
    /// The cached keys were not usable, and are made anew.
    Damaged {
        /// The file.
        path: &'a Path,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// The dev reference string is not there yet; making it takes seconds.
    GeneratingSrs,
    /// The cached dev reference string was not usable, and is made anew.
    SrsDamaged {
        /// The file.
        path: &'a Path,
    },
}

/// The seed of the dev keys of circuit `id`: SHA-256 of `"zkl dev setup\n"` and the id. Public, so that a receipt made on
/// one machine verifies on every other; therefore anybody can forge proofs for dev keys.
pub fn dev_seed(id: &CircuitId) -> [u8; 32] {
    Sha256::new().chain_update(b"zkl dev setup\n").chain_update(id.to_string()).finalize().into()
}

/// Keys in memory, by proof system and circuit.
type Loaded = HashMap<(&'static str, CircuitId), Arc<dyn ProvingKey>>;

/// A directory of keys, shared by any number of threads and processes.
pub struct KeyStore {
    /// Absent where the environment names none: whoever needs it fails.
    dir: Option<PathBuf>,
    pinned: PinnedKeys,
    loaded: Mutex<Loaded>,
    ceremonies: Mutex<Loaded>,
    srs: Mutex<HashMap<KeyDigest, Arc<Srs>>>,
}

impl KeyStore {
    /// The store in `dir`, which is made when the first key is kept: who needs no keys need not be able to write there.
    ///
    /// # Errors
    /// [`KeyError::Io`]: something else than a directory is there.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, KeyError> {
        let dir = dir.into();
        if dir.metadata().is_ok_and(|found| !found.is_dir()) {
            return Err(at("open", &dir)(io::ErrorKind::NotADirectory.into()));
        }
        Ok(Self { dir: Some(dir), ..Self::nowhere() })
    }

    /// A store without a directory: what needs a key or a reference string fails with [`KeyError::NoDirectory`].
    pub fn nowhere() -> Self {
        Self {
            dir: None,
            pinned: PinnedKeys::default(),
            loaded: Mutex::default(),
            ceremonies: Mutex::default(),
            srs: Mutex::default(),
        }
    }

    /// The store, which from now on has no other dev keys for the circuits of `pinned`, beside those that it pins already.
    #[must_use]
    pub fn pinning(mut self, pinned: &PinnedKeys) -> Self {
        self.pinned.extend(pinned);
        Self { loaded: Mutex::default(), ..self }
    }

    /// The key with which `system` proves `circuit`: from memory, or made or found by the system. The circuit's assignment is not
    /// read. Blocks while another thread or process makes keys of the same circuit.
    ///
    /// # Errors
    /// [`KeyError`]. A damaged file is no error: it is reported to `progress` and replaced.
    pub fn keys(
        &self,
        system: &dyn ProofSystem,
        circuit: &dyn Circuit,
        progress: &dyn Fn(KeyEvent<'_>),
    ) -> Result<Arc<dyn ProvingKey>, KeyError> {
        let place = (system.name(), circuit.id());
        let loaded = || self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = loaded().get(&place).cloned();
        if let Some(keys) = cached {
            return Ok(keys);
        }
        let keys = system.proving_key(circuit, self, progress)?;
        loaded().insert(place, Arc::clone(&keys));
        Ok(keys)
    }

    /// The key of circuit `id` from a ceremony, in memory or imported before; `None` when there is none.
    ///
    /// # Errors
    /// [`KeyError::Ceremony`] for a damaged file, [`KeyError::Io`].
    pub fn ceremony_key(
        &self,
        system: &dyn ProofSystem,
        id: &CircuitId,
    ) -> Result<Option<Arc<dyn ProvingKey>>, KeyError> {
        let place = (system.name(), id.clone());
        let loaded = || self.ceremonies.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = loaded().get(&place).cloned();
        if cached.is_some() {
            return Ok(cached);
        }
        let key = system.ceremony_key(id, self)?;
        if let Some(key) = &key {
            loaded().insert(place, Arc::clone(key));
        }
        Ok(key)
    }

    /// Takes the key of `circuit`, whose assignment is not read, from the file of a ceremony. It replaces an earlier one.
    ///
    /// # Errors
    /// [`ImportKeyError`], one variant per check.
    pub fn import_key(
        &self,
        system: &dyn ProofSystem,
        circuit: &dyn Circuit,
        file: &[u8],
    ) -> Result<Arc<dyn ProvingKey>, ImportKeyError> {
        let key = system.import_key(circuit, self, file)?;
        let mut loaded = self.ceremonies.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.insert((system.name(), circuit.id()), Arc::clone(&key));
        Ok(key)
    }

    /// The dev keys that the program knows.
    pub(crate) const fn pinned(&self) -> &PinnedKeys {
        &self.pinned
    }

    /// The file of circuit `id` that ends in `extension`. Ids hold no dot, so that two ids never share a file.
    pub(crate) fn path(&self, id: &CircuitId, extension: &str) -> Result<PathBuf, KeyError> {
        Ok(self.dir()?.join(format!("{}.{extension}", id.to_string().replace('/', "."))))
    }

    /// Holds off every other thread and process that makes the file `path`, until it is dropped.
    pub(crate) fn lock_file(&self, path: &Path) -> Result<File, KeyError> {
        let dir = self.dir()?;
        fs::create_dir_all(dir).map_err(at("create directory", dir))?;
        let path = path.with_extension("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(at("open", &path))?;
        file.lock().map_err(at("lock", &path))?;
        Ok(file)
    }

    pub(crate) fn dir(&self) -> Result<&Path, KeyError> {
        self.dir.as_deref().ok_or(KeyError::NoDirectory)
    }

    /// Reference strings in memory, held while one is made: two threads would make the same one.
    pub(super) fn loaded_srs(&self) -> MutexGuard<'_, HashMap<KeyDigest, Arc<Srs>>> {
        self.srs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStore").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// Writes `bytes` to `path` so that a crash leaves the old file or the new one. Callers hold the lock of `path`.
pub(crate) fn write_atomically(dir: &Path, path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary).map_err(at("create", &temporary))?;
    file.write_all(bytes).map_err(at("write", &temporary))?;
    file.sync_all().map_err(at("sync", &temporary))?;
    fs::rename(&temporary, path).map_err(at("rename", &temporary))?;
    if cfg!(unix) {
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(at("sync", dir))?;
    }
    Ok(())
}

pub(crate) fn at<'a>(operation: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> KeyError + 'a {
    move |source| KeyError::Io { operation, path: path.to_owned(), source }
}
