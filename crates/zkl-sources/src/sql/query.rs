//! A query as it is sent: every column in a form that is read exactly, rows in an order.

use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use sqlx::{
    AssertSqlSafe, Column as _, Executor as _, PgConnection, Row as _, SqlSafeStr as _, Statement as _, TypeInfo as _,
    postgres::PgRow,
};

use super::{
    LEAST_SERVER_VERSION, SqlError,
    column::{ColumnPlan, Kind},
};

/// A query that the server has understood, in an open transaction.
pub(super) struct Query {
    text: String,
    columns: Vec<ColumnPlan>,
}

impl Query {
    /// Begins the transaction, and finds out what the query answers.
    pub(super) async fn look(connection: &mut PgConnection, query: &str) -> Result<Self, SqlError> {
        let of = |error: sqlx::Error| SqlError::of(&error);
        if connection.server_version_num().is_none_or(|version| version < LEAST_SERVER_VERSION) {
            return Err(SqlError::Version);
        }
        connection.execute("begin transaction isolation level repeatable read, read only").await.map_err(of)?;
        // Times with a zone are instants, whatever zone the server is set to; texts of them have to be those of one zone, too.
        connection.execute("set local timezone to 'UTC'").await.map_err(of)?;
        let query = query.trim().trim_end_matches(';');
        let prepared = connection.prepare(AssertSqlSafe(query.to_owned()).into_sql_str()).await.map_err(of)?;
        let mut columns: Vec<ColumnPlan> = prepared
            .columns()
            .iter()
            .map(|column| ColumnPlan { name: column.name().to_owned(), kind: Kind::of(column.type_info().name()) })
            .collect();
        if columns.is_empty() {
            return Err(SqlError::NoColumns);
        }
        let from = from(query, columns.len());
        scales(connection, &from, &mut columns).await?;
        let selected: Vec<String> = columns.iter().enumerate().map(|(at, column)| column.kind.expression(at)).collect();
        let mut text = format!("select {} {from}", selected.join(", "));
        if !states_an_order(query) {
            let keys: Vec<String> = columns.iter().enumerate().map(|(at, column)| column.kind.key(at)).collect();
            text = format!("{text} order by {}", keys.join(", "));
        }
        Ok(Self { text, columns })
    }

    /// What is sent.
    pub(super) fn text(&self) -> String {
        self.text.clone()
    }

    pub(super) fn columns(&self) -> &[ColumnPlan] {
        &self.columns
    }

    pub(super) fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.columns.iter().map(ColumnPlan::field).collect::<Vec<_>>()))
    }
}

/// The query as a table whose columns have names of their own: its own names may repeat or be absent. A comment at its end ends with the line.
fn from(query: &str, columns: usize) -> String {
    let names: Vec<String> = (0..columns).map(|at| format!("c{at}")).collect();
    format!("from (\n{query}\n) as answer ({})", names.join(", "))
}

/// Digits after the point of the columns that do not state them, which their values decide.
async fn scales(connection: &mut PgConnection, from: &str, columns: &mut [ColumnPlan]) -> Result<(), SqlError> {
    let numeric: Vec<usize> =
        (0..columns.len()).filter(|&at| matches!(columns[at].kind, Kind::Numeric { .. })).collect();
    if numeric.is_empty() {
        return Ok(());
    }
    let asked: Vec<String> = numeric.iter().map(|at| format!("coalesce(max(scale(c{at})), 0)::int4")).collect();
    let text = format!("select {} {from}", asked.join(", "));
    let row: PgRow =
        connection.fetch_one(sqlx::query(AssertSqlSafe(text))).await.map_err(|error| SqlError::of(&error))?;
    for (place, &at) in numeric.iter().enumerate() {
        let digits: i32 = row.try_get(place).map_err(|error| SqlError::of(&error))?;
        let column = &mut columns[at];
        let scale = i8::try_from(digits).ok().filter(|scale| *scale <= arrow_schema::DECIMAL128_MAX_SCALE);
        column.kind = Kind::Numeric { scale: scale.ok_or_else(|| SqlError::Number { column: column.name.clone() })? };
    }
    Ok(())
}

/// Whether the last words of a query order all of its rows: an `ORDER BY` after which no parenthesis closes.
fn states_an_order(query: &str) -> bool {
    let lower = query.to_ascii_lowercase();
    let mut words = lower.rsplit(')').next().unwrap_or_default().split_whitespace().peekable();
    while let Some(word) = words.next() {
        if word == "order" && words.peek() == Some(&"by") {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::states_an_order;

    #[test]
    fn an_order_of_something_else_is_none_of_the_rows() {
        for query in ["select 1 order by 1", "select f(x) from t\nORDER  BY x desc", "select 1 order by 1 limit 5"] {
            assert!(states_an_order(query), "{query}");
        }
        for query in [
            "select 1",
            "select row_number() over (order by x) from t",
            "select * from (select 1 order by 1) t",
            "select order_by from t",
        ] {
            assert!(!states_an_order(query), "{query}");
        }
    }
}
