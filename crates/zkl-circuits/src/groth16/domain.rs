//! The evaluation domain of a circuit's polynomials, and the quotient polynomial of a proof.
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

use rayon::prelude::*;
use zeroize::Zeroizing;
use zkl_core::ark::{
    Fr,
    ff::{FftField as _, Field as _},
};

/// Elements of a block whose transform runs on one thread and stays in the second-level cache.
const BLOCK: usize = 1 << 12;
/// Elements of a loop that one thread takes at a time.
const CHUNK: usize = 1 << 11;

/// The N-th roots of 1, with what transforms over them and over their coset need.
pub(crate) struct Domain {
    log_size: u32,
    /// `w^reverse(i)` for i < N / 2, w of order N and i reversed in `log_size - 1` bits: the first `2^l` serve layer l.
    twiddles: Vec<Fr>,
    inverse_twiddles: Vec<Fr>,
    /// `g^i / N`.
    to_coset: Vec<Fr>,
    /// `g^-i / (N (g^N - 1))`.
    from_coset: Vec<Fr>,
    /// `1 / (N (g^N - 1))`.
    quotient: Fr,
}

impl Domain {
    /// The domain of `2^log_size` points; `None` when the field has none.
    pub(crate) fn new(log_size: u32) -> Option<Self> {
        let size = 1u64.checked_shl(log_size)?;
        let root = Fr::get_root_of_unity(size)?;
        let generator = Fr::GENERATOR;
        let vanishing = generator.pow([size]) - Fr::ONE;
        let (per_point, quotient) = (Fr::from(size).inverse()?, (Fr::from(size) * vanishing).inverse()?);
        Some(Self {
            log_size,
            twiddles: reversed_powers(root, log_size.saturating_sub(1)),
            inverse_twiddles: reversed_powers(root.inverse()?, log_size.saturating_sub(1)),
            to_coset: powers(per_point, generator, size as usize),
            from_coset: powers(quotient, generator.inverse()?, size as usize),
            quotient,
        })
    }

    /// Number of points.
    pub(crate) const fn size(&self) -> usize {
        1 << self.log_size
    }

    /// Where the value at `w^index` goes.
    pub(crate) const fn position(&self, index: usize) -> usize {
        reverse(index, self.log_size)
    }

    /// Coefficients 0 to N - 1 of h, the last of them 0, from the values of a, b and c = a b on the domain, at their
    /// [`Self::position`]s.
    pub(crate) fn quotient(&self, mut a: Vec<Fr>, b: Vec<Fr>) -> Vec<Fr> {
        let mut b = Zeroizing::new(b);
        let mut c = Zeroizing::new(a.clone());
        multiply(&mut c, &b);
        let shift = |values: &mut [Fr]| {
            inverse(values, 0, &self.inverse_twiddles);
            multiply(values, &self.to_coset);
            forward(values, 0, &self.twiddles);
        };
        rayon::join(|| rayon::join(|| shift(&mut a), || shift(&mut b)), || inverse(&mut c, 0, &self.inverse_twiddles));
        multiply(&mut a, &b);
        inverse(&mut a, 0, &self.inverse_twiddles);
        let chunks = a.par_chunks_mut(CHUNK).zip(c.par_chunks(CHUNK)).zip(self.from_coset.par_chunks(CHUNK));
        chunks.for_each(|((a, c), scale)| {
            for ((a, c), scale) in a.iter_mut().zip(c).zip(scale) {
                *a = *a * scale - self.quotient * c;
            }
        });
        a
    }
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

fn multiply(values: &mut [Fr], factors: &[Fr]) {
    values.par_chunks_mut(CHUNK).zip(factors.par_chunks(CHUNK)).for_each(|(values, factors)| {
        for (value, factor) in values.iter_mut().zip(factors) {
            *value *= factor;
        }
    });
}

/// Coefficients in order to values at bit-reversed positions. `values` is block number `block` of its layer: the
/// polynomial modulo `X^m - t^2`, split into those modulo `X^(m/2) - t` and `X^(m/2) + t`, where t is twiddle `block`.
fn forward(values: &mut [Fr], block: usize, twiddles: &[Fr]) {
    if values.len() <= BLOCK {
        let mut len = values.len();
        let mut first = block;
        while len > 1 {
            for (part, twiddle) in values.chunks_exact_mut(len).zip(&twiddles[first..]) {
                let (low, high) = part.split_at_mut(len / 2);
                split(low, high, *twiddle);
            }
            len /= 2;
            first *= 2;
        }
        return;
    }
    let (low, high) = values.split_at_mut(values.len() / 2);
    in_parts(low, high, |low, high| split(low, high, twiddles[block]));
    rayon::join(|| forward(low, 2 * block, twiddles), || forward(high, 2 * block + 1, twiddles));
}

/// Undoes [`forward`] but for the factor N; `twiddles` are the inverses.
fn inverse(values: &mut [Fr], block: usize, twiddles: &[Fr]) {
    if values.len() <= BLOCK {
        let mut len = 2;
        while len <= values.len() {
            let first = block * (values.len() / len);
            for (part, twiddle) in values.chunks_exact_mut(len).zip(&twiddles[first..]) {
                let (low, high) = part.split_at_mut(len / 2);
                join(low, high, *twiddle);
            }
            len *= 2;
        }
        return;
    }
    let (low, high) = values.split_at_mut(values.len() / 2);
    rayon::join(|| inverse(low, 2 * block, twiddles), || inverse(high, 2 * block + 1, twiddles));
    in_parts(low, high, |low, high| join(low, high, twiddles[block]));
}

/// The butterflies of the forward transform.
fn split(low: &mut [Fr], high: &mut [Fr], twiddle: Fr) {
    for (low, high) in low.iter_mut().zip(high) {
        let product = *high * twiddle;
        *high = *low - product;
        *low += product;
    }
}

/// The butterflies of the inverse transform.
fn join(low: &mut [Fr], high: &mut [Fr], twiddle: Fr) {
    for (low, high) in low.iter_mut().zip(high) {
        let difference = *low - *high;
        *low += *high;
        *high = difference * twiddle;
    }
}

fn in_parts(low: &mut [Fr], high: &mut [Fr], butterflies: impl Fn(&mut [Fr], &mut [Fr]) + Sync) {
    low.par_chunks_mut(CHUNK).zip(high.par_chunks_mut(CHUNK)).for_each(|(low, high)| butterflies(low, high));
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use zkl_core::ark::{
        ff::{UniformRand as _, Zero as _},
        groth16::r1cs_to_qap::{LibsnarkReduction, R1CSToQAP as _},
        poly::{EvaluationDomain as _, GeneralEvaluationDomain},
        std::rand::SeedableRng as _,
    };

    use super::*;

    fn random(len: usize) -> Vec<Fr> {
        let mut rng = ChaCha20Rng::seed_from_u64(len as u64);
        (0..len).map(|_| Fr::rand(&mut rng)).collect()
    }

    #[test]
    fn transforms_agree_with_arkworks_up_to_their_order() {
        for log_size in [0, 1, 2, 3, 7, 13] {
            let domain = Domain::new(log_size).unwrap();
            let ark = GeneralEvaluationDomain::<Fr>::new(domain.size()).unwrap();
            let coefficients = random(domain.size());
            let expected = ark.fft(&coefficients);
            let mut values = coefficients.clone();
            forward(&mut values, 0, &domain.twiddles);
            for (index, expected) in expected.iter().enumerate() {
                assert_eq!(values[domain.position(index)], *expected, "{log_size} {index}");
            }
            inverse(&mut values, 0, &domain.inverse_twiddles);
            let scaled: Vec<Fr> = coefficients.iter().map(|c| *c * Fr::from(domain.size() as u64)).collect();
            assert_eq!(values, scaled, "{log_size}");
        }
    }

    #[test]
    fn the_quotient_is_that_of_arkworks_reduction() {
        for log_size in [1, 2, 5, 13] {
            let domain = Domain::new(log_size).unwrap();
            let (a, b) = (random(domain.size()), random(2 * domain.size()).split_off(domain.size()));
            let c: Vec<Fr> = a.iter().zip(&b).map(|(a, b)| *a * b).collect();
            // A constraint per point whose combinations are one variable each, no inputs.
            let assignment = [a.clone(), b.clone(), c].concat();
            let matrix = |offset: usize| (0..domain.size()).map(|i| vec![(Fr::ONE, offset + i)]).collect::<Vec<_>>();
            let matrices = [0, 1, 2].map(|which| matrix(which * domain.size()));
            let expected = LibsnarkReduction::witness_map_from_matrices::<Fr, GeneralEvaluationDomain<Fr>>(
                &matrices,
                0,
                domain.size(),
                &assignment,
            )
            .unwrap();
            let reversed = |values: &[Fr]| (0..values.len()).map(|i| values[domain.position(i)]).collect::<Vec<_>>();
            let quotient = domain.quotient(reversed(&a), reversed(&b));
            assert_eq!(quotient, expected, "{log_size}");
            assert!(quotient[domain.size() - 1].is_zero());
        }
    }

    #[test]
    fn a_domain_larger_than_the_field_has_is_refused() {
        assert!(Domain::new(29).is_none());
        assert!(Domain::new(64).is_none());
    }
}
