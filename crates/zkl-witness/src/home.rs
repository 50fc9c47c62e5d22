//! A witness's directory.
//!
//! ```text
//! witness.toml   version, name, keys of the logs     public
//! witness.key    Ed25519, PKCS#8 PEM, 0600, unless   secret; used for nothing else
//!                the key is elsewhere
//! witness-public.txt  the public key                 public
//! state/         the newest cosigned checkpoints     public, and never to be set back
//! ```

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use zkl_receipt::{
    TrustStore,
    cosignature::{WitnessSigner, WitnessVerifier},
    keys::Origin,
    note::NoteVerifier,
};
use zkl_signer::KeyPlace;

use crate::{error::WitnessError, witness::Witness};

const VERSION: u32 = 1;
/// The file of a key that is not elsewhere.
const DEFAULT_KEY: &str = "witness.key";
/// Longest settings or public key file that is read, in bytes.
const MAX_SMALL_FILE: u64 = 1 << 20;

/// The directory of a witness.
#[derive(Clone, Debug)]
pub struct WitnessHome {
    dir: PathBuf,
    name: Origin,
    logs: Vec<NoteVerifier>,
    store: Option<TrustStore>,
    key: KeyPlace,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    version: u32,
    name: String,
    /// Absent for `witness.key` in the directory of the witness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default)]
    logs: Vec<String>,
}

impl WitnessHome {
    /// Makes a witness's directory, with a fresh key unless `key` says where one is.
    ///
    /// # Errors
    /// [`WitnessError::WitnessExists`], [`WitnessError::Key`], [`WitnessError::Io`].
    pub fn create(
        dir: &Path,
        name: Origin,
        logs: Vec<NoteVerifier>,
        key: Option<&KeyPlace>,
    ) -> Result<Self, WitnessError> {
        let home = Self { dir: dir.to_owned(), name, logs, store: None, key: key_in(dir, key.cloned()) };
        if home.settings_path().exists() || dir.join(DEFAULT_KEY).exists() {
            return Err(WitnessError::WitnessExists { dir: dir.to_owned() });
        }
        fs::create_dir_all(dir).map_err(|source| WitnessError::io("create", dir, source))?;
        let signer = if key.is_none() { home.key.generate()? } else { home.key.signer(None)? };
        let public = WitnessSigner::new(home.name.clone(), signer).verifier();
        let text = format!("# The public key of this witness: policies name it. It is no secret.\n{public}\n");
        write_new(&home.public_key_path(), text.as_bytes())?;
        let settings = Settings {
            version: VERSION,
            name: home.name.to_string(),
            key: key.map(ToString::to_string),
            logs: home.logs.iter().map(ToString::to_string).collect(),
        };
        // The settings come last: a directory without them is no witness.
        let path = home.settings_path();
        let text =
            toml::to_string(&settings).map_err(|error| WitnessError::io("write", &path, io::Error::other(error)))?;
        write_new(&path, text.as_bytes())?;
        Ok(home)
    }

    /// Opens a witness's directory.
    ///
    /// # Errors
    /// [`WitnessError::NoWitness`], [`WitnessError::Settings`], [`WitnessError::LogKey`], [`WitnessError::Io`].
    pub fn open(dir: &Path) -> Result<Self, WitnessError> {
        let path = dir.join("witness.toml");
        let text = match read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(WitnessError::NoWitness { dir: dir.to_owned() });
            }
            other => other.map_err(|source| WitnessError::io("read", &path, source))?,
        };
        let settings: Settings = toml::from_str(&text)
            .map_err(|source| WitnessError::Settings { path: path.clone(), source: Some(source) })?;
        let name = settings.name.parse::<Origin>();
        let (VERSION, Ok(name)) = (settings.version, name) else {
            return Err(WitnessError::Settings { path, source: None });
        };
        let log = |key: String| key.parse().map_err(|_| WitnessError::LogKey { path: path.clone(), key });
        let logs = settings.logs.into_iter().map(log).collect::<Result<Vec<_>, _>>()?;
        let key = settings.key.map(|text| text.parse::<KeyPlace>()).transpose();
        let key = key_in(dir, key.map_err(zkl_signer::KeyPlaceError::from)?);
        Ok(Self { dir: dir.to_owned(), name, logs, store: None, key })
    }

    /// Cosigns for the logs of a trust store as well, and with the keys that stand in it only at the sizes at which they count.
    #[must_use]
    pub fn with_trust_store(mut self, store: TrustStore) -> Self {
        let known = std::mem::take(&mut self.logs);
        let listed = store.logs().iter().map(|log| log.item.clone()).filter(|log| !known.contains(log));
        self.logs = known.iter().cloned().chain(listed).collect();
        self.store = Some(store);
        self
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The keys of the logs that it cosigns for.
    pub fn logs(&self) -> &[NoteVerifier] {
        &self.logs
    }

    /// The witness's public key. The private one is read only where a witness of an earlier version has no public file.
    ///
    /// # Errors
    /// [`WitnessError::Io`], [`WitnessError::PublicKey`], [`WitnessError::Key`].
    pub fn key(&self) -> Result<WitnessVerifier, WitnessError> {
        Ok(match self.recorded()? {
            Some(key) => key,
            None => WitnessSigner::new(self.name.clone(), self.key.signer(None)?).verifier(),
        })
    }

    /// Where the private key is.
    pub const fn key_place(&self) -> &KeyPlace {
        &self.key
    }

    /// Opens the witness for serving. One process at a time can.
    ///
    /// # Errors
    /// As [`WitnessHome::key`] and [`Witness::open`].
    pub fn witness(&self) -> Result<Witness, WitnessError> {
        let witness = Witness::open(&self.dir.join("state"), self.signer()?, self.logs.clone())?;
        Ok(match &self.store {
            Some(store) => witness.limited_by(store.clone()),
            None => witness,
        })
    }

    fn signer(&self) -> Result<WitnessSigner, WitnessError> {
        let expected = self.recorded()?;
        let signer = self.key.signer(expected.as_ref().map(WitnessVerifier::key))?;
        Ok(WitnessSigner::new(self.name.clone(), signer))
    }

    fn recorded(&self) -> Result<Option<WitnessVerifier>, WitnessError> {
        let path = self.public_key_path();
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(WitnessError::io("read", &path, source)),
        };
        let line = text.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
        let key = line.parse::<WitnessVerifier>().ok().filter(|key| *key.name() == self.name);
        key.map(Some).ok_or(WitnessError::PublicKey { path })
    }

    fn public_key_path(&self) -> PathBuf {
        self.dir.join("witness-public.txt")
    }

    fn settings_path(&self) -> PathBuf {
        self.dir.join("witness.toml")
    }
}

fn key_in(dir: &Path, place: Option<KeyPlace>) -> KeyPlace {
    place.unwrap_or_else(|| KeyPlace::File(DEFAULT_KEY.into())).relative_to(dir)
}

/// Writes a public file that must not be there, durably.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), WitnessError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|source| WitnessError::io("write", path, source))
}

fn read(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > MAX_SMALL_FILE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is too long to be what it should be"));
    }
    fs::read_to_string(path)
}
