//! Every secret that hides something is there: a zeroed blinder, mask or salt makes one of these tests fail.

use std::collections::HashSet;

use zkl_argument::{TranscriptSeed, cell_weights, mle, prove_plain};
use zkl_core::ark::{
    Fr,
    ec::{AffineRepr as _, CurveGroup as _},
    ff::{BigInteger as _, One as _, PrimeField as _, Zero as _},
};

use super::{
    fixture::Table,
    proofs::{Setting, opening_of},
};
use crate::{
    scan::{ScanProof, statement::scalar_bytes},
    seal::{Record as _, Seal, SealSeed, SealedRecord},
};

/// `eq(g, r_hi)` for every row group.
fn group_weights(high: &[Fr]) -> Vec<Fr> {
    let bit = |group: usize, (index, x): (usize, &Fr)| if group >> index & 1 == 1 { *x } else { Fr::one() - x };
    (0..1 << high.len()).map(|group| high.iter().enumerate().map(|point| bit(group, point)).product()).collect()
}

#[test]
fn masks_blinders_and_salts_of_a_proof_are_not_zero() {
    let setting = Setting::flat();
    let proof = setting.prove().unwrap();
    let (claim, plan, groups) = (proof.claim(), &setting.case.plan, setting.commitments.groups());
    let witness = setting.case.witness();
    let weights = cell_weights(plan, claim);

    // The mask: y would be v.
    let rows = plan.shape().rows();
    let value = |index: usize| {
        let column: Vec<Fr> = (0..rows).map(|row| witness.cells()[index].value(row)).collect();
        mle::evaluate(&column, &claim.r_star).unwrap()
    };
    let v: Fr = weights.iter().enumerate().map(|(index, weight)| *weight * value(index)).sum();
    assert_ne!(claim.y, v, "the mask is zero");

    // The mask's blinder: s would be that of the columns alone.
    let eq = group_weights(&claim.r_star[groups.kappa()..]);
    let blinder = |column: usize| -> Fr {
        let terms = eq.iter().enumerate();
        terms.map(|(group, eq)| *eq * setting.seed.blinder(column as u32, group as u32)).sum()
    };
    let s: Fr = weights.iter().enumerate().map(|(column, weight)| *weight * blinder(column)).sum();
    assert_ne!(opening_of(&proof, groups).s, s, "the mask's commitment has no blinder");
    assert!(!proof.mask.point().is_zero());

    // The columns' blinders: commitments would be those of the bare rows, and of nothing for groups of padding.
    for (cell, commitments) in witness.cells().iter().zip(setting.commitments.columns()) {
        for (group, commitment) in commitments.iter().enumerate() {
            let bare = setting.srs.bases().msm(cell.scalars().group(group, groups.rows())).unwrap().into_affine();
            assert_ne!(commitment.point(), bare, "a commitment has no blinder");
        }
    }

    // The transcript's salt: whoever guesses the table could repeat the challenges.
    let t0 = setting.statement().t0(setting.srs.digest(), setting.keys.verifying(), &proof.mask).unwrap();
    let guess = TranscriptSeed { t0, salt: Fr::zero() };
    let sealed = setting.case.sealed();
    let repeated = prove_plain(plan, &witness, &sealed, &setting.case.mask, &guess).unwrap();
    assert_ne!(repeated.opening.r_star, claim.r_star, "the transcript has no salt");
}

/// Points and field elements of a proof, with their place in the encoding.
fn published(proof: &ScanProof) -> Vec<Vec<u8>> {
    proof.to_bytes().chunks(32).map(<[u8]>::to_vec).collect()
}

#[test]
fn proofs_of_one_table_have_one_length_and_nothing_else_in_common() {
    let setting = Setting::flat();
    let proofs = [(); 3].map(|()| setting.prove().unwrap());
    let mut seen = HashSet::new();
    let mut total = 0;
    for proof in &proofs {
        setting.verify(&setting.statement(), proof).unwrap();
        let parts = published(proof);
        total += parts.len();
        seen.extend(parts);
    }
    assert_eq!(seen.len(), total);
    assert!(proofs.iter().all(|proof| proof.to_bytes().len() == proofs[0].to_bytes().len()));
    // Equal layouts give equal lengths, whatever the rows hold.
    let other = ScanProof::encoded_bytes(
        Table::flat(77, 13).case().plan.shape(),
        setting.commitments.groups(),
        setting.keys.verifying(),
    );
    assert_eq!(other, Ok(proofs[0].to_bytes().len()));
}

#[test]
fn seals_of_one_profile_under_two_seeds_share_no_element() {
    let case = Table::mixed(4, 13).case();
    let seal = |byte| Seal::new(case.plan.layout(), &case.profile, &SealSeed::from_bytes([byte; 32])).unwrap();
    let elements = |seal: &Seal| {
        let heads = seal.columns().iter().chain(seal.pairs()).map(SealedRecord::head);
        let mut elements: Vec<Fr> = heads.flat_map(|head| [head.salt, head.leaf()]).collect();
        let header = seal.header().record;
        elements.extend([header.nonce, header.leaf(), seal.commitment().field()]);
        elements
    };
    let (one, two) = (elements(&seal(1)), elements(&seal(2)));
    let distinct: HashSet<[u8; 32]> = one.iter().chain(&two).map(scalar_bytes).collect();
    assert_eq!(distinct.len(), one.len() + two.len(), "a salt repeats, or there is none");
    assert!(one.iter().all(|element| !element.is_zero()));
    let high = |element: &&Fr| element.into_bigint().to_bytes_le()[24..].iter().any(|&byte| byte != 0);
    assert_eq!(one.iter().filter(high).count(), one.len(), "salts are field elements, not small numbers");
}
