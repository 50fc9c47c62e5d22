//! What the file of a claim kind declares.

use std::fmt;

use zkl_core::{
    circuit::Circuit,
    layout::{ColumnLayout, Layout},
};

use super::{
    language::{Claim, ClaimError, Fault, TextForm, parser::Parser},
    resolve::{ResolvedClaim, Table},
};

/// A kind of claim: the value is one claim of that kind, typed. What it becomes for one table is its
/// [`Relation`](super::relation::Relation).
pub(super) trait ClaimKind: Into<Claim> {
    /// Functions of the language by which such claims are written.
    const FUNCTIONS: &'static [&'static str];
    /// Further functions that are read.
    const ALIASES: &'static [&'static str];
    /// The entry in `docs/claims.md`.
    const PAGE: Page;

    /// Reads what follows `function`, which is one of [`ClaimKind::FUNCTIONS`] or [`ClaimKind::ALIASES`].
    fn read(function: &str, words: &mut Parser) -> Result<Self, Fault>;

    /// The function by which the canonical text calls this claim.
    fn function(&self) -> &'static str;

    /// The columns that are named, in the order of the text.
    fn columns(&self) -> Vec<&str>;

    /// The values that are named.
    fn values(&self) -> Vec<&str>;

    /// Writes the canonical text.
    fn write(&self, f: &mut fmt::Formatter<'_>, text: TextForm) -> fmt::Result;

    /// The claim as a sentence for readers who do not know the language.
    fn in_words(&self) -> String;

    /// Whether such claims are provable about a column.
    fn serves(column: &ColumnLayout) -> bool;

    /// The claim to prove of values that were rounded when they were committed, so that this one holds of them as they were
    /// written: see [`rounded`](super::rounded). `None` when the claim is about no such column, or only counts values.
    fn inwards(&self, layout: &Layout) -> Result<Option<Self>, ClaimError>;

    /// Matches the claim to a table.
    fn resolve(&self, table: &Table<'_>) -> Result<ResolvedClaim, ClaimError>;

    /// Every circuit that such a claim can need, blank.
    fn shapes() -> Vec<Box<dyn Circuit>>;
}

/// What `docs/claims.md` says about one kind of claim, in Markdown.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// How such claims are written.
    pub grammar: &'static str,
    /// Claims of this kind, as they are written.
    pub examples: &'static [&'static str],
    /// Rows of the table of meanings.
    pub rows: &'static [PageRow],
    /// What there is to know beside the table.
    pub notes: &'static [&'static str],
}

/// One row of the table of meanings.
#[derive(Clone, Copy, Debug)]
pub struct PageRow {
    /// The claim, without its range.
    pub claim: &'static str,
    /// What is compared.
    pub meaning: &'static str,
    /// Whether nulls count.
    pub nulls: &'static str,
    /// What stays hidden of the records that are opened in the circuit.
    pub hidden: &'static str,
    /// The circuit's name.
    pub circuit: &'static str,
    /// Every integer in the circuit's comparison is below 2 to this in magnitude.
    pub bits: u32,
}

/// A kind in the list of kinds.
pub(super) struct Kind {
    pub(super) functions: &'static [&'static str],
    pub(super) aliases: &'static [&'static str],
    pub(super) page: Page,
    pub(super) read: fn(&str, &mut Parser) -> Result<Claim, Fault>,
    pub(super) serves: fn(&ColumnLayout) -> bool,
    pub(super) shapes: fn() -> Vec<Box<dyn Circuit>>,
}

impl Kind {
    pub(super) const fn of<K: ClaimKind>() -> Self {
        Self {
            functions: K::FUNCTIONS,
            aliases: K::ALIASES,
            page: K::PAGE,
            read: read::<K>,
            serves: K::serves,
            shapes: K::shapes,
        }
    }
}

fn read<K: ClaimKind>(function: &str, words: &mut Parser) -> Result<Claim, Fault> {
    K::read(function, words).map(Into::into)
}
