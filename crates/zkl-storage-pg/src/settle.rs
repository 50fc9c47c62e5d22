//! Finding out whether an append was committed whose acknowledgement was lost.
//!
//! Whatever became of the connection, the server process behind it has committed, has rolled back, or still holds the lock
//! on the head row. So: end that process if it still runs the transaction, take the lock on another connection, and look whether
//! the entry at the append's first index was inserted by that very transaction. After a crash of the server, recovery has
//! decided before it takes connections.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::time::{Instant, sleep, timeout_at};
use zkl_core::storage::AppendBatch;

use crate::{error::PgError, open::Store};

const PAUSE: Duration = Duration::from_millis(100);

/// What tells one transaction of one server process from all others.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// Its number, the low 32 bits in decimal, as in the `xmin` of the rows that it inserted.
    pub(crate) transaction: String,
    /// Its server process.
    pub(crate) process: i32,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is durable.
    Committed,
    /// It left nothing and never will.
    NotCommitted,
    /// The server could not be asked.
    Unknown,
}

impl Store {
    /// What became of the transaction `mark` that appended `batch`. Takes at most `settle_timeout`.
    pub(crate) async fn settle(&self, batch: &AppendBatch, mark: &Mark) -> Outcome {
        let deadline = Instant::now() + self.config.settle_timeout;
        loop {
            match timeout_at(deadline, self.ask(batch, mark)).await {
                Ok(Ok(outcome)) => return outcome,
                // The server restarts, or the old process still holds the lock: asked again until there is no time left.
                Ok(Err(_)) if Instant::now() < deadline => sleep(PAUSE).await,
                Ok(Err(_)) | Err(_) => return Outcome::Unknown,
            }
        }
    }

    async fn ask(&self, batch: &AppendBatch, mark: &Mark) -> Result<Outcome, PgError> {
        // Connections of the pool may be as broken as the one that failed, or all in use.
        let mut connection = PgConnection::connect_with(&self.place.options).await?;
        // The number of a process is used again, the pair is not while the transaction runs.
        sqlx::query(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_xid = $2::text::xid",
        )
        .bind(mark.process)
        .bind(&mark.transaction)
        .execute(&mut connection)
        .await?;
        let mut transaction = connection.begin().await?;
        sqlx::query("select from head for update").fetch_one(&mut *transaction).await?;
        let Some(first) = batch.transactions.first() else {
            return Ok(Outcome::NotCommitted);
        };
        let row = sqlx::query(
            "select exists (select from transactions where index = $1 and id = $2 and xmin = $3::text::xid) as landed",
        )
        .bind(i64::try_from(first.index.0).ok())
        .bind(first.id.as_bytes().as_slice())
        .bind(&mark.transaction)
        .fetch_one(&mut *transaction)
        .await?;
        let outcome = if row.try_get("landed")? { Outcome::Committed } else { Outcome::NotCommitted };
        transaction.rollback().await?;
        Ok(outcome)
    }
}
