//! Proving keys in bytes that load as fast as they are read: coordinates and coefficients in the Montgomery form that
//! arkworks computes with, so that decoding copies and compares, and multiplies nothing.
//!
//! ```text
//! counts         24 x 8 bytes, little-endian as everything here
//!                  public inputs with the constant 1; variables; coefficients; terms; combinations; constraints;
//!                  per part of A, B in G1, B in G2, L, bits before full: points, block sums; H: points, block sums
//! matrices       coefficients (32 each), terms (4 + 4), ends of combinations (4), constraints (3 x 4)
//! beta, delta    in G1
//! parts          variables (4 each), points, block sums; for H the last two
//! ```
//! A point of G1 is 64 bytes, of G2 128, x before y; the neutral element is all zeros.

use zkl_argument::msm::{Curve, MsmBases};
use zkl_kernel::threads::prelude::*;

use super::{DecodeError, Part, ProvingKey, Query, VerifyingKey};
use crate::{
    ark::{
        Fq, G1Affine,
        bn254::Fq2,
        ec::{
            AffineRepr as _,
            short_weierstrass::{Affine, SWCurveConfig},
        },
        ff::{BigInt, Fp, MontBackend, MontConfig, Zero as _},
    },
    matrices::{Matrices, Term},
};

/// Numbers at the head of an encoding.
const COUNTS: usize = 24;
/// Entries that one thread decodes at a time.
const CHUNK: usize = 1 << 12;

/// Something with an encoding of fixed length.
trait Fixed: Copy + Send + Sync {
    const LEN: usize;

    fn write(&self, bytes: &mut Vec<u8>);

    /// Reads `Self::LEN` bytes; `None` for what is no encoding.
    fn read(bytes: &[u8]) -> Option<Self>;
}

impl Fixed for u32 {
    const LEN: usize = 4;

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_le_bytes)
    }
}

impl Fixed for [u32; 3] {
    const LEN: usize = 12;

    fn write(&self, bytes: &mut Vec<u8>) {
        self.iter().for_each(|index| index.write(bytes));
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Some([u32::read(bytes.get(..4)?)?, u32::read(bytes.get(4..8)?)?, u32::read(bytes.get(8..)?)?])
    }
}

impl Fixed for Term {
    const LEN: usize = 8;

    fn write(&self, bytes: &mut Vec<u8>) {
        self.coefficient.write(bytes);
        self.column.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (coefficient, column) = bytes.split_at_checked(4)?;
        Some(Self { coefficient: u32::read(coefficient)?, column: u32::read(column)? })
    }
}

impl<C: MontConfig<4>> Fixed for Fp<MontBackend<C, 4>, 4> {
    const LEN: usize = 32;

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.0.0.iter().flat_map(|limb| limb.to_le_bytes()));
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (limbs, []) = bytes.as_chunks::<8>() else { return None };
        let limbs: [[u8; 8]; 4] = limbs.try_into().ok()?;
        let limbs = BigInt(limbs.map(u64::from_le_bytes));
        // Whatever is not reduced would break comparisons later.
        (limbs < C::MODULUS).then(|| Self::new_unchecked(limbs))
    }
}

impl Fixed for Fq2 {
    const LEN: usize = 64;

    fn write(&self, bytes: &mut Vec<u8>) {
        self.c0.write(bytes);
        self.c1.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (c0, c1) = bytes.split_at_checked(Fq::LEN)?;
        Some(Self::new(Fq::read(c0)?, Fq::read(c1)?))
    }
}

impl<P: SWCurveConfig> Fixed for Affine<P>
where
    P::BaseField: Fixed,
{
    const LEN: usize = 2 * P::BaseField::LEN;

    fn write(&self, bytes: &mut Vec<u8>) {
        let (x, y) = self.xy().unwrap_or_default();
        x.write(bytes);
        y.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (x, y) = bytes.split_at_checked(P::BaseField::LEN)?;
        let (x, y) = (P::BaseField::read(x)?, P::BaseField::read(y)?);
        // No curve of the project goes through the origin.
        Some(if x.is_zero() && y.is_zero() { Self::identity() } else { Self::new_unchecked(x, y) })
    }
}

fn write_all<T: Fixed>(bytes: &mut Vec<u8>, values: &[T]) {
    values.iter().for_each(|value| value.write(bytes));
}

/// What is left of an encoding.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<T: Fixed>(&mut self, count: usize) -> Result<Vec<T>, DecodeError> {
        let len = count.checked_mul(T::LEN).ok_or(DecodeError::Matrices)?;
        let short = DecodeError::Length { expected: len, got: self.0.len() };
        let (head, tail) = self.0.split_at_checked(len).ok_or(short)?;
        self.0 = tail;
        let chunk = |bytes: &[u8]| bytes.chunks_exact(T::LEN).map(T::read).collect::<Option<Vec<T>>>();
        let chunks: Option<Vec<Vec<T>>> = head.par_chunks(CHUNK * T::LEN).map(chunk).collect();
        Ok(chunks.ok_or(DecodeError::Point)?.concat())
    }

    fn one<T: Fixed>(&mut self) -> Result<T, DecodeError> {
        self.take(1)?.first().copied().ok_or(DecodeError::Point)
    }

    fn bases<P>(&mut self, [points, sums]: [usize; 2]) -> Result<MsmBases<P>, DecodeError>
    where
        P: Curve<BaseField: Fixed>,
    {
        let (points, sums) = (self.take(points)?, self.take(sums)?);
        MsmBases::from_parts(points, sums).map_err(|_| DecodeError::Matrices)
    }

    fn query<P>(&mut self, [bits, full]: [[usize; 2]; 2]) -> Result<Query<P>, DecodeError>
    where
        P: Curve<BaseField: Fixed>,
    {
        let mut part = |counts: [usize; 2]| -> Result<Part<P>, DecodeError> {
            Ok(Part { variables: self.take(counts[0])?, bases: self.bases(counts)? })
        };
        Ok(Query { bits: part(bits)?, full: part(full)? })
    }
}

impl ProvingKey {
    /// The encoding, without the verifying key: megabytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Matrices { num_inputs, num_variables, coefficients, terms, ends, rows } = &self.matrices;
        let mut counts = vec![*num_inputs, *num_variables, coefficients.len(), terms.len(), ends.len(), rows.len()];
        count(&mut counts, &self.a);
        count(&mut counts, &self.b_g1);
        count(&mut counts, &self.b_g2);
        count(&mut counts, &self.l);
        counts.extend([self.h.len(), self.h.block_sums().len()]);

        let mut bytes = Vec::with_capacity(128 * counts.iter().skip(2).sum::<usize>());
        counts.iter().for_each(|count| bytes.extend_from_slice(&(*count as u64).to_le_bytes()));
        write_all(&mut bytes, coefficients);
        write_all(&mut bytes, terms);
        write_all(&mut bytes, ends);
        write_all(&mut bytes, rows);
        write_all(&mut bytes, &[self.beta_g1, self.delta_g1]);
        write_query(&mut bytes, &self.a);
        write_query(&mut bytes, &self.b_g1);
        write_query(&mut bytes, &self.b_g2);
        write_query(&mut bytes, &self.l);
        write_all(&mut bytes, self.h.points());
        write_all(&mut bytes, self.h.block_sums());
        bytes
    }

    /// Reads an encoding without checking that points lie on their curve. For bytes whose digest was just compared with
    /// one that this program wrote. Every position is checked, so that no encoding makes the prover panic.
    pub(crate) fn from_bytes_unchecked(bytes: &[u8], verifying: VerifyingKey) -> Result<Self, DecodeError> {
        let short = DecodeError::Length { expected: 8 * COUNTS, got: bytes.len() };
        let (head, rest) = bytes.split_at_checked(8 * COUNTS).ok_or(short)?;
        let (numbers, _) = head.as_chunks::<8>();
        let mut counts =
            numbers.iter().map(|number| usize::try_from(u64::from_le_bytes(*number)).unwrap_or(usize::MAX));
        let mut next = || counts.next().unwrap_or_default();
        let mut reader = Reader(rest);
        let (num_inputs, num_variables) = (next(), next());
        let sizes = [next(), next(), next(), next()];
        let mut pair = || [next(), next()];
        let (a, b_g1, b_g2, l) = ([pair(), pair()], [pair(), pair()], [pair(), pair()], [pair(), pair()]);
        let h = pair();
        let [coefficients, terms, ends, rows] = sizes;
        let matrices = Matrices {
            num_inputs,
            num_variables,
            coefficients: reader.take(coefficients)?,
            terms: reader.take(terms)?,
            ends: reader.take(ends)?,
            rows: reader.take(rows)?,
        };
        let key = Self {
            verifying,
            beta_g1: reader.one::<G1Affine>()?,
            delta_g1: reader.one()?,
            a: reader.query(a)?,
            b_g1: reader.query(b_g1)?,
            b_g2: reader.query(b_g2)?,
            l: reader.query(l)?,
            h: reader.bases(h)?,
            matrices,
            domain: std::sync::OnceLock::new(),
        };
        if !reader.0.is_empty() {
            return Err(DecodeError::Length { expected: bytes.len() - reader.0.len(), got: bytes.len() });
        }
        if key.matrices.is_consistent() && key.fits() { Ok(key) } else { Err(DecodeError::Matrices) }
    }
}

fn count<P: Curve>(counts: &mut Vec<usize>, query: &Query<P>) {
    for part in [&query.bits, &query.full] {
        counts.extend([part.bases.len(), part.bases.block_sums().len()]);
    }
}

fn write_query<P>(bytes: &mut Vec<u8>, query: &Query<P>)
where
    P: Curve<BaseField: Fixed>,
{
    for part in [&query.bits, &query.full] {
        write_all(bytes, &part.variables);
        write_all(bytes, part.bases.points());
        write_all(bytes, part.bases.block_sums());
    }
}
