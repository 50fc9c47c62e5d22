//! A ledger's directory: settings, signing key, openings and, for the embedded store, the database.
//!
//! ```text
//! .zkl/
//!   ledger.toml        version, origin, store,       may hold the store's password
//!                      witnesses; 0600
//!   ledger.key         Ed25519, PKCS#8 PEM, 0600     secret
//!   openings/<id>.json one per notarization, 0600    secret, unless encrypted
//!   openings-key.age   their key, under a            secret with its passphrase
//!                      passphrase; 0600
//!   db/                the embedded store            public
//! ```

mod openings;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use zkl_merkle::{
    cosignature::WitnessVerifier,
    keys::{Origin, SigningKey},
};

pub use self::openings::ConvertedOpenings;
use crate::{
    error::LedgerError,
    opening::{OpeningStore, create_private_dir, write_private_file},
    store_url::StoreUrl,
    vault::{OpeningKey, OpeningRecipient},
};

/// Version of the directory's layout.
const VERSION: u32 = 1;
/// Longest settings or key file that is read, in bytes.
const MAX_SMALL_FILE: u64 = 64 * 1024;

/// The directory of a ledger.
#[derive(Clone, Debug)]
pub struct LedgerHome {
    dir: PathBuf,
    origin: Origin,
    store: StoreUrl,
    witnesses: Vec<WitnessSetting>,
    recipient: Option<OpeningRecipient>,
}

/// A witness that the ledger asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessSetting {
    /// Its key.
    pub key: WitnessVerifier,
    /// Its submission prefix.
    pub url: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    version: u32,
    origin: String,
    /// Absent for the embedded store in the directory of the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    store: Option<String>,
    /// Absent when openings are kept in the clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encrypt_openings_to: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    witness: Vec<WitnessText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WitnessText {
    key: String,
    url: String,
}

impl LedgerHome {
    /// Makes a new ledger directory with a fresh signing key. The origin names the log for ever: it stands in every
    /// checkpoint. Without a `store` it is the embedded one, in the directory; a relative directory of another one is taken
    /// from `dir`. With `encrypt`, openings are encrypted to that key from the beginning.
    ///
    /// # Errors
    /// [`LedgerError::LedgerExists`] when there is one already, [`LedgerError::Io`], [`LedgerError::Key`],
    /// [`LedgerError::OpeningKey`].
    pub fn create(
        dir: &Path,
        origin: Origin,
        store: Option<StoreUrl>,
        encrypt: Option<&OpeningKey>,
    ) -> Result<Self, LedgerError> {
        let setting = store.as_ref().map(StoreUrl::to_setting);
        let mut home =
            Self { dir: dir.to_owned(), origin, store: store_in(dir, store), witnesses: Vec::new(), recipient: None };
        if home.settings_path().exists() || home.key_path().exists() {
            return Err(LedgerError::LedgerExists { dir: dir.to_owned() });
        }
        let key = SigningKey::generate()?;
        create_private_dir(dir).map_err(|source| io_error("create", dir, source))?;
        home.recipient = encrypt.map(|key| home.identity_or_new(key)).transpose()?.map(|identity| identity.recipient());
        let pem = key.to_pkcs8_pem()?;
        write_private_file(&home.key_path(), pem.as_bytes())
            .map_err(|source| io_error("write", &home.key_path(), source))?;
        let settings = Settings {
            version: VERSION,
            origin: home.origin.to_string(),
            store: setting,
            encrypt_openings_to: home.recipient.as_ref().map(ToString::to_string),
            witness: Vec::new(),
        };
        // The settings come last: a directory without them is not a ledger, so that a crash on the way leaves none.
        let path = home.settings_path();
        let text = toml::to_string(&settings).map_err(|error| io_error("write", &path, io::Error::other(error)))?;
        write_private_file(&path, text.as_bytes()).map_err(|source| io_error("write", &path, source))?;
        Ok(home)
    }

    /// Opens an existing ledger directory.
    ///
    /// # Errors
    /// [`LedgerError::NoLedger`], [`LedgerError::Settings`], [`LedgerError::Io`].
    pub fn open(dir: &Path) -> Result<Self, LedgerError> {
        let path = dir.join("ledger.toml");
        let text = match read_small_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(LedgerError::NoLedger { dir: dir.to_owned() });
            }
            other => other.map_err(|source| io_error("read", &path, source))?,
        };
        let settings: Settings = toml::from_str(&text)
            .map_err(|source| LedgerError::Settings { path: path.clone(), source: Some(source.into()) })?;
        let unusable = || LedgerError::Settings { path: path.clone(), source: None };
        if settings.version != VERSION {
            return Err(unusable());
        }
        let origin = settings.origin.parse::<Origin>().map_err(|_| unusable())?;
        let store = settings.store.map(|store| store.parse::<StoreUrl>()).transpose()?;
        let witness = |text: WitnessText| match text.key.parse() {
            Ok(key) => Ok(WitnessSetting { key, url: text.url }),
            Err(_) => Err(unusable()),
        };
        let witnesses = settings.witness.into_iter().map(witness).collect::<Result<Vec<_>, _>>()?;
        let recipient = settings.encrypt_openings_to.map(|text| text.parse()).transpose().map_err(|_| unusable())?;
        Ok(Self { dir: dir.to_owned(), origin, store: store_in(dir, store), witnesses, recipient })
    }

    /// Takes back a creation whose store could not be made: nothing was signed with the key yet.
    pub(crate) fn discard(self) -> Result<(), LedgerError> {
        for path in [self.settings_path(), self.key_path(), self.wrapped_key_path()] {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(io_error("remove", &path, source));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The log's name.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Where the log is.
    pub const fn store(&self) -> &StoreUrl {
        &self.store
    }

    /// The witnesses that are asked after each append.
    pub fn witnesses(&self) -> &[WitnessSetting] {
        &self.witnesses
    }

    /// Their keys.
    pub fn witness_keys(&self) -> Vec<WitnessVerifier> {
        self.witnesses.iter().map(|witness| witness.key.clone()).collect()
    }

    /// What openings are encrypted to; nothing when they are kept in the clear.
    pub const fn recipient(&self) -> Option<&OpeningRecipient> {
        self.recipient.as_ref()
    }

    pub(crate) fn set_recipient(&mut self, recipient: Option<OpeningRecipient>) -> Result<(), LedgerError> {
        self.set("encrypt_openings_to", recipient.as_ref().map(ToString::to_string).as_deref())?;
        self.recipient = recipient;
        Ok(())
    }

    /// Changes one text of the settings, durably, and nothing else that its owner wrote there.
    fn set(&self, key: &str, value: Option<&str>) -> Result<(), LedgerError> {
        let path = self.settings_path();
        // Where the settings are a link, they are changed where they are.
        let path = fs::canonicalize(&path).map_err(|source| io_error("read", &path, source))?;
        let text = read_small_file(&path).map_err(|source| io_error("read", &path, source))?;
        let text = with_setting(&text, key, value);
        toml::from_str::<Settings>(&text)
            .map_err(|source| LedgerError::Settings { path: path.clone(), source: Some(source.into()) })?;
        write_private_file(&path, text.as_bytes()).map_err(|source| io_error("write", &path, source))
    }

    /// The signing key's file.
    pub fn key_path(&self) -> PathBuf {
        self.dir.join("ledger.key")
    }

    /// Reads the signing key.
    ///
    /// # Errors
    /// [`LedgerError::Io`] or [`LedgerError::Key`].
    pub fn signing_key(&self) -> Result<SigningKey, LedgerError> {
        let path = self.key_path();
        let pem = read_small_file(&path).map_err(|source| io_error("read", &path, source))?;
        let pem = zeroize::Zeroizing::new(pem);
        Ok(SigningKey::from_pkcs8_pem(&pem)?)
    }

    /// The openings of this ledger's notarizations.
    pub fn openings(&self) -> OpeningStore {
        OpeningStore::new(self.dir.join("openings"))
    }

    fn settings_path(&self) -> PathBuf {
        self.dir.join("ledger.toml")
    }
}

/// `text` with the line of `key` replaced; new keys come first, before the tables.
fn with_setting(text: &str, key: &str, value: Option<&str>) -> String {
    let is_key =
        |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
    let kept: String = text.split_inclusive('\n').filter(|line| !is_key(line)).collect();
    match value {
        Some(value) => format!("{key} = {}\n{kept}", toml::Value::from(value)),
        None => kept,
    }
}

fn store_in(dir: &Path, store: Option<StoreUrl>) -> StoreUrl {
    store.unwrap_or_else(|| StoreUrl::Rocks("db".into())).relative_to(dir)
}

fn read_small_file(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > MAX_SMALL_FILE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is too long to be what it should be"));
    }
    fs::read_to_string(path)
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> LedgerError {
    LedgerError::Io { action, path: path.to_owned(), source }
}
/// Where generated proving keys are kept unless said otherwise: `zkl/keys` in the user's cache directory, by the XDG convention.
/// They can be made again at any time. `None` when the environment names no such directory.
pub fn default_key_dir() -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    cache.map(|dir| dir.join("zkl").join("keys"))
}
