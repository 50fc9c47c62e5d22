//! Provers who change what only they see: no constraint system is satisfied. And what the circuit is.

use zkl_argument::relation::{SealedTable, UnitCells, prove_relation as prove_plain};
use zkl_argument::{CellData, TranscriptSeed};
use zkl_core::ark::{Fr, ff::One as _};
use zkl_snark::{proof_system::UNIVERSAL, testing};

use super::fixture::{Row, Setting, Table};
use crate::{
    relation::{
        Operation, RelationCircuit, RelationInputs,
        circuit::{RecordOpening, Secret, TableInputs},
    },
    seal::value_digest,
};

type Change<'a> = &'a dyn Fn(&mut RelationInputs, &mut Secret);

/// The circuit of two tables of two rows, with what was changed.
fn circuit(change: Change<'_>) -> RelationCircuit {
    let rows: [Row; 2] = [(Some(1), Some("a")), (None, Some("b"))];
    let tables = [Table::new(&rows, 7, 1), Table::new(&[rows[1], rows[0]], 7, 3)];
    let setting = Setting::new(UNIVERSAL, Operation::SameRows, &tables);
    let plan = &setting.plan;
    let columns = plan.shape().tables()[0].columns.clone();
    let records: Vec<Vec<RecordOpening>> = tables
        .iter()
        .map(|table| {
            let opened = columns.iter().zip([0, 2]);
            opened.map(|(&column, position)| RecordOpening::new(&table.seal, column, position).unwrap()).collect()
        })
        .collect();
    let sealed: Vec<SealedTable<Fr>> = records
        .iter()
        .map(|records| SealedTable {
            rows: vec![Fr::from(2)],
            columns: records.iter().map(RecordOpening::sealed).collect(),
        })
        .collect();
    let digest = |word| value_digest(zkl_core::column::ColumnType::Category, word);
    let (words, secrets) = ([["a", "b"], ["b", "a"]], [tables[0].secrets(), tables[1].secrets()]);
    let units: Vec<UnitCells<'_>> = secrets
        .iter()
        .zip(words)
        .map(|(secrets, words)| {
            let [zkl_argument::ColumnData::Numeric { limbs, valid }, _, zkl_argument::ColumnData::Codes16(codes), _] =
                secrets.segments[0].as_slice()
            else {
                unreachable!()
            };
            let cells = vec![
                CellData::U16(limbs[0].into()),
                CellData::Bits(valid.unwrap().into()),
                CellData::U16((*codes).into()),
                CellData::Field(words.map(digest).to_vec().into()),
            ];
            UnitCells { rows: 2, cells }
        })
        .collect();
    let seed = TranscriptSeed { t0: Fr::from(5), salt: Fr::from(6) };
    let proof = prove_plain(plan.shape(), &sealed, &units, &[], &[Fr::from(3); 128], &seed).unwrap();
    let inputs = tables
        .iter()
        .enumerate()
        .map(|(index, table)| TableInputs::new(table.seal.commitment(), vec![2], plan.leaves(index)));
    let mut inputs = RelationInputs { t0: seed.t0, tables: inputs.collect(), opening: proof.opening.clone() };
    let mut secret = Secret { salt: seed.salt, messages: proof.messages.clone(), records };
    change(&mut inputs, &mut secret);
    RelationCircuit::new(plan.shape().clone(), inputs, secret)
}

fn is_satisfied(change: Change<'_>) -> bool {
    testing::Instance::new(&circuit(change)).unwrap().first_violated().is_none()
}

/// A change of this number is a change of every proof: a new version of the circuit.
#[test]
fn the_circuit_is_satisfied_and_has_the_pinned_number_of_constraints() {
    let constraints = testing::satisfied(&circuit(&|_, _| ()));
    assert_eq!(constraints, 21_021);
}

#[test]
fn every_variable_of_the_circuit_matters() {
    testing::assert_tight(&circuit(&|_, _| ()));
}

#[test]
fn rejects_records_messages_and_inputs_that_were_changed() {
    let changes: [(&str, Change<'_>); 14] = [
        ("minimum", &|_, secret| {
            let RecordOpening::Numeric(opening) = &mut secret.records[0][0] else { unreachable!() };
            opening.record.min += 1;
        }),
        ("count", &|_, secret| {
            let RecordOpening::Category(opening) = &mut secret.records[1][1] else { unreachable!() };
            opening.record.counts.swap(0, 1);
        }),
        ("value", &|_, secret| {
            let RecordOpening::Category(opening) = &mut secret.records[1][1] else { unreachable!() };
            opening.record.values[1] += Fr::one();
        }),
        ("record of another table", &|_, secret| secret.records.swap(0, 1)),
        ("salt of the transcript", &|_, secret| secret.salt += Fr::one()),
        ("first message", &|_, secret| secret.messages[0] += Fr::one()),
        ("value of a validity column", &|_, secret| {
            let at = secret.messages.len() - 2;
            secret.messages[at] += Fr::one();
        }),
        ("value of the mask", &|_, secret| *secret.messages.last_mut().unwrap() += Fr::one()),
        ("t0", &|inputs, _| inputs.t0 += Fr::one()),
        ("h", &|inputs, _| inputs.tables[1].h = inputs.tables[0].h),
        ("rows", &|inputs, _| inputs.tables[1].rows[0] = 1),
        ("no rows", &|inputs, _| inputs.tables[1].rows[0] = 0),
        ("rows beyond the unit", &|inputs, _| inputs.tables[1].rows[0] = 129),
        ("leaf", &|inputs, _| inputs.tables[1].leaves[0] = inputs.tables[1].leaves[1]),
    ];
    assert!(is_satisfied(&|_, _| ()));
    for (name, change) in changes {
        assert!(!is_satisfied(change), "{name}");
    }
    // r*, z_blk, Y, eta, rho and the value.
    let element: [fn(&mut zkl_argument::relation::RelationOpening<Fr>) -> &mut Fr; 6] = [
        |claim| &mut claim.r_star[3],
        |claim| &mut claim.z_blk[1],
        |claim| &mut claim.tuple,
        |claim| &mut claim.eta,
        |claim| &mut claim.rho,
        |claim| &mut claim.value,
    ];
    for (index, element) in element.into_iter().enumerate() {
        assert!(!is_satisfied(&|inputs, _| *element(&mut inputs.opening) += Fr::one()), "element {index}");
    }
}
