//! HyperKZG: opens a KZG commitment to a multilinear polynomial at a point, over the univariate reference string.
//!
//! # Statement
//! Given `C`, `x` in `Fr^kappa` and `y`: the prover knows `f` in `Fr^(2^kappa)` with
//!
//! ```text
//! C = sum_i f[i] G_i    and    y = sum_i f[i] prod_j (i_j ? x_j : 1 - x_j)        i = sum_j 2^j i_j
//! ```
//!
//! Variable order is that of [`mle`](crate::mle): `x_0` belongs to the lowest bit of the index.
//!
//! # Protocol
//! The tensor check of Gemini (Bootle, Chiesa, Hu, Orru, 2022/420, <https://eprint.iacr.org/2022/420>) over KZG
//! with batched openings. `f_0 = f` as coefficients of `X^i`; `f_{i+1}[j] = (1 - x_i) f_i[2j] + x_i f_i[2j+1]`, so that
//! `f_kappa = y`.
//!
//! | step | prover sends | verifier draws |
//! |---|---|---|
//! | 1 | commitments to `f_1 .. f_{kappa-1}` | `r != 0` |
//! | 2 | `f_i(r), f_i(-r), f_i(r^2)` for `i < kappa` | `q != 0` |
//! | 3 | commitments to `(B(X) - B(u)) / (X - u)` for `u = r, -r, r^2`, `B = sum_i q^i f_i` | `d != 0` |
//!
//! The verifier checks, for each of the `kappa` folds, that
//!
//! ```text
//! f_{i+1}(r^2) = (1 - x_i) (f_i(r) + f_i(-r)) / 2 + x_i (f_i(r) - f_i(-r)) / (2 r)        f_kappa(r^2) = y
//! ```
//!
//! and the three openings of `B` with one product of two pairings. The order in which the transcript absorbs is that of
//! `Transcript` in `transcript.rs`.
//!
//! # Soundness
//! Rests on the reference string (knowledge soundness of KZG in the algebraic group model) and on SHA-512 as an oracle;
//! the error is about `(2^kappa kappa + kappa + 3) / |Fr|` per attempt. The string may be longer than `2^kappa`: for
//! `f` of higher degree the folds give the polynomial `sum_k X^k f^(k)(x)` over the blocks `f^(k)` of `2^kappa`
//! coefficients, which equals the constant `y` only if the first block opens to `y` and all others to 0. So the
//! statement holds for the first block, which is the row group.
//!
//! A proof shows nothing about `f` only if `f` is uniform given `y`: that is what [`masked`](masked_opening) arranges.

mod combine;
mod error;
mod masked;
mod proof;
mod prover;
#[cfg(test)]
mod tests;
mod transcript;
mod verifier;

pub use self::{
    error::{Challenge, DecodeError, HyperKzgError, MaskedError, OpenError},
    masked::{
        CombinedColumns, CommittedColumn, Mask, MaskedOpening, OpeningColumn, combination_terms, combine_commitments,
        masked_opening, verify_masked,
    },
    proof::{Evaluations, HyperKzgProof},
    prover::open,
    verifier::verify,
};

/// Most variables of an opened polynomial.
pub const MAX_VARS: usize = crate::commit::RowGroups::MAX_LOG_ROWS as usize;
