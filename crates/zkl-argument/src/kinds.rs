//! The kinds of slots that the moments sum over, each declared once: what is sealed of a slot, which values the prover
//! sends for it, and its terms. Lengths are part of the type, so that a declaration that disagrees with itself does not
//! compile; everything that depends on all kinds walks the list in [`each`].
//!
//! Category and joint slots have no terms: their counts are proved by [`lookup`](crate::lookup) alone.

mod grouped;
mod numeric;
mod opaque;
mod product;

use zkl_core::ark::Fr;
use zkl_kernel::moments::{Series, Term};

pub(crate) use grouped::Grouped;
pub use grouped::SealedGroups;
pub(crate) use numeric::Numeric;
pub use numeric::SealedNumeric;
pub(crate) use opaque::Opaque;
pub(crate) use product::Product;
pub use product::SealedProduct;

use crate::{
    context::Value,
    shape::Slots,
    statement::{LayoutVector, SealedProfile},
};

/// A kind of slot with `FIELDS` sealed elements, `VALUES` values at the end of the moments and `TERMS` terms.
///
/// # Soundness
/// [`Relation::sums`], [`Relation::add_terms`] and [`Relation::kernel_term`] list the same terms in the same order: each
/// takes the power of theta at its position. The order of products in [`Relation::add_terms`] is part of the circuit.
pub(crate) trait Relation<const FIELDS: usize, const VALUES: usize, const TERMS: usize> {
    /// What is sealed of a slot.
    type Sealed<V>;
    /// What layout and seal say that enters the terms of a slot.
    type Known<'a, V: 'a>;

    /// Slots of this kind.
    fn count(slots: &Slots) -> usize;

    /// The slots of this kind in `profile`.
    fn sealed<V>(profile: &SealedProfile<V>) -> &[Self::Sealed<V>];

    /// The sealed elements in canonical order.
    fn fields<V: Clone>(sealed: &Self::Sealed<V>) -> [V; FIELDS];

    /// The inverse of [`Relation::fields`].
    fn from_fields<V>(fields: [V; FIELDS]) -> Self::Sealed<V>;

    /// What each slot's terms are told, slot by slot.
    fn known<'a, V>(
        layout: &'a LayoutVector<V>,
        profile: &'a SealedProfile<V>,
    ) -> impl Iterator<Item = Self::Known<'a, V>>;

    /// The sum of each term over the rows; `None` for a rule, whose sum is 0.
    fn sums<V>(sealed: &Self::Sealed<V>) -> [Option<&V>; TERMS];

    /// Adds the terms of a slot at one point, from the values of its forms there.
    fn add_terms<V: Value>(
        known: Self::Known<'_, V>,
        values: [V; VALUES],
        powers: [V; TERMS],
        weights: &Weights<V>,
        summand: &mut Summand<V>,
    );

    /// The terms of a slot as the kernel sums them.
    fn kernel_term(known: Self::Known<'_, Fr>, values: [Series; VALUES], powers: [Fr; TERMS]) -> Term;
}

/// Something done for every kind.
pub(crate) trait Visitor {
    /// Does it for one kind.
    fn visit<R, const FIELDS: usize, const VALUES: usize, const TERMS: usize>(&mut self)
    where
        R: Relation<FIELDS, VALUES, TERMS>;
}

/// Visits every kind in the order of values and terms.
pub(crate) fn each(visitor: &mut impl Visitor) {
    visitor.visit::<Numeric, _, _, _>();
    visitor.visit::<Opaque, _, _, _>();
    visitor.visit::<Grouped, _, _, _>();
    visitor.visit::<Product, _, _, _>();
}

/// Weights of the terms at one point.
pub(crate) struct Weights<V> {
    /// 0.
    pub(crate) zero: V,
    /// 1.
    pub(crate) one: V,
    /// `ind_n`.
    pub(crate) rows: V,
    /// `e ind_n`.
    pub(crate) rules: V,
    /// `e`.
    pub(crate) eq: V,
    /// `eq(0, .)`.
    pub(crate) origin: V,
    /// `G` of every grouped slot.
    pub(crate) groups: Vec<V>,
}

/// The summand at one point, by the weight that is still to be multiplied.
pub(crate) struct Summand<V> {
    /// Weighted by `ind_n`.
    pub(crate) rows: V,
    /// Weighted by `e ind_n`.
    pub(crate) rules: V,
    /// Weighted already.
    pub(crate) weighted: V,
}

/// Takes elements in order; the shape says how many there are. What is missing is `filler`.
pub(crate) struct Taker<'a, V> {
    left: std::slice::Iter<'a, V>,
    filler: V,
}

impl<'a, V: Clone> Taker<'a, V> {
    pub(crate) fn new(elements: &'a [V], filler: V) -> Self {
        Self { left: elements.iter(), filler }
    }

    pub(crate) fn take<const N: usize>(&mut self) -> [V; N] {
        std::array::from_fn(|_| self.left.next().unwrap_or(&self.filler).clone())
    }
}

/// How many values and terms the slots have.
#[derive(Default)]
pub(crate) struct Sizes {
    /// Values that the moments leave.
    pub(crate) values: usize,
    /// Terms of the sumcheck, without that of the lookups.
    pub(crate) terms: usize,
}

impl Sizes {
    pub(crate) fn of(slots: &Slots) -> Self {
        struct Sum<'a>(&'a Slots, Sizes);
        impl Visitor for Sum<'_> {
            fn visit<R, const FIELDS: usize, const VALUES: usize, const TERMS: usize>(&mut self)
            where
                R: Relation<FIELDS, VALUES, TERMS>,
            {
                let Self(slots, sizes) = self;
                sizes.values += VALUES * R::count(slots);
                sizes.terms += TERMS * R::count(slots);
            }
        }
        let mut sum = Sum(slots, Self::default());
        each(&mut sum);
        sum.1
    }
}

/// Sealed elements of all slots of one kind.
pub(crate) fn field_count<R, const FIELDS: usize, const VALUES: usize, const TERMS: usize>(slots: &Slots) -> usize
where
    R: Relation<FIELDS, VALUES, TERMS>,
{
    FIELDS * R::count(slots)
}

/// Sealed elements of all slots of one kind, in canonical order.
pub(crate) fn fields<R, V: Clone, const FIELDS: usize, const VALUES: usize, const TERMS: usize>(
    profile: &SealedProfile<V>,
) -> Vec<V>
where
    R: Relation<FIELDS, VALUES, TERMS>,
{
    let slots = R::sealed(profile);
    slots.iter().flat_map(|slot| R::fields(slot)).collect()
}
