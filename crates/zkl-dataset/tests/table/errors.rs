//! Every way in which a table can be bad.

use std::{fs::File, io::Write as _};

use zkl_core::column::TimeUnit;
use zkl_dataset::{
    Compression, CsvOptions, DatasetError, Excerpt, Fault, Format, RowSink, Scan, ScanOptions, SinkError, Source,
};

use super::{Fixture, KEY, csv_error, pinned, run, schema_file, with_pins};

fn place(error: &DatasetError) -> (Option<u64>, Option<&str>, Option<&str>) {
    let place = error.place();
    (place.line, place.column.as_deref(), place.value.as_ref().map(Excerpt::as_str))
}

macro_rules! assert_fault {
    ($error:expr, $fault:pat $(if $guard:expr)?, $place:expr) => {
        let error = $error;
        assert!(matches!(error.fault(), $fault $(if $guard)?), "{error}");
        assert_eq!(place(&error), $place, "{error}");
    };
}

const NOWHERE: (Option<u64>, Option<&str>, Option<&str>) = (None, None, None);

#[test]
fn files_without_rows_are_refused() {
    assert_fault!(csv_error(""), Fault::Empty, NOWHERE);
    assert_fault!(csv_error("\n\n"), Fault::Empty, NOWHERE);
    assert_fault!(csv_error("\u{feff}"), Fault::Empty, NOWHERE);
    assert_fault!(csv_error("a,b\n"), Fault::NoRows, NOWHERE);
    for (name, content) in [("t.json", "[]"), ("t.json", " [ ] ")] {
        assert_fault!(run(&Fixture::new(name, content).scan()).err().unwrap(), Fault::NoRows, NOWHERE);
    }
    assert_fault!(run(&Fixture::new("t.ndjson", "\n \n").scan()).err().unwrap(), Fault::Empty, NOWHERE);
    assert_fault!(run(&Fixture::new("t.ndjson", "{}\n").scan()).err().unwrap(), Fault::NoColumns, NOWHERE);
}

#[test]
fn paths_that_are_no_readable_file_are_refused() {
    let fixture = Fixture::new("t.csv", "a\n1\n");
    assert_fault!(run(&Scan::new(Source::path(fixture.directory.path()))).err().unwrap(), Fault::Directory, NOWHERE);
    let absent = Scan::new(Source::path(fixture.directory.path().join("absent.csv")));
    assert_fault!(run(&absent).err().unwrap(), Fault::Io(error) if error.kind() == std::io::ErrorKind::NotFound, NOWHERE);
}

#[test]
fn ragged_rows_name_their_line() {
    assert_fault!(csv_error("a,b\n1,2\n3\n"), Fault::Ragged { expected: 2, got: 1 }, (Some(3), None, None));
    assert_fault!(csv_error("a,b\r\n1,2\r\n3,4,5\r\n"), Fault::Ragged { expected: 2, got: 3 }, (Some(3), None, None));
    let after_multiline = csv_error("a,b\n\"x\ny\n\",1\n\n3\n");
    assert_fault!(after_multiline, Fault::Ragged { expected: 2, got: 1 }, (Some(6), None, None));
}

#[test]
fn names_are_short_and_keys_stand_once() {
    let long = format!("{}\n1\n", "x".repeat(2_000));
    assert!(matches!(csv_error(long).fault(), Fault::NameTooLong { limit: 1_024 }));
    let twice = run(&Fixture::new("t.ndjson", r#"{"a":1,"a":2}"#).scan()).err().unwrap();
    assert_fault!(twice, Fault::DuplicateColumn, (Some(1), Some("a"), None));
}

#[test]
fn bytes_that_are_no_text_name_line_and_column() {
    assert_fault!(csv_error(b"a,b\nx,y\nx,\xff\n"), Fault::NotUtf8, (Some(3), Some("b"), None));
    // Valid only when the two cells are joined.
    assert_fault!(csv_error(b"a,b\n\xc3,\xa9\n"), Fault::NotUtf8, (Some(2), Some("a"), None));
    assert_fault!(csv_error(b"a,b\n\"x\ny\",\xff\n"), Fault::NotUtf8, (Some(3), Some("b"), None));
    assert_fault!(csv_error(b"a,b\nx\0,y\n"), Fault::NulByte, (Some(2), Some("a"), None));
    let ndjson = run(&Fixture::new("t.ndjson", b"{\"a\":1}\n{\"a\":\"\xff\"}\n").scan()).err().unwrap();
    assert_fault!(ndjson, Fault::NotUtf8, (Some(2), None, None));
}

#[test]
fn ten_thousand_columns_are_refused_before_the_rows_are_read() {
    let names: Vec<_> = (0..10_000).map(|i| format!("c{i}")).collect();
    // The rows would be ragged: they are never looked at.
    assert_fault!(csv_error(names.join(",") + "\n1\n"), Fault::TooManyColumns { limit: 1_023 }, (Some(1), None, None));
    let object = names.iter().map(|name| format!("\"{name}\":1")).collect::<Vec<_>>().join(",");
    let wide = run(&Fixture::new("t.ndjson", format!("{{{object}}}\n")).scan()).err().unwrap();
    assert!(matches!(wide.fault(), Fault::TooManyColumns { limit: 1_023 }));
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A gzip file of a header, a row, and a cell of `mebibytes`: members that follow each other are one text.
fn bomb(mebibytes: usize) -> Vec<u8> {
    let chunk = gzip(&vec![b'x'; 1 << 20]);
    [gzip(b"a,b\n1,2\n3,"), chunk.repeat(mebibytes)].concat()
}

#[test]
fn a_cell_of_a_gibibyte_is_refused_at_the_limit() {
    let fixture = Fixture::new("t.csv.gz", bomb(1 << 10));
    let options = ScanOptions { max_cell_bytes: 1 << 20, ..ScanOptions::default() };
    let error = run(&fixture.scan().options(options)).err().unwrap();
    assert_fault!(error, Fault::CellTooLarge { limit: 1_048_576 }, (Some(3), Some("b"), None));
    let options = ScanOptions { max_cell_bytes: 100, ..ScanOptions::default() };
    let row = format!("a\n{}\n", "x".repeat(103));
    assert!(run(&Fixture::new("t.csv", row).scan().options(options.clone())).is_err());
    let ndjson = format!("{{\"a\":\"{}\"}}\n", "x".repeat(101));
    let error = run(&Fixture::new("t.ndjson", ndjson).scan().options(options)).err().unwrap();
    assert_fault!(error, Fault::CellTooLarge { limit: 100 }, (Some(1), Some("a"), None));
}

#[test]
fn quotes_that_are_never_closed_name_the_line_where_they_open() {
    assert_fault!(csv_error("a,b\n1,2\n3,\"4\n5,6\n"), Fault::UnclosedQuote, (Some(3), Some("b"), None));
}

#[test]
fn impossible_dialects_are_refused() {
    for (delimiter, quote) in [(b'\n', b'"'), (b'"', b'"'), (0xe9, b'"'), (b',', 0xe9)] {
        let options =
            CsvOptions { delimiter: Some(delimiter), quote: Some(quote), has_header: true, ..CsvOptions::default() };
        let fixture = Fixture::new("t.csv", "a,b\n1,2\n");
        let error = run(&Scan::new(Source::path(fixture.path()).csv(options))).err().unwrap();
        assert_fault!(error, Fault::Dialect, NOWHERE);
    }
}

#[test]
fn truncated_and_corrupt_files_are_refused() {
    let gzip = bomb(1);
    let error = run(&Fixture::new("t.csv.gz", &gzip[..gzip.len() - 9]).scan()).err().unwrap();
    assert_fault!(error, Fault::Truncated { what: "gzip" }, NOWHERE);
    let mut flipped = gzip.clone();
    let end = flipped.len() - 6;
    flipped[end] ^= 1;
    let error = run(&Fixture::new("t.csv.gz", flipped).scan()).err().unwrap();
    assert_fault!(error, Fault::Corrupt { what: "gzip", .. }, NOWHERE);
    let zstd = zstd::encode_all(&b"a\n1\n2\n"[..], 1).unwrap();
    let error = run(&Fixture::new("t.csv.zst", &zstd[..zstd.len() - 3]).scan()).err().unwrap();
    assert_fault!(error, Fault::Truncated { what: "zstd" }, NOWHERE);
    let error = run(&Fixture::new("t.parquet", b"PAR1 and then nothing").scan()).err().unwrap();
    assert_fault!(error, Fault::Truncated { what: "Parquet" }, NOWHERE);
    let error = run(&Fixture::new("t.parquet", b"PAR1junkjunkjunkPAR1").scan()).err().unwrap();
    assert!(matches!(error.fault(), Fault::Corrupt { what: "Parquet", .. } | Fault::Truncated { .. }), "{error}");
    let error = run(&Fixture::new("t.arrow", b"ARROW1").scan()).err().unwrap();
    assert_fault!(error, Fault::Truncated { what: "Arrow" }, NOWHERE);
    let source = Source::path(Fixture::new("t.parquet", &gzip).path());
    assert!(run(&Scan::new(source)).is_err());
    let fixture = Fixture::new("t.parquet.gz", &gzip);
    let source = Source::path(fixture.path()).format(Format::Parquet).compression(Compression::Gzip);
    assert_fault!(
        run(&Scan::new(source)).err().unwrap(),
        Fault::CompressedSeekable { format: Format::Parquet },
        NOWHERE
    );
}

#[test]
fn bad_json_names_its_line() {
    let fail = |name: &str, text: &str| run(&Fixture::new(name, text).scan()).err().unwrap();
    assert_fault!(
        fail("t.ndjson", "{\"a\":1}\n{\"a\":}\n"),
        Fault::Corrupt { what: "JSON", .. },
        (Some(2), None, None)
    );
    assert_fault!(fail("t.ndjson", "{\"a\":1}\n[1]\n"), Fault::NotAnObject, (Some(2), None, Some("[1]")));
    assert_fault!(fail("t.json", "[{\"a\":1},\n\n 5]"), Fault::NotAnObject, (Some(3), None, None));
    assert_fault!(fail("t.json", "[{\"a\":1},\n{\"a\":"), Fault::Truncated { what: "JSON" }, (Some(2), None, None));
    assert_fault!(fail("t.json", "[{\"a\":1}"), Fault::Truncated { what: "JSON" }, NOWHERE);
    assert_fault!(fail("t.json", "[{\"a\":1}] x"), Fault::NotAnObject, (Some(1), None, None));
    assert_fault!(fail("t.ndjson", "{\"a\":{\"b\":1}}\n"), Fault::Unsupported { .. }, (Some(1), Some("a"), None));
}

#[test]
fn numbers_that_do_not_fit_name_line_column_and_a_way_out() {
    let error = csv_error("id,n\n1,1\n2,9223372036854775808\n");
    assert_eq!(error.hint().unwrap(), "declare the column as category or text, for instance n=text");
    assert_fault!(error, Fault::IntOverflow, (Some(3), Some("n"), Some("9223372036854775808")));
    let huge = "9".repeat(60);
    let error = csv_error(format!("n\n1\n{huge}\n"));
    assert!(matches!(error.fault(), Fault::IntOverflow), "{error}");
    assert_fault!(csv_error("n\n1.5\n-inf\n"), Fault::NotFinite, (Some(3), Some("n"), Some("-inf")));
    let error = csv_error("t\n0001-01-01 00:00:00.123456789\n");
    assert_fault!(error, Fault::TimeOverflow { unit: TimeUnit::Nanosecond }, (Some(2), Some("t"), None));
    // With a word among them they are no numbers, and nothing is wrong.
    assert!(run(&Fixture::new("t.csv", format!("n\n{huge}\ninf\nword\n")).scan()).is_ok());
}

#[test]
fn pinned_columns_refuse_other_values() {
    let fail = |text: &str, pin: &str| pinned(text, &[pin]).err().unwrap();
    assert_fault!(fail("a\n1\nx\n", "a=int"), Fault::NotOfType { .. }, (Some(3), Some("a"), Some("x")));
    assert_fault!(fail("a\n1.5\n", "a=int"), Fault::TooManyDigits { scale: 0 }, (Some(2), Some("a"), Some("1.5")));
    assert_fault!(fail("a\n1\n2020-01-01\n", "a=date"), Fault::NotOfType { .. }, (Some(2), Some("a"), Some("1")));
    assert_fault!(fail("a\nx\n", "ab=int"), Fault::MissingColumn { .. }, (None, Some("ab"), None));
    let many: String = (0..65_536).map(|i| format!("v{i}\n")).collect();
    assert!(matches!(fail(&format!("a\n{many}"), "a=category").fault(), Fault::TooManyCategories { limit: 65_535 }));
    let misspelt = pinned("species,sex\na,b\n", &["specie=category"]).err().unwrap();
    assert_eq!(misspelt.hint().unwrap(), "did you mean \"species\"?");
    for text in ["a", "a=integer", "a=decimal(19)"] {
        assert!(matches!(
            zkl_dataset::Pins::default().override_column(text).err().unwrap().fault(),
            Fault::Override { .. }
        ));
    }
}

#[test]
fn bad_schema_files_are_refused() {
    let fail = |name: &str, text: &str| schema_file(name, text).err().unwrap();
    assert_fault!(fail("s.toml", "version = 2\nother = 1\n"), Fault::SchemaVersion { expected: 1, got: 2 }, NOWHERE);
    assert_fault!(fail("s.json", r#"{"version": 7}"#), Fault::SchemaVersion { expected: 1, got: 7 }, NOWHERE);
    let text = "version = 1\n[[columns]]\nname = \"a\"\ntype = \"integer\"\n";
    assert_fault!(fail("s.toml", text), Fault::SchemaSyntax(_), (Some(4), None, None));
    assert!(matches!(fail("s.toml", "version = 1\nclumns = []\n").fault(), Fault::SchemaSyntax(_)));
    let twice = r#"{"version":1,"columns":[{"name":"a"},{"name":"a"}]}"#;
    assert_fault!(fail("s.json", twice), Fault::DuplicateColumn, (None, Some("a"), None));
    let pins =
        schema_file("s.json", r#"{"version":1,"exact":true,"columns":[{"name":"a","nullable":false}]}"#).unwrap();
    let options = ScanOptions { pins, ..ScanOptions::default() };
    let scan = |text: &str| run(&Fixture::new("t.csv", text).scan().options(options.clone())).err().unwrap();
    assert_fault!(scan("a,b\n1,2\n"), Fault::UnexpectedColumn, (None, Some("b"), None));
    assert_fault!(scan("a\n1\nNA\n"), Fault::UnexpectedNull, (Some(3), Some("a"), None));
}

#[test]
fn pairs_must_fit_their_columns() {
    let many: String = (0..70).map(|i| format!("v{i},w{i},{i}.5\n")).collect();
    let fixture = Fixture::new("t.csv", format!("a,b,c\n{many}"));
    let joint = |a: &str, b: &str| run(&fixture.scan().joint(a, b)).err().unwrap();
    assert_fault!(
        joint("a", "b"),
        Fault::JointTooLarge { group_values: 70, label_values: 70, limit: 256, .. },
        NOWHERE
    );
    assert_fault!(joint("a", "x"), Fault::MissingColumn { .. }, (None, Some("x"), None));
    assert_fault!(
        run(&fixture.scan().product("a", "c")).err().unwrap(),
        Fault::PairType { joint: false, .. },
        (None, Some("a"), None)
    );
    assert_fault!(run(&fixture.scan().product("c", "c")).err().unwrap(), Fault::RepeatedPair { .. }, NOWHERE);
    let error = run(&fixture.scan().joint("a", "c").options(with_pins(&["c=decimal(1)"]))).err().unwrap();
    assert_fault!(error, Fault::PairType { joint: true, .. }, (None, Some("c"), None));
}

/// Changes the file between the passes.
struct Meddler<'f>(&'f Fixture, &'static str);

impl RowSink for Meddler<'_> {
    fn begin(&mut self, _: &zkl_core::layout::Layout, _: &zkl_dataset::Frame) -> Result<(), SinkError> {
        Ok(File::create(self.0.path())?.write_all(self.1.as_bytes())?)
    }

    fn batch(&mut self, _: &zkl_dataset::EncodedBatch) -> Result<(), SinkError> {
        Ok(())
    }
}

#[test]
fn files_that_change_between_the_passes_are_refused() {
    // Same length and types; another value; another shape; a comment that no cell holds.
    for changed in ["a,b\n1,2\n5,4\n", "a,b\n1,x\n3,4\n", "a\n1\n", "a,b\n1,2\n3,4\n\n"] {
        let fixture = Fixture::new("t.csv", "a,b\n1,2\n3,4\n");
        let error = fixture.scan().run_with_sink(&KEY, &mut (), &mut Meddler(&fixture, changed)).err().unwrap();
        assert!(matches!(error.fault(), Fault::Changed | Fault::Ragged { .. }), "{changed:?}: {error}");
    }
}

#[test]
fn messages_escape_what_a_terminal_would_obey() {
    let error = pinned("a\n\u{1b}[31mred and longer than forty characters by far\n", &["a=int"]).err().unwrap();
    let text = error.to_string();
    assert!(
        text.contains("table.csv:2: column \"a\": the value is not of the declared type int: \"\\u{1b}[31mred"),
        "{text}"
    );
    assert!(!text.contains('\u{1b}') && text.ends_with("...\""), "{text}");
}
