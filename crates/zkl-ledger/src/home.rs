//! A ledger's directory: settings, signing key, openings and, for the embedded store, the database.
//!
//! ```text
//! .zkl/
//!   ledger.toml        version, origin, store,       may hold the store's password
//!                      witnesses; 0600
//!   ledger.key         Ed25519, PKCS#8 PEM, 0600,    secret
//!                      unless the key is elsewhere
//!   log-<id>.key       a key that took over, 0600    secret
//!   log-public.txt     the log's public key          public: all that readers need
//!   notary-public.txt  the notary's, where it has    public
//!                      a key of its own
//!   openings/<id>.json one per notarization, 0600    secret, unless encrypted
//!   openings-key.age   their key, under a            secret with its passphrase
//!                      passphrase; 0600
//!   seen.json          size and root of the newest   public
//!                      state of the log
//!   db/                the embedded store            public
//! ```

mod keys;
mod openings;
mod rotation;
mod seen;
mod store;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use zkl_merkle::{
    cosignature::WitnessVerifier,
    keys::{Origin, SigningKey},
};
use zkl_receipt::Nonce;
use zkl_signer::{KeyPlace, write_new_pem};

pub use self::{
    keys::{KeyRole, MovedKey},
    openings::ConvertedOpenings,
    rotation::EndedOverlap,
    store::MovedStore,
};
pub use crate::files::{create_private_dir, write_private_file, write_public_file};
use crate::{
    error::LedgerError,
    opening::OpeningStore,
    store_url::StoreUrl,
    vault::{OpeningKey, OpeningRecipient},
};
pub(crate) use seen::Seen;

/// Version of the directory's layout.
const VERSION: u32 = 1;
/// The file of a key that is not elsewhere.
const DEFAULT_KEY: &str = "ledger.key";
/// What git leaves alone: all of it.
const GITIGNORE: &str = "# Keys and openings are secret, and a store is no source: back the directory up instead.\n*\n";
/// Longest settings or public key file that is read, in bytes.
const MAX_SMALL_FILE: u64 = 64 * 1024;

/// The directory of a ledger.
#[derive(Clone, Debug)]
pub struct LedgerHome {
    dir: PathBuf,
    origin: Origin,
    store: StoreUrl,
    witnesses: Vec<WitnessSetting>,
    recipient: Option<OpeningRecipient>,
    log_key: KeyPlace,
    next_log_key: Option<KeyPlace>,
    former_log_key: Option<KeyPlace>,
    notary_key: Option<KeyPlace>,
    next_notary_key: Option<KeyPlace>,
}

/// What a new ledger is made with, besides its name.
#[derive(Default)]
pub struct NewLedger {
    /// Where the log is; `None` for the embedded store in the ledger's directory.
    pub store: Option<StoreUrl>,
    /// The key that openings are encrypted to; `None` leaves them in the clear.
    pub encrypt: Option<OpeningKey>,
    /// A key that signs checkpoints, where it is; `None` makes one, in the ledger's directory.
    pub log_key: Option<KeyPlace>,
    /// A key that signs entries, where it is; `None` leaves that to the log's.
    pub notary_key: Option<KeyPlace>,
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
    /// Absent for `ledger.key` in the directory of the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log_key: Option<String>,
    /// Present while a rotation is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_log_key: Option<String>,
    /// Present while the key that was rotated away still signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former_log_key: Option<String>,
    /// Absent where the log's key signs entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notary_key: Option<String>,
    /// Present while a rotation is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_notary_key: Option<String>,
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
    /// Makes a new ledger directory. The origin names the log for ever: it stands in every checkpoint. Relative paths are taken from
    /// `dir`. Blocks while a token works.
    ///
    /// # Errors
    /// [`LedgerError::LedgerExists`] when there is one already, [`LedgerError::Io`], [`LedgerError::Key`],
    /// [`LedgerError::OpeningKey`], [`LedgerError::KeyPlace`].
    pub fn create(dir: &Path, origin: Origin, new: &NewLedger) -> Result<Self, LedgerError> {
        let mut home = Self {
            dir: dir.to_owned(),
            origin,
            store: store_in(dir, new.store.clone()),
            witnesses: Vec::new(),
            recipient: None,
            log_key: log_key_in(dir, new.log_key.clone()),
            next_log_key: None,
            former_log_key: None,
            notary_key: new.notary_key.clone().map(|place| place.relative_to(dir)),
            next_notary_key: None,
        };
        if home.settings_path().exists() || home.default_key_path().exists() {
            return Err(LedgerError::LedgerExists { dir: dir.to_owned() });
        }
        create_private_dir(dir).map_err(|source| io_error("create", dir, source))?;
        if new.log_key.is_none() {
            write_new_pem(&home.default_key_path(), &SigningKey::generate()?)?;
        }
        home.record(KeyRole::Log, &home.log_key.signer(None)?.verifying_key())?;
        if let Some(place) = &home.notary_key {
            home.record(KeyRole::Notary, &place.signer(None)?.verifying_key())?;
        }
        home.recipient =
            new.encrypt.as_ref().map(|key| home.identity_or_new(key)).transpose()?.map(|key| key.recipient());
        let settings = Settings {
            version: VERSION,
            origin: home.origin.to_string(),
            store: new.store.as_ref().map(StoreUrl::to_setting),
            log_key: new.log_key.as_ref().map(ToString::to_string),
            next_log_key: None,
            former_log_key: None,
            notary_key: new.notary_key.as_ref().map(ToString::to_string),
            next_notary_key: None,
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
    /// [`LedgerError::NoLedger`], [`LedgerError::Settings`], [`LedgerError::Io`], [`LedgerError::KeyPlace`].
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
        let place = |text: Option<String>| text.map(|text| text.parse::<KeyPlace>()).transpose();
        let here = |text| Ok::<_, LedgerError>(place(text)?.map(|place| place.relative_to(dir)));
        Ok(Self {
            dir: dir.to_owned(),
            origin,
            store: store_in(dir, store),
            witnesses,
            recipient,
            log_key: log_key_in(dir, place(settings.log_key)?),
            next_log_key: here(settings.next_log_key)?,
            former_log_key: here(settings.former_log_key)?,
            notary_key: here(settings.notary_key)?,
            next_notary_key: here(settings.next_notary_key)?,
        })
    }

    /// Takes back a creation whose store could not be made: nothing was signed with the key yet.
    pub(crate) fn discard(self) -> Result<(), LedgerError> {
        let public = [KeyRole::Log, KeyRole::Notary].map(|role| self.public_key_path(role));
        let made = [self.settings_path(), self.default_key_path(), self.wrapped_key_path()];
        for path in made.into_iter().chain(public) {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(io_error("remove", &path, source));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Tells git to leave the directory alone, unless somebody has told it something already: keys and openings are secret.
    ///
    /// # Errors
    /// [`LedgerError::Io`].
    pub fn keep_out_of_git(&self) -> Result<(), LedgerError> {
        let path = self.dir.join(".gitignore");
        if path.exists() {
            return Ok(());
        }
        fs::write(&path, GITIGNORE).map_err(|source| io_error("write", &path, source))
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
        self.set(&[("encrypt_openings_to", recipient.as_ref().map(ToString::to_string).as_deref())])?;
        self.recipient = recipient;
        Ok(())
    }

    /// A place as the settings name it, whose relative paths are taken from the directory.
    fn setting_of(&self, place: &KeyPlace) -> String {
        match place {
            KeyPlace::File(path) => path.strip_prefix(&self.dir).unwrap_or(path).display().to_string(),
            token @ KeyPlace::Token(_) => token.to_string(),
        }
    }

    /// Changes texts of the settings in one durable write, and nothing else that their owner wrote there.
    fn set(&self, changes: &[(&str, Option<&str>)]) -> Result<(), LedgerError> {
        let path = self.settings_path();
        // Where the settings are a link, they are changed where they are.
        let path = fs::canonicalize(&path).map_err(|source| io_error("read", &path, source))?;
        let text = read_small_file(&path).map_err(|source| io_error("read", &path, source))?;
        let text = changes.iter().fold(text, |text, (key, value)| with_setting(&text, key, *value));
        toml::from_str::<Settings>(&text)
            .map_err(|source| LedgerError::Settings { path: path.clone(), source: Some(source.into()) })?;
        write_private_file(&path, text.as_bytes()).map_err(|source| io_error("write", &path, source))
    }

    fn default_key_path(&self) -> PathBuf {
        self.dir.join(DEFAULT_KEY)
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

fn log_key_in(dir: &Path, place: Option<KeyPlace>) -> KeyPlace {
    place.unwrap_or_else(|| KeyPlace::File(DEFAULT_KEY.into())).relative_to(dir)
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

/// A name for a log that no other log has: `.invalid` can never be a host.
///
/// # Errors
/// [`LedgerError::Randomness`].
pub fn random_origin() -> Result<Origin, LedgerError> {
    let nonce = Nonce::generate().map_err(LedgerError::randomness)?;
    Ok(format!("zkl-{}.invalid", hex::encode(&nonce.as_bytes()[..8])).parse()?)
}
