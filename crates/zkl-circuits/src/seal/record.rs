//! Records of the sealed profile, natively and in circuits, side by side.
//!
//! Every column and pair record hashes five elements, `(kind, salt, valid, body0, body1)`, in one permutation. The fields
//! of a kind are packed into the two body elements, or hashed into them when they are many. A kind's file has all that
//! depends on it: its bytes, what a profile must be to be sealed so, what the argument proves, how ranges of rows add up.

mod category;
mod grouped;
mod header;
mod joint;
mod numeric;
mod opaque;
mod product;
mod slot;

use std::fmt;

use num_bigint::BigUint;
use zkl_core::{
    ark::Fr,
    layout::{ColumnLayout, Encoding, Layout, PairLayout},
    profile::{ColumnProfile, ColumnStats, PairProfile},
};
use zkl_poseidon::{Domain, hash_many};
use zkl_snark::gadgets::{Cs, FieldVar, GadgetError, IntVar, hash_many_var};

pub(super) use category::check_entries;
pub use category::{CategoryRecord, CategoryRecordVar, value_digest};
pub use grouped::{GroupedRecord, GroupedRecordVar};
pub(crate) use header::header_leaf_var;
pub use header::{HeaderRecord, HeaderVar};
pub use joint::{JointRecord, JointRecordVar};
use numeric::SUM_BITS;
pub use numeric::{NumericRecord, NumericRecordVar};
pub use opaque::OpaqueRecord;
pub use product::{ProductRecord, ProductRecordVar};
use slot::kept_as;
pub(crate) use slot::{Form, Records, SlotRecord, SlotVars, Subject, blank_leaves, each_kind};

use super::{MerklePath, RecordIndex, RecordIndexVar, tree::enforce_opening};

const RECORD: Domain = Domain::new("zkl/seal/v1/record");

/// Bits of a count of rows.
pub const COUNT_BITS: u64 = 32;
/// Counts packed into one element.
pub const COUNTS_PER_ELEMENT: usize = 7;

/// What a record holds. The number is the first element of its leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RecordKind {
    /// A numeric column.
    Numeric = 1,
    /// A dictionary of at most 256 slots.
    Category = 2,
    /// A larger dictionary.
    Grouped = 3,
    /// A column of which only the valid count is sealed.
    Opaque = 4,
    /// Joint counts of a declared pair.
    Joint = 5,
    /// Sums of products of a declared pair.
    Product = 6,
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Numeric => "numeric",
            Self::Category => "category",
            Self::Grouped => "grouped",
            Self::Opaque => "opaque",
            Self::Joint => "joint",
            Self::Product => "product",
        })
    }
}

/// The record of a column or of a declared pair.
#[derive(Clone)]
pub enum SealedRecord {
    /// A numeric column.
    Numeric(NumericRecord),
    /// A dictionary of at most 256 slots.
    Category(CategoryRecord),
    /// A larger dictionary.
    Grouped(GroupedRecord),
    /// A column of which only the valid count is sealed.
    Opaque(OpaqueRecord),
    /// Joint counts of a pair.
    Joint(JointRecord),
    /// Sums of products of a pair.
    Product(ProductRecord),
}

impl SealedRecord {
    /// The record of a column of a table of `rows` rows, whose profile was checked.
    pub(super) fn of_column(rows: u64, column: &ColumnLayout, profile: &ColumnProfile, salt: Fr) -> Self {
        let valid = profile.valid;
        match (&profile.stats, column.encoding) {
            (ColumnStats::Numeric(stats), Encoding::Numeric { limbs }) => {
                Self::Numeric(NumericRecord::new(salt, valid, &stats.committed(column.fraction_bits), limbs))
            }
            (ColumnStats::Category(stats), Encoding::Category { capacity }) => {
                Self::Category(CategoryRecord::new(salt, [rows - valid, valid], column.ty, capacity, stats))
            }
            (ColumnStats::Grouped(stats), _) => Self::Grouped(GroupedRecord::new(salt, valid, stats)),
            _ => Self::Opaque(OpaqueRecord { salt, valid }),
        }
    }

    /// The record of a declared pair, whose profile was checked.
    pub(super) fn of_pair(layout: &Layout, pair: &PairLayout, profile: &PairProfile, salt: Fr) -> Self {
        match profile {
            PairProfile::Joint(joint) => Self::Joint(JointRecord::new(salt, layout, pair, joint)),
            PairProfile::Product(sums) => Self::Product(ProductRecord::new(salt, layout, pair, sums)),
        }
    }

    /// The record as every kind is hashed.
    pub fn head(&self) -> RecordHead {
        match self {
            Self::Numeric(record) => record.head(),
            Self::Category(record) => record.head(),
            Self::Grouped(record) => record.head(),
            Self::Opaque(record) => record.head(),
            Self::Joint(record) => record.head(),
            Self::Product(record) => record.head(),
        }
    }
}

/// Something that is a leaf of the tree.
pub trait Record {
    /// The leaf.
    fn leaf(&self) -> Fr;
}

/// A record with the proof that it is sealed: the witness of a claim.
#[derive(Clone)]
pub struct Opening<R> {
    /// Where the record sits.
    pub index: RecordIndex,
    /// The record.
    pub record: R,
    /// Its siblings.
    pub path: MerklePath,
}

impl<R: Record> Opening<R> {
    /// The commitment that this opens.
    pub fn root(&self) -> Fr {
        self.path.root(self.record.leaf(), self.index)
    }
}

/// What every column and pair record has in common.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordHead {
    /// Kind of the record.
    pub kind: RecordKind,
    /// Hides the rest.
    pub salt: Fr,
    /// Rows with a value; for a pair, rows where both have one.
    pub valid: u64,
    /// What depends on the kind.
    pub body: [Fr; 2],
}

impl Record for RecordHead {
    fn leaf(&self) -> Fr {
        let [first, second] = self.body;
        hash_many(RECORD, &[Fr::from(self.kind as u8), self.salt, Fr::from(self.valid), first, second])
    }
}

/// The head of a record of any kind, in a circuit. For claims that need the valid count alone, of whatever column.
#[derive(Clone)]
pub struct RecordHeadVar {
    /// Kind of the record; a circuit that relies on it must constrain it.
    pub kind: FieldVar,
    /// Rows with a value, below 2^32.
    pub valid: IntVar,
}

impl RecordHeadVar {
    /// Opens the record at `index` of `h`.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without an opening.
    pub fn open(
        cs: &Cs,
        index: &RecordIndexVar,
        opening: Option<&Opening<RecordHead>>,
        h: &FieldVar,
    ) -> Result<Self, GadgetError> {
        let record = opening.map(|opening| &opening.record);
        let kind = FieldVar::witness(cs, record.map(|record| Fr::from(record.kind as u8)))?;
        let body = [
            FieldVar::witness(cs, record.map(|record| record.body[0]))?,
            FieldVar::witness(cs, record.map(|record| record.body[1]))?,
        ];
        let frame = Frame::new(cs, Widths::Format, record.map(|record| (record.salt, record.valid)))?;
        let (valid, leaf) = frame.leaf(cs, kind.clone(), body)?;
        enforce_opening(cs, &leaf, index, opening.map(|opening| &opening.path), h)?;
        Ok(Self { kind, valid })
    }
}

/// Which fields of a record a circuit bounds by their bits, and how many bits they have.
///
/// A hash binds elements, not the fields that are packed into them: fields that share an element are free until each is
/// bounded below the position of the next, and a prover could choose them after the challenges of an argument in the same
/// circuit, as its equations ask for. A field that has an element for itself is as fixed as the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Widths {
    /// All, as wide as the format has them: what claims read.
    Format,
    /// In a circuit that also proves every count and sum to be that of at most `2^log_rows` rows with values below 2^64: fields that
    /// share an element, as wide as such counts and sums are.
    Rows {
        /// Binary logarithm of the rows.
        log_rows: usize,
    },
}

impl Widths {
    /// A count that shares its element with other fields.
    fn count(self, cs: &Cs, count: Option<u64>) -> Result<IntVar, GadgetError> {
        let bits = match self {
            Self::Format => COUNT_BITS,
            Self::Rows { log_rows } => COUNT_BITS.min(log_rows as u64 + 1),
        };
        IntVar::witness(cs, bits, count.map(Into::into).as_ref())
    }

    /// A sum of values that shares its element with other fields.
    fn sum(self, cs: &Cs, sum: Option<&BigUint>) -> Result<IntVar, GadgetError> {
        let bits = match self {
            Self::Format => SUM_BITS,
            Self::Rows { log_rows } => SUM_BITS.min(log_rows as u64 + u64::from(u64::BITS)),
        };
        IntVar::witness(cs, bits, sum)
    }

    /// A count or sum of `bits` bits that is an element of the message that is hashed.
    fn alone(self, cs: &Cs, bits: u64, value: Option<&BigUint>) -> Result<IntVar, GadgetError> {
        match self {
            Self::Format => IntVar::witness(cs, bits, value),
            Self::Rows { .. } => IntVar::witness_unchecked(cs, bits, value),
        }
    }
}

/// The part that all records share.
struct Frame {
    salt: FieldVar,
    valid: IntVar,
}

impl Frame {
    /// `common` are the salt and the valid count.
    fn new(cs: &Cs, widths: Widths, common: Option<(Fr, u64)>) -> Result<Self, GadgetError> {
        Ok(Self {
            salt: FieldVar::witness(cs, common.map(|(salt, _)| salt))?,
            valid: widths.alone(cs, COUNT_BITS, common.map(|(_, valid)| valid.into()).as_ref())?,
        })
    }

    /// Hashes the record; returns the valid count and the leaf.
    fn leaf(self, cs: &Cs, kind: FieldVar, body: [FieldVar; 2]) -> Result<(IntVar, FieldVar), GadgetError> {
        let [first, second] = body;
        let message = [kind, self.salt, self.valid.field().clone(), first, second];
        let leaf = hash_many_var(cs, RECORD, &message)?;
        Ok((self.valid, leaf))
    }
}

/// The leaf of a record in a circuit that does not look into it.
///
/// # Soundness
/// Nothing is known about the elements but that they hash to the leaf.
///
/// # Errors
/// Those of the constraint system.
pub(crate) fn record_leaf_var(
    cs: &Cs,
    kind: RecordKind,
    salt: &FieldVar,
    valid: &FieldVar,
    [first, second]: [FieldVar; 2],
) -> Result<FieldVar, GadgetError> {
    hash_many_var(cs, RECORD, &[kind_constant(kind), salt.clone(), valid.clone(), first, second])
}

fn kind_constant(kind: RecordKind) -> FieldVar {
    FieldVar::constant(Fr::from(kind as u8))
}

/// Counts, seven to an element, the first in the lowest 32 bits.
fn pack_counts(counts: &[u64]) -> Vec<Fr> {
    let base = Fr::from(1u64 << COUNT_BITS);
    let pack = |chunk: &[u64]| chunk.iter().rev().fold(Fr::from(0u64), |sum, &count| sum * base + Fr::from(count));
    counts.chunks(COUNTS_PER_ELEMENT).map(pack).collect()
}

/// What is added of a record with counts: the valid count, and [`pack_counts`].
fn summed_counts(valid: u64, counts: &[u64]) -> Vec<Fr> {
    let mut summed = vec![Fr::from(valid)];
    summed.extend(pack_counts(counts));
    summed
}

/// Bits of [`summed_counts`] of a table of `size` cells.
fn summed_counts_bits(size: usize) -> Vec<Option<u64>> {
    vec![None; 1 + size.div_ceil(COUNTS_PER_ELEMENT)]
}

/// As many counts as `len` says, and [`pack_counts`] of them.
fn packed_counts_witness(
    cs: &Cs,
    widths: Widths,
    len: usize,
    counts: Option<&[u64]>,
) -> Result<(Vec<IntVar>, Vec<FieldVar>), GadgetError> {
    check_len(len, counts.map(<[u64]>::len))?;
    let counts: Vec<IntVar> =
        (0..len).map(|i| widths.count(cs, counts.map(|counts| counts[i]))).collect::<Result<_, _>>()?;
    let packed = counts.chunks(COUNTS_PER_ELEMENT).map(|chunk| pack_fields(chunk, COUNT_BITS)).collect();
    Ok((counts, packed))
}

/// `sum 2^(width i) fields[i]`, without a constraint.
fn pack_fields(fields: &[IntVar], width: u64) -> FieldVar {
    pack_at(fields.iter().enumerate().map(|(i, field)| (width * i as u64, field)))
}

/// `sum 2^position field`, without a constraint. Callers keep the fields disjoint and below bit 252.
fn pack_at<'a>(fields: impl IntoIterator<Item = (u64, &'a IntVar)>) -> FieldVar {
    let terms: Vec<(Fr, &FieldVar)> =
        fields.into_iter().map(|(position, field)| (power_of_two(position), field.field())).collect();
    FieldVar::linear(terms, Fr::from(0u64))
}

/// `low + 2^bits high`.
fn above(low: &FieldVar, high: &FieldVar, bits: u64) -> FieldVar {
    FieldVar::linear([(Fr::from(1u64), low), (power_of_two(bits), high)], Fr::from(0u64))
}

/// The elements of a merge are not as many as the kind has.
const fn wrong_length(expected: usize, common: &[FieldVar], summed: &[FieldVar]) -> GadgetError {
    GadgetError::Length { expected, got: common.len() + summed.len() }
}

fn power_of_two(exponent: u64) -> Fr {
    use zkl_core::ark::ff::Field as _;
    Fr::from(2u64).pow([exponent])
}

const fn check_len(expected: usize, got: Option<usize>) -> Result<(), GadgetError> {
    match got {
        Some(got) if got != expected => Err(GadgetError::Length { expected, got }),
        _ => Ok(()),
    }
}
