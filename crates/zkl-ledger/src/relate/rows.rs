//! A table of a relation: what was committed to, and its rows again.

use std::sync::Arc;

use zkl_circuits::relation::RelationRole;
use zkl_circuits::scan::{ColumnCommitments, TableKeys, TablePlan};
use zkl_core::digest::TransactionId;
use zkl_receipt::{ScanBundle, ScanRecord, key_blob, table_plan};
use zkl_snark::proof_system::VerifyingKey;

use super::error::RelateError;
use crate::{
    data::DataMismatch,
    dataset_version::{Dataset, Secrets},
    error::LedgerError,
    ledger::Ledger,
    opening::dictionary_key,
    scan::{SegmentRows, TablePart, side_by_side},
    table::Table,
    work::Work,
};

/// A notarized table with the secrets that open it and the commitments that were logged.
pub(super) struct CommittedRows {
    pub(super) name: String,
    pub(super) plan: TablePlan,
    pub(super) record: ScanRecord,
    pub(super) secrets: Arc<Secrets>,
    commitments: Vec<ColumnCommitments>,
    table: Table,
}

/// The rows of a table, segment by segment. Secret.
pub(super) struct RelatedRows {
    pub(super) segments: Vec<SegmentRows>,
}

impl CommittedRows {
    /// Fetches opening and commitments of a version.
    pub(super) async fn fetch(ledger: &Ledger, dataset: &Dataset, table: Table) -> Result<Self, LedgerError> {
        let (entry, name) = (dataset.entry(), dataset.name().to_string());
        let Some(record) = dataset.notarization().scan.clone() else {
            return Err(RelateError::Attested { dataset: name }.into());
        };
        let secrets = dataset.secrets().await?;
        let plan = table_plan(&secrets.opening.layout)?;
        if plan.table().is_none() {
            return Err(RelateError::InGroups { dataset: name }.into());
        }
        let system = record.scheme.system();
        let mut keys: Vec<(_, Arc<dyn VerifyingKey>)> = Vec::with_capacity(record.keys.len());
        for key in &record.keys {
            let digest = key_blob(key.key);
            let bytes = ledger.blob(entry, digest).await?;
            // It only tells how long proofs are.
            let read = system.read_key(&bytes).map_err(|_| LedgerError::Blob { id: entry.id, digest })?;
            keys.push((key.circuit.clone(), read));
        }
        let bundle = ledger.blob(entry, record.proof).await?;
        let keys = TableKeys::new(system, keys.iter().map(|(id, key)| (id.clone(), key.as_ref())));
        let bundle = ScanBundle::decode(&plan, &keys, &bundle)
            .map_err(|source| RelateError::Scan { dataset: name.clone(), source: Box::new(source) })?;
        let (Some(plan), Some(proof)) = (plan.into_table(), bundle.proof.table()) else {
            return Err(RelateError::InGroups { dataset: name }.into());
        };
        let commitments = proof.segments().iter().map(|segment| segment.commitments().clone()).collect();
        Ok(Self { name, plan, record, secrets, commitments, table })
    }

    /// The table as everybody has it.
    pub(super) fn role(&self, entry: TransactionId) -> RelationRole<'_> {
        let (commitment_root, h) = (self.record.commitments, self.secrets.seal.commitment());
        RelationRole { entry, commitment_root, h, segments: &self.commitments }
    }

    /// Reads the table as it was read when it was notarized, and checks that it is the same.
    pub(super) fn read_again(&self, work: &Work) -> Result<RelatedRows, LedgerError> {
        let opening = &self.secrets.opening;
        let mut progress = work;
        let (scan, key) = (opening.scan_again(&self.table), dictionary_key(&opening.seed));
        let other = |source| RelateError::Data { dataset: self.name.clone(), source };
        let read = side_by_side(
            |sink| scan.run_with_sink(&key, &mut progress, sink),
            |parts| {
                let mut segments = Vec::with_capacity(self.plan.len());
                for part in parts {
                    if let TablePart::Segment(rows) = part {
                        segments.push(*rows);
                    }
                }
                Ok(segments)
            },
        );
        let (scanned, segments) = match read {
            // Other bytes need not be a table at all.
            Err(LedgerError::Dataset(_)) if self.table.source().digests()?.1 != opening.digests => {
                return Err(other(DataMismatch::Digests).into());
            }
            read => read?,
        };
        if scanned.digests != opening.digests {
            return Err(other(DataMismatch::Digests).into());
        }
        if scanned.layout != opening.layout || segments.len() != self.plan.len() {
            return Err(other(DataMismatch::Layout).into());
        }
        Ok(RelatedRows { segments })
    }
}
