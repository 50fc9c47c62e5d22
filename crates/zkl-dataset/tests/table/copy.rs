//! Rows copied into other tables as they are written.

use std::{fs::File, path::Path, sync::Arc};

use arrow_array::{ArrayRef, DictionaryArray, Float64Array, Int32Array, RecordBatch, StringArray, types::Int32Type};
use arrow_ipc::reader::FileReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;
use zkl_dataset::{CopyTarget, CsvOptions, DatasetError, Fault, Format, Part, RowCopy, Source};

use super::{Fixture, sources::parquet};

/// Copies the rows to files of these names.
fn copy(source: &Source, places: &[Option<u8>], names: &[&str]) -> Result<(TempDir, RowCopy), DatasetError> {
    let directory = tempfile::tempdir().unwrap();
    let copy = RowCopy::plan(source, names)?;
    let target = |name: &&str| {
        let name = directory.path().join(name);
        CopyTarget { file: File::create(&name).unwrap(), name }
    };
    copy.run(places, names.iter().map(target).collect(), &mut ())?;
    Ok((directory, copy))
}

fn text(directory: &TempDir, name: &str) -> String {
    std::fs::read_to_string(directory.path().join(name)).unwrap()
}

fn fault(result: Result<(TempDir, RowCopy), DatasetError>) -> Fault {
    match result {
        Ok(_) => panic!("rows were copied"),
        Err(error) => match error.fault() {
            Fault::NotCopied { why } => Fault::NotCopied { why },
            Fault::Changed => Fault::Changed,
            other => panic!("{other}"),
        },
    }
}

#[test]
fn lines_of_csv_stay_byte_for_byte_below_what_stands_before_them() {
    let whole = "made by hand\r\nid;text\r\n1;\"a;\r\nb\"\r\n\r\n2; x \r\n03;\"\"\"\"\r\n4;";
    let fixture = Fixture::new("table.csv", whole);
    let options = CsvOptions { skip_lines: 1, ..CsvOptions::default() };
    let source = Source::path(fixture.path()).csv(options.clone());
    let (made, copy) = copy(&source, &[Some(0), Some(1), Some(0), None], &["a.csv", "b"]).unwrap();
    assert_eq!(text(&made, "a.csv"), "made by hand\r\nid;text\r\n1;\"a;\r\nb\"\r\n03;\"\"\"\"\r\n");
    assert_eq!(text(&made, "b"), "made by hand\r\nid;text\r\n2; x \r\n");
    assert_eq!(copy.csv(&options), CsvOptions { delimiter: Some(b';'), ..options });

    let fixture = Fixture::new("table.csv", "1\n\n2");
    let options = CsvOptions { has_header: false, ..CsvOptions::default() };
    let (made, _) = self::copy(&Source::path(fixture.path()).csv(options), &[None, Some(0), Some(0)], &["a"]).unwrap();
    assert_eq!(text(&made, "a"), "\n2\n", "an empty line of one column is a row");

    let fixture = Fixture::new("table.csv", "\u{feff}id,x\n1,2\n");
    let (made, _) = self::copy(&Source::path(fixture.path()), &[Some(0)], &["a.csv"]).unwrap();
    assert_eq!(text(&made, "a.csv"), "id,x\n1,2\n");
}

#[test]
fn many_rows_go_where_they_are_sent() {
    let rows: Vec<String> = (0..20_000).map(|row| format!("{row},{}", "x".repeat(row % 50))).collect();
    let fixture = Fixture::new("table.csv", format!("id,x\n{}\n", rows.join("\n")));
    let places: Vec<Option<u8>> = (0..20_000).map(|row| [Some(0), None, Some(1)][row % 3]).collect();
    let (made, _) = copy(&Source::path(fixture.path()), &places, &["a.csv", "b.csv"]).unwrap();
    for (name, rest) in [("a.csv", 0), ("b.csv", 2)] {
        let wanted: Vec<&str> =
            rows.iter().enumerate().filter(|(row, _)| row % 3 == rest).map(|(_, row)| row.as_str()).collect();
        assert_eq!(text(&made, name), format!("id,x\n{}\n", wanted.join("\n")));
    }
}

fn trees() -> RecordBatch {
    let kinds: DictionaryArray<Int32Type> = ["oak", "ash", "oak", "elm"].into_iter().collect();
    let columns: [(&str, ArrayRef, bool); 4] = [
        ("id", Arc::new(Int32Array::from(vec![1, 2, 3, 4])), false),
        ("kind", Arc::new(kinds), true),
        ("height", Arc::new(Float64Array::from(vec![Some(0.1), None, Some(-0.0), Some(1e300)])), true),
        ("note", Arc::new(StringArray::from(vec![Some("é"), Some(""), None, Some("x")])), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

#[test]
fn parquet_and_arrow_keep_their_schema_and_go_into_each_other() {
    let batch = trees();
    let source = Source::bytes(parquet(&batch)).named("trees.parquet");
    let (made, copied) = copy(&source, &[Some(0), Some(1), None, Some(0)], &["a.parquet", "b.arrow"]).unwrap();
    assert_eq!(copied.formats(), [Format::Parquet, Format::ArrowFile]);
    let open = |name: &str| File::open(made.path().join(name)).unwrap();
    let read: Vec<RecordBatch> = ParquetRecordBatchReaderBuilder::try_new(open("a.parquet"))
        .unwrap()
        .build()
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].schema(), batch.schema());
    let ids = |batch: &RecordBatch| batch.column(0).as_any().downcast_ref::<Int32Array>().unwrap().values().to_vec();
    assert_eq!(ids(&read[0]), [1, 4]);
    assert_eq!(read[0].column(3), &(Arc::new(StringArray::from(vec![Some("é"), Some("x")])) as ArrayRef));
    let read: Vec<RecordBatch> = FileReader::try_new(open("b.arrow"), None).unwrap().map(Result::unwrap).collect();
    assert_eq!((ids(&read[0]), read[0].schema().fields()), (vec![2], batch.schema().fields()));
    assert_eq!(read[0].slice(0, 1).column(2), &batch.slice(1, 1).column(2).clone());

    // And back.
    let bytes = std::fs::read(made.path().join("b.arrow")).unwrap();
    let (made, _) = copy(&Source::bytes(bytes).named("b.arrow"), &[Some(0)], &["c.parquet"]).unwrap();
    let file = File::open(made.path().join("c.parquet")).unwrap();
    let read = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().next().unwrap().unwrap();
    assert_eq!(ids(&read), [2]);
}

#[test]
fn what_has_no_such_copy_is_refused_before_anything_is_written() {
    let csv = || Source::bytes("a,b\n1,2\n").named("t.csv");
    let json = Source::bytes("[{\"a\": 1}]").named("t.json");
    let parts = Source::parts("all", [Part { source: csv(), values: Vec::new() }]);
    let binary = Source::bytes(parquet(&trees())).named("t.parquet");
    for (source, name, expected) in [
        (csv(), "out.parquet", "CSV is copied into CSV alone"),
        (csv(), "out.json", "CSV is copied into CSV alone"),
        (csv(), "out.csv.gz", "copies are not compressed"),
        (binary, "out.csv", "Parquet and Arrow files are copied into such files alone"),
        (json, "out", "the table is JSON"),
        (parts, "out.csv", "the table is in several files"),
        (Source::batches([trees()]), "out.arrow", "the table is no file"),
    ] {
        let why = fault(copy(&source, &[Some(0)], &[name]));
        assert!(matches!(why, Fault::NotCopied { why } if why == expected), "{name}: {why}");
    }
    // Another number of rows than was counted.
    for places in [&[][..], &[Some(0), Some(0)]] {
        assert!(matches!(fault(copy(&csv(), places, &["a.csv"])), Fault::Changed));
    }
    assert!(RowCopy::plan(&Source::path(Path::new("nowhere.csv")), &["a.csv"]).is_err());
}
