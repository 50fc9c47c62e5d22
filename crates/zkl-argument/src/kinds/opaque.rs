//! Columns of which only the valid count is proved: the validity `b`.

use zkl_core::ark::Fr;
use zkl_kernel::moments::{Series, Term};

use super::{Relation, Summand, Weights};
use crate::{
    context::Value,
    shape::Slots,
    statement::{LayoutVector, SealedProfile},
};

pub(crate) enum Opaque {}

impl Relation<1, 1, 2> for Opaque {
    /// The valid count.
    type Sealed<V> = V;
    /// `full`: 1 for a column that is never null.
    type Known<'a, V: 'a> = &'a V;

    fn count(slots: &Slots) -> usize {
        slots.opaque
    }

    fn sealed<V>(profile: &SealedProfile<V>) -> &[V] {
        &profile.opaque
    }

    fn fields<V: Clone>(valid: &V) -> [V; 1] {
        [valid.clone()]
    }

    fn from_fields<V>([valid]: [V; 1]) -> V {
        valid
    }

    fn known<'a, V>(layout: &'a LayoutVector<V>, _: &'a SealedProfile<V>) -> impl Iterator<Item = &'a V> {
        layout.opaque_full.iter()
    }

    fn sums<V>(valid: &V) -> [Option<&V>; 2] {
        [Some(valid), None]
    }

    fn add_terms<V: Value>(
        full: &V,
        [b]: [V; 1],
        [valid, bit]: [V; 2],
        weights: &Weights<V>,
        summand: &mut Summand<V>,
    ) {
        let b = b + full;
        summand.rows += &(valid * b.clone());
        summand.rules -= &(bit * ((weights.one.clone() - &b) * &b));
    }

    fn kernel_term(full: &Fr, [b]: [Series; 1], powers: [Fr; 2]) -> Term {
        Term::Opaque { powers, b, full: *full }
    }
}
