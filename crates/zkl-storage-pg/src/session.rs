//! One connection of the pool in use, with an end to every wait.

use std::time::Duration;

use sqlx::{
    Postgres, SqlSafeStr as _,
    pool::PoolConnection,
    postgres::{PgArguments, PgRow},
    query::Query as SqlQuery,
};
use tokio::time::timeout;

use crate::{
    error::{PgError, is_refusal},
    open::Store,
};

/// Begins a transaction that is durable when its COMMIT returns, whatever the defaults of server, database and role are.
/// `remote_apply` is stronger than `on` and is kept.
const BEGIN: &str = "begin isolation level read committed read write; \
    select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') <> 'remote_apply'";
/// The server itself ends a statement at its timeout; an answer that is later by this much will not come.
const GRACE: Duration = Duration::from_secs(5);

/// A connection. Unless it is given back, it is closed when it is dropped, and the server rolls back what stands open on it: after
/// an error, or when a caller stops waiting, nobody knows what else would come over it.
pub(crate) struct Session {
    connection: Option<PoolConnection<Postgres>>,
    patience: Duration,
}

impl Store {
    /// A connection of the pool.
    pub(crate) async fn session(&self) -> Result<Session, PgError> {
        let connection = self.pool.acquire().await?;
        Ok(Session { connection: Some(connection), patience: self.config.statement_timeout.saturating_add(GRACE) })
    }

    /// A connection in a transaction.
    pub(crate) async fn begin(&self) -> Result<Session, PgError> {
        let mut session = self.session().await?;
        session.run(BEGIN).await?;
        Ok(session)
    }
}

impl Session {
    /// Runs statements without parameters.
    pub(crate) async fn run(&mut self, sql: &'static str) -> Result<(), PgError> {
        let connection = self.connection.as_mut().ok_or(PgError::Silent)?;
        let work = sqlx::raw_sql(sql.into_sql_str()).execute(&mut **connection);
        timeout(self.patience, work).await.map_err(|_| PgError::Silent)??;
        Ok(())
    }

    /// All rows of a query.
    pub(crate) async fn rows(&mut self, query: SqlQuery<'_, Postgres, PgArguments>) -> Result<Vec<PgRow>, PgError> {
        let connection = self.connection.as_mut().ok_or(PgError::Silent)?;
        let work = query.fetch_all(&mut **connection);
        timeout(self.patience, work).await.map_err(|_| PgError::Silent)?.map_err(PgError::from)
    }

    /// Ends the transaction, unless the error says that nothing more can be said over this connection.
    pub(crate) async fn roll_back(mut self, error: &PgError) {
        let broken = match error {
            PgError::Sql(error) => !is_refusal(error),
            PgError::Silent => true,
            _ => false,
        };
        if !broken && self.run("rollback").await.is_ok() {
            self.give_back();
        }
    }

    /// Returns the connection to the pool. No transaction stands open on it.
    pub(crate) fn give_back(mut self) {
        drop(self.connection.take());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // The pool would wait for an answer on it first.
            drop(connection.detach());
        }
    }
}
