//! What a query answers on a database that has an ADBC driver: SQLite, DuckDB, Snowflake, BigQuery, Flight SQL, ...
//!
//! A place is `adbc://DRIVER?OPTION=VALUE&...`: the driver's name, which the driver manager looks for as it does for every program
//! (manifests and libraries in `ADBC_DRIVER_PATH`, in the user's and in the system's directories), and options of its database, such as
//! `uri`. `adbc:///PATH/TO/LIBRARY?...` names the library itself. Options that are secret stand in the environment: `ZKL_ADBC_PASSWORD` is
//! the option `password`. A driver is a program that does what it likes: name one that you trust.
//!
//! Rows come as the database has them, so that the same rows have the same digest only if the query orders all of them.

use std::{env, error::Error as StdError, path::Path, sync::Arc};

use adbc_core::{
    Connection as _, Database as _, Driver as _, LOAD_FLAG_SEARCH_ENV, LOAD_FLAG_SEARCH_SYSTEM, LOAD_FLAG_SEARCH_USER,
    Statement as _,
    error::{Error as DriverError, Status},
    options::{AdbcVersion, OptionDatabase, OptionValue},
};
use adbc_driver_manager::{ManagedConnection, ManagedDatabase, ManagedDriver, ManagedStatement};
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use percent_encoding::percent_decode_str;
use url::Url;
use zkl_dataset::Source;

use crate::error::SourceError;

/// Options in the environment begin with this; what follows is the option's name in capital letters.
const OPTION_PREFIX: &str = "ZKL_ADBC_";
/// What stands for the value of an option in a driver's message.
const HIDDEN: &str = "...";

/// Why a driver does not answer a query.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdbcError {
    /// No driver of that name, or one that cannot be loaded.
    #[error("there is no ADBC driver {name:?}, or it cannot be loaded")]
    Driver {
        /// Its name.
        name: String,
    },
    /// The driver reaches no database. What it says is not repeated: it may hold credentials.
    #[error("the driver reaches no database with these options ({status:?})")]
    Connect {
        /// The kind of failure.
        status: Status,
    },
    /// The database refuses the query, or failed while it answered.
    #[error("the database answers: {message}")]
    Database {
        /// Its words, without the values of options.
        message: String,
    },
}

impl AdbcError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Driver { .. } => {
                "install the driver where ADBC_DRIVER_PATH, ~/.config/adbc/drivers or /etc/adbc/drivers says, or name its library: \
                 adbc:///PATH/TO/LIBRARY?uri=..."
            }
            Self::Connect { .. } => {
                "adbc://DRIVER?uri=URI, with `&` and `%` of the URI written %26 and %25; secret options stand in the environment: \
                 ZKL_ADBC_PASSWORD"
            }
            Self::Database { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

/// The table that `query` answers through the driver at `url`. The query is sent now, which blocks; its rows are read when they are first
/// needed.
///
/// # Errors
/// [`SourceError::Adbc`], and [`SourceError::AdbcUrl`] for a URL that names no driver, or more than a driver and options.
pub fn source(url: &Url, query: &str) -> Result<Source, SourceError> {
    let place = Place::of(url).ok_or(SourceError::AdbcUrl)?;
    let answer = place.ask(query)?;
    Ok(Source::batch_reader(answer).named(format!("adbc://{}", place.driver)))
}

/// A driver and the options of its database.
struct Place {
    driver: String,
    options: Vec<(String, String)>,
}

impl Place {
    fn of(url: &Url) -> Option<Self> {
        let (host, path) = (url.host_str().unwrap_or_default(), url.path());
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.port().is_none()
            && url.fragment().is_none()
            && (host.is_empty() || path.is_empty() || path == "/");
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(String::from);
        let driver = decoded(if host.is_empty() { path } else { host })?;
        if !is_plain || driver.is_empty() || driver == "/" {
            return None;
        }
        let mut options = Vec::new();
        // No form: a plus sign stands for itself.
        for pair in url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=')?;
            options.push((decoded(key)?, decoded(value)?));
        }
        let named: Vec<String> = options.iter().map(|(key, _)| key.clone()).collect();
        for (key, value) in env::vars_os() {
            let (Ok(key), Ok(value)) = (key.into_string(), value.into_string()) else { continue };
            let key = key.strip_prefix(OPTION_PREFIX).map(str::to_ascii_lowercase);
            // What the place says comes first.
            options.extend(key.filter(|key| !named.contains(key)).map(|key| (key, value)));
        }
        Some(Self { driver, options })
    }

    fn load(&self) -> Result<ManagedDriver, DriverError> {
        if Path::new(&self.driver).is_absolute() {
            return ManagedDriver::load_dynamic_from_filename(&self.driver, None, AdbcVersion::V110);
        }
        let searched = LOAD_FLAG_SEARCH_ENV | LOAD_FLAG_SEARCH_USER | LOAD_FLAG_SEARCH_SYSTEM;
        let load = |name: &str| ManagedDriver::load_from_name(name, None, AdbcVersion::V110, searched, None);
        // Libraries are called `libadbc_driver_sqlite.so`, manifests `sqlite.toml`.
        load(&self.driver).or_else(|_| load(&format!("adbc_driver_{}", self.driver)))
    }

    fn ask(&self, query: &str) -> Result<Answer, AdbcError> {
        let mut driver = self.load().map_err(|_| AdbcError::Driver { name: self.driver.clone() })?;
        let options = self.options.iter();
        let options =
            options.map(|(key, value)| (OptionDatabase::from(key.as_str()), OptionValue::from(value.as_str())));
        let connect = |error: DriverError| AdbcError::Connect { status: error.status };
        let database = driver.new_database_with_opts(options).map_err(connect)?;
        let mut connection = database.new_connection().map_err(connect)?;
        let secrets: Arc<[String]> = self.options.iter().map(|(_, value)| value.clone()).collect();
        let refused = |error: DriverError| AdbcError::Database { message: hidden(error.message, &secrets) };
        let mut statement = connection.new_statement().map_err(refused)?;
        statement.set_sql_query(query).map_err(refused)?;
        let batches = statement.execute().map_err(refused)?;
        Ok(Answer { batches, _statement: statement, _connection: connection, _database: database, secrets })
    }
}

/// A message without the values of options.
fn hidden(message: String, secrets: &[String]) -> String {
    let told = secrets.iter().filter(|secret| !secret.is_empty());
    told.fold(message, |message, secret| message.replace(secret, HIDDEN))
}

/// Record batches of a driver, and what has to live as long as they come. Fields are dropped in this order.
struct Answer {
    batches: Box<dyn RecordBatchReader + Send>,
    _statement: ManagedStatement,
    _connection: ManagedConnection,
    _database: ManagedDatabase,
    secrets: Arc<[String]>,
}

impl Iterator for Answer {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.batches.next()?;
        let failed = |error: ArrowError| {
            let error = AdbcError::Database { message: hidden(error.to_string(), &self.secrets) };
            ArrowError::ExternalError(Box::<dyn StdError + Send + Sync>::from(error))
        };
        Some(batch.map_err(failed))
    }
}

impl RecordBatchReader for Answer {
    fn schema(&self) -> SchemaRef {
        self.batches.schema()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Option<(String, Vec<(String, String)>)> {
        Place::of(&Url::parse(text).unwrap()).map(|place| (place.driver, place.options))
    }

    #[test]
    fn a_place_is_a_driver_and_options() {
        let option = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let uri = "grpc+tls://host:1/a&b";
        assert_eq!(
            place("adbc://flightsql?uri=grpc+tls://host:1/a%26b&adbc.rpc=x%20y"),
            Some(("flightsql".to_owned(), vec![option("uri", uri), option("adbc.rpc", "x y")]))
        );
        assert_eq!(place("adbc:///opt/lib%20x.so"), Some(("/opt/lib x.so".to_owned(), Vec::new())));
        for refused in [
            "adbc://",
            "adbc:///",
            "adbc://me:secret@sqlite?uri=x",
            "adbc://sqlite:1",
            "adbc://sqlite/file.db",
            "adbc://sqlite?uri",
            "adbc://sqlite?uri=x#y",
        ] {
            assert_eq!(place(refused), None, "{refused}");
        }
    }

    #[test]
    fn messages_hold_no_options() {
        let secrets = [String::new(), "hunter2".to_owned()];
        assert_eq!(hidden("password hunter2 is wrong".to_owned(), &secrets), "password ... is wrong");
    }
}
