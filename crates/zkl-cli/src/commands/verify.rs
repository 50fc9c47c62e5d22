use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use zkl_ledger::{
    LedgerError, Trust,
    data::check_data,
    home::LedgerHome,
    openings::{Opening, OpeningKey, OpeningKeyError},
    receipt::{Notarization, Requirement, VerifiedReceipt, VerifiedStatement},
};
use zkl_verify::{TrustArgs, many, one, receipts, trust};

use crate::{
    args::{Format, VerifyArgs},
    config::Config,
    error::CliError,
    output,
    progress::TerminalProgress,
    table,
};

pub(super) async fn run(args: VerifyArgs, config: &Config) -> Result<(), CliError> {
    let trust = trusted(&args.verify.trust, config)?;
    let required: Vec<Requirement> = config.require.iter().chain(&args.verify.require).copied().collect();
    let path = match args.verify.receipts.as_slice() {
        [path] if !path.is_dir() && config.format != Format::Csv => path,
        _ if args.data.is_some() => return Err(CliError::DataOfOne),
        paths => return Ok(many::run(&receipts::expand(paths)?, &trust, &required, config.format)?),
    };
    let verified = one::check(path, &trust, &required)?;
    let data = match (args.data, args.opening) {
        (Some(data), Some(opening)) => Some(compare_data(data, opening, &verified, config).await?),
        _ => None,
    };
    output::print(&one::VerifyReport::new(&verified, data), config.format)
}

/// Whom the command line and the settings trust.
pub(super) fn trusted(args: &TrustArgs, config: &Config) -> Result<Trust, CliError> {
    // A settings file that just lies in the current directory may have been sent along with the receipt.
    if let (Some(path), false, false) = (&config.file, config.file_named, config.trust.is_empty()) {
        return Err(CliError::FoundTrust { path: path.clone() });
    }
    let mut trusted = Trust::default();
    for text in config.trust.iter().chain(&args.pinned) {
        trusted = trust::add(trusted, text)?;
    }
    if let Some(store) = super::read_trust_store(&args.store, config)? {
        trusted = trusted.with_trust_store(store);
    }
    if let Some(path) = &args.policy {
        trusted = trusted.with_policy(trust::read_policy(path)?);
    }
    Ok(trusted)
}

/// Checks that a file is the table whose notarization the receipt holds.
async fn compare_data(
    data: PathBuf,
    opening: PathBuf,
    verified: &VerifiedReceipt,
    config: &Config,
) -> Result<String, CliError> {
    let mut tables: Vec<Notarization> = Vec::new();
    for entry in &verified.entries {
        if let VerifiedStatement::Notarization { notarization, .. } = &entry.statement {
            tables.push(notarization.as_ref().clone());
        }
    }
    let (Some(notarization), None) = (tables.pop(), tables.pop()) else {
        let what = "the receipt is not about one notarized table".to_owned();
        return Err(CliError::OtherData { data, what });
    };
    let reporter = Arc::new(TerminalProgress::new(config.quiet));
    let keys = Arc::new(super::key_store(config)?);
    let opening = Arc::new(read_opening(&opening, config)?);
    match check_data(table::at(std::slice::from_ref(&data), None)?, opening, notarization, keys, reporter).await? {
        Ok(check) => Ok(format!("{} is the notarized table ({} rows read)", data.display(), check.rows)),
        Err(mismatch) => Err(CliError::OtherData { data, what: mismatch.to_string() }),
    }
}

/// Keys are read only for an opening that is encrypted: an auditor may have neither key nor ledger.
fn read_opening(path: &Path, config: &Config) -> Result<Opening, CliError> {
    match Opening::read(path) {
        Err(LedgerError::OpeningKey(OpeningKeyError::Locked)) => {}
        other => return Ok(other?),
    }
    let identity = match config.opening_key()? {
        Some(OpeningKey::Identity(identity)) => Some(identity),
        Some(key) => Some(LedgerHome::open(&config.ledger)?.opening_identity(&key)?),
        None => None,
    };
    Ok(Opening::read_with(path, identity.as_ref())?)
}
