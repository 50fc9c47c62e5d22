//! Every field of a table's proof, changed in every way; and a simulator of whole tables.

use zkl_argument::commit::Commitment;
use zkl_core::ark::{
    G1Affine,
    ec::{AffineRepr as _, CurveGroup as _},
};
use zkl_snark::groth16::Proof;
use zkl_testkit::tamper::ByteTampering;

use super::{
    super::{
        error::{TableDecodeError, VerifyTableError},
        proof::{MergeProof, SegmentProof, TableProof},
        root::dataset_root,
        verify::{MergeFrame, Seals, TableStatement, segment_context},
    },
    proofs::{Proved, commitment, context, grouped, merge, narrow, segment, srs, verify, with_keys},
};
use crate::scan::{
    MergeCircuit, ScanStatement, TranscriptCircuit,
    tests::{
        fixture::{dev_keys, rng},
        simulator::{random_commitments, random_seal, simulate_groth16, simulate_scan},
    },
};

/// Every seal, commitment and proof of every segment and merge: offset, and exchanged with its neighbour.
#[test]
fn every_field_of_a_table_proof_is_checked() {
    let proved = narrow();
    let segments = proved.proof.segments.len();
    for index in 0..segments {
        assert_eq!(proved.changed(|proof| proof.segments[index].h = commitment(4)), segment(index));
        assert_eq!(proved.changed(|proof| proof.segments[index].scan.mask = Commitment::default()), segment(index));
        let offset = |proof: &mut TableProof| {
            let own = &mut proof.segments[index];
            let segment = proved.plan.segment(index).unwrap();
            let mut columns = own.commitments.columns().to_vec();
            columns[1][0] = Commitment::new((columns[1][0].point() + G1Affine::generator()).into_affine());
            own.commitments = crate::scan::ColumnCommitments::new(segment.scan, segment.groups, columns).unwrap();
        };
        assert_eq!(proved.changed(offset), segment(index));
        // Those of a table of other columns.
        let foreign = grouped().proof.segments[0].commitments.clone();
        let refused = proved.changed(|proof| proof.segments[index].commitments = foreign);
        assert!(matches!(refused, VerifyTableError::Commitments { index: at, .. } if at == index), "{refused}");
        let rows =
            |got| VerifyTableError::SegmentRows { index, expected: proved.plan.segment(index).unwrap().rows(), got };
        assert_eq!(proved.changed(|proof| proof.segments[index].rows = 0), rows(0));
        assert_eq!(proved.changed(|proof| proof.segments[index].rows = u32::MAX), rows(u32::MAX.into()));
        let next = (index + 1) % segments;
        let swap_seals = |proof: &mut TableProof| {
            let h = proof.segments[index].h;
            proof.segments[index].h = std::mem::replace(&mut proof.segments[next].h, h);
        };
        assert_eq!(proved.changed(swap_seals), segment(index.min(next)));
        let swap_scans = |proof: &mut TableProof| {
            let scan = proof.segments[index].scan.clone();
            proof.segments[index].scan = std::mem::replace(&mut proof.segments[next].scan, scan);
        };
        assert_eq!(proved.changed(swap_scans), segment(index.min(next)));
    }
    assert_eq!(proved.changed(|proof| proof.merges[1].h = commitment(4)), VerifyTableError::OtherSeal);
    assert_eq!(proved.changed(|proof| proof.merges[0].h = proof.merges[1].h), merge(0));
    for index in 0..2 {
        let other = proved.proof.segments[0].scan.proof[..Proof::LEN].to_vec();
        assert_eq!(proved.changed(|proof| proof.merges[index].proof = other), merge(index));
    }
}

fn tampers(proved: &Proved, max_positions: usize) {
    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug when the untouched proof is rejected")]
    enum Refusal {
        Decode(TableDecodeError),
        Verify(VerifyTableError),
    }
    let bytes = proved.proof.to_bytes();
    let check = |bytes: &[u8]| {
        let proof = with_keys(&proved.plan, |keys| TableProof::from_bytes(&proved.plan, keys, bytes));
        let proof = proof.map_err(Refusal::Decode)?;
        assert_eq!(proof.to_bytes(), bytes, "two encodings of one proof");
        verify(&proved.statement(), &proof).map(|_| ()).map_err(Refusal::Verify)
    };
    ByteTampering { max_positions, seed: 2 }.run(&bytes, check).assert_all_rejected();
}

#[test]
fn no_change_of_the_bytes_of_a_table_proof_is_accepted() {
    tampers(narrow(), 150);
    tampers(grouped(), 60);
}

/// Nothing in a table's proof depends on its rows: seals, commitments and proofs out of nothing verify.
#[test]
fn a_simulator_without_a_table_makes_table_proofs_that_verify() {
    let plan = &narrow().plan;
    let random = &mut rng(3);
    let h = random_seal(random);
    let statement = TableStatement { context: context(7), plan, h };
    let segments: Vec<SegmentProof> = plan
        .segments()
        .map(|segment| {
            let (h, commitments) = (random_seal(random), random_commitments(segment.scan, segment.groups, random));
            let statement = ScanStatement {
                context: segment_context(context(7), plan, &segment),
                plan: segment.scan,
                h,
                commitments: &commitments,
            };
            let keys = dev_keys(&TranscriptCircuit::blank(segment.scan.shape().clone())).unwrap();
            let scan = simulate_scan(srs(), keys.as_ref(), &statement, 40 + segment.index as u64);
            SegmentProof { rows: segment.rows() as u32, h, commitments, scan }
        })
        .collect();
    let slots = plan.segment(0).unwrap().scan.shape().slots().clone();
    let keys = dev_keys(&MergeCircuit::blank(slots.clone())).unwrap();
    let root = dataset_root(plan, segments.iter().map(|segment| &segment.commitments)).unwrap();
    let seals = Seals {
        segments: segments.iter().map(|segment| segment.h).collect(),
        dictionaries: None,
        merges: vec![random_seal(random), h],
    };
    let frame = MergeFrame::new(statement, seals, root, srs().digest(), keys.verifying());
    let merges = plan.merges().into_iter().enumerate().map(|(index, step)| {
        let inputs = frame.inputs(index, step).unwrap();
        MergeProof { h: inputs.h, proof: simulate_groth16(keys.as_ref(), &inputs.to_vec(&slots), random) }
    });
    let merges = merges.collect();
    let proof = TableProof { tag: None, segments, dictionaries: None, merges };
    verify(&statement, &proof).unwrap();
    assert_eq!(proof.to_bytes().len(), narrow().proof.to_bytes().len());
}

/// Two proofs of one table have the profile's seal in common, and the commitments, which follow from the seed.
#[test]
fn proofs_of_one_table_under_two_seeds_have_nothing_in_common() {
    let parts = |proof: &TableProof| -> std::collections::HashSet<Vec<u8>> {
        let seals = proof.segments.iter().map(|segment| segment.h).chain(proof.merges.iter().map(|merge| merge.h));
        let columns = proof.segments.iter().flat_map(|segment| segment.commitments.columns().iter().flatten());
        let scans = proof.segments.iter().flat_map(|segment| {
            let bytes = segment.scan.to_bytes();
            bytes.chunks(32).map(<[u8]>::to_vec).collect::<Vec<_>>()
        });
        let merges = proof.merges.iter().map(|merge| merge.proof.clone());
        let seals = seals.map(|h| h.to_bytes().to_vec());
        let columns = columns.map(|commitment| commitment.to_bytes().to_vec());
        seals.chain(columns).chain(scans).chain(merges).collect()
    };
    let one = &narrow().proof;
    let two = Proved::new(super::fixture::Tall::narrow(1, 58), 90).proof;
    let (first, second) = (parts(one), parts(&two));
    assert_eq!(first.len(), second.len());
    assert!(first.is_disjoint(&second));
    // Every seal of one proof is its own.
    let seals: Vec<_> = one.segments.iter().map(|segment| segment.h).chain(one.merges.iter().map(|m| m.h)).collect();
    let distinct: std::collections::HashSet<_> = seals.iter().collect();
    assert_eq!(distinct.len(), seals.len());
}
