//! The shapes that come with the project: few, so that keys are made and pinned once.

use zkl_argument::{
    PlanError, Shape, Slots,
    plan::{log_rows_for, slots_of},
};
use zkl_core::layout::Layout;

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

/// The smallest standard shape that holds `layout`, or the exact one when none does. A function of the layout, so that a
/// verifier derives what the prover used.
///
/// # Errors
/// [`PlanError::Size`] when the table is larger than one segment.
pub fn shape_for(layout: &Layout) -> Result<Shape, PlanError> {
    let needed = slots_of(layout);
    let slots = standard_slots().into_iter().find(|slots| holds(slots, &needed)).unwrap_or(needed);
    Shape::new(log_rows_for(layout.rows()), slots)
}

fn holds(have: &Slots, need: &Slots) -> bool {
    let counts = |slots: &Slots| {
        let single = [slots.limbs, slots.numeric, slots.opaque, slots.grouped, slots.products];
        single.into_iter().chain(slots.categories).chain(slots.joints).collect::<Vec<_>>()
    };
    counts(have).iter().zip(counts(need)).all(|(have, need)| *have >= need)
}
