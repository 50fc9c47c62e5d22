//! Transforms over the roots of 1, and the quotient polynomial of a Groth16 proof.
//!
//! # Relation
//! ```text
//! h(X) Z(X) = a(X) b(X) - c(X)        Z(X) = X^N - 1,  a, b, c of degree < N with the given values on the N-th roots of 1
//! ```
//! On the coset `g H` of the roots `H`, Z is the constant `g^N - 1`. With `p(X)` of degree < N that agrees with `a b` on
//! the coset, and h of degree <= N - 2, `h = (p - c) / (g^N - 1)` as polynomials: c is never evaluated on the coset, which
//! saves one of the seven transforms of arkworks' reduction. The result is the same.
//!
//! # Order
//! The inverse transform takes values at bit-reversed positions and returns coefficients in order, the forward transform
//! the other way round, so that nothing is ever permuted: values on `H` are written to bit-reversed positions in the
//! first place ([`Domain::position`]), values on the coset are only multiplied with one another.
//!
//! | symbol | here |
//! |---|---|
//! | N | `1 << log_size` |
//! | g | arkworks' generator of the multiplicative group |

use zkl_core::ark::{
    Fr,
    ff::{FftField as _, Field as _},
};

use crate::threads::{self, prelude::*};
use crate::{
    choice::Choice,
    kernel::{Kernel, LengthMismatch},
    portable::Portable,
};

/// Elements of a loop that one thread takes at a time.
const CHUNK: usize = 1 << 11;

/// Transforms of vectors whose length is a power of 2.
pub trait TransformKernel: Kernel {
    /// Coefficients in order to values on the roots of 1 at bit-reversed positions. Twiddle i is `w^reverse(i)`, w of order
    /// N and i < N / 2 reversed in one bit less than positions.
    ///
    /// # Errors
    /// [`LengthMismatch`] unless there are N elements and N / 2 twiddles (one for N = 1), for N a power of 2.
    fn forward(self, values: &mut Self::Vector, twiddles: &Self::Vector) -> Result<(), LengthMismatch>;

    /// Undoes [`TransformKernel::forward`] but for the factor N; `twiddles` are the inverses of those.
    ///
    /// # Errors
    /// As for [`TransformKernel::forward`].
    fn inverse(self, values: &mut Self::Vector, twiddles: &Self::Vector) -> Result<(), LengthMismatch>;

    /// Overwrites secrets with zeros.
    fn erase(self, values: &mut Self::Vector);
}

/// The N-th roots of 1, with what transforms over them and over their coset need.
#[derive(Debug)]
pub struct Domain {
    log_size: u32,
    tables: Prepared,
}

#[derive(Debug)]
enum Prepared {
    Portable(Tables<Portable>),
    #[cfg(target_arch = "x86_64")]
    Avx512(Tables<crate::avx512::Avx512>),
}

#[derive(Debug)]
struct Tables<K: Kernel> {
    kernel: K,
    twiddles: K::Vector,
    inverse_twiddles: K::Vector,
    /// `g^i / N`.
    to_coset: K::Vector,
    /// `g^-i / (N (g^N - 1))`.
    from_coset: K::Vector,
    /// `1 / (N (g^N - 1))`.
    quotient: Fr,
}

impl Domain {
    /// The domain of `2^log_size` points; `None` when the field has none.
    pub fn new(choice: Choice, log_size: u32) -> Option<Self> {
        let tables = match choice {
            Choice::Portable(kernel) => Prepared::Portable(Tables::new(kernel, log_size)?),
            #[cfg(target_arch = "x86_64")]
            Choice::Avx512(kernel) => Prepared::Avx512(Tables::new(kernel, log_size)?),
        };
        Some(Self { log_size, tables })
    }

    /// Number of points.
    pub const fn size(&self) -> usize {
        1 << self.log_size
    }

    /// Where the value at `w^index` goes.
    pub const fn position(&self, index: usize) -> usize {
        reverse(index, self.log_size)
    }

    /// Coefficients 0 to N - 1 of h, the last of them 0, from the values of a and b on the domain, at their
    /// [`Self::position`]s; c is their product. Copies and everything in between are erased.
    ///
    /// # Errors
    /// [`LengthMismatch`] unless there are [`Self::size`] values of each.
    pub fn quotient(&self, a: &[Fr], b: &[Fr]) -> Result<Vec<Fr>, LengthMismatch> {
        match &self.tables {
            Prepared::Portable(tables) => tables.quotient(a, b),
            #[cfg(target_arch = "x86_64")]
            Prepared::Avx512(tables) => tables.quotient(a, b),
        }
    }
}

impl<K: TransformKernel> Tables<K> {
    fn new(kernel: K, log_size: u32) -> Option<Self> {
        let size = 1u64.checked_shl(log_size)?;
        let half = log_size.saturating_sub(1);
        let root = Fr::get_root_of_unity(size)?;
        let generator = Fr::GENERATOR;
        let vanishing = generator.pow([size]) - Fr::ONE;
        let (per_point, quotient) = (Fr::from(size).inverse()?, (Fr::from(size) * vanishing).inverse()?);
        Some(Self {
            kernel,
            twiddles: kernel.vector(&reversed_powers(root, half)),
            inverse_twiddles: kernel.vector(&reversed_powers(root.inverse()?, half)),
            to_coset: kernel.vector(&powers(per_point, generator, size as usize)),
            from_coset: kernel.vector(&powers(quotient, generator.inverse()?, size as usize)),
            quotient,
        })
    }

    fn quotient(&self, a: &[Fr], b: &[Fr]) -> Result<Vec<Fr>, LengthMismatch> {
        let Self { kernel, twiddles, inverse_twiddles, to_coset, from_coset, quotient } = self;
        let (mut a, mut b) = (kernel.vector(a), kernel.vector(b));
        let mut c = a.clone();
        kernel.multiply(&mut c, &b)?;
        let shift = |values: &mut K::Vector| {
            kernel.inverse(values, inverse_twiddles)?;
            kernel.multiply(values, to_coset)?;
            kernel.forward(values, twiddles)
        };
        let ((a_shifted, b_shifted), c_inverse) = threads::join(
            || threads::join(|| shift(&mut a), || shift(&mut b)),
            || kernel.inverse(&mut c, inverse_twiddles),
        );
        a_shifted.and(b_shifted).and(c_inverse)?;
        kernel.multiply(&mut a, &b)?;
        kernel.inverse(&mut a, inverse_twiddles)?;
        kernel.multiply(&mut a, from_coset)?;
        kernel.add_scaled(&mut a, -*quotient, &c)?;
        let coefficients = kernel.elements(&a);
        for secret in [&mut a, &mut b, &mut c] {
            kernel.erase(secret);
        }
        Ok(coefficients)
    }
}

/// [`LengthMismatch`] unless lengths are those of a transform.
pub(crate) fn check_lengths(values: usize, twiddles: usize) -> Result<(), LengthMismatch> {
    let fits = values.is_power_of_two() && twiddles == (values / 2).max(1);
    if fits { Ok(()) } else { Err(LengthMismatch { left: values, right: 2 * twiddles }) }
}

/// `index` with its lowest `bits` bits in reverse order.
const fn reverse(index: usize, bits: u32) -> usize {
    if bits == 0 { 0 } else { index.reverse_bits() >> (usize::BITS - bits) }
}

/// `first ratio^i` for `i < len`.
fn powers(first: Fr, ratio: Fr, len: usize) -> Vec<Fr> {
    let starts: Vec<usize> = (0..len).step_by(CHUNK).collect();
    let chunk = |&start: &usize| {
        let mut power = first * ratio.pow([start as u64]);
        (start..(start + CHUNK).min(len)).map(move |_| {
            let current = power;
            power *= ratio;
            current
        })
    };
    starts.par_iter().flat_map_iter(chunk).collect()
}

/// `root^reverse(i)` for `i < 2^bits`.
fn reversed_powers(root: Fr, bits: u32) -> Vec<Fr> {
    let powers = powers(Fr::ONE, root, 1 << bits);
    (0..powers.len()).map(|index| powers[reverse(index, bits)]).collect()
}
