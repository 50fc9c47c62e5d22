//! The shapes that come with the project: few, so that keys are made and pinned once.

use zkl_argument::{
    PlanError, Shape, Slots,
    plan::{log_rows_for, slots_of},
    shape::LIMB_BITS,
};
use zkl_core::layout::Layout;

use super::circuit::TranscriptCircuit;

/// Binary logarithm of the rows of a segment.
pub const SEGMENT_LOG_ROWS: usize = 20;

/// Slots of the standard shapes, ascending: for tables of about 4, 10, 20 and 30 columns.
///
/// | | limbs | numeric | opaque | categories 4, 16, 64, 256 | joints 16, 64, 256 | grouped | products | blocks |
/// |---|---|---|---|---|---|---|---|---|
/// | small | 6 | 3 | 2 | 2, 1, 0, 0 | 1, 1, 0 | 0 | 1 | 15 |
/// | medium | 11 | 7 | 4 | 3, 3, 1, 0 | 1, 1, 0 | 1 | 1 | 32 |
/// | large | 26 | 12 | 8 | 8, 4, 2, 2 | 2, 1, 0 | 1 | 2 | 62 |
/// | wide | 40 | 16 | 8 | 8, 6, 3, 2 | 3, 2, 1 | 2 | 4 | 90 |
///
/// The next power of two above the blocks decides what the lookups cost; within it a slot that a table leaves empty costs next to nothing
/// there, and its record and table in the circuit. At 2^20 rows the circuits of all but the widest slots fit a domain of 2^17.
pub fn standard_slots() -> [Slots; 4] {
    [
        Slots { limbs: 6, numeric: 3, opaque: 2, categories: [2, 1, 0, 0], joints: [1, 1, 0], grouped: 0, products: 1 },
        Slots {
            limbs: 11,
            numeric: 7,
            opaque: 4,
            categories: [3, 3, 1, 0],
            joints: [1, 1, 0],
            grouped: 1,
            products: 1,
        },
        Slots {
            limbs: 26,
            numeric: 12,
            opaque: 8,
            categories: [8, 4, 2, 2],
            joints: [2, 1, 0],
            grouped: 1,
            products: 2,
        },
        Slots {
            limbs: 40,
            numeric: 16,
            opaque: 8,
            categories: [8, 6, 3, 2],
            joints: [3, 2, 1],
            grouped: 2,
            products: 4,
        },
    ]
}

/// The smallest standard shape that holds `layout`, or the exact one when none does. A function of the layout, so that
/// a verifier derives what the prover used.
///
/// # Errors
/// [`PlanError::Size`] when the table is larger than one segment.
pub fn shape_for(layout: &Layout) -> Result<Shape, PlanError> {
    let needed = slots_of(layout);
    let slots = standard_slots().into_iter().find(|slots| holds(slots, &needed)).unwrap_or(needed);
    Shape::new(log_rows_for(layout.rows()), slots)
}

pub(super) fn holds(have: &Slots, need: &Slots) -> bool {
    let counts = |slots: &Slots| {
        let single = [slots.limbs, slots.numeric, slots.opaque, slots.grouped, slots.products];
        single.into_iter().chain(slots.categories).chain(slots.joints).collect::<Vec<_>>()
    };
    counts(have).iter().zip(counts(need)).all(|(have, need)| *have >= need)
}

/// Blank transcript circuits of every standard shape of one segment, 2^16 to 2^20 rows: what keys are made and pinned
/// from.
pub fn standard_circuits() -> Vec<TranscriptCircuit> {
    let shapes = (LIMB_BITS..=SEGMENT_LOG_ROWS).flat_map(|log_rows| standard_slots().map(|slots| (log_rows, slots)));
    // A test counts them: no standard shape is refused.
    shapes.filter_map(|(log_rows, slots)| Some(TranscriptCircuit::blank(Shape::new(log_rows, slots).ok()?))).collect()
}
