//! Dishonest provers, each against the check that must stop it.

use zkl_argument::{ColumnData, ScanWitness, SealedProfile};
use zkl_core::{ark::Fr, profile::ColumnStats};
use zkl_snark::proof_system::VerifyError;

use super::{
    super::proof::JoinedProof,
    fixture::{Wide, keys, srs, verify, wide, wide_table, widest},
};
use crate::{
    scan::{
        ColumnCommitments, ScanContext, TableProver, VerifyScanError, VerifyTableError,
        join::{plan::pick, verify::JoinedStatement},
        table::tests::proofs::{context, secrets},
    },
    seal::Seal,
};

fn in_group(index: usize, source: VerifyTableError) -> VerifyTableError {
    VerifyTableError::Group { index, source: Box::new(source) }
}

/// The scan proof of a group's only segment does not show what it is taken for.
fn is_false(error: &VerifyTableError, group: usize) -> bool {
    let VerifyTableError::Group { index, source } = error else { return false };
    let opening = |error: &VerifyScanError| matches!(error, VerifyScanError::Proof(VerifyError::Opening(_)));
    *index == group && matches!(source.as_ref(), VerifyTableError::Segment { index: 0, source } if opening(source))
}

/// The proof of a group made again, in this context and with these secrets.
fn group_again(wide: &Wide, group: usize, of: ScanContext, secret: u8) -> crate::scan::TableProof {
    let own = &wide.plan.groups()[group];
    let secrets = wide.plan.secrets(&secrets(secret), group);
    let mut prover = TableProver::new(srs(), &keys, of, own.plan(), secrets);
    let (rows, profile) = (wide.table.encode(0..90), own.profile(&wide.table.profile(0..90)));
    let segment = prover.next_segment().unwrap();
    let sealed = SealedProfile::from_profile(segment.scan, &profile).unwrap();
    let witness = ScanWitness::new(segment.scan, &pick(own.columns(), &rows.data()), &sealed).unwrap();
    prover.push_segment(&witness, &profile).unwrap();
    prover.finish().unwrap().proof
}

#[test]
fn rejects_a_record_that_no_group_proved() {
    let wide = wide_table();
    // The seal of a profile with one sum more, its leaves and its nonce, and true proofs of all groups.
    let mut profile = wide.table.profile(0..90);
    let ColumnStats::Numeric(stats) = &mut profile.columns[7].stats else { unreachable!() };
    stats.sum += 1u8;
    let seal = Seal::new(wide.plan.layout(), &profile, &secrets(20).seal).unwrap();
    let mut proof = wide.proof.clone();
    proof.join.as_mut().unwrap().leaves = seal.record_leaves().to_vec();
    let statement = JoinedStatement { h: seal.commitment(), ..wide.statement() };
    // Its leaf is not one of the seal of its group.
    assert_eq!(verify(&statement, &proof), Err(in_group(1, VerifyTableError::OtherSeal)));
    // Nor does the group prove a seal with this leaf.
    let own = &wide.plan.groups()[1];
    let group =
        Seal::new(own.plan().layout(), &own.profile(&profile), &wide.plan.secrets(&secrets(20), 1).seal).unwrap();
    proof.groups[1].segments[0].h = group.commitment();
    assert!(is_false(&verify(&statement, &proof).unwrap_err(), 1));
}

#[test]
fn rejects_groups_that_are_left_out_exchanged_or_of_another_table() {
    let wide = wide_table();
    let without = wide.changed(|proof| drop(proof.groups.pop()));
    assert_eq!(without, VerifyTableError::GroupCount { expected: 5, got: 4 });
    let twice = wide.changed(|proof| proof.groups.push(proof.groups[4].clone()));
    assert_eq!(twice, VerifyTableError::GroupCount { expected: 5, got: 6 });
    let unjoined = wide.changed(|proof| proof.join = None);
    assert_eq!(unjoined, VerifyTableError::LeafCount { expected: 5, got: 0 });

    // Groups 0 and 1 have columns of the same kinds, and circuits of one shape.
    let exchanged = wide.changed(|proof| {
        proof.groups.swap(0, 1);
        proof.join.as_mut().unwrap().headers.swap(0, 1);
    });
    assert!(matches!(exchanged, VerifyTableError::OtherColumn { group: 2, column: 0 }));

    // A true proof of the very group, for another place, table or entry: all else is as it must be.
    let elsewhere = |of: ScanContext| {
        let proof =
            JoinedProof { groups: replaced(&wide.proof, 4, group_again(wide, 4, of, 20)), ..wide.proof.clone() };
        wide.verify(&proof)
    };
    elsewhere(wide.plan.context(context(1), 4)).unwrap();
    for of in [wide.plan.context(context(1), 3), wide.plan.context(context(2), 4), context(1)] {
        assert!(is_false(&elsewhere(of).unwrap_err(), 4));
    }
    // Of another table: its columns are committed to under another seed.
    let foreign = group_again(wide, 1, wide.plan.context(context(1), 1), 60);
    let foreign = wide.changed(|proof| proof.groups[1] = foreign);
    assert_eq!(foreign, VerifyTableError::OtherColumn { group: 2, column: 6 });
}

fn replaced(proof: &JoinedProof, group: usize, by: crate::scan::TableProof) -> Vec<crate::scan::TableProof> {
    let mut groups = proof.groups.clone();
    groups[group] = by;
    groups
}

#[test]
fn rejects_a_pair_of_a_column_whose_rows_are_in_another_order() {
    // Column 6 backwards in the group of its product: its record is the same, the sum of products is not.
    let table = wide(90);
    let mut lie = table.clone();
    let crate::scan::tests::fixture::Column::Numeric { values, .. } = &mut lie.columns[6] else { unreachable!() };
    values.reverse();
    let (other, false_profile) = (lie.encode(0..90), lie.profile(0..90));
    assert!(false_profile.columns[6] == table.profile(0..90).columns[6]);
    assert!(false_profile.pairs[0] != table.profile(0..90).pairs[0]);
    let lied = Wide::proved_as(table, &widest(), 20, &|group, _, _, prove| match group {
        2 => prove(Some((&other.data(), &false_profile))),
        _ => prove(None),
    });
    // Every group is true of its columns, and every leaf is that of its record.
    let error = lied.verify(&lied.proof).unwrap_err();
    assert_eq!(error, VerifyTableError::OtherColumn { group: 2, column: 6 });
    // Under the points of the column's own group the proof is false.
    let mut proof = lied.proof.clone();
    let honest = wide_table().proof.groups[2].segments[0].commitments.columns().to_vec();
    let own = &mut proof.groups[2].segments[0];
    let mut columns = own.commitments.columns().to_vec();
    for shared in lied.plan.groups()[2].shared() {
        columns[shared.position] = honest[shared.position].clone();
    }
    let segment = lied.plan.groups()[2].plan().segment(0).unwrap();
    own.commitments = ColumnCommitments::new(segment.scan, segment.groups, columns).unwrap();
    assert!(is_false(&lied.verify(&proof).unwrap_err(), 2));
}

#[test]
fn rejects_a_record_that_is_moved_to_another_leaf() {
    let wide = wide_table();
    let swapped = |proof: &mut JoinedProof| proof.join.as_mut().unwrap().leaves.swap(0, 6);
    assert_eq!(wide.changed(swapped), VerifyTableError::OtherLeaves);
    // In the seal as well.
    let mut proof = wide.proof.clone();
    swapped(&mut proof);
    let h = super::super::verify::table_seal(
        &wide.plan,
        proof.join.as_ref().unwrap().nonce,
        &proof.join.as_ref().unwrap().leaves,
    );
    let statement = JoinedStatement { h, ..wide.statement() };
    assert_eq!(verify(&statement, &proof), Err(in_group(0, VerifyTableError::OtherSeal)));
}

#[test]
fn rejects_another_header_and_leaves_that_are_missing_or_too_many() {
    let wide = wide_table();
    let join =
        |change: &dyn Fn(&mut super::super::proof::Join)| wide.changed(|proof| change(proof.join.as_mut().unwrap()));
    assert_eq!(join(&|join| join.nonce += Fr::from(1)), VerifyTableError::OtherLeaves);
    assert_eq!(join(&|join| join.headers[3] += Fr::from(1)), in_group(3, VerifyTableError::OtherSeal));
    assert_eq!(join(&|join| join.headers.truncate(4)), VerifyTableError::LeafCount { expected: 5, got: 4 });
    assert_eq!(join(&|join| join.leaves.truncate(15)), VerifyTableError::LeafCount { expected: 16, got: 15 });
    let empty = crate::seal::empty_leaf();
    assert_eq!(join(&|join| join.leaves.push(empty)), VerifyTableError::LeafCount { expected: 16, got: 17 });
}

#[test]
fn a_prover_of_false_rows_is_told_which_group_and_check_fails() {
    let table = wide(90);
    let plan = super::fixture::plan(&table, &widest());
    let mut prover = crate::scan::JoinedProver::new(srs(), &keys, context(1), &plan, secrets(20));
    let (rows, mut profile) = (table.encode(0..90), table.profile(0..90));
    let data: Vec<ColumnData<'_>> = rows.data();
    prover.prove_group(0, &data, &profile).unwrap();
    let ColumnStats::Numeric(stats) = &mut profile.columns[6].stats else { unreachable!() };
    stats.sum += 1u8;
    let refused = prover.prove_group(1, &data, &profile).unwrap_err();
    assert_eq!(refused.to_string(), "group 1 of columns");
    let none = prover.prove_group(5, &data, &profile).unwrap_err();
    assert_eq!(none.to_string(), "the table has 5 groups of columns, and none at 5");
}
