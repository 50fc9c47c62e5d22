//! Settings from flags, the environment and `zkl.toml`, in that order of precedence.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use zkl_ledger::{
    openings::{OpeningIdentity, OpeningKey, Passphrase},
    receipt::Requirement,
    requests::ProofSetting,
};

use crate::{
    args::{Format, GlobalArgs},
    error::CliError,
};

const DEFAULT_CONFIG: &str = "zkl.toml";
const DEFAULT_LEDGER: &str = ".zkl";

/// The settings of one run.
#[derive(Debug)]
pub(crate) struct Config {
    /// Directory of the ledger.
    pub(crate) ledger: PathBuf,
    /// Directory of generated proving keys; absent when the environment names no cache directory either.
    pub(crate) keys: Option<PathBuf>,
    /// How proofs are made.
    pub(crate) proof: ProofSetting,
    /// Key file of encrypted openings.
    pub(crate) openings_key: Option<PathBuf>,
    /// File with the passphrase of encrypted openings.
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Form of the output.
    pub(crate) format: Format,
    /// Whether progress is shown.
    pub(crate) quiet: bool,
    /// Keys that `verify` trusts besides those on its command line.
    pub(crate) trust: Vec<String>,
    /// The trust store, unless the command line names another one.
    pub(crate) trust_store: Option<PathBuf>,
    /// What `verify` demands besides what its command line does.
    pub(crate) require: Vec<Requirement>,
    /// The settings file that was read, if one was.
    pub(crate) file: Option<PathBuf>,
    /// Whether a flag or the environment named that file, and it was not just found in the current directory.
    pub(crate) file_named: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    ledger: Option<PathBuf>,
    keys: Option<PathBuf>,
    proof: Option<ProofSetting>,
    openings_key: Option<PathBuf>,
    passphrase_file: Option<PathBuf>,
    format: Option<Format>,
    quiet: Option<bool>,
    #[serde(default)]
    trust: Vec<String>,
    trust_store: Option<PathBuf>,
    #[serde(default)]
    require: Vec<Requirement>,
}

impl Config {
    pub(crate) fn load(args: &GlobalArgs) -> Result<Self, CliError> {
        let (file, settings) = match &args.config {
            Some(path) => (Some(path.clone()), read(path)?),
            None => match read(Path::new(DEFAULT_CONFIG)) {
                Ok(settings) => (Some(PathBuf::from(DEFAULT_CONFIG)), settings),
                Err(CliError::ReadFile { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                    (None, ConfigFile::default())
                }
                Err(error) => return Err(error),
            },
        };
        // Paths in a settings file are relative to it, so that it works from everywhere.
        let base = file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let ledger = args.ledger.clone().or_else(|| settings.ledger.map(|path| base.join(path)));
        let keys = args.keys.clone().or_else(|| settings.keys.map(|path| base.join(path)));
        Ok(Self {
            ledger: ledger.unwrap_or_else(|| DEFAULT_LEDGER.into()),
            keys: keys.or_else(zkl_ledger::home::default_key_dir),
            proof: args.proof.or(settings.proof).unwrap_or_default(),
            openings_key: args.openings_key.clone().or_else(|| settings.openings_key.map(|path| base.join(path))),
            passphrase_file: args
                .passphrase_file
                .clone()
                .or_else(|| settings.passphrase_file.map(|path| base.join(path))),
            format: args.format.or(settings.format).unwrap_or_default(),
            quiet: args.quiet || settings.quiet.unwrap_or(false),
            trust: settings.trust,
            trust_store: settings.trust_store.map(|path| base.join(path)),
            require: settings.require,
            file,
            file_named: args.config.is_some(),
        })
    }
}

/// The secrets are read when a command needs them, and only then.
impl Config {
    /// What encrypted openings are opened with, if anything was named.
    pub(crate) fn opening_key(&self) -> Result<Option<OpeningKey>, CliError> {
        let passphrase = self.passphrase()?;
        match &self.openings_key {
            Some(path) => {
                let secrets = |source| CliError::Secrets { path: path.clone(), source };
                OpeningKey::read_file(path, passphrase.as_ref()).map(Some).map_err(secrets)
            }
            None => Ok(passphrase.map(OpeningKey::Passphrase)),
        }
    }

    /// The same for encrypting: something must have been named, and a key file that is absent is made.
    pub(crate) fn new_opening_key(&self) -> Result<OpeningKey, CliError> {
        if let Some(path) = self.openings_key.as_ref().filter(|path| !path.exists()) {
            let secrets = |source| CliError::Secrets { path: path.clone(), source };
            let identity = OpeningIdentity::generate();
            identity.write_file(path, self.passphrase()?.as_ref()).map_err(secrets)?;
            return Ok(OpeningKey::Identity(identity));
        }
        self.opening_key()?.ok_or(CliError::NoOpeningKey)
    }

    fn passphrase(&self) -> Result<Option<Passphrase>, CliError> {
        self.passphrase_file.as_deref().map(read_passphrase).transpose()
    }
}

pub(crate) fn read_passphrase(path: &Path) -> Result<Passphrase, CliError> {
    Passphrase::read(path).map_err(|source| CliError::Secrets { path: path.to_owned(), source })
}

fn read(path: &Path) -> Result<ConfigFile, CliError> {
    let text = fs::read_to_string(path).map_err(|source| CliError::ReadFile { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|source| CliError::Config { path: path.to_owned(), source: Box::new(source) })
}
