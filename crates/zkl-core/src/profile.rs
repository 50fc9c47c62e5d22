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

/// A number of a profile that adds up over rows. Bounds and dictionaries do not.
#[derive(Clone, PartialEq, Eq)]
pub enum Sum {
    /// A count of rows, below 2^32.
    Rows(u64),
    /// A sum of values, below 2^96.
    Values(BigUint),
    /// A sum of squares or products, below 2^160.
    Squares(BigUint),
}

impl Sum {
    /// The count; one that no table has is the largest.
    fn rows(self) -> u64 {
        match self {
            Self::Rows(rows) => rows,
            Self::Values(number) | Self::Squares(number) => u64::try_from(number).unwrap_or(u64::MAX),
        }
    }

    fn number(self) -> BigUint {
        match self {
            Self::Rows(rows) => rows.into(),
            Self::Values(number) | Self::Squares(number) => number,
        }
    }

    /// The same number of these rows and others.
    fn plus(self, other: Self) -> Self {
        match self {
            Self::Rows(rows) => Self::Rows(rows.saturating_add(other.rows())),
            Self::Values(number) => Self::Values(number + other.number()),
            Self::Squares(number) => Self::Squares(number + other.number()),
        }
    }
}

/// Takes the sums of a profile in their order; those that are missing are 0.
struct Sums<I>(I);

impl<I: Iterator<Item = Sum>> Sums<I> {
    fn rows(&mut self) -> u64 {
        self.0.next().map_or(0, Sum::rows)
    }

    fn number(&mut self) -> BigUint {
        self.0.next().map_or(BigUint::ZERO, Sum::number)
    }

    /// Fills in counts, and returns how many rows that are.
    fn counts<'a>(&mut self, counts: impl Iterator<Item = &'a mut u64>) -> u64 {
        let mut total = 0u64;
        for count in counts {
            *count = self.rows();
            total = total.saturating_add(*count);
        }
        total
    }
}

impl ColumnProfile {
    fn sums(&self) -> Vec<Sum> {
        match &self.stats {
            ColumnStats::Numeric(NumericStats { min: _, max: _, sum, sum_squares }) => {
                vec![Sum::Rows(self.valid), Sum::Values(sum.clone()), Sum::Squares(sum_squares.clone())]
            }
            ColumnStats::Category(CategoryStats { entries }) | ColumnStats::Grouped(GroupedStats { entries }) => {
                entries.iter().map(|entry| Sum::Rows(entry.count)).collect()
            }
            ColumnStats::Opaque => vec![Sum::Rows(self.valid)],
        }
    }

    fn set_sums(&mut self, sums: &mut Sums<impl Iterator<Item = Sum>>) {
        self.valid = match &mut self.stats {
            ColumnStats::Numeric(NumericStats { min: _, max: _, sum, sum_squares }) => {
                let valid = sums.rows();
                (*sum, *sum_squares) = (sums.number(), sums.number());
                valid
            }
            ColumnStats::Category(CategoryStats { entries }) | ColumnStats::Grouped(GroupedStats { entries }) => {
                sums.counts(entries.iter_mut().map(|entry| &mut entry.count))
            }
            ColumnStats::Opaque => sums.rows(),
        };
    }

    /// Whether bounds, dictionary and encoding are the same.
    fn has_frame_of(&self, other: &Self) -> bool {
        let same = |one: &[CategoryCount], other: &[CategoryCount]| {
            one.iter().map(|entry| &entry.value).eq(other.iter().map(|entry| &entry.value))
        };
        match (&self.stats, &other.stats) {
            (ColumnStats::Numeric(one), ColumnStats::Numeric(other)) => (one.min, one.max) == (other.min, other.max),
            (ColumnStats::Category(one), ColumnStats::Category(other)) => same(&one.entries, &other.entries),
            (ColumnStats::Grouped(one), ColumnStats::Grouped(other)) => same(&one.entries, &other.entries),
            (ColumnStats::Opaque, ColumnStats::Opaque) => true,
            _ => false,
        }
    }
}

impl PairProfile {
    fn sums(&self) -> Vec<Sum> {
        match self {
            Self::Joint(joint) => joint.counts.iter().map(|&count| Sum::Rows(count)).collect(),
            Self::Product(ProductSums { valid, products, left_sum, right_sum, left_squares, right_squares }) => vec![
                Sum::Rows(*valid),
                Sum::Squares(products.clone()),
                Sum::Values(left_sum.clone()),
                Sum::Values(right_sum.clone()),
                Sum::Squares(left_squares.clone()),
                Sum::Squares(right_squares.clone()),
            ],
        }
    }

    fn set_sums(&mut self, sums: &mut Sums<impl Iterator<Item = Sum>>) {
        match self {
            Self::Joint(joint) => {
                sums.counts(joint.counts.iter_mut());
            }
            Self::Product(product) => {
                *product = ProductSums {
                    valid: sums.rows(),
                    products: sums.number(),
                    left_sum: sums.number(),
                    right_sum: sums.number(),
                    left_squares: sums.number(),
                    right_squares: sums.number(),
                };
            }
        }
    }

    /// Whether the kind and the number of counts are the same.
    fn has_frame_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Joint(one), Self::Joint(other)) => one.counts.len() == other.counts.len(),
            (Self::Product(_), Self::Product(_)) => true,
            _ => false,
        }
    }
}

impl Profile {
    /// The numbers that add up, column by column, then pair by pair. The valid count of a dictionary is the sum of its counts
    /// and is not among them.
    pub fn sums(&self) -> impl Iterator<Item = Sum> {
        let columns = self.columns.iter().flat_map(ColumnProfile::sums);
        columns.chain(self.pairs.iter().flat_map(PairProfile::sums))
    }

    /// The profile of `rows` rows in the frame of this one, with these [`sums`](Self::sums); 0 for those that are missing.
    #[must_use]
    pub fn with_sums(mut self, rows: u64, sums: impl Iterator<Item = Sum>) -> Self {
        let mut sums = Sums(sums);
        self.rows = rows;
        self.columns.iter_mut().for_each(|column| column.set_sums(&mut sums));
        self.pairs.iter_mut().for_each(|pair| pair.set_sums(&mut sums));
        self
    }

    /// The profile of these rows and others, whose profile has [the same frame](Self::check_frame).
    #[must_use]
    pub fn plus(self, other: &Self) -> Self {
        let sums: Vec<Sum> = self.sums().zip(other.sums()).map(|(one, other)| one.plus(other)).collect();
        let rows = self.rows.saturating_add(other.rows);
        let valid = |(one, other): (&ColumnProfile, &ColumnProfile)| one.valid.saturating_add(other.valid);
        let valid: Vec<u64> = self.columns.iter().zip(&other.columns).map(valid).collect();
        let mut total = self.with_sums(rows, sums.into_iter());
        // Not made to fit the counts of a dictionary: a profile that contradicts itself still does.
        for (column, valid) in total.columns.iter_mut().zip(valid) {
            column.valid = valid;
        }
        total
    }

    /// Whether two profiles have the same frame: bounds, dictionaries, encodings.
    ///
    /// # Errors
    /// The position, columns before pairs, of the first record that differs.
    pub fn check_frame(&self, other: &Self) -> Result<(), usize> {
        let (columns, pairs) = (self.columns.len(), self.pairs.len());
        if other.columns.len() != columns || other.pairs.len() != pairs {
            return Err(other.columns.len().min(columns) + other.pairs.len().min(pairs));
        }
        let same = self.columns.iter().zip(&other.columns).map(|(one, other)| one.has_frame_of(other));
        let same_pairs = self.pairs.iter().zip(&other.pairs).map(|(one, other)| one.has_frame_of(other));
        same.chain(same_pairs).position(|same| !same).map_or(Ok(()), Err)
    }
}

impl Zeroize for Profile {
    /// Overwrites what can be: counts, bounds and category values. Big integers are dropped, not overwritten.
    fn zeroize(&mut self) {
        for column in &mut self.columns {
            column.valid = 0;
            match &mut column.stats {
                ColumnStats::Numeric(NumericStats { min, max, sum, sum_squares }) => {
                    (*min, *max) = (0, 0);
                    (*sum, *sum_squares) = (BigUint::ZERO, BigUint::ZERO);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(columns: usize, pairs: usize) -> Profile {
        let column = ColumnProfile { valid: 3, stats: ColumnStats::Opaque };
        let pair = PairProfile::Joint(JointCounts { counts: vec![1, 2] });
        Profile { rows: 3, columns: vec![column; columns], pairs: vec![pair; pairs] }
    }

    #[test]
    fn profiles_of_other_columns_or_pairs_have_another_frame() {
        let one = profile(2, 1);
        assert_eq!(one.check_frame(&one), Ok(()));
        assert_eq!(one.check_frame(&profile(3, 1)), Err(3));
        assert_eq!(one.check_frame(&profile(1, 1)), Err(2));
        assert_eq!(one.check_frame(&profile(2, 0)), Err(2));
        assert_eq!(one.check_frame(&profile(2, 2)), Err(3));
    }

    #[test]
    fn every_number_adds_up_and_is_put_back_where_it_was() {
        let entries = |counts: [u64; 2]| {
            let entry = |(value, count): (&str, u64)| CategoryCount { value: value.to_owned(), count };
            ["a", "b"].into_iter().zip(counts).map(entry).collect()
        };
        let column = |valid, stats| ColumnProfile { valid, stats };
        let profile = |f: u64| Profile {
            rows: 10 * f,
            columns: vec![
                column(
                    7 * f,
                    ColumnStats::Numeric(NumericStats {
                        min: -4,
                        max: 9,
                        sum: (11 * f).into(),
                        sum_squares: (12 * f).into(),
                    }),
                ),
                column(5 * f, ColumnStats::Category(CategoryStats { entries: entries([2 * f, 3 * f]) })),
                column(9 * f, ColumnStats::Grouped(GroupedStats { entries: entries([4 * f, 5 * f]) })),
                column(6 * f, ColumnStats::Opaque),
            ],
            pairs: vec![
                PairProfile::Joint(JointCounts { counts: vec![f, 2 * f, 3 * f] }),
                PairProfile::Product(ProductSums {
                    valid: 13 * f,
                    products: (14 * f).into(),
                    left_sum: (15 * f).into(),
                    right_sum: (16 * f).into(),
                    left_squares: (17 * f).into(),
                    right_squares: (18 * f).into(),
                }),
            ],
        };
        let text = |profile: &Profile| serde_json::to_string(profile).unwrap();
        let one = profile(1);
        assert_eq!(text(&one.clone().with_sums(10, one.sums())), text(&one));
        assert_eq!(text(&one.plus(&profile(2))), text(&profile(3)));
    }
}
