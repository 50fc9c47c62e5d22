//! Whole proofs of tables in groups.

use std::collections::HashSet;

use zkl_argument::Slots;
use zkl_core::ark::Fr;
use zkl_snark::proof_system::COMPACT;
use zkl_testkit::tamper::ByteTampering;

use super::{
    super::{
        commit::JoinedCommitter,
        proof::{Join, JoinedProof},
        verify::{JoinedStatement, seals, table_seal, verify_any_limbs_joined, verify_joined},
    },
    fixture::{Wide, srs, verify, wide, wide_table, widest, with_keys},
};
use crate::{
    scan::{
        ColumnCommitments, ScanStatement, SegmentProof, TableDecodeError, TableKeys, TableProof, TranscriptCircuit,
        VerifyTableError,
        table::tests::{
            fixture::Tall,
            proofs::{context, secrets, srs as dev_srs},
        },
        tests::{
            fixture::{dev_keys, rng},
            simulator::{random_commitments, random_seal, simulate_scan},
        },
    },
    seal::Seal,
};

#[test]
fn a_wide_table_is_proved_in_groups_under_the_seal_that_it_has_as_a_whole() {
    let wide = wide_table();
    let verified = wide.verify(&wide.proof).unwrap();
    assert_eq!((verified.h(), verified.rows()), (wide.h, 90));
    assert_eq!(verified.commitment_root(), wide.proved.commitment_root);
    let profile = wide.table.profile(0..90);
    assert!(wide.proved.profile == profile);
    let seal = Seal::new(wide.plan.layout(), &profile, &secrets(20).seal).unwrap();
    assert_eq!(seal.commitment(), wide.h, "the grouping is nothing that claims see");
    // Limbs of 4 bits are for tests.
    let refused =
        with_keys(&wide.plan, |keys| verify_joined(srs().verifier_key(), keys, &wide.statement(), &wide.proof));
    assert_eq!(refused, Err(VerifyTableError::LimbBits { expected: 16, got: 4 }));
}

#[test]
fn groups_have_segments_merges_and_dictionaries_of_their_own() {
    // Two large dictionaries in two groups, three segments.
    let mut table = Tall::grouped(3, 1_000);
    table.columns.extend(Tall::grouped(4, 1_000).columns);
    let widest = Slots { limbs: 1, numeric: 1, grouped: 1, ..Slots::default() };
    for table in [wide(150), table] {
        let widest = if table.limb_bits == 4 { super::fixture::widest() } else { widest.clone() };
        let wide = Wide::new(table, &widest, 40);
        assert!(wide.plan.segments() > 1 && wide.plan.groups().len() > 1);
        let verified = wide.verify(&wide.proof).unwrap();
        assert_eq!(verified.commitment_root(), wide.proved.commitment_root);
        let bytes = wide.proof.to_bytes();
        let read = with_keys(&wide.plan, |keys| JoinedProof::from_bytes(&wide.plan, keys, &bytes));
        assert_eq!(read.as_ref(), Ok(&wide.proof));

        let mut committer = JoinedCommitter::new(srs(), &wide.plan, &secrets(40).commitments);
        for segment in wide.plan.groups()[0].plan().segments() {
            let range = wide.table.range(&segment);
            let (rows, profile) = (wide.table.encode(range.clone()), wide.table.profile(range));
            committer.push_segment(&rows.data(), &profile).unwrap();
        }
        let committed = committer.finish().unwrap();
        assert_eq!(committed.commitment_root, wide.proved.commitment_root);
        assert!(committed.profile == wide.proved.profile);
    }
}

#[test]
fn a_proof_is_for_one_statement() {
    let wide = wide_table();
    let elsewhere = verify(&JoinedStatement { context: context(2), ..wide.statement() }, &wide.proof);
    assert!(matches!(elsewhere, Err(VerifyTableError::Group { index: 0, .. })));
    let other = Wide::new(super::fixture::wide(90), &widest(), 60);
    let sealed = verify(&JoinedStatement { h: other.h, ..wide.statement() }, &wide.proof);
    assert_eq!(sealed, Err(VerifyTableError::OtherLeaves));
    // Two proofs of one table under two seeds have nothing in common.
    let parts = |wide: &Wide| -> HashSet<Vec<u8>> {
        let Join { nonce, headers, leaves } = wide.proof.join.as_ref().unwrap();
        let elements =
            std::iter::once(nonce).chain(headers).chain(leaves).map(|element| element.to_string().into_bytes());
        let segments = || wide.proof.groups.iter().flat_map(TableProof::segments);
        let points = segments().flat_map(|segment| segment.commitments().columns().iter().flatten());
        let seals = segments().map(|segment| segment.h.to_bytes().to_vec());
        elements.chain(points.map(|point| point.to_bytes().to_vec())).chain(seals).collect()
    };
    assert!(parts(wide).is_disjoint(&parts(&other)));
    // Within one proof nothing repeats but the points of columns of pairs.
    let shared: usize = wide.plan.groups().iter().map(|group| group.shared().len()).sum();
    let cells: usize = wide.plan.groups().iter().map(|group| group.plan().segment(0).unwrap().scan.cells().len()).sum();
    let (groups, records) =
        (wide.plan.groups().len(), wide.plan.layout().columns().len() + wide.plan.layout().pairs().len());
    assert_eq!(parts(wide).len(), 1 + 2 * groups + records + cells - shared);
}

#[test]
fn bytes_of_other_lengths_versions_and_elements_are_refused() {
    let wide = wide_table();
    let bytes = wide.proof.to_bytes();
    let decode = |bytes: &[u8]| with_keys(&wide.plan, |keys| JoinedProof::from_bytes(&wide.plan, keys, bytes));
    assert_eq!(decode(&bytes).as_ref(), Ok(&wide.proof));
    assert_eq!(decode(&[&[2], &bytes[1..]].concat()), Err(TableDecodeError::Version { expected: 3, got: 2 }));
    for got in [0, 1, 33, bytes.len() - 1, bytes.len() + 1] {
        let mut other = bytes.clone();
        other.resize(got, 0);
        assert_eq!(decode(&other), Err(TableDecodeError::Length { expected: bytes.len(), got }));
    }
    for index in [0, 1, 6] {
        let mut other = bytes.clone();
        other[1 + 32 * index..][..32].fill(0xff);
        assert!(matches!(decode(&other), Err(TableDecodeError::Join { index: at, .. }) if at == index));
    }
    let head = 1 + 32 * (1 + 5 + 16);
    let mut other = bytes.clone();
    other[head] = 1;
    assert!(matches!(decode(&other), Err(TableDecodeError::Group { index: 0, .. })));
    // A table proof is none of a table in groups, and the other way round.
    assert!(decode(&wide.proof.groups[0].to_bytes()).is_err());
}

#[test]
fn no_change_of_the_bytes_is_accepted() {
    let wide = wide_table();
    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug when the untouched proof is rejected")]
    enum Refusal {
        Decode(TableDecodeError),
        Verify(VerifyTableError),
    }
    let check = |bytes: &[u8]| {
        let proof = with_keys(&wide.plan, |keys| JoinedProof::from_bytes(&wide.plan, keys, bytes));
        let proof = proof.map_err(Refusal::Decode)?;
        assert_eq!(proof.to_bytes(), bytes, "two encodings of one proof");
        wide.verify(&proof).map(|_| ()).map_err(Refusal::Verify)
    };
    ByteTampering { max_positions: 40, seed: 5 }.run(&wide.proof.to_bytes(), check).assert_all_rejected();
}

/// Nothing in the proof depends on the rows: leaves, nonces, commitments and proofs out of nothing verify.
#[test]
fn a_simulator_without_a_table_makes_proofs_that_verify() {
    let plan = &wide_table().plan;
    let random = &mut rng(3);
    let mut element = || random_seal(random).field();
    let nonce = element();
    let headers: Vec<Fr> = plan.groups().iter().map(|_| element()).collect();
    let records = plan.layout().columns().len() + plan.layout().pairs().len();
    let leaves: Vec<Fr> = (0..records).map(|_| element()).collect();
    let h = table_seal(plan, nonce, &leaves);
    let join = Join { nonce, headers, leaves };
    let seals = seals(plan, h, &join).unwrap();
    let mut groups: Vec<TableProof> = Vec::new();
    for (index, (group, h)) in plan.groups().iter().zip(seals).enumerate() {
        let segment = group.plan().segment(0).unwrap();
        let mut columns = random_commitments(segment.scan, segment.groups, random).columns().to_vec();
        for shared in group.shared() {
            let (home, position) = shared.home;
            columns[shared.position] = groups[home].segments[0].commitments.columns()[position].clone();
        }
        let commitments = ColumnCommitments::new(segment.scan, segment.groups, columns).unwrap();
        let context = plan.context(context(7), index);
        let statement = ScanStatement { context, plan: segment.scan, h, commitments: &commitments };
        let keys = dev_keys(&TranscriptCircuit::blank(segment.scan.shape().clone())).unwrap();
        let scan = simulate_scan(dev_srs(), keys.as_ref(), &statement, 40 + index as u64);
        let segments = vec![SegmentProof { rows: 90, h, commitments, scan }];
        groups.push(TableProof { tag: None, segments, dictionaries: None, merges: Vec::new() });
    }
    let proof = JoinedProof { join: Some(join), groups };
    let circuits = plan.circuits();
    let keys: Vec<_> = circuits.iter().map(|circuit| dev_keys(circuit.as_ref()).unwrap()).collect();
    let keys = TableKeys::new(COMPACT, keys.iter().map(|keys| (keys.id().clone(), keys.verifying())));
    let statement = JoinedStatement { context: context(7), plan, h };
    verify_any_limbs_joined(dev_srs().verifier_key(), &keys, &statement, &proof).unwrap();
}
