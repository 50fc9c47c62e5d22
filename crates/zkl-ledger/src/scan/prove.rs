//! Making the scan proof of a table that was read.

use std::sync::Arc;

use zkl_argument::{PlanError, ScanPlan, ScanWitness, SealedProfile, commit::CommitmentSeed, commit_columns, srs::Srs};
use zkl_circuits::{
    keys::{KeyEvent, KeyStore, SRS_LOG_POWERS, builtin_srs_setup},
    scan::{
        ColumnCommitments, ScanContext, ScanStatement, TranscriptCircuit, prove_scan, shape_for,
    },
    seal::Seal,
};
use zkl_core::{
    digest::{BlobDigest, KeyDigest, Sha256Digest},
    layout::Layout,
    profile::Profile,
};
use zkl_dataset::{EncodedBatch, Frame, RowSink, SinkError};

use super::{
    bundle::ScanBundle,
    columns::SegmentColumns,
    record::{ScanKey, ScanRecord},
};
use crate::{
    error::LedgerError,
    stage::{Stage, StageReporter},
};

/// What a scan proof is made with.
pub(crate) struct ScanJob {
    pub(crate) keys: Arc<KeyStore>,
    /// The reference string; the project's dev string when absent.
    pub(crate) srs: Option<KeyDigest>,
    pub(crate) context: ScanContext,
    pub(crate) seed: CommitmentSeed,
}

/// A proof and what verifiers need beside it.
pub(crate) struct ProvedScan {
    pub(crate) record: ScanRecord,
    /// Commitments and proof.
    pub(crate) bundle: Vec<u8>,
    /// The verifying keys, in the order of the record.
    pub(crate) verifying_keys: Vec<Vec<u8>>,
}

/// Collects the rows of a table.
#[derive(Default)]
pub(crate) struct ScanSink {
    columns: Option<SegmentColumns>,
}

impl RowSink for ScanSink {
    fn begin(&mut self, layout: &Layout, _: &Frame) -> Result<(), SinkError> {
        // A table that no shape holds is refused before it is read.
        shape_for(layout)?;
        self.columns = Some(SegmentColumns::new(layout, usize::try_from(layout.rows())?));
        Ok(())
    }

    fn batch(&mut self, batch: &EncodedBatch) -> Result<(), SinkError> {
        let taken = self.columns.as_mut().is_some_and(|columns| columns.push(batch));
        if taken { Ok(()) } else { Err("the batch is of another layout".into()) }
    }
}

impl ScanJob {
    /// Proves that `seal` holds the profile of the collected rows.
    pub(crate) fn prove(
        &self,
        sink: ScanSink,
        layout: &Layout,
        profile: &Profile,
        seal: &Seal,
        reporter: &dyn StageReporter,
    ) -> Result<ProvedScan, LedgerError> {
        let plan = ScanPlan::new(shape_for(layout)?, layout.clone())?;
        let columns = sink.columns.ok_or(PlanError::Column { index: 0 })?;
        let sealed = SealedProfile::from_profile(&plan, profile)?;
        let witness = ScanWitness::new(&plan, &columns.data(), &sealed)?;

        let srs = load_srs(&self.keys, self.srs, reporter)?;
        reporter.stage(Stage::Commit { segment: 1, segments: 1 });
        let commitments = commit(&srs, &plan, &witness, &self.seed)?;
        let root = commitments.root(layout)?;

        let circuit = TranscriptCircuit::blank(plan.shape().clone());
        let keys = crate::prove::load_keys(&self.keys, &circuit, reporter)?;
        reporter.stage(Stage::Scan { segment: 1, segments: 1, rows: layout.rows() });
        let statement =
            ScanStatement { context: self.context, plan: &plan, h: seal.commitment(), commitments: &commitments };
        let proof = prove_scan(&srs, &keys, &statement, seal, &witness, &self.seed)?;

        let bundle = ScanBundle::encode(srs.verifier_key(), &commitments, &proof);
        let verifying = keys.verifying();
        let record = ScanRecord {
            commitments: root,
            srs: srs.digest(),
            keys: vec![ScanKey { circuit: keys.id().clone(), verifying_key: verifying.digest() }],
            proof: BlobDigest::of(&bundle),
        };
        Ok(ProvedScan { record, bundle, verifying_keys: vec![verifying.as_bytes().to_vec()] })
    }
}

/// The dataset commitment of collected rows: what [`ScanJob::prove`] publishes about the same table, seed and string.
pub(crate) fn commitment_root(
    keys: &KeyStore,
    srs: KeyDigest,
    seed: &CommitmentSeed,
    sink: ScanSink,
    layout: &Layout,
    profile: &Profile,
    reporter: &dyn StageReporter,
) -> Result<Sha256Digest, LedgerError> {
    let plan = ScanPlan::new(shape_for(layout)?, layout.clone())?;
    let columns = sink.columns.ok_or(PlanError::Column { index: 0 })?;
    let sealed = SealedProfile::from_profile(&plan, profile)?;
    let witness = ScanWitness::new(&plan, &columns.data(), &sealed)?;
    let srs = load_srs(keys, Some(srs), reporter)?;
    reporter.stage(Stage::Commit { segment: 1, segments: 1 });
    Ok(commit(&srs, &plan, &witness, seed)?.root(layout)?)
}

/// The string with that digest; the project's dev string when there is none, or when it is its digest.
fn load_srs(
    keys: &KeyStore,
    digest: Option<KeyDigest>,
    reporter: &dyn StageReporter,
) -> Result<Arc<Srs>, LedgerError> {
    let progress = |event: KeyEvent<'_>| {
        if matches!(event, KeyEvent::GeneratingSrs) {
            reporter.stage(Stage::Srs);
        }
    };
    Ok(match digest.filter(|&digest| builtin_srs_setup(digest).is_none()) {
        Some(digest) => keys.srs(digest)?,
        None => keys.dev_srs(&progress)?,
    })
}

fn commit(
    srs: &Srs,
    plan: &ScanPlan,
    witness: &ScanWitness<'_>,
    seed: &CommitmentSeed,
) -> Result<ColumnCommitments, LedgerError> {
    let groups = ColumnCommitments::row_groups(plan, SRS_LOG_POWERS)?;
    Ok(ColumnCommitments::new(plan, groups, commit_columns(srs, groups, witness, seed)?)?)
}
