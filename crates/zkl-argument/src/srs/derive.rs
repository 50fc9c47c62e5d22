//! Powers of a ceremony's secret out of a Groth16 key that somebody made after the ceremony.
//!
//! snarkjs stores, in section 9 of a `.zkey` over a domain of `n` points,
//!
//! ```text
//! H_i = L_(2i+1)(tau) / delta G          L the Lagrange basis of the domain of 2n points, w its generator
//! ```
//!
//! The odd Lagrange polynomials are `L_(2i+1)(X) = (1 - X^n) / 2 * (1/n) sum_j w^(-(2i+1) j) X^j`, so that one transform over the group undoes them:
//!
//! ```text
//! P_j = -2 sum_i w^((2i+1) j) H_i = ((tau^n - 1) / delta) tau^j G
//! ```
//!
//! These are `n` consecutive powers of tau over the base `P_0 = ((tau^n - 1)/delta) G`, whose logarithm nobody knows.
//! That they are is checked against `[tau]_2` from the ceremony; nothing is believed of the key.

use std::io::{Read, Seek};

use zkl_core::ark::{
    Fr, G1Affine, G1Projective,
    ec::CurveGroup,
    ff::{AdditiveGroup, Field},
    poly::{EvaluationDomain, Radix2EvaluationDomain},
};

use super::{
    Setup, Srs, SrsVerifierKey,
    check::g1_powers,
    coordinates::{Form, G1_BYTES, decode_g1},
    error::DeriveError,
    sections::{FileKind, Sections, modulus_is_bn254},
};

const ZKEY: FileKind = FileKind { magic: "zkey", max_sections: 16 };
const PROTOCOL: u32 = 1;
const GROTH16: u32 = 1;
const HEADER: u32 = 2;
const H_POINTS: u32 = 9;
/// Sizes and moduli of both fields, number of variables, of public inputs, and of the points of the domain.
const HEADER_BYTES: usize = 4 + 32 + 4 + 32 + 4 + 4 + 4;

/// Derives as many powers as the domain of a Groth16 key of snarkjs has points.
///
/// `ceremony` is the verifier's part of a string of the same ceremony, from a `.ptau` file of any size.
///
/// # Errors
/// [`DeriveError`]: the file is no Groth16 key over BN254, its domain is no power of two up to [`Srs::MAX_POWERS`], a point is invalid, or the
/// derived points are not consecutive powers of the secret of `ceremony`.
pub fn derive_powers<R: Read + Seek>(mut zkey: R, ceremony: &SrsVerifierKey) -> Result<Srs, DeriveError> {
    let sections = Sections::read(ZKEY, &mut zkey)?;
    let protocol = u32::from_le_bytes(sections.find(PROTOCOL)?.bytes(&mut zkey)?);
    if protocol != GROTH16 {
        return Err(DeriveError::Protocol { got: protocol });
    }
    let header = sections.find(HEADER)?.bytes::<HEADER_BYTES, _>(&mut zkey)?;
    let field = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if field(0) != 32 || field(36) != 32 || !modulus_is_bn254(&header[4..36]) {
        return Err(DeriveError::File(super::SnarkjsError::Curve));
    }
    let domain = field(HEADER_BYTES - 4) as usize;
    if !domain.is_power_of_two() || !(Srs::MIN_POWERS..=Srs::MAX_POWERS).contains(&domain) {
        return Err(DeriveError::Domain { max: Srs::MAX_POWERS, got: domain });
    }
    let points = sections.find(H_POINTS)?.expect((domain * G1_BYTES) as u64)?;
    let points = points.points(&mut zkey, domain, |bytes, index| decode_g1(bytes, Form::Montgomery, index))?;

    let powers = undo_odd_lagrange(&points)?;
    let base = powers.first().copied().unwrap_or_default();
    let key = SrsVerifierKey::new(Setup::DerivedBase, base, ceremony.tau_g2())?;
    g1_powers(&powers, &key)?;
    Ok(Srs::new(key, powers))
}

/// `P_j = -2 sum_i w^((2i+1) j) H_i`.
fn undo_odd_lagrange(points: &[G1Affine]) -> Result<Vec<G1Affine>, DeriveError> {
    let size = DeriveError::Domain { max: Srs::MAX_POWERS, got: points.len() };
    let (Some(domain), Some(double)) =
        (Radix2EvaluationDomain::<Fr>::new(points.len()), Radix2EvaluationDomain::<Fr>::new(2 * points.len()))
    else {
        return Err(size);
    };
    let mut sums: Vec<G1Projective> = points.iter().map(|point| (*point).into()).collect();
    domain.fft_in_place(&mut sums);
    let mut factor = -Fr::ONE.double();
    for sum in &mut sums {
        *sum *= factor;
        factor *= double.group_gen;
    }
    Ok(G1Projective::normalize_batch(&sums))
}
