//! One opening: all remaining claims become one claim about the committed columns at one point.
//!
//! # Statement
//! ```text
//! A   = sum_E eq(e,z_blk) m_e(z_row)      Bq = sum_B eq(c,z_blk) L'_c(z_row)      val_i = lin_i(z2)
//! ```
//! # Relation
//! One sumcheck over the rows, degree 2, with challenges beta and eta drawn after all of these values:
//! ```text
//! A + beta Bq + beta^2 sum_i eta^i val_i
//!   = sum_x eq(z_row,x) [sum_E eq(e,z_blk) m_e + beta sum_B eq(c,z_blk) L'_c](x) + beta^2 eq(z2,x) sum_i eta^i lin_i(x)
//! ```
//! Its last claim at `r*` is `v = sum_c w_c V_c(r*)` over the committed columns, with public weights `w_c` made of the
//! layout, `z_blk`, beta, eta and `e1 = eq(z_row,r*)`, `e2 = eq(z2,r*)`.
//!
//! The value leaves masked: with `w = g(r_lo)` of a committed random multilinear `g`, `y = v + rho w`.
//!
//! # Soundness
//! Batching of evaluation claims, Thaler section 4.5.2; `(2 + number of values + 2 mu) / |Fr|`. The opening of
//! `sum_c w_c V_c + rho g` to y binds `v + rho w`, and both were absorbed before rho, so it binds v up to `1 / |Fr|`.
//!
//! | symbol | here |
//! |---|---|
//! | `r*` | [`Opening::r_star`], `r_lo` its first kappa coordinates |
//! | `e1`, `e2`, `y` | fields of [`Opening`] |

use crate::{
    context::Context, error::ScanError, lookup::LookupClaim, mle, moments::MomentsClaim, sumcheck::plain_round,
};

mod prove;

pub(crate) use prove::{OpeningInput, prove};

/// Degree per coordinate.
pub const DEGREE: usize = 2;

/// What the argument leaves to a polynomial commitment. All of it is public; `v`, which would tell about the data, is not
/// here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening<V> {
    /// `r*`, `mu` coordinates.
    pub r_star: Vec<V>,
    /// The block point.
    pub z_blk: Vec<V>,
    /// Joins multiplicities, lookups and moments.
    pub beta: V,
    /// Joins the values of the moments.
    pub eta: V,
    /// `eq(z_row, r*)`.
    pub e1: V,
    /// `eq(z2, r*)`.
    pub e2: V,
    /// The mask's coefficient.
    pub rho: V,
    /// `v + rho w`.
    pub y: V,
}

/// Verifies the reduction and the masking.
///
/// # Errors
/// [`ScanError::MaskChallenge`] when rho is zero; otherwise only when the messages are used up: the claim that is left in
/// [`Opening`] decides.
///
/// # Soundness
/// The caller must check that the committed columns open to `y`.
pub fn verify<C: Context>(
    ctx: &mut C,
    lookup: &LookupClaim<C::Value>,
    moments: &MomentsClaim<C::Value>,
) -> Result<Opening<C::Value>, C::Error> {
    let beta = ctx.challenge()?;
    let eta = ctx.challenge()?;
    let zero = ctx.constant(0);
    let values = moments.values.iter().rev().fold(zero, |sum, value| sum * &eta + value);
    let mut claim = (values * &beta + &lookup.lookups) * &beta + &lookup.multiplicities;
    let mut r_star = Vec::with_capacity(lookup.z_row.len());
    for _ in 0..lookup.z_row.len() {
        let (after, r) = plain_round(ctx, DEGREE, &claim)?;
        claim = after;
        r_star.push(r);
    }
    let e1 = mle::eq_points(ctx, &lookup.z_row, &r_star);
    let e2 = mle::eq_points(ctx, &moments.z2, &r_star);
    let v = claim;
    ctx.absorb(std::slice::from_ref(&v))?;
    let w = ctx.receive(1)?.into_iter().fold(ctx.constant(0), |sum, w| sum + w);
    let rho = ctx.challenge()?;
    ctx.inverse(&rho, ScanError::MaskChallenge)?;
    let y = v + w * &rho;
    Ok(Opening { r_star, z_blk: lookup.z_blk.clone(), beta, eta, e1, e2, rho, y })
}
