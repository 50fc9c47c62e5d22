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

use std::io::{Read, Seek, SeekFrom};

use rayon::prelude::*;
use zkl_core::ark::{
    Fq, G1Affine, G2Affine,
    ff::{BigInteger, PrimeField},
};

use super::{
    Setup, Srs, SrsVerifierKey,
    check::{g1_powers, g2_powers},
    coordinates::{Form, G1_BYTES, G2_BYTES, decode_g1, decode_g2},
    error::{PtauError, SrsFault},
};

const MAGIC: &[u8; 4] = b"ptau";
const VERSION: u32 = 1;
/// Files prepared for phase 2 have eleven sections.
const MAX_SECTIONS: u32 = 16;
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
/// [`PtauError`], one per check. No buffer is larger than `powers` and the length of the file allow.
///
/// # Soundness
/// A file shows that SOMEBODY's powers are consistent. That a ceremony had honest contributors is what its published
/// transcript shows: compare [`Srs::digest`] with one computed from a file of known checksum.
pub fn import_ptau<R: Read + Seek>(mut reader: R, powers: usize) -> Result<Srs, PtauError> {
    let sections = read_sections(&mut reader)?;

    let header = find(&sections, HEADER)?;
    expect_length(header, HEADER_BYTES)?;
    let power = read_header(&mut reader, header)?;
    let [g1, g2] = [find(&sections, TAU_G1)?, find(&sections, TAU_G2)?];
    let g1_count = (2u64 << power) - 1;
    let g2_count = 1u64 << power;
    expect_length(g1, g1_count * G1_BYTES as u64)?;
    expect_length(g2, g2_count * G2_BYTES as u64)?;
    let max = g1_count.min(Srs::MAX_POWERS as u64);
    if powers < Srs::MIN_POWERS || powers as u64 > max {
        return Err(PtauError::PowerCount { min: Srs::MIN_POWERS, max, got: powers });
    }

    let g1 = read_points(&mut reader, g1, powers, |bytes, index| decode_g1(bytes, Form::Montgomery, index))?;
    let g2_powers_read = usize::try_from(g2_count).unwrap_or(powers).min(powers);
    let g2 = read_points(&mut reader, g2, g2_powers_read, |bytes, index| decode_g2(bytes, Form::Montgomery, index))?;
    build(g1, &g2)
}

fn build(g1: Vec<G1Affine>, g2: &[G2Affine]) -> Result<Srs, PtauError> {
    let ([_, tau_g1, ..], [_, tau_g2, ..]) = (g1.as_slice(), g2) else {
        return Err(PtauError::PowerCount { min: Srs::MIN_POWERS, max: g2.len() as u64, got: g1.len() });
    };
    g2_powers(g2, tau_g1)?;
    let key = SrsVerifierKey::new(Setup::Ceremony, *tau_g2)?;
    g1_powers(&g1, &key)?;
    Ok(Srs::new(key, g1))
}

/// Where a section is.
#[derive(Clone, Copy)]
struct Section {
    id: u32,
    start: u64,
    bytes: u64,
}

/// Reads the table of sections and checks it against the length of the file.
fn read_sections<R: Read + Seek>(reader: &mut R) -> Result<Vec<Section>, PtauError> {
    let length = reader.seek(SeekFrom::End(0))?;
    reader.seek(SeekFrom::Start(0))?;
    let mut position = 0;
    if take::<4, _>(reader, &mut position, length)? != *MAGIC {
        return Err(PtauError::Magic);
    }
    let version = u32::from_le_bytes(take(reader, &mut position, length)?);
    if version != VERSION {
        return Err(PtauError::Version { expected: VERSION, got: version });
    }
    let count = u32::from_le_bytes(take(reader, &mut position, length)?);
    if count > MAX_SECTIONS {
        return Err(PtauError::SectionCount { max: MAX_SECTIONS, got: count });
    }
    let mut sections = Vec::new();
    for _ in 0..count {
        let id = u32::from_le_bytes(take(reader, &mut position, length)?);
        let bytes = u64::from_le_bytes(take(reader, &mut position, length)?);
        let end = position.saturating_add(bytes);
        if end > length {
            return Err(PtauError::Truncated { expected: end, got: length });
        }
        sections.push(Section { id, start: position, bytes });
        position = reader.seek(SeekFrom::Start(end))?;
    }
    if position < length {
        return Err(PtauError::TrailingBytes { extra: length - position });
    }
    Ok(sections)
}

fn take<const N: usize, R: Read>(reader: &mut R, position: &mut u64, length: u64) -> Result<[u8; N], PtauError> {
    let end = position.saturating_add(N as u64);
    if end > length {
        return Err(PtauError::Truncated { expected: end, got: length });
    }
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    *position = end;
    Ok(bytes)
}

fn find(sections: &[Section], id: u32) -> Result<Section, PtauError> {
    let mut found = sections.iter().filter(|section| section.id == id);
    match (found.next(), found.next()) {
        (Some(section), None) => Ok(*section),
        (None, _) => Err(PtauError::MissingSection { id }),
        (Some(_), Some(_)) => Err(PtauError::DuplicateSection { id }),
    }
}

const fn expect_length(section: Section, expected: u64) -> Result<(), PtauError> {
    if section.bytes != expected {
        return Err(PtauError::SectionLength { id: section.id, expected, got: section.bytes });
    }
    Ok(())
}

/// The exponent `p` of the file, bounded.
fn read_header<R: Read + Seek>(reader: &mut R, section: Section) -> Result<u32, PtauError> {
    reader.seek(SeekFrom::Start(section.start))?;
    let mut size = [0; 4];
    let mut modulus = [0; 32];
    let mut power = [0; 4];
    reader.read_exact(&mut size)?;
    reader.read_exact(&mut modulus)?;
    reader.read_exact(&mut power)?;
    if u32::from_le_bytes(size) != 32 || modulus[..] != Fq::MODULUS.to_bytes_le()[..] {
        return Err(PtauError::Curve);
    }
    let power = u32::from_le_bytes(power);
    if power == 0 || power > MAX_POWER {
        return Err(PtauError::Power { max: MAX_POWER, got: power });
    }
    Ok(power)
}

/// Reads the first `count` points of `N` bytes; the section is long enough.
fn read_points<const N: usize, P: Send, R: Read + Seek>(
    reader: &mut R,
    section: Section,
    count: usize,
    decode: impl Fn(&[u8; N], usize) -> Result<P, SrsFault> + Sync,
) -> Result<Vec<P>, PtauError> {
    reader.seek(SeekFrom::Start(section.start))?;
    let mut bytes = vec![0; count * N];
    reader.read_exact(&mut bytes)?;
    let (points, _) = bytes.as_chunks::<N>();
    Ok(points.par_iter().enumerate().map(|(index, bytes)| decode(bytes, index)).collect::<Result<Vec<_>, _>>()?)
}
