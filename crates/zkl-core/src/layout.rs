//! The public shape of a notarized table: what every verifier knows, and what fixes every size in a proof.

mod reading;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{
    column::ColumnType,
    error::{LayoutFault, ParseError},
};

pub use reading::{Rounding, Zone};

/// How a column is turned into small committed integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Encoding {
    /// `v = (min + sum_l 2^(16 l) limb_l) 2^-f`, with the [`ColumnLayout::fraction_bits`] f.
    Numeric {
        /// 16-bit limbs, 1 to 4.
        limbs: u8,
    },
    /// A dictionary whose counts are all sealed. Code 0 is null, codes `1..capacity` are values or unused.
    Category {
        /// Slots, code 0 included: 4, 16, 64 or 256.
        capacity: u32,
    },
    /// A dictionary too large to seal every count: only its size and its smallest group are.
    Grouped {
        /// Slots, code 0 included: a power of two from 512 to 65,536.
        capacity: u32,
    },
    /// Text by the digests of its values ([`DigestCells`](crate::hashed::DigestCells)): which rows hold the same can be proved.
    Hashed,
    /// Not committed by value.
    Opaque,
}

impl Encoding {
    /// Capacities of a [`Encoding::Category`] dictionary, ascending. Few sizes, so that few circuits are needed and the
    /// exact number of values stays hidden.
    pub const CATEGORY_CAPACITIES: [u32; 4] = [4, 16, 64, 256];
    /// Largest [`Encoding::Grouped`] capacity; with code 0 for null, a column can hold 65,535 distinct values.
    pub const MAX_GROUPED_CAPACITY: u32 = 65_536;

    /// The smallest dictionary encoding that holds `distinct` values, or `None` when there are too many.
    pub fn for_distinct(distinct: usize) -> Option<Self> {
        let slots = u32::try_from(distinct).ok()?.checked_add(1)?;
        if let Some(capacity) = Self::CATEGORY_CAPACITIES.into_iter().find(|&c| slots <= c) {
            return Some(Self::Category { capacity });
        }
        let capacity = slots.checked_next_power_of_two()?;
        (capacity <= Self::MAX_GROUPED_CAPACITY).then_some(Self::Grouped { capacity })
    }

    /// The numeric encoding for values that span `max - min = span`.
    pub const fn for_span(span: u64) -> Self {
        let bits = 64 - span.leading_zeros();
        let limbs = if bits == 0 { 1 } else { bits.div_ceil(16) as u8 };
        Self::Numeric { limbs }
    }

    /// The largest number of [`ColumnLayout::fraction_bits`] with which values from `min` to `max` keep their limbs and are 64-bit
    /// integers. 0 for one limb, whose bound is exact, and for what is not numeric.
    pub fn fraction_bits(self, min: i64, max: i64) -> u8 {
        let Self::Numeric { limbs: limbs @ 2..=4 } = self else { return 0 };
        let bits = 64 - max.abs_diff(min).leading_zeros();
        // A signed integer has one bit more than the magnitude, which -2^n has one bit less of.
        let magnitude = |value: i64| 64 - (value ^ (value >> 63)).leading_zeros();
        let room = 63 - magnitude(min).max(magnitude(max));
        let fraction_bits = (16 * u32::from(limbs)).saturating_sub(bits).min(room);
        fraction_bits.min(ColumnLayout::MAX_FRACTION_BITS.into()) as u8
    }

    /// `numeric`, `category`, `grouped`, `hashed`, `opaque`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Numeric { .. } => "numeric",
            Self::Category { .. } => "category",
            Self::Grouped { .. } => "grouped",
            Self::Hashed => "hashed",
            Self::Opaque => "opaque",
        }
    }

    fn fits(self, ty: ColumnType) -> bool {
        match self {
            Self::Numeric { limbs } => ty.is_numeric() && (1..=4).contains(&limbs),
            Self::Category { capacity } => ty.is_categorical() && Self::CATEGORY_CAPACITIES.contains(&capacity),
            Self::Grouped { capacity } => {
                ty == ColumnType::Category
                    && capacity.is_power_of_two()
                    && (512..=Self::MAX_GROUPED_CAPACITY).contains(&capacity)
            }
            Self::Hashed | Self::Opaque => ty == ColumnType::Text,
        }
    }
}

/// One column of a layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnLayout {
    /// Name, unique in the table.
    pub name: String,
    /// Type of the values.
    #[serde(rename = "type")]
    pub ty: ColumnType,
    /// Whether a value may be absent.
    pub nullable: bool,
    /// How values are committed.
    pub encoding: Encoding,
    /// Of a numeric column with two limbs or more: f, for values that are committed times `2^f`, so that they fill the top limb, of which
    /// the seal has a bound. Absent for 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fraction_bits: u8,
    /// How far a value may be from what was written; absent when none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<Rounding>,
    /// What times are, of a timestamp column; absent in layouts of before this was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
}

const fn is_zero(value: &u8) -> bool {
    *value == 0
}

impl ColumnLayout {
    /// Most [`ColumnLayout::fraction_bits`]: with more, a column would have another limb.
    pub const MAX_FRACTION_BITS: u8 = 15;

    /// A column without nulls whose values are as they were written.
    #[must_use]
    pub fn new(name: impl Into<String>, ty: ColumnType, encoding: Encoding) -> Self {
        Self { name: name.into(), ty, nullable: false, encoding, fraction_bits: 0, rounding: None, zone: None }
    }

    /// The same column with or without nulls.
    #[must_use]
    pub fn nullable(self, nullable: bool) -> Self {
        Self { nullable, ..self }
    }

    fn has_its_encoding(&self) -> bool {
        let fraction = match self.encoding {
            Encoding::Numeric { limbs: 2.. } => 0..=Self::MAX_FRACTION_BITS,
            _ => 0..=0,
        };
        self.encoding.fits(self.ty) && fraction.contains(&self.fraction_bits)
    }

    fn was_read_as_its_type(&self) -> bool {
        (self.rounding.is_none() || self.ty.is_quantity())
            && (self.zone.is_none() || matches!(self.ty, ColumnType::Timestamp { .. }))
    }
}

/// A pair of columns whose joint statistics are sealed. Indices are positions in [`Layout::columns`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PairLayout {
    /// Joint counts of two categorical columns, whose capacities multiply to at most 256.
    Joint {
        /// The group column.
        group: u32,
        /// The label column.
        label: u32,
    },
    /// Sums of products of two numeric columns.
    Product {
        /// The first column.
        left: u32,
        /// The second column.
        right: u32,
    },
}

impl PairLayout {
    /// Most cells of a joint table.
    pub const MAX_JOINT_CELLS: u32 = 256;
}

/// The public shape of a notarized table. Values of this type are valid: see [`Layout::new`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "LayoutFields")]
pub struct Layout {
    rows: u64,
    columns: Vec<ColumnLayout>,
    pairs: Vec<PairLayout>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayoutFields {
    rows: u64,
    columns: Vec<ColumnLayout>,
    pairs: Vec<PairLayout>,
}

impl Layout {
    /// Most columns plus pairs: the profile tree has 1,024 leaves, and its first is the header.
    pub const MAX_RECORDS: usize = 1_023;

    /// A layout of `rows` rows.
    ///
    /// # Errors
    /// [`ParseError::Layout`] when there are no rows or 2^32 or more, no columns or more records than the profile tree
    /// holds, a repeated column name, an encoding that does not fit its type, or a pair that does not fit its columns.
    pub fn new(rows: u64, columns: Vec<ColumnLayout>, pairs: Vec<PairLayout>) -> Result<Self, ParseError> {
        let fault = |reason| Err(ParseError::Layout { reason });
        if rows == 0 || rows > u64::from(u32::MAX) {
            return fault(LayoutFault::Rows { got: rows });
        }
        let records = columns.len() + pairs.len();
        if columns.is_empty() || records > Self::MAX_RECORDS {
            return fault(LayoutFault::Records { got: records, max: Self::MAX_RECORDS });
        }
        let mut names = HashSet::with_capacity(columns.len());
        for column in &columns {
            if !names.insert(column.name.as_str()) {
                return fault(LayoutFault::DuplicateColumn { name: column.name.clone() });
            }
            if !column.has_its_encoding() {
                return fault(LayoutFault::Encoding { name: column.name.clone() });
            }
            if !column.was_read_as_its_type() {
                return fault(LayoutFault::Reading { name: column.name.clone() });
            }
        }
        let encoding = |index: u32| columns.get(index as usize).map(|column| column.encoding);
        let mut seen = HashSet::with_capacity(pairs.len());
        for (index, pair) in pairs.iter().enumerate() {
            let fits = match *pair {
                PairLayout::Joint { group, label } => match (encoding(group), encoding(label)) {
                    (Some(Encoding::Category { capacity: a }), Some(Encoding::Category { capacity: b })) => {
                        group != label && a * b <= PairLayout::MAX_JOINT_CELLS
                    }
                    _ => false,
                },
                PairLayout::Product { left, right } => {
                    let quantity = |i: u32| columns.get(i as usize).is_some_and(|column| column.ty.is_quantity());
                    left != right && quantity(left) && quantity(right)
                }
            };
            if !fits || !seen.insert(*pair) {
                return fault(LayoutFault::Pair { index });
            }
        }
        Ok(Self { rows, columns, pairs })
    }

    /// Rows of the table, 1 to 2^32 - 1.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Columns, in file order.
    pub fn columns(&self) -> &[ColumnLayout] {
        &self.columns
    }

    /// Declared pairs.
    pub fn pairs(&self) -> &[PairLayout] {
        &self.pairs
    }

    /// The same layout without what reading did to the values, and without fraction bits: what was recorded of tables before these were.
    #[must_use]
    pub fn without_reading(&self) -> Self {
        let mut layout = self.clone();
        for column in &mut layout.columns {
            (column.fraction_bits, column.rounding, column.zone) = (0, None, None);
        }
        layout
    }

    /// Position of the column called `name`.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

impl TryFrom<LayoutFields> for Layout {
    type Error = ParseError;

    fn try_from(fields: LayoutFields) -> Result<Self, ParseError> {
        Self::new(fields.rows, fields.columns, fields.pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_the_smallest_that_fit() {
        let capacity = |distinct| Encoding::for_distinct(distinct);
        assert_eq!(capacity(0), Some(Encoding::Category { capacity: 4 }));
        assert_eq!(capacity(3), Some(Encoding::Category { capacity: 4 }));
        assert_eq!(capacity(4), Some(Encoding::Category { capacity: 16 }));
        assert_eq!(capacity(255), Some(Encoding::Category { capacity: 256 }));
        assert_eq!(capacity(256), Some(Encoding::Grouped { capacity: 512 }));
        assert_eq!(capacity(65_535), Some(Encoding::Grouped { capacity: 65_536 }));
        assert_eq!(capacity(65_536), None);
        let limbs = [(0, 1), (1, 1), (65_535, 1), (65_536, 2), (u64::from(u32::MAX), 2), (1 << 32, 3), (u64::MAX, 4)];
        for (span, limbs) in limbs {
            assert_eq!(Encoding::for_span(span), Encoding::Numeric { limbs }, "{span}");
        }
    }

    #[test]
    fn fraction_bits_fill_the_top_limb_and_leave_values_in_64_bits() {
        let cases = [
            (0, 65_535, 0),
            (0, 65_536, 15),
            (20_000, 99_999, 15),
            (-99_999, -20_000, 15),
            (0, (1 << 31) - 1, 1),
            (0, 1 << 31, 0),
            (0, 1 << 32, 15),
            (0, 1 << 48, 14),
            (-(1 << 48), 0, 15),
            (1 << 60, (1 << 60) + (1 << 17), 2),
            (i64::MAX - (1 << 20), i64::MAX, 0),
            (i64::MIN, i64::MIN + (1 << 20), 0),
            (-(1 << 60), -(1 << 60) + (1 << 20), 3),
            (i64::MIN, i64::MAX, 0),
        ];
        for (min, max, expected) in cases {
            let encoding = Encoding::for_span(max.abs_diff(min));
            let bits = encoding.fraction_bits(min, max);
            assert_eq!(bits, expected, "{min} to {max}");
            for value in [min, max] {
                assert!(i64::try_from(i128::from(value) << bits).is_ok(), "{value}");
            }
            assert!(
                u64::try_from(u128::from(max.abs_diff(min)) << bits)
                    .is_ok_and(|span| Encoding::for_span(span) == encoding)
            );
        }
        assert_eq!(Encoding::Category { capacity: 4 }.fraction_bits(0, 1 << 20), 0);
    }

    #[test]
    fn impossible_layouts_are_refused_when_read() {
        let column = r#"{"name":"a","type":"int","nullable":false,"encoding":{"kind":"numeric","limbs":1}}"#;
        let read = |rows: u64, columns: &str, pairs: &str| {
            serde_json::from_str::<Layout>(&format!(r#"{{"rows":{rows},"columns":[{columns}],"pairs":[{pairs}]}}"#))
        };
        assert!(read(1, column, "").is_ok());
        assert!(read(0, column, "").is_err());
        assert!(read(1 << 32, column, "").is_err());
        assert!(read(1, "", "").is_err());
        assert!(read(1, &format!("{column},{column}"), "").is_err());
        assert!(read(1, &column.replace("\"limbs\":1", "\"limbs\":5"), "").is_err());
        assert!(read(1, &column.replace("int", "category"), "").is_err());
        let hashed = r#"{"name":"a","type":"text","nullable":true,"encoding":{"kind":"hashed"}}"#;
        assert!(read(1, hashed, "").is_ok());
        assert!(read(1, &hashed.replace("\"text\"", "\"category\""), "").is_err(), "only text is hashed");
        let rounded = column.replace("}}", r#"},"rounding":{"error":"0.5"}}"#);
        assert!(read(1, &rounded, "").is_ok());
        assert!(read(1, &rounded.replace("\"int\"", "\"date\""), "").is_err(), "only numbers are rounded");
        assert!(read(1, &column.replace("}}", r#"},"zone":"utc"}"#), "").is_err(), "only times have a zone");
        let fractions =
            |limbs, bits| column.replace(r#""limbs":1}}"#, &format!(r#""limbs":{limbs}}},"fraction_bits":{bits}}}"#));
        assert!(read(1, &fractions(2, 15), "").is_ok());
        assert!(read(1, &fractions(2, 16), "").is_err());
        assert!(read(1, &fractions(1, 1), "").is_err(), "one limb is exact");
        assert!(read(1, column, r#"{"kind":"product","left":0,"right":1}"#).is_err());
        assert!(read(1, column, r#"{"kind":"joint","group":0,"label":0}"#).is_err());
    }
}
