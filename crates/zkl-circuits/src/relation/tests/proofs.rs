//! A relation's proof is for one statement, and every byte of it counts.

use zkl_argument::{ScanError, commit::Commitment, srs::Srs};
use zkl_core::{
    ark::{Fr, G1Affine, ec::AffineRepr as _},
    digest::{Sha256Digest, TransactionId},
};
use zkl_snark::proof_system::UNIVERSAL;

use super::fixture::{Row, Setting, Table, context, split, srs};
use crate::{
    relation::{
        Operation, ProveRelationError, RelationDecodeError, RelationProof, RelationRole, RelationStatement,
        VerifyRelationError, verify_relation,
    },
    scan::ColumnCommitments,
};

/// Making the proof is the slow part, so that one serves all checks.
#[test]
fn a_relation_is_proved_for_its_statement_and_no_other() {
    let tables = split();
    let setting = Setting::new(UNIVERSAL, Operation::Split, &tables);
    let statement = setting.statement();
    let proof = setting.prove().unwrap();
    setting.verify(&statement, &proof).unwrap();

    let is_false = |answer: Result<(), VerifyRelationError>| {
        assert!(matches!(answer, Err(VerifyRelationError::Proof(_))), "{answer:?}");
    };
    // Another entry or statement.
    is_false(setting.verify(&RelationStatement { context: context(2), ..statement }, &proof));
    is_false(setting.verify(&RelationStatement { digest: Sha256Digest::new([8; 32]), ..statement }, &proof));
    // Another table in one respect.
    let with = |change: &dyn Fn(&mut Vec<RelationRole<'_>>)| {
        let mut roles = setting.roles.clone();
        change(&mut roles);
        setting.verify(&RelationStatement { roles: &roles, ..statement }, &proof)
    };
    with(&|_| ()).unwrap();
    is_false(with(&|roles| roles[1].entry = TransactionId::new([9; 32])));
    is_false(with(&|roles| roles[1].commitment_root = Sha256Digest::new([9; 32])));
    is_false(with(&|roles| roles[1].h = roles[2].h));
    // Its columns in another order.
    let segment = tables[2].plan.segment(0).unwrap();
    let mut columns = tables[2].commitments[0].columns().to_vec();
    columns.swap(0, 1);
    let swapped = [ColumnCommitments::new(segment.scan, segment.groups, columns).unwrap()];
    let mut roles: Vec<RelationRole<'_>> = setting.roles.clone();
    roles[2].segments = &swapped;
    is_false(setting.verify(&RelationStatement { roles: &roles, ..statement }, &proof));
    // Another string.
    let other = Srs::dev(1 << 7, b"another").unwrap();
    is_false(verify_relation(other.verifier_key(), setting.keys.verifying(), &statement, &proof));

    // Forms.
    let repeated = with(&|roles| roles[2].entry = roles[0].entry);
    assert_eq!(repeated, Err(VerifyRelationError::Repeated { first: 0, second: 2 }));
    let form = |answer, what, expected, got| {
        assert_eq!(answer, Err(VerifyRelationError::Form { what, expected, got }));
    };
    form(with(&|roles| roles.truncate(2)), "tables", 3, 2);
    form(with(&|roles| roles[0].segments = &roles[0].segments[..1]), "segments", 2, 1);
    let changed = |change: &dyn Fn(&mut RelationProof)| {
        let mut proof = proof.clone();
        change(&mut proof);
        setting.verify(&statement, &proof)
    };
    form(changed(&|proof| drop(proof.fresh.pop())), "units with fresh columns", 5, 4);
    form(changed(&|proof| drop(proof.fresh[1].pop())), "fresh columns of a unit", 1, 0);
    form(changed(&|proof| proof.claim.r_star.truncate(7)), "coordinates of the row point", 8, 7);
    form(changed(&|proof| proof.claim.z_blk.push(Fr::from(1))), "coordinates of the block point", 4, 5);
    let groups = changed(&|proof| proof.fresh[0][0].truncate(1));
    assert!(matches!(groups, Err(VerifyRelationError::Columns(_))), "{groups:?}");

    // Every part of the proof.
    is_false(changed(&|proof| proof.fresh.swap(2, 3)));
    is_false(changed(&|proof| proof.mask = Commitment::new(G1Affine::generator())));
    for index in 0..proof.claim.elements().len() {
        let claim = |proof: &mut RelationProof| {
            let mut elements = proof.claim.elements();
            elements[index] += Fr::from(1u64);
            proof.claim =
                zkl_argument::relation::RelationOpening::from_elements(setting.plan.shape(), &elements).unwrap();
        };
        is_false(changed(&claim));
    }
    is_false(changed(&|proof| proof.proof[40] ^= 1));
    is_false(changed(&|proof| proof.proof.truncate(40)));

    // Bytes.
    let key = setting.keys.verifying();
    let bytes = proof.to_bytes();
    assert_eq!(RelationProof::encoded_bytes(&setting.plan, key), Ok(bytes.len()));
    let read = |bytes: &[u8]| RelationProof::from_bytes(&setting.plan, key, bytes);
    assert_eq!(read(&bytes).as_ref(), Ok(&proof));
    for got in [0, 1, bytes.len() - 1, bytes.len() + 1] {
        let mut other = bytes.clone();
        other.resize(got, 0);
        assert_eq!(read(&other), Err(RelationDecodeError::Length { expected: bytes.len(), got }));
    }
    let with_byte = |at: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[at..at + if at == 0 { 1 } else { 32 }].fill(byte);
        read(&bytes)
    };
    assert_eq!(with_byte(0, 2), Err(RelationDecodeError::Version { expected: 1, got: 2 }));
    assert!(matches!(with_byte(1, 255), Err(RelationDecodeError::Fresh(_))));
    let mask = 1 + 32 * setting.plan.fresh_commitments();
    assert!(matches!(with_byte(mask, 255), Err(RelationDecodeError::Mask(_))));
    assert_eq!(with_byte(mask + 64, 255), Err(RelationDecodeError::Element { index: 1 }));

    // Fresh randomness: two proofs have nothing in common but the version, and one length.
    let again = setting.prove().unwrap().to_bytes();
    assert_eq!(again.len(), bytes.len());
    let (own, other) = (bytes[1..].chunks_exact(32), again[1..].chunks_exact(32));
    assert_eq!(own.zip(other).filter(|(own, other)| own == other).count(), 0);
}

#[test]
fn same_rows_and_append_are_proved_with_one_row_and_with_other_orders() {
    let row: Row = (None, Some("x"));
    let one = [Table::new(&[row], 7, 1), Table::new(&[row], 7, 2)];
    let setting = Setting::new(UNIVERSAL, Operation::SameRows, &one);
    setting.verify(&setting.statement(), &setting.prove().unwrap()).unwrap();

    let rows: [Row; 3] = [(Some(4), None), (Some(-2), Some("b")), (Some(4), None)];
    let joined = [rows[1], rows[2], rows[0]];
    let tables = [Table::new(&joined, 7, 1), Table::new(&rows[..1], 7, 2), Table::new(&rows[1..], 7, 3)];
    let setting = Setting::new(UNIVERSAL, Operation::Append, &tables);
    setting.verify(&setting.statement(), &setting.prove().unwrap()).unwrap();
}

#[test]
fn a_false_relation_has_no_proof() {
    let row = |n, word| -> Row { (n, Some(word)) };
    let false_ones: [(&[Row], &[Row]); 5] = [
        (&[row(Some(1), "a")], &[row(Some(2), "a")]),
        (&[row(Some(1), "a")], &[row(Some(1), "b")]),
        (&[row(None, "a")], &[row(Some(0), "a")]),
        (&[(Some(1), None)], &[row(Some(1), "a")]),
        (&[row(Some(1), "a"), row(Some(2), "b")], &[row(Some(1), "b"), row(Some(2), "a")]),
    ];
    for (left, right) in false_ones {
        let tables = [Table::new(left, 7, 1), Table::new(right, 7, 2)];
        let setting = Setting::new(UNIVERSAL, Operation::SameRows, &tables);
        let refused = setting.prove();
        assert!(matches!(refused, Err(ProveRelationError::False(ScanError::PostingSum))), "{left:?} {right:?}");
    }
}

#[test]
fn a_prover_needs_the_secrets_of_the_tables() {
    let rows: [Row; 2] = [(Some(1), Some("a")), (Some(2), Some("a"))];
    let tables = [Table::new(&rows, 7, 1), Table::new(&rows, 7, 2)];
    let setting = Setting::new(UNIVERSAL, Operation::SameRows, &tables);
    // The seal of another table.
    let mut roles = setting.roles.clone();
    roles.swap(0, 1);
    let refused = setting.prove_of(&RelationStatement { roles: &roles, ..setting.statement() });
    assert!(matches!(refused, Err(ProveRelationError::OtherSeal { table: 0, .. })));
    // Other commitments than those of the rows: the proof would not verify.
    let mut roles = setting.roles.clone();
    roles[0].segments = roles[1].segments;
    let refused = setting.prove_of(&RelationStatement { roles: &roles, ..setting.statement() });
    assert!(matches!(refused, Err(ProveRelationError::Prove(_))));
    // Fewer secrets, or rows that do not fit.
    let prove = |change: &dyn Fn(&mut Vec<crate::relation::RelationSecrets<'_>>)| {
        let mut secrets: Vec<_> = tables.iter().map(Table::secrets).collect();
        change(&mut secrets);
        crate::relation::prove_relation(srs(), setting.keys.as_ref(), &setting.statement(), &secrets).err()
    };
    let form = prove(&|secrets| drop(secrets.pop()));
    assert!(matches!(form, Some(ProveRelationError::Statement(VerifyRelationError::Form { .. }))));
    let rows = prove(&|secrets| secrets[1].segments[0].swap(0, 2));
    assert!(matches!(rows, Some(ProveRelationError::Rows { table: 1, segment: 0 })));
    let rows = prove(&|secrets| secrets[1].segments.clear());
    assert!(matches!(rows, Some(ProveRelationError::Rows { table: 1, segment: 0 })));
}
