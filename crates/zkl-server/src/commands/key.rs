//! Keys, on the command line.

use std::{io, path::PathBuf};

use clap::{Args, Subcommand};
use thiserror::Error;
use zkl_ledger::{home::create_private_dir, types::Timestamp};

use super::LedgerArgs;
use crate::{
    access::{ApiKey, Grant, KeyRing, KeyRingError, KeyUpdate},
    service::Service,
};

const DAY_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key and print its token, which is shown this once
    Create(CreateArgs),
    /// List the keys, without their secrets
    List(LedgerArgs),
    /// Print the keys without their secrets as a file, for servers that only read (`serve --api-keys`)
    Export(LedgerArgs),
    /// Change what a key is good for; its token stays the same
    Update(UpdateArgs),
    /// Revoke a key: from now on it is good for nothing
    Revoke(RevokeArgs),
}

/// A key that is to be made.
#[derive(Debug, Args)]
#[command(after_help = "\
Grants:
  read:SCOPE    see datasets, their history and their receipts
  write:SCOPE   notarize versions
  prove:SCOPE   prove claims
  verify        have receipts verified
  administer    see, make and revoke keys
SCOPE is a dataset (team/penguins), a namespace (team/*) or everything (*).

Example:
  zkl-server key create ci --grant 'read:team/*' --grant 'write:team/*' --expires-in-days 90")]
pub struct CreateArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// What its owner calls it
    name: String,
    /// What it is good for (may be repeated)
    #[arg(long = "grant", value_name = "GRANT", required = true)]
    grants: Vec<Grant>,
    /// How long it is good; for ever, if nothing is said
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    expires_in_days: Option<u32>,
}

/// A key that is to be changed.
#[derive(Debug, Args)]
#[command(after_help = "\
What is not named stays as it is.

Example:
  zkl-server key update 3f9a0c1b2d4e5f60 --grant 'read:team/*' --expires-in-days 30")]
pub struct UpdateArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Its id, as `key list` shows it
    id: String,
    /// What it is good for from now on, instead of what it was (may be repeated)
    #[arg(long = "grant", value_name = "GRANT", required_unless_present_any = ["expires_in_days", "never_expires"])]
    grants: Vec<Grant>,
    /// How long it is good from now on
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    expires_in_days: Option<u32>,
    /// It does not expire
    #[arg(long, conflicts_with = "expires_in_days")]
    never_expires: bool,
}

/// A key that is to be revoked.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Its id, as `key list` shows it
    id: String,
}

/// Keys could not be read or changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no ledger, or it cannot be used.
    #[error(transparent)]
    Ledger(#[from] zkl_ledger::LedgerError),
    /// The keys cannot be read or changed.
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    /// The server's directory cannot be made.
    #[error("cannot create {dir}", dir = dir.display())]
    Create {
        /// The directory.
        dir: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

impl KeyCommand {
    /// Does it.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn run(self, say: impl Fn(&str)) -> Result<(), KeyError> {
        match self {
            Self::Create(CreateArgs { ledger, name, grants, expires_in_days }) => {
                let (_, token) = ring(&ledger)?.create(&name, grants, expires_in_days.map(in_days))?;
                say(&token.reveal());
            }
            Self::List(ledger) => ring(&ledger)?.list()?.iter().for_each(|key| say(&in_a_line(key))),
            Self::Export(ledger) => say(&ring(&ledger)?.export()?),
            Self::Update(UpdateArgs { ledger, id, grants, expires_in_days, never_expires }) => {
                let expires_at = if never_expires { Some(None) } else { expires_in_days.map(in_days).map(Some) };
                let update = KeyUpdate { grants: (!grants.is_empty()).then_some(grants), expires_at };
                let (_, key) = ring(&ledger)?.update(&id, &update)?;
                say(&in_a_line(&key));
            }
            Self::Revoke(RevokeArgs { ledger, id }) => {
                ring(&ledger)?.revoke(&id)?;
            }
        }
        Ok(())
    }
}

fn in_days(days: u32) -> Timestamp {
    Timestamp(Timestamp::now().0 + u64::from(days) * DAY_MILLIS)
}

fn in_a_line(key: &ApiKey) -> String {
    let grants: Vec<String> = key.grants.iter().map(ToString::to_string).collect();
    let end = key.expires_at.map_or_else(|| "never".to_owned(), |end| end.to_string());
    format!("{}  {}  {}  expires {end}", key.id, key.name, grants.join(" "))
}

fn ring(ledger: &LedgerArgs) -> Result<KeyRing, KeyError> {
    // A misspelt directory must not get keys that no server knows.
    zkl_ledger::home::LedgerHome::open(&ledger.ledger)?;
    let dir = Service::dir(&ledger.ledger);
    create_private_dir(&dir).map_err(|source| KeyError::Create { dir: dir.clone(), source })?;
    Ok(KeyRing::open(&dir)?)
}
