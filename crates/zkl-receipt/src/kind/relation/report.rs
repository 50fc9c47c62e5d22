//! What a verified relation says, for people.

use std::fmt;

use serde::Serialize;
use zkl_circuits::relation::{Compared, Condition, NotCompared, Operation, Word, words};
use zkl_core::layout::{Encoding, Layout};

use super::RelationTerms;
use crate::dataset_ref::DatasetRef;

/// A table of a relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RelatedTable {
    /// What it is in the relation.
    pub role: String,
    /// Name of the dataset.
    pub dataset: String,
    /// Its rows.
    pub rows: u64,
}

/// A column that the relation says nothing of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The column.
    pub column: String,
    /// Why, in words.
    pub reason: String,
}

/// What a verified relation says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RelationReport {
    /// The operation.
    pub operation: Operation,
    /// The tables, in order.
    pub tables: Vec<RelatedTable>,
    /// The columns in which they were compared.
    pub columns: Vec<String>,
    /// The fewest rows of a class, for `k_anonymous`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub k: Option<u32>,
    /// What rows are asked for, all of it: of `bounds` the range, of `present` and `absent` the values.
    #[serde(rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Whether `bounds` allows rows without a value.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub nulls: bool,
    /// The columns that tell rows apart, for `dedup`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
    /// Of the columns that the relation is about, those of text that is compared by digests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hashed: Vec<String>,
    /// The columns of theirs that were not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

impl RelationReport {
    pub(super) fn new(
        terms: &RelationTerms,
        datasets: &[DatasetRef],
        layouts: &[&Layout],
        compared: Vec<Compared>,
    ) -> Self {
        let table = |(dataset, layout): (&DatasetRef, &&Layout)| RelatedTable {
            role: dataset.role.to_string(),
            dataset: dataset.name.to_string(),
            rows: layout.rows(),
        };
        let left_out = |column: Compared| {
            if terms.columns.contains(&column.column) {
                return None;
            }
            let reason = match column.positions {
                Ok(_) => "not part of the statement".to_owned(),
                Err(NotCompared { table, reason }) => {
                    let name = datasets.get(table).map_or("a table", |dataset| dataset.name.as_str());
                    format!("{name} {reason}")
                }
            };
            Some(LeftOut { column: column.column, reason })
        };
        Self {
            operation: terms.operation,
            tables: datasets.iter().zip(layouts).map(table).collect(),
            columns: terms.columns.clone(),
            k: terms.details.k,
            conditions: terms.details.conditions.clone(),
            nulls: terms.details.nulls,
            key: terms.details.key.clone(),
            hashed: layouts.first().map_or_else(Vec::new, |layout| hashed(&terms.columns, layout)),
            // A key says nothing of other columns, and nobody expects it to.
            left_out: match terms.operation {
                Operation::Unique | Operation::KAnonymous | Operation::Disjoint => Vec::new(),
                operation if operation.is_about_conditions() => Vec::new(),
                _ => compared.into_iter().filter_map(left_out).collect(),
            },
        }
    }

    /// Which columns are compared by digests, and what that rests on, in a line; `None` when none is.
    pub fn by_digest(&self) -> Option<String> {
        let columns = self.hashed.join(", ");
        let what = "text by 128 bits of a digest; that these are of what the files hold is the notary's word";
        (!self.hashed.is_empty()).then(|| format!("{columns} ({what})"))
    }

    /// The columns that were not compared, and why, in a line; `None` when all were.
    pub fn uncompared(&self) -> Option<String> {
        let one = |left: &LeftOut| format!("{} ({})", Word(&left.column), left.reason);
        let all: Vec<String> = self.left_out.iter().map(one).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

impl fmt::Display for RelationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.tables.iter().map(|table| table.dataset.as_str()).collect();
        let (first, others) = names.split_first().map_or(("", &[][..]), |(first, others)| (*first, others));
        let columns = words(&self.columns);
        match self.operation {
            Operation::SameRows => write!(f, "{first} and {} have the same rows", others.join(", "))?,
            Operation::Unique => return write!(f, "no two rows of {first} are equal in {columns}"),
            Operation::KAnonymous => {
                let others = self.k.map_or(0, |k| k.saturating_sub(1));
                return write!(f, "every row of {first} is equal to {others} others at least in {columns}");
            }
            Operation::Subset => {
                let part = others.join(", ");
                return write!(
                    f,
                    "{part} is a subset of {first}: its rows are rows of {first}, none more often than there, compared in {columns}"
                );
            }
            Operation::Dedup => {
                let (kept, key) = (others.join(", "), words(&self.key));
                return write!(
                    f,
                    "{kept} has one row for every {key} that {first} has: its rows are rows of {first}, compared in {columns}"
                );
            }
            Operation::Bounds => {
                let range = anded(&self.conditions);
                let nulls = if self.nulls { "every row of {} has no value or" } else { "every row of {} has" };
                return write!(f, "{} {range}", nulls.replace("{}", first));
            }
            Operation::Disjoint => {
                return write!(f, "no row of {first} is equal to one of {} in {columns}", others.join(", "));
            }
            Operation::Present => return write!(f, "a row of {first} has {}", anded(&self.conditions)),
            Operation::Absent => return write!(f, "no row of {first} has {}", anded(&self.conditions)),
            Operation::Filter => {
                let (part, which) = (others.join(", "), anded(&self.conditions));
                write!(f, "{part} has the rows of {first} with {which}, all of them and no others")?;
            }
            Operation::Erase => {
                let (part, which) = (others.join(", "), anded(&self.conditions));
                let rows: Vec<u64> = self.tables.iter().map(|table| table.rows).collect();
                if let [whole, rest] = rows[..]
                    && whole == rest
                {
                    // True, and no erasure.
                    return write!(f, "no row of {first} has {which}: {part} has all of them, compared in {columns}");
                }
                write!(
                    f,
                    "{part} has the rows of {first} but those with {which}: these are gone, all others are there"
                )?;
            }
            Operation::Split => write!(f, "{first} was split into {}: its rows are theirs together", listed(others))?,
            _ => write!(f, "{first} was joined from {}: its rows are theirs together", listed(others))?,
        }
        write!(f, ", each as often, compared in {columns}")
    }
}

fn hashed(columns: &[String], layout: &Layout) -> Vec<String> {
    let is_hashed = |column: &&String| {
        let found = layout.columns().iter().find(|own| own.name == **column);
        found.is_some_and(|own| own.encoding == Encoding::Hashed)
    };
    columns.iter().filter(is_hashed).cloned().collect()
}

/// `age >= 18 and kind = oak`.
fn anded(conditions: &[Condition]) -> String {
    conditions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

/// `a and b`, `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use zkl_circuits::claims::language::Comparison;

    use super::*;

    fn report(operation: Operation, rows: [u64; 2]) -> RelationReport {
        let table =
            |(dataset, rows): (&str, u64)| RelatedTable { role: "table".to_owned(), dataset: dataset.to_owned(), rows };
        RelationReport {
            operation,
            tables: ["all", "rest"].into_iter().zip(rows).map(table).collect(),
            columns: vec!["id".to_owned(), "the kind, or age".to_owned()],
            k: None,
            conditions: vec![Condition { column: "id".to_owned(), is: Comparison::Equal("17 and x = 3".to_owned()) }],
            nulls: false,
            key: vec!["id, age".to_owned()],
            hashed: Vec::new(),
            left_out: vec![LeftOut { column: "note (none), id".to_owned(), reason: "why".to_owned() }],
        }
    }

    #[test]
    fn names_and_values_of_strangers_are_told_from_what_stands_between_them() {
        assert_eq!(
            report(Operation::Filter, [3, 2]).to_string(),
            r#"rest has the rows of all with id = "17 and x = 3", all of them and no others, each as often, compared in id, "the kind, or age""#
        );
        let once = report(Operation::Dedup, [3, 2]);
        assert!(once.to_string().starts_with(r#"rest has one row for every "id, age" that all has"#), "{once}");
        assert_eq!(once.uncompared().as_deref(), Some(r#""note (none), id" (why)"#));
    }

    #[test]
    fn an_erasure_of_nothing_does_not_read_like_one() {
        let text = report(Operation::Erase, [3, 2]).to_string();
        assert!(text.contains("these are gone"), "{text}");
        let text = report(Operation::Erase, [3, 3]).to_string();
        assert!(text.starts_with("no row of all has id = ") && !text.contains("gone"), "{text}");
    }
}
