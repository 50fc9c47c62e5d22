//! Whole proofs of cut tables. Each table is proved once and serves all checks.

use std::sync::OnceLock;

use zkl_argument::{
    ScanError,
    commit::{Commitment, CommitmentSeed},
    srs::Srs,
};
use zkl_core::{
    ark::Fr,
    circuit::Circuit as _,
    layout::Layout,
    profile::{ColumnStats, Profile},
};
use zkl_snark::{
    groth16,
    proof_system::{COMPACT, DecodeError, VerifyError, VerifyingKey},
};

use super::{
    super::{
        error::{ProveTableError, TableDecodeError, VerifyTableError},
        keys::TableKeys,
        plan::TablePlan,
        proof::TableProof,
        prover::{ProvedTable, TableProver, TableSecrets},
        verify::{TableStatement, VerifiedTable, verify_any_limbs_table, verify_table},
    },
    fixture::Tall,
};
use crate::{
    scan::{
        CommitmentsError, ProveScanError, ScanContext, ScanStatement, VerifyScanError,
        prove::verify_any_limbs,
        tests::fixture::{Column, dev_keys},
    },
    seal::{Seal, SealCommitment, SealError, SealSeed},
};

pub(super) const KAPPA: u32 = 2;
/// Larger row groups, so that the stored proof is small.
const STORED_KAPPA: u32 = 7;

pub(in crate::scan) fn srs() -> &'static Srs {
    static SRS: OnceLock<Srs> = OnceLock::new();
    SRS.get_or_init(|| Srs::dev(1 << STORED_KAPPA, Srs::DEV_SEED).unwrap())
}

pub(in crate::scan) fn secrets(byte: u8) -> TableSecrets {
    TableSecrets { seal: SealSeed::from_bytes([byte; 32]), commitments: CommitmentSeed::from_bytes([byte + 1; 32]) }
}

pub(in crate::scan) fn context(nonce: u8) -> ScanContext {
    ScanContext::new("ledger.example", &[3; 32], &"data".parse().unwrap(), &[nonce; 32])
}

/// A proved table.
pub(super) struct Proved {
    table: Tall,
    pub(super) plan: TablePlan,
    pub(super) proof: TableProof,
    pub(super) seal: Seal,
    profile: Profile,
}

impl Proved {
    pub(super) fn new(table: Tall, secret: u8) -> Self {
        Self::with_kappa(table, secret, KAPPA)
    }

    fn with_kappa(table: Tall, secret: u8, kappa: u32) -> Self {
        let plan = table.plan(kappa);
        let ProvedTable { proof, seal, profile, .. } = {
            let mut prover = TableProver::new(srs(), &dev_keys, context(1), &plan, secrets(secret));
            push_all(&table, &mut prover, plan.len());
            prover.finish().unwrap()
        };
        Self { table, plan, proof, seal, profile }
    }

    pub(super) fn statement(&self) -> TableStatement<'_> {
        TableStatement { context: context(1), plan: &self.plan, h: self.seal.commitment() }
    }

    pub(super) fn verify(&self, proof: &TableProof) -> Result<VerifiedTable, VerifyTableError> {
        verify(&self.statement(), proof)
    }

    /// What becomes of the proof when this is changed.
    pub(super) fn changed(&self, change: impl FnOnce(&mut TableProof)) -> VerifyTableError {
        let mut proof = self.proof.clone();
        change(&mut proof);
        self.verify(&proof).unwrap_err()
    }
}

/// A string that merges can be proved under.
pub(super) fn universal_srs() -> &'static Srs {
    static SRS: OnceLock<Srs> = OnceLock::new();
    SRS.get_or_init(|| Srs::dev(1 << 15, Srs::DEV_SEED).unwrap())
}

/// Proves the next `count` segments.
pub(super) fn push_all(table: &Tall, prover: &mut TableProver<'_>, count: usize) {
    for _ in 0..count {
        let segment = prover.next_segment().unwrap();
        let range = table.range(&segment);
        let (rows, profile) = (table.encode(range.clone()), table.profile(range));
        prover.push_segment(&rows.witness(segment.scan, &profile), &profile).unwrap();
    }
}

pub(super) fn verify(statement: &TableStatement<'_>, proof: &TableProof) -> Result<VerifiedTable, VerifyTableError> {
    with_keys(statement.plan, |keys| verify_any_limbs_table(srs().verifier_key(), keys, statement, proof))
}

/// Calls `work` with the verifying keys of a table.
pub(super) fn with_keys<T>(plan: &TablePlan, work: impl FnOnce(&TableKeys<'_>) -> T) -> T {
    let circuits = plan.circuits();
    let pairs: Vec<_> = circuits.iter().map(|circuit| dev_keys(circuit.as_ref()).unwrap()).collect();
    work(&TableKeys::new(COMPACT, pairs.iter().map(|pair| (pair.id().clone(), pair.verifying()))))
}

/// Five segments, the last one shorter, and two merges.
pub(super) fn narrow() -> &'static Proved {
    static PROVED: OnceLock<Proved> = OnceLock::new();
    PROVED.get_or_init(|| Proved::new(Tall::narrow(1, 58), 20))
}

/// Three segments with a large dictionary.
pub(super) fn grouped() -> &'static Proved {
    static PROVED: OnceLock<Proved> = OnceLock::new();
    PROVED.get_or_init(|| Proved::new(Tall::grouped(2, 1_000), 30))
}

pub(super) const INVALID: VerifyScanError = VerifyScanError::Proof(VerifyError::Invalid);

pub(super) fn segment(index: usize) -> VerifyTableError {
    VerifyTableError::Segment { index, source: INVALID }
}

pub(super) fn merge(index: usize) -> VerifyTableError {
    VerifyTableError::Merge { index, source: VerifyError::Invalid }
}

#[test]
fn a_proof_of_five_segments_verifies() {
    let proved = narrow();
    assert_eq!((proved.proof.segments.len(), proved.proof.merges.len()), (5, 2));
    let evidence = proved.verify(&proved.proof).unwrap();
    assert_eq!((evidence.context(), evidence.h(), evidence.rows()), (context(1), proved.seal.commitment(), 58));
    // The seal is the one that the table would have if it were not cut.
    let whole = Seal::new(proved.plan.layout(), &proved.table.profile(0..58), &secrets(20).seal).unwrap();
    assert_eq!(whole.commitment(), proved.seal.commitment());
    assert!(proved.profile == proved.table.profile(0..58));
}

#[test]
fn a_proof_with_large_dictionaries_verifies() {
    let proved = grouped();
    assert_eq!((proved.proof.segments.len(), proved.proof.merges.len()), (3, 1));
    proved.verify(&proved.proof).unwrap();
    let sizes = |count: u16| match &proved.profile.columns[1].stats {
        ColumnStats::Grouped(stats) => stats.entries[usize::from(count) - 1].count,
        _ => unreachable!(),
    };
    let smallest = (1..=20).map(sizes).min().unwrap();
    assert_eq!(proved.seal.grouped(1).unwrap().record.smallest_group, smallest);
    assert!(smallest > 10, "exact although every segment lacks most groups");
}

#[test]
fn a_table_of_one_segment_has_a_plain_scan_proof() {
    let proved = Proved::new(Tall::narrow(3, 13), 40);
    assert!(proved.proof.merges.is_empty() && proved.proof.dictionaries.is_none());
    let evidence = proved.verify(&proved.proof).unwrap();
    let (segment, own) = (proved.plan.segment(0).unwrap(), &proved.proof.segments[0]);
    assert_eq!(evidence.commitment_root(), own.commitments.root(proved.plan.layout()).unwrap());
    assert_eq!(own.h, proved.seal.commitment());
    let statement = ScanStatement {
        context: context(1),
        plan: segment.scan,
        h: proved.seal.commitment(),
        commitments: &own.commitments,
    };
    let keys = dev_keys(proved.plan.circuits()[0].as_ref()).unwrap();
    verify_any_limbs(srs().verifier_key(), keys.verifying(), &statement, &own.scan).unwrap();
    // Blinders are those of the seed itself, as for a table that was never meant to be cut.
    let whole = Seal::new(proved.plan.layout(), &proved.profile, &secrets(40).seal).unwrap();
    assert_eq!(whole.commitment(), own.h);
    assert_eq!(proved.changed(|proof| proof.segments[0].h = commitment(1)), VerifyTableError::OtherSeal);
}

pub(in crate::scan) fn commitment(value: u64) -> SealCommitment {
    SealCommitment::from_bytes(&crate::scan::statement::scalar_bytes(&Fr::from(value))).unwrap()
}

#[test]
fn segments_cannot_be_exchanged_repeated_or_left_out() {
    let proved = narrow();
    let count = |got| VerifyTableError::SegmentCount { expected: 5, got };
    assert_eq!(proved.changed(|proof| proof.segments.swap(0, 1)), segment(0));
    assert_eq!(proved.changed(|proof| proof.segments[1] = proof.segments[0].clone()), segment(1));
    assert_eq!(proved.changed(|proof| drop(proof.segments.remove(2))), count(4));
    assert_eq!(proved.changed(|proof| proof.segments.push(proof.segments[4].clone())), count(6));
    assert_eq!(proved.changed(|proof| proof.segments.clear()), count(0));
    let rows = |index, expected, got| VerifyTableError::SegmentRows { index, expected, got };
    assert_eq!(proved.changed(|proof| proof.segments.swap(3, 4)), rows(3, 13, 6));
    assert_eq!(proved.changed(|proof| proof.segments[0].rows = 14), rows(0, 13, 14));
    // With the rows told otherwise the layout is another one.
    let swapped = |proof: &mut TableProof| {
        proof.segments.swap(3, 4);
        (proof.segments[3].rows, proof.segments[4].rows) = (13, 6);
    };
    assert_eq!(proved.changed(swapped), segment(3));
}

#[test]
fn every_part_of_a_segment_belongs_to_its_place() {
    let proved = narrow();
    assert_eq!(proved.changed(|proof| proof.segments[2].h = proof.segments[1].h), segment(2));
    assert_eq!(
        proved.changed(|proof| proof.segments[2].commitments = proof.segments[1].commitments.clone()),
        segment(2)
    );
    assert_eq!(proved.changed(|proof| proof.segments[2].scan = proof.segments[1].scan.clone()), segment(2));
}

/// Segments that were proved for another table, for another entry, under other secrets, or among fewer segments.
#[test]
fn segments_of_other_proofs_do_not_fit() {
    let proved = narrow();
    let first = |table: &Tall, context: ScanContext, secret: u8| {
        let plan = table.plan(KAPPA);
        let mut prover = TableProver::new(srs(), &dev_keys, context, &plan, secrets(secret));
        push_all(table, &mut prover, 1);
        prover.state.accepted[0].as_ref().unwrap().proof.clone()
    };
    let with = |own| proved.changed(|proof| proof.segments[0] = own);
    let mut renamed = proved.table.clone();
    renamed.pairs = vec![];
    renamed.rows += 1;
    for column in &mut renamed.columns {
        match column {
            Column::Numeric { values, .. } => values.push(Some(1)),
            Column::Codes { codes, .. } => codes.push(1),
            Column::Opaque { valid } => valid.push(true),
            Column::Hashed { .. } => unreachable!(),
        }
    }
    assert_eq!(with(first(&renamed, context(1), 20)), segment(0), "a table of one row more");
    assert_eq!(with(first(&proved.table, context(2), 20)), segment(0), "another entry");
    let mut fewer = proved.table.clone();
    fewer.segment_rows = 14;
    assert_eq!(with(first(&fewer, context(1), 20)).to_string(), "segment 0 has 14 rows, expected 13");
    // The same place of another table of this form, or of this table under other salts: the scan proof is true, and the
    // merge adds another seal.
    assert_eq!(with(first(&Tall::narrow(4, 58), context(1), 20)), merge(0));
    assert_eq!(with(first(&proved.table, context(1), 21)), merge(0));
}

#[test]
fn merges_belong_to_their_table_and_place() {
    let proved = narrow();
    let count = |got| VerifyTableError::MergeCount { expected: 2, got };
    assert_eq!(proved.changed(|proof| proof.merges = proof.merges.split_off(1)), count(1));
    assert_eq!(proved.changed(|proof| proof.merges.push(proof.merges[1].clone())), count(3));
    assert_eq!(proved.changed(|proof| proof.merges.clear()), count(0));
    assert_eq!(proved.changed(|proof| proof.merges.swap(0, 1)), VerifyTableError::OtherSeal);
    let swapped = |proof: &mut TableProof| {
        let first = proof.merges[0].proof.clone();
        proof.merges[0].proof = std::mem::replace(&mut proof.merges[1].proof, first);
    };
    assert_eq!(proved.changed(swapped), merge(0));
    assert_eq!(proved.changed(|proof| proof.merges[1].proof = proof.merges[0].proof.clone()), merge(1));
    assert_eq!(proved.changed(|proof| proof.merges[0].h = commitment(5)), merge(0));
    // Another way to the same seal.
    let again = Proved::new(proved.table.clone(), 20);
    assert_eq!(again.seal.commitment(), proved.seal.commitment());
    let mut borrowed = proved.proof.clone();
    borrowed.merges = again.proof.merges.clone();
    proved.verify(&borrowed).unwrap();
    assert_ne!(borrowed.merges[0].proof, proved.proof.merges[0].proof);
}

#[test]
fn a_proof_is_for_one_statement() {
    let proved = narrow();
    let statement = proved.statement();
    let under = |statement: &TableStatement<'_>| verify(statement, &proved.proof).unwrap_err();
    assert_eq!(under(&TableStatement { context: context(2), ..statement }), segment(0));
    assert_eq!(under(&TableStatement { h: commitment(9), ..statement }), VerifyTableError::OtherSeal);
    // A forger who changes the last seal with the statement.
    let mut proof = proved.proof.clone();
    proof.merges[1].h = commitment(9);
    assert_eq!(verify(&TableStatement { h: commitment(9), ..statement }, &proof).unwrap_err(), merge(0));

    let mut columns = proved.plan.layout().columns().to_vec();
    columns[0].name = "other".to_owned();
    let renamed = Layout::new(58, columns, Vec::new()).unwrap();
    let shape = |_: &Layout| Ok(proved.plan.segment(0).unwrap().scan.shape().clone());
    let plan = TablePlan::cut(renamed, KAPPA, 13, 4, &shape).unwrap();
    assert_eq!(under(&TableStatement { plan: &plan, ..statement }), segment(0));
    let plan = proved.table.plan(KAPPA + 1);
    let expected = VerifyTableError::RowGroups { index: 0, expected: 3, got: 2 };
    assert_eq!(under(&TableStatement { plan: &plan, ..statement }), expected);

    // The public verifier has no use for limbs of 4 bits, and none without keys.
    let none = TableKeys::new(COMPACT, []);
    let refused = verify_table(srs().verifier_key(), &none, &statement, &proved.proof);
    assert_eq!(refused, Err(VerifyTableError::LimbBits { expected: 16, got: 4 }));
    let circuits = proved.plan.circuits();
    let refused = verify_any_limbs_table(srs().verifier_key(), &none, &statement, &proved.proof);
    assert_eq!(refused, Err(VerifyTableError::MissingKey { circuit: circuits[0].id() }));
    let pair = dev_keys(circuits[0].as_ref()).unwrap();
    let scan_only = TableKeys::new(COMPACT, [(pair.id().clone(), pair.verifying())]);
    let refused = verify_any_limbs_table(srs().verifier_key(), &scan_only, &statement, &proved.proof);
    assert_eq!(refused, Err(VerifyTableError::MissingKey { circuit: circuits[1].id() }));
}

#[test]
fn the_scan_over_dictionaries_belongs_to_its_table() {
    let proved = grouped();
    let missing = VerifyTableError::Dictionaries { expected: true, got: false };
    assert_eq!(proved.changed(|proof| proof.dictionaries = None), missing);
    let own = proved.proof.dictionaries.clone().unwrap();
    let with = |change: &dyn Fn(&mut super::super::proof::DictionaryProof)| {
        let mut own = own.clone();
        change(&mut own);
        proved.changed(|proof| proof.dictionaries = Some(own))
    };
    let invalid = VerifyTableError::DictionaryScan(INVALID);
    assert_eq!(with(&|own| own.h = commitment(3)), invalid);
    assert_eq!(with(&|own| own.columns.swap(0, 1)), invalid);
    assert_eq!(with(&|own| own.columns[0][0] = Commitment::default()), invalid);
    // A scan in another shape has a claim of another length.
    let shape = proved.plan.dictionaries().unwrap().0.shape();
    let expected = shape.log_rows() + shape.block_bits() + 4;
    let source = VerifyScanError::Claim { expected, got: expected };
    let other = with(&|own| own.scan = proved.proof.segments[0].scan.clone());
    assert!(other == VerifyTableError::DictionaryScan(source) || other == invalid, "{other}");
    let columns = |got| VerifyTableError::Commitments {
        index: 3,
        source: CommitmentsError::Groups { column: 5, expected: 128, got },
    };
    assert_eq!(with(&|own| drop(own.columns.pop())), columns(0));
    let source = CommitmentsError::Columns { expected: 6, got: 7 };
    let extra = VerifyTableError::Commitments { index: 3, source };
    assert_eq!(with(&|own| own.columns.push(own.columns[0].clone())), extra);
    let mut proof = narrow().proof.clone();
    proof.dictionaries = Some(own);
    let refused = narrow().verify(&proof).unwrap_err();
    assert_eq!(refused, VerifyTableError::Dictionaries { expected: false, got: true });

    // The dictionaries of another table of this form: their scan is about other multiplicities.
    let other = Proved::new(Tall::grouped(2, 1_000), 31);
    let borrowed = proved.changed(|proof| proof.dictionaries = other.proof.dictionaries.clone());
    assert_eq!(borrowed, invalid);
}

#[test]
fn provers_who_have_no_proof_are_told() {
    let table = Tall::narrow(1, 30);
    let plan = table.plan(KAPPA);
    let ranges: Vec<_> = plan.segments().map(|segment| table.range(&segment)).collect();
    let prover = || TableProver::new(srs(), &dev_keys, context(1), &plan, secrets(50));
    let push = |prover: &mut TableProver<'_>, segment: usize, profile: &Profile| {
        let scan = plan.segment(segment).unwrap().scan;
        let rows = table.encode(ranges[segment].clone());
        prover.push_segment(&rows.witness(scan, &table.profile(ranges[segment].clone())), profile)
    };
    let profile = |segment: usize| table.profile(ranges[segment].clone());
    let mut one = prover();
    push(&mut one, 0, &profile(0)).unwrap();
    // A profile of other rows.
    let mut wrong = profile(1);
    let ColumnStats::Numeric(stats) = &mut wrong.columns[0].stats else { unreachable!() };
    stats.sum += 1u64;
    let refused = push(&mut one, 1, &wrong).unwrap_err();
    let reason = |error: &ProveTableError| match error {
        ProveTableError::Segment { source: ProveScanError::False(reason), .. } => Some(reason.clone()),
        _ => None,
    };
    assert_eq!(reason(&refused), Some(ScanError::MomentsEnd));
    assert!(matches!(push(&mut one, 1, &profile(1)), Err(ProveTableError::Failed)));
    assert!(matches!(one.finish(), Err(ProveTableError::Failed)));

    // Other bounds, another dictionary.
    let mut two = prover();
    push(&mut two, 0, &profile(0)).unwrap();
    let mut wrong = profile(1);
    let ColumnStats::Numeric(stats) = &mut wrong.columns[0].stats else { unreachable!() };
    stats.min -= 1;
    let refused = push(&mut two, 1, &wrong).unwrap_err();
    assert!(matches!(refused, ProveTableError::NotShared { segment: 1, record: 0 }), "{refused}");
    let mut three = prover();
    push(&mut three, 0, &profile(0)).unwrap();
    let mut wrong = profile(1);
    let ColumnStats::Category(stats) = &mut wrong.columns[1].stats else { unreachable!() };
    stats.entries[0].value.push('x');
    let refused = push(&mut three, 1, &wrong).unwrap_err();
    assert!(matches!(refused, ProveTableError::NotShared { segment: 1, record: 1 }), "{refused}");

    // Too few and too many segments.
    let mut four = prover();
    push(&mut four, 0, &profile(0)).unwrap();
    push(&mut four, 1, &profile(1)).unwrap();
    push(&mut four, 2, &profile(2)).unwrap();
    assert!(four.next_segment().is_none());
    let refused = push(&mut four, 2, &profile(2)).unwrap_err();
    assert!(matches!(refused, ProveTableError::TooManySegments { expected: 3 }), "{refused}");
    four.finish().unwrap();
    let mut five = prover();
    push(&mut five, 0, &profile(0)).unwrap();
    assert!(matches!(five.finish(), Err(ProveTableError::Unfinished { expected: 3, got: 1 })));
}

#[test]
fn a_dictionary_value_that_never_occurs_is_refused_at_the_end() {
    let table = Tall::narrow(1, 20);
    let plan = table.plan(KAPPA);
    let mut prover = TableProver::new(srs(), &dev_keys, context(1), &plan, secrets(60));
    for segment in plan.segments() {
        let range = table.range(&segment);
        let mut profile = table.profile(range.clone());
        let ColumnStats::Category(stats) = &mut profile.columns[1].stats else { unreachable!() };
        stats.entries.push(zkl_core::profile::CategoryCount { value: "never".to_owned(), count: 0 });
        let rows = table.encode(range);
        prover.push_segment(&rows.witness(segment.scan, &profile), &profile).unwrap();
    }
    let refused = prover.finish().err();
    assert!(matches!(refused, Some(ProveTableError::Seal(SealError::Column { index: 1, .. }))));
}

#[test]
fn encodings_are_canonical_and_bounded_by_the_plan() {
    for proved in [narrow(), grouped()] {
        let bytes = proved.proof.to_bytes();
        assert_eq!(bytes.len(), with_keys(&proved.plan, |keys| TableProof::encoded_bytes(&proved.plan, keys)).unwrap());
        let decode = |bytes: &[u8]| with_keys(&proved.plan, |keys| TableProof::from_bytes(&proved.plan, keys, bytes));
        assert!(decode(&bytes).unwrap() == proved.proof);
        let version = |got| Err(TableDecodeError::Version { expected: 1, got });
        assert_eq!(decode(&[&[2], &bytes[1..]].concat()), version(2));
        let expected = proved.plan.len();
        let segments = |got| Err(TableDecodeError::Segments { expected, got });
        assert_eq!(decode(&[&[1, 0, 0, 0, 0], &bytes[5..]].concat()), segments(0));
        assert_eq!(decode(&[1, 255, 255, 255, 255]), segments(u32::MAX));
        for got in [0, 4, 5, 40, bytes.len() - 1, bytes.len() + 1] {
            let mut other = bytes.clone();
            other.resize(got, 0);
            assert_eq!(decode(&other), Err(TableDecodeError::Length { expected: bytes.len(), got }));
        }
    }
    let proved = narrow();
    let bytes = proved.proof.to_bytes();
    let decode = |bytes: &[u8]| with_keys(&proved.plan, |keys| TableProof::from_bytes(&proved.plan, keys, bytes));
    let overwrite = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at..at + 32].fill(0xff);
        decode(&bytes).unwrap_err()
    };
    assert!(matches!(overwrite(9), TableDecodeError::Seal { index: 0, .. }));
    assert!(matches!(overwrite(9 + 32), TableDecodeError::Commitments { segment: 0, .. }));
    let scan = 9 + 32 + proved.proof.segments[0].commitments.to_bytes().len();
    assert!(matches!(overwrite(scan), TableDecodeError::Scan { segment: 0, .. }));
    // The circuit's proof is read when it is verified.
    let unreadable = proved.changed(|proof| proof.merges[1].proof[..32].fill(0xff));
    let source = VerifyError::Encoding(DecodeError::Points);
    assert_eq!(unreadable, VerifyTableError::Merge { index: 1, source });
    assert!(matches!(overwrite(bytes.len() - 160), TableDecodeError::Seal { index: 6, .. }));
}

/// A proof of the first version, with its verifying keys: contexts, t0, `lay`, the dataset commitment, the order of public
/// inputs and every encoding must stay as they are, or the version change.
const STORED: &str = include_str!("fixtures/table-proof-v1.txt");

fn stored_table() -> Tall {
    Tall::grouped(2, 1_000)
}

#[test]
fn a_stored_proof_of_version_1_verifies() {
    let plan = stored_table().plan(STORED_KAPPA);
    let lines: Vec<Vec<u8>> = STORED.lines().map(|line| hex::decode(line).unwrap()).collect();
    let (proof, keys) = lines.split_last().unwrap();
    let circuits = plan.circuits();
    assert_eq!(circuits.len(), keys.len());
    let keys: Vec<_> = circuits
        .iter()
        .zip(keys)
        .map(|(circuit, key)| (circuit.id(), groth16::VerifyingKey::from_bytes(key).unwrap()))
        .collect();
    let keys = TableKeys::new(COMPACT, keys.iter().map(|(id, key)| (id.clone(), key as &dyn VerifyingKey)));
    let proof = TableProof::from_bytes(&plan, &keys, proof).unwrap();
    let h = Seal::new(plan.layout(), &stored_table().profile(0..1_000), &secrets(70).seal).unwrap().commitment();
    let statement = TableStatement { context: context(1), plan: &plan, h };
    let evidence = verify_any_limbs_table(srs().verifier_key(), &keys, &statement, &proof).unwrap();
    assert_eq!(evidence.commitment_root().to_string(), STORED_ROOT);
}

const STORED_ROOT: &str = "58eba2a808e5d6beee0f82c7e8475dd75eea7538336261cd64dccdaa6e1d131c";

/// `cargo test -p zkl-circuits --lib prints_a_table_proof_to_store -- --ignored --nocapture`
#[test]
#[ignore = "prints the stored proof anew"]
fn prints_a_table_proof_to_store() {
    let proved = Proved::with_kappa(stored_table(), 70, STORED_KAPPA);
    for circuit in proved.plan.circuits() {
        println!("{}", hex::encode(dev_keys(circuit.as_ref()).unwrap().verifying().as_bytes()));
    }
    println!("{}", hex::encode(proved.proof.to_bytes()));
    println!("root {}", proved.verify(&proved.proof).unwrap().commitment_root());
}
