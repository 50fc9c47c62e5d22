//! The verdict on one receipt.

use std::{
    io::{self, Write},
    path::Path,
};

use serde::Serialize;
use zkl_receipt::{ReceiptSummary, Requirement, StatementSummary, Trust, VerifiedReceipt, verify};

use crate::{
    error::VerifierError,
    output::{self, Report},
    receipts,
};

/// What stands behind the verdict on a receipt that rests on dev material.
const FORGEABLE: &str = ": the checks passed, and prove nothing, because a proof rests on test material";

/// What verification of one receipt found.
#[derive(Debug, Serialize)]
pub struct VerifyReport {
    /// Whether every check passed and nothing rests on dev material.
    valid: bool,
    #[serde(flatten)]
    receipt: ReceiptSummary,
    /// What the comparison with a table found.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
}

impl VerifyReport {
    /// The report on a receipt, and on the table that it was compared with, if it was.
    pub fn new(verified: &VerifiedReceipt, data: Option<String>) -> Self {
        Self { valid: verified.verdict().is_valid(), receipt: verified.summary(), data }
    }
}

impl Report for VerifyReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let log = &self.receipt.log;
        let place = log.index.map(|index| format!("entry {index} of ")).unwrap_or_default();
        let pinned = match (&log.label, log.pinned) {
            (Some(label), _) => format!(" (your trust store says: {label})"),
            (None, true) => String::new(),
            (None, false) => ", NOT pinned: pin it with --trust".to_owned(),
        };
        let key = format!("{}{pinned}", log.key);
        let mut last = vec![("log", format!("{}, {place}{}", log.origin, log.size)), ("log key", key)];
        if let Some(pinned) = &log.followed_from {
            last.push(("named by", format!("{pinned}, which you trust, in entries of the log")));
        }
        if !log.witnesses.is_empty() {
            let meaning = if log.policy { "a quorum of the policy" } else { "named in the receipt, NOT vouched for" };
            last.push(("witnesses", format!("{} ({meaning})", log.witnesses.join(", "))));
        }
        last.extend(self.receipt.trust.iter().map(|sentence| ("trust", (*sentence).to_owned())));
        let verdict = self.receipt.verdict;
        let meaning = if verdict.is_valid() { "" } else { FORGEABLE };
        if let Some(statement) = &self.receipt.statement {
            writeln!(out, "{verdict}{meaning}")?;
            let mut fields = fields(statement, self.data.as_deref());
            fields.extend(last);
            return output::write_fields(out, &fields);
        }
        writeln!(out, "{verdict}: {} statements{meaning}", self.receipt.statements.len())?;
        for statement in &self.receipt.statements {
            output::write_fields(out, &fields(statement, None))?;
            writeln!(out)?;
        }
        output::write_fields(out, &last)
    }
}

fn fields(statement: &StatementSummary, data: Option<&str>) -> Vec<(&'static str, String)> {
    let mut fields: Vec<(&str, String)> = Vec::new();
    if let Some(index) = statement.index {
        fields.push(("entry", index.to_string()));
    }
    if let Some(claim) = &statement.claim {
        fields.push(("claim", claim.clone()));
    }
    if let Some(relation) = &statement.relation {
        fields.push(("relation", relation.to_string()));
        for table in &relation.tables {
            fields.push(("table", format!("{}, {} rows", table.dataset, table.rows)));
        }
        fields.extend(relation.by_digest().map(|columns| ("by digest", columns)));
        fields.extend(relation.uncompared().map(|columns| ("not compared", columns)));
    }
    if let Some(description) = &statement.description {
        fields.push(("statement", format!("{description} (the notary's words)")));
    }
    if let Some(key) = &statement.key {
        let what = match key.from {
            Some(from) => format!("{} does not count from {from} entries on, says {}", key.old, key.new),
            None => format!("{} is replaced by {}", key.old, key.new),
        };
        fields.push(("log key", what));
    }
    if let Some(withdrawn) = &statement.withdraws {
        let instead = withdrawn.replacement.as_ref().map(|id| format!(", superseded by {id}"));
        fields.push(("withdraws", format!("{}{}", withdrawn.entry, instead.unwrap_or_default())));
        fields.push(("reason", format!("{} (the notary's words)", withdrawn.reason)));
    }
    if let Some(policy) = &statement.policy {
        fields.push(("server", format!("{}, changed by {}", policy.server, policy.by)));
        fields.extend(policy.added.iter().map(|line| ("from now on", line.clone())));
        fields.extend(policy.removed.iter().map(|line| ("no longer", line.clone())));
        fields.push(("policy", policy.digest.clone()));
    }
    if let Some(inputs) = &statement.public_inputs {
        fields.push(("public inputs", inputs.join(" ")));
    }
    if let (Some(dataset), Some(rows), Some(columns)) = (&statement.dataset, statement.rows, statement.columns) {
        fields.push(("dataset", format!("{dataset}, {rows} rows, {columns} columns")));
    }
    fields.extend(statement.reading.iter().map(|line| ("read", line.clone())));
    if let Some(profile) = &statement.profile {
        fields.push(("profile", profile.clone()));
    }
    if let Some(proof) = &statement.proof {
        fields.push(("proof", format!("{}, {}, {}", proof.circuit, proof.scheme, proof.setup)));
    }
    if let Some(basis) = &statement.basis {
        fields.push(("rests on", basis.to_string()));
    }
    if let Some(data) = data {
        fields.push(("data", data.to_owned()));
    }
    fields.push(("recorded", format!("{} by the notary's clock", statement.recorded_at)));
    fields.push(("notary", statement.notary.clone()));
    fields
}

/// Reads and verifies one receipt, and demands of it what is required.
///
/// # Errors
/// [`VerifierError::ReadFile`], [`VerifierError::NotValid`], [`VerifierError::NotAsRequired`].
pub fn check(path: &Path, trust: &Trust, required: &[Requirement]) -> Result<VerifiedReceipt, VerifierError> {
    let bytes = receipts::read(path)?;
    let verified = verify(&bytes, trust)
        .map_err(|source| VerifierError::NotValid { path: path.to_owned(), source: Box::new(source) })?;
    verified.require(required).map_err(|source| VerifierError::NotAsRequired { path: path.to_owned(), source })?;
    Ok(verified)
}
