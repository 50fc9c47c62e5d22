//! Universal proofs: every circuit under one public reference string, with no keys of its own.
//!
//! # Statement
//! Given a circuit by the [digest](VerifyingKey::digest) of its matrices, public inputs x and, where the circuit has one, a
//! [link](crate::proof_system::Linked): the prover knows w with `(A z) o (B z) = C z` for `z = (1, x, w)`, and openings of the linked columns with
//! `F*(r*_lo) = y`.
//!
//! # Protocol
//! Spartan (Setty, 2019/550, <https://eprint.iacr.org/2019/550>) without its commitment to the matrices: the verifier has them, and
//! evaluates them itself. Commitments are hiding KZG, all of them opened at once at one point with a masked
//! [HyperKZG](zkl_argument::hyperkzg).
//!
//! | step | prover sends | verifier draws |
//! |---|---|---|
//! | 1 | commitments to the blocks `W_k` of the extended witness and to the masks `U, V, D`; `sigma` | `t` |
//! | 2 | outer sumcheck, `sx` rounds of two coefficients | `r_x` |
//! | 3 | `a = (A z)(r_x)`, `b = (B z)(r_x)` | `rho, gamma, alpha` |
//! | 4 | inner sumcheck, `kappa` rounds of two coefficients | `r_y` |
//! | 5 | `d = D(r_y)` | `delta` |
//! | 6 | opening of `sum_k Phi_k(r_y) W_k + gamma eq(r*_lo, r_y) F* + alpha (U + sum(r_y) V) + delta D` | |
//!
//! ```text
//! outer     0 = sum_x eq(t, x) (Az(x) Bz(x) - Cz(x) + p(x))
//! inner     a + rho b + rho^2 (a b - e) - pub + gamma y + alpha sigma
//!               = sum_y sum_k Phi_k(y) W_k(y) + gamma eq(r*_lo, y) F*(y) + alpha (U(y) + sum(y) V(y))
//! ```
//!
//! | symbol | here |
//! |---|---|
//! | `m`, `l`, `P` | constraints, public inputs, private variables |
//! | `w^` | extended witness: w, then `R1, R2, R3 = R1 R2`, then `c_j1, c_j2` for every outer round |
//! | `sx`, `kappa`, `W_k` | outer rounds; variables of a block; blocks of w^: [`Sizes`] |
//! | row m | `R1 * R2 = R3`, added by the scheme |
//! | `p`, `U`, `V`, `D` | `masks` |
//! | `e` | where the outer sumcheck ends: `a b - (C z)(r_x) + p(r_x)` of an honest prover |
//! | `Phi`, `pub` | public `weights` of w^; the same form of the public variables, which are never committed to |
//! | `F*`, `r*_lo`, `y` | the [link](crate::proof_system::Linked) |
//!
//! # Soundness
//! In the algebraic group model commitments fix the blocks, masks and columns before `t`. With random challenges a false statement passes
//! with probability at most `(3 sx + 2 kappa + 5) / |Fr|` and the error of HyperKZG, below 2^-218 together. Rests on the string (nobody
//! knows its secret), on discrete logarithms of `H`, and on SHA-512 as an oracle: a circuit that computes SHA-512 itself could be built
//! around its own challenges (Khovratovich, Rothblum, Soukhanov, 2025/118) and belongs under another proof system. Nothing rests on a
//! setup per circuit.
//!
//! # Zero knowledge
//! Every message is uniform or follows from uniform and public ones: see `masks`. It needs hiding commitments, good randomness and SHA-512
//! as an oracle, and nothing of the string or the matrices. Decision 15 has the argument, and what was tried against it.

mod error;
mod key;
mod masks;
mod proof;
mod prove;
mod rounds;
mod sizes;
mod stated;
mod system;
#[cfg(test)]
mod tests;
mod transcript;
mod verify;
mod weights;

#[cfg(feature = "testing")]
pub(crate) use self::system::forced_key;
pub use self::{error::KeyError, key::VerifyingKey, proof::Proof, prove::Prover, sizes::Sizes, system::Universal};
pub use crate::{
    matrices::{CircuitError, MatricesError},
    proof_system::{Challenge, DecodeError, Link, Linked, Part, ProveError, VerifyError},
};
