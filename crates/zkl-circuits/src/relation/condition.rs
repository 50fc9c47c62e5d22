//! What an operation has beside tables and columns: a k, a key, conditions on rows.

use std::fmt;

use num_bigint::BigInt;
use num_traits::ToPrimitive as _;
use serde::{Deserialize, Serialize};
use zkl_argument::relation::{ColumnSet, ColumnTest, Test};
use zkl_core::{
    ark::Fr,
    column::ColumnType,
    hashed::{DigestCells, ValueHasher},
    layout::{ColumnLayout, Encoding, Layout},
};

use super::{
    error::RelationPlanError,
    operation::{Detail, Resolved},
    operations::Operation,
    word::Word,
};
use crate::{
    claims::{
        kinds::whole_ends,
        language::{ClaimError, Comparison, Literal},
    },
    seal::value_digest,
};

/// What a row is asked for: `age >= 18`, `kind = oak`. Null meets no condition.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The column.
    pub column: String,
    /// What its value is compared with: the canonical text of a [`Literal`] for numbers, dates and timestamps, the value of a dictionary or of text.
    pub is: Comparison<String>,
}

/// What an operation has beside tables and columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The fewest rows of a class, for [`Detail::K`].
    pub k: Option<u32>,
    /// What rows are asked for, all of it: [`Detail::Conditions`], [`Detail::Values`], or the one [`Detail::Range`].
    pub conditions: Vec<Condition>,
    /// Whether a range allows rows without a value.
    pub nulls: bool,
    /// The columns that tell rows apart, for [`Detail::Key`]: some of the compared ones, in their order.
    pub key: Vec<String>,
}

/// Why a column cannot be asked for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConditionProblem {
    /// It is none of the compared columns.
    NotCompared,
    /// It is a dictionary or text, whose values have no order.
    NoOrder,
    /// It is no number, date or timestamp.
    NotNumeric,
    /// It is compared with something of another type.
    Type {
        /// The column's type.
        ty: ColumnType,
    },
    /// The constant is not written as statements have it.
    NotCanonical,
    /// No value of its type is the constant, or lies in the range.
    NoValue,
    /// The constant is no 64-bit integer in its units.
    Size,
    /// It has two conditions where a row has one value.
    Repeated,
}

impl fmt::Display for ConditionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotCompared => "has a condition, and is not among the compared columns",
            Self::NoOrder => "has values without an order: it can be equal to one",
            Self::NotNumeric => "is no column of numbers, dates or timestamps",
            Self::Type { ty } => return write!(f, "is of type {ty}, and compared with something else"),
            Self::NotCanonical => "is compared with a constant that is written in another way than statements have it",
            Self::NoValue => "can have no such value",
            Self::Size => "is compared with a constant of more than 64 bits",
            Self::Repeated => "has more than one value",
        })
    }
}

impl fmt::Display for Condition {
    /// `age >= 18`, `"the kind" = "red oak"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is: Result<_, std::convert::Infallible> = self.is.clone().try_map(|value| Ok(Word(value)));
        let Ok(is) = is;
        write!(f, "{} {is}", Word(&self.column))
    }
}

impl Condition {
    /// The condition with its constants as statements have them, where they can be read; otherwise as they are.
    fn canonical(&self, column: Option<&ColumnLayout>) -> Self {
        let is_number = column.is_some_and(|column| matches!(column.encoding, Encoding::Numeric { .. }));
        let text = |text: String| match text.parse::<Literal>() {
            Ok(literal) if is_number => literal.to_string(),
            _ => text,
        };
        let is: Result<_, std::convert::Infallible> = self.is.clone().try_map(|value| Ok(text(value)));
        let Ok(is) = is;
        Self { column: self.column.clone(), is }
    }

    /// The tests that the condition comes to, for the column at this place among the compared ones.
    fn tests(&self, place: usize, column: &ColumnLayout) -> Result<Vec<ColumnTest>, ConditionProblem> {
        let test = |test| ColumnTest { column: place, test };
        if let Encoding::Category { .. } = column.encoding {
            let Comparison::Equal(value) = &self.is else { return Err(ConditionProblem::NoOrder) };
            if column.ty == ColumnType::Bool && value != "true" && value != "false" {
                return Err(ConditionProblem::NoValue);
            }
            return Ok(vec![test(Test::Equal(value_digest(column.ty, value)))]);
        }
        if column.encoding == Encoding::Hashed {
            let Comparison::Equal(value) = &self.is else { return Err(ConditionProblem::NoOrder) };
            let digest = hashed_element(&ValueHasher::new(column.ty).cells(value));
            // 0 is null, which meets no condition.
            let digest = Some(digest).filter(|digest| *digest != Fr::default()).ok_or(ConditionProblem::NoValue)?;
            return Ok(vec![test(Test::Equal(digest))]);
        }
        Ok(match self.ends(column)? {
            [Some(lower), Some(upper)] if lower > upper => return Err(ConditionProblem::NoValue),
            [Some(lower), Some(upper)] if lower == upper => vec![test(Test::Equal(element(value(&lower)?)))],
            ends => {
                let [lower, upper] = ends.map(|end| end.as_ref().map(bound).transpose());
                let lower = lower?.map(|c| test(Test::AtLeast(c)));
                let upper = upper?.map(|c| test(Test::AtMost(c)));
                lower.into_iter().chain(upper).collect()
            }
        })
    }

    /// Both ends of the range, in the column's units.
    fn ends(&self, column: &ColumnLayout) -> Result<[Option<BigInt>; 2], ConditionProblem> {
        let Encoding::Numeric { .. } = column.encoding else { return Err(ConditionProblem::NotNumeric) };
        let canonical = |text: String| {
            let literal: Literal = text.parse().map_err(|_| ConditionProblem::Type { ty: column.ty })?;
            if literal.to_string() == text { Ok(literal) } else { Err(ConditionProblem::NotCanonical) }
        };
        let is = self.is.clone().try_map(canonical)?;
        whole_ends(&is, column, 0).map_err(|error| match error {
            ClaimError::EmptyRange { .. } => ConditionProblem::NoValue,
            _ => ConditionProblem::Type { ty: column.ty },
        })
    }
}

/// An integer that a column can hold.
fn value(value: &BigInt) -> Result<i64, ConditionProblem> {
    value.to_i64().ok_or(ConditionProblem::Size)
}

/// An end of a range: a 64-bit integer, or next to one.
fn bound(value: &BigInt) -> Result<i128, ConditionProblem> {
    let (least, most) = (i128::from(i64::MIN), i128::from(i64::MAX));
    value.to_i128().filter(|value| (least..=most).contains(value)).ok_or(ConditionProblem::Size)
}

/// The number that stands for a digest.
pub fn hashed_element(cells: &DigestCells) -> Fr {
    let digest = cells.iter().rev().fold(0u128, |digest, &cell| digest << 16 | u128::from(cell));
    Fr::from(digest)
}

fn element(value: i64) -> Fr {
    Fr::from(value)
}

/// Both ends of a range, in the column's units, and whether nulls are in it.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) lower: i64,
    pub(super) upper: i64,
    pub(super) nulls: bool,
}

impl Details {
    /// As they stand in a statement about a table of this layout: constants in their one form, a key in the order of the columns.
    pub fn canonical(&self, layout: &Layout) -> Self {
        let column = |name: &str| layout.columns().iter().find(|column| column.name == name);
        let conditions = self.conditions.iter().map(|condition| condition.canonical(column(&condition.column)));
        let mut key = self.key.clone();
        key.sort_by_key(|name| layout.index_of(name));
        Self { conditions: conditions.collect(), key, ..self.clone() }
    }

    /// Whether the operation has such conditions and such a key.
    pub(super) fn check(&self, operation: Operation, columns: &[String]) -> Result<(), RelationPlanError> {
        let conditions = self.conditions.as_slice();
        let is_equal = |condition: &Condition| matches!(condition.is, Comparison::Equal(_));
        let detail = operation.detail();
        let fits = match detail {
            Detail::Range { .. } => {
                matches!(conditions, [Condition { is: Comparison::Between(..), .. }]) && columns.len() == 1
            }
            Detail::Values { .. } => {
                !conditions.is_empty() && conditions.iter().all(is_equal) && conditions.len() == columns.len()
            }
            Detail::Conditions { .. } => !conditions.is_empty(),
            Detail::None | Detail::K { .. } | Detail::Key => conditions.is_empty(),
        };
        if !fits || self.nulls && !matches!(detail, Detail::Range { .. }) {
            return Err(RelationPlanError::Conditions { operation });
        }
        if operation.has_key() == self.key.is_empty() {
            return Err(RelationPlanError::Key { operation });
        }
        Ok(())
    }

    /// The key, as places among the compared columns.
    fn key_columns(&self, operation: Operation, columns: &[String]) -> Result<ColumnSet, RelationPlanError> {
        let mut places: Vec<usize> = Vec::with_capacity(self.key.len());
        for name in &self.key {
            let place = columns.iter().position(|column| column == name);
            let place = place.filter(|place| places.last().is_none_or(|before| before < place));
            places.push(place.ok_or_else(|| RelationPlanError::KeyColumn { column: name.clone() })?);
        }
        ColumnSet::new(places).ok_or(RelationPlanError::Key { operation })
    }

    /// What they come to for tables of which this is the layout of the first, and the tests of their conditions.
    pub(super) fn resolve(
        &self,
        operation: Operation,
        layout: &Layout,
        columns: &[String],
    ) -> Result<(Resolved, Vec<ColumnTest>), RelationPlanError> {
        let (mut tests, mut range) = (Vec::new(), None);
        for (index, condition) in self.conditions.iter().enumerate() {
            let error = |problem| RelationPlanError::Condition { column: condition.column.clone(), problem };
            let compared = columns.iter().position(|column| *column == condition.column);
            let place = compared.ok_or_else(|| error(ConditionProblem::NotCompared))?;
            let found = layout.columns().iter().find(|column| column.name == condition.column);
            let column = found.ok_or_else(|| error(ConditionProblem::NotCompared))?;
            let repeated = self.conditions.iter().take(index).any(|other| other.column == condition.column);
            if repeated && operation.is_about_conditions() {
                return Err(error(ConditionProblem::Repeated));
            }
            match operation.detail() {
                Detail::Range { .. } => {
                    let [Some(lower), Some(upper)] = condition.ends(column).map_err(error)? else {
                        return Err(RelationPlanError::Conditions { operation });
                    };
                    if lower > upper {
                        return Err(error(ConditionProblem::NoValue));
                    }
                    let [lower, upper] = [value(&lower).map_err(error)?, value(&upper).map_err(error)?];
                    range = Some(Range { lower, upper, nulls: self.nulls });
                }
                _ => tests.extend(condition.tests(place, column).map_err(error)?),
            }
        }
        let key = self.key_columns(operation, columns)?;
        Ok((Resolved { k: self.k, range, key }, tests))
    }
}
