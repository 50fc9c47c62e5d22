//! Where a ledger is: a server, a database and a schema, out of a URL.

use std::{str::FromStr as _, time::Duration};

use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};
use url::Url;

use crate::{
    config::PgConfig,
    error::{PgError, UrlFault},
    open::Access,
};

const DEFAULT_SCHEMA: &str = "zkl";
/// PostgreSQL cuts longer names.
const MAX_SCHEMA_LEN: usize = 63;
/// Parameters that are handed on. Others are refused: a misspelt one must not silently name another ledger.
const PARAMETERS: [&str; 17] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
];

/// A parsed URL. It may hold a password and is not to be printed.
#[derive(Clone)]
pub(crate) struct Place {
    /// How to connect; every session has the ledger's schema and the settings that its statements rely on.
    pub(crate) options: PgConnectOptions,
    /// The schema: lower-case letters, digits and underscores, so that it needs no escaping anywhere.
    pub(crate) schema: String,
}

impl Place {
    pub(crate) fn parse(url: &str, config: &PgConfig, access: Access) -> Result<Self, PgError> {
        let mut url = Url::from_str(url).map_err(|source| PgError::Url { fault: UrlFault::Syntax(source) })?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(PgError::Url { fault: UrlFault::Scheme { got: url.scheme().to_owned() } });
        }
        let mut schema = None;
        let mut rest = Vec::new();
        for (key, value) in url.query_pairs().into_owned() {
            if key == "schema" {
                schema = Some(value);
            } else if PARAMETERS.contains(&key.as_str()) || key == "options" || key.starts_with("options[") {
                rest.push((key, value));
            } else {
                return Err(PgError::Url { fault: UrlFault::Parameter { got: key } });
            }
        }
        url.set_query(None);
        if !rest.is_empty() {
            url.query_pairs_mut().extend_pairs(rest);
        }
        let schema = schema.unwrap_or_else(|| DEFAULT_SCHEMA.to_owned());
        if !is_schema(&schema) {
            return Err(PgError::Url { fault: UrlFault::Schema { got: schema } });
        }
        let mut options = PgConnectOptions::from_url(&url)?;
        if options.get_application_name().is_none() {
            options = options.application_name("zkl");
        }
        let options = options.options(session(&schema, config, access));
        Ok(Self { options, schema })
    }

    /// The schema's name for use in a statement; some names are words of the language.
    pub(crate) fn quoted_schema(&self) -> String {
        format!("\"{}\"", self.schema)
    }
}

/// Settings of every session. They come behind those of the URL and win.
fn session(schema: &str, config: &PgConfig, access: Access) -> Vec<(&'static str, String)> {
    // 0 would mean no limit.
    let millis = |time: Duration| time.as_millis().clamp(1, i32::MAX as u128).to_string();
    let read_only = if access == Access::Read { "on" } else { "off" };
    vec![
        // Temporary tables would otherwise be found before the ledger's.
        ("search_path", format!("\"{schema}\",pg_temp")),
        ("statement_timeout", millis(config.statement_timeout)),
        ("lock_timeout", millis(config.lock_timeout)),
        // A client that fell silent inside a transaction is ended before those who wait for its locks give up.
        ("idle_in_transaction_session_timeout", millis(config.lock_timeout / 2)),
        ("default_transaction_read_only", read_only.to_owned()),
        // Every query walks an index in its order. Without the alternatives, no plan depends on statistics, which a young
        // log does not have; just-in-time compilation would be triggered by the costs that this adds.
        ("enable_seqscan", "off".to_owned()),
        ("enable_bitmapscan", "off".to_owned()),
        ("enable_sort", "off".to_owned()),
        ("enable_incremental_sort", "off".to_owned()),
        ("jit", "off".to_owned()),
    ]
}

fn is_schema(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=MAX_SCHEMA_LEN).contains(&name.len())
        && name.bytes().all(allowed)
        && !name.as_bytes()[0].is_ascii_digit()
        && !name.starts_with("pg_")
        && name != "information_schema"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Place, PgError> {
        Place::parse(url, &PgConfig::default(), Access::Write)
    }

    fn fault(url: &str) -> UrlFault {
        match parse(url) {
            Err(PgError::Url { fault }) => fault,
            Err(other) => panic!("{url}: {other:?}"),
            Ok(place) => panic!("{url}: schema {}", place.schema),
        }
    }

    #[test]
    fn the_schema_is_taken_out_of_the_url_and_the_rest_is_handed_on() {
        let place = parse("postgres://me:secret@db.example:6543/data?sslmode=require&schema=ledger_2").unwrap();
        assert_eq!(place.schema, "ledger_2");
        assert_eq!((place.options.get_host(), place.options.get_port()), ("db.example", 6543));
        assert_eq!((place.options.get_username(), place.options.get_database()), ("me", Some("data")));
        assert!(place.options.get_options().unwrap().contains("-c search_path=\"ledger_2\",pg_temp"));
        assert_eq!(parse("postgresql://me@h/d").unwrap().schema, DEFAULT_SCHEMA);
    }

    #[test]
    fn a_setting_in_the_url_does_not_override_what_the_statements_rely_on() {
        let place = parse("postgres://me@h/d?options[search_path]=elsewhere&options[work_mem]=8MB").unwrap();
        let options = place.options.get_options().unwrap();
        assert!(options.contains("work_mem=8MB"), "{options}");
        assert!(options.rfind("search_path=\"zkl\"") > options.rfind("search_path=elsewhere"), "{options}");
    }

    #[test]
    fn what_names_no_ledger_is_refused() {
        assert!(matches!(fault("not a url"), UrlFault::Syntax(_)));
        assert!(matches!(fault("mysql://h/d"), UrlFault::Scheme { got } if got == "mysql"));
        assert!(matches!(fault("postgres://h/d?shema=x"), UrlFault::Parameter { got } if got == "shema"));
        let long = "x".repeat(64);
        for bad in ["", "A", "1a", "a-b", "a b", "a\"b", "pg_x", "information_schema", "é", &long] {
            let url = format!("postgres://h/d?schema={bad}");
            assert!(matches!(fault(&url), UrlFault::Schema { .. }), "{bad}");
        }
    }

    #[test]
    fn a_password_is_not_part_of_an_error() {
        for url in ["postgres://me:geheim@h/d?schema=No", "postgres://me:geheim@h:port/d", "pg://me:geheim@h/d"] {
            let error = fault(url);
            assert!(!format!("{error} {error:?}").contains("geheim"));
        }
    }
}
