//! Round polynomials: from values to coefficients and back.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

/// Coefficients, lowest first, of the polynomial of degree below `N` with `values[k]` at `points[k]`.
pub(crate) fn interpolate<const N: usize>(points: [Fr; N], values: [Fr; N]) -> [Fr; N] {
    let mut result = [Fr::ZERO; N];
    for k in 0..N {
        let mut basis = [Fr::ZERO; N];
        basis[0] = Fr::ONE;
        let mut scale = Fr::ONE;
        for (j, point) in points.iter().enumerate().filter(|&(j, _)| j != k) {
            for d in (1..N).rev() {
                basis[d] = basis[d - 1] - basis[d] * point;
            }
            basis[0] *= -*point;
            scale *= points[k] - points[j];
        }
        let weight = values[k] * scale.inverse().unwrap_or_default();
        for (result, basis) in result.iter_mut().zip(basis) {
            *result += basis * weight;
        }
    }
    result
}

/// Value at `x` of the polynomial with these coefficients, lowest first.
pub(crate) fn horner(coefficients: &[Fr], x: Fr) -> Fr {
    coefficients.iter().rev().fold(Fr::ZERO, |value, coefficient| value * x + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_finds_the_coefficients() {
        let coefficients = [3u64, 1, 4, 1, 5].map(Fr::from);
        let points = [-Fr::ONE, Fr::ZERO, Fr::ONE, Fr::from(2), Fr::from(3)];
        assert_eq!(interpolate(points, points.map(|x| horner(&coefficients, x))), coefficients);
    }
}
