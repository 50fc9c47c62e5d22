use std::{
    io::{self, Write},
    time::Duration,
};

use serde::Serialize;
use zkl_ledger::{home::LedgerHome, transparency::note::NoteVerifier, types::TreeSize};

use crate::{
    args::{KeyArgs, KeyCommand, KeyRevokeArgs, KeyRotateArgs},
    config::Config,
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
struct KeyReport {
    log_key: String,
    /// The public key alone, as entries name their notary.
    public_key: String,
    /// The key that signs checkpoints as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    overlap: Option<String>,
    /// The keys that the log had before, the latest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    former: Vec<FormerKey>,
}

#[derive(Serialize)]
struct FormerKey {
    log_key: String,
    /// Entry in which it names the next one.
    index: u64,
}

impl Report for KeyReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut fields = vec![("log key", self.log_key.clone()), ("public key", self.public_key.clone())];
        if let Some(overlap) = &self.overlap {
            fields.push(("overlap", format!("{overlap} signs as well; `zkl key rotate --end-overlap` ends that")));
        }
        fields.extend(
            self.former.iter().map(|former| {
                ("before", format!("{}, until entry {} named the next one", former.log_key, former.index))
            }),
        );
        output::write_fields(out, &fields)
    }
}

#[derive(Serialize)]
struct RotatedReport {
    index: u64,
    transaction: String,
    old: String,
    log_key: String,
}

impl Report for RotatedReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "ROTATED: publish the new key; both keys sign until `zkl key rotate --end-overlap`")?;
        let fields = [
            ("log key", self.log_key.clone()),
            ("before", self.old.clone()),
            ("entry", format!("{}, {}", self.index, self.transaction)),
        ];
        output::write_fields(out, &fields)
    }
}

#[derive(Serialize)]
struct OverlapReport {
    /// Whether a former key signed until now.
    ended: bool,
}

impl Report for OverlapReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", if self.ended { "the former key signs no more" } else { "no former key signs" })
    }
}

#[derive(Serialize)]
struct RevokedReport {
    index: u64,
    transaction: String,
    revoked: String,
    from: u64,
    /// Lines for the trust stores of verifiers.
    trust_store: String,
}

impl Report for RevokedReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "REVOKED from {} entries on, in entry {}", self.from, self.index)?;
        writeln!(
            out,
            "Verifiers go by their trust stores. If the key was stolen, strike it out of them; if it was lost or put aside:"
        )?;
        writeln!(out, "\n{}", self.trust_store.trim_end())
    }
}

pub(super) async fn run(args: KeyArgs, config: &Config) -> Result<(), CliError> {
    match args.command {
        KeyCommand::Show => show(config).await,
        KeyCommand::Rotate(args) => rotate(&args, config).await,
        KeyCommand::Revoke(args) => revoke(&args, config).await,
    }
}

async fn show(config: &Config) -> Result<(), CliError> {
    let ledger = super::open_for_reading(config, super::Openings::Unread).await?;
    let log = ledger.log_key();
    let overlap = LedgerHome::open(&config.ledger)?.overlapping_key()?;
    let former = ledger.rotations().await?;
    let report = KeyReport {
        log_key: log.to_string(),
        public_key: log.key().to_string(),
        overlap: overlap.map(|key| key.note_verifier(log.name().clone()).to_string()),
        former: former
            .into_iter()
            .map(|step| FormerKey { log_key: step.old.to_string(), index: step.index.0 })
            .collect(),
    };
    output::print(&report, config.format)
}

async fn rotate(args: &KeyRotateArgs, config: &Config) -> Result<(), CliError> {
    if args.end_overlap {
        let ended = LedgerHome::open(&config.ledger)?.end_overlap()?;
        return output::print(&OverlapReport { ended }, config.format);
    }
    let builder = super::builder(config, super::Openings::Unread)?.wait(Duration::from_secs(args.wait));
    let rotated = builder.rotate_key(&config.ledger).await?;
    if !args.no_cosign {
        super::cosign::after_append(
            &super::open_for_writing(config, args.wait, super::Openings::Unread).await?,
            config,
        )
        .await;
    }
    let report = RotatedReport {
        index: rotated.entry.index.0,
        transaction: rotated.entry.id.to_string(),
        old: rotated.old.to_string(),
        log_key: rotated.new.to_string(),
    };
    output::print(&report, config.format)
}

async fn revoke(args: &KeyRevokeArgs, config: &Config) -> Result<(), CliError> {
    let home = LedgerHome::open(&config.ledger)?;
    if args.key.name() != home.origin() {
        return Err(CliError::OtherLog { origin: args.key.name().to_string() });
    }
    // First, so that the key does not sign its own revocation.
    if home.overlapping_key()? == Some(*args.key.key()) {
        home.end_overlap()?;
    }
    let ledger = super::open_for_writing(config, args.wait, super::Openings::Unread).await?;
    let entry = ledger.revoke_key(*args.key.key(), TreeSize(args.from)).await?;
    if !args.no_cosign {
        super::cosign::after_append(&ledger, config).await;
    }
    let report = RevokedReport {
        index: entry.index.0,
        transaction: entry.id.to_string(),
        revoked: args.key.to_string(),
        from: args.from,
        trust_store: trust_store(&args.key, args.from, &ledger.log_key()),
    };
    output::print(&report, config.format)
}

/// What verifiers write of the two keys.
fn trust_store(revoked: &NoteVerifier, from: u64, newest: &NoteVerifier) -> String {
    let until = from.saturating_sub(1);
    format!("[[log]]\nkey = \"{revoked}\"\nuntil = {until}\n\n[[log]]\nkey = \"{newest}\"\n")
}
