//! Finding out whether an append was committed whose acknowledgement was lost.
//!
//! Whatever became of the connection, the server process behind it has committed, has rolled back, or still holds the lock
//! on the head row. So: end that process if it still runs the transaction, take the lock on another connection, and look whether
//! the entry at the append's first index was inserted by that very transaction. After a crash of the server, recovery has
//! decided before it takes connections; but a transaction that the crash undid may have left its number to another one, which may have
//! appended the same entries for an earlier attempt of the same writer. The two differ in the head that they signed, so that is compared
//! as well, unless the head has moved on, when nobody can see it any more.

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
        let head =
            sqlx::query("select size is not distinct from $1 and checkpoint <> $2 as is_other from head for update")
                .bind(i64::try_from(batch.head.size.0).ok())
                .bind(batch.head.checkpoint.as_bytes())
                .fetch_one(&mut *transaction)
                .await?;
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
        let is_ours = row.try_get("landed")? && !head.try_get::<bool, _>("is_other")?;
        let outcome = if is_ours { Outcome::Committed } else { Outcome::NotCommitted };
        transaction.rollback().await?;
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use zkl_core::tree::TreeSize;
    use zkl_testkit::{conformance::block_on, log::TestLog, postgres::shared};

    use super::*;
    use crate::PgConfig;

    #[test]
    fn a_number_that_another_attempt_was_given_after_a_crash_acknowledges_nothing() {
        const LOG: TestLog = TestLog::salted(66);
        block_on(async {
            let store = Store::create(&shared().fresh_url(), &PgConfig::default()).await.unwrap();
            let landed = LOG.batch(0, 3);
            store.append(TreeSize(0), &landed).await.unwrap();
            let number = sqlx::query("select xmin::text as number from transactions where index = 0");
            let number = number.fetch_one(&mut *store.pool.acquire().await.unwrap()).await.unwrap();
            let mark = Mark { transaction: number.try_get("number").unwrap(), process: 0 };
            assert_eq!(store.settle(&landed, &mark).await, Outcome::Committed);

            // The same entries under another head: the attempt that the crash undid.
            let mut undone = landed.clone();
            undone.head.checkpoint.push_str("again\n");
            assert_eq!(store.settle(&undone, &mark).await, Outcome::NotCommitted);
            let other = Mark { transaction: "1".to_owned(), ..mark.clone() };
            assert_eq!(store.settle(&landed, &other).await, Outcome::NotCommitted);

            // Another writer has appended: the entries are in their place, and no head of their size is to be seen.
            store.append(TreeSize(3), &LOG.batch(3, 1)).await.unwrap();
            assert_eq!(store.settle(&landed, &mark).await, Outcome::Committed);
        });
    }
}
