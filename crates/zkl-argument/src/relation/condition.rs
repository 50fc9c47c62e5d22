//! Conditions: what rows of the first table are asked for.
//!
//! A row meets a [`ColumnTest`] by the value v of a column: `(min + u) 2^-f` of a number, the digest of a dictionary's value or of text. Null meets none.
//!
//! `2^f v` and constants are integers below 2^65 in size, f at most 15, and distances are in `[0, 2^80)`, so no difference times `2^f` wraps around r: where
//! a distance d, whose limbs are looked up, is `v - c`, it is what it seems, and v with it an integer.

use zkl_core::ark::Fr;

use super::{column::signed, shape::ColumnShape};
use crate::error::PlanError;

/// Most tests of one relation.
pub(crate) const MAX_TESTS: usize = 8;

/// Which tests a relation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tests {
    /// None.
    None,
    /// At least one.
    Any,
    /// The same, and all are for equality.
    Equality,
}

/// What a row of the first table is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnTest {
    /// Position among the columns of the relation.
    pub column: usize,
    /// What its value is compared with.
    pub test: Test,
}

/// A comparison with a constant, which null never meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// A number of at least this, in the column's units: from `-2^63` to `2^63`.
    AtLeast(i128),
    /// A number of at most this, from `-2^63 - 1` to `2^63 - 1`.
    AtMost(i128),
    /// This number, or the value with this digest.
    Equal(Fr),
}

impl Test {
    /// Whether it compares sizes, and so needs distances.
    pub const fn is_ordered(self) -> bool {
        matches!(self, Self::AtLeast(_) | Self::AtMost(_))
    }

    /// Whether a value meets it: a number, or the digest of a dictionary's value; `None` for null.
    pub fn holds(self, value: Option<Fr>) -> bool {
        value.is_some_and(|value| match self {
            Self::AtLeast(c) => signed(value) >= c,
            Self::AtMost(c) => signed(value) <= c,
            Self::Equal(c) => value == c,
        })
    }

    fn is_in_range(self) -> bool {
        let (least, most) = (i128::from(i64::MIN), i128::from(i64::MAX));
        match self {
            Self::AtLeast(c) => (least..=most + 1).contains(&c),
            Self::AtMost(c) => (least - 1..=most).contains(&c),
            Self::Equal(_) => true,
        }
    }
}

/// Checks that tests are such as a relation has, and that columns have what they ask for.
pub(super) fn check(asked: Tests, columns: &[ColumnShape], tests: &[ColumnTest]) -> Result<(), PlanError> {
    let (fewest, most) = match asked {
        Tests::None => (0, 0),
        Tests::Any | Tests::Equality => (1, MAX_TESTS),
    };
    if !(fewest..=most).contains(&tests.len()) {
        return Err(PlanError::Size { what: "number of conditions", got: tests.len(), min: fewest, max: most });
    }
    for ColumnTest { column, test } in tests {
        let misfit = PlanError::Column { index: *column };
        let is_numeric = match columns.get(*column) {
            Some(ColumnShape::Numeric { .. }) => true,
            Some(ColumnShape::Category { .. } | ColumnShape::Hashed) => false,
            _ => return Err(misfit),
        };
        if test.is_ordered() && (asked == Tests::Equality || !is_numeric) || !test.is_in_range() {
            return Err(misfit);
        }
    }
    Ok(())
}
