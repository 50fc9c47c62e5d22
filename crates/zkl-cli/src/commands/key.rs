use std::{
    io::{self, Write},
    time::Duration,
};

use serde::Serialize;
use zkl_ledger::{
    LedgerError,
    home::{KeyRole, LedgerHome},
    transparency::{KeyPlace, note::NoteVerifier},
    types::TreeSize,
};

use super::cosign::WitnessLine;
use crate::{
    args::{KeyArgs, KeyCommand, KeyMoveArgs, KeyRevokeArgs, KeyRotateArgs, Role},
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
    /// Where the key is that signs as well until an overlap ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    former: Option<String>,
}

impl Report for Keys {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        for Key { role, public, fingerprint, public_file, place, movable, former } in &self.keys {
            writeln!(out, "{role}")?;
            let place = format!("{place}{}", if *movable { "" } else { " (on a token: it can be rotated, not moved)" });
            let mut fields = vec![
                ("  public key", public.clone()),
                ("  fingerprint", fingerprint.clone()),
                ("  public file", public_file.clone()),
                ("  private key", place),
            ];
            if let Some(former) = former {
                fields.push(("  former key", format!("{former} signs as well until `zkl key rotate --end-overlap`")));
            }
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

#[derive(Serialize)]
struct Rotated {
    role: &'static str,
    index: u64,
    transaction: String,
    old: String,
    public: String,
    place: String,
    /// Where the old private key is.
    #[serde(skip_serializing_if = "Option::is_none")]
    former: Option<String>,
    /// The ledger's witnesses, if they were asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<WitnessLine>,
}

impl Report for Rotated {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let then = match self.role {
            "log" => "both sign until `zkl key rotate --end-overlap`",
            _ => "the old one signs nothing more",
        };
        writeln!(out, "ROTATED the {}'s key: publish the new one; {then}", self.role)?;
        let mut fields = vec![
            ("public key", self.public.clone()),
            ("private key", self.place.clone()),
            ("before", self.old.clone()),
            ("entry", format!("{}, {}", self.index, self.transaction)),
        ];
        fields.extend(self.former.clone().map(|place| ("old private key", place)));
        output::write_fields(out, &fields)
    }
}

#[derive(Serialize)]
struct Ended {
    /// Where the former key is or was; absent when none signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    former: Option<String>,
    removed: bool,
}

impl Report for Ended {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        match (&self.former, self.removed) {
            (None, _) => writeln!(out, "No former key signs"),
            (Some(place), true) => writeln!(out, "The former key signs no more, and {place} is removed"),
            (Some(place), false) => {
                writeln!(
                    out,
                    "The former key signs no more. It is still at {place}: destroy it when you need it no more"
                )
            }
        }
    }
}

#[derive(Serialize)]
struct Revoked {
    index: u64,
    transaction: String,
    revoked: String,
    from: u64,
    /// Lines for the trust stores of verifiers.
    trust_store: String,
    /// The ledger's witnesses, if they were asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<WitnessLine>,
}

impl Report for Revoked {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "REVOKED at sizes from {} on, in entry {}", self.from, self.index)?;
        writeln!(
            out,
            "Verifiers go by their trust stores. If the key was stolen, they strike it out; if it was lost or put aside:"
        )?;
        writeln!(out, "\n{}", self.trust_store.trim_end())
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
        KeyCommand::Rotate(args) if args.end_overlap => end_overlap(args.keep, config),
        KeyCommand::Rotate(args) => rotate(&args, config).await,
        KeyCommand::Revoke(args) => revoke(&args, config).await,
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
            former: home.former_log_key().filter(|_| role == KeyRole::Log).map(ToString::to_string),
        });
    }
    output::print(&Keys { keys }, config.format)
}

fn move_key(args: &KeyMoveArgs, config: &Config) -> Result<(), CliError> {
    let mut home = LedgerHome::open(&config.ledger)?;
    let role = role(args.role);
    let to = in_current_directory(&args.to)?;
    let moved = tokio::task::block_in_place(|| home.move_key(role, &to, args.keep))?;
    let report =
        Moved { role: role.name(), from: moved.from.to_string(), to: moved.to.to_string(), removed: moved.removed };
    output::print(&report, config.format)
}

const fn role(role: Role) -> KeyRole {
    match role {
        Role::Log => KeyRole::Log,
        Role::Notary => KeyRole::Notary,
    }
}

async fn rotate(args: &KeyRotateArgs, config: &Config) -> Result<(), CliError> {
    let place = args.place.as_deref().map(in_current_directory).transpose()?;
    let builder = super::builder(config, super::Openings::Unread)?.wait(Duration::from_secs(args.write.wait));
    let builder = builder.accept_older_store(args.write.accept_older_store);
    let (rotated, former) = match args.role {
        Role::Log => (builder.rotate_key(&config.ledger, place).await?, None),
        Role::Notary => builder.rotate_notary(&config.ledger, place).await?,
    };
    let mut witnesses = Vec::new();
    if !args.write.no_cosign {
        // With the new key: the ledger that rotated still had the old one.
        let ledger = super::open_for_writing(config, &args.write, super::Openings::Unread).await?;
        witnesses = super::cosign::after_append(&ledger, config).await;
    }
    let home = LedgerHome::open(&config.ledger)?;
    let role = role(args.role);
    let public = |key: &NoteVerifier| match role {
        KeyRole::Log => key.to_string(),
        KeyRole::Notary => key.key().to_string(),
    };
    let report = Rotated {
        role: role.name(),
        index: rotated.entry.index.0,
        transaction: rotated.entry.id.to_string(),
        old: public(&rotated.old),
        public: public(&rotated.new),
        place: home.key_place(role).map(ToString::to_string).unwrap_or_default(),
        former: former.or_else(|| home.former_log_key().cloned()).map(|place| place.to_string()),
        witnesses,
    };
    output::print(&report, config.format)
}

fn end_overlap(keep: bool, config: &Config) -> Result<(), CliError> {
    let ended = LedgerHome::open(&config.ledger)?.end_overlap(keep)?;
    let removed = ended.as_ref().is_some_and(|ended| ended.removed);
    output::print(&Ended { former: ended.map(|ended| ended.place.to_string()), removed }, config.format)
}

async fn revoke(args: &KeyRevokeArgs, config: &Config) -> Result<(), CliError> {
    let mut home = LedgerHome::open(&config.ledger)?;
    if args.key.name() != home.origin() {
        return Err(CliError::OtherLog { origin: args.key.name().to_string() });
    }
    // Before the entry, so that a key does not sign its own revocation. Without it the overlap would have ended all the same.
    let latest = super::open_for_reading(config, super::Openings::Unread).await?.rotations().await?.into_iter().next();
    if latest.is_some_and(|step| step.old == args.key) {
        home.end_overlap(true)?;
    }
    let ledger = super::open_for_writing(config, &args.write, super::Openings::Unread).await?;
    let entry = ledger.revoke_key(*args.key.key(), TreeSize(args.from)).await?;
    let witnesses = match args.write.no_cosign {
        true => Vec::new(),
        false => super::cosign::after_append(&ledger, config).await,
    };
    let report = Revoked {
        index: entry.index.0,
        transaction: entry.id.to_string(),
        revoked: args.key.to_string(),
        from: args.from,
        trust_store: trust_store(&args.key, args.from, &ledger.log_key()),
        witnesses,
    };
    output::print(&report, config.format)
}

/// What verifiers write of the two keys.
fn trust_store(revoked: &NoteVerifier, from: u64, newest: &NoteVerifier) -> String {
    let until = from.saturating_sub(1);
    format!("[[log]]\nkey = \"{revoked}\"\nuntil = {until}\n\n[[log]]\nkey = \"{newest}\"\n")
}

/// Settings are read from wherever the ledger is used; what is given here is meant from where we are. It is not parsed with the
/// other flags: those errors repeat what was given, and a PIN may be in it by mistake.
pub(super) fn in_current_directory(text: &str) -> Result<KeyPlace, CliError> {
    let place: KeyPlace = text.parse().map_err(LedgerError::from)?;
    let here = std::env::current_dir().map_err(|source| CliError::ReadFile { path: ".".into(), source })?;
    Ok(place.relative_to(&here))
}
