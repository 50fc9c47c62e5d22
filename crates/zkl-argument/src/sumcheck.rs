//! One round of a sumcheck, as the verifier sees it.
//!
//! # Statement
//! ```text
//! plain:       C = sum_x f(x)                g(X) = sum over the later coordinates of f(.., X, ..)
//! eq-weighted: C = sum_x eq(z, x) f(x)       g(X) = eq(z_j, X) t(X)
//! ```
//! Lund-Fortnow-Karloff-Nisan 1992 (Thaler, "Proofs, Arguments, and Zero-Knowledge", section 4.1,
//! <https://people.cs.georgetown.edu/jthaler/ProofsArgsAndZK.html>); with eq factored out: Gruen 2024/108, section 3,
//! <https://eprint.iacr.org/2024/108>.
//!
//! A message is the coefficients `c_1..c_D` of the round polynomial; `c_0` follows from the claim, so that no round can
//! contradict its claim and a false claim fails at the end of the sumcheck:
//! ```text
//! plain:       C = g(0) + g(1) = 2 c_0 + c_1 + .. + c_D
//! eq-weighted: C = (1 - z) t(0) + z t(1) = c_0 + z (c_1 + .. + c_D),   next claim t(r)
//! ```
//! In the eq-weighted form the factors `eq(z_j, r_j)` of bound coordinates are divided out of the claim, so the last claim
//! is `f(r)` itself.
//!
//! # Soundness
//! `D / |Fr|` per round for `f` of degree `D` per coordinate (the eq factor adds nothing: `t` is fixed before `r`).
//!
//! | symbol | here |
//! |---|---|
//! | `D` | `degree` |
//! | `C` | `claim` |
//! | `z` | `z`, the coordinate bound in this round |
//! | `r` | the challenge |

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use crate::context::Context;

/// One eq-weighted round: takes `degree` elements, returns the next claim and the challenge.
///
/// # Errors
/// When the messages are used up.
pub fn eq_round<C: Context>(
    ctx: &mut C,
    degree: usize,
    claim: &C::Value,
    z: &C::Value,
) -> Result<(C::Value, C::Value), C::Error> {
    let coefficients = ctx.receive(degree)?;
    let constant = claim.clone() - sum(ctx, &coefficients) * z;
    finish(ctx, constant, &coefficients)
}

/// One plain round: takes `degree` elements, returns the next claim and the challenge.
///
/// # Errors
/// When the messages are used up.
pub fn plain_round<C: Context>(ctx: &mut C, degree: usize, claim: &C::Value) -> Result<(C::Value, C::Value), C::Error> {
    let coefficients = ctx.receive(degree)?;
    let half = ctx.constant_field(half());
    let constant = (claim.clone() - sum(ctx, &coefficients)) * half;
    finish(ctx, constant, &coefficients)
}

fn sum<C: Context>(ctx: &mut C, values: &[C::Value]) -> C::Value {
    values.iter().fold(ctx.constant(0), |sum, value| sum + value)
}

fn finish<C: Context>(
    ctx: &mut C,
    constant: C::Value,
    coefficients: &[C::Value],
) -> Result<(C::Value, C::Value), C::Error> {
    let r = ctx.challenge()?;
    let zero = ctx.constant(0);
    let tail = coefficients.iter().rev().fold(zero, |value, coefficient| (value + coefficient) * &r);
    Ok((constant + tail, r))
}

/// `1 / 2`.
fn half() -> Fr {
    Fr::ONE.double().inverse().unwrap_or_default()
}
