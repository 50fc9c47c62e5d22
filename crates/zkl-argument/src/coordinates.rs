//! Uncompressed points as canonical little-endian coordinates, without flag bits: `x || y`, in G2 `x_0 || x_1 || y_0 ||
//! y_1`.
//!
//! The neutral element has no encoding: no reference string contains it.

use zkl_core::ark::{
    Fq, G1Affine, G2Affine,
    bn254::Fq2,
    ec::AffineRepr,
    ff::{BigInteger, PrimeField, Zero},
};

use crate::srs::SrsFault;

/// Bytes of one coordinate.
pub(crate) const COORDINATE_BYTES: usize = 32;
/// Bytes of a G1 point.
pub(crate) const G1_BYTES: usize = 2 * COORDINATE_BYTES;
/// Bytes of a G2 point.
pub(crate) const G2_BYTES: usize = 4 * COORDINATE_BYTES;

/// How the integers in a file stand for field elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The element itself.
    Plain,
    /// The element times `2^256`, as snarkjs stores it.
    Montgomery,
}

pub(crate) fn encode_g1(point: &G1Affine) -> [u8; G1_BYTES] {
    let mut bytes = [0; G1_BYTES];
    write_coordinates(&mut bytes, &[point.x, point.y]);
    bytes
}

pub(crate) fn encode_g2(point: &G2Affine) -> [u8; G2_BYTES] {
    let mut bytes = [0; G2_BYTES];
    write_coordinates(&mut bytes, &[point.x.c0, point.x.c1, point.y.c0, point.y.c1]);
    bytes
}

/// Decodes a non-zero point on the curve; G1 has cofactor 1, so it is an element of the group.
pub(crate) fn decode_g1(bytes: &[u8; G1_BYTES], form: Form, index: usize) -> Result<G1Affine, SrsFault> {
    let [x, y] =
        read_coordinates(bytes, form).map_err(|coordinate| SrsFault::Coordinate { group: "G1", index, coordinate })?;
    let point = G1Affine::new_unchecked(x, y);
    if point.is_zero() {
        return Err(SrsFault::Zero { group: "G1", index });
    }
    if !point.is_on_curve() {
        return Err(SrsFault::NotOnCurve { group: "G1", index });
    }
    Ok(point)
}

/// Decodes a non-zero point of the group of prime order.
pub(crate) fn decode_g2(bytes: &[u8; G2_BYTES], form: Form, index: usize) -> Result<G2Affine, SrsFault> {
    let [x0, x1, y0, y1] =
        read_coordinates(bytes, form).map_err(|coordinate| SrsFault::Coordinate { group: "G2", index, coordinate })?;
    let point = G2Affine::new_unchecked(Fq2::new(x0, x1), Fq2::new(y0, y1));
    if point.is_zero() {
        return Err(SrsFault::Zero { group: "G2", index });
    }
    if !point.is_on_curve() {
        return Err(SrsFault::NotOnCurve { group: "G2", index });
    }
    if !point.is_in_correct_subgroup_assuming_on_curve() {
        return Err(SrsFault::Subgroup { index });
    }
    Ok(point)
}

fn write_coordinates(bytes: &mut [u8], coordinates: &[Fq]) {
    for (slot, coordinate) in bytes.chunks_exact_mut(COORDINATE_BYTES).zip(coordinates) {
        slot.copy_from_slice(&coordinate.into_bigint().to_bytes_le());
    }
}

/// Reads `N` coordinates from `32 N` bytes; the error is the position of the first that is not below the modulus.
fn read_coordinates<const N: usize>(bytes: &[u8], form: Form) -> Result<[Fq; N], usize> {
    let mut coordinates = [Fq::zero(); N];
    for (index, (slot, chunk)) in coordinates.iter_mut().zip(bytes.chunks_exact(COORDINATE_BYTES)).enumerate() {
        *slot = read_coordinate(chunk, form).ok_or(index)?;
    }
    Ok(coordinates)
}

fn read_coordinate(bytes: &[u8], form: Form) -> Option<Fq> {
    let mut integer = <Fq as PrimeField>::BigInt::default();
    for (limb, chunk) in integer.0.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = u64::from_le_bytes(chunk.try_into().ok()?);
    }
    match form {
        Form::Plain => Fq::from_bigint(integer),
        Form::Montgomery if integer < Fq::MODULUS => Some(Fq::new_unchecked(integer)),
        Form::Montgomery => None,
    }
}
