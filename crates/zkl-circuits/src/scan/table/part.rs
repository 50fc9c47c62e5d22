//! A part as it travels from whoever proved a segment to whoever joins them.
//!
//! Bounds and dictionaries do not travel: both sides have the frame.

use num_bigint::BigUint;
use zkl_core::{
    digest::Sha256Digest,
    profile::{ColumnProfile, ColumnStats, PairProfile, ProductSums, Profile},
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
        let mut sums = Writer(&mut bytes);
        for column in &self.profile.columns {
            match &column.stats {
                ColumnStats::Numeric(stats) => {
                    sums.count(column.valid);
                    sums.number::<SUM>(&stats.sum);
                    sums.number::<SQUARES>(&stats.sum_squares);
                }
                ColumnStats::Category(stats) => stats.entries.iter().for_each(|entry| sums.count(entry.count)),
                ColumnStats::Grouped(stats) => stats.entries.iter().for_each(|entry| sums.count(entry.count)),
                ColumnStats::Opaque => sums.count(column.valid),
            }
        }
        for pair in &self.profile.pairs {
            match pair {
                PairProfile::Joint(joint) => joint.counts.iter().for_each(|&count| sums.count(count)),
                PairProfile::Product(product) => {
                    sums.count(product.valid);
                    sums.number::<SQUARES>(&product.products);
                    sums.number::<SUM>(&product.left_sum);
                    sums.number::<SUM>(&product.right_sum);
                    sums.number::<SQUARES>(&product.left_squares);
                    sums.number::<SQUARES>(&product.right_squares);
                }
            }
        }
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

        let sums = sums_bytes(empty);
        let proof = SegmentProof::encoded_bytes(&segment, keys).map_err(PartDecodeError::Proof)?;
        let length = PartDecodeError::Length { expected: HEAD + sums + proof, got };
        if got != HEAD + sums + proof {
            return Err(length);
        }
        let (sums, proof) = rest.split_at_checked(sums).ok_or(length)?;
        let profile = read_sums(empty, segment.rows(), sums);
        let proof = Reader::of_segment(proof, segment.index).segment(keys, &segment).map_err(PartDecodeError::Proof)?;
        Ok(Self { index: segment.index, tag, profile, proof })
    }
}

/// Bytes of the sums of any rows in this frame.
fn sums_bytes(empty: &Profile) -> usize {
    let column = |column: &ColumnProfile| match &column.stats {
        ColumnStats::Numeric(_) => COUNT + SUM + SQUARES,
        ColumnStats::Category(stats) => COUNT * stats.entries.len(),
        ColumnStats::Grouped(stats) => COUNT * stats.entries.len(),
        ColumnStats::Opaque => COUNT,
    };
    let pair = |pair: &PairProfile| match pair {
        PairProfile::Joint(joint) => COUNT * joint.counts.len(),
        PairProfile::Product(_) => COUNT + 3 * SQUARES + 2 * SUM,
    };
    empty.columns.iter().map(column).sum::<usize>() + empty.pairs.iter().map(pair).sum::<usize>()
}

/// The profile of `rows` rows in the frame of `empty`, out of as many bytes as it has.
fn read_sums(empty: &Profile, rows: u64, bytes: &[u8]) -> Profile {
    let mut sums = Sums(bytes);
    let mut profile = empty.clone();
    profile.rows = rows;
    for column in &mut profile.columns {
        column.valid = match &mut column.stats {
            ColumnStats::Numeric(stats) => {
                let valid = sums.count();
                (stats.sum, stats.sum_squares) = (sums.number(SUM), sums.number(SQUARES));
                valid
            }
            ColumnStats::Category(stats) => sums.counts(stats.entries.iter_mut().map(|entry| &mut entry.count)),
            ColumnStats::Grouped(stats) => sums.counts(stats.entries.iter_mut().map(|entry| &mut entry.count)),
            ColumnStats::Opaque => sums.count(),
        };
    }
    for pair in &mut profile.pairs {
        match pair {
            PairProfile::Joint(joint) => {
                sums.counts(joint.counts.iter_mut());
            }
            PairProfile::Product(product) => {
                *product = ProductSums {
                    valid: sums.count(),
                    products: sums.number(SQUARES),
                    left_sum: sums.number(SUM),
                    right_sum: sums.number(SUM),
                    left_squares: sums.number(SQUARES),
                    right_squares: sums.number(SQUARES),
                };
            }
        }
    }
    profile
}

/// Appends sums. A sealed profile of fewer than 2^32 rows has none that are longer.
struct Writer<'a>(&'a mut Vec<u8>);

impl Writer<'_> {
    fn count(&mut self, count: u64) {
        self.0.extend_from_slice(&(count as u32).to_le_bytes());
    }

    fn number<const N: usize>(&mut self, number: &BigUint) {
        let mut bytes = number.to_bytes_le();
        bytes.resize(N, 0);
        self.0.extend(bytes);
    }
}

/// Takes sums off the front of bytes whose length was checked.
struct Sums<'a>(&'a [u8]);

impl<'a> Sums<'a> {
    fn take(&mut self, len: usize) -> &'a [u8] {
        let (head, rest) = self.0.split_at_checked(len).unwrap_or_default();
        self.0 = rest;
        head
    }

    fn count(&mut self) -> u64 {
        u32::from_le_bytes(self.take(COUNT).first_chunk().copied().unwrap_or_default()).into()
    }

    /// Fills in counts, and returns their sum.
    fn counts<'c>(&mut self, counts: impl Iterator<Item = &'c mut u64>) -> u64 {
        counts
            .map(|count| {
                *count = self.count();
                *count
            })
            .sum()
    }

    fn number(&mut self, len: usize) -> BigUint {
        BigUint::from_bytes_le(self.take(len))
    }
}
