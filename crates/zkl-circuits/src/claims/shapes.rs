//! Every built-in claim circuit.

use crate::claims::language::{Bound, Bounds, Estimator, GapAxes, NullGroups, NullUnit, ShareBase};
use zkl_core::{
    ark::Fr,
    circuit::{Circuit, CircuitId},
    layout::{Encoding, PairLayout},
};

use super::{
    balance::Balance,
    circuit::ClaimCircuit,
    correlation::Correlation,
    count::Count,
    gap::{Gap, GapShape},
    mean::Mean,
    min_group::{MinGroup, MinJointGroup, MinLargeGroup, Threshold},
    nulls::Nulls,
    rows::Rows,
    share::Share,
    sum::Sum,
    values::Values,
    variance::Variance,
};
use crate::seal::RecordIndex;

/// Every claim circuit with its id, blank: what keys are generated from. The order is fixed.
pub fn all_shapes() -> Vec<(CircuitId, Box<dyn Circuit>)> {
    let (column, index) = (0, RecordIndex::HEADER);
    let is = Bounds::default();
    let zero = Fr::from(0u64);
    let mut circuits = vec![
        ClaimCircuit::of_shape(Rows { is }),
        ClaimCircuit::of_shape(Count { column, index, is }),
        ClaimCircuit::of_shape(Nulls { column, index, unit: NullUnit::Rows, is }),
        ClaimCircuit::of_shape(Mean { column, index, is }),
        ClaimCircuit::of_shape(Sum { column, index, is }),
        ClaimCircuit::of_shape(Variance { column, index, estimator: Estimator::Population, is }),
        ClaimCircuit::of_shape(Values { column, index, lower: None, upper: None }),
        ClaimCircuit::of_shape(Correlation { pair: 0, index, is }),
    ];
    let capacities = Encoding::CATEGORY_CAPACITIES.map(|capacity| capacity as usize);
    for capacity in capacities {
        let over = ShareBase::ValidRows;
        circuits.push(ClaimCircuit::of_shape(Share { column, index, capacity, value: zero, over, is }));
    }
    let threshold = Threshold { index, at_least: 0, nulls: NullGroups::Excluded };
    for capacity in capacities {
        circuits.push(ClaimCircuit::of_shape(MinGroup { column, capacity, threshold }));
    }
    circuits.push(ClaimCircuit::of_shape(MinLargeGroup { column, threshold }));
    for capacity in capacities {
        let at_least = Bound { numerator: 0, denominator: 1, strict: false };
        circuits.push(ClaimCircuit::of_shape(Balance { column, index, capacity, at_least }));
    }
    for (first, second) in joint_capacities() {
        circuits.push(ClaimCircuit::of_shape(MinJointGroup { pair: 0, capacities: (first, second), threshold }));
    }
    for axes in [GapAxes::GroupFirst, GapAxes::LabelFirst] {
        for (groups, labels) in joint_capacities() {
            circuits.push(ClaimCircuit::of_shape(Gap {
                shape: GapShape { groups, labels, axes },
                positions: [0; 3],
                pair: index,
                group: index,
                label: index,
                value: zero,
                groups: [zero; 2],
                is,
            }));
        }
    }
    circuits.into_iter().map(|circuit| (circuit.id(), circuit.blank())).collect()
}

/// Capacities that a joint pair's dictionaries can have, first and second.
fn joint_capacities() -> Vec<(usize, usize)> {
    let capacities = Encoding::CATEGORY_CAPACITIES;
    let pairs = capacities.iter().flat_map(|&first| capacities.iter().map(move |&second| (first, second)));
    let fitting = pairs.filter(|(first, second)| first * second <= PairLayout::MAX_JOINT_CELLS);
    fitting.map(|(first, second)| (first as usize, second as usize)).collect()
}
