//! One file per command: call the ledger, shape the answer.

mod access;
mod audit;
mod check;
mod circuits;
mod completions;
mod cosign;
mod datasets;
mod derive;
mod doctor;
mod entries;
mod export;
mod fsck;
mod init;
mod inspect;
mod key;
mod lineage;
mod man;
mod notarize;
mod openings;
mod profile;
mod prove;
mod published;
mod read;
mod receipt;
mod relate;
mod report;
mod schema;
#[cfg(feature = "serve")]
mod serve;
mod show;
mod srs;
mod transfer;
mod verify;
mod withdraw;
mod witness;

use std::time::Duration;

use zkl_ledger::{
    Ledger, LedgerBuilder, circuit::KeyStore, export::ExportDir, receipt::TrustStore, transparency::note::NoteVerifier,
};
use zkl_verify::{VerifierError, trust};

use crate::{
    args::{Command, Format, TrustStoreArgs, WriteArgs},
    config::Config,
    error::CliError,
    limits,
};

/// Runs one command.
pub(crate) async fn run(command: Command, config: &Config) -> Result<(), CliError> {
    // Before something is done whose answer could not be printed.
    if config.format == Format::Csv && !matches!(command, Command::Verify(_)) {
        return Err(VerifierError::NoCsv.into());
    }
    if config.format.is_graph() && !matches!(command, Command::Lineage(_)) {
        return Err(VerifierError::NoGraph.into());
    }
    match command {
        Command::Init(args) => init::run(args, config).await,
        Command::Notarize(args) => notarize::run(args, config).await,
        Command::Prove(args) => prove::run(args, config).await,
        Command::Relate(args) => relate::run(args, config).await,
        Command::Split(args) => derive::split(*args, config).await,
        Command::Filter(args) => derive::filter(*args, config).await,
        Command::Erase(args) => derive::erase(*args, config).await,
        Command::Dedup(args) => derive::dedup(*args, config).await,
        Command::Check(args) => check::run(args, config).await,
        Command::Verify(args) => verify::run(args, config).await,
        Command::Inspect(args) => inspect::run(&args, config),
        Command::Report(args) => report::run(&args, config),
        Command::Profile(args) => profile::run(&args, config).await,
        Command::Schema(args) => schema::run(args, config).await,
        Command::Log(args) => entries::run(None, &args.filter, config).await,
        Command::History(args) => entries::run(Some(args.dataset), &args.filter, config).await,
        Command::Lineage(args) => lineage::run(args, config).await,
        Command::Withdraw(args) => withdraw::run(args, config).await,
        Command::Show(args) => show::run(&args, config).await,
        Command::Receipt(args) => receipt::run(&args, config).await,
        Command::Datasets => datasets::run(config).await,
        Command::Export(args) => export::run(&args, config).await,
        Command::Fsck(args) => fsck::run(&args, config).await,
        Command::Audit(args) => audit::run(&args, config).await,
        Command::Access(args) => access::run(&args, config).await,
        Command::Cosign(args) => cosign::run(args, config).await,
        Command::Witness(args) => witness::run(args, config).await,
        #[cfg(feature = "serve")]
        Command::Serve(options) => serve::run(*options, config).await,
        Command::Backup(args) => transfer::backup(args, config).await,
        Command::Restore(args) => transfer::restore(args, config).await,
        Command::Move(args) => transfer::move_log(args, config).await,
        Command::Srs(args) => srs::run(args, config).await,
        Command::Circuits(args) => circuits::run(args, config).await,
        Command::Doctor => doctor::run(config).await,
        Command::Key(args) => key::run(args, config).await,
        Command::Openings(args) => openings::run(args, config).await,
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}

fn key_store(config: &Config) -> Result<KeyStore, CliError> {
    match &config.keys {
        Some(dir) => Ok(KeyStore::open(dir).map_err(zkl_ledger::LedgerError::from)?),
        None => Ok(KeyStore::nowhere()),
    }
}

/// What a command does with openings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Openings {
    /// Nothing, or it writes new ones: no key is asked for.
    Unread,
    Read,
}

/// Opens the ledger to record something, beside other processes that do.
async fn open_for_writing(config: &Config, write: &WriteArgs, openings: Openings) -> Result<Ledger, CliError> {
    let builder = builder(config, openings)?.wait(Duration::from_secs(write.wait));
    Ok(builder.accept_older_store(write.accept_older_store).open_shared(&config.ledger).await?)
}

async fn open_for_reading(config: &Config, openings: Openings) -> Result<Ledger, CliError> {
    Ok(builder(config, openings)?.open_read_only(&config.ledger).await?)
}

fn builder(config: &Config, openings: Openings) -> Result<LedgerBuilder, CliError> {
    limits::check_memory()?;
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
    Ok(Some(trust::read_store(path)?))
}
