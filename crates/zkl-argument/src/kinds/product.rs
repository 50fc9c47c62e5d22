//! Declared numeric pairs: `u` and validity `b` of the left and the right column, over the rows where both are valid.

use zkl_core::{ark::Fr, profile::ProductSums};
use zkl_kernel::moments::{Series, Term};

use super::{Relation, Summand, Weights};
use crate::{
    context::Value,
    shape::Slots,
    statement::{LayoutVector, SealedProfile},
};

/// Sealed about a declared numeric pair, over the rows where both are valid.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedProduct<V> {
    /// Rows where both are valid.
    pub valid: V,
    /// `sum u w`.
    pub products: V,
    /// `sum u`.
    pub left_sum: V,
    /// `sum w`.
    pub right_sum: V,
    /// `sum u^2`.
    pub left_squares: V,
    /// `sum w^2`.
    pub right_squares: V,
}

pub(crate) enum Product {}

impl Relation<6, 4, 6> for Product {
    type Sealed<V> = SealedProduct<V>;
    /// `full` of the left and of the right column: 1 where it is never null.
    type Known<'a, V: 'a> = [&'a V; 2];

    fn count(slots: &Slots) -> usize {
        slots.products
    }

    fn sealed<V>(profile: &SealedProfile<V>) -> &[SealedProduct<V>] {
        &profile.product
    }

    fn fields<V: Clone>(sealed: &SealedProduct<V>) -> [V; 6] {
        let SealedProduct { valid, products, left_sum, right_sum, left_squares, right_squares } = sealed;
        [valid, products, left_sum, right_sum, left_squares, right_squares].map(V::clone)
    }

    fn from_fields<V>(fields: [V; 6]) -> SealedProduct<V> {
        let [valid, products, left_sum, right_sum, left_squares, right_squares] = fields;
        SealedProduct { valid, products, left_sum, right_sum, left_squares, right_squares }
    }

    fn known<'a, V>(layout: &'a LayoutVector<V>, _: &'a SealedProfile<V>) -> impl Iterator<Item = [&'a V; 2]> {
        layout.left_full.iter().zip(&layout.right_full).map(|(left, right)| [left, right])
    }

    fn sums<V>(sealed: &SealedProduct<V>) -> [Option<&V>; 6] {
        let SealedProduct { valid, products, left_sum, right_sum, left_squares, right_squares } = sealed;
        [products, valid, left_sum, right_sum, left_squares, right_squares].map(Some)
    }

    fn add_terms<V: Value>(
        [left_full, right_full]: [&V; 2],
        [left, right, left_valid, right_valid]: [V; 4],
        [product, valid, left_sum, right_sum, left_square, right_square]: [V; 6],
        _: &Weights<V>,
        summand: &mut Summand<V>,
    ) {
        let (left_valid, right_valid) = (left_valid + left_full, right_valid + right_full);
        let left_both = left.clone() * &right_valid;
        let right_both = right.clone() * &left_valid;
        summand.rows += &(product * (left.clone() * &right));
        summand.rows += &(valid * (left_valid * &right_valid));
        summand.rows += &(left_sum * left_both.clone());
        summand.rows += &(right_sum * right_both.clone());
        summand.rows += &(left_square * (left_both * left));
        summand.rows += &(right_square * (right_both * right));
    }

    fn kernel_term([left, right]: [&Fr; 2], values: [Series; 4], powers: [Fr; 6]) -> Term {
        let [left_value, right_value, left_valid, right_valid] = values;
        Term::Product { powers, u: [left_value, right_value], b: [left_valid, right_valid], full: [*left, *right] }
    }
}

impl From<&ProductSums> for SealedProduct<Fr> {
    fn from(sums: &ProductSums) -> Self {
        Self {
            valid: Fr::from(sums.valid),
            products: Fr::from(sums.products.clone()),
            left_sum: Fr::from(sums.left_sum.clone()),
            right_sum: Fr::from(sums.right_sum.clone()),
            left_squares: Fr::from(sums.left_squares.clone()),
            right_squares: Fr::from(sums.right_squares.clone()),
        }
    }
}
