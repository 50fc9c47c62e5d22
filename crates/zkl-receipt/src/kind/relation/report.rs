//! What a verified relation says, for people.

use std::fmt;

use serde::Serialize;
use zkl_circuits::relation::{Compared, Condition, NotCompared, Operation, Said, Word};
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
            left_out: match terms.operation.compares_rows() {
                true => compared.into_iter().filter_map(left_out).collect(),
                false => Vec::new(),
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
        let said = Said {
            tables: self.tables.iter().map(|table| (table.dataset.as_str(), table.rows)).collect(),
            columns: &self.columns,
            k: self.k,
            conditions: &self.conditions,
            nulls: self.nulls,
            key: &self.key,
        };
        f.write_str(&self.operation.sentence(&said))
    }
}

fn hashed(columns: &[String], layout: &Layout) -> Vec<String> {
    let is_hashed = |column: &&String| {
        let found = layout.columns().iter().find(|own| own.name == **column);
        found.is_some_and(|own| own.encoding == Encoding::Hashed)
    };
    columns.iter().filter(is_hashed).cloned().collect()
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
