//! What is said of the tables.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;
use zkl_argument::relation::{ColumnSet, RelationKind, Side};

/// A relation between tables, or of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Two tables have the same rows, in whatever order.
    SameRows,
    /// The first table was split into the others.
    Split,
    /// The first table was joined from the others.
    Append,
    /// The rows of the second table are some of those of the first.
    Subset,
    /// No two rows of the one table are equal in the columns.
    Unique,
    /// Every row of the one table is equal to k - 1 others, at least, in the columns.
    KAnonymous,
    /// Every value of the one column of the one table lies within bounds.
    Bounds,
    /// The rows of the second table are those of the first that meet the conditions.
    Filter,
    /// The rows of the second table are those of the first that do not meet the conditions.
    Erase,
    /// A row of the one table holds the values.
    Present,
    /// No row of the one table holds the values.
    Absent,
    /// No row of one table is equal to one of the other in the columns.
    Disjoint,
    /// The rows of the second table are some of those of the first: one for each key that the first has.
    Dedup,
}

/// A text that is no [`Operation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "expected same_rows, split, append, subset, unique, k_anonymous, bounds, filter, erase, present, absent, disjoint or dedup"
)]
pub struct OperationError;

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 13] = [
        Self::SameRows,
        Self::Split,
        Self::Append,
        Self::Subset,
        Self::Unique,
        Self::KAnonymous,
        Self::Bounds,
        Self::Filter,
        Self::Erase,
        Self::Present,
        Self::Absent,
        Self::Disjoint,
        Self::Dedup,
    ];

    /// Its name in statements.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SameRows => "same_rows",
            Self::Split => "split",
            Self::Append => "append",
            Self::Subset => "subset",
            Self::Unique => "unique",
            Self::KAnonymous => "k_anonymous",
            Self::Bounds => "bounds",
            Self::Filter => "filter",
            Self::Erase => "erase",
            Self::Present => "present",
            Self::Absent => "absent",
            Self::Disjoint => "disjoint",
            Self::Dedup => "dedup",
        }
    }

    /// How many tables it is about.
    pub const fn tables(self) -> RangeInclusive<usize> {
        match self {
            Self::SameRows | Self::Subset | Self::Filter | Self::Erase | Self::Disjoint | Self::Dedup => 2..=2,
            Self::Unique | Self::KAnonymous | Self::Bounds | Self::Present | Self::Absent => 1..=1,
            Self::Split | Self::Append => 3..=4,
        }
    }

    /// What the tables are in it, in order; the first so many count.
    pub const fn roles(self) -> &'static [&'static str] {
        match self {
            Self::SameRows | Self::Disjoint => &["left", "right"],
            Self::Split | Self::Append => &["whole", "part_1", "part_2", "part_3"],
            Self::Subset => &["whole", "subset"],
            Self::Filter => &["whole", "filtered"],
            Self::Erase => &["whole", "rest"],
            Self::Dedup => &["whole", "kept"],
            Self::Unique | Self::KAnonymous | Self::Bounds | Self::Present | Self::Absent => &["table"],
        }
    }

    /// Whether its statement has a k.
    pub const fn has_k(self) -> bool {
        matches!(self, Self::KAnonymous)
    }

    /// Whether its statement has a key, which is some of the compared columns.
    pub const fn has_key(self) -> bool {
        matches!(self, Self::Dedup)
    }

    /// Whether its statement has conditions.
    pub const fn has_conditions(self) -> bool {
        matches!(self, Self::Bounds | Self::Filter | Self::Erase | Self::Present | Self::Absent)
    }

    /// Whether it is about the columns of its conditions, and no others.
    pub const fn is_about_conditions(self) -> bool {
        matches!(self, Self::Bounds | Self::Present | Self::Absent)
    }

    /// What the argument shows of the tables; `None` with a k that the operation does not have, without one that it has, and for 0. `bounds` are those of
    /// [`Operation::Bounds`], and whether it allows nulls; `key` are columns of [`Operation::Dedup`].
    pub(crate) const fn kind(
        self,
        k: Option<u32>,
        bounds: Option<(i64, i64, bool)>,
        key: ColumnSet,
    ) -> Option<RelationKind> {
        match (self, k) {
            (Self::SameRows | Self::Split | Self::Append, None) => Some(RelationKind::SameRows),
            (Self::Subset, None) => Some(RelationKind::Subset),
            (Self::Unique, None) => Some(RelationKind::Unique),
            (Self::KAnonymous, Some(k @ 1..)) => Some(RelationKind::KAnonymous { k }),
            (Self::Filter, None) => Some(RelationKind::Filter),
            (Self::Erase, None) => Some(RelationKind::Erase),
            (Self::Present, None) => Some(RelationKind::Present),
            (Self::Absent, None) => Some(RelationKind::Absent),
            (Self::Disjoint, None) => Some(RelationKind::Disjoint),
            (Self::Dedup, None) => Some(RelationKind::Dedup { key }),
            (Self::Bounds, None) => match bounds {
                Some((lower, upper, nulls)) => Some(RelationKind::Bounds { lower, upper, nulls }),
                None => None,
            },
            _ => None,
        }
    }

    /// The side of a table.
    pub(crate) const fn side(self, table: usize) -> Side {
        if table == 0 { Side::Left } else { Side::Right }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Operation {
    type Err = OperationError;

    fn from_str(text: &str) -> Result<Self, OperationError> {
        Self::ALL.into_iter().find(|operation| operation.name() == text).ok_or(OperationError)
    }
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Operation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
