//! Proving a table, or committing to it again, while it is read: one thread reads and encodes, this one takes segment after
//! segment from it. At most one finished segment waits, so memory is bounded by a few segments whatever the table's length.

use std::sync::{
    Arc,
    mpsc::{Receiver, sync_channel},
};

use zkl_argument::{ScanWitness, SealedProfile, commit::CommitmentSeed, srs::Srs};
use zkl_circuits::{
    scan::{
        CommittedTable, JoinedCommitter, JoinedPlan, JoinedProver, JoinedTable, KeySource, ProveTableError,
        ScanContext, Segment, SegmentProver, TableKeys, TablePlan, TableSecrets,
    },
    seal::Seal,
};
use zkl_core::{
    circuit::Circuit,
    digest::{BlobDigest, KeyDigest},
    profile::Profile,
};
use zkl_dataset::{DatasetError, Fault, Scanned};
use zkl_receipt::{ScanBundle, ScanKey, ScanRecord, Scheme, is_verifiable, table_plan};
use zkl_snark::{
    keys::{KeyError, KeyStore},
    proof_system::ProvingKey,
};

use super::segments::{SegmentRows, SegmentSink, TablePart};
use crate::{
    error::LedgerError,
    proofs::{ProofSetting, reference_string},
    stage::Stage,
    work::Work,
};

/// What a scan proof is made with.
pub(crate) struct ScanJob<'a> {
    pub(crate) keys: &'a Arc<KeyStore>,
    pub(crate) proofs: ProofSetting,
    /// The reference string; the public one when absent.
    pub(crate) srs: Option<KeyDigest>,
    pub(crate) context: ScanContext,
    pub(crate) secrets: TableSecrets,
    pub(crate) work: &'a Work,
}

/// A proof and what verifiers need beside it.
pub(crate) struct ProvedScan {
    pub(crate) record: ScanRecord,
    /// Reference string and proof.
    pub(crate) bundle: Vec<u8>,
    /// The verifying keys, in the order of the record.
    pub(crate) verifying_keys: Vec<Vec<u8>>,
}

/// A table that was proved.
pub(crate) struct ProvedRows {
    pub(crate) scan: ProvedScan,
    /// The profile of the table.
    pub(crate) profile: Profile,
    /// The seal of the profile.
    pub(crate) seal: Seal,
}

impl ScanJob<'_> {
    /// Reads a table with `read` and proves its profile over every row.
    pub(crate) fn prove(
        &self,
        read: impl FnOnce(&mut SegmentSink) -> Result<Scanned, DatasetError> + Send,
    ) -> Result<(Scanned, ProvedRows), LedgerError> {
        side_by_side(read, |parts| self.prove_parts(parts))
    }

    fn prove_parts(&self, parts: &Receiver<TablePart>) -> Result<ProvedRows, LedgerError> {
        // Keys are loaded while the first segment is being read.
        let tools = self.tools(plan(parts)?)?;
        let source = |circuit: &dyn Circuit| tools.key(circuit);
        let (plan, groups) = (&tools.plan, tools.plan.groups().len());
        let mut prover = JoinedProver::new(&tools.srs, &source, tools.context, plan, tools.secrets.clone());
        let of_table = |part| match part {
            TablePart::Segment(rows) => Some(rows),
            TablePart::Layout(_) => None,
        };
        for (segment, rows) in parts.iter().filter_map(of_table).enumerate() {
            let columns = rows.columns.data();
            for group in 0..groups {
                // Groups are so many pieces of work each: they are counted like segments.
                let (number, segments) = ((segment * groups + group + 1) as u64, (plan.segments() * groups) as u64);
                self.work.stage(Stage::Scan { segment: number, segments, rows: plan.segment_rows(segment) })?;
                prover.prove_group(group, &columns, &rows.profile)?;
            }
        }
        tools.finish(self.work, || prover.finish())
    }

    /// What segments of the table with this plan are proved and joined with.
    pub(crate) fn tools(&self, plan: JoinedPlan) -> Result<SegmentTools, LedgerError> {
        // Nothing is logged that nobody else could verify.
        if !is_verifiable(&plan, self.proofs.system()) {
            return Err(LedgerError::TooWide { columns: plan.layout().columns().len() });
        }
        let srs = reference_string(self.keys, self.srs, self.work)?;
        let circuits = plan.circuits();
        let load = circuits.iter().map(|circuit| self.proofs.keys(self.keys, circuit.as_ref(), self.work));
        let keys: Vec<Arc<dyn ProvingKey>> = load.collect::<Result<_, _>>()?;
        let (store, secrets) = (Arc::clone(self.keys), self.secrets.clone());
        Ok(SegmentTools { plan, srs, keys, store, proofs: self.proofs, context: self.context, secrets })
    }
}

/// Everything that segments of one table are proved and joined with.
pub(crate) struct SegmentTools {
    pub(crate) plan: JoinedPlan,
    srs: Arc<Srs>,
    keys: Vec<Arc<dyn ProvingKey>>,
    store: Arc<KeyStore>,
    proofs: ProofSetting,
    context: ScanContext,
    secrets: TableSecrets,
}

impl SegmentTools {
    /// The key of a circuit: what [`SegmentTools::segment_prover`] takes.
    pub(crate) fn key(&self, circuit: &dyn Circuit) -> Result<Arc<dyn ProvingKey>, KeyError> {
        match self.keys.iter().find(|keys| *keys.id() == circuit.id()) {
            Some(keys) => Ok(Arc::clone(keys)),
            None => self.store.keys(self.proofs.system(), circuit, &|_| {}),
        }
    }

    /// The plan of a table whose segments are proved elsewhere.
    ///
    /// # Errors
    /// [`LedgerError::TooWideInParts`] of a table in groups of columns.
    pub(crate) fn table(&self) -> Result<&TablePlan, LedgerError> {
        let columns = self.plan.layout().columns().len();
        self.plan.table().ok_or(LedgerError::TooWideInParts { columns })
    }

    /// A prover of segments, of a table that is not in groups of columns.
    pub(crate) fn segment_prover<'a>(&'a self, keys: KeySource<'a>) -> Result<SegmentProver<'a>, LedgerError> {
        Ok(SegmentProver::new(&self.srs, keys, self.context, self.table()?, self.secrets.clone()))
    }

    /// The keys that verify.
    pub(crate) fn verifying_keys(&self) -> TableKeys<'_> {
        let keys = self.keys.iter().map(|keys| (keys.id().clone(), keys.verifying()));
        TableKeys::new(self.proofs.system(), keys)
    }

    /// Segment `index`, from 0.
    pub(crate) fn segment(&self, index: usize) -> Result<Segment<'_>, LedgerError> {
        let plan = self.table()?;
        Ok(plan.segment(index).ok_or(ProveTableError::NoSegment { index, expected: plan.len() })?)
    }

    /// What is reported before a segment is proved.
    pub(crate) fn stage(&self, segment: &Segment<'_>) -> Stage {
        let (number, segments) = (segment.index as u64 + 1, self.plan.segments() as u64);
        Stage::Scan { segment: number, segments, rows: segment.rows() }
    }

    /// Joins the segments with `join`, and says what is published about them.
    pub(crate) fn finish<T: Into<JoinedTable>>(
        &self,
        work: &Work,
        join: impl FnOnce() -> Result<T, ProveTableError>,
    ) -> Result<ProvedRows, LedgerError> {
        if self.plan.segments() > 1 {
            work.stage(Stage::Merge { segments: self.plan.segments() as u64 })?;
        }
        let proved: JoinedTable = join()?.into();
        let bundle = ScanBundle::encode(self.srs.verifier_key(), &proved.proof);
        let key = |keys: &Arc<dyn ProvingKey>| ScanKey { circuit: keys.id().clone(), key: keys.verifying().digest() };
        let record = ScanRecord {
            scheme: Scheme::of(self.proofs.system()),
            commitments: proved.commitment_root,
            srs: self.srs.digest(),
            keys: self.keys.iter().map(key).collect(),
            proof: BlobDigest::of(&bundle),
        };
        let verifying_keys = self.keys.iter().map(|keys| keys.verifying().as_bytes().to_vec()).collect();
        let scan = ProvedScan { record, bundle, verifying_keys };
        Ok(ProvedRows { scan, profile: proved.profile, seal: proved.seal })
    }
}

/// Reads a table with `read` and returns its profile and its dataset commitment under `seed`: what [`ScanJob::prove`] publishes about it.
pub(crate) fn commit_again(
    keys: &KeyStore,
    srs: KeyDigest,
    seed: &CommitmentSeed,
    work: &Work,
    read: impl FnOnce(&mut SegmentSink) -> Result<Scanned, DatasetError> + Send,
) -> Result<(Scanned, CommittedTable), LedgerError> {
    side_by_side(read, |parts| {
        let plan = plan(parts)?;
        let srs = reference_string(keys, Some(srs), work)?;
        let mut committer = JoinedCommitter::new(&srs, &plan, seed);
        let mut segment = 0;
        for part in parts {
            let TablePart::Segment(rows) = part else { continue };
            segment += 1;
            work.stage(Stage::Commit { segment, segments: plan.segments() as u64 })?;
            committer.push_segment(&rows.columns.data(), &rows.profile)?;
        }
        Ok(committer.finish()?)
    })
}

/// Runs `read` on a thread of its own and `work` on what it sends. When both fail, one is why the other did: a reader whose rows
/// nobody takes any more fails at its sink, and work is left undone by a reader that fails otherwise.
pub(crate) fn side_by_side<R: Send, T>(
    read: impl FnOnce(&mut SegmentSink) -> Result<R, DatasetError> + Send,
    work: impl FnOnce(&Receiver<TablePart>) -> Result<T, LedgerError>,
) -> Result<(R, T), LedgerError> {
    let (sender, parts) = sync_channel(1);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || read(&mut SegmentSink::new(sender)));
        let worked = work(&parts);
        // A reader that waits for room learns that nobody will make any.
        drop(parts);
        let read = reader.join().map_err(|_| LedgerError::Reader)?;
        match (worked, read) {
            (Ok(worked), Ok(read)) => Ok((read, worked)),
            (Err(error), Err(read)) if matches!(read.fault(), Fault::Sink(_)) => Err(error),
            (_, Err(read)) => Err(read.into()),
            (Err(error), Ok(_)) => Err(error),
        }
    })
}

/// The plan of the table whose layout comes first.
fn plan(parts: &Receiver<TablePart>) -> Result<JoinedPlan, LedgerError> {
    match parts.recv() {
        Ok(TablePart::Layout(layout)) => Ok(table_plan(&layout)?),
        _ => Err(LedgerError::NoRows),
    }
}

pub(crate) fn witness<'a>(segment: &Segment<'_>, rows: &'a SegmentRows) -> Result<ScanWitness<'a>, LedgerError> {
    let sealed = SealedProfile::from_profile(segment.scan, &rows.profile)?;
    Ok(ScanWitness::new(segment.scan, &rows.columns.data(), &sealed)?)
}
