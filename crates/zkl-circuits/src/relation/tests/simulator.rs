//! A prover without tables: with the trapdoors of the dev setup it makes proofs that verify, out of nothing but the statement.

use zkl_argument::{
    chain::scalars_bytes,
    commit::Commitment,
    hyperkzg::{CombinedColumns, Mask, masked_opening},
    relation::{RelationOpening, relation_constant},
};
use zkl_core::ark::{
    Fr, G1Projective,
    ec::CurveGroup as _,
    ff::{Field as _, UniformRand as _},
};
use zkl_snark::proof_system::{COMPACT, ProvingKey, VerifyError};

use super::fixture::{Row, Setting, Table, context, split, srs};
use crate::{
    relation::{Operation, RelationProof, RelationStatement, VerifyRelationError, link::link, prove::inputs},
    scan::tests::{fixture::rng, simulator::simulate_groth16},
};

/// A proof for any statement: claim, fresh columns and an opening at random, then the mask's commitment that makes them fit, then t0, then a
/// simulated proof of the circuit.
fn simulate(keys: &dyn ProvingKey, statement: &RelationStatement<'_>, seed: u64) -> RelationProof {
    let random = &mut rng(seed);
    let (plan, groups) = (statement.plan, statement.plan.groups());
    let mut point = |_: usize| Commitment::new(G1Projective::rand(random).into_affine());
    let fresh: Vec<Vec<Vec<Commitment>>> = plan
        .units()
        .enumerate()
        .map(|(index, unit)| {
            let mut column = |_: usize| (0..unit.groups.count()).map(&mut point).collect();
            (0..plan.fresh_columns(index)).map(&mut column).collect()
        })
        .collect();
    let elements: Vec<Fr> = (0..RelationOpening::<Fr>::len(plan.shape())).map(|_| Fr::rand(random)).collect();
    let mut claim = RelationOpening::from_elements(plan.shape(), &elements).unwrap();
    let (point, rho) = (claim.r_star.clone(), claim.rho);
    // f* = rho times a random polynomial. It is sampled twice, because opening it uses it up.
    let mask = || Mask::sample(groups, &mut rng(seed + 1));
    let nothing = CombinedColumns::zero(groups);
    let open = |context: &[u8]| masked_opening(srs(), context, groups, &point, &nothing, &[], mask(), &rho).unwrap();
    (claim.value, _) = open(b"for the value, which does not depend on the context");
    claim.value += relation_constant(plan.shape(), &claim);

    // Whatever the columns are: the mask takes them away.
    let linked = link(plan, statement.roles, &fresh, &Commitment::default(), &claim).unwrap();
    let columns: G1Projective = linked.terms().iter().map(|(weight, column)| column.point() * weight).sum();
    let fitting = mask().commit(srs()).unwrap().point() - columns * rho.inverse().unwrap();
    let mask = Commitment::new(fitting.into_affine());

    let t0 = statement.t0(srs().digest(), keys.verifying(), &fresh, &mask);
    let inputs = inputs(statement, t0, &claim).to_vec();
    let (_, opening) = open(&scalars_bytes(&inputs));
    let mut proof = simulate_groth16(keys, &inputs, random);
    proof.extend(opening.to_bytes());
    RelationProof { fresh, mask, claim, proof }
}

/// What it makes verifies, as long as a real proof; also about `others` of the same form, of which the relation is false.
pub(super) fn check_simulated<'a>(setting: &Setting<'_>, others: impl IntoIterator<Item = &'a Table>) {
    let statement = setting.statement();
    let real = setting.prove().unwrap();
    setting.verify(&statement, &real).unwrap();
    let proof = simulate(setting.keys.as_ref(), &statement, 6);
    setting.verify(&statement, &proof).unwrap();
    assert_eq!(proof.to_bytes().len(), real.to_bytes().len());
    let roles: Vec<_> = others.into_iter().zip(1..).map(|(table, entry)| table.role(entry)).collect();
    let statement = RelationStatement { roles: &roles, ..statement };
    setting.verify(&statement, &simulate(setting.keys.as_ref(), &statement, 7)).unwrap();
}

#[test]
fn a_simulator_without_tables_makes_proofs_that_verify() {
    let tables = split();
    let setting = Setting::new(COMPACT, Operation::Split, &tables);
    let statement = setting.statement();
    let real = setting.prove().unwrap();
    setting.verify(&statement, &real).unwrap();
    for seed in [3, 4] {
        let proof = simulate(setting.keys.as_ref(), &statement, seed);
        setting.verify(&statement, &proof).unwrap();
        assert_eq!(proof.to_bytes().len(), real.to_bytes().len());
        // It is as bound to its statement as a real one.
        let elsewhere = setting.verify(&RelationStatement { context: context(8), ..statement }, &proof);
        assert_eq!(elsewhere, Err(VerifyRelationError::Proof(VerifyError::Invalid)));
    }
    // A false statement too: parts exchanged with the whole.
    let mut roles = setting.roles.clone();
    (roles[1].h, roles[2].h) = (roles[2].h, roles[1].h);
    let statement = RelationStatement { roles: &roles, ..statement };
    setting.verify(&statement, &simulate(setting.keys.as_ref(), &statement, 5)).unwrap();
}

/// Relations that commit to columns of their own, true and false.
#[test]
fn it_makes_proofs_of_subsets_unique_keys_classes_and_conditions_too() {
    let rows: [Row; 3] = [(Some(1), Some("a")), (None, Some("b")), (Some(1), Some("b"))];
    let whole = Table::new(&rows, 7, 1);
    let part = Table::new(&rows[1..], 7, 2);
    let foreign = Table::new(&[(None, Some("c")), (None, Some("c"))], 7, 3);
    let twice = Table::new(&[rows[1], rows[1], rows[1]], 7, 4);
    let once = Table::new(&[rows[1], rows[1], (None, None)], 7, 5);
    let high = Table::new(&[rows[1], (Some(10), Some("b"))], 7, 2);
    let (one, rest) = (Table::new(&[rows[0], rows[2]], 7, 6), Table::new(&rows[..2], 7, 7));
    let lower = Table::new(&[rows[0], rows[1], (Some(0), Some("b"))], 7, 1);
    let held = Table::new(&[rows[1], rows[2], rows[1]], 7, 4);
    let [far, near] = [5, 1].map(|n| Table::new(&[(Some(n), Some("b")), (Some(6), None)], 7, 3));
    let doubled = Table::new(&[rows[1], rows[2], rows[1]], 7, 1);
    let lost = Table::new(&[rows[1], rows[2], rows[0]], 7, 1);
    let first = Table::new(&rows[..1], 7, 6);
    let turned = Table::new(&[rows[2], rows[1]], 7, 8);
    let relations: [(Operation, Vec<&Table>, Vec<&Table>); 12] = [
        (Operation::SameRows, vec![&part, &turned], vec![&part, &foreign]),
        (Operation::Append, vec![&whole, &first, &part], vec![&lower, &first, &part]),
        (Operation::Dedup, vec![&doubled, &part], vec![&lost, &part]),
        (Operation::Disjoint, vec![&part, &far], vec![&part, &near]),
        (Operation::Bounds, vec![&part], vec![&high]),
        (Operation::Filter, vec![&whole, &one], vec![&lower, &one]),
        (Operation::Erase, vec![&whole, &rest], vec![&whole, &part]),
        (Operation::Present, vec![&whole], vec![&lower]),
        (Operation::Absent, vec![&twice], vec![&held]),
        (Operation::Subset, vec![&whole, &part], vec![&whole, &foreign]),
        (Operation::Unique, vec![&part], vec![&foreign]),
        (Operation::KAnonymous, vec![&twice], vec![&once]),
    ];
    // With the split of the test above these are all.
    for operation in Operation::ALL {
        let is_here = relations.iter().any(|(other, ..)| *other == operation);
        assert!(is_here || operation == Operation::Split, "{operation}");
    }
    for (operation, honest, other) in relations {
        let tables: Vec<Table> = honest.into_iter().cloned().collect();
        let setting = Setting::new(COMPACT, operation, &tables);
        check_simulated(&setting, other);
    }
}
