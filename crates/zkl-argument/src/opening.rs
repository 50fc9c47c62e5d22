//! What is left to a polynomial commitment: one claim about the committed columns at one point, and its mask.
//!
//! # Statement
//! ```text
//! F(z2) = sum_E eq(e,z_blk) m_e(z2) + beta sum_B eq(c,z_blk) L'_c(z2)      val_i = lin_i(z2)
//! ```
//! # Relation
//! With `r* = z2` and a challenge eta drawn after all of these values,
//! ```text
//! v = F(r*) + sum_i eta^(i+1) val_i = sum_c w_c V_c(r*)
//! ```
//! over the committed columns, with public weights `w_c` made of the layout, `z_blk`, beta and eta.
//!
//! The value leaves masked: with `w = g(r*_lo)` of a committed random multilinear `g`, `y = v + rho w`. The prover sends w with
//! the values, so eta and rho are drawn together.
//!
//! # Soundness
//! With false values or a false w, `v + rho w` is the value of the committed columns for at most a share
//! `(1 + number of values) / |Fr|` of (eta, rho): it is a nonzero polynomial of that degree in them (Schwartz-Zippel; Thaler,
//! section 4.5.2, batches evaluation claims the same way).
//!
//! | symbol | here |
//! |---|---|
//! | `r*` | [`Opening::r_star`], `r*_lo` its first kappa coordinates |
//! | `y` | [`Opening::y`] |

use crate::{context::Context, error::ScanError, moments::MomentsClaim};

mod prove;

pub(crate) use prove::prove;

/// What the argument leaves to a polynomial commitment. All of it is public; `v`, which would tell about the data, is not
/// here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening<V> {
    /// `r*`, `mu` coordinates.
    pub r_star: Vec<V>,
    /// The block point.
    pub z_blk: Vec<V>,
    /// Joins multiplicities and looked-up columns.
    pub beta: V,
    /// Joins the values of the moments.
    pub eta: V,
    /// The mask's coefficient.
    pub rho: V,
    /// `v + rho w`.
    pub y: V,
}

/// Joins the values of `moments` and masks them. `z_blk` is the block point of the lookups.
///
/// # Errors
/// [`ScanError::MaskChallenge`] when rho is zero; otherwise only when the messages are used up: the claim that is left in
/// [`Opening`] decides.
///
/// # Soundness
/// The caller must check that the committed columns open to `y`.
pub fn verify<C: Context>(
    ctx: &mut C,
    z_blk: &[C::Value],
    moments: MomentsClaim<C::Value>,
) -> Result<Opening<C::Value>, C::Error> {
    let MomentsClaim { z2, values, lookups, beta } = moments;
    let w = ctx.receive(1)?.into_iter().fold(ctx.constant(0), |sum, w| sum + w);
    let eta = ctx.challenge()?;
    let rho = ctx.challenge()?;
    ctx.inverse(&rho, ScanError::MaskChallenge)?;
    let zero = ctx.constant(0);
    let v = values.iter().rev().fold(zero, |sum, value| (sum + value) * &eta) + lookups;
    Ok(Opening { r_star: z2, z_blk: z_blk.to_vec(), beta, eta, y: v + w * &rho, rho })
}
