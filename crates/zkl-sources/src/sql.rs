//! What a query on PostgreSQL answers, as a table.
//!
//! One snapshot is read, in a transaction that can write nothing. Rows come in an order that follows from their values, unless the query
//! states one, so that the same rows have the same digest: that of the canonical stream of record batches, as `docs/formats.md` defines it.
//! Credentials come from the URL, from `PGPASSWORD` or from a password file (`PGPASSFILE`), and go nowhere else.

mod column;
mod query;

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};
use url::Url;
use zkl_dataset::Source;

use self::{column::Columns, query::Query};
use crate::error::SourceError;

/// Rows of a batch.
const BATCH_ROWS: usize = 8_192;
/// Batches that wait to be taken.
const AHEAD: usize = 2;
/// Exact seconds of times are read as numbers, which earlier servers round.
const LEAST_SERVER_VERSION: u32 = 140_000;

/// Why a query could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// The server cannot be reached, or lets nobody in. What it says is not repeated: it may hold credentials.
    #[error("the database cannot be reached, or does not let this user in")]
    Connect,
    /// An older server.
    #[error("the server is older than PostgreSQL 14")]
    Version,
    /// The server refuses the query, or failed while it answered.
    #[error("the database answers: {message}")]
    Database {
        /// Its words.
        message: String,
    },
    /// The connection ended in the middle.
    #[error("the connection to the database ended")]
    Ended,
    /// The query answers no columns.
    #[error("the query answers no columns")]
    NoColumns,
    /// A number that is none, or that has more digits than any decimal here.
    #[error("a value of column {column:?} is no number of at most 38 digits")]
    Number {
        /// The column.
        column: String,
    },
}

impl SqlError {
    fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => Self::Database { message: error.message().to_owned() },
            _ => Self::Ended,
        }
    }

    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Connect => "postgres://USER@HOST/DATABASE, with the password in PGPASSWORD or in ~/.pgpass",
            Self::NoColumns => "write a SELECT",
            Self::Number { .. } => "have the query leave out NaN and infinities, or round",
            Self::Version | Self::Database { .. } | Self::Ended => return None,
        };
        Some(hint.to_owned())
    }
}

/// The table that `query` answers on the database at `url`. The query is looked at now, which blocks; its rows are read when they are
/// first needed, and of the same snapshot.
///
/// # Errors
/// [`SourceError::Sql`], and [`SourceError::DatabaseUrl`] for a URL of no database.
pub fn postgres(url: &Url, query: &str) -> Result<Source, SourceError> {
    let options: PgConnectOptions = url.as_str().parse().map_err(|_| SourceError::DatabaseUrl)?;
    let name = format!("postgres://{}{}", url.host_str().unwrap_or_default(), url.path());
    let query = query.to_owned();
    let (begun, begins) = sync_channel(1);
    // Of its own: the caller may be a task of another runtime.
    thread::Builder::new()
        .name("zkl-sql".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => runtime.block_on(answer(&options, &query, &begun)),
                Err(_) => drop(begun.send(Err(SqlError::Connect))),
            }
        })
        .map_err(|_| SqlError::Connect)?;
    let answer = begins.recv().map_err(|_| SqlError::Ended)??;
    Ok(Source::batch_reader(answer).named(name))
}

/// Record batches as another thread makes them.
struct Answer {
    schema: SchemaRef,
    batches: Receiver<Result<RecordBatch, SqlError>>,
    ended: bool,
}

impl Iterator for Answer {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        // The last thing that is sent is an error or an empty batch: without one, rows may be missing.
        let next = self.batches.recv().unwrap_or(Err(SqlError::Ended));
        match next {
            Ok(batch) if batch.num_rows() == 0 => {
                self.ended = true;
                None
            }
            Ok(batch) => Some(Ok(batch)),
            Err(error) => {
                self.ended = true;
                Some(Err(ArrowError::ExternalError(Box::new(error))))
            }
        }
    }
}

impl RecordBatchReader for Answer {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// Asks, says how the answer begins, and sends it for as long as somebody takes it.
async fn answer(options: &PgConnectOptions, query: &str, begun: &SyncSender<Result<Answer, SqlError>>) {
    let asked = async {
        let mut connection = PgConnection::connect_with(options).await.map_err(|_| SqlError::Connect)?;
        let query = Query::look(&mut connection, query).await?;
        Ok((connection, query))
    };
    let (mut connection, query) = match asked.await {
        Ok(asked) => asked,
        // Whoever asked waits for it.
        Err(error) => return drop(begun.send(Err(error))),
    };
    let (batches, taken) = sync_channel(AHEAD);
    let schema = query.schema();
    if begun.send(Ok(Answer { schema: Arc::clone(&schema), batches: taken, ended: false })).is_err() {
        return;
    }
    if let Err(error) = send(&mut connection, &query, &batches).await {
        // Nobody has to take it.
        drop(batches.send(Err(error)));
    }
    drop(connection.close().await);
}

async fn send(
    connection: &mut PgConnection,
    query: &Query,
    batches: &SyncSender<Result<RecordBatch, SqlError>>,
) -> Result<(), SqlError> {
    let schema = query.schema();
    let mut columns = Columns::new(query.columns());
    let mut rows = connection.fetch(sqlx::query(AssertSqlSafe(query.text())));
    loop {
        let row = rows.try_next().await.map_err(|error| SqlError::of(&error))?;
        if let Some(row) = &row {
            columns.push(row)?;
        }
        let is_full = columns.rows() == BATCH_ROWS;
        if is_full || row.is_none() && columns.rows() > 0 {
            let batch = columns.finish(&schema)?;
            if batches.send(Ok(batch)).is_err() {
                return Ok(());
            }
        }
        if row.is_none() {
            drop(batches.send(Ok(RecordBatch::new_empty(schema))));
            return Ok(());
        }
    }
}
