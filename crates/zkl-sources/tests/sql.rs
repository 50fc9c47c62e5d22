//! Queries on a PostgreSQL server of the test's own.

#![cfg(feature = "sql")]
#![expect(clippy::unwrap_used, reason = "a test that fails should stop")]

use std::{error::Error, path::Path};

use sqlx::{Connection as _, Executor as _, PgConnection};
use zkl_dataset::{DatasetError, Fault, Scan, ScanOutput, Source};
use zkl_sources::{SourceError, sql::SqlError};
use zkl_testkit::postgres::shared;

fn execute(statements: &'static str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = PgConnection::connect(&shared().url()).await.unwrap();
        connection.execute(statements).await.unwrap();
        connection.close().await.unwrap();
    });
}

fn source(query: &str) -> Result<Source, SourceError> {
    zkl_sources::answer(Path::new(&shared().url()), query)
}

fn scan(query: &str) -> Result<ScanOutput, DatasetError> {
    Scan::new(source(query).unwrap()).run(&[0; 32], &mut ())
}

fn types(scanned: &ScanOutput) -> Vec<String> {
    scanned.layout.columns().iter().map(|column| format!("{} {}", column.name, column.ty)).collect()
}

/// What the database answered, as errors of a source or of a scan carry it.
fn cause<E: Error + 'static>(error: E) -> String {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    let mut said = String::new();
    while let Some(error) = cause {
        said = error.to_string();
        if error.downcast_ref::<SqlError>().is_some() {
            break;
        }
        cause = error.source();
    }
    said
}

#[test]
fn every_type_is_read_for_what_it_is() {
    execute(
        "create table typed (b bool, i2 int2, i8 int8, f4 float4, f8 float8, n numeric, d date, t timestamp, z timestamptz, s text, u uuid, j jsonb);
         insert into typed values
            (true, 1, 9007199254740993, 0.1, 0.1, 12.345, '2024-02-29', '2024-01-01 10:00:00.000001', '2024-01-01 10:00:00+02', '007', '00000000-0000-0000-0000-000000000001', '{\"a\": 1}'),
            (false, -2, -5, 2.5, 1e300, -0.5, '1969-12-31', '1969-12-31 23:59:59', '2024-06-01 00:00:00+00', 'x', '00000000-0000-0000-0000-000000000002', '[]'),
            (null, null, null, null, null, null, null, null, null, null, null, null)",
    );
    let scanned = scan("select b, i2, i8, f4, n, d, t, z, s, u, j from typed").unwrap();
    assert_eq!(scanned.layout.rows(), 3);
    let expected = [
        "b bool",
        "i2 int",
        "i8 int",
        "f4 decimal(1)",
        "n decimal(3)",
        "d date",
        "t timestamp(us)",
        "z timestamp(us)",
        "s category",
        "u category",
        "j category",
    ];
    assert_eq!(types(&scanned), expected);
    assert!(scanned.layout.columns().iter().all(|column| column.nullable));
    assert_eq!(format!("{:?}", scanned.layout.columns()[6].zone), "Some(Naive)");
    assert_eq!(format!("{:?}", scanned.layout.columns()[7].zone), "Some(Utc)");
}

#[test]
fn the_same_rows_have_the_same_digest_whatever_order_the_server_has_them_in() {
    execute(
        "create table ordered (id int, name text); insert into ordered select i, 'n' || (i % 7) from generate_series(1, 20000) i;
         create table shuffled as select * from ordered order by md5(id::text);",
    );
    let digest = |query: &str| source(query).unwrap().digests().unwrap();
    let all = digest("select * from ordered");
    assert_eq!(digest("select * from shuffled;"), all);
    assert_ne!(digest("select * from ordered where id < 20000"), all);
    // An order of the query's own is kept.
    assert_ne!(digest("select * from shuffled order by id desc"), all);
    assert_eq!(
        digest("select * from shuffled order by id desc -- newest first"),
        digest("select * from ordered order by id desc")
    );
}

#[test]
fn one_snapshot_is_read() {
    execute("create table moving (id int); insert into moving select generate_series(1, 100)");
    let begun = source("select id from moving").unwrap();
    execute("insert into moving select generate_series(101, 200)");
    assert_eq!(Scan::new(begun).run(&[0; 32], &mut ()).unwrap().layout.rows(), 100);
    assert_eq!(scan("select id from moving").unwrap().layout.rows(), 200);
}

#[test]
fn nothing_can_be_written_and_names_hold_no_credentials() {
    execute("create table kept (id int); insert into kept values (1)");
    for query in [
        "delete from kept returning id",
        "with gone as (delete from kept returning id) select * from gone",
        "select 1; drop table kept",
        "select nextval('a_sequence')",
    ] {
        let refused = source(query).map_or_else(cause, |source| {
            cause(Scan::new(source).run(&[0; 32], &mut ()).err().unwrap_or_else(|| panic!("{query}")))
        });
        assert!(refused.starts_with("the database answers"), "{query}: {refused}");
    }
    assert_eq!(scan("select id from kept").unwrap().layout.rows(), 1);
    let with_password = shared().url().replace("postgres@", "postgres:secret@");
    let named = zkl_sources::answer(Path::new(&with_password), "select 1 as one").unwrap();
    assert_eq!(named.name(), Path::new("postgres://127.0.0.1/postgres"));
    let refused = zkl_sources::answer(Path::new("postgres://me:secret@127.0.0.1:1/x"), "select 1").err().unwrap();
    assert!(matches!(refused, SourceError::Sql(SqlError::Connect)));
    assert!(
        !format!("{refused} {:?} {:?}", refused.hint(), refused.source().map(ToString::to_string)).contains("secret")
    );
}

#[test]
fn what_has_no_exact_value_is_refused() {
    for (query, said) in [
        ("select 'NaN'::numeric as n", "\"n\" is no number"),
        ("select 'infinity'::date as d", "infinite"),
        ("select 'infinity'::timestamp as t", "infinity"),
        ("select 1e39::numeric as n", "no number of at most 38 digits"),
    ] {
        let error = scan(query).err().unwrap();
        assert!(matches!(error.fault(), Fault::Io(_)), "{query}: {error:?}");
        let cause = cause(error);
        assert!(cause.contains(said), "{query}: {cause}");
    }
    assert!(cause(source("select 1 / 0 from nowhere").err().unwrap()).contains("nowhere"));
}

#[test]
fn columns_without_names_of_their_own_are_read_as_such_files_are() {
    let scanned = scan("select 1 as a, 2 as a, 3").unwrap();
    assert_eq!(scanned.layout.columns().len(), 3);
}

#[test]
fn a_database_without_a_query_and_a_query_without_a_database_are_refused() {
    assert!(matches!(zkl_sources::at(Path::new(&shared().url())), Err(SourceError::NoQuery)));
    for place in ["table.csv", "https://example.com/t.csv"] {
        assert!(matches!(zkl_sources::answer(Path::new(place), "select 1"), Err(SourceError::NoDatabase)), "{place}");
    }
}
