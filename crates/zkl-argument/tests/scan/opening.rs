//! The scan argument together with the commitments.

use zkl_argument::{
    ColumnsError,
    commit::{CommitmentSeed, RowGroups},
    commit_columns,
    hyperkzg::{Mask, MaskedError},
    open_columns, prove_plain,
    srs::Srs,
    verify_columns, verify_plain,
};

use super::table::{Table, rng};

#[test]
fn committed_columns_open_to_what_the_argument_claims() {
    let case = Table::random(41, 4, 13).case();
    let witness = case.witness();
    let srs = Srs::dev(8, b"scan").unwrap();
    let groups = RowGroups::new(2, 4).unwrap();
    let seed = CommitmentSeed::from_bytes([7; 32]);
    let commitments = commit_columns(&srs, groups, &witness, &seed).unwrap();
    let mask = Mask::sample(groups, &mut rng(1));
    let mask_commitment = mask.commit(&srs).unwrap();

    let proof = prove_plain(&case.plan, &witness, &case.sealed, mask.values(), &case.seed).unwrap();
    let opening = verify_plain(&case.plan, &case.sealed, &case.seed, &proof.messages).unwrap();
    let opened =
        open_columns(&srs, b"context", groups, &case.plan, &witness, &seed, &commitments, mask, &proof.opening)
            .unwrap();
    let check = |commitments: &[Vec<_>], opening: &_| {
        let (key, plan) = (srs.verifier_key(), &case.plan);
        verify_columns(key, b"context", groups, plan, commitments, &mask_commitment, opening, &opened)
    };
    check(&commitments, &opening).unwrap();

    let mut swapped = commitments.clone();
    swapped.swap(0, 1);
    assert!(matches!(check(&swapped, &opening), Err(ColumnsError::Masked(MaskedError::Opening(_)))));
    let missing = &commitments[1..];
    let (expected, got) = (commitments.len(), missing.len());
    assert_eq!(check(missing, &opening), Err(ColumnsError::ColumnCount { expected, got }));
    let mut other = opening.clone();
    other.y += zkl_core::ark::Fr::from(1);
    assert!(matches!(check(&commitments, &other), Err(ColumnsError::Masked(MaskedError::Opening(_)))));
}
