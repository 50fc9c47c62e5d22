//! Hashed text is text of which nothing but the nulls is proved, with columns beside that enter no argument about its table.

use zkl_argument::{Cell, ColumnData, PlanError, ScanPlan, ScanWitness, cell_weights, check_columns, prove_plain};
use zkl_core::{
    ark::{Fr, ff::AdditiveGroup as _},
    hashed::DIGEST_CELLS,
    layout::{ColumnLayout, Encoding, Layout},
};

use super::table::{Case, Column, Table, category, numeric};

static ZEROS: [u16; 16] = [0; 16];

fn case() -> Case {
    let valid: Vec<bool> = (0..16).map(|row| row % 3 != 1).collect();
    let opaque = |nullable| Column::Opaque { nullable, valid: if nullable { valid.clone() } else { vec![true; 16] } };
    let columns = vec![opaque(false), numeric(2, &[7; 16]), opaque(true), category(4, &[1; 16])];
    Table::new(4, 4, 11, columns, Vec::new()).case()
}

/// The plan of the same table, with text hashed.
fn hashed(plan: &ScanPlan) -> ScanPlan {
    let column = |column: &ColumnLayout| match column.encoding {
        Encoding::Opaque => ColumnLayout { encoding: Encoding::Hashed, ..column.clone() },
        _ => column.clone(),
    };
    let layout = plan.layout();
    let layout = Layout::new(layout.rows(), layout.columns().iter().map(column).collect(), Vec::new()).unwrap();
    ScanPlan::new(plan.shape().clone(), layout).unwrap()
}

fn columns<'a>(case: &'a Case, parts: &'a [Vec<u16>]) -> Vec<ColumnData<'a>> {
    let column = |column| match column {
        ColumnData::Opaque { valid } => {
            ColumnData::Hashed { parts: std::array::from_fn(|part| parts[part].as_slice()), valid }
        }
        other => other,
    };
    case.columns().into_iter().map(column).collect()
}

#[test]
fn digests_are_committed_to_and_change_no_message() {
    let case = case();
    let plan = hashed(&case.plan);
    // Limbs of this table have 4 bits, digests parts of 16: nothing looks them up.
    let parts: Vec<Vec<u16>> = (0..DIGEST_CELLS).map(|part| vec![u16::MAX - part as u16; 16]).collect();
    let columns = columns(&case, &parts);
    let witness = ScanWitness::new(&plan, &columns, &case.sealed).unwrap();
    let is_digest = |cell: &Cell| matches!(cell, Cell::Digest { .. });
    let others: Vec<Cell> = plan.cells().iter().copied().filter(|cell| !is_digest(cell)).collect();
    assert_eq!(others, case.plan.cells());
    assert_eq!(plan.cells().len(), others.len() + 2 * DIGEST_CELLS);
    assert_eq!(plan.vector(), case.plan.vector());
    for (cell, data) in plan.cells().iter().zip(witness.cells()) {
        if let Cell::Digest { part, .. } = *cell {
            assert_eq!(data.value(3), Fr::from(u16::MAX - part as u16));
        }
    }

    let proof = prove_plain(&plan, &witness, &case.sealed, &case.mask, &case.seed).unwrap();
    let opaque = case.prove();
    assert_eq!((&proof.messages, &proof.opening), (&opaque.messages, &opaque.opening));
    check_columns(&plan, &witness, &case.mask, &proof.opening).unwrap();
    for (cell, weight) in plan.cells().iter().zip(cell_weights(&plan, &proof.opening)) {
        assert_eq!(is_digest(cell), weight == Fr::ZERO, "{cell:?}");
    }
}

#[test]
fn columns_of_another_form_are_refused() {
    let case = case();
    let plan = hashed(&case.plan);
    let parts = vec![vec![1u16; 16]; DIGEST_CELLS];
    let refused = |change: &dyn Fn(&mut Vec<ColumnData<'_>>)| {
        let mut columns = columns(&case, &parts);
        change(&mut columns);
        ScanWitness::new(&plan, &columns, &case.sealed).err()
    };
    assert_eq!(refused(&|_| ()), None);
    assert_eq!(
        refused(&|columns| columns[0] = ColumnData::Opaque { valid: None }),
        Some(PlanError::Column { index: 0 })
    );
    let limbs = |columns: &mut Vec<ColumnData<'_>>| {
        columns[0] = ColumnData::Numeric { limbs: vec![ZEROS.as_slice(); DIGEST_CELLS], valid: None };
    };
    assert_eq!(refused(&limbs), Some(PlanError::Column { index: 0 }));
    let nullable = |columns: &mut Vec<ColumnData<'_>>| {
        let ColumnData::Hashed { valid, .. } = &mut columns[2] else { unreachable!() };
        *valid = None;
    };
    assert_eq!(refused(&nullable), Some(PlanError::Column { index: 2 }));
    let short = |columns: &mut Vec<ColumnData<'_>>| {
        let ColumnData::Hashed { parts, .. } = &mut columns[2] else { unreachable!() };
        parts[7] = &ZEROS[..10];
    };
    assert_eq!(refused(&short), Some(PlanError::Column { index: 2 }));
    let as_opaque = ScanWitness::new(&case.plan, &columns(&case, &parts), &case.sealed);
    assert_eq!(as_opaque.err(), Some(PlanError::Column { index: 0 }));
}
