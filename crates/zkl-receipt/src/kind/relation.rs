//! Relations: what the rows of notarized tables have to do with each other, proved of their committed columns.

mod report;
mod terms;
mod wire;

use std::fmt;

use zkl_circuits::{
    relation::{
        RelationCircuit, RelationContext, RelationPlan, RelationProof, RelationRole, RelationStatement, compare,
        relation_circuit_id, verify_relation,
    },
    scan::TablePlan,
};
use zkl_core::{digest::TransactionId, layout::Layout, name::DatasetName, time::Timestamp, transaction::OperationKind};
use zkl_merkle::{dsse::Envelope, keys::VerifyingKey, statement::Subject};

pub use report::{LeftOut, RelatedTable, RelationReport};
pub use terms::{Disclosure, RelationTerms, SaltedTerms, StatementPart};

use super::{EvidenceBlobs, Record, StatementKind, open};
use crate::{
    dataset_ref::DatasetRef,
    entry::EntryError,
    nonce::Nonce,
    proof_record::ProofRecord,
    receipt::{Evidence, ProofPart},
    scan::{ProfileEvidence, ScanReport, table_plan},
    verify::{NamedProof, ProofReport, Scope, VerifiedStatement, VerifiedTable, VerifyError},
};

const V1: &str = "urn:zkp-dataset-ledger:relation:v1";

/// A relation between notarized tables was proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationRecord {
    /// What is said of the tables, or its digest.
    pub disclosure: Disclosure,
    /// The tables, in the roles of the operation.
    pub datasets: Vec<DatasetRef>,
    /// The proof.
    pub proof: ProofRecord,
    /// Key of the notary, who signs this entry.
    pub notary: VerifyingKey,
    /// Time by the notary's clock.
    pub recorded_at: Timestamp,
    /// Fresh randomness, bound into the proof.
    pub nonce: Nonce,
}

impl Record for RelationRecord {
    fn open(envelope: &Envelope, type_uri: &str) -> Option<Result<Self, EntryError>> {
        match type_uri {
            V1 => Some(open::<wire::RelationV1, _>(envelope, type_uri)),
            _ => None,
        }
    }
}

impl StatementKind for RelationRecord {
    fn type_uri(&self) -> &str {
        V1
    }

    fn kind(&self) -> OperationKind {
        OperationKind::RELATION
    }

    /// The first table.
    fn subject(&self) -> Subject {
        match self.datasets.first() {
            Some(first) => Subject::new(first.name.as_str()).with_digest("zklDataset", first.id.as_bytes()),
            // A record without tables is not read.
            None => Subject::new(self.disclosure.operation().name()),
        }
    }

    fn dataset(&self) -> Option<&DatasetName> {
        self.datasets.first().map(|dataset| &dataset.name)
    }

    fn datasets(&self) -> Vec<&DatasetName> {
        self.datasets.iter().map(|dataset| &dataset.name).collect()
    }

    fn in_words(&self) -> String {
        self.to_string()
    }

    fn check(&self, _type_uri: &str) -> Result<(), EntryError> {
        if wire::in_roles(self.disclosure.operation(), &self.datasets) { Ok(()) } else { Err(EntryError::Datasets) }
    }

    fn blobs(&self) -> EvidenceBlobs {
        match self.disclosure {
            Disclosure::Open(_) => EvidenceBlobs::of_proof(&self.proof),
            // Whoever has the proof can test guesses of what is said, so no store has it.
            Disclosure::Closed { .. } => EvidenceBlobs::default(),
        }
    }

    fn names(&self) -> Vec<TransactionId> {
        self.datasets.iter().map(|dataset| dataset.entry).collect()
    }

    fn notary(&self) -> &VerifyingKey {
        &self.notary
    }

    fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    fn verify(&self, scope: &Scope<'_>) -> Result<VerifiedStatement, VerifyError> {
        let Evidence { manifest, scan, proof, statement } = scope.evidence;
        scope.absent("manifest", manifest.as_ref())?;
        scope.absent("scan proof", scan.as_ref())?;
        let part = scope.present("proof", proof.as_ref())?;
        let said = match &self.disclosure {
            Disclosure::Open(said) => {
                scope.absent("statement", statement.as_ref())?;
                said.clone()
            }
            Disclosure::Closed { .. } => {
                let part = scope.present("statement", statement.as_ref())?;
                self.opened(part).ok_or(VerifyError::Statement { index: scope.index })?
            }
        };
        let tables: Vec<VerifiedTable<'_>> =
            self.datasets.iter().map(|dataset| scope.dataset(dataset)).collect::<Result<_, _>>()?;
        let layouts: Vec<&Layout> = tables.iter().map(|table| table.layout).collect();
        let plans = table_plans(&layouts)?;
        let proof = self.check_proof(scope, &tables, &plan(&said.terms, &plans)?, part)?;
        let report = RelationReport::new(&said.terms, &self.datasets, &layouts, compare(&layouts));
        Ok(VerifiedStatement::Relation { record: Box::new(self.clone()), report: Box::new(report), proof })
    }
}

/// The operation with the tables in their roles.
impl fmt::Display for RelationRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = |dataset: &DatasetRef| format!("{} {}", dataset.role, dataset.name);
        let tables: Vec<String> = self.datasets.iter().map(table).collect();
        write!(f, "{}: {}", self.disclosure.operation(), tables.join(", "))?;
        match self.disclosure {
            Disclosure::Open(_) => Ok(()),
            Disclosure::Closed { .. } => f.write_str(" (closed)"),
        }
    }
}

impl RelationRecord {
    /// The ids of the tables' entries, in order.
    pub fn entries(&self) -> Vec<TransactionId> {
        self.datasets.iter().map(|dataset| dataset.entry).collect()
    }

    /// What a closed relation says, if this is its statement.
    fn opened(&self, part: &StatementPart) -> Option<SaltedTerms> {
        let entries = self.entries();
        let said = part.clone().open(&self.disclosure.digest(&entries), &entries)?;
        (said.terms.operation == self.disclosure.operation()).then_some(said)
    }

    /// The circuit of this relation between tables of such layouts, blank; `None` for a closed one without its statement.
    pub(crate) fn circuit(
        &self,
        statement: Option<&StatementPart>,
        layouts: &[&Layout],
    ) -> Result<Option<RelationCircuit>, VerifyError> {
        let closed = statement.and_then(|part| self.opened(part)).map(|said| said.terms);
        let Some(terms) = self.disclosure.open().or(closed.as_ref()) else { return Ok(None) };
        let plans = table_plans(layouts)?;
        Ok(Some(RelationCircuit::blank(plan(terms, &plans)?.shape().clone())))
    }

    /// Checks that the proof is about these tables: their scan proofs verified, under the string of this proof.
    fn check_proof(
        &self,
        scope: &Scope<'_>,
        tables: &[VerifiedTable<'_>],
        plan: &RelationPlan<'_>,
        part: &ProofPart,
    ) -> Result<ProofReport, VerifyError> {
        let srs = self.proof.srs.ok_or(VerifyError::SrsNamed { needed: true })?;
        let mut scans: Vec<&ScanReport> = Vec::with_capacity(tables.len());
        for (dataset, table) in self.datasets.iter().zip(tables) {
            let role = || dataset.role.to_string();
            // Its columns are in its scan proof, and that they have the sealed profile.
            let ProfileEvidence::Proved(scan) = table.profile else {
                return Err(VerifyError::RelationNotProved { role: role() });
            };
            if scan.srs != srs {
                return Err(VerifyError::RelationString { role: role(), expected: srs, got: scan.srs });
            }
            scans.push(scan);
        }
        let circuit = relation_circuit_id(plan.shape());
        if circuit != self.proof.circuit {
            return Err(VerifyError::Circuit { expected: circuit, got: self.proof.circuit.clone() });
        }
        let blank = RelationCircuit::blank(plan.shape().clone());
        let named = NamedProof { record: &self.proof, instance: Some(&blank), public_inputs: &[] };
        let opened = named.open(part, scope.trust, RelationProof::bytes_before(plan), Some(plan.groups().kappa()))?;
        let string = opened.srs.as_ref().ok_or(VerifyError::SrsNamed { needed: true })?;
        let key = opened.key.as_ref();
        let proof = RelationProof::from_bytes(plan, key, &opened.proof).map_err(VerifyError::RelationEncoding)?;
        let roles: Vec<RelationRole<'_>> = self
            .datasets
            .iter()
            .zip(tables)
            .zip(&scans)
            .map(|((dataset, table), scan)| RelationRole {
                entry: dataset.entry,
                commitment_root: scan.commitments,
                h: table.notarization.seal,
                segments: scan.columns.as_deref().unwrap_or_default(),
            })
            .collect();
        let context = RelationContext::new(scope.origin, self.notary.as_bytes(), self.nonce.as_bytes());
        let digest = self.disclosure.digest(&self.entries());
        let statement = RelationStatement { context, digest, plan, roles: &roles };
        verify_relation(string, key, &statement, &proof).map_err(VerifyError::Relation)?;
        Ok(opened.report)
    }
}

fn plan<'p>(terms: &RelationTerms, tables: &'p [TablePlan]) -> Result<RelationPlan<'p>, VerifyError> {
    let RelationTerms { operation, columns, details } = terms;
    RelationPlan::with(*operation, details, tables.iter().collect(), columns).map_err(VerifyError::RelationPlan)
}

fn table_plans(layouts: &[&Layout]) -> Result<Vec<TablePlan>, VerifyError> {
    let plan = |layout: &&Layout| {
        let plan = table_plan(layout).map_err(VerifyError::ScanPlan)?;
        plan.into_table().ok_or(VerifyError::RelationInGroups { columns: layout.columns().len() })
    };
    layouts.iter().map(plan).collect()
}
