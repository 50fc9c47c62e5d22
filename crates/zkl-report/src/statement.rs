//! What an entry of a receipt says, in sentences.

use maud::{Markup, html};
use zkl_core::{
    column::ColumnType,
    layout::{ColumnLayout, Layout},
    text::visible,
};
use zkl_receipt::{KeyChange, KeyRecord, ProfileEvidence, StatementSummary, VerifiedEntry, VerifiedStatement};

/// Columns of a table that are listed; of a wider one these are the first.
const LISTED: usize = 200;

/// How far what a statement says is shown to be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Assurance {
    /// A proof shows it.
    Proved,
    /// Somebody signed it.
    Attested,
}

/// A statement of a receipt, with what of it a requirement may rest on.
#[derive(Debug)]
pub(crate) struct Fact<'a> {
    pub(crate) entry: &'a VerifiedEntry,
    pub(crate) assurance: Assurance,
    pub(crate) sentence: String,
}

impl<'a> Fact<'a> {
    /// What `entry` says. `sound` is false where a proof of its receipt rests on test material: nothing is proved then.
    pub(crate) fn of(entry: &'a VerifiedEntry, sound: bool) -> Self {
        let proved = match &entry.statement {
            VerifiedStatement::Notarization { profile, .. } | VerifiedStatement::Claim { profile, .. } => {
                profile.is_proved()
            }
            VerifiedStatement::Custom { .. } | VerifiedStatement::Relation { .. } => true,
            _ => false,
        };
        let assurance = if proved && sound { Assurance::Proved } else { Assurance::Attested };
        Self { entry, assurance, sentence: sentence(&entry.statement) }
    }

    /// Function of the claim, if it is one.
    pub(crate) fn function(&self) -> Option<&'static str> {
        match &self.entry.statement {
            VerifiedStatement::Claim { claim, .. } => Some(claim.function()),
            _ => None,
        }
    }

    /// Operation of the relation, if it is one.
    pub(crate) fn operation(&self) -> Option<&'static str> {
        match &self.entry.statement {
            VerifiedStatement::Relation { report, .. } => Some(report.operation.name()),
            _ => None,
        }
    }

    /// Whether it is a claim about the values of a column of dates or times.
    pub(crate) fn is_about_time(&self) -> bool {
        let VerifiedStatement::Claim { claim, layout, .. } = &self.entry.statement else { return false };
        let of_time = |column: &ColumnLayout| matches!(column.ty, ColumnType::Date | ColumnType::Timestamp { .. });
        let named = claim.columns();
        layout.columns().iter().filter(|column| of_time(column)).any(|column| named.contains(&column.name.as_str()))
    }

    /// The shape of the table that it is about.
    pub(crate) fn layout(&self) -> Option<&'a Layout> {
        layout(&self.entry.statement)
    }
}

fn layout(statement: &VerifiedStatement) -> Option<&Layout> {
    match statement {
        VerifiedStatement::Notarization { layout, .. } | VerifiedStatement::Claim { layout, .. } => Some(layout),
        _ => None,
    }
}

/// A number of things, in words.
pub(crate) fn count(n: u64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// What a statement says, in one sentence.
fn sentence(statement: &VerifiedStatement) -> String {
    match statement {
        VerifiedStatement::Notarization { notarization, layout, .. } => {
            let rows = count(layout.rows(), "row", "rows");
            let columns = count(layout.columns().len() as u64, "column", "columns");
            format!("A table called {}, of {rows} and {columns}, was recorded.", visible(notarization.dataset.as_str()))
        }
        VerifiedStatement::Claim { claim, .. } => claim.in_words(),
        VerifiedStatement::Custom { record, .. } => {
            format!("In the notary\u{2019}s words, which nothing checks: {}", visible(&record.description))
        }
        VerifiedStatement::Relation { report, .. } => format!("{}.", visible(&report.to_string())),
        VerifiedStatement::Key { record } => key_sentence(record),
        VerifiedStatement::Withdrawal { record } => {
            let replaced = if record.replacement.is_some() { ", and named the one that takes its place" } else { "" };
            format!("The notary withdrew an earlier entry{replaced}; in their words: {}", visible(&record.reason))
        }
        VerifiedStatement::Policy { .. } => "A server changed who may do what with the ledger through it.".to_owned(),
        _ => "A statement of a kind that this program has no words for.".to_owned(),
    }
}

fn key_sentence(record: &KeyRecord) -> String {
    match (record.change, record.from) {
        (KeyChange::Rotation, _) => "The log named the key that replaces its own.".to_owned(),
        (KeyChange::NotaryRotation, _) => "A notary named the key that replaces theirs.".to_owned(),
        (KeyChange::Revocation, from) => {
            let from = from.map(|size| format!(" from {} on", count(size.0, "entry", "entries"))).unwrap_or_default();
            format!("The log said that a former key of its does not count{from}.")
        }
    }
}

/// Why what is said should be believed.
fn evidence(entry: &VerifiedEntry, sound: bool) -> String {
    let table = |profile: &ProfileEvidence| match profile {
        ProfileEvidence::Proved(_) => "A proof counted every row of the committed table.",
        ProfileEvidence::ProofLeftOut { .. } => {
            "The notary signed what the table holds. The log names a proof over every row, which this receipt leaves out."
        }
        // Without a proof there is a signature, whatever else there will be.
        _ => "The notary signed what the table holds; no proof was made.",
    };
    let said = match &entry.statement {
        VerifiedStatement::Notarization { profile, .. } => table(profile).to_owned(),
        VerifiedStatement::Claim { profile, .. } => {
            format!("A proof shows it of what is committed about the table. {}", table(profile))
        }
        VerifiedStatement::Custom { .. } => {
            "A proof shows that a circuit accepts the numbers below. That the circuit means these words is the notary\u{2019}s word."
                .to_owned()
        }
        VerifiedStatement::Relation { .. } => {
            "A proof shows it of the rows that are committed, and a proof counted every row of each of the tables.".to_owned()
        }
        VerifiedStatement::Key { .. } => "Signed with the keys that it is about.".to_owned(),
        VerifiedStatement::Policy { .. } => {
            "The notary\u{2019}s server signed what it lets others do. That it keeps to it is not shown.".to_owned()
        }
        _ => "The notary signed it.".to_owned(),
    };
    if sound {
        said
    } else {
        format!("{said} The proofs rest on test material, so they show nothing: only signatures are left.")
    }
}

/// A statement as a part of a page.
pub(crate) fn statement(fact: &Fact<'_>, summary: &StatementSummary, sound: bool) -> Markup {
    let entry = fact.entry;
    html! {
        article class="statement" {
            h3 { (fact.sentence) }
            p {
                (badge(fact.assurance)) " " (evidence(entry, sound))
            }
            dl {
                @if let Some(claim) = &summary.claim { dt { "Claim" } dd { code { (claim) } } }
                @if let (Some(dataset), Some(rows), Some(columns)) = (&summary.dataset, summary.rows, summary.columns) {
                    dt { "About" }
                    dd { (visible(dataset)) ", " (count(rows, "row", "rows")) ", " (count(columns as u64, "column", "columns")) }
                }
                @if let Some(inputs) = &summary.public_inputs {
                    dt { "Numbers" } dd class="mono" { (inputs.join(" ")) }
                }
                @if let Some(withdrawal) = &summary.withdraws {
                    dt { "Withdrawn entry" } dd class="mono" { (withdrawal.entry) }
                    @if let Some(replacement) = &withdrawal.replacement { dt { "In its place" } dd class="mono" { (replacement) } }
                }
                @if let Some(policy) = &summary.policy {
                    @if !policy.added.is_empty() {
                        dt { "From now on" } @for line in &policy.added { dd class="mono" { (visible(line)) } }
                    }
                    @if !policy.removed.is_empty() {
                        dt { "No longer" } @for line in &policy.removed { dd class="mono" { (visible(line)) } }
                    }
                    dt { "Changed by" } dd class="mono" { (visible(&policy.by)) }
                    dt { "Server" } dd class="mono" { (visible(&policy.server)) }
                    dt { "Digest of the policy" } dd class="mono" { (policy.digest) }
                }
                @if let Some(key) = &summary.key {
                    dt { "Former key" } dd class="mono" { (key.old) }
                    dt { "Key" } dd class="mono" { (key.new) }
                }
                dt { "Recorded" } dd { (summary.recorded_at) ", by the notary\u{2019}s clock, as entry " (entry.index.0) }
                dt { "By the notary" } dd class="mono" { (summary.notary) }
                dt { "Id of the entry" } dd class="mono" { (summary.transaction) }
            }
            @if !summary.reading.is_empty() {
                p { "How the table was read:" }
                ul { @for line in &summary.reading { li { (visible(line)) } } }
            }
            @if let Some(layout) = fact.layout() { (columns(layout)) }
        }
    }
}

fn columns(layout: &Layout) -> Markup {
    let all = layout.columns();
    let title = format!("The {} of the table", count(all.len() as u64, "column", "columns"));
    html! {
        details {
            summary { (title) }
            div class="scroll" {
                table {
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Holds" } th scope="col" { "Values may be absent" } } }
                    tbody {
                        @for column in all.iter().take(LISTED) {
                            tr {
                                td { (visible(&column.name)) }
                                td { (holds(column.ty)) @if let Some(rounding) = column.rounding { ", each rounded by at most " (rounding) } }
                                td { @if column.nullable { "yes" } @else { "no" } }
                            }
                        }
                    }
                }
            }
            @if all.len() > LISTED { p class="soft" { "The first " (LISTED) " of them." } }
        }
    }
}

fn holds(ty: ColumnType) -> String {
    match ty {
        ColumnType::Bool => "yes or no".to_owned(),
        ColumnType::Int => "whole numbers".to_owned(),
        ColumnType::Decimal { scale } => {
            format!("numbers with {} after the point", count(scale.into(), "digit", "digits"))
        }
        ColumnType::Date => "dates".to_owned(),
        ColumnType::Timestamp { .. } => "points in time".to_owned(),
        ColumnType::Category => "one of a few texts".to_owned(),
        ColumnType::Text => "texts".to_owned(),
    }
}

/// The word for an assurance.
pub(crate) fn badge(assurance: Assurance) -> Markup {
    match assurance {
        Assurance::Proved => html! { span class="badge good" { "proved" } },
        Assurance::Attested => html! { span class="badge fair" { "attested" } },
    }
}
