//! Queries through SQLite's ADBC driver.

#![cfg(feature = "adbc")]
#![expect(clippy::unwrap_used, reason = "a test that fails should stop")]

use std::{error::Error, path::Path};

use zkl_dataset::{Scan, ScanOutput, Source};
use zkl_sources::{SourceError, adbc::AdbcError};
use zkl_testkit::clouds::sqlite_driver;

fn source(options: &str, query: &str) -> Result<Source, SourceError> {
    let driver = sqlite_driver().unwrap();
    zkl_sources::answer(Path::new(&format!("adbc://{}?{options}", driver.display())), query)
}

fn scan(query: &str) -> ScanOutput {
    Scan::new(source("uri=:memory:", query).unwrap()).run(&[0; 32], &mut ()).unwrap()
}

fn types(scanned: &ScanOutput) -> Vec<String> {
    scanned.layout.columns().iter().map(|column| format!("{} {}", column.name, column.ty)).collect()
}

/// Texts of an error and of its causes.
fn chain(error: &dyn Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts
}

const MANY: &str = "with recursive t(i) as (select 1 union all select i + 1 from t where i < 5000) select i, i % 3 as class from t order by i";

#[test]
fn an_answer_is_a_table_of_the_types_that_the_driver_gives() {
    let scanned = scan("select 7 as id, 'oak' as kind, 2.5 as height union all select -1, null, 0.25 order by 1");
    assert_eq!(types(&scanned), ["id int", "kind category", "height decimal(2)"]);
    assert_eq!(scanned.layout.rows(), 2);
    assert!(scanned.layout.columns()[1].nullable);
    let scanned = scan(MANY);
    assert_eq!((scanned.layout.rows(), types(&scanned)), (5000, vec!["i int".to_owned(), "class int".to_owned()]));
}

#[test]
fn the_same_rows_have_the_same_digest_and_names_hold_no_options() {
    let (once, again) = (scan(MANY), scan(&format!("{MANY} limit 5000")));
    assert_eq!(once.digests, again.digests);
    assert_ne!(once.digests, scan(&MANY.replace("order by i", "order by i desc")).digests);
    let named = source("uri=:memory:", MANY).unwrap();
    assert!(!named.name().to_string_lossy().contains("memory"), "{}", named.name().display());
}

#[test]
fn what_is_not_answered_says_why_without_options() {
    let refused = source("uri=:memory:", "select secret from nowhere").unwrap_err();
    assert!(chain(&refused).last().unwrap().contains("no such table"), "{:?}", chain(&refused));
    assert!(matches!(refused, SourceError::Adbc(AdbcError::Database { .. })));
    let unreached = source("uri=/nowhere/hunter2/t.db", "select 1").unwrap_err();
    assert!(!format!("{:?} {unreached:?}", chain(&unreached)).contains("hunter2"), "{unreached:?}");
    let absent = zkl_sources::answer(Path::new("adbc://no-such-driver?uri=hunter2"), "select 1").unwrap_err();
    assert!(matches!(&absent, SourceError::Adbc(AdbcError::Driver { name }) if name == "no-such-driver"), "{absent:?}");
    assert!(matches!(zkl_sources::at(Path::new("adbc://sqlite?uri=x")), Err(SourceError::NoQuery)));
    let more = zkl_sources::answer(Path::new("adbc://me:hunter2@sqlite?uri=x"), "select 1").unwrap_err();
    assert!(matches!(more, SourceError::AdbcUrl), "{more:?}");
}
