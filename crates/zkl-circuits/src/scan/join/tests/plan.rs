//! How tables are cut into groups.

use zkl_argument::{
    Cell,
    plan::slots_of,
    shape::{CATEGORY_SIZES, LIMB_BITS},
};
use zkl_core::{
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout, PairLayout},
};
use zkl_snark::proof_system::UNIVERSAL;

use super::{
    super::plan::{ColumnGroup, JoinedPlan},
    fixture::{plan, wide, widest},
};
use crate::{
    keys::builtin_keys,
    scan::{segment_rows, shapes::holds, standard_slots},
};

fn column(index: usize, encoding: Encoding) -> ColumnLayout {
    let ty = match encoding {
        Encoding::Numeric { .. } => ColumnType::Int,
        Encoding::Opaque => ColumnType::Text,
        _ => ColumnType::Category,
    };
    ColumnLayout::new(format!("c{index}"), ty, encoding)
}

fn in_groups(rows: u64, columns: Vec<Encoding>, pairs: Vec<PairLayout>) -> JoinedPlan {
    let columns = columns.into_iter().enumerate().map(|(index, encoding)| column(index, encoding)).collect();
    JoinedPlan::in_groups(Layout::new(rows, columns, pairs).unwrap(), 16).unwrap()
}

#[test]
fn columns_are_cut_into_the_longest_runs_and_pairs_stand_with_their_columns() {
    let plan = plan(&wide(90), &widest());
    let groups: Vec<(&[usize], &[usize])> =
        plan.groups().iter().map(|group| (group.columns(), group.pairs())).collect();
    let expected: [(&[usize], &[usize]); 5] = [
        (&[0, 1, 2, 3, 4, 5], &[]),
        (&[6, 7, 8, 9, 10, 11], &[]),
        (&[0, 2, 6, 8], &[0, 1]),
        (&[5, 9], &[2]),
        (&[3, 11], &[3]),
    ];
    assert_eq!(groups, expected);
    // Of the columns of pairs every cell is one of another group, in which it is the same cell of the same column.
    for group in plan.groups() {
        let cells = group.plan().segment(0).unwrap().scan.cells();
        let own = cells.iter().filter(|cell| **cell == Cell::LimbMultiplicity).count();
        let expected = if group.pairs().is_empty() { 0 } else { cells.len() - own };
        assert_eq!(group.shared().len(), expected);
        for shared in group.shared() {
            let home = &plan.groups()[shared.home.0];
            assert!(home.pairs().is_empty() && home.columns().contains(&shared.column));
            let there = home.plan().segment(0).unwrap().scan.cells()[shared.home.1];
            let place = |columns: &[usize]| columns.iter().position(|&column| column == shared.column).unwrap();
            let (here, column) = (cells[shared.position], place(home.columns()));
            let moved = match here {
                Cell::Limb { limb, .. } => Cell::Limb { column, limb },
                Cell::Valid { .. } => Cell::Valid { column },
                _ => Cell::Code { column },
            };
            assert_eq!(there, moved);
        }
    }
}

#[test]
fn every_table_is_cut_into_groups_whose_circuits_are_pinned() {
    let numbers = |limbs| Encoding::Numeric { limbs };
    let mut tables = vec![
        in_groups(10, vec![numbers(4); 1_023], Vec::new()),
        in_groups(10, vec![Encoding::Opaque; 1_023], Vec::new()),
        in_groups(10, vec![Encoding::Grouped { capacity: 65_536 }; 40], Vec::new()),
        in_groups(70_000, vec![numbers(1); 600], Vec::new()),
    ];
    for capacity in CATEGORY_SIZES {
        tables.push(in_groups(10, vec![Encoding::Category { capacity: capacity as u32 }; 1_000], Vec::new()));
    }
    let products = (0..500).map(|left| PairLayout::Product { left, right: (left + 23) % 523 }).collect();
    tables.push(in_groups(10, vec![numbers(4); 523], products));
    for (group, label) in [(4, 64), (16, 16), (64, 4), (4, 4)] {
        let columns =
            [vec![Encoding::Category { capacity: group }; 300], vec![Encoding::Category { capacity: label }; 300]];
        let pairs = (0..300).map(|column| PairLayout::Joint { group: column, label: 599 - column }).collect();
        tables.push(in_groups(10, columns.concat(), pairs));
    }
    let [.., widest] = standard_slots();
    for plan in &tables {
        let layout = plan.layout();
        let of_columns = plan.groups().iter().filter(|group| group.pairs().is_empty());
        assert!(of_columns.flat_map(ColumnGroup::columns).copied().eq(0..layout.columns().len()));
        assert!(plan.groups().iter().flat_map(ColumnGroup::pairs).copied().eq(0..layout.pairs().len()));
        for group in plan.groups() {
            assert!(holds(&widest, &slots_of(group.plan().layout())));
            assert_eq!(group.plan().len(), plan.segments());
        }
        assert!(plan.groups().len() > 1 && plan.table().is_none());
        for circuit in plan.circuits() {
            assert!(builtin_keys().digest(UNIVERSAL, &circuit.id()).is_some(), "{}", circuit.id());
        }
    }
    assert_eq!(tables[0].groups().len(), 103, "ten columns of four limbs each");
    assert_eq!((tables[3].segments(), tables[3].groups().len()), (2, 38));
}

#[test]
fn rows_are_cut_as_those_of_the_whole_table() {
    let columns = vec![Encoding::Numeric { limbs: 4 }; 300];
    let plan = in_groups(200_000, columns, Vec::new());
    assert_eq!(segment_rows(plan.layout()), 1 << LIMB_BITS);
    assert_eq!(plan.segments(), 4);
    assert_eq!((0..5).map(|index| plan.segment_rows(index)).collect::<Vec<_>>(), [65_536, 65_536, 65_536, 3_392, 0]);
}
