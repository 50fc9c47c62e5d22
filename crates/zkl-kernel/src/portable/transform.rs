//! Transforms, one element at a time.

use zeroize::Zeroize as _;
use zkl_core::ark::Fr;

use super::Portable;
use crate::threads::{self, prelude::*};
use crate::{
    kernel::LengthMismatch,
    transform::{TransformKernel, check_lengths},
};

/// Elements of a block whose transform runs on one thread and stays in the second-level cache.
const BLOCK: usize = 1 << 12;
/// Elements of a loop that one thread takes at a time.
const CHUNK: usize = 1 << 11;

impl TransformKernel for Portable {
    fn forward(self, values: &mut Vec<Fr>, twiddles: &Vec<Fr>) -> Result<(), LengthMismatch> {
        check_lengths(values.len(), twiddles.len())?;
        forward(values, 0, twiddles);
        Ok(())
    }

    fn inverse(self, values: &mut Vec<Fr>, twiddles: &Vec<Fr>) -> Result<(), LengthMismatch> {
        check_lengths(values.len(), twiddles.len())?;
        inverse(values, 0, twiddles);
        Ok(())
    }

    fn erase(self, values: &mut Vec<Fr>) {
        values.iter_mut().zeroize();
    }
}

/// `values` is block number `block` of its layer: the polynomial modulo `X^m - t^2`, split into those modulo
/// `X^(m/2) - t` and `X^(m/2) + t`, where t is twiddle `block`.
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
    threads::join(|| forward(low, 2 * block, twiddles), || forward(high, 2 * block + 1, twiddles));
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
    threads::join(|| inverse(low, 2 * block, twiddles), || inverse(high, 2 * block + 1, twiddles));
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
