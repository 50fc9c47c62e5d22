//! What the place of a ledger means, and opening it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;
use zkl_ledger::{
    LedgerBuilder, LedgerError,
    circuit::KeyStore,
    home::{LedgerHome, random_origin},
    openings::{MemoryVault, OpeningKey, OpeningKeyError, Passphrase},
    storage::{StoreUrl, memory::MemoryBackend},
    transparency::{
        keys::{Origin, SigningKey},
        note::NoteSigner,
    },
};

use crate::{
    failure::{Failure, Hint, invalid},
    reading::proof_setting,
};

/// The directory of a ledger that is named by its store alone.
const DEFAULT_HOME: &str = ".zkl";

/// The ledger that is gone with the process.
const MEMORY: &str = "memory:";

/// What the URLs of stores begin with.
const STORES: [&str; 4] = ["postgres:", "postgresql:", "s3:", "rocks:"];

/// Longest wait for another process, in seconds.
const MAX_WAIT: f64 = 86_400.0;

/// How a ledger is opened, as a package writes it in JSON.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    store: Option<String>,
    create: bool,
    read_only: bool,
    origin: Option<String>,
    /// In seconds.
    wait: f64,
    proof: Option<String>,
    accept_older_store: bool,
}

/// Where a ledger is, and what opens it.
#[derive(Default)]
pub struct Place {
    /// Without one it is in memory.
    directory: Option<PathBuf>,
    store: Option<String>,
    keys: Option<PathBuf>,
    opening_key: Option<OpeningKey>,
}

impl Place {
    /// The ledger that a text names: a directory, the URL of a store beside the directory `home`, or `memory:`.
    ///
    /// # Errors
    /// [`Failure::Invalid`]: what does not go together.
    pub fn named(place: &str, home: Option<PathBuf>, settings: &Settings) -> Result<Self, Failure> {
        if place == MEMORY {
            if settings.store.is_some() || home.is_some() || settings.read_only {
                return Err(invalid("a ledger in memory has neither a store nor a home, and is new"));
            }
            return Ok(Self::default());
        }
        if STORES.iter().any(|scheme| place.starts_with(scheme)) {
            if settings.store.is_some() {
                return Err(invalid("the store is named twice").with_hint(Hint::NamedStore));
            }
            let directory = home.unwrap_or_else(|| DEFAULT_HOME.into());
            return Ok(Self { store: Some(place.to_owned()), ..Self::in_directory(directory, None, settings)? });
        }
        Self::in_directory(place.into(), home.as_deref(), settings)
    }

    /// The ledger in a directory.
    ///
    /// # Errors
    /// [`Failure::Invalid`]: it cannot have a `home` besides.
    pub fn in_directory(directory: PathBuf, home: Option<&Path>, settings: &Settings) -> Result<Self, Failure> {
        if home.is_some() {
            return Err(invalid("home goes with the URL of a store").with_hint(Hint::NamedHome));
        }
        Ok(Self { directory: Some(directory), store: settings.store.clone(), ..Self::default() })
    }

    /// Where proving keys are kept.
    pub fn keys(mut self, directory: Option<PathBuf>) -> Self {
        self.keys = directory;
        self
    }

    /// What opens encrypted secrets, and encrypts those of a new ledger: a passphrase, a file, or a file that a passphrase opens.
    ///
    /// # Errors
    /// [`Failure::Invalid`]: it is no key.
    pub fn opened_by(mut self, passphrase: Option<&str>, file: Option<&Path>) -> Result<Self, Failure> {
        self.opening_key = opening_key(passphrase, file)?;
        Ok(self)
    }

    /// The directory; none in memory.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    fn builder(&self, settings: &Settings) -> Result<LedgerBuilder, Failure> {
        let mut builder = zkl_ledger::Ledger::builder()
            .wait(Duration::from_secs_f64(settings.wait))
            .accept_older_store(settings.accept_older_store);
        if let Some(keys) = &self.keys {
            builder = builder.keys(KeyStore::open(keys).map_err(LedgerError::from)?);
        }
        if let Some(proof) = &settings.proof {
            builder = builder.proofs(proof_setting(proof)?);
        }
        Ok(builder)
    }
}

/// Opens the ledger at a place, or makes it.
pub(crate) async fn opened(place: Place, settings: Settings) -> Result<zkl_ledger::Ledger, Failure> {
    if !(0.0..=MAX_WAIT).contains(&settings.wait) {
        return Err(invalid("wait is a number of seconds from 0 to 86400"));
    }
    let origin = || -> Result<Origin, Failure> {
        match &settings.origin {
            Some(origin) => origin.parse().map_err(Failure::invalid),
            None => Ok(random_origin()?),
        }
    };
    let Some(directory) = &place.directory else {
        let log = NoteSigner::new(origin()?, SigningKey::generate().map_err(LedgerError::from)?);
        let builder = place.builder(&settings)?.store(MemoryBackend::new()).openings(MemoryVault::default());
        return Ok(builder.build(log)?);
    };
    if directory.to_str().is_none() {
        let message =
            format!("the name of {} is not UTF-8, and the embedded store does not open it", directory.display());
        return Err(invalid(message).with_hint("give the ledger a directory with another name; tables may have any"));
    }
    let store = place.store.as_deref().map(in_current_directory).transpose()?;
    match LedgerHome::open(directory) {
        Ok(home) => {
            if store.as_ref().is_some_and(|store| store != home.store()) {
                let directory = directory.display();
                let message = format!("the ledger in {directory} is in another store: {}", home.store());
                return Err(invalid(message).with_hint("open it without naming a store, or name another directory"));
            }
            if settings.origin.as_ref().is_some_and(|origin| origin != home.origin().as_str()) {
                return Err(invalid(format!("the ledger in {} is called {}", directory.display(), home.origin())));
            }
        }
        Err(LedgerError::NoLedger { .. }) if settings.create && !settings.read_only => {
            check_vacant(directory)?;
            let mut builder = place.builder(&settings)?;
            if let Some(store) = store {
                builder = builder.store_url(store);
            }
            if let Some(key) = &place.opening_key {
                builder = builder.encrypt_openings(key.clone());
            }
            // Lets go of the store again: what opens it next shares it.
            drop(builder.create(directory, origin()?).await?);
            LedgerHome::open(directory)?.keep_out_of_git()?;
        }
        Err(error) => return Err(error.into()),
    }
    let mut builder = place.builder(&settings)?;
    if let Some(key) = place.opening_key.clone() {
        builder = builder.opening_key(key);
    }
    Ok(match settings.read_only {
        true => builder.open_read_only(directory).await?,
        false => builder.open_shared(directory).await?,
    })
}

/// A new ledger gets a directory of its own: its secrets are not to lie between other files.
fn check_vacant(directory: &Path) -> Result<(), Failure> {
    let holds_others = fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some());
    if holds_others {
        let (message, own) =
            (format!("{} holds no ledger, but other files", directory.display()), directory.join(".zkl"));
        let own = own.display().to_string();
        return Err(invalid(message).with_hint(format!("give the ledger a directory of its own, for instance {own:?}")));
    }
    Ok(())
}

fn in_current_directory(store: &str) -> Result<StoreUrl, Failure> {
    let url: StoreUrl = store.parse().map_err(LedgerError::from)?;
    let here = std::env::current_dir().map_err(Failure::invalid)?;
    Ok(url.relative_to(&here))
}

fn opening_key(passphrase: Option<&str>, file: Option<&Path>) -> Result<Option<OpeningKey>, Failure> {
    let secret = |error: OpeningKeyError| Failure::invalid(error);
    let passphrase = passphrase.map(Passphrase::new).transpose().map_err(secret)?;
    match file {
        Some(file) => OpeningKey::read_file(file, passphrase.as_ref()).map(Some).map_err(secret),
        None => Ok(passphrase.map(OpeningKey::Passphrase)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(store: Option<&str>) -> Settings {
        Settings { store: store.map(str::to_owned), ..Settings::default() }
    }

    #[test]
    fn a_text_names_a_directory_a_store_or_memory() {
        let named = |text: &str, home: Option<&str>| Place::named(text, home.map(PathBuf::from), &settings(None)).ok();
        let directory = named("my-project", None).unwrap();
        assert_eq!((directory.directory(), directory.store.as_deref()), (Some(Path::new("my-project")), None));
        let store = named("postgres://db/ledger", None).unwrap();
        assert_eq!(
            (store.directory(), store.store.as_deref()),
            (Some(Path::new(".zkl")), Some("postgres://db/ledger"))
        );
        assert_eq!(named("s3://b/p", Some("keys")).unwrap().directory(), Some(Path::new("keys")));
        assert_eq!(named("memory:", None).unwrap().directory(), None);
        // A path of that name is a path.
        let path = Place::in_directory("memory:".into(), None, &settings(None)).unwrap();
        assert_eq!(path.directory(), Some(Path::new("memory:")));
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let refused = |text: &str, home: Option<&str>, store: Option<&str>| {
            Place::named(text, home.map(PathBuf::from), &settings(store))
                .err()
                .map(|failure| Failure::message(&failure))
        };
        assert!(refused("memory:", None, Some("s3://b/p")).is_some());
        assert!(refused("memory:", Some("x"), None).is_some());
        assert!(refused("s3://b/p", None, Some("s3://b/p")).unwrap().contains("twice"));
        assert!(refused("x", Some("y"), None).unwrap().contains("home"));
    }
}
