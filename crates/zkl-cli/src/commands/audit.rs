use std::io::{self, Write};

use serde::Serialize;
use zkl_ledger::audit::{AddedWithdrawal, Audit, AuditRequest, read_checkpoint};
use zkl_verify::trust;

use super::published::{Published, log_keys, signer_of};
use crate::{
    args::AuditArgs,
    config::Config,
    error::CliError,
    output::{self, Report},
    progress::TerminalProgress,
};

#[derive(Serialize)]
struct AuditReport {
    append_only: bool,
    /// The key that the log had before, where it was followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    followed_from: Option<String>,
    origin: String,
    log_key: String,
    since: u64,
    size: u64,
    root: String,
    proof_hashes: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<String>,
    added: Vec<AddedKind>,
    entries: Vec<AddedLine>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    withdrawals: Vec<WithdrawalLine>,
}

/// An entry that was added, and takes an earlier one back.
#[derive(Serialize)]
struct WithdrawalLine {
    index: u64,
    /// Id of the entry that is not to be relied on any more.
    entry: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<String>,
    reason: String,
}

#[derive(Serialize)]
struct AddedKind {
    kind: String,
    entries: u64,
}

#[derive(Serialize)]
struct AddedLine {
    index: u64,
    transaction: String,
    kind: String,
    recorded_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<String>,
    summary: String,
}

impl Report for AuditReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let added = self.size - self.since;
        writeln!(out, "ONLY GROWN: from {} to {} entries", self.since, self.size)?;
        let mut fields = vec![
            ("log", self.origin.clone()),
            ("log key", self.log_key.clone()),
            ("root", self.root.clone()),
            ("proof", format!("{} hashes, and every added entry", self.proof_hashes)),
        ];
        if let Some(before) = &self.followed_from {
            fields.push(("named by", format!("{before}; from now on know the log by its new key")));
        }
        if !self.witnesses.is_empty() {
            fields.push(("witnesses", self.witnesses.join(", ")));
        }
        let kinds: Vec<_> = self.added.iter().map(|added| format!("{} {}", added.entries, added.kind)).collect();
        fields.push(("added", if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(", ") }));
        output::write_fields(out, &fields)?;
        if !self.entries.is_empty() {
            let rows = self.entries.iter().map(|line| {
                let dataset = line.dataset.clone().unwrap_or_default();
                let what = format!("{}: {}", line.kind, line.summary);
                [line.index.to_string(), line.recorded_at.clone(), dataset, what]
            });
            writeln!(out, "{}", output::table(["index", "recorded", "dataset", "what"], rows))?;
        }
        for line in &self.withdrawals {
            let instead = line.replacement.as_ref().map(|id| format!(" in favour of {id}"));
            let WithdrawalLine { index, entry, reason, .. } = line;
            let text = format!("WITHDRAWN in entry {index}: {entry}{}: {reason}", instead.unwrap_or_default());
            writeln!(out, "{}", output::printable(&text))?;
        }
        let rest = added - self.entries.len() as u64;
        if rest > 0 { writeln!(out, "... and {rest} more (--list N shows them)") } else { Ok(()) }
    }
}

pub(super) async fn run(args: &AuditArgs, config: &Config) -> Result<(), CliError> {
    let policy = args.policy.as_deref().map(trust::read_policy).transpose()?;
    let trust = super::read_trust_store(&args.store, config)?;
    let request = AuditRequest { since: read_checkpoint(&args.since)?, policy, trust, list: args.list };
    let reporter = TerminalProgress::new(config.quiet);
    let audit = match &args.export {
        None => super::open_for_reading(config, super::Openings::Unread).await?.audit(&request, &reporter).await,
        Some(place) => {
            let published = Published::open(place)?;
            let key = match (&args.trust, &request.trust) {
                (Some(text), _) => {
                    let keys = log_keys(text)?;
                    let unreadable = || CliError::LogKeys { got: text.clone() };
                    signer_of(&request.since, &keys).cloned().ok_or_else(unreadable)?
                }
                // The audit looks it up in the store.
                (None, Some(store)) => match signer_of(&request.since, store.logs().iter().map(|log| &log.item)) {
                    Some(key) => key.clone(),
                    None => published.unverified_log_key().await?,
                },
                (None, None) => {
                    super::fsck::note_unpinned(config);
                    published.unverified_log_key().await?
                }
            };
            published.audit(&key, &request, &reporter).await
        }
    };
    drop(reporter);
    let audit = audit.map_err(|source| CliError::Audit(Box::new(source)))?;
    output::print(&report(&audit), config.format)
}

fn report(audit: &Audit) -> AuditReport {
    let added = audit.added.iter().map(|(kind, &entries)| AddedKind { kind: kind.to_string(), entries });
    let line = |entry: &zkl_ledger::audit::AddedEntry| AddedLine {
        index: entry.index.0,
        transaction: entry.id.to_string(),
        kind: entry.kind.to_string(),
        recorded_at: entry.recorded_at.to_string(),
        dataset: entry.dataset.as_ref().map(ToString::to_string),
        summary: entry.summary.clone(),
    };
    let withdrawal = |withdrawal: &AddedWithdrawal| WithdrawalLine {
        index: withdrawal.index.0,
        entry: withdrawal.record.entry.to_string(),
        replacement: withdrawal.record.replacement.map(|id| id.to_string()),
        reason: withdrawal.record.reason.clone(),
    };
    AuditReport {
        append_only: true,
        origin: audit.checkpoint.origin().to_string(),
        log_key: audit.log.to_string(),
        followed_from: audit.rotations.first().map(|step| step.old.to_string()),
        since: audit.since.0,
        size: audit.checkpoint.size().0,
        root: audit.checkpoint.root().to_string(),
        proof_hashes: audit.proof_hashes,
        witnesses: audit.witnesses.clone(),
        added: added.collect(),
        entries: audit.entries.iter().map(line).collect(),
        withdrawals: audit.withdrawals.iter().map(withdrawal).collect(),
    }
}
