//! The operations: a file each, and the list.

mod append;
mod bounds;
mod dedup;
mod disjoint;
mod filter;
mod k_anonymous;
mod present;
mod same_rows;
mod split;
mod subset;
mod unique;

use std::{fmt, ops::RangeInclusive, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;
use zkl_argument::relation::{RelationKind, Side};

use super::{
    operation::{Breach, Columns, Detail, Flow, Grammar, Resolved, Spec},
    sentence::{Said, either},
};

/// Makes the type of all operations of their list.
macro_rules! operations {
    ($($(#[$doc:meta])+ $operation:ident = $spec:path,)+) => {
        /// A relation between tables, or of one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Operation {
            $($(#[$doc])+ $operation,)+
        }

        impl Operation {
            /// Every operation.
            pub const ALL: [Self; [$($spec.name),+].len()] = [$(Self::$operation),+];

            const fn spec(self) -> &'static Spec {
                match self {
                    $(Self::$operation => &$spec,)+
                }
            }
        }
    };
}

operations! {
    /// Two tables have the same rows, in whatever order.
    SameRows = same_rows::SPEC,
    /// The first table was split into the others.
    Split = split::SPEC,
    /// The first table was joined from the others.
    Append = append::SPEC,
    /// The rows of the second table are some of those of the first.
    Subset = subset::SPEC,
    /// No two rows of the one table are equal in the columns.
    Unique = unique::SPEC,
    /// Every row of the one table is equal to k - 1 others, at least, in the columns.
    KAnonymous = k_anonymous::SPEC,
    /// Every value of the one column of the one table lies within bounds.
    Bounds = bounds::SPEC,
    /// The rows of the second table are those of the first that meet the conditions.
    Filter = filter::FILTER,
    /// The rows of the second table are those of the first that do not meet the conditions.
    Erase = filter::ERASE,
    /// A row of the one table holds the values.
    Present = present::PRESENT,
    /// No row of the one table holds the values.
    Absent = present::ABSENT,
    /// No row of one table is equal to one of the other in the columns.
    Disjoint = disjoint::SPEC,
    /// The rows of the second table are some of those of the first: one for each key that the first has.
    Dedup = dedup::SPEC,
}

/// A text that is no [`Operation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected {}", either(&Operation::ALL.map(Operation::name)))]
pub struct OperationError;

impl Operation {
    /// Its name in statements.
    pub const fn name(self) -> &'static str {
        self.spec().name
    }

    /// How many tables it is about.
    pub const fn tables(self) -> &'static RangeInclusive<usize> {
        &self.spec().tables
    }

    /// What the tables are in it, in order; the first so many count.
    pub const fn roles(self) -> &'static [&'static str] {
        self.spec().roles
    }

    /// What its statement has beside tables and columns.
    pub const fn detail(self) -> Detail {
        self.spec().detail
    }

    /// Whether its statement has a k.
    pub const fn has_k(self) -> bool {
        matches!(self.detail(), Detail::K { .. })
    }

    /// Whether its statement has a key, which is some of the compared columns.
    pub const fn has_key(self) -> bool {
        matches!(self.detail(), Detail::Key)
    }

    /// Whether it is about the columns of its conditions, and no others.
    pub const fn is_about_conditions(self) -> bool {
        matches!(self.spec().columns, Columns::OfConditions)
    }

    /// Whether tables are compared in its columns, so that a reader has to know which are left out.
    pub const fn compares_rows(self) -> bool {
        matches!(self.spec().columns, Columns::Compared)
    }

    /// Whether its columns are a key that two tables have.
    pub(super) const fn has_common_key(self) -> bool {
        matches!(self.spec().columns, Columns::CommonKey)
    }

    /// Which way rows went.
    pub const fn flow(self) -> Flow {
        self.spec().flow
    }

    /// How it is written.
    pub const fn grammar(self) -> &'static Grammar {
        &self.spec().grammar
    }

    /// By which rows it does not hold.
    pub const fn breach(self) -> Breach {
        self.spec().breach
    }

    /// What it says of these tables.
    pub fn sentence(self, said: &Said<'_>) -> String {
        (self.spec().sentence)(said)
    }

    /// What the argument shows of the tables; `None` with a k that the operation does not have, without one that it has, and for 0.
    pub(super) fn kind(self, resolved: &Resolved) -> Option<RelationKind> {
        let fits = match resolved.k {
            Some(k) => self.has_k() && k > 0,
            None => !self.has_k(),
        };
        if fits { (self.spec().kind)(resolved) } else { None }
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
