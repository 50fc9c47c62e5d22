//! Segments that are proved apart, travel as bytes, and are joined in any order.

use zkl_core::{
    circuit::Circuit,
    digest::Sha256Digest,
    profile::{ColumnStats, Profile},
};
use zkl_snark::proof_system::{COMPACT, UNIVERSAL};
use zkl_testkit::tamper::ByteTampering;

use super::{
    super::{
        error::{PartDecodeError, ProveTableError, RefusedPart, VerifyTableError},
        plan::TablePlan,
        prover::TableProver,
        segment::{SegmentPart, SegmentProver},
        verify::{TableStatement, verify_any_limbs_table},
    },
    fixture::Tall,
    proofs::{KAPPA, context, grouped, narrow, secrets, segment, srs, universal_srs, verify, with_keys},
};
use crate::{
    scan::tests::fixture::{dev_keys, keys_of},
    seal::{ColumnFault, SealError},
};

fn frame() -> Sha256Digest {
    Sha256Digest::of(b"the frame")
}

/// The profile of no rows in the frame of a table.
fn empty(table: &Tall) -> Profile {
    table.profile(0..0)
}

fn prove(table: &Tall, prover: &SegmentProver<'_>, index: usize) -> Result<SegmentPart, ProveTableError> {
    let segment = prover.plan().segment(index).unwrap();
    let range = table.range(&segment);
    let (rows, profile) = (table.encode(range.clone()), table.profile(range));
    prover.prove(index, &rows.witness(segment.scan, &profile), profile)
}

/// What a machine of its own makes of one segment.
fn worker(table: &Tall, plan: &TablePlan, secret: u8, index: usize) -> Vec<u8> {
    let prover = SegmentProver::new(srs(), &dev_keys, context(1), plan, secrets(secret));
    prove(table, &prover, index).unwrap().to_bytes(&frame())
}

fn decode(table: &Tall, plan: &TablePlan, bytes: &[u8]) -> Result<SegmentPart, PartDecodeError> {
    with_keys(plan, |keys| SegmentPart::from_bytes(plan, keys, &empty(table), &frame(), bytes))
}

#[test]
fn parts_from_workers_in_any_order_make_the_table_of_one_machine() {
    for (table, local, secret) in [(Tall::narrow(1, 58), narrow(), 20), (Tall::grouped(2, 1_000), grouped(), 30)] {
        let plan = table.plan(KAPPA);
        let mut driver = TableProver::new(srs(), &dev_keys, context(1), &plan, secrets(secret));
        let order: Vec<usize> =
            (0..plan.len()).rev().step_by(2).chain((0..plan.len()).rev().skip(1).step_by(2)).collect();
        for &index in &order {
            assert!(driver.missing().any(|segment| segment.index == index));
            let bytes = worker(&table, &plan, secret, index);
            driver.accept(decode(&table, &plan, &bytes).unwrap()).unwrap();
        }
        assert_eq!(driver.missing().count(), 0);
        let proved = driver.finish().unwrap();
        assert_eq!(proved.seal.commitment(), local.seal.commitment());
        assert!(proved.profile == table.profile(0..table.rows));
        let evidence = local.verify(&local.proof).unwrap();
        assert_eq!(proved.commitment_root, evidence.commitment_root(), "the dataset commitment of one machine");
        let statement = TableStatement { context: context(1), plan: &plan, h: proved.seal.commitment() };
        assert_eq!(verify(&statement, &proved.proof).unwrap(), evidence, "for the same verifier");
        assert!(proved.proof != local.proof, "mask and salt are fresh");
    }
}

#[test]
fn parts_of_universal_proofs_are_accepted_and_those_of_another_system_are_not() {
    let table = Tall::narrow(1, 20);
    let plan = table.plan(4);
    let universal = |circuit: &dyn Circuit| keys_of(UNIVERSAL, circuit);
    let compact = |circuit: &dyn Circuit| keys_of(COMPACT, circuit);
    let prover = SegmentProver::new(universal_srs(), &universal, context(1), &plan, secrets(20));
    let other = SegmentProver::new(universal_srs(), &compact, context(1), &plan, secrets(20));
    let mut driver = TableProver::joining(prover.clone());
    let refused = driver.accept(prove(&table, &other, 1).unwrap()).unwrap_err();
    assert!(matches!(refused, ProveTableError::Refused { segment: 1, source: RefusedPart::OtherSystem }), "{refused}");
    for index in [1, 0] {
        driver.accept(prove(&table, &prover, index).unwrap()).unwrap();
    }
    let proved = driver.finish().unwrap();
    let statement = TableStatement { context: context(1), plan: &plan, h: proved.seal.commitment() };
    let circuits = plan.circuits();
    let pairs: Vec<_> = circuits.iter().map(|circuit| keys_of(UNIVERSAL, circuit.as_ref()).unwrap()).collect();
    let keys = super::super::TableKeys::new(UNIVERSAL, pairs.iter().map(|pair| (pair.id().clone(), pair.verifying())));
    verify_any_limbs_table(universal_srs().verifier_key(), &keys, &statement, &proved.proof).unwrap();

    // Bytes say of which system they are.
    let bytes = prove(&table, &prover, 0).unwrap().to_bytes(&frame());
    let part = SegmentPart::from_bytes(&plan, &keys, &empty(&table), &frame(), &bytes).unwrap();
    assert_eq!(part.to_bytes(&frame()), bytes);
    assert_eq!(decode(&table, &plan, &bytes).err(), Some(PartDecodeError::System { expected: 0, got: 1 }));
}

/// Why a driver that has accepted nothing refuses this part; it accepts the true one afterwards.
fn refusal(table: &Tall, secret: u8, part: SegmentPart) -> ProveTableError {
    let plan = table.plan(KAPPA);
    let mut driver = TableProver::new(srs(), &dev_keys, context(1), &plan, secrets(secret));
    let index = part.index();
    let refused = driver.accept(part).unwrap_err();
    assert_eq!(driver.missing().count(), plan.len());
    driver.accept(decode(table, &plan, &worker(table, &plan, secret, index)).unwrap()).unwrap();
    refused
}

fn refused_for(error: ProveTableError, index: usize) -> RefusedPart {
    match error {
        ProveTableError::Refused { segment, source } if segment == index => source,
        other => panic!("{other}"),
    }
}

#[test]
fn a_part_that_is_not_what_it_says_is_refused_and_the_driver_goes_on() {
    let table = Tall::narrow(1, 58);
    let plan = table.plan(KAPPA);
    let prover = SegmentProver::new(srs(), &dev_keys, context(1), &plan, secrets(20));
    let part = |index| prove(&table, &prover, index).unwrap();
    let invalid = |index| RefusedPart::Proof(segment(index));
    let true_part = part(1);

    // Said to be another segment.
    let mut moved = true_part.clone();
    moved.index = 2;
    assert_eq!(refused_for(refusal(&table, 20, moved), 2), RefusedPart::OtherSums);
    let mut moved = true_part.clone();
    moved.index = 4;
    let rows = VerifyTableError::SegmentRows { index: 4, expected: 6, got: 13 };
    assert_eq!(refused_for(refusal(&table, 20, moved), 4), RefusedPart::Proof(rows));
    // For another entry; under another string; under other secrets; of another table of this form.
    let elsewhere = SegmentProver { context: context(2), ..prover.clone() };
    assert_eq!(refused_for(refusal(&table, 20, prove(&table, &elsewhere, 1).unwrap()), 1), invalid(1));
    let other_string = zkl_argument::srs::Srs::dev(1 << 7, &[9; 32]).unwrap();
    let other = SegmentProver { srs: &other_string, ..prover.clone() };
    assert_eq!(refused_for(refusal(&table, 20, prove(&table, &other, 1).unwrap()), 1), invalid(1));
    let other = SegmentProver { secrets: secrets(21), ..prover.clone() };
    assert_eq!(refused_for(refusal(&table, 20, prove(&table, &other, 1).unwrap()), 1), RefusedPart::OtherSums);
    let mut borrowed = prove(&Tall::narrow(4, 58), &prover, 1).unwrap();
    assert_ne!(borrowed.proof.h, true_part.proof.h);
    borrowed.profile = true_part.profile.clone();
    assert_eq!(refused_for(refusal(&table, 20, borrowed), 1), RefusedPart::OtherSums);

    // Every piece of it.
    let changed = |change: &dyn Fn(&mut SegmentPart)| {
        let mut part = true_part.clone();
        change(&mut part);
        refused_for(refusal(&table, 20, part), 1)
    };
    let next = part(2);
    assert_eq!(changed(&|part| part.proof.h = next.proof.h), RefusedPart::OtherSums);
    assert_eq!(changed(&|part| part.proof.scan = next.proof.scan.clone()), invalid(1));
    assert_eq!(changed(&|part| part.proof.commitments = next.proof.commitments.clone()), invalid(1));
    assert_eq!(changed(&|part| part.tag = UNIVERSAL.tag()), RefusedPart::OtherSystem);
    let sum = changed(&|part| {
        let ColumnStats::Numeric(stats) = &mut part.profile.columns[0].stats else { unreachable!() };
        stats.sum += 1u64;
    });
    assert_eq!(sum, RefusedPart::OtherSums);
    let rows = changed(&|part| part.profile.rows += 1);
    assert_eq!(rows, RefusedPart::Sums(SealError::Rows { expected: 13, got: 14 }));
    let impossible = changed(&|part| part.profile.columns[0].valid = 14);
    let fault = ColumnFault::Valid { rows: 13, got: 14 };
    assert_eq!(impossible, RefusedPart::Sums(SealError::Column { index: 0, fault }));
}

#[test]
fn counts_of_a_large_dictionary_are_those_that_were_committed_to() {
    let table = Tall::grouped(2, 1_000);
    let plan = table.plan(KAPPA);
    let prover = SegmentProver::new(srs(), &dev_keys, context(1), &plan, secrets(30));
    let mut part = prove(&table, &prover, 0).unwrap();
    // The seal holds the number of groups and the smallest one, so this has the same seal.
    let ColumnStats::Grouped(stats) = &mut part.profile.columns[1].stats else { unreachable!() };
    let smallest = stats.entries.iter().map(|entry| entry.count).min().unwrap();
    let large: Vec<usize> = (0..stats.entries.len()).filter(|&code| stats.entries[code].count > smallest + 1).collect();
    stats.entries[large[0]].count += 1;
    stats.entries[large[1]].count -= 1;
    assert_eq!(refused_for(refusal(&table, 30, part), 0), RefusedPart::GroupCounts { column: 1 });
}

#[test]
fn a_segment_is_accepted_once_and_only_in_the_frame_of_the_others() {
    let table = Tall::narrow(1, 30);
    let plan = table.plan(KAPPA);
    let prover = SegmentProver::new(srs(), &dev_keys, context(1), &plan, secrets(50));
    let mut driver = TableProver::joining(prover.clone());
    driver.accept(prove(&table, &prover, 2).unwrap()).unwrap();
    let again = driver.accept(prove(&table, &prover, 2).unwrap()).unwrap_err();
    assert!(matches!(again, ProveTableError::Repeated { segment: 2 }), "{again}");

    // Another dictionary, honestly sealed and proved: the segment before is not there yet, so the one that waits is compared.
    let segment = plan.segment(1).unwrap();
    let mut profile = table.profile(table.range(&segment));
    let rows = table.encode(table.range(&segment));
    let witness = rows.witness(segment.scan, &profile);
    let ColumnStats::Category(stats) = &mut profile.columns[1].stats else { unreachable!() };
    stats.entries[0].value.push('x');
    let other = driver.accept(prover.prove(1, &witness, profile).unwrap()).unwrap_err();
    assert!(matches!(other, ProveTableError::NotShared { segment: 1, record: 1 }), "{other}");

    let mut beyond = prove(&table, &prover, 0).unwrap();
    beyond.index = 3;
    let none = driver.accept(beyond).unwrap_err();
    assert!(matches!(none, ProveTableError::NoSegment { index: 3, expected: 3 }), "{none}");
    let none = prover.prove(3, &witness, table.profile(0..13)).err();
    assert!(matches!(none, Some(ProveTableError::NoSegment { index: 3, expected: 3 })));
    assert!(matches!(driver.finish(), Err(ProveTableError::Unfinished { expected: 3, got: 1 })));
}

#[test]
fn encodings_of_parts_are_canonical_and_bounded_by_the_frame() {
    for (table, kappa) in [(Tall::mixed(5, 30), KAPPA), (Tall::grouped(2, 1_000), KAPPA)] {
        let plan = table.plan(kappa);
        let bytes = worker(&table, &plan, 20, 1);
        let part = decode(&table, &plan, &bytes).unwrap();
        assert_eq!((part.to_bytes(&frame()), part.index()), (bytes.clone(), 1));
        let segment = plan.segment(1).unwrap();
        assert!(part.profile == table.profile(table.range(&segment)));

        let with = |at: usize, with: &[u8]| {
            let mut bytes = bytes.clone();
            bytes[at..at + with.len()].copy_from_slice(with);
            decode(&table, &plan, &bytes).err()
        };
        assert_eq!(with(0, &[2]), Some(PartDecodeError::Version { expected: 1, got: 2 }));
        assert_eq!(with(1, &[1]), Some(PartDecodeError::System { expected: 0, got: 1 }));
        assert_eq!(with(2, &[0]), Some(PartDecodeError::OtherFrame));
        let expected = plan.len();
        assert_eq!(with(34, &[3, 0, 0, 0]), Some(PartDecodeError::NoSegment { index: 3, expected }));
        assert_eq!(with(34, &[255; 4]), Some(PartDecodeError::NoSegment { index: u32::MAX, expected }));
        for got in [0, 1, 37, 38, bytes.len() - 1, bytes.len() + 1] {
            let mut other = bytes.clone();
            other.resize(got, 0);
            let expected = if got < 38 { 38 } else { bytes.len() };
            assert_eq!(decode(&table, &plan, &other).err(), Some(PartDecodeError::Length { expected, got }));
        }
        assert!(matches!(with(bytes.len() - 200, &[255; 200]), None | Some(PartDecodeError::Proof(_))));
        let none = super::super::TableKeys::new(COMPACT, []);
        let missing = SegmentPart::from_bytes(&plan, &none, &empty(&table), &frame(), &bytes).err();
        assert!(matches!(missing, Some(PartDecodeError::Proof(_))));
    }
}

#[test]
fn no_byte_of_a_part_can_be_changed() {
    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug when the untouched part is rejected")]
    enum Refusal {
        Decode(PartDecodeError),
        Accept(ProveTableError),
    }
    let table = Tall::narrow(1, 30);
    let plan = table.plan(KAPPA);
    let bytes = worker(&table, &plan, 20, 1);
    let check = |bytes: &[u8]| {
        let part = decode(&table, &plan, bytes).map_err(Refusal::Decode)?;
        assert_eq!(part.to_bytes(&frame()), bytes, "two encodings of one part");
        let mut driver = TableProver::new(srs(), &dev_keys, context(1), &plan, secrets(20));
        driver.accept(part).map_err(Refusal::Accept)
    };
    ByteTampering { max_positions: 100, seed: 3 }.run(&bytes, check).assert_all_rejected();
}
