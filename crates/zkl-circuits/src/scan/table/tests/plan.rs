//! How tables are cut, and what their dataset commitment covers.

use std::collections::HashSet;

use zkl_argument::commit::{Commitment, merkle_root};
use zkl_core::{
    ark::{G1Affine, ec::AffineRepr as _},
    circuit::Circuit as _,
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout},
};

use super::{
    super::{
        error::TablePlanError,
        plan::{TablePlan, segment_rows, standard_table_circuits},
        root::dataset_root,
    },
    fixture::Tall,
};
use crate::scan::{ColumnCommitments, CommitmentsError, layout_bytes, merge_circuit_id, standard_slots};

fn layout(rows: u64, numbers: usize, encoding: Encoding) -> Layout {
    let ty = match encoding {
        Encoding::Numeric { .. } => ColumnType::Int,
        Encoding::Hashed | Encoding::Opaque => ColumnType::Text,
        _ => ColumnType::Category,
    };
    let column = |index| ColumnLayout::new(format!("c{index}"), ty, encoding);
    Layout::new(rows, (0..numbers).map(column).collect(), Vec::new()).unwrap()
}

const NUMBER: Encoding = Encoding::Numeric { limbs: 1 };

#[test]
fn wide_tables_have_shorter_segments() {
    // A number of one limb takes two blocks, the limb table one.
    let rows = |numbers| segment_rows(&layout(1, numbers, NUMBER));
    assert_eq!(rows(1), 1 << 20);
    assert_eq!(rows(15), 1 << 20, "31 blocks");
    assert_eq!(rows(16), 1 << 19, "33 blocks");
    assert_eq!(rows(31), 1 << 19, "63 blocks");
    assert_eq!(rows(32), 1 << 18);
    assert_eq!(rows(400), 1 << 16, "never below");
    assert_eq!(rows(600), 1 << 16, "of more blocks than a shape has");
    // Text has no blocks; the digests of four columns are as long as one.
    let hashed = |columns| segment_rows(&layout(1, columns, Encoding::Hashed));
    assert_eq!([hashed(3), hashed(131), hashed(132), hashed(1_023)], [1 << 20, 1 << 20, 1 << 19, 1 << 17]);
    assert_eq!(segment_rows(&layout(1, 1_023, Encoding::Opaque)), 1 << 20);
}

#[test]
fn every_row_is_in_one_segment() {
    let full = 1u64 << 20;
    for (rows, expected) in [
        (1, vec![1]),
        (full, vec![full]),
        (full + 1, vec![full, 1]),
        (2 * full - 1, vec![full, full - 1]),
        (2 * full, vec![full, full]),
        (3 * full + 70_000, vec![full, full, full, 70_000]),
    ] {
        let plan = TablePlan::new(layout(rows, 3, NUMBER), 16).unwrap();
        assert_eq!(plan.segments().map(|segment| segment.rows()).collect::<Vec<_>>(), expected);
        let mut next = 0;
        for segment in plan.segments() {
            assert_eq!(segment.first_row, next);
            next += segment.rows();
            assert!(segment.scan.shape().rows() as u64 >= segment.rows());
        }
        assert_eq!((next, plan.len()), (rows, expected.len()));
        assert!(plan.segment(plan.len()).is_none() && !plan.is_empty());
    }
    // The largest table there can be.
    let plan = TablePlan::new(layout(u32::MAX.into(), 3, NUMBER), 16).unwrap();
    assert_eq!((plan.len(), plan.merges().len()), (4_096, 1_365));
}

#[test]
fn row_groups_are_as_large_as_their_segment_at_most() {
    let plan = TablePlan::new(layout((1 << 20) + 5, 1, NUMBER), 17).unwrap();
    let groups: Vec<_> = plan.segments().map(|segment| (segment.groups.kappa(), segment.groups.count())).collect();
    assert_eq!(groups, [(17, 8), (16, 1)]);
    let refused = TablePlan::new(layout(5, 1, NUMBER), 0).unwrap_err();
    assert_eq!(refused, TablePlanError::Commitments(CommitmentsError::Kappa { got: 0 }));
}

#[test]
fn circuits_follow_from_the_layout() {
    let ids = |rows: u64, encoding| -> Vec<String> {
        let plan = TablePlan::new(layout(rows, 1, encoding), 16).unwrap();
        plan.circuits().iter().map(|circuit| circuit.id().to_string()).collect()
    };
    let (full, short) = ("scan/20-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "scan/16-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1");
    let merge = "merge/4-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1";
    assert_eq!(ids(1 << 20, NUMBER), [full]);
    assert_eq!(ids(1 << 21, NUMBER), [full, merge]);
    assert_eq!(ids((1 << 20) + 1, NUMBER), [full, short, merge]);
    let large = Encoding::Grouped { capacity: 512 };
    let dictionary = "scan/16-l0-n0-o0-c0-0-0-0-j0-0-0-g1-p0@1";
    assert_eq!(ids(1 << 21, large)[1], dictionary);
    assert_eq!(ids(1 << 20, large).len(), 1, "one segment has its smallest groups from its scan");
    let standard: HashSet<String> = standard_table_circuits().iter().map(|circuit| circuit.id().to_string()).collect();
    assert_eq!(standard.len(), 5);
    assert!(standard.contains(dictionary) && standard.contains(merge));
    assert!(standard_slots().iter().all(|slots| standard.contains(&merge_circuit_id(slots).to_string())));
}

fn commitments(table: &Tall, from: u64) -> Vec<ColumnCommitments> {
    let plan = table.plan(2);
    let mut next = from;
    let mut point = || {
        next += 1;
        Commitment::new((G1Affine::generator() * zkl_core::ark::Fr::from(next)).into())
    };
    plan.segments()
        .map(|segment| {
            let columns = segment.scan.cells().len();
            let columns = (0..columns).map(|_| (0..segment.groups.count()).map(|_| point()).collect()).collect();
            ColumnCommitments::new(segment.scan, segment.groups, columns).unwrap()
        })
        .collect()
}

#[test]
fn the_dataset_commitment_has_the_documented_leaves() {
    let table = Tall::narrow(1, 20);
    let (plan, commitments) = (table.plan(2), commitments(&table, 0));
    let u32_bytes = |value: u32| value.to_le_bytes().to_vec();
    let mut leaves = vec![[vec![2], u32_bytes(2), u32_bytes(3), layout_bytes(plan.layout())].concat()];
    for (segment, (rows, commitments)) in [13u64, 7].into_iter().zip(&commitments).enumerate() {
        let segment = u32_bytes(segment as u32);
        let sizes = [u32_bytes(2), u32_bytes(4)].concat();
        leaves.push([vec![3], segment.clone(), rows.to_le_bytes().to_vec(), sizes].concat());
        for column in 0..3 {
            for group in 0..4 {
                let point = commitments.columns()[column][group].to_bytes().to_vec();
                let place = [segment.clone(), u32_bytes(column as u32), u32_bytes(group as u32)].concat();
                leaves.push([vec![4], place, point].concat());
            }
        }
    }
    assert_eq!(leaves.len(), 1 + 2 * (1 + 3 * 4));
    assert_eq!(dataset_root(&plan, commitments.iter()).unwrap(), merkle_root(&leaves));
}

#[test]
fn the_dataset_commitment_binds_order_rows_and_every_commitment() {
    let table = Tall::narrow(1, 26);
    let plan = table.plan(2);
    let root = |commitments: &[ColumnCommitments]| dataset_root(&plan, commitments.iter()).unwrap();
    let own = commitments(&table, 0);
    let mut seen = HashSet::from([root(&own)]);
    assert!(seen.insert(root(&[own[1].clone(), own[0].clone()])));
    assert!(seen.insert(root(&[own[0].clone(), own[0].clone()])));
    assert!(seen.insert(root(&commitments(&table, 1))));
    // The same commitments in segments of other sizes.
    let mut shorter = table.clone();
    shorter.segment_rows = 14;
    assert!(seen.insert(dataset_root(&shorter.plan(2), own.iter()).unwrap()));
    // One segment has the root that its commitments always had.
    let single = Tall::narrow(1, 13);
    let plan = single.plan(2);
    let own = commitments(&single, 0);
    assert_eq!(dataset_root(&plan, own.iter()).unwrap(), own[0].root(plan.layout()).unwrap());
}
