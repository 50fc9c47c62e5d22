use std::io::{self, Write};

use serde::Serialize;
use zkl_ledger::{
    LedgerError,
    home::{KeyRole, LedgerHome},
    transparency::KeyPlace,
};

use crate::{
    args::{KeyArgs, KeyCommand, KeyMoveArgs, Role},
    config::Config,
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
struct Keys {
    keys: Vec<Key>,
}

#[derive(Serialize)]
struct Key {
    role: &'static str,
    public: String,
    /// SHA-256 of its DER encoding: the `keyid` of entries.
    fingerprint: String,
    public_file: String,
    place: String,
    movable: bool,
}

impl Report for Keys {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        for Key { role, public, fingerprint, public_file, place, movable } in &self.keys {
            writeln!(out, "{role}")?;
            let place = format!("{place}{}", if *movable { "" } else { " (on a token: it can be rotated, not moved)" });
            let fields = [
                ("  public key", public.clone()),
                ("  fingerprint", fingerprint.clone()),
                ("  public file", public_file.clone()),
                ("  private key", place),
            ];
            output::write_fields(out, &fields)?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Generated {
    place: String,
    public: String,
    fingerprint: String,
}

impl Report for Generated {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let fields = [
            ("private key", self.place.clone()),
            ("public key", self.public.clone()),
            ("fingerprint", self.fingerprint.clone()),
        ];
        output::write_fields(out, &fields)
    }
}

#[derive(Serialize)]
struct Moved {
    role: &'static str,
    from: String,
    to: String,
    removed: bool,
}

impl Report for Moved {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { role, from, to, removed } = self;
        writeln!(out, "The {role}'s key is at {}", output::printable(to))?;
        let from = output::printable(from);
        match removed {
            true => writeln!(out, "{from} is removed; copies of it still sign: if there are any, rotate the key"),
            false => writeln!(out, "{from} is still there, and still signs"),
        }
    }
}

pub(super) async fn run(args: KeyArgs, config: &Config) -> Result<(), CliError> {
    match args.command {
        KeyCommand::Show => show(config),
        KeyCommand::Generate(args) => {
            let place = in_current_directory(&args.place)?;
            // Tokens take their time, and nothing else runs.
            let signer = tokio::task::block_in_place(|| place.generate()).map_err(LedgerError::from)?;
            let public = signer.verifying_key();
            let (fingerprint, public) = (public.fingerprint().to_string(), public.to_string());
            output::print(&Generated { place: place.to_string(), public, fingerprint }, config.format)
        }
        KeyCommand::Move(args) => move_key(&args, config),
    }
}

fn show(config: &Config) -> Result<(), CliError> {
    let home = LedgerHome::open(&config.ledger)?;
    let mut keys = Vec::new();
    for role in [KeyRole::Log, KeyRole::Notary] {
        let Some(place) = home.key_place(role) else { continue };
        let (public, key) = match role {
            KeyRole::Log => {
                let log = home.log_key()?;
                (log.to_string(), *log.key())
            }
            KeyRole::Notary => {
                let key = home.notary_key()?;
                (key.to_string(), key)
            }
        };
        keys.push(Key {
            role: role.name(),
            public,
            fingerprint: key.fingerprint().to_string(),
            public_file: home.public_key_path(role).display().to_string(),
            place: place.to_string(),
            movable: matches!(place, KeyPlace::File(_)),
        });
    }
    output::print(&Keys { keys }, config.format)
}

fn move_key(args: &KeyMoveArgs, config: &Config) -> Result<(), CliError> {
    let mut home = LedgerHome::open(&config.ledger)?;
    let role = match args.role {
        Role::Log => KeyRole::Log,
        Role::Notary => KeyRole::Notary,
    };
    let to = in_current_directory(&args.to)?;
    let moved = tokio::task::block_in_place(|| home.move_key(role, &to, args.keep))?;
    let report =
        Moved { role: role.name(), from: moved.from.to_string(), to: moved.to.to_string(), removed: moved.removed };
    output::print(&report, config.format)
}

/// Settings are read from wherever the ledger is used; what is given here is meant from where we are. It is not parsed with the
/// other flags: those errors repeat what was given, and a PIN may be in it by mistake.
pub(super) fn in_current_directory(text: &str) -> Result<KeyPlace, CliError> {
    let place: KeyPlace = text.parse().map_err(LedgerError::from)?;
    let here = std::env::current_dir().map_err(|source| CliError::ReadFile { path: ".".into(), source })?;
    Ok(place.relative_to(&here))
}
