//! The kinds of relations: a file each, and the list. No other source of this crate knows which kinds there are.

mod bounds;
mod dedup;
mod disjoint;
mod filter;
mod k_anonymous;
mod presence;
mod same_rows;
mod subset;
mod unique;

use std::ops::{Range, RangeInclusive};

pub use self::dedup::ColumnSet;

use super::{
    condition::{ColumnTest, Tests},
    extra::ExtraCells,
    posting::Postings,
    row_hash::Rows,
    shape::{RelationShape, TableShape},
};
use crate::error::PlanError;

/// A kind of relation: all that depends on it. What its postings add up to is part of them, so the verifier asks it for nothing but its features.
trait Kind {
    /// What it has of what kinds have in common.
    const FEATURES: Features;

    /// Posts what it has beside rows and dictionaries.
    ///
    /// # Errors
    /// [`PlanError::Column`] and [`PlanError::Size`] for columns that it cannot be about.
    fn post(&self, given: &Given<'_>, postings: &mut Postings) -> Result<(), PlanError>;

    /// The extra columns of a true relation. Units after the last one of them have none.
    ///
    /// # Errors
    /// [`PlanError`] for tables that do not fit the shape.
    fn fill(&self, shape: &RelationShape, tables: &[Rows<'_>]) -> Result<ExtraCells, PlanError>;
}

/// What a kind has of what kinds have in common.
pub(super) struct Features {
    /// How many tables it is about.
    pub(super) tables: RangeInclusive<usize>,
    /// What it reads of them.
    pub(super) reads: Reads,
    /// Which tests rows of the first table must meet.
    pub(super) tests: Tests,
    /// Whether anything is looked up in a table of limbs, or may be.
    pub(super) has_limbs: bool,
}

/// What is read of the tables.
#[derive(Clone, Copy)]
pub(super) enum Reads {
    /// Cells of one table, where equal values have equal cells.
    Cells,
    /// Values of columns that are no dictionaries.
    Numbers,
    /// Values; those of dictionaries by their digests.
    Values,
    /// The same, and the rows of all tables are compared by value.
    Rows(Counted),
}

/// Which rows of the first table are compared with those of the others.
#[derive(Clone, Copy)]
pub(super) enum Counted {
    /// All of them.
    All,
    /// Those that its first extra column, a selector, selects.
    Selected,
    /// Those that it does not select.
    Unselected,
}

/// What postings are made of.
pub(super) struct Given<'a> {
    /// As many as the kind is about.
    pub(super) tables: &'a [TableShape],
    /// Such as the kind has.
    pub(super) tests: &'a [ColumnTest],
    /// Binary logarithm of the size of the limb table. 0 for a kind that says that it has no limbs: dividing by it fails in the first test of
    /// a kind that looks some up all the same.
    pub(super) limb_bits: usize,
    /// The first space that is free.
    pub(super) space: u64,
}

impl Given<'_> {
    /// The units of a table.
    pub(super) fn units(&self, table: usize) -> Range<usize> {
        let units = |tables: &[TableShape]| tables.iter().map(|table| table.units).sum::<usize>();
        let first = units(self.tables.get(..table).unwrap_or_default());
        first..first + units(self.tables.get(table..=table).unwrap_or_default())
    }
}

/// The tables of a relation of so many.
fn exactly<T, const N: usize>(tables: &[T]) -> Result<&[T; N], PlanError> {
    let error = |_| PlanError::Size { what: "number of tables", got: tables.len(), min: N, max: N };
    tables.try_into().map_err(error)
}

/// Makes the type of all kinds, and everything that goes through them.
macro_rules! kinds {
    ($(
        $(#[$doc:meta])*
        $module:ident::$kind:ident $({ $($(#[$field_doc:meta])* $field:ident: $value:ty,)+ })?,
    )+) => {
        $(use self::$module::$kind;)+

        /// What is shown of the tables.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum RelationKind {
            $($(#[$doc])* $kind $({ $($(#[$field_doc])* $field: $value,)+ })?,)+
        }

        impl RelationKind {
            /// What it has of what kinds have in common.
            pub(super) const fn features(self) -> Features {
                match self {
                    $(Self::$kind { .. } => $kind::FEATURES,)+
                }
            }

            /// Posts what it has beside rows and dictionaries.
            pub(super) fn post(self, given: &Given<'_>, postings: &mut Postings) -> Result<(), PlanError> {
                match self {
                    $(Self::$kind $({ $($field),+ })? => $kind $({ $($field),+ })?.post(given, postings),)+
                }
            }

            /// The extra columns of a true relation. Units after the last one of them have none.
            pub(super) fn fill(self, shape: &RelationShape, tables: &[Rows<'_>]) -> Result<ExtraCells, PlanError> {
                match self {
                    $(Self::$kind $({ $($field),+ })? => $kind $({ $($field),+ })?.fill(shape, tables),)+
                }
            }
        }
    };
}

kinds! {
    /// The rows on the left are those on the right, each as often.
    same_rows::SameRows,
    /// The rows of the second table are some of those of the first, none more often than there.
    subset::Subset,
    /// No two rows of the one table are equal in the columns.
    unique::Unique,
    /// Every row of the one table is equal to k - 1 others, at least, in the columns.
    k_anonymous::KAnonymous {
        /// Rows of the smallest class that is allowed.
        k: u32,
    },
    /// Every value of the one column of the one table, a number, lies within bounds, which are values too.
    bounds::Bounds {
        /// The least value that is allowed, in the column's units.
        lower: i64,
        /// The largest one.
        upper: i64,
        /// Whether rows without a value are allowed.
        nulls: bool,
    },
    /// The rows of the second table are those of the first that meet all tests, each as often.
    filter::Filter,
    /// The rows of the second table are those of the first that do not meet all tests, each as often.
    filter::Erase,
    /// A row of the one table meets all tests, which are for equality.
    presence::Present,
    /// No row of the one table meets all tests, which are for equality.
    presence::Absent,
    /// No row of the first table is equal to one of the second in the columns, which are numbers.
    disjoint::Disjoint,
    /// The rows of the second table are some of those of the first: for every key that the first one has there is one.
    dedup::Dedup {
        /// The columns of the key.
        key: ColumnSet,
    },
}

impl RelationKind {
    /// Whether a dictionary's values are told by their digests, and not by the codes of one table.
    pub const fn has_digests(self) -> bool {
        matches!(self.features().reads, Reads::Values | Reads::Rows(_))
    }

    /// Whether numbers are looked at as values, and not as cells of one table.
    pub const fn has_values(self) -> bool {
        !matches!(self.features().reads, Reads::Cells)
    }

    /// Whether anything is looked up in a table of limbs, or may be.
    pub const fn has_limbs(self) -> bool {
        self.features().has_limbs
    }
}
