//! Groth16 keys of snarkjs.
//!
//! Published format (snarkjs, `zkey_utils.js`), in the frame of all its files; points are uncompressed, in Montgomery form, the neutral element
//! all zeros:
//!
//! ```text
//! 1  protocol     1 for Groth16
//! 2  header       size and modulus of both fields || variables || public inputs || points of the domain (u32 each) ||
//!                 alpha G1 || beta G1 || beta G2 || gamma G2 || delta G1 || delta G2
//! 3  inputs       of every public input and of the constant 1, over gamma
//! 5  A in G1      of every variable          6  B in G1          7  B in G2
//! 8  L in G1      of every private variable, over delta
//! 9  H in G1      of every point of the domain
//! ```
//!
//! With `n` points in the domain, section 9 holds
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

use std::io::{Read, Seek};

use zkl_core::ark::{
    Fr, G1Affine, G1Projective, G2Affine,
    ec::{AffineRepr, CurveGroup},
    ff::{AdditiveGroup, Field},
    poly::{EvaluationDomain, Radix2EvaluationDomain},
};

use super::{
    SnarkjsError, ZkeyError,
    sections::{FileKind, Sections, modulus_is_bn254},
};
use crate::{
    coordinates::{Form, G1_BYTES, G2_BYTES, decode_g1, decode_g2},
    srs::SrsFault,
};

const ZKEY: FileKind = FileKind { magic: "zkey", max_sections: 16 };
const PROTOCOL: u32 = 1;
const GROTH16: u32 = 1;
const HEADER: u32 = 2;
const INPUTS: u32 = 3;
const A: u32 = 5;
const B_G1: u32 = 6;
const B_G2: u32 = 7;
const L: u32 = 8;
const H: u32 = 9;
/// Bytes of the header before its points.
const SIZES_BYTES: usize = 4 + 32 + 4 + 32 + 4 + 4 + 4;
const HEADER_BYTES: usize = SIZES_BYTES + 3 * G1_BYTES + 3 * G2_BYTES;

/// A Groth16 key whose frame and header were read.
#[derive(Debug)]
pub struct Zkey<R> {
    reader: R,
    sections: Sections,
    sizes: ZkeySizes,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZkeySizes {
    /// Variables: the constant 1, public inputs, private ones.
    pub variables: usize,
    /// Public inputs, without the constant 1.
    pub inputs: usize,
    /// Points of the evaluation domain, a power of two.
    pub domain: usize,
}

/// The points of a key: one per variable, unless said otherwise. Valid, and otherwise not checked.
#[derive(Clone, Debug)]
pub struct ZkeyPoints {
    /// `alpha G1`.
    pub alpha_g1: G1Affine,
    /// `beta G1`.
    pub beta_g1: G1Affine,
    /// `beta G2`.
    pub beta_g2: G2Affine,
    /// `gamma G2`.
    pub gamma_g2: G2Affine,
    /// `delta G1`.
    pub delta_g1: G1Affine,
    /// `delta G2`.
    pub delta_g2: G2Affine,
    /// Of the constant 1 and of every public input.
    pub inputs: Vec<G1Affine>,
    /// `A_k(tau) G1`.
    pub a: Vec<G1Affine>,
    /// `B_k(tau) G1`.
    pub b_g1: Vec<G1Affine>,
    /// `B_k(tau) G2`.
    pub b_g2: Vec<G2Affine>,
    /// Of every private variable.
    pub l: Vec<G1Affine>,
    /// `((tau^n - 1) / delta) tau^j G1`, one per point of the domain.
    pub quotients: Vec<G1Affine>,
}

impl<R: Read + Seek> Zkey<R> {
    /// Largest domain that is read.
    pub const MAX_DOMAIN: usize = 1 << 22;

    /// Reads the frame and the sizes.
    ///
    /// # Errors
    /// [`ZkeyError`]: no file of snarkjs, no Groth16 key, another curve, or sizes that no key has.
    pub fn open(mut reader: R) -> Result<Self, ZkeyError> {
        let sections = Sections::read(ZKEY, &mut reader)?;
        let protocol = u32::from_le_bytes(sections.find(PROTOCOL)?.bytes(&mut reader)?);
        if protocol != GROTH16 {
            return Err(ZkeyError::Protocol { got: protocol });
        }
        let header = sections.find(HEADER)?.bytes::<SIZES_BYTES, _>(&mut reader)?;
        let field = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        if field(0) != 32 || field(36) != 32 || !modulus_is_bn254(&header[4..36]) {
            return Err(ZkeyError::File(SnarkjsError::Curve));
        }
        let [variables, inputs, domain] = [12, 8, 4].map(|back| field(SIZES_BYTES - back) as usize);
        if !domain.is_power_of_two() || domain > Self::MAX_DOMAIN {
            return Err(ZkeyError::Domain { max: Self::MAX_DOMAIN, got: domain });
        }
        if inputs >= variables {
            return Err(ZkeyError::Inputs { inputs, variables });
        }
        Ok(Self { reader, sections, sizes: ZkeySizes { variables, inputs, domain } })
    }

    /// What the key is for.
    pub const fn sizes(&self) -> ZkeySizes {
        self.sizes
    }

    /// All points. Undoing the Lagrange basis of the quotient's takes a minute for 2^16 of them.
    ///
    /// # Errors
    /// [`ZkeyError::File`]: a section is missing or has another length than the sizes imply, or a point is invalid.
    pub fn points(mut self) -> Result<ZkeyPoints, ZkeyError> {
        let ZkeySizes { variables, inputs, .. } = self.sizes;
        let section = self.sections.find(HEADER)?.expect(HEADER_BYTES as u64)?;
        let header = section.bytes::<HEADER_BYTES, _>(&mut self.reader)?;
        let mut at = SIZES_BYTES;
        let mut next = |bytes: usize| {
            at += bytes;
            &header[at - bytes..at]
        };
        let g1 = |bytes: &[u8], index| {
            let bytes = bytes.first_chunk().ok_or(SnarkjsError::Curve)?;
            Ok::<_, ZkeyError>(decode_g1(bytes, Form::Montgomery, index).map_err(SnarkjsError::from)?)
        };
        let g2 = |bytes: &[u8], index| {
            let bytes = bytes.first_chunk().ok_or(SnarkjsError::Curve)?;
            Ok::<_, ZkeyError>(decode_g2(bytes, Form::Montgomery, index).map_err(SnarkjsError::from)?)
        };
        Ok(ZkeyPoints {
            alpha_g1: g1(next(G1_BYTES), 0)?,
            beta_g1: g1(next(G1_BYTES), 1)?,
            beta_g2: g2(next(G2_BYTES), 0)?,
            gamma_g2: g2(next(G2_BYTES), 1)?,
            delta_g1: g1(next(G1_BYTES), 2)?,
            delta_g2: g2(next(G2_BYTES), 2)?,
            inputs: self.g1_points(INPUTS, inputs + 1)?,
            a: self.g1_points(A, variables)?,
            b_g1: self.g1_points(B_G1, variables)?,
            b_g2: self.section(B_G2, variables, |bytes: &[u8; G2_BYTES], index| {
                if *bytes == [0; G2_BYTES] { Ok(G2Affine::zero()) } else { decode_g2(bytes, Form::Montgomery, index) }
            })?,
            l: self.g1_points(L, variables - inputs - 1)?,
            quotients: self.quotients()?,
        })
    }

    /// `((tau^n - 1) / delta) tau^j G1` for `j < n`: consecutive powers of tau over one base.
    ///
    /// # Errors
    /// As [`Self::points`].
    pub fn quotients(&mut self) -> Result<Vec<G1Affine>, ZkeyError> {
        let domain = self.sizes.domain;
        let points =
            self.section(H, domain, |bytes: &[u8; G1_BYTES], index| decode_g1(bytes, Form::Montgomery, index))?;
        undo_odd_lagrange(&points).ok_or(ZkeyError::Domain { max: Self::MAX_DOMAIN, got: domain })
    }

    fn g1_points(&mut self, id: u32, count: usize) -> Result<Vec<G1Affine>, ZkeyError> {
        self.section(id, count, |bytes: &[u8; G1_BYTES], index| {
            if *bytes == [0; G1_BYTES] { Ok(G1Affine::zero()) } else { decode_g1(bytes, Form::Montgomery, index) }
        })
    }

    fn section<const N: usize, P: Send>(
        &mut self,
        id: u32,
        count: usize,
        decode: impl Fn(&[u8; N], usize) -> Result<P, SrsFault> + Sync,
    ) -> Result<Vec<P>, ZkeyError> {
        let section = self.sections.find(id)?.expect((count * N) as u64)?;
        Ok(section.points(&mut self.reader, count, decode)?)
    }
}

/// `P_j = -2 sum_i w^((2i+1) j) H_i`.
fn undo_odd_lagrange(points: &[G1Affine]) -> Option<Vec<G1Affine>> {
    let domain = Radix2EvaluationDomain::<Fr>::new(points.len())?;
    let double = Radix2EvaluationDomain::<Fr>::new(2 * points.len())?;
    let mut sums: Vec<G1Projective> = points.iter().map(|point| (*point).into()).collect();
    domain.fft_in_place(&mut sums);
    let mut factor = -Fr::ONE.double();
    for sum in &mut sums {
        *sum *= factor;
        factor *= double.group_gen;
    }
    Some(G1Projective::normalize_batch(&sums))
}
