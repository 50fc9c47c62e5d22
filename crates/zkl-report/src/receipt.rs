//! A receipt and its verdict, as a part of a page.

use std::collections::BTreeSet;

use maud::{Markup, html};
use sha2::{Digest as _, Sha256};
use zkl_core::{digest::TransactionId, text::visible};
use zkl_receipt::{VerifiedReceipt, VerifiedStatement};

use crate::statement::{self, Fact};

/// A receipt with its name, its digest and its verdict.
#[derive(Debug)]
pub struct Reported {
    /// What the reader knows it by.
    name: String,
    /// SHA-256 of its bytes: the report is about these and no others.
    sha256: String,
    /// What was verified, or the check that failed.
    pub(crate) outcome: Result<VerifiedReceipt, String>,
}

impl Reported {
    /// The receipt of these bytes, whose verification came to `outcome`.
    pub fn new(name: impl Into<String>, bytes: &[u8], outcome: Result<VerifiedReceipt, String>) -> Self {
        Self { name: name.into(), sha256: hex::encode(Sha256::digest(bytes)), outcome }
    }

    /// Whether every check passed and nothing rests on test material.
    pub fn is_valid(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|verified| verified.verdict().is_valid())
    }

    /// What it says, statement by statement; nothing, if it is not valid.
    pub(crate) fn facts(&self) -> Vec<Fact<'_>> {
        let Ok(verified) = &self.outcome else { return Vec::new() };
        let sound = verified.verdict().is_valid();
        verified.subjects().map(|entry| Fact::of(entry, sound)).collect()
    }
}

/// Entries that a valid receipt among these says are withdrawn.
pub(crate) fn withdrawn(receipts: &[Reported]) -> BTreeSet<TransactionId> {
    let verified = receipts.iter().filter_map(|receipt| receipt.outcome.as_ref().ok());
    let entries = verified.flat_map(|verified| &verified.entries);
    let withdrawn = entries.filter_map(|entry| match &entry.statement {
        VerifiedStatement::Withdrawal { record } => Some(record.entry),
        _ => None,
    });
    withdrawn.collect()
}

/// What a receipt shows and on what trust.
pub fn receipt_section(receipt: &Reported) -> Markup {
    html! {
        section {
            h2 { "Receipt " (visible(&receipt.name)) }
            @match &receipt.outcome {
                Err(reason) => {
                    p { span class="badge bad" { "not valid" } " It shows nothing: " (visible(reason)) "." }
                }
                Ok(verified) => (verified_section(receipt, verified)),
            }
            p class="soft" { "SHA-256 of the file: " span class="mono" { (receipt.sha256) } }
        }
    }
}

fn verified_section(receipt: &Reported, verified: &VerifiedReceipt) -> Markup {
    let sound = verified.verdict().is_valid();
    let summary = verified.summary();
    let summaries = summary.statement.iter().chain(&summary.statements);
    let log = &summary.log;
    html! {
        p {
            @if sound { span class="badge good" { "valid" } " Every check passed." }
            @else { span class="badge bad" { "forgeable" } }
        }
        @if !sound {
            p class="warning" {
                "A proof of this receipt rests on test material whose secret is public. The checks passed and show nothing: take what follows \
                 as the notary\u{2019}s word."
            }
        }
        @for (fact, summary) in receipt.facts().iter().zip(summaries) { (statement::statement(fact, summary, sound)) }
        h3 { "On what trust" }
        ul { @for sentence in &summary.trust { li { (sentence) } } }
        details {
            summary { "The log, and the names of keys" }
            dl {
                dt { "Log" } dd { (visible(&log.origin)) @if let Some(label) = &log.label { ", in your trust store: " (visible(label)) } }
                dt { "Key of the log" } dd class="mono" { (visible(&log.key)) }
                dt { "Entries at this state" } dd { (log.size) }
                dt { "Root of its tree" } dd class="mono" { (log.root) }
                @if !log.witnesses.is_empty() {
                    dt { "Witnesses" }
                    dd {
                        (visible(&log.witnesses.join(", ")))
                        @if log.policy { ": a quorum of yours" } @else { ": named by the receipt, vouched for by nobody" }
                    }
                }
                @for statement in summary.statement.iter().chain(&summary.statements) {
                    @if let Some(proof) = &statement.proof {
                        dt { "Proof of the claim" } dd { (proof.scheme) ", circuit " (proof.circuit) ", " (proof.setup) ", key " span class="mono" { (proof.verifying_key) } }
                    }
                    @if let Some(scan) = &statement.scan {
                        dt { "Proof over every row" } dd { (scan.setup) ", reference string " span class="mono" { (scan.reference_string) } ", commitments " span class="mono" { (scan.commitments) } }
                    }
                }
            }
        }
    }
}
