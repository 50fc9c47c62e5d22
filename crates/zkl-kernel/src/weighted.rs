//! The pass of the opening: `sum_x sum_k eq(z_k, x) f_k(x)` for a few forms, each with a point of its own.

use zkl_core::ark::Fr;

use crate::cells::Form;

/// One form and the point of its weight.
#[derive(Clone, Debug)]
pub struct WeightedForm<'a> {
    /// The form `f_k`.
    pub form: Form<'a>,
    /// The point `z_k`, as many coordinates as the rows have bits.
    pub z: Vec<Fr>,
}

/// The sumcheck, coordinate 0 first.
pub trait WeightedRounds {
    /// The round polynomial, of degree 2: its value at 0 and its leading coefficient.
    fn sums(&mut self) -> [Fr; 2];

    /// Binds coordinate 0 to `r`.
    fn bind(&mut self, r: Fr);

    /// `eq(z_k, r)` for each form, when every coordinate is bound.
    fn ends(self) -> Vec<Fr>;
}
