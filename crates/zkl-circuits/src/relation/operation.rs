//! What the file of an operation declares.

use std::ops::RangeInclusive;

use zkl_argument::relation::{ColumnSet, RelationKind};

use super::{condition::Range, sentence::Said};

/// All that there is to an operation but the rows of tables: a file in [`operations`](super::operations) each.
pub(super) struct Spec {
    /// Its name in statements and in the language.
    pub(super) name: &'static str,
    /// How many tables it is about.
    pub(super) tables: RangeInclusive<usize>,
    /// What the tables are in it, in order; the first so many count.
    pub(super) roles: &'static [&'static str],
    /// What the columns of a statement are.
    pub(super) columns: Columns,
    /// What a statement has beside.
    pub(super) detail: Detail,
    /// What the argument shows of the tables; `None` without the detail.
    pub(super) kind: fn(&Resolved) -> Option<RelationKind>,
    /// Which way rows went.
    pub(super) flow: Flow,
    /// How it is written.
    pub(super) grammar: Grammar,
    /// By which rows it does not hold.
    pub(super) breach: Breach,
    /// What it says, for people.
    pub(super) sentence: fn(&Said<'_>) -> String,
}

/// What the columns of a statement are.
pub(super) enum Columns {
    /// Those in which rows are compared. What they leave out is worth telling.
    Compared,
    /// A key. It says nothing of other columns, and nobody expects it to.
    Key,
    /// A key that two tables have, which is compared as numbers.
    CommonKey,
    /// Those of its conditions.
    OfConditions,
}

/// What a statement has beside tables and columns, and what is expected in its text where that is missing.
#[derive(Clone, Copy, Debug)]
pub enum Detail {
    /// Nothing.
    None,
    /// `, k = 10`: the fewest rows of a class.
    K {
        /// All of it.
        expected: &'static str,
    },
    /// `on id`: the columns that tell rows apart, some of the compared ones. Without it they all do.
    Key,
    /// `, age >= 18 and kind = oak`: what rows are asked for.
    Conditions {
        /// All of it.
        expected: &'static str,
    },
    /// `, patient = 17 and kind = oak`: the value of each of its columns.
    Values {
        /// All of it.
        expected: &'static str,
        /// The sign.
        equals: &'static str,
    },
    /// `on age, 0, 120`, and `, nulls` perhaps: a column and both ends of its range.
    Range {
        /// All of it.
        expected: &'static str,
    },
}

/// What the details of a statement come to, for its tables.
pub(super) struct Resolved {
    pub(super) k: Option<u32>,
    pub(super) range: Option<Range>,
    pub(super) key: ColumnSet,
}

/// Which way the rows of the tables of a relation went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// From the first table into the others.
    FromFirst,
    /// From the others into the first table.
    IntoFirst,
    /// Either way: the tables have the same rows.
    Alike,
    /// None came from another.
    None,
}

/// How a relation is written: results and `=` before the name of the operation, tables and the detail in brackets after it. Where rows went into the first
/// table, the results are first in the roles, otherwise the tables in the brackets are.
#[derive(Clone, Debug)]
pub struct Grammar {
    /// The results.
    pub results: Names,
    /// The tables in the brackets.
    pub tables: Names,
    /// Where the tables are written `PART of WHOLE`, what is expected where they are not. The whole is first in the roles.
    pub part_of: Option<&'static str>,
}

/// How many names stand in a place, and what is expected where there are more or fewer.
#[derive(Clone, Debug)]
pub struct Names {
    /// How many.
    pub count: RangeInclusive<usize>,
    /// As in: `no result: same_rows(a, b)`.
    pub expected: &'static str,
}

/// By which rows a relation does not hold, and what the owner of the tables is told: `NAMED row 3 of all, MORE 7 more rows`.
#[derive(Clone, Copy, Debug)]
pub struct Breach {
    /// Which rows these are: any of them.
    pub by: &'static [BreakingRows],
    /// What stands before the rows that are named; all that is said where none is.
    pub named: &'static str,
    /// What stands before the number of the others.
    pub more: &'static str,
}

impl Breach {
    /// That of rows which the other tables lack.
    pub(super) const fn no_counterpart(by: &'static [BreakingRows]) -> Self {
        Self { by, named: "no counterpart has", more: "nor have" }
    }
}

/// Rows by which a relation does not hold.
#[derive(Clone, Copy, Debug)]
pub enum BreakingRows {
    /// Those of the others that the first table lacks, and those of the first, of this selection, that the others lack.
    Unmatched(Selection),
    /// Those of the others that the first table lacks.
    Surplus,
    /// Those that an earlier one is equal to.
    Repeated,
    /// Those of the others whose key an earlier one has.
    RepeatedKey,
    /// Those of the first table whose key no other table has.
    LostKey,
    /// Those of the others that are equal to one of the first table.
    Shared,
    /// Those whose values fewer than k rows have.
    Rare,
    /// Those of this selection.
    Selected(Selection),
    /// None: there is no row that meets the conditions.
    NoneMeets,
}

/// Some of the rows of the first table.
#[derive(Clone, Copy, Debug)]
pub enum Selection {
    /// All.
    All,
    /// Those that meet the conditions, or lie in the range.
    Meeting,
    /// Those that do not.
    NotMeeting,
}
