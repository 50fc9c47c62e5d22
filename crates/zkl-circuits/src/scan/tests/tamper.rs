//! Every field of a scan proof, changed in every way, is rejected by the check that it belongs to.

use zkl_argument::{
    commit::Commitment,
    hyperkzg::{Evaluations, HyperKzgError, MaskedError, MaskedOpening},
};
use zkl_core::ark::{
    Fr, G1Affine,
    ec::{AffineRepr as _, CurveGroup as _},
    ff::One as _,
};
use zkl_snark::{
    groth16::Proof,
    proof_system::{DecodeError, VerifyError},
};
use zkl_testkit::tamper::ByteTampering;

use super::proofs::{Setting, change_opening, opening_of};
use crate::scan::{
    ColumnCommitments, CommitmentsError, ScanDecodeError, ScanProof, ScanStatement, VerifyScanError,
    circuit::{opening_elements, opening_from_elements},
};

const INVALID: VerifyScanError = VerifyScanError::Proof(VerifyError::Invalid);

fn opening(error: HyperKzgError) -> VerifyScanError {
    VerifyScanError::Proof(VerifyError::Opening(MaskedError::Opening(error)))
}

fn offset(commitment: &mut Commitment) {
    *commitment = Commitment::new((commitment.point() + G1Affine::generator()).into_affine());
}

#[test]
fn every_field_of_a_scan_proof_is_checked() {
    let setting = Setting::flat();
    let proof = setting.prove().unwrap();
    let statement = setting.statement();
    let (shape, groups) = (setting.case.plan.shape(), setting.commitments.groups());
    let changed = |change: &dyn Fn(&mut ScanProof)| {
        let mut proof = proof.clone();
        change(&mut proof);
        setting.verify(&statement, &proof).unwrap_err()
    };
    let opened = |change: &dyn Fn(&mut MaskedOpening)| changed(&|proof| change_opening(proof, groups, change));
    let intact = opening_of(&proof, groups);
    let first = opening(HyperKzgError::Fold { round: 0 });

    // The mask, and every element of the claim: offset and swap.
    assert_eq!(changed(&|proof| offset(&mut proof.mask)), INVALID);
    assert_eq!(changed(&|proof| proof.mask = Commitment::default()), INVALID);
    assert_eq!(changed(&|proof| proof.mask = setting.commitments.columns()[0][0]), INVALID);
    let elements = opening_elements(proof.claim());
    for index in 0..elements.len() {
        let with = |change: &dyn Fn(&mut Vec<Fr>)| {
            let mut elements = elements.clone();
            change(&mut elements);
            changed(&|proof| proof.claim = opening_from_elements(shape, &elements).unwrap())
        };
        assert_eq!(with(&|elements| elements[index] += Fr::one()), INVALID, "element {index}");
        let next = (index + 1) % elements.len();
        assert_eq!(with(&|elements| elements.swap(index, next)), INVALID, "elements {index} and {next}");
    }
    // Truncated, extended, empty.
    let expected = elements.len();
    let claim = |got| VerifyScanError::Claim { expected, got };
    assert_eq!(changed(&|proof| proof.claim.r_star.truncate(shape.log_rows() - 1)), claim(expected - 1));
    assert_eq!(changed(&|proof| proof.claim.r_star.push(Fr::one())), claim(expected + 1));
    assert_eq!(changed(&|proof| proof.claim.r_star.clear()), claim(expected - shape.log_rows()));
    assert_eq!(changed(&|proof| proof.claim.z_blk.truncate(shape.block_bits() - 1)), claim(expected - 1));
    assert_eq!(changed(&|proof| proof.claim.z_blk.push(Fr::one())), claim(expected + 1));
    assert_eq!(changed(&|proof| proof.claim.z_blk.clear()), claim(expected - shape.block_bits()));
    let moved = |proof: &mut ScanProof| {
        let last = proof.claim.r_star.pop().unwrap();
        proof.claim.z_blk.insert(0, last);
    };
    assert_eq!(changed(&moved), claim(expected), "as many, cut elsewhere");

    // The points of the transcript proof: A, B, C.
    let points = proof.proof[..Proof::LEN].to_vec();
    let second = setting.prove().unwrap().proof;
    let with_points = |points: &[u8]| changed(&|proof| proof.proof[..Proof::LEN].copy_from_slice(points));
    for (at, len) in [(0, 32), (32, 64), (96, 32)] {
        let mut bytes = points.clone();
        bytes[at..at + len].copy_from_slice(&second[at..at + len]);
        assert_eq!(with_points(&bytes), INVALID, "point at {at}");
    }
    let mut swapped = points.clone();
    swapped[..32].copy_from_slice(&points[96..]);
    swapped[96..].copy_from_slice(&points[..32]);
    assert_eq!(with_points(&swapped), INVALID);

    // The opening.
    assert_eq!(opened(&|opening| opening.s += Fr::one()), first);
    for index in 0..intact.proof.folds.len() {
        assert_eq!(opened(&|opening| offset(&mut opening.proof.folds[index])), first, "fold {index}");
    }
    let rounds = intact.proof.evaluations.len();
    for round in 0..rounds {
        for value in 0..3 {
            let change = |opening: &mut MaskedOpening| {
                let Evaluations { at_r, at_minus_r, at_r_squared } = &mut opening.proof.evaluations[round];
                *[at_r, at_minus_r, at_r_squared][value] += Fr::one();
            };
            // The value at r^2 is that of the fold before; that of round 0 is in the pairing alone.
            let expected = match (value, round) {
                (2, 0) => opening(HyperKzgError::Pairing),
                (2, round) => opening(HyperKzgError::Fold { round: round - 1 }),
                (_, round) => opening(HyperKzgError::Fold { round }),
            };
            assert_eq!(opened(&change), expected, "round {round}, value {value}");
        }
    }
    assert_eq!(opened(&|opening| opening.proof.evaluations.swap(0, 1)), first);
    for index in 0..3 {
        let pairing = opening(HyperKzgError::Pairing);
        assert_eq!(opened(&|opening| offset(&mut opening.proof.witnesses[index])), pairing, "witness {index}");
        assert_eq!(opened(&|opening| opening.proof.witnesses.swap(index, (index + 1) % 3)), pairing);
    }
    // As many bytes as the row groups ask for, and no others.
    let expected = proof.proof.len();
    let length = |got| VerifyScanError::Proof(VerifyError::Encoding(DecodeError::Length { expected, got }));
    assert_eq!(opened(&|opening| opening.proof.folds.clear()), length(expected - 32 * (rounds - 1)));
    assert_eq!(opened(&|opening| opening.proof.folds.push(Commitment::default())), length(expected + 32));
    assert_eq!(opened(&|opening| opening.proof.evaluations.clear()), length(expected - 96 * rounds));
    assert_eq!(opened(&|opening| opening.proof.evaluations.truncate(rounds - 1)), length(expected - 96));
    let again = |opening: &mut MaskedOpening| {
        let last = opening.proof.evaluations[0];
        opening.proof.evaluations.push(last);
    };
    assert_eq!(opened(&again), length(expected + 96));
}

#[test]
fn every_commitment_of_a_statement_is_bound() {
    let setting = Setting::flat();
    let proof = setting.prove().unwrap();
    let (plan, groups) = (&setting.case.plan, setting.commitments.groups());
    let columns = setting.commitments.columns();
    let with = |change: &dyn Fn(&mut Vec<Vec<Commitment>>)| {
        let mut columns = columns.to_vec();
        change(&mut columns);
        let commitments = ColumnCommitments::new(plan, groups, columns)?;
        setting.verify(&ScanStatement { commitments: &commitments, ..setting.statement() }, &proof)
    };
    for column in 0..columns.len() {
        for group in 0..groups.count() {
            assert_eq!(with(&|columns| offset(&mut columns[column][group])), Err(INVALID));
            let next = (group + 1) % groups.count();
            assert_eq!(with(&|columns| columns[column].swap(group, next)), Err(INVALID));
        }
        let next = (column + 1) % columns.len();
        assert_eq!(with(&|columns| columns.swap(column, next)), Err(INVALID));
        let expected = groups.count();
        let count = |got| Err(CommitmentsError::Groups { column, expected, got }.into());
        assert_eq!(with(&|columns| columns[column].truncate(expected - 1)), count(expected - 1));
        assert_eq!(with(&|columns| columns[column].push(Commitment::default())), count(expected + 1));
        assert_eq!(with(&|columns| columns[column].clear()), count(0));
    }
    let expected = columns.len();
    let count = |got| Err(CommitmentsError::Columns { expected, got }.into());
    assert_eq!(with(&|columns| drop(columns.pop())), count(expected - 1));
    assert_eq!(with(&|columns| columns.push(columns[0].clone())), count(expected + 1));
    assert_eq!(with(&Vec::clear), count(0));
}

#[test]
fn no_change_of_the_bytes_of_a_scan_proof_is_accepted() {
    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug when the untouched proof is rejected")]
    enum Refusal {
        Decode(ScanDecodeError),
        Verify(VerifyScanError),
    }
    let setting = Setting::flat();
    let (shape, groups) = (setting.case.plan.shape(), setting.commitments.groups());
    let bytes = setting.prove().unwrap().to_bytes();
    let check = |bytes: &[u8]| {
        let proof = ScanProof::from_bytes(shape, groups, setting.keys.verifying(), bytes).map_err(Refusal::Decode)?;
        assert_eq!(proof.to_bytes(), bytes, "two encodings of one proof");
        setting.verify(&setting.statement(), &proof).map_err(Refusal::Verify)
    };
    ByteTampering { max_positions: 400, seed: 1 }.run(&bytes, check).assert_all_rejected();
}
