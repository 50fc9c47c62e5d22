//! Which shape a table is proved in.

use std::{collections::HashSet, time::Instant};

use zkl_argument::{ScanPlan, Shape, Slots, plan::slots_of};
use zkl_core::{
    circuit::Circuit as _,
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout},
};
use zkl_snark::proof_system::UNIVERSAL;

use crate::scan::{TranscriptCircuit, scan_circuit_id, shape_for, standard_circuits, standard_slots};

fn layout(rows: u64, numbers: usize, limbs: u8) -> Layout {
    let column = |index| ColumnLayout::new(format!("c{index}"), ColumnType::Int, Encoding::Numeric { limbs });
    Layout::new(rows, (0..numbers).map(column).collect(), Vec::new()).unwrap()
}

#[test]
fn tables_take_the_smallest_standard_shape_that_holds_them() {
    let [small, medium, large, wide] = standard_slots();
    let cases =
        [(layout(1, 3, 2), &small), (layout(5, 4, 2), &medium), (layout(9, 9, 2), &large), (layout(9, 16, 2), &wide)];
    for (layout, slots) in cases {
        let shape = shape_for(&layout).unwrap();
        assert_eq!((shape.log_rows(), shape.slots()), (16, slots));
        ScanPlan::new(shape, layout).unwrap();
    }
    let widest = layout(1 << 20, 20, 4);
    let shape = shape_for(&widest).unwrap();
    assert_eq!((shape.log_rows(), shape.slots()), (20, &slots_of(&widest)));
    assert!(shape_for(&layout(u64::from(u32::MAX), 1, 1)).is_err());
}

#[test]
fn standard_shapes_fill_their_blocks_and_have_an_id_each() {
    let blocks: Vec<usize> =
        standard_slots().into_iter().map(|slots| Shape::new(16, slots).unwrap().blocks().len()).collect();
    assert_eq!(blocks, [15, 32, 62, 90]);
    let ids: HashSet<String> = standard_circuits().iter().map(|circuit| circuit.id().to_string()).collect();
    assert_eq!(ids.len(), 20);
    let id = |slots| scan_circuit_id(&Shape::new(20, slots).unwrap()).to_string();
    let [small, ..] = standard_slots().map(id);
    assert_eq!(small, "scan/20-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1");
}

#[test]
#[ignore = "prints seconds"]
fn prints_how_long_keys_of_wide_shapes_take() {
    let none = Slots::default;
    for (name, slots) in [
        ("opaque 256", Slots { opaque: 256, ..none() }),
        ("opaque 512", Slots { opaque: 512, ..none() }),
        ("opaque 1023", Slots { opaque: 1_023, ..none() }),
        ("256 x 32", Slots { categories: [0, 0, 0, 32], ..none() }),
        ("256 x 128", Slots { categories: [0, 0, 0, 128], ..none() }),
        ("256 x 255", Slots { categories: [0, 0, 0, 255], ..none() }),
        ("limbs 680", Slots { limbs: 680, numeric: 340, ..none() }),
    ] {
        let circuit = TranscriptCircuit::blank(Shape::new(16, slots).unwrap());
        let started = Instant::now();
        let key = UNIVERSAL.derived_key(&circuit).unwrap().0;
        println!("{name}: {:?}, {}", started.elapsed(), key.digest());
    }
}
