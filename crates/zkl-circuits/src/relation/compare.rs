//! Which columns of some tables can be compared.

use std::fmt;

use zkl_core::layout::{ColumnLayout, Encoding, Layout};

/// A column name and where the tables have it, or why it is not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The name.
    pub column: String,
    /// The position in each table.
    pub positions: Result<Vec<usize>, NotCompared>,
}

/// Why a column is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotCompared {
    /// The table that stands in the way.
    pub table: usize,
    /// How.
    pub reason: Reason,
}

/// What stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The table has no such column.
    Absent,
    /// It has another type in the first table: the same numbers would be other values.
    Type,
    /// Its times are of another kind of zone in the first table.
    Zone,
    /// Of numbers, a dictionary and digests of text, another one than in the first table.
    Encoding,
    /// Text that is not hashed, or a dictionary of more than 255 values: its values are not committed to.
    NoValues,
    /// A dictionary, where an operation needs numbers, dates, timestamps or text.
    NoKey,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "has no such column",
            Self::Type => "has it with another type",
            Self::Zone => "has it with times of another zone",
            Self::Encoding => "has it in another encoding",
            Self::NoValues => "does not commit to its values",
            Self::NoKey => {
                "has a dictionary in it, where the operation needs numbers, dates, timestamps or hashed text"
            }
        })
    }
}

/// Every column of `tables`, those of the first table first.
pub fn compare(tables: &[&Layout]) -> Vec<Compared> {
    let mut names: Vec<&str> = Vec::new();
    for column in tables.iter().flat_map(|table| table.columns()) {
        if !names.contains(&column.name.as_str()) {
            names.push(&column.name);
        }
    }
    let compared = |name: &str| Compared { column: name.to_owned(), positions: positions(tables, name) };
    names.into_iter().map(compared).collect()
}

/// What of a column's values is committed to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Committed {
    Numbers,
    Codes,
    Digests,
}

const fn committed(column: &ColumnLayout) -> Option<Committed> {
    match column.encoding {
        Encoding::Numeric { .. } => Some(Committed::Numbers),
        Encoding::Category { .. } => Some(Committed::Codes),
        Encoding::Hashed => Some(Committed::Digests),
        Encoding::Grouped { .. } | Encoding::Opaque => None,
    }
}

/// Where the tables have the column.
pub(super) fn positions(tables: &[&Layout], name: &str) -> Result<Vec<usize>, NotCompared> {
    let mut first: Option<&ColumnLayout> = None;
    let mut positions = Vec::with_capacity(tables.len());
    for (table, layout) in tables.iter().enumerate() {
        let not = |reason| NotCompared { table, reason };
        let found = layout.columns().iter().enumerate().find(|(_, column)| column.name == name);
        let (position, column) = found.ok_or_else(|| not(Reason::Absent))?;
        let first = *first.get_or_insert(column);
        if column.ty != first.ty {
            return Err(not(Reason::Type));
        }
        if column.zone != first.zone {
            return Err(not(Reason::Zone));
        }
        match (committed(column), committed(first)) {
            (None, _) => return Err(not(Reason::NoValues)),
            (own, first) if own != first => return Err(not(Reason::Encoding)),
            _ => positions.push(position),
        }
    }
    Ok(positions)
}

#[cfg(test)]
mod tests {
    use zkl_core::{
        column::ColumnType,
        layout::{Rounding, Zone},
    };

    use super::*;

    fn layout(columns: Vec<ColumnLayout>) -> Layout {
        Layout::new(3, columns, Vec::new()).unwrap()
    }

    fn column(name: &str, ty: ColumnType, encoding: Encoding) -> ColumnLayout {
        ColumnLayout::new(name, ty, encoding)
    }

    #[test]
    fn columns_are_compared_by_name_type_and_values_whatever_their_limbs_codes_and_nulls() {
        let numeric = |limbs| Encoding::Numeric { limbs };
        let seconds = ColumnType::Timestamp { unit: zkl_core::column::TimeUnit::Second };
        let zoned = |zone| ColumnLayout { zone, ..column("time", seconds, numeric(2)) };
        let rounded = ColumnLayout {
            rounding: Some(Rounding::to_nearest(1)),
            ..column("price", ColumnType::Decimal { scale: 1 }, numeric(1))
        };
        let left = layout(vec![
            column("a", ColumnType::Int, numeric(1)),
            column("kind", ColumnType::Category, Encoding::Category { capacity: 4 }),
            column("note", ColumnType::Text, Encoding::Opaque),
            zoned(Some(Zone::Utc)),
            rounded,
            column("d", ColumnType::Date, numeric(1)),
            column("big", ColumnType::Category, Encoding::Grouped { capacity: 512 }),
            column("small", ColumnType::Category, Encoding::Category { capacity: 4 }),
            column("id", ColumnType::Text, Encoding::Hashed),
            column("mail", ColumnType::Text, Encoding::Hashed),
            column("ward", ColumnType::Text, Encoding::Hashed),
        ]);
        let right = layout(vec![
            column("kind", ColumnType::Category, Encoding::Category { capacity: 16 }).nullable(true),
            column("a", ColumnType::Int, numeric(3)).nullable(true),
            column("note", ColumnType::Text, Encoding::Opaque),
            zoned(Some(Zone::Naive)),
            column("price", ColumnType::Decimal { scale: 2 }, numeric(1)),
            column("big", ColumnType::Category, Encoding::Category { capacity: 4 }),
            column("small", ColumnType::Category, Encoding::Grouped { capacity: 512 }),
            column("extra", ColumnType::Int, numeric(1)),
            column("id", ColumnType::Text, Encoding::Hashed).nullable(true),
            column("mail", ColumnType::Text, Encoding::Opaque),
            column("ward", ColumnType::Category, Encoding::Category { capacity: 4 }),
        ]);
        let found = compare(&[&left, &right]);
        let not = |table, reason| Err(NotCompared { table, reason });
        let expected = [
            ("a", Ok(vec![0, 1])),
            ("kind", Ok(vec![1, 0])),
            ("note", not(0, Reason::NoValues)),
            ("time", not(1, Reason::Zone)),
            ("price", not(1, Reason::Type)),
            ("d", not(1, Reason::Absent)),
            ("big", not(0, Reason::NoValues)),
            ("small", not(1, Reason::NoValues)),
            ("id", Ok(vec![8, 8])),
            ("mail", not(1, Reason::NoValues)),
            ("ward", not(1, Reason::Type)),
            ("extra", not(0, Reason::Absent)),
        ];
        let expected: Vec<_> =
            expected.into_iter().map(|(name, positions)| Compared { column: name.to_owned(), positions }).collect();
        assert_eq!(found, expected);
    }
}
