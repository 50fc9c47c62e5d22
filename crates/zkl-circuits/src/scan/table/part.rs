//! A part as it travels from whoever proved a segment to whoever joins them.
//!
//! Bounds and dictionaries do not travel: both sides have the frame.

use num_bigint::BigUint;
use zkl_core::{
    digest::Sha256Digest,
    profile::{Profile, Sum},
};

use super::{
    error::PartDecodeError,
    keys::TableKeys,
    plan::TablePlan,
    proof::{Reader, SegmentProof},
    segment::SegmentPart,
};

/// The version of parts that is written and read.
const VERSION: u8 = 1;
/// Bytes before the sums.
const HEAD: usize = 1 + 1 + 32 + 4;
/// Bytes of a count of rows, of which a table has fewer than 2^32.
const COUNT: usize = 4;
/// Bytes of a sum of values.
const SUM: usize = 12;
/// Bytes of a sum of squares or products.
const SQUARES: usize = 20;

impl SegmentPart {
    /// The one encoding. `frame` is a digest of all that the part was made from beside its rows. Integers are little-endian.
    ///
    /// ```text
    /// version      1 byte: 1
    /// system       1 byte: the tag of the proof system, 0 for the one without a tag
    /// frame        32 bytes
    /// segment      4
    /// per column   numeric: valid rows (4), sum (12), sum of squares (20)
    ///              dictionary: rows (4) per value, by code from 1
    ///              opaque: valid rows (4)
    /// per pair     joint: rows (4) per cell
    ///              product: valid rows (4), products (20), left and right sum (12 each), left and right squares (20 each)
    /// proof        of the segment, as a table's proof has it
    /// ```
    pub fn to_bytes(&self, frame: &Sha256Digest) -> Vec<u8> {
        let mut bytes = vec![VERSION, self.tag.unwrap_or(0)];
        bytes.extend_from_slice(frame.as_bytes());
        // A table has fewer than 2^32 segments.
        bytes.extend_from_slice(&(self.index as u32).to_le_bytes());
        self.profile.sums().for_each(|sum| write(&mut bytes, sum));
        self.proof.encode_into(&mut bytes);
        bytes
    }

    /// Reads [`SegmentPart::to_bytes`]. `empty` is the profile of no rows in the frame of the table: its bounds and dictionaries,
    /// and counts of 0. Every length comes from plan, keys and `empty`, and the whole is checked before anything is allocated.
    ///
    /// # Errors
    /// [`PartDecodeError`].
    pub fn from_bytes(
        plan: &TablePlan,
        keys: &TableKeys<'_>,
        empty: &Profile,
        frame: &Sha256Digest,
        bytes: &[u8],
    ) -> Result<Self, PartDecodeError> {
        let got = bytes.len();
        let (head, rest) = bytes.split_first_chunk::<HEAD>().ok_or(PartDecodeError::Length { expected: HEAD, got })?;
        let [version, system, head @ ..] = head;
        if *version != VERSION {
            return Err(PartDecodeError::Version { expected: VERSION, got: *version });
        }
        let tag = keys.system().tag();
        if *system != tag.unwrap_or(0) {
            return Err(PartDecodeError::System { expected: tag.unwrap_or(0), got: *system });
        }
        let (of_frame, index) = head.split_at(32);
        if of_frame != frame.as_bytes() {
            return Err(PartDecodeError::OtherFrame);
        }
        let index = u32::from_le_bytes(index.first_chunk().copied().unwrap_or_default());
        let none = PartDecodeError::NoSegment { index, expected: plan.len() };
        let segment = usize::try_from(index).ok().and_then(|index| plan.segment(index)).ok_or(none)?;

        let sums = empty.sums().map(|sum| bytes_of(&sum)).sum::<usize>();
        let proof = SegmentProof::encoded_bytes(&segment, keys).map_err(PartDecodeError::Proof)?;
        let length = PartDecodeError::Length { expected: HEAD + sums + proof, got };
        if got != HEAD + sums + proof {
            return Err(length);
        }
        let (sums, proof) = rest.split_at_checked(sums).ok_or(length)?;
        let mut sums = Sums(sums);
        let profile = empty.clone().with_sums(segment.rows(), empty.sums().map(|sum| sums.next_like(&sum)));
        let proof = Reader::of_segment(proof, segment.index).segment(keys, &segment).map_err(PartDecodeError::Proof)?;
        Ok(Self { index: segment.index, tag, profile, proof })
    }
}

/// Bytes of a sum.
const fn bytes_of(sum: &Sum) -> usize {
    match sum {
        Sum::Rows(_) => COUNT,
        Sum::Values(_) => SUM,
        Sum::Squares(_) => SQUARES,
    }
}

/// Appends a sum. A sealed profile of fewer than 2^32 rows has none that is longer.
fn write(bytes: &mut Vec<u8>, sum: Sum) {
    let len = bytes_of(&sum);
    let mut number = match sum {
        Sum::Rows(rows) => rows.to_le_bytes().to_vec(),
        Sum::Values(number) | Sum::Squares(number) => number.to_bytes_le(),
    };
    number.resize(len, 0);
    bytes.extend(number);
}

/// Takes sums off the front of bytes whose length was checked.
struct Sums<'a>(&'a [u8]);

impl Sums<'_> {
    /// A sum as wide as `sum`.
    fn next_like(&mut self, sum: &Sum) -> Sum {
        let (head, rest) = self.0.split_at_checked(bytes_of(sum)).unwrap_or_default();
        self.0 = rest;
        match sum {
            Sum::Rows(_) => Sum::Rows(u32::from_le_bytes(head.first_chunk().copied().unwrap_or_default()).into()),
            Sum::Values(_) => Sum::Values(BigUint::from_bytes_le(head)),
            Sum::Squares(_) => Sum::Squares(BigUint::from_bytes_le(head)),
        }
    }
}
