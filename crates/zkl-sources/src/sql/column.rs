//! Columns of an answer, from the server's values to arrays.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, RecordBatch,
    builder::{
        BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder, Float64Builder, Int64Builder, StringBuilder,
        TimestampMicrosecondBuilder,
    },
};
use arrow_schema::{DECIMAL128_MAX_PRECISION, DataType, Field, SchemaRef, TimeUnit};
use sqlx::{Row as _, postgres::PgRow};

use super::SqlError;

/// A column of an answer.
#[derive(Clone)]
pub(super) struct ColumnPlan {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// What a column holds, and so how it is asked for and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int,
    Float,
    Double,
    /// Decimals of so many digits after the point.
    Numeric {
        scale: i8,
    },
    Date,
    Timestamp,
    Instant,
    /// Everything else, as the server writes it.
    Text,
}

impl Kind {
    /// What a type of the server is read as.
    pub(super) fn of(server_type: &str) -> Self {
        match server_type {
            "BOOL" => Self::Bool,
            "INT2" | "INT4" | "INT8" => Self::Int,
            "FLOAT4" => Self::Float,
            "FLOAT8" => Self::Double,
            "NUMERIC" => Self::Numeric { scale: 0 },
            "DATE" => Self::Date,
            "TIMESTAMP" => Self::Timestamp,
            "TIMESTAMPTZ" => Self::Instant,
            _ => Self::Text,
        }
    }

    /// What is asked for. What has no such value, as an infinite date, is the server's error.
    pub(super) fn expression(self, at: usize) -> String {
        match self {
            Self::Bool | Self::Float | Self::Double => format!("c{at}"),
            Self::Int => format!("c{at}::int8"),
            Self::Numeric { .. } | Self::Text => format!("c{at}::text"),
            Self::Date => format!("(c{at} - date '1970-01-01')::int4"),
            Self::Timestamp | Self::Instant => format!("(extract(epoch from c{at}) * 1000000)::int8"),
        }
    }

    /// What rows are ordered by: texts by their bytes, as every server and locale has them.
    pub(super) fn key(self, at: usize) -> String {
        match self {
            Self::Text => format!("c{at}::text collate \"C\""),
            _ => format!("c{at}"),
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Int => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Numeric { scale } => DataType::Decimal128(DECIMAL128_MAX_PRECISION, scale),
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Text => DataType::Utf8,
        }
    }
}

impl ColumnPlan {
    pub(super) fn field(&self) -> Field {
        Field::new(&self.name, self.kind.data_type(), true)
    }
}

/// The values of one column that are not in a batch yet.
enum Values {
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Float(Float32Builder),
    Double(Float64Builder),
    Numeric(Decimal128Builder, usize),
    Date(Date32Builder),
    Time(TimestampMicrosecondBuilder),
    Text(StringBuilder),
}

impl Values {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Bool => Self::Bool(BooleanBuilder::new()),
            Kind::Int => Self::Int(Int64Builder::new()),
            Kind::Float => Self::Float(Float32Builder::new()),
            Kind::Double => Self::Double(Float64Builder::new()),
            Kind::Numeric { scale } => {
                let builder = Decimal128Builder::new().with_data_type(kind.data_type());
                Self::Numeric(builder, usize::try_from(scale).unwrap_or_default())
            }
            Kind::Date => Self::Date(Date32Builder::new()),
            Kind::Timestamp | Kind::Instant => {
                Self::Time(TimestampMicrosecondBuilder::new().with_data_type(kind.data_type()))
            }
            Kind::Text => Self::Text(StringBuilder::new()),
        }
    }

    fn push(&mut self, row: &PgRow, at: usize, column: &str) -> Result<(), SqlError> {
        let of = |error: sqlx::Error| SqlError::of(&error);
        match self {
            Self::Bool(values) => values.append_option(row.try_get(at).map_err(of)?),
            Self::Int(values) => values.append_option(row.try_get(at).map_err(of)?),
            Self::Float(values) => values.append_option(row.try_get(at).map_err(of)?),
            Self::Double(values) => values.append_option(row.try_get(at).map_err(of)?),
            Self::Numeric(values, scale) => {
                let text: Option<&str> = row.try_get(at).map_err(of)?;
                let number = |text| decimal(text, *scale).ok_or_else(|| SqlError::Number { column: column.to_owned() });
                values.append_option(text.map(number).transpose()?);
            }
            Self::Date(values) => values.append_option(row.try_get(at).map_err(of)?),
            Self::Time(values) => values.append_option(row.try_get(at).map_err(of)?),
            Self::Text(values) => values.append_option(row.try_get::<Option<&str>, _>(at).map_err(of)?),
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Bool(values) => Arc::new(values.finish()),
            Self::Int(values) => Arc::new(values.finish()),
            Self::Float(values) => Arc::new(values.finish()),
            Self::Double(values) => Arc::new(values.finish()),
            Self::Numeric(values, _) => Arc::new(values.finish()),
            Self::Date(values) => Arc::new(values.finish()),
            Self::Time(values) => Arc::new(values.finish()),
            Self::Text(values) => Arc::new(values.finish()),
        }
    }
}

/// Rows that are not in a batch yet.
pub(super) struct Columns {
    columns: Vec<(String, Values)>,
    rows: usize,
}

impl Columns {
    pub(super) fn new(columns: &[ColumnPlan]) -> Self {
        let columns = columns.iter().map(|column| (column.name.clone(), Values::new(column.kind))).collect();
        Self { columns, rows: 0 }
    }

    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn push(&mut self, row: &PgRow) -> Result<(), SqlError> {
        for (at, (name, values)) in self.columns.iter_mut().enumerate() {
            values.push(row, at, name)?;
        }
        self.rows += 1;
        Ok(())
    }

    /// The rows as a batch; none are left.
    pub(super) fn finish(&mut self, schema: &SchemaRef) -> Result<RecordBatch, SqlError> {
        self.rows = 0;
        let arrays = self.columns.iter_mut().map(|(_, values)| values.finish()).collect();
        // Arrays of the schema's own types, of one length.
        RecordBatch::try_new(Arc::clone(schema), arrays)
            .map_err(|error| SqlError::Database { message: error.to_string() })
    }
}

/// A decimal as the server writes it, in units of `10^-scale`; `None` for what is none or has more than 38 digits.
fn decimal(text: &str, scale: usize) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let missing = scale.checked_sub(fraction.len())?;
    let digits = format!("{whole}{fraction}{}", "0".repeat(missing));
    let number: i128 = digits.parse().ok()?;
    (number.unsigned_abs() < 10u128.pow(u32::from(DECIMAL128_MAX_PRECISION))).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimals_are_read_exactly() {
        assert_eq!(decimal("12", 0), Some(12));
        assert_eq!(decimal("-0.5", 2), Some(-50));
        assert_eq!(decimal("-12.345", 3), Some(-12_345));
        assert_eq!(decimal(&"9".repeat(38), 0), Some(10i128.pow(38) - 1));
        for text in ["NaN", "Infinity", "-Infinity", &"9".repeat(39), "1.234"] {
            assert_eq!(decimal(text, 2), None, "{text}");
        }
    }
}
