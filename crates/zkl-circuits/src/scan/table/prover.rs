//! The prover of a table: segments are proved one by one or elsewhere, accepted in any order, and joined.

use std::{collections::BTreeMap, sync::Arc};

use zkl_argument::{
    ScanWitness, SealedProfile,
    commit::{Commitment, CommitmentSeed, commit_column},
    srs::Srs,
};
use zkl_core::{ark::Fr, circuit::Circuit, digest::Sha256Digest, profile::Profile};
use zkl_snark::{keys::KeyError, proof_system::ProvingKey};

use super::{
    super::{
        circuit::TranscriptCircuit,
        merge::{MergeCircuit, MergeParts, MergeStep},
        prove::prove_any_limbs,
        statement::ScanContext,
    },
    commit::segment_seed,
    dictionaries::{self, DictionaryBlinders, multiplicity_columns},
    error::ProveTableError,
    plan::{Segment, TablePlan},
    proof::{DictionaryProof, MergeProof, SegmentProof, TableProof, is_own},
    root::dataset_root,
    segment::{SegmentPart, SegmentProver, group_counts},
    verify::{MergeFrame, Seals, TableStatement, dictionary_statement},
};
use crate::{
    scan::ColumnCommitments,
    seal::{Record as _, Records, Seal, SealCommitment, SealSeed, SegmentRange},
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

/// Proves a table: takes in its segments, in any order, and joins them.
///
/// Memory: one segment while it is proved here; per segment its commitments, its proof and its profile's records; the profiles of
/// segments that arrived before an earlier one; and one count per code of every large dictionary.
pub struct TableProver<'a> {
    prover: SegmentProver<'a>,
    pub(super) state: TableProverState,
}

/// What a [`TableProver`] has taken in, without what it borrows: to be kept while nothing is done. Secret.
pub struct TableProverState {
    steps: Vec<MergeStep>,
    /// By position; `None` where a segment is still to come.
    pub(super) accepted: Vec<Option<Accepted>>,
    /// The profile of the first `summed` segments.
    total: Option<Profile>,
    summed: usize,
    /// Profiles of later segments.
    waiting: BTreeMap<usize, Profile>,
    /// Seals and records of the prefixes that merges but the last one make.
    prefixes: Vec<(SealCommitment, Records)>,
    /// Of the proof system of the keys.
    tag: Option<u8>,
    failed: bool,
}

impl TableProverState {
    /// Of a table of which nothing was taken in yet.
    pub fn new(plan: &TablePlan) -> Self {
        Self {
            steps: plan.merges(),
            accepted: std::iter::repeat_with(|| None).take(plan.len()).collect(),
            total: None,
            summed: 0,
            waiting: BTreeMap::new(),
            prefixes: Vec::new(),
            tag: None,
            failed: false,
        }
    }

    /// Positions of the segments that are still to come, in order.
    pub fn missing(&self) -> impl Iterator<Item = usize> {
        let missing = self.accepted.iter().enumerate().filter(|(_, part)| part.is_none());
        missing.map(|(index, _)| index)
    }
}

/// A segment that was checked.
pub(super) struct Accepted {
    pub(super) proof: SegmentProof,
    /// For the merges; `None` when there are none.
    records: Option<Records>,
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
        Self::joining(SegmentProver::new(srs, keys, context, plan, secrets))
    }

    /// A prover that joins what `prover` proves, here or elsewhere.
    pub fn joining(prover: SegmentProver<'a>) -> Self {
        let state = TableProverState::new(prover.plan);
        Self { prover, state }
    }

    /// Goes on with `state`, which a prover made with the same arguments has left.
    pub const fn resume(prover: SegmentProver<'a>, state: TableProverState) -> Self {
        Self { prover, state }
    }

    /// Lets go of what is borrowed.
    pub fn pause(self) -> TableProverState {
        self.state
    }

    /// What proves segments of this table.
    pub const fn segment_prover(&self) -> &SegmentProver<'a> {
        &self.prover
    }

    /// The segments that are still to come, in order.
    pub fn missing(&self) -> impl Iterator<Item = Segment<'a>> {
        self.state.missing().filter_map(|index| self.prover.plan.segment(index))
    }

    /// The first segment that is still to come, `None` when all were given.
    pub fn next_segment(&self) -> Option<Segment<'a>> {
        self.missing().next()
    }

    /// Commits to the next segment, proves it and takes it in: [`SegmentProver::prove`] and [`TableProver::accept`]. After an
    /// error the prover is of no use.
    ///
    /// # Errors
    /// [`ProveTableError`]; [`ProveTableError::Segment`] says which check of the argument the profile fails.
    pub fn push_segment(&mut self, witness: &ScanWitness<'_>, profile: &Profile) -> Result<(), ProveTableError> {
        let expected = self.prover.plan.len();
        let segment = self.next_segment().ok_or(ProveTableError::TooManySegments { expected })?;
        if std::mem::replace(&mut self.state.failed, true) {
            return Err(ProveTableError::Failed);
        }
        // Before the work of proving it.
        self.check_shared(segment.index, profile)?;
        let part = self.prover.prove(segment.index, witness, profile.clone())?;
        self.accept(part)?;
        self.state.failed = false;
        Ok(())
    }

    /// Takes in a segment that was proved by this prover's [`SegmentProver`] or by one like it on another machine. What is refused
    /// leaves everything as it was: the segment may be given again.
    ///
    /// # Errors
    /// [`ProveTableError::NoSegment`], [`ProveTableError::Repeated`], [`ProveTableError::Refused`] for a part that is not
    /// what it says or does not verify, [`ProveTableError::NotShared`] for one with other bounds or another dictionary.
    pub fn accept(&mut self, part: SegmentPart) -> Result<(), ProveTableError> {
        let segment = self.prover.segment(part.index)?;
        if self.state.accepted.get(part.index).is_some_and(Option::is_some) {
            return Err(ProveTableError::Repeated { segment: part.index });
        }
        self.check_shared(part.index, &part.profile)?;
        let seal = self.prover.check(&part)?;
        let merged = self.prover.plan.len() > 1;
        let records = merged.then(|| Records::new(segment.scan, &seal)).transpose()?;
        let SegmentPart { index, tag, profile, proof } = part;
        self.state.tag = tag;
        if let Some(place) = self.state.accepted.get_mut(index) {
            *place = Some(Accepted { proof, records });
        }
        self.state.waiting.insert(index, profile);
        let summed = self.sum_up();
        self.state.failed |= summed.is_err();
        summed
    }

    /// Checks that a profile has the bounds and dictionaries of those that were taken in.
    fn check_shared(&self, index: usize, profile: &Profile) -> Result<(), ProveTableError> {
        let Some(shared) = self.state.total.as_ref().or_else(|| self.state.waiting.values().next()) else {
            return Ok(());
        };
        shared.check_frame(profile).map_err(|record| ProveTableError::NotShared { segment: index, record })
    }

    /// Adds the profiles that follow those that were added before.
    fn sum_up(&mut self) -> Result<(), ProveTableError> {
        while let Some(next) = self.state.waiting.remove(&self.state.summed) {
            self.state.total = Some(match self.state.total.take() {
                None => next,
                Some(total) => total.plus(&next),
            });
            self.state.summed += 1;
            self.seal_prefix()?;
        }
        Ok(())
    }

    /// Seals the profile so far where a merge ends that is not the last.
    fn seal_prefix(&mut self) -> Result<(), ProveTableError> {
        let (plan, done) = (self.prover.plan, self.state.summed);
        let (Some(total), Some(first)) = (&self.state.total, plan.segment(0)) else { return Ok(()) };
        if done == plan.len() || self.state.steps.binary_search_by_key(&done, |step| step.end).is_err() {
            return Ok(());
        }
        let range = SegmentRange { first: 0, count: done as u32 };
        let seal = Seal::of_range(&plan.prefix(done)?, total, &self.prover.secrets.seal, range)?
            .with_smallest_groups(&self.smallest_added());
        let records = Records::new(first.scan, &seal)?;
        self.state.prefixes.push((seal.commitment(), records));
        Ok(())
    }

    /// The sums of the smallest groups of the segments so far, in the order of the large dictionaries.
    fn smallest_added(&self) -> Vec<u64> {
        let columns = self.prover.plan.dictionaries().map_or(0, |(scan, _)| scan.layout().columns().len());
        let records =
            || self.state.accepted.iter().take(self.state.summed).flatten().filter_map(|own| own.records.as_ref());
        let smallest = |column: usize| {
            records().filter_map(|records| records.grouped.get(column)).map(|record| record.smallest_group).sum()
        };
        (0..columns).map(smallest).collect()
    }

    /// Joins the segments.
    ///
    /// # Errors
    /// [`ProveTableError`]; [`ProveTableError::Unfinished`] when segments are missing.
    pub fn finish(self) -> Result<ProvedTable, ProveTableError> {
        let Self { prover, state } = self;
        if state.failed {
            return Err(ProveTableError::Failed);
        }
        let TableProverState { steps, accepted, total, prefixes, tag, .. } = state;
        let expected = accepted.len();
        let (segments, records): (Vec<SegmentProof>, Vec<Option<Records>>) =
            accepted.into_iter().flatten().map(|own| (own.proof, own.records)).unzip();
        let Some(profile) = total.filter(|_| segments.len() == expected) else {
            return Err(ProveTableError::Unfinished { expected, got: segments.len() });
        };
        let seal = Seal::new(prover.plan.layout(), &profile, &prover.secrets.seal)?;
        let records = records.into_iter().flatten().collect();
        let joiner = Joiner { prover, steps, segments, records, prefixes };
        let dictionaries = joiner.prove_dictionaries(&seal, &profile)?;
        let header = dictionaries.as_ref().map(|(seal, _)| seal.header().record.leaf());
        let dictionaries = dictionaries.map(|(_, proof)| proof);
        let merges = joiner.prove_merges(&seal, dictionaries.as_ref().map(|proof| proof.h), header)?;
        let commitment_root = joiner.root()?;
        let proof = TableProof { tag, segments: joiner.segments, dictionaries, merges };
        Ok(ProvedTable { proof, commitment_root, seal, profile })
    }
}

/// All segments, in order, to be joined.
struct Joiner<'a> {
    prover: SegmentProver<'a>,
    steps: Vec<MergeStep>,
    segments: Vec<SegmentProof>,
    records: Vec<Records>,
    prefixes: Vec<(SealCommitment, Records)>,
}

impl Joiner<'_> {
    fn root(&self) -> Result<Sha256Digest, ProveTableError> {
        Ok(dataset_root(self.prover.plan, self.segments.iter().map(|segment| &segment.commitments))?)
    }

    fn prove_dictionaries(
        &self,
        seal: &Seal,
        profile: &Profile,
    ) -> Result<Option<(Seal, DictionaryProof)>, ProveTableError> {
        let SegmentProver { srs, keys, context, plan, ref secrets } = self.prover;
        let Some((scan, groups)) = plan.dictionaries() else { return Ok(None) };
        let seal = seal.dictionaries(scan.layout(), &secrets.seal);
        let sealed: SealedProfile<_> = Records::new(scan, &seal)?.sealed(scan);
        let wrap = ProveTableError::Dictionaries;
        let padded = |mut counts: Vec<u32>| {
            counts.resize(scan.shape().rows().max(counts.len()), 0);
            counts
        };
        let sums: Vec<Vec<u32>> = group_counts(profile).map(|counts| padded(counts.by_code)).collect();
        let witness = ScanWitness::dictionaries(scan, &sums, &sealed).map_err(|e| wrap(e.into()))?;
        let seeds: Vec<CommitmentSeed> =
            (0..plan.len()).map(|index| segment_seed(plan, &secrets.commitments, index)).collect();
        let blinders = DictionaryBlinders {
            scan,
            positions: plan.segment(0).map(|segment| multiplicity_columns(segment.scan)).unwrap_or_default(),
            segments: seeds,
            own: secrets.commitments.dictionaries(),
        };
        let own: Vec<Vec<Commitment>> = scan
            .cells()
            .iter()
            .zip(witness.cells())
            .enumerate()
            .filter(|(_, (cell, _))| is_own(**cell))
            .map(|(column, (_, data))| commit_column(srs, groups, column as u32, data.scalars(), &blinders.own))
            .collect::<Result<_, _>>()?;
        let segments: Vec<&ColumnCommitments> = self.segments.iter().map(|segment| &segment.commitments).collect();
        let commitments = dictionaries::commitments(srs.verifier_key().base(), plan, scan, groups, &segments, &own)?;
        let statement = dictionary_statement(context, plan, scan, seal.commitment(), &commitments);
        let keys = keys(&TranscriptCircuit::blank(scan.shape().clone()))?;
        let proof = prove_any_limbs(srs, keys.as_ref(), &statement, &seal, &witness, &blinders).map_err(wrap)?;
        let h = seal.commitment();
        Ok(Some((seal, DictionaryProof { h, columns: own, scan: proof })))
    }

    fn prove_merges(
        &self,
        seal: &Seal,
        dictionaries: Option<SealCommitment>,
        dictionaries_header: Option<Fr>,
    ) -> Result<Vec<MergeProof>, ProveTableError> {
        let SegmentProver { srs, keys, context, plan, .. } = self.prover;
        let Some(first) = plan.segment(0).filter(|_| !self.steps.is_empty()) else { return Ok(Vec::new()) };
        let statement = TableStatement { context, plan, h: seal.commitment() };
        let merges: Vec<SealCommitment> =
            self.prefixes.iter().map(|(h, _)| *h).chain(std::iter::once(seal.commitment())).collect();
        let seals = Seals { segments: self.segments.iter().map(|segment| segment.h).collect(), dictionaries, merges };
        let keys = keys(&MergeCircuit::blank(first.scan.shape().slots().clone()))?;
        let frame = MergeFrame::new(statement, seals, self.root()?, srs.digest(), keys.verifying());
        let whole = Records::new(first.scan, seal)?;

        let prove = |(index, step): (usize, &MergeStep)| {
            let inputs = frame.inputs(index, *step)?;
            let before = index.checked_sub(1).and_then(|before| self.prefixes.get(before)).map(|(_, records)| records);
            let added = self.records.get(step.first..step.end).unwrap_or_default();
            let witness = MergeParts {
                parts: before.into_iter().chain(added).collect(),
                output: self.prefixes.get(index).map_or(&whole, |(_, records)| records),
                dictionaries: dictionaries_header.filter(|_| step.end == plan.len()),
            };
            let circuit = MergeCircuit::new(first.scan, &inputs, &witness);
            let proof = keys.prove(&circuit, Some(srs), None);
            let proof = proof.map_err(|source| ProveTableError::Merge { index, source })?;
            Ok(MergeProof { h: inputs.h, proof })
        };
        self.steps.iter().enumerate().map(prove).collect()
    }
}
