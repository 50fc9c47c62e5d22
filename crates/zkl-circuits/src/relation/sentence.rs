//! What a relation says, in words.

use super::{condition::Condition, word::words};

/// What is said of some tables, for the sentence of its operation.
#[derive(Clone, Debug)]
pub struct Said<'a> {
    /// Names and rows of the tables, in order.
    pub tables: Vec<(&'a str, u64)>,
    /// The columns in which they were compared.
    pub columns: &'a [String],
    /// The fewest rows of a class.
    pub k: Option<u32>,
    /// What rows are asked for.
    pub conditions: &'a [Condition],
    /// Whether a range allows rows without a value.
    pub nulls: bool,
    /// The columns that tell rows apart.
    pub key: &'a [String],
}

impl Said<'_> {
    /// Name of the first table.
    pub(super) fn first(&self) -> &str {
        self.tables.first().map_or("", |(name, _)| name)
    }

    /// The names of the others: `a`, `a and b`, `a, b and c`.
    pub(super) fn others(&self) -> String {
        let names: Vec<&str> = self.tables.iter().skip(1).map(|(name, _)| *name).collect();
        enumerated(&names, "and")
    }

    /// The columns.
    pub(super) fn columns(&self) -> String {
        words(self.columns)
    }

    /// The key.
    pub(super) fn key(&self) -> String {
        words(self.key)
    }

    /// `age >= 18 and kind = oak`.
    pub(super) fn conditions(&self) -> String {
        self.conditions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
    }
}

/// `a, b or c`.
pub fn either(names: &[&str]) -> String {
    enumerated(names, "or")
}

fn enumerated(names: &[&str], word: &str) -> String {
    match names.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} {word} {last}", before.join(", ")),
        _ => names.join(", "),
    }
}
