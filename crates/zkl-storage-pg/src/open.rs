//! Making and opening ledgers.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sqlx::{
    Connection as _, PgConnection, PgPool, Row as _, SqlSafeStr as _,
    migrate::{Migrate as _, MigrateError, Migration, MigrationType},
    postgres::PgPoolOptions,
};
use tokio::time::timeout;

use crate::{config::PgConfig, error::PgError, place::Place};

/// Version of the tables: the number of the last migration. Readers read the earlier ones too.
pub(crate) const FORMAT: u32 = 2;
/// `pg_current_xact_id`, and statement triggers on all that is used.
const LEAST_SERVER_VERSION: i32 = 130_000;
/// A connection that was idle for longer is asked for a sign of life before it is used.
const TRUSTED_IDLE: Duration = Duration::from_millis(200);
/// Table of the migrations that ran, found by search_path.
const MIGRATIONS: &str = "_sqlx_migrations";
const BACKOFF: Duration = Duration::from_millis(25);

/// What a handle may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// An open ledger.
pub(crate) struct Store {
    pub(crate) pool: PgPool,
    pub(crate) place: Place,
    pub(crate) config: PgConfig,
    access: Access,
    /// Set when an append has an outcome that could not be found out.
    poisoned: AtomicBool,
}

/// Runs the migrations that have not run, each in a transaction, one process at a time. (`Migrator::run` does the same, but its
/// future cannot be sent between threads.)
async fn migrate(connection: &mut PgConnection) -> Result<(), PgError> {
    let migrations = [
        (1, "ledger", include_str!("../migrations/0001_ledger.sql")),
        (2, "open kinds", include_str!("../migrations/0002_open_kinds.sql")),
    ];
    let migrations = migrations.map(|(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    connection.lock().await?;
    connection.ensure_migrations_table(MIGRATIONS).await?;
    let applied = connection.list_applied_migrations(MIGRATIONS).await?;
    for migration in &migrations {
        match applied.iter().find(|applied| applied.version == migration.version) {
            Some(applied) if applied.checksum != migration.checksum => {
                return Err(MigrateError::VersionMismatch(migration.version).into());
            }
            Some(_) => {}
            None => {
                connection.apply(MIGRATIONS, migration).await?;
            }
        }
    }
    Ok(connection.unlock().await?)
}

impl Store {
    pub(crate) async fn create(url: &str, config: &PgConfig) -> Result<Self, PgError> {
        let place = Place::parse(url, config, Access::Write)?;
        let mut connection = connect(&place, config).await?;
        check_server(&mut connection, config, Access::Write).await?;
        // Of several that create one ledger, one succeeds. The lock ends with the connection.
        sqlx::query("select pg_advisory_lock(hashtextextended('zkl ledger ' || $1, 0))")
            .bind(&place.schema)
            .execute(&mut connection)
            .await?;
        if format(&mut connection, &place).await?.is_some() {
            return Err(PgError::AlreadyExists { schema: place.schema });
        }
        make_schema(&mut connection, &place).await?;
        migrate(&mut connection).await?;
        connection.close().await?;
        Self::open_at(place, config, Access::Write).await
    }

    pub(crate) async fn open(url: &str, config: &PgConfig, access: Access) -> Result<Self, PgError> {
        Self::open_at(Place::parse(url, config, access)?, config, access).await
    }

    async fn open_at(place: Place, config: &PgConfig, access: Access) -> Result<Self, PgError> {
        let mut connection = connect(&place, config).await?;
        check_server(&mut connection, config, access).await?;
        let found = format(&mut connection, &place).await?;
        let Some(mut got) = found else {
            return Err(PgError::NotFound { schema: place.schema });
        };
        if got < FORMAT && access == Access::Write {
            migrate(&mut connection).await?;
            got = format(&mut connection, &place).await?.unwrap_or(got);
        }
        let readable = match access {
            Access::Read => (1..=FORMAT).contains(&got),
            Access::Write => got == FORMAT,
        };
        if !readable {
            return Err(PgError::Format { expected: FORMAT, got });
        }
        check_ends(&mut connection).await?;
        connection.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(config.max_connections.max(1))
            .acquire_timeout(config.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > TRUSTED_IDLE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(place.options.clone());
        Ok(Self { pool, place, config: config.clone(), access, poisoned: AtomicBool::new(false) })
    }

    /// Refuses writing where it is not to be done.
    pub(crate) fn check_writable(&self) -> Result<(), PgError> {
        if self.access == Access::Read {
            return Err(PgError::ReadOnly);
        }
        if self.poisoned.load(Ordering::Acquire) {
            return Err(PgError::Poisoned);
        }
        Ok(())
    }

    /// Lets every later write fail.
    pub(crate) fn poison(&self) {
        self.poisoned.store(true, Ordering::Release);
    }

    /// After attempt number `attempt` (from 0) failed and left nothing behind: waits, if another one can help.
    pub(crate) async fn pause(&self, attempt: &mut u32, error: PgError) -> Result<(), PgError> {
        *attempt += 1;
        if !error.is_transient() || *attempt >= self.config.attempts {
            return Err(error);
        }
        tokio::time::sleep(BACKOFF * (1 << attempt.saturating_sub(1).min(5))).await;
        Ok(())
    }
}

async fn connect(place: &Place, config: &PgConfig) -> Result<PgConnection, PgError> {
    let connecting = PgConnection::connect_with(&place.options);
    Ok(timeout(config.acquire_timeout, connecting).await.map_err(|_| PgError::Silent)??)
}

async fn check_server(connection: &mut PgConnection, config: &PgConfig, access: Access) -> Result<(), PgError> {
    let sql = "select current_setting('server_version_num')::integer as version, current_setting('fsync') as fsync, \
        pg_is_in_recovery() as standby";
    let row = sqlx::query(sql).fetch_one(connection).await?;
    let version = row.try_get("version")?;
    if version < LEAST_SERVER_VERSION {
        return Err(PgError::ServerVersion { least: LEAST_SERVER_VERSION, got: version });
    }
    if access == Access::Write {
        if row.try_get("standby")? {
            return Err(PgError::Standby);
        }
        if row.try_get::<&str, _>("fsync")? != "on" && !config.danger_accept_fsync_off {
            return Err(PgError::NotDurable);
        }
    }
    Ok(())
}

/// Format of the ledger at `place`, or `None` when there is none, or only what an interrupted creation left.
async fn format(connection: &mut PgConnection, place: &Place) -> Result<Option<u32>, PgError> {
    let exists: bool = sqlx::query_scalar("select to_regclass($1) is not null")
        .bind(format!("{}.head", place.quoted_schema()))
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        return Ok(None);
    }
    let format: Option<i32> = sqlx::query_scalar("select format from head").fetch_optional(connection).await?;
    let format = format.ok_or(PgError::Corrupt { what: "the table of the head is empty" })?;
    u32::try_from(format).map(Some).map_err(|_| PgError::Corrupt { what: "the format is not a number of a format" })
}

async fn make_schema(connection: &mut PgConnection, place: &Place) -> Result<(), PgError> {
    // An administrator may have made the schema for somebody who must not make any.
    let exists: bool = sqlx::query_scalar("select exists (select from pg_namespace where nspname = $1)")
        .bind(&place.schema)
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        let sql = format!("create schema {}", place.quoted_schema());
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(connection).await?;
    }
    Ok(())
}

/// The last entry must be the one that the head names. What lies between is kept by the tables' constraints.
async fn check_ends(connection: &mut PgConnection) -> Result<(), PgError> {
    let row = sqlx::query("select size, (select max(index) from transactions) as last from head")
        .fetch_one(connection)
        .await?;
    let (size, last): (i64, Option<i64>) = (row.try_get("size")?, row.try_get("last")?);
    if last.map_or(0, |last| last.saturating_add(1)) != size {
        return Err(PgError::Corrupt { what: "the head and the end of the log contradict one another" });
    }
    Ok(())
}
