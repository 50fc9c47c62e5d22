use std::io::{self, Write};

use serde::Serialize;
use zkl_ledger::{
    home::{ConvertedOpenings, LedgerHome},
    openings::{OpeningKey, OpeningKeyError},
};
use zkl_verify::VerifierError;

use crate::{
    args::{OpeningsArgs, OpeningsCommand, OpeningsPassphraseArgs, OpeningsShowArgs, VersionArgs},
    config::{Config, read_passphrase},
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
struct Converted {
    ledger: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypted_to: Option<String>,
    converted: u64,
    already: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_alone: Vec<String>,
}

impl Report for Converted {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { encrypted_to, converted, already, left_alone, .. } = self;
        match encrypted_to {
            Some(recipient) => {
                writeln!(out, "{converted} opening(s) encrypted, {already} were already; new ones go to {recipient}")?;
                writeln!(out, "Back up the key: without it nothing more can be proved about these tables.")?;
            }
            None => {
                writeln!(out, "{converted} opening(s) decrypted, {already} were already; new ones are not encrypted")?;
            }
        }
        for path in left_alone {
            writeln!(out, "left alone: {} is no opening", output::printable(path))?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct PassphraseChanged {
    file: String,
}

impl Report for PassphraseChanged {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} opens with the new passphrase; copies of it with the old one", output::printable(&self.file))
    }
}

pub(super) async fn run(args: OpeningsArgs, config: &Config) -> Result<(), CliError> {
    match args.command {
        OpeningsCommand::Encrypt => {
            let mut home = LedgerHome::open(&config.ledger)?;
            let key = config.new_opening_key()?;
            report(&home.encrypt_openings(&key)?, config)
        }
        OpeningsCommand::Decrypt => {
            let mut home = LedgerHome::open(&config.ledger)?;
            let key = config.opening_key()?.ok_or(CliError::NoOpeningKey)?;
            report(&home.decrypt_openings(&key)?, config)
        }
        OpeningsCommand::Passphrase(args) => change_passphrase(&args, config),
        OpeningsCommand::Show(args) => show(&args, config).await,
    }
}

fn report(done: &ConvertedOpenings, config: &Config) -> Result<(), CliError> {
    let report = Converted {
        ledger: config.ledger.display().to_string(),
        encrypted_to: done.recipient.as_ref().map(ToString::to_string),
        converted: done.converted,
        already: done.already,
        left_alone: done.others.iter().map(|path| path.display().to_string()).collect(),
    };
    output::print(&report, config.format)
}

fn change_passphrase(args: &OpeningsPassphraseArgs, config: &Config) -> Result<(), CliError> {
    let home = LedgerHome::open(&config.ledger)?;
    let old = match config.opening_key()? {
        Some(OpeningKey::Passphrase(passphrase)) => passphrase,
        // A key file has its passphrase from age.
        _ => return Err(zkl_ledger::LedgerError::from(OpeningKeyError::PassphraseMissing).into()),
    };
    home.change_passphrase(&old, &read_passphrase(&args.new_passphrase_file)?)?;
    let file = home.wrapped_key_path().display().to_string();
    output::print(&PassphraseChanged { file }, config.format)
}

async fn show(args: &OpeningsShowArgs, config: &Config) -> Result<(), CliError> {
    let ledger = super::open_for_reading(config, super::Openings::Read).await?;
    let VersionArgs { dataset, entry } = &args.version;
    let version = super::profile::version(&ledger, dataset, entry.as_deref()).await?;
    let opening = version.opening().await?.encode()?;
    io::stdout().lock().write_all(&opening).map_err(|error| VerifierError::Stdout(error).into())
}
