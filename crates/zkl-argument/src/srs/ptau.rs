//! Import of `.ptau` files, the format in which snarkjs and the public ceremonies store powers of tau.
//!
//! Published format (snarkjs, `powersoftau_new.js` and `powersoftau_utils.js`); integers are little-endian:
//!
//! ```text
//! "ptau" || version (u32) = 1 || sections (u32) || { id (u32) || bytes (u64) || content }
//!
//! 1  header    coordinate size (u32) = 32 || modulus of the base field || p (u32) || exponent of the ceremony (u32)
//! 2  tau G1    2^(p+1) - 1 points x || y
//! 3  tau G2    2^p points x_0 || x_1 || y_0 || y_1
//! ```
//!
//! Coordinates are in Montgomery form. Other sections (alpha, beta, contributions, Lagrange points) are skipped.

use std::io::{Read, Seek};

use zkl_core::ark::{G1Affine, G2Affine};

use super::{
    Setup, Srs, SrsVerifierKey,
    check::{g1_powers, g2_powers},
};
use crate::{
    coordinates::{Form, G1_BYTES, G2_BYTES, decode_g1, decode_g2},
    snarkjs::{
        SnarkjsError,
        sections::{FileKind, Section, Sections, modulus_is_bn254},
    },
};

/// Files prepared for phase 2 have eleven sections.
const PTAU: FileKind = FileKind { magic: "ptau", max_sections: 16 };
/// BN254 has roots of unity for 2^28 points: no ceremony is larger.
const MAX_POWER: u32 = 28;
const HEADER_BYTES: u64 = 4 + 32 + 4 + 4;
const HEADER: u32 = 1;
const TAU_G1: u32 = 2;
const TAU_G2: u32 = 3;

/// Imports the first `powers` powers of a ceremony from a `.ptau` file.
///
/// All points that are read are checked: canonical, on the curve, not zero, in the group of prime order, the first the
/// generator, and consecutive powers of one secret in both groups (one random linear combination each). `min(powers,
/// 2^p)` points of G2 are read for that.
///
/// # Errors
/// [`SnarkjsError`], one per check. No buffer is larger than `powers` and the length of the file allow.
///
/// # Soundness
/// A file shows that SOMEBODY's powers are consistent. That a ceremony had honest contributors is what its published
/// transcript shows: compare [`Srs::digest`] with one computed from a file of known checksum.
pub fn import_ptau<R: Read + Seek>(mut reader: R, powers: usize) -> Result<Srs, SnarkjsError> {
    let sections = Sections::read(PTAU, &mut reader)?;
    let header = sections.find(HEADER)?.expect(HEADER_BYTES)?;
    let power = read_header(&mut reader, header)?;
    let g1_count = (2u64 << power) - 1;
    let g2_count = 1u64 << power;
    let g1 = sections.find(TAU_G1)?.expect(g1_count * G1_BYTES as u64)?;
    let g2 = sections.find(TAU_G2)?.expect(g2_count * G2_BYTES as u64)?;
    let max = g1_count.min(Srs::MAX_POWERS as u64);
    if powers < Srs::MIN_POWERS || powers as u64 > max {
        return Err(SnarkjsError::PowerCount { min: Srs::MIN_POWERS, max, got: powers });
    }

    let g1 = g1.points(&mut reader, powers, |bytes, index| decode_g1(bytes, Form::Montgomery, index))?;
    let g2_powers_read = usize::try_from(g2_count).unwrap_or(powers).min(powers);
    let g2 = g2.points(&mut reader, g2_powers_read, |bytes, index| decode_g2(bytes, Form::Montgomery, index))?;
    build(g1, &g2)
}

fn build(g1: Vec<G1Affine>, g2: &[G2Affine]) -> Result<Srs, SnarkjsError> {
    let ([_, tau_g1, ..], [_, tau_g2, ..]) = (g1.as_slice(), g2) else {
        return Err(SnarkjsError::PowerCount { min: Srs::MIN_POWERS, max: g2.len() as u64, got: g1.len() });
    };
    g2_powers(g2, tau_g1)?;
    let key = SrsVerifierKey::over_generator(Setup::Ceremony, *tau_g2)?;
    g1_powers(&g1, &key)?;
    Ok(Srs::new(key, g1))
}

/// The exponent `p` of the file, bounded.
fn read_header<R: Read + Seek>(reader: &mut R, section: Section) -> Result<u32, SnarkjsError> {
    let bytes = section.bytes::<{ HEADER_BYTES as usize }, _>(reader)?;
    let field = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    if field(0) != 32 || !modulus_is_bn254(&bytes[4..36]) {
        return Err(SnarkjsError::Curve);
    }
    let power = field(36);
    if power == 0 || power > MAX_POWER {
        return Err(SnarkjsError::Power { max: MAX_POWER, got: power });
    }
    Ok(power)
}
