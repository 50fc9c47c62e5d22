//! The backend's own errors and their one conversion into the contract's.

use sqlx::{
    Error as SqlError,
    migrate::MigrateError,
    postgres::{PgDatabaseError, PgSeverity},
};
use thiserror::Error;
use zkl_core::storage::{BackendError, StorageErrorKind};

/// What is wrong with a URL.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UrlFault {
    /// Not a URL.
    #[error(transparent)]
    Syntax(url::ParseError),
    /// The URL of something else.
    #[error("expected postgres://, got {got}://")]
    Scheme {
        /// The scheme.
        got: String,
    },
    /// A parameter that has no meaning here.
    #[error("unknown parameter {got:?}")]
    Parameter {
        /// The parameter's name.
        got: String,
    },
    /// A schema name that this program does not use.
    #[error(
        "a schema has 1 to 63 characters out of a-z 0-9 _, starts with a letter or _ and not with pg_, got {got:?}"
    )]
    Schema {
        /// The name.
        got: String,
    },
}

/// What went wrong inside the PostgreSQL backend.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PgError {
    /// What the contract names: a conflict, a broken rule, damage, a handle that may not write.
    #[error(transparent)]
    Contract(#[from] StorageErrorKind),
    /// The URL names no ledger.
    #[error("the ledger's URL: {fault}")]
    Url {
        /// What is wrong with it.
        fault: UrlFault,
    },
    /// The schema holds no ledger.
    #[error("no ledger in schema {schema}")]
    NotFound {
        /// The schema.
        schema: String,
    },
    /// The schema already holds a ledger.
    #[error("there is already a ledger in schema {schema}")]
    AlreadyExists {
        /// The schema.
        schema: String,
    },
    /// The server is too old.
    #[error("server version {got}, at least {least} is needed")]
    ServerVersion {
        /// Oldest version that has what is needed, as in `server_version_num`.
        least: i32,
        /// The server's version.
        got: i32,
    },
    /// The server would lose acknowledged appends when its machine fails.
    #[error("the server runs with fsync off")]
    NotDurable,
    /// The server is a standby.
    #[error("the server is a standby, which only reads")]
    Standby,
    /// The connection broke while an append was committed, and no other one could tell in time whether it was.
    #[error("the connection broke during a commit whose outcome could not be found out: {cause}")]
    Unsettled {
        /// How the commit ended for this client.
        #[source]
        cause: Box<PgError>,
    },
    /// The server or the connection reported an error.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// The server accepted a statement and did not answer, although it should have ended it by itself.
    #[error("the server does not answer")]
    Silent,
    /// The tables could not be made or brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The task that did the work was cancelled or panicked.
    #[error("the storage task ended early")]
    Task(#[from] tokio::task::JoinError),
}

impl PgError {
    /// Whether the same may succeed in a moment, given that nothing was committed.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Sql(error) => is_transient(error),
            _ => false,
        }
    }

    /// Whether the server itself refused the statement, so that its transaction is over and was not committed.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Sql(error) if is_refusal(error))
    }

    /// Whether the server says that this constraint was violated.
    pub(crate) fn violates(&self, constraint: &str) -> bool {
        matches!(self, Self::Sql(SqlError::Database(error)) if error.constraint() == Some(constraint))
    }

    /// The contract's kind, and whether repeating can help.
    fn class(&self) -> (StorageErrorKind, bool) {
        let kind = match self {
            Self::Contract(kind) => kind.clone(),
            Self::Url { .. } => StorageErrorKind::Invalid("the URL names no ledger"),
            Self::NotFound { .. } => StorageErrorKind::NotFound,
            Self::AlreadyExists { .. } => StorageErrorKind::Invalid("there is already a ledger at this place"),
            Self::ServerVersion { .. } => StorageErrorKind::Invalid("the server's version is too old"),
            Self::NotDurable => {
                StorageErrorKind::Invalid("the server runs with fsync off: an append would not be durable")
            }
            Self::Standby => StorageErrorKind::ReadOnly,
            Self::Unsettled { .. } | Self::Task(_) => StorageErrorKind::Io,
            Self::Silent => return (StorageErrorKind::Timeout, true),
            Self::Sql(error) => return sql_class(error),
            Self::Migrate(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
                return sql_class(error);
            }
            Self::Migrate(_) => StorageErrorKind::Corrupt("the record of migrations is not this program's"),
        };
        (kind, false)
    }
}

impl BackendError for PgError {
    fn kind(&self) -> StorageErrorKind {
        self.class().0
    }

    fn is_retryable(&self) -> bool {
        self.class().1
    }
}

/// The end of a connection may come as an error of the server too, with a severity of its own.
pub(crate) fn is_refusal(error: &SqlError) -> bool {
    let SqlError::Database(error) = error else {
        return false;
    };
    error.try_downcast_ref::<PgDatabaseError>().is_some_and(|error| error.severity() == PgSeverity::Error)
}

fn is_transient(error: &SqlError) -> bool {
    match error {
        // A server that goes down answers a new connection with an error before anything was agreed on, which is no protocol.
        SqlError::Io(_) | SqlError::BeginFailed | SqlError::Protocol(_) => true,
        SqlError::Database(error) => {
            let code = error.code().unwrap_or_default();
            // Serialization failure, deadlock; too many connections; the server stops, crashed or starts; this client was too
            // slow; the connection.
            matches!(&*code, "40001" | "40P01" | "53300" | "57P01" | "57P02" | "57P03" | "57P05" | "25P03")
                || code.starts_with("08")
        }
        _ => false,
    }
}

/// The contract's kind of an error of the server or the connection, and whether repeating can help.
fn sql_class(error: &SqlError) -> (StorageErrorKind, bool) {
    let corrupt = |what| (StorageErrorKind::Corrupt(what), false);
    match error {
        error if is_transient(error) => (StorageErrorKind::Unavailable, true),
        SqlError::PoolTimedOut => (StorageErrorKind::Timeout, true),
        SqlError::Configuration(_) => (StorageErrorKind::Invalid("the URL names no ledger"), false),
        SqlError::ColumnDecode { .. }
        | SqlError::Decode(_)
        | SqlError::ColumnNotFound(_)
        | SqlError::ColumnIndexOutOfBounds { .. }
        | SqlError::TypeNotFound { .. }
        | SqlError::RowNotFound => corrupt("a row does not have the shape of its table"),
        SqlError::Database(error) => {
            let code = error.code().unwrap_or_default();
            match &*code {
                // No such database, no such schema.
                "3D000" | "3F000" => (StorageErrorKind::NotFound, false),
                // Cancelled by statement_timeout or by an administrator; lock_timeout.
                "57014" | "55P03" => (StorageErrorKind::Timeout, true),
                "53100" => (StorageErrorKind::Full, false),
                "53200" | "53400" | "53000" => (StorageErrorKind::Unavailable, true),
                "25006" => (StorageErrorKind::ReadOnly, false),
                "58030" => (StorageErrorKind::Io, false),
                "42P01" | "42703" | "42883" => corrupt("a table, column or function of the ledger is missing"),
                "XX001" | "XX002" => corrupt("the server found a damaged page"),
                // What the contract allows was checked before.
                code if code.starts_with("23") => corrupt("the database refuses an append that follows its head"),
                // Wrong password, missing privileges and the rest: the server refuses work.
                _ => (StorageErrorKind::Unavailable, false),
            }
        }
        _ => (StorageErrorKind::Unavailable, false),
    }
}
