//! A verdict in texts and numbers: what `zkl verify --format json` prints and what other languages get.

use serde::Serialize;
use zkl_core::{layout::Layout, table_note::reading};
use zkl_snark::keys::Setup;

use super::{
    basis::Verdict,
    report::{ProofReport, VerifiedEntry, VerifiedLog, VerifiedReceipt, VerifiedStatement},
};
use crate::{
    access_policy::PolicyLine,
    kind::{KeyChange, Notarization, RelationReport},
    scan::ProfileEvidence,
};

/// A receipt that verified.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ReceiptSummary {
    /// What it is worth: `valid`, or `forgeable` when a proof rests on dev material.
    pub verdict: Verdict,
    /// The statement of a receipt for one entry.
    #[serde(flatten)]
    pub statement: Option<StatementSummary>,
    /// The statements of a receipt for several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<StatementSummary>,
    /// The log.
    pub log: LogSummary,
    /// What the verdict rests on and what would break it, in sentences.
    pub trust: Vec<&'static str>,
}

/// The log, and where in it the entry of a receipt for one entry is.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct LogSummary {
    /// The log's name.
    pub origin: String,
    /// The log's key.
    pub key: String,
    /// Whether the caller pinned the key. If not, anybody may have made this log.
    pub pinned: bool,
    /// The key that the caller pinned, where the log's key was followed from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed_from: Option<String>,
    /// What the caller's trust store calls the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Position of the one entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// Entries in the log.
    pub size: u64,
    /// Root of the tree.
    pub root: String,
    /// Witnesses that cosigned; nobody vouched for them unless there is a policy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub witnesses: Vec<String>,
    /// Whether a policy was given, which is then satisfied.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub policy: bool,
}

/// One statement; what its kind does not have is absent.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct StatementSummary {
    /// Position in the log, in a receipt for several entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// `notarization`, `claim`, `custom`, `relation`, `key`, `withdrawal`, or `unknown` for one that verified and has no summary.
    pub kind: &'static str,
    /// Name of the dataset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset_id: Option<String>,
    /// The claim that was proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// The notary's words about a custom circuit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What a custom circuit was proved for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_inputs: Option<Vec<String>>,
    /// The relation that was proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<RelationReport>,
    /// What happened to a key of the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeySummary>,
    /// What was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdraws: Option<WithdrawalSummary>,
    /// How the policy of a server changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicySummary>,
    /// Rows of the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Columns of the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<usize>,
    /// What reading did to the table, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reading: Vec<String>,
    /// `proved` or `attested`: why the sealed profile should be believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assurance: Option<&'static str>,
    /// The same in a line for people.
    #[serde(skip)]
    pub profile: Option<String>,
    /// The proof over every row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan: Option<ScanSummary>,
    /// The proof of a claim, of a custom circuit or of a relation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofSummary>,
    /// What the weakest of all its proofs rests on: `dev` is forgeable, `external` trusted by digest, `ceremony` public.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<Setup>,
    /// Id of the entry.
    pub transaction: String,
    /// Key of the notary.
    pub notary: String,
    /// Time by the notary's clock.
    pub recorded_at: String,
}

/// A rotation or revocation.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct KeySummary {
    /// `rotation`, `notary-rotation` or `revocation`.
    pub change: KeyChange,
    /// The key that was replaced or revoked.
    pub old: String,
    /// The key that replaced it, or that revoked it.
    pub new: String,
    /// Of a revocation: the first size of the log at which the old key does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
}

/// A withdrawal.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct WithdrawalSummary {
    /// Id of the entry that is not to be relied on any more.
    pub entry: String,
    /// Id of the entry that has taken its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// Why, in the notary's words.
    pub reason: String,
}

/// A change of what a server lets others do.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct PolicySummary {
    /// The server, by the name that it chose.
    pub server: String,
    /// Who changed it.
    pub by: String,
    /// What holds from now on.
    pub added: Vec<String>,
    /// What holds no longer.
    pub removed: Vec<String>,
    /// Digest of the whole policy after.
    pub digest: String,
}

/// A proof, and what it rests on.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ProofSummary {
    /// Name of the proof system.
    pub scheme: &'static str,
    /// The circuit.
    pub circuit: String,
    /// Where its key comes from, and whether anybody can forge with it.
    pub setup: String,
    /// Digest of the verifying key.
    pub verifying_key: String,
}

/// The proof over every row.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ScanSummary {
    /// Where the weakest of its keys comes from.
    pub setup: String,
    /// Its circuits.
    pub circuits: Vec<ProofSummary>,
    /// Digest of the reference string.
    pub reference_string: String,
    /// Root of the commitments to all columns.
    pub commitments: String,
    /// Segments of rows that the table was proved in.
    pub segments: usize,
    /// Groups of columns that the table was proved in, when there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<usize>,
}

impl VerifiedReceipt {
    /// The verdict about the subjects, in texts and numbers.
    pub fn summary(&self) -> ReceiptSummary {
        let VerifiedLog { origin, key, pinned, followed_from, label, size, root, witnesses, policy, .. } =
            self.log.clone();
        let index = self.subject().map(|subject| subject.index.0);
        let log = LogSummary {
            origin,
            key,
            pinned,
            followed_from,
            label,
            index,
            size: size.0,
            root: root.to_string(),
            witnesses,
            policy,
        };
        let mut statements: Vec<StatementSummary> = self.subjects().map(StatementSummary::of).collect();
        let statement = if statements.len() == 1 { statements.pop() } else { None };
        let statement = statement.map(|statement| StatementSummary { index: None, ..statement });
        ReceiptSummary { verdict: self.verdict(), statement, statements, log, trust: self.grounds() }
    }
}

impl StatementSummary {
    fn of(entry: &VerifiedEntry) -> Self {
        let mut summary = Self {
            index: Some(entry.index.0),
            transaction: entry.id.to_string(),
            notary: entry.notary.to_string(),
            recorded_at: entry.recorded_at.to_string(),
            basis: entry.statement.setup(),
            ..Self::default()
        };
        match &entry.statement {
            VerifiedStatement::Notarization { notarization, layout, notes, profile } => {
                summary.kind = "notarization";
                summary.table(notarization, layout, profile);
                summary.reading = reading(layout, notes);
            }
            VerifiedStatement::Claim { claim, notarization, layout, notes, profile, proof, .. } => {
                summary.kind = "claim";
                summary.table(notarization, layout, profile);
                summary.reading = reading(layout, notes);
                summary.claim = Some(claim.to_string());
                summary.proof = Some(proof.into());
            }
            VerifiedStatement::Custom { record, proof } => {
                summary.kind = "custom";
                summary.dataset = record.about.name().map(ToString::to_string);
                summary.description = Some(record.description.clone());
                summary.public_inputs = Some(record.public_inputs.iter().map(ToString::to_string).collect());
                summary.proof = Some(proof.into());
            }
            VerifiedStatement::Relation { record, report, proof } => {
                summary.kind = "relation";
                summary.dataset = record.datasets.first().map(|dataset| dataset.name.to_string());
                summary.relation = Some(report.as_ref().clone());
                summary.proof = Some(proof.into());
            }
            VerifiedStatement::Key { record } => {
                summary.kind = "key";
                summary.key = Some(KeySummary {
                    change: record.change,
                    old: record.old_verifier().to_string(),
                    new: record.new_verifier().to_string(),
                    from: record.from.map(|size| size.0),
                });
            }
            VerifiedStatement::Withdrawal { record } => {
                summary.kind = "withdrawal";
                summary.withdraws = Some(WithdrawalSummary {
                    entry: record.entry.to_string(),
                    replacement: record.replacement.map(|id| id.to_string()),
                    reason: record.reason.clone(),
                });
            }
            VerifiedStatement::Policy { record } => {
                summary.kind = "policy";
                let texts = |lines: &[PolicyLine]| lines.iter().map(ToString::to_string).collect();
                summary.policy = Some(PolicySummary {
                    server: record.server.to_string(),
                    by: record.by.to_string(),
                    added: texts(&record.added),
                    removed: texts(&record.removed),
                    digest: record.after.to_string(),
                });
            }
        }
        summary
    }

    fn table(&mut self, notarization: &Notarization, layout: &Layout, evidence: &ProfileEvidence) {
        self.dataset = Some(notarization.dataset.to_string());
        self.dataset_id = Some(notarization.dataset_id.to_string());
        self.rows = Some(layout.rows());
        self.columns = Some(layout.columns().len());
        let (assurance, profile) = match evidence {
            ProfileEvidence::Proved(report) => ("proved", format!("proved over every row, {}", report.setup)),
            ProfileEvidence::ProofLeftOut { .. } => {
                ("attested", "attested; the log names a proof, which this receipt leaves out".to_owned())
            }
            ProfileEvidence::Attested => ("attested", "attested by the notary, not proved".to_owned()),
        };
        (self.assurance, self.profile) = (Some(assurance), Some(profile));
        if let ProfileEvidence::Proved(report) = evidence {
            let circuits = report.keys.iter().map(|key| ProofSummary {
                scheme: report.scheme,
                circuit: key.circuit.to_string(),
                setup: report.setup.to_string(),
                verifying_key: key.key.to_string(),
            });
            self.scan = Some(ScanSummary {
                setup: report.setup.to_string(),
                circuits: circuits.collect(),
                reference_string: report.srs.to_string(),
                commitments: report.commitments.to_string(),
                segments: report.segments,
                groups: Some(report.groups).filter(|groups| *groups > 1),
            });
        }
    }
}

impl From<&ProofReport> for ProofSummary {
    fn from(proof: &ProofReport) -> Self {
        Self {
            scheme: proof.scheme,
            circuit: proof.circuit.to_string(),
            setup: proof.setup.to_string(),
            verifying_key: proof.verifying_key.to_string(),
        }
    }
}
