use std::io::{self, Write};

use serde::Serialize;
use zkl_ledger::{Ledger, LedgerError, keys::Origin};

use crate::{
    args::InitArgs,
    config::Config,
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
struct Initialized {
    ledger: String,
    origin: String,
    log_key: String,
}

impl Report for Initialized {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "Made a ledger in {}", self.ledger)?;
        output::write_fields(out, &[("origin", self.origin.clone()), ("log key", self.log_key.clone())])?;
        writeln!(
            out,
            "Publish the log key: verifiers pin it with --trust. Back up {}: it holds the secrets.",
            self.ledger
        )
    }
}

pub(super) fn run(args: &InitArgs, config: &Config) -> Result<(), CliError> {
    let origin: Origin = match &args.origin {
        Some(text) => text.parse().map_err(LedgerError::from)?,
        None => random_origin()?,
    };
    let ledger = Ledger::create(&config.ledger, origin.clone(), super::key_store(config)?)?;
    let report = Initialized {
        ledger: config.ledger.display().to_string(),
        origin: origin.to_string(),
        log_key: ledger.log_key().to_string(),
    };
    output::print(&report, config.format)
}

/// A name that no other log has: `.invalid` can never be a host.
fn random_origin() -> Result<Origin, CliError> {
    let nonce = zkl_ledger::Nonce::generate().map_err(LedgerError::from)?;
    let name = format!("zkl-{}.invalid", hex::encode(&nonce.as_bytes()[..8]));
    Ok(name.parse().map_err(LedgerError::from)?)
}
