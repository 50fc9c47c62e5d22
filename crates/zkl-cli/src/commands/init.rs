use std::io::{self, Write};

use serde::Serialize;
use zkl_ledger::{
    Ledger, LedgerError,
    home::{LedgerHome, random_origin},
    storage::StoreUrl,
    transparency::keys::Origin,
};

use crate::{
    args::InitArgs,
    config::Config,
    error::CliError,
    limits,
    output::{self, Report},
    progress,
};

#[derive(Serialize)]
struct Initialized {
    ledger: String,
    origin: String,
    log_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<String>,
}

impl Report for Initialized {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "Made a ledger in {}", self.ledger)?;
        let mut fields = vec![("origin", self.origin.clone()), ("log key", self.log_key.clone())];
        fields.extend(self.store.iter().map(|store| ("store", store.clone())));
        output::write_fields(out, &fields)?;
        writeln!(
            out,
            "Publish the log key: verifiers pin it with --trust. Back up {}: it holds the secrets.",
            self.ledger
        )
    }
}

pub(super) async fn run(args: InitArgs, config: &Config) -> Result<(), CliError> {
    limits::check_memory()?;
    let origin: Origin = match &args.origin {
        Some(text) => text.parse().map_err(LedgerError::from)?,
        None => random_origin()?,
    };
    let store = args.store.map(in_current_directory).transpose()?;
    let shown = store.as_ref().map(ToString::to_string);
    let mut builder = Ledger::builder().keys(super::key_store(config)?);
    if let Some(store) = store {
        builder = builder.store_url(store);
    }
    if let Some(place) = &args.log_key {
        builder = builder.log_key(super::key::in_current_directory(place)?);
    }
    if let Some(place) = &args.notary_key {
        builder = builder.notary_key(super::key::in_current_directory(place)?);
    }
    if args.encrypt_openings {
        builder = builder.encrypt_openings(config.new_opening_key()?);
    }
    let ledger = builder.create(&config.ledger, origin.clone()).await?;
    LedgerHome::open(&config.ledger)?.keep_out_of_git()?;
    if args.origin.is_none() {
        let text = format!(
            "the log is called {origin} in every receipt, forever: a name that you control is given with --origin"
        );
        progress::warn(&text);
    }
    let report = Initialized {
        ledger: config.ledger.display().to_string(),
        origin: origin.to_string(),
        store: shown,
        log_key: ledger.log_key().to_string(),
    };
    output::print(&report, config.format)
}

/// The settings are read from wherever the ledger is used; what is given here is meant from where we are.
pub(super) fn in_current_directory(store: StoreUrl) -> Result<StoreUrl, CliError> {
    if store.is_volatile() {
        return Err(CliError::VolatileStore);
    }
    let here = std::env::current_dir().map_err(|source| CliError::ReadFile { path: ".".into(), source })?;
    Ok(store.relative_to(&here))
}
