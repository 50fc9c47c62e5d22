//! The prover of a table: segments come one after another, and are dropped when they are proved.

use std::sync::Arc;

use zkl_argument::{
    ScanWitness, SealedProfile,
    commit::{Commitment, CommitmentSeed, commit_column},
    commit_columns,
    srs::Srs,
};
use zkl_core::{
    ark::{Fr, ff::PrimeField as _},
    circuit::Circuit,
    digest::Sha256Digest,
    profile::Profile,
};
use zkl_snark::{keys::KeyError, proof_system::ProvingKey};

use super::{
    super::{
        circuit::TranscriptCircuit,
        merge::{MergeCircuit, MergeParts, MergeStep},
        prove::prove_any_limbs,
        records::Records,
        statement::{ScanContext, ScanStatement},
    },
    commit::segment_seed,
    dictionaries::{self, DictionaryBlinders, multiplicity_columns},
    error::ProveTableError,
    plan::{Segment, TablePlan},
    proof::{DictionaryProof, MergeProof, SegmentProof, TableProof, is_own},
    root::dataset_root,
    sum::add,
    verify::{MergeFrame, Seals, TableStatement, dictionary_statement, segment_context},
};
use crate::{
    scan::ColumnCommitments,
    seal::{Record as _, Seal, SealCommitment, SealSeed, SegmentRange},
};

/// Where the keys of a circuit come from, all of one proof system: `&|circuit| store.keys(system, circuit, progress)`.
pub type KeySource<'a> = &'a dyn Fn(&dyn Circuit) -> Result<Arc<dyn ProvingKey>, KeyError>;

/// The secrets of one notarization: fresh for every one of them.
#[derive(Clone)]
pub struct TableSecrets {
    /// Salts and nonces.
    pub seal: SealSeed,
    /// Blinders.
    pub commitments: CommitmentSeed,
}

/// What [`TableProver::finish`] leaves.
pub struct ProvedTable {
    /// The proof.
    pub proof: TableProof,
    /// The dataset commitment.
    pub commitment_root: Sha256Digest,
    /// The seal of the whole table, for claims. Secret.
    pub seal: Seal,
    /// The profile of the whole table. Secret.
    pub profile: Profile,
}

/// Proves a table segment by segment.
///
/// Memory: one segment while it is proved; per segment its commitments, its proof and its profile's records; and one count
/// per code of every large dictionary.
pub struct TableProver<'a> {
    srs: &'a Srs,
    keys: KeySource<'a>,
    context: ScanContext,
    plan: &'a TablePlan,
    secrets: TableSecrets,
    steps: Vec<MergeStep>,
    pub(super) segments: Vec<SegmentProof>,
    /// Records of every segment, for the merges.
    records: Vec<Records>,
    /// Seals and records of the prefixes that merges but the last one make.
    prefixes: Vec<(SealCommitment, Records)>,
    total: Option<Profile>,
    /// `sums[dictionary][code]`.
    sums: Vec<Vec<u32>>,
    /// Of the proof system of the keys.
    tag: Option<u8>,
    failed: bool,
}

impl<'a> TableProver<'a> {
    /// A prover of a table of which no row was seen yet.
    pub fn new(
        srs: &'a Srs,
        keys: KeySource<'a>,
        context: ScanContext,
        plan: &'a TablePlan,
        secrets: TableSecrets,
    ) -> Self {
        let columns = plan.dictionaries().map_or(0, |(scan, _)| scan.layout().columns().len());
        let codes = plan.dictionaries().map_or(0, |(scan, _)| scan.shape().rows());
        Self {
            srs,
            keys,
            context,
            plan,
            secrets,
            steps: plan.merges(),
            segments: Vec::with_capacity(plan.len()),
            records: Vec::new(),
            prefixes: Vec::new(),
            total: None,
            sums: vec![vec![0; codes]; columns],
            tag: None,
            failed: false,
        }
    }

    /// The segment that is next, `None` when all were given.
    pub fn next_segment(&self) -> Option<Segment<'a>> {
        self.plan.segment(self.segments.len())
    }

    /// Commits to the next segment and proves it.
    ///
    /// `witness` is made from the segment's plan; `profile` is that of its rows, with minima, maxima and dictionaries of the
    /// whole table: values that do not occur in it have count 0. After an error the prover is of no use.
    ///
    /// # Errors
    /// [`ProveTableError`]; [`ProveTableError::Segment`] says which check of the argument the profile fails.
    pub fn push_segment(&mut self, witness: &ScanWitness<'_>, profile: &Profile) -> Result<(), ProveTableError> {
        let segment = self.next_segment().ok_or(ProveTableError::TooManySegments { expected: self.plan.len() })?;
        if std::mem::replace(&mut self.failed, true) {
            return Err(ProveTableError::Failed);
        }
        let (index, layout) = (segment.index, segment.scan.layout());
        let seed = segment_seed(self.plan, &self.secrets.commitments, index);
        let seal = if self.plan.len() == 1 {
            Seal::new(layout, profile, &self.secrets.seal)?
        } else {
            let range = SegmentRange { first: index as u32, count: 1 };
            Seal::of_range(layout, profile, &self.secrets.seal, range)?
        };
        match &mut self.total {
            None => self.total = Some(profile.clone()),
            Some(total) => {
                add(total, profile).map_err(|record| ProveTableError::NotShared { segment: index, record })?;
            }
        }

        let columns = commit_columns(self.srs, segment.groups, witness, &seed)?;
        let commitments = ColumnCommitments::new(segment.scan, segment.groups, columns)?;
        let statement = ScanStatement {
            context: segment_context(self.context, self.plan, &segment),
            plan: segment.scan,
            h: seal.commitment(),
            commitments: &commitments,
        };
        let keys = (self.keys)(&TranscriptCircuit::blank(segment.scan.shape().clone()))?;
        self.tag = keys.verifying().system().tag();
        let scan = prove_any_limbs(self.srs, keys.as_ref(), &statement, &seal, witness, &seed)
            .map_err(|source| ProveTableError::Segment { index, source })?;

        let h = seal.commitment();
        // A table has fewer than 2^32 rows.
        self.segments.push(SegmentProof { rows: segment.rows() as u32, h, commitments, scan });
        if self.plan.len() > 1 {
            self.records.push(Records::new(segment.scan, &seal)?);
            self.count(&segment, witness);
            self.seal_prefix()?;
        }
        self.failed = false;
        Ok(())
    }

    /// Adds the segment's multiplicities of large dictionaries.
    fn count(&mut self, segment: &Segment<'_>, witness: &ScanWitness<'_>) {
        for (sums, position) in self.sums.iter_mut().zip(multiplicity_columns(segment.scan)) {
            let Some(cell) = witness.cells().get(position) else { continue };
            for (code, sum) in sums.iter_mut().enumerate() {
                // Counts of an honest witness; others have failed their scan proof.
                let [count, ..] = cell.value(code).into_bigint().0;
                *sum = sum.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
            }
        }
    }

    /// Seals the profile so far where a merge ends that is not the last.
    fn seal_prefix(&mut self) -> Result<(), ProveTableError> {
        let done = self.segments.len();
        let (Some(total), Some(first)) = (&self.total, self.plan.segment(0)) else { return Ok(()) };
        if done == self.plan.len() || self.steps.binary_search_by_key(&done, |step| step.end).is_err() {
            return Ok(());
        }
        let range = SegmentRange { first: 0, count: done as u32 };
        let seal = Seal::of_range(&self.plan.prefix(done)?, total, &self.secrets.seal, range)?
            .with_smallest_groups(&self.smallest_added());
        let records = Records::new(first.scan, &seal)?;
        self.prefixes.push((seal.commitment(), records));
        Ok(())
    }

    /// The sums of the segments' smallest groups, in the order of the large dictionaries.
    fn smallest_added(&self) -> Vec<u64> {
        let columns = self.sums.len();
        let smallest = |column: usize| {
            let records = self.records.iter().filter_map(|records| records.grouped.get(column));
            records.map(|record| record.smallest_group).sum()
        };
        (0..columns).map(smallest).collect()
    }

    /// Joins the segments.
    ///
    /// # Errors
    /// [`ProveTableError`]; [`ProveTableError::Unfinished`] when segments are missing.
    pub fn finish(self) -> Result<ProvedTable, ProveTableError> {
        let (expected, got) = (self.plan.len(), self.segments.len());
        if self.failed {
            return Err(ProveTableError::Failed);
        }
        let Some(profile) = self.total.clone().filter(|_| expected == got) else {
            return Err(ProveTableError::Unfinished { expected, got });
        };
        let seal = Seal::new(self.plan.layout(), &profile, &self.secrets.seal)?;
        let dictionaries = self.prove_dictionaries(&seal)?;
        let header = dictionaries.as_ref().map(|(seal, _)| seal.header().record.leaf());
        let dictionaries = dictionaries.map(|(_, proof)| proof);
        let merges = self.prove_merges(&seal, dictionaries.as_ref().map(|proof| proof.h), header)?;
        let commitment_root = dataset_root(self.plan, self.segments.iter().map(|segment| &segment.commitments))?;
        let proof = TableProof { tag: self.tag, segments: self.segments, dictionaries, merges };
        Ok(ProvedTable { proof, commitment_root, seal, profile })
    }

    fn prove_dictionaries(&self, seal: &Seal) -> Result<Option<(Seal, DictionaryProof)>, ProveTableError> {
        let Some((scan, groups)) = self.plan.dictionaries() else { return Ok(None) };
        let seal = seal.dictionaries(scan.layout(), &self.secrets.seal);
        let sealed: SealedProfile<_> = Records::new(scan, &seal)?.sealed(scan);
        let wrap = ProveTableError::Dictionaries;
        let witness = ScanWitness::dictionaries(scan, &self.sums, &sealed).map_err(|e| wrap(e.into()))?;
        let seeds: Vec<CommitmentSeed> =
            (0..self.plan.len()).map(|index| segment_seed(self.plan, &self.secrets.commitments, index)).collect();
        let blinders = DictionaryBlinders {
            scan,
            positions: self.plan.segment(0).map(|segment| multiplicity_columns(segment.scan)).unwrap_or_default(),
            segments: seeds,
            own: self.secrets.commitments.dictionaries(),
        };
        let own: Vec<Vec<Commitment>> = scan
            .cells()
            .iter()
            .zip(witness.cells())
            .enumerate()
            .filter(|(_, (cell, _))| is_own(**cell))
            .map(|(column, (_, data))| commit_column(self.srs, groups, column as u32, data.scalars(), &blinders.own))
            .collect::<Result<_, _>>()?;
        let segments: Vec<&ColumnCommitments> = self.segments.iter().map(|segment| &segment.commitments).collect();
        let commitments =
            dictionaries::commitments(self.srs.verifier_key().base(), self.plan, scan, groups, &segments, &own)?;
        let statement = dictionary_statement(self.context, self.plan, scan, seal.commitment(), &commitments);
        let keys = (self.keys)(&TranscriptCircuit::blank(scan.shape().clone()))?;
        let proof = prove_any_limbs(self.srs, keys.as_ref(), &statement, &seal, &witness, &blinders).map_err(wrap)?;
        let h = seal.commitment();
        Ok(Some((seal, DictionaryProof { h, columns: own, scan: proof })))
    }

    fn prove_merges(
        &self,
        seal: &Seal,
        dictionaries: Option<SealCommitment>,
        dictionaries_header: Option<Fr>,
    ) -> Result<Vec<MergeProof>, ProveTableError> {
        let Some(first) = self.plan.segment(0).filter(|_| !self.steps.is_empty()) else { return Ok(Vec::new()) };
        let statement = TableStatement { context: self.context, plan: self.plan, h: seal.commitment() };
        let merges: Vec<SealCommitment> =
            self.prefixes.iter().map(|(h, _)| *h).chain(std::iter::once(seal.commitment())).collect();
        let seals = Seals { segments: self.segments.iter().map(|segment| segment.h).collect(), dictionaries, merges };
        let root = dataset_root(self.plan, self.segments.iter().map(|segment| &segment.commitments))?;
        let keys = (self.keys)(&MergeCircuit::blank(first.scan.shape().slots().clone()))?;
        let frame = MergeFrame::new(statement, seals, root, self.srs.digest(), keys.verifying());
        let whole = Records::new(first.scan, seal)?;

        let prove = |(index, step): (usize, &MergeStep)| {
            let inputs = frame.inputs(index, *step)?;
            let before = index.checked_sub(1).and_then(|before| self.prefixes.get(before)).map(|(_, records)| records);
            let added = self.records.get(step.first..step.end).unwrap_or_default();
            let witness = MergeParts {
                parts: before.into_iter().chain(added).collect(),
                output: self.prefixes.get(index).map_or(&whole, |(_, records)| records),
                dictionaries: dictionaries_header.filter(|_| step.end == self.plan.len()),
            };
            let circuit = MergeCircuit::new(first.scan, &inputs, &witness);
            let proof = keys.prove(&circuit, Some(self.srs), None);
            let proof = proof.map_err(|source| ProveTableError::Merge { index, source })?;
            Ok(MergeProof { h: inputs.h, proof })
        };
        self.steps.iter().enumerate().map(prove).collect()
    }
}
