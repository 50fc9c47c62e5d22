use std::{
    io::{self, Write},
    time::Duration,
};

use serde::Serialize;
use zkl_ledger::{
    home::LedgerHome,
    storage::{Copied, StoreUrl, copy_log},
};

use crate::{
    args::{BackupArgs, MoveArgs, RestoreArgs},
    config::Config,
    error::CliError,
    output::{self, Report},
    progress::{self, TerminalProgress},
};

#[derive(Serialize)]
struct CopyReport {
    from: String,
    to: String,
    #[serde(flatten)]
    copied: Copied,
}

impl Report for CopyReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let Copied { entries, already, blobs, cosigned, .. } = &self.copied;
        writeln!(out, "Copied and verified: {entries} entries, {already} of them there before")?;
        let fields = [
            ("from", self.from.clone()),
            ("to", self.to.clone()),
            ("copied", format!("{blobs} blobs, {cosigned} cosigned checkpoints")),
        ];
        output::write_fields(out, &fields)
    }
}

pub(super) async fn backup(args: BackupArgs, config: &Config) -> Result<(), CliError> {
    let home = LedgerHome::open(&config.ledger)?;
    let ledger = super::open_for_reading(config, super::Openings::Unread).await?;
    let target = args.to.open_or_create().await?;
    let reporter = TerminalProgress::new(config.quiet);
    let copied = copy_log(ledger.storage(), &target, &ledger.log_key(), &reporter).await?;
    drop(reporter);
    print(home.store(), &args.to, copied, config)
}

pub(super) async fn restore(args: RestoreArgs, config: &Config) -> Result<(), CliError> {
    let home = LedgerHome::open(&config.ledger)?;
    let log = home.log_key()?;
    let source = args.from.open_read_only().await?;
    let target = home.open_store_to_restore(Duration::from_secs(args.wait)).await?;
    let reporter = TerminalProgress::new(config.quiet);
    let copied = copy_log(&source, &target, &log, &reporter).await?;
    drop(reporter);
    progress::note(
        config.quiet,
        "append only if this is the newest state of the log: otherwise its key signs a second history",
    );
    print(&args.from, home.store(), copied, config)
}

pub(super) async fn move_log(args: MoveArgs, config: &Config) -> Result<(), CliError> {
    let mut home = LedgerHome::open(&config.ledger)?;
    let to = super::init::in_current_directory(args.to)?;
    let reporter = TerminalProgress::new(config.quiet);
    let moved = home.move_store(to, Duration::from_secs(args.wait), &reporter).await?;
    drop(reporter);
    let text = format!(
        "the ledger uses {} from now on; {} is still there, and nothing may be appended to it",
        moved.to, moved.from
    );
    progress::note(config.quiet, &text);
    print(&moved.from, &moved.to, moved.copied, config)
}

fn print(from: &StoreUrl, to: &StoreUrl, copied: Copied, config: &Config) -> Result<(), CliError> {
    output::print(&CopyReport { from: from.to_string(), to: to.to_string(), copied }, config.format)
}
