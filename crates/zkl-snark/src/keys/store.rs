//! A directory of keys.

use std::{
    collections::HashMap,
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

use super::{FileFault, KeyError, PinnedKeys, Setup, file};
use crate::groth16::{Proof, ProveError, ProvingKey, VerifyingKey, danger_setup, prove};

/// The keys of one circuit.
#[derive(Debug)]
pub struct KeyPair {
    id: CircuitId,
    setup: Setup,
    proving: ProvingKey,
}

impl KeyPair {
    /// The circuit.
    pub const fn id(&self) -> &CircuitId {
        &self.id
    }

    /// How the keys were made.
    pub const fn setup(&self) -> Setup {
        self.setup
    }

    /// The proving key.
    pub const fn proving(&self) -> &ProvingKey {
        &self.proving
    }

    /// The verifying key.
    pub const fn verifying(&self) -> &VerifyingKey {
        self.proving.verifying_key()
    }

    /// Proves `circuit` with these keys.
    ///
    /// # Errors
    /// [`ProveError`]; [`ProveError::Key`] for a circuit of another id.
    pub fn prove(&self, circuit: &dyn Circuit) -> Result<Proof, ProveError> {
        if circuit.id() != self.id {
            return Err(ProveError::Key { circuit: circuit.id() });
        }
        prove(&self.proving, circuit)
    }
}

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

/// A directory of keys, shared by any number of threads and processes.
#[derive(Debug)]
pub struct KeyStore {
    dir: PathBuf,
    pinned: PinnedKeys,
    loaded: Mutex<HashMap<CircuitId, Arc<KeyPair>>>,
    srs: Mutex<HashMap<KeyDigest, Arc<Srs>>>,
}

impl KeyStore {
    /// The store in `dir`, which is created when absent.
    ///
    /// # Errors
    /// [`KeyError::Io`].
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, KeyError> {
        let dir = dir.into();
        fs::create_dir_all(&dir).map_err(at("create directory", &dir))?;
        Ok(Self { dir, pinned: PinnedKeys::default(), loaded: Mutex::default(), srs: Mutex::default() })
    }

    /// The store, which from now on has no other dev keys for the circuits of `pinned`, beside those that it pins already.
    #[must_use]
    pub fn pinning(mut self, pinned: &PinnedKeys) -> Self {
        self.pinned.extend(pinned);
        Self { loaded: Mutex::default(), ..self }
    }

    /// The dev keys of `circuit`: from memory, from the directory, or made now and kept. The circuit's assignment is not
    /// read. Blocks while another thread or process makes keys of the same circuit.
    ///
    /// # Errors
    /// [`KeyError`]. A damaged file is no error: it is reported to `progress` and replaced.
    pub fn dev_keys(&self, circuit: &dyn Circuit, progress: &dyn Fn(KeyEvent<'_>)) -> Result<Arc<KeyPair>, KeyError> {
        let id = circuit.id();
        let cached = self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if let Some(keys) = cached {
            return Ok(keys);
        }
        let proving = self.load_or_generate(circuit, &id, progress)?;
        if self.pinned.digest(&id).is_some_and(|pinned| pinned != proving.verifying_key().digest()) {
            return Err(KeyError::NotPinned { circuit: id });
        }
        let keys = Arc::new(KeyPair { id: id.clone(), setup: Setup::Dev, proving });
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&keys));
        Ok(keys)
    }

    fn load_or_generate(
        &self,
        circuit: &dyn Circuit,
        id: &CircuitId,
        progress: &dyn Fn(KeyEvent<'_>),
    ) -> Result<ProvingKey, KeyError> {
        let path = self.path(id);
        if let Ok(key) = self.read(id, &path)? {
            return Ok(key);
        }
        // Under the lock the file is looked at again: whoever held it may have written it.
        let _lock = self.lock_file(&path)?;
        match self.read(id, &path)? {
            Ok(key) => return Ok(key),
            Err(Unusable::Absent) => {}
            Err(Unusable::Damaged(fault)) => progress(KeyEvent::Damaged { path: &path, fault }),
        }
        progress(KeyEvent::Generating { circuit: id });
        let setup = |source| KeyError::Setup { circuit: id.clone(), source };
        let mut last = 0;
        let mut report = |share: f64| {
            let percent = (100.0 * share) as u8;
            if percent > last {
                last = percent;
                progress(KeyEvent::Progress { circuit: id, percent });
            }
        };
        let key = danger_setup(circuit, dev_seed(id), &mut report).map_err(setup)?;
        write_atomically(&self.dir, &path, &file::encode(id, &key))?;
        progress(KeyEvent::Generated { circuit: id });
        Ok(key)
    }

    fn read(&self, id: &CircuitId, path: &Path) -> Result<Found, KeyError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Err(Unusable::Absent)),
            Err(source) => return Err(at("read", path)(source)),
        };
        let pinned = self.pinned.digest(id);
        Ok(match file::decode(id, &bytes) {
            // A key that another build of the program left behind.
            Ok(key) if pinned.is_some_and(|digest| digest != key.verifying_key().digest()) => {
                Err(Unusable::Damaged(FileFault::Digest { part: "verifying" }))
            }
            Ok(key) => Ok(key),
            Err(fault) => Err(Unusable::Damaged(fault)),
        })
    }

    /// The file of circuit `id`. Ids hold no dot, so that two ids never share a file.
    fn path(&self, id: &CircuitId) -> PathBuf {
        self.dir.join(format!("{}.dev.key", id.to_string().replace('/', ".")))
    }

    /// Holds off every other thread and process that makes the file `path`, until it is dropped.
    pub(super) fn lock_file(&self, path: &Path) -> Result<File, KeyError> {
        let path = path.with_extension("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(at("open", &path))?;
        file.lock().map_err(at("lock", &path))?;
        Ok(file)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Reference strings in memory, held while one is made: two threads would make the same one.
    pub(super) fn loaded_srs(&self) -> MutexGuard<'_, HashMap<KeyDigest, Arc<Srs>>> {
        self.srs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why there are no keys in a file.
enum Unusable {
    Absent,
    Damaged(FileFault),
}

type Found = Result<ProvingKey, Unusable>;

/// Writes `bytes` to `path` so that a crash leaves the old file or the new one. Callers hold the lock of `path`.
pub(super) fn write_atomically(dir: &Path, path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
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

pub(super) fn at<'a>(operation: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> KeyError + 'a {
    move |source| KeyError::Io { operation, path: path.to_owned(), source }
}
