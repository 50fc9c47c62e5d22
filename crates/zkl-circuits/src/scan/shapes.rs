//! The shapes that come with the project: few, so that keys are made and pinned once.

use zkl_argument::{
    PlanError, Shape, Slots,
    plan::{log_rows_for, slots_of},
    shape::LIMB_BITS,
};
use zkl_core::layout::Layout;

use super::circuit::TranscriptCircuit;

/// Binary logarithm of the most rows of a segment.
pub const SEGMENT_LOG_ROWS: usize = 20;

/// Binary logarithm of the most cells, rows times blocks, that a segment has if it can: what bounds the prover's memory.
const SEGMENT_LOG_CELLS: usize = 25;

/// Slots of the standard shapes, ascending: for tables of about 4, 10 and 20 columns.
///
/// | | limbs | numeric | opaque | categories 4, 16, 64, 256 | joints 16, 64, 256 | grouped | products | blocks |
/// |---|---|---|---|---|---|---|---|---|
/// | small | 6 | 3 | 2 | 2, 1, 0, 0 | 1, 0, 0 | 0 | 1 | 14 |
/// | medium | 12 | 6 | 4 | 3, 2, 1, 0 | 1, 0, 0 | 1 | 1 | 30 |
/// | large | 26 | 12 | 8 | 4, 4, 2, 1 | 2, 1, 0 | 1 | 2 | 57 |
///
/// A slot that a table leaves empty costs the prover nothing in the argument, and its record and table in the circuit.
pub fn standard_slots() -> [Slots; 3] {
    [
        Slots { limbs: 6, numeric: 3, opaque: 2, categories: [2, 1, 0, 0], joints: [1, 0, 0], grouped: 0, products: 1 },
        Slots {
            limbs: 12,
            numeric: 6,
            opaque: 4,
            categories: [3, 2, 1, 0],
            joints: [1, 0, 0],
            grouped: 1,
            products: 1,
        },
        Slots {
            limbs: 26,
            numeric: 12,
            opaque: 8,
            categories: [4, 4, 2, 1],
            joints: [2, 1, 0],
            grouped: 1,
            products: 2,
        },
    ]
}

/// Slots in which a table with `layout` is proved: the smallest standard ones that hold it, or its own when none do.
pub(super) fn slots_for(layout: &Layout) -> Slots {
    let needed = slots_of(layout);
    standard_slots().into_iter().find(|slots| holds(slots, &needed)).unwrap_or(needed)
}

/// Binary logarithm of the rows of a whole segment in `slots`: the most, up to [`SEGMENT_LOG_ROWS`], for which rows x blocks is
/// at most 2^25, and at least 16.
///
/// # Errors
/// [`PlanError::Size`] for more blocks than a shape has.
pub(super) fn segment_log_rows(slots: &Slots) -> Result<usize, PlanError> {
    let blocks = Shape::new(LIMB_BITS, slots.clone())?.blocks().len().max(1);
    let log_blocks = blocks.next_power_of_two().trailing_zeros() as usize;
    Ok(SEGMENT_LOG_CELLS.saturating_sub(log_blocks).clamp(LIMB_BITS, SEGMENT_LOG_ROWS))
}

/// Binary logarithms of the rows of the standard shapes with `slots`, ascending. Few, because each has keys of its own: a
/// table in between pays for rows that it does not have.
fn standard_log_rows(slots: &Slots) -> Result<[usize; 3], PlanError> {
    Ok([LIMB_BITS, 18, segment_log_rows(slots)?])
}

/// The shape in which a table, or a segment of one, is proved: the smallest standard one that holds it, or the exact one
/// when none does. A function of the layout, so that a verifier derives what the prover used.
///
/// # Errors
/// [`PlanError::Size`] when the table is larger than one segment.
pub fn shape_for(layout: &Layout) -> Result<Shape, PlanError> {
    let slots = slots_for(layout);
    let needed = log_rows_for(layout.rows());
    let standard = if standard_slots().contains(&slots) { standard_log_rows(&slots)?.to_vec() } else { Vec::new() };
    Shape::new(standard.into_iter().find(|log_rows| *log_rows >= needed).unwrap_or(needed), slots)
}

fn holds(have: &Slots, need: &Slots) -> bool {
    let counts = |slots: &Slots| {
        let single = [slots.limbs, slots.numeric, slots.opaque, slots.grouped, slots.products];
        single.into_iter().chain(slots.categories).chain(slots.joints).collect::<Vec<_>>()
    };
    counts(have).iter().zip(counts(need)).all(|(have, need)| *have >= need)
}

/// Blank transcript circuits of every standard shape: what keys are made and pinned from.
pub fn standard_circuits() -> Vec<TranscriptCircuit> {
    let shapes = standard_slots().into_iter().flat_map(|slots| {
        let log_rows = standard_log_rows(&slots).into_iter().flatten();
        log_rows.filter_map(move |log_rows| Shape::new(log_rows, slots.clone()).ok())
    });
    // A test counts them: no standard shape is refused.
    shapes.map(TranscriptCircuit::blank).collect()
}
