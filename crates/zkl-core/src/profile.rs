//! The exact profile of a table: integers only, in the units of the committed columns.

use num_bigint::BigUint;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// Exact statistics of every column and declared pair. Positions are those of the table's
/// [`Layout`](crate::layout::Layout).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Rows of the table.
    pub rows: u64,
    /// One profile per column.
    pub columns: Vec<ColumnProfile>,
    /// One profile per declared pair.
    pub pairs: Vec<PairProfile>,
}

/// Exact statistics of one column.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnProfile {
    /// Rows with a value; `rows - valid` are null.
    pub valid: u64,
    /// The statistics that the column's encoding seals.
    pub stats: ColumnStats,
}

/// What is sealed about a column, by encoding.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ColumnStats {
    /// An integer column.
    Numeric(NumericStats),
    /// A dictionary of at most 256 slots, every count sealed.
    Category(CategoryStats),
    /// A larger dictionary.
    Grouped(GroupedStats),
    /// Nothing but the valid count.
    Opaque,
}

/// Sums of a numeric column over its valid rows, of `u = v - min`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumericStats {
    /// Smallest value; 0 when no row is valid.
    pub min: i64,
    /// Largest value; 0 when no row is valid.
    pub max: i64,
    /// `sum u`, below 2^96.
    #[serde(with = "decimal_text")]
    pub sum: BigUint,
    /// `sum u^2`, below 2^160.
    #[serde(with = "decimal_text")]
    pub sum_squares: BigUint,
}

impl NumericStats {
    /// The same of the committed integers, which are the values times `2^fraction_bits`.
    #[must_use]
    pub fn committed(&self, fraction_bits: u8) -> Self {
        Self {
            min: self.min << fraction_bits,
            max: self.max << fraction_bits,
            sum: &self.sum << fraction_bits,
            sum_squares: &self.sum_squares << (2 * fraction_bits),
        }
    }

    /// The sealed bound on the top limb, `T = (max - min) >> 16 (limbs - 1)`, of committed integers.
    pub const fn top_limb(&self, limbs: u8) -> u16 {
        (self.max.abs_diff(self.min) >> (16 * (limbs as u32 - 1))) as u16
    }

    /// The largest committed integer that the sealed bound `T` allows: what a bounds claim can prove about the column.
    pub const fn sealed_max(&self, limbs: u8) -> i128 {
        let low = (1u128 << (16 * (limbs as u32 - 1))) - 1;
        let top = (self.top_limb(limbs) as u128) << (16 * (limbs as u32 - 1));
        self.min as i128 + (top + low) as i128
    }
}

/// Values and counts of a dictionary column in code order: entry `i` has code `i + 1`; code 0 is null.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryStats {
    /// Values and their counts, each value once, each count at least 1.
    pub entries: Vec<CategoryCount>,
}

impl CategoryStats {
    /// Code of `value`, from 1.
    pub fn code_of(&self, value: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.value == value).map(|index| index + 1)
    }
}

/// One value of a dictionary and how often it occurs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryCount {
    /// The value; `true` and `false` for booleans.
    pub value: String,
    /// Rows that hold it.
    pub count: u64,
}

/// A dictionary of more than 256 slots.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupedStats {
    /// Values and their counts, in code order as in [`CategoryStats`]. Only their number and the smallest count are
    /// sealed.
    pub entries: Vec<CategoryCount>,
}

impl GroupedStats {
    /// Number of distinct values.
    pub const fn distinct(&self) -> usize {
        self.entries.len()
    }

    /// Rows of the smallest group; 0 when there is none.
    pub fn smallest_group(&self) -> u64 {
        self.entries.iter().map(|entry| entry.count).min().unwrap_or(0)
    }
}

/// Exact statistics of a declared pair.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PairProfile {
    /// Joint counts.
    Joint(JointCounts),
    /// Sums of products.
    Product(ProductSums),
}

/// Joint counts of a group and a label column.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointCounts {
    /// `counts[g * label_capacity + l]` for codes `g` of the group and `l` of the label column, null codes included;
    /// length `group_capacity * label_capacity`.
    pub counts: Vec<u64>,
}

/// Sums over the rows where both columns are valid, with `u` and `w` the values relative to each column's minimum.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductSums {
    /// Rows where both are valid.
    pub valid: u64,
    /// `sum u w`.
    #[serde(with = "decimal_text")]
    pub products: BigUint,
    /// `sum u`.
    #[serde(with = "decimal_text")]
    pub left_sum: BigUint,
    /// `sum w`.
    #[serde(with = "decimal_text")]
    pub right_sum: BigUint,
    /// `sum u^2`.
    #[serde(with = "decimal_text")]
    pub left_squares: BigUint,
    /// `sum w^2`.
    #[serde(with = "decimal_text")]
    pub right_squares: BigUint,
}

impl ProductSums {
    /// The same of the committed integers, which are the values of the left and the right column times 2 to these bits.
    #[must_use]
    pub fn committed(&self, [left, right]: [u8; 2]) -> Self {
        Self {
            valid: self.valid,
            products: &self.products << (left + right),
            left_sum: &self.left_sum << left,
            right_sum: &self.right_sum << right,
            left_squares: &self.left_squares << (2 * left),
            right_squares: &self.right_squares << (2 * right),
        }
    }
}

impl Zeroize for Profile {
    /// Overwrites what can be: counts, bounds and category values. Big integers are dropped, not overwritten.
    fn zeroize(&mut self) {
        for column in &mut self.columns {
            column.valid = 0;
            match &mut column.stats {
                ColumnStats::Numeric(stats) => {
                    stats.min = 0;
                    stats.max = 0;
                    stats.sum = BigUint::ZERO;
                    stats.sum_squares = BigUint::ZERO;
                }
                ColumnStats::Category(CategoryStats { entries }) | ColumnStats::Grouped(GroupedStats { entries }) => {
                    for entry in entries.iter_mut() {
                        entry.value.zeroize();
                        entry.count = 0;
                    }
                    entries.clear();
                }
                ColumnStats::Opaque => {}
            }
        }
        self.pairs.clear();
    }
}

/// Big integers as decimal strings: JSON numbers are read as doubles by too many programs.
mod decimal_text {
    use num_bigint::BigUint;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Longest accepted text; 2^160 has 49 digits.
    const MAX_DIGITS: usize = 80;

    pub(super) fn serialize<S: Serializer>(value: &BigUint, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BigUint, D::Error> {
        let text = String::deserialize(deserializer)?;
        let plausible = (1..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let value = plausible.then(|| BigUint::parse_bytes(text.as_bytes(), 10)).flatten();
        value.ok_or_else(|| D::Error::custom("expected a decimal integer of at most 80 digits"))
    }
}
