//! One file per command: call the ledger, shape the answer.

mod audit;
mod circuits;
mod completions;
mod cosign;
mod datasets;
mod doctor;
mod entries;
mod export;
mod fsck;
mod init;
mod key;
mod notarize;
mod openings;
mod profile;
mod prove;
mod read;
mod receipt;
mod schema;
#[cfg(feature = "serve")]
mod serve;
mod show;
mod srs;
mod transfer;
mod verify;
mod witness;

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
    time::Duration,
};

use zkl_ledger::{
    Ledger, LedgerBuilder,
    circuit::KeyStore,
    export::ExportDir,
    receipt::TrustStore,
    transparency::{note::NoteVerifier, policy::Policy},
};

use crate::{
    args::{Command, TrustStoreArgs},
    config::Config,
    error::CliError,
};

/// Longest trust store that is read, in bytes.
const MAX_TRUST_STORE: u64 = 1 << 20;

/// Runs one command.
pub(crate) async fn run(command: Command, config: &Config) -> Result<(), CliError> {
    match command {
        Command::Init(args) => init::run(args, config).await,
        Command::Notarize(args) => notarize::run(args, config).await,
        Command::Prove(args) => prove::run(args, config).await,
        Command::Verify(args) => verify::run(args, config).await,
        Command::Profile(args) => profile::run(&args, config).await,
        Command::Schema(args) => schema::run(args, config).await,
        Command::Log(args) => entries::run(None, &args.filter, config).await,
        Command::History(args) => entries::run(Some(args.dataset), &args.filter, config).await,
        Command::Show(args) => show::run(&args, config).await,
        Command::Receipt(args) => receipt::run(&args, config).await,
        Command::Datasets => datasets::run(config).await,
        Command::Export(args) => export::run(&args, config).await,
        Command::Fsck(args) => fsck::run(&args, config).await,
        Command::Audit(args) => audit::run(&args, config).await,
        Command::Cosign(args) => cosign::run(args, config).await,
        Command::Witness(args) => witness::run(args, config).await,
        #[cfg(feature = "serve")]
        Command::Serve(options) => serve::run(*options, config).await,
        Command::Backup(args) => transfer::backup(args, config).await,
        Command::Restore(args) => transfer::restore(args, config).await,
        Command::Srs(args) => srs::run(args, config).await,
        Command::Circuits(args) => circuits::run(args, config).await,
        Command::Doctor => doctor::run(config).await,
        Command::Key(args) => key::run(args, config).await,
        Command::Openings(args) => openings::run(args, config).await,
        Command::Completions(args) => completions::run(&args),
    }
}

fn key_store(config: &Config) -> Result<KeyStore, CliError> {
    let dir = config.keys.as_ref().ok_or(CliError::NoCacheDirectory)?;
    Ok(KeyStore::open(dir).map_err(zkl_ledger::LedgerError::from)?)
}

/// What a command does with openings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Openings {
    /// Nothing, or it writes new ones: no key is asked for.
    Unread,
    Read,
}

async fn open_for_writing(config: &Config, wait_seconds: u64, openings: Openings) -> Result<Ledger, CliError> {
    let builder = builder(config, openings)?.wait(Duration::from_secs(wait_seconds));
    Ok(builder.open(&config.ledger).await?)
}

async fn open_for_reading(config: &Config, openings: Openings) -> Result<Ledger, CliError> {
    Ok(builder(config, openings)?.open_read_only(&config.ledger).await?)
}

fn builder(config: &Config, openings: Openings) -> Result<LedgerBuilder, CliError> {
    let builder = Ledger::builder().keys(key_store(config)?).proofs(config.proof);
    let key = if openings == Openings::Read { config.opening_key()? } else { None };
    Ok(match key {
        Some(key) => builder.opening_key(key),
        None => builder,
    })
}

/// The key to check an export with: the one that the user knows, otherwise the export's own.
fn export_key(export: &ExportDir, trusted: Option<&NoteVerifier>, config: &Config) -> Result<NoteVerifier, CliError> {
    if let Some(key) = trusted {
        return Ok(key.clone());
    }
    fsck::note_unpinned(config);
    Ok(export.unverified_log_key()?)
}

/// The trust store that the command line, the environment or a settings file names. One that was just found in the current directory
/// names none: it may have been sent along with what is to be checked.
fn read_trust_store(args: &TrustStoreArgs, config: &Config) -> Result<Option<TrustStore>, CliError> {
    if let (Some(path), false, Some(_)) = (&config.file, config.file_named, &config.trust_store) {
        return Err(CliError::FoundTrust { path: path.clone() });
    }
    let Some(path) = args.file.as_ref().or(config.trust_store.as_ref()) else { return Ok(None) };
    let error = |source| CliError::ReadFile { path: path.clone(), source };
    if fs::metadata(path).map_err(error)?.len() > MAX_TRUST_STORE {
        return Err(error(io::Error::new(io::ErrorKind::InvalidData, "the file is too long to be a trust store")));
    }
    let text = fs::read_to_string(path).map_err(error)?;
    let store = toml::from_str(&text);
    Ok(Some(store.map_err(|source| CliError::TrustStore { path: path.clone(), source: Box::new(source) })?))
}

fn read_policy(path: &Path) -> Result<Policy, CliError> {
    let error = |source| CliError::ReadFile { path: path.to_owned(), source };
    if fs::metadata(path).map_err(error)?.len() > Policy::MAX_LEN as u64 {
        return Err(error(std::io::Error::new(std::io::ErrorKind::InvalidData, "the file is too long to be a policy")));
    }
    let bytes = fs::read(path).map_err(error)?;
    Policy::parse(&bytes).map_err(|source| CliError::Policy { path: path.to_owned(), source })
}

/// Writes a file whole or not at all. What is there and no file, as a pipe or a terminal, is written to and not replaced.
fn write_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let special = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
    let write = || {
        if special {
            return fs::OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(bytes));
        }
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = public_file(dir)?;
        file.write_all(bytes)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|source| CliError::WriteFile { path: path.to_owned(), source })
}

/// A temporary file in `dir` that everybody may read once it is in place. Elsewhere than on Unix it has the access of its directory.
fn public_file(dir: &Path) -> io::Result<tempfile::NamedTempFile> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has a mode to set"))]
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    builder.tempfile_in(dir)
}

/// Checks before long work that a file can be written where it is asked for, and that it is none of `precious`, nor in a
/// directory among them.
fn check_writable(path: &Path, precious: &[&Path]) -> Result<(), CliError> {
    let replaces = |target: &Path, kept: &Path| fs::canonicalize(kept).is_ok_and(|kept| target.starts_with(kept));
    if fs::canonicalize(path).is_ok_and(|target| precious.iter().any(|kept| replaces(&target, kept))) {
        return Err(CliError::Precious { path: path.to_owned() });
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let answer = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
        Ok(metadata) if !metadata.is_file() => Ok(()),
        _ => tempfile::tempfile_in(dir).map(drop),
    };
    answer.map_err(|source| CliError::WriteFile { path: path.to_owned(), source })
}
