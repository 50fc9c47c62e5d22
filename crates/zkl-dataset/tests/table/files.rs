//! Several files are one table, whatever they are and wherever they lie.

use std::{fs, path::PathBuf, sync::Arc};

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use sha2::{Digest as _, Sha256};
use zkl_core::{
    digest::{DigestRule, Sha256Digest},
    table_note::TableNote,
};
use zkl_dataset::{DatasetError, Fault, Part, Scan, ScanOutput, Source, hash_file};

use super::{csv, json, run, types, with_pins};

/// A directory with these files.
struct Files(tempfile::TempDir);

impl Files {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let files = (Self(tempfile::tempdir().unwrap()), files);
        for (name, content) in files.1 {
            let path = files.0.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        files.0
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn at(&self, place: &str) -> Result<ScanOutput, DatasetError> {
        run(&Scan::new(Source::at(self.path(place))?))
    }
}

fn names(output: &ScanOutput) -> Vec<&str> {
    output.schema.columns.iter().map(|column| column.name.as_str()).collect()
}

#[test]
fn files_of_a_directory_are_one_table_in_the_order_of_their_paths() {
    let files = Files::new(&[
        ("data/b/1.csv", b"n,w\n3,z\n"),
        ("data/a.csv", b"n,w\n1,x\n2.5,y\n"),
        // The same columns in another order.
        ("data/c.csv.gz", b""),
        ("data/_SUCCESS", b""),
        ("data/.a.csv.crc", b"crc"),
    ]);
    fs::write(files.path("data/c.csv.gz"), super::errors::gzip(b"w;n\nx;4\n")).unwrap();
    let output = files.at("data").unwrap();
    let whole = csv("n,w\n1,x\n2.5,y\n3,z\n4,x\n");
    assert_eq!((&output.layout, &output.notes), (&whole.layout, &whole.notes));
    assert!(output.profile == whole.profile);

    // The digests are of the list of the files' digests, as docs/formats.md has it.
    let mut list = b"zkl/parts/v1\0\x03\0\0\0".to_vec();
    for name in ["data/a.csv", "data/b/1.csv", "data/c.csv.gz"] {
        let digests = hash_file(&files.path(name)).unwrap();
        list.push(1);
        list.extend(digests.bytes.to_le_bytes());
        list.extend([*digests.sha256.as_bytes(), *digests.sha3_256.as_bytes(), *digests.blake3.as_bytes()].concat());
    }
    let expected = Sha256Digest::new(Sha256::digest(&list).into());
    assert_eq!((output.digest_rule, output.digests.sha256), (DigestRule::Parts, expected));
    let source = Source::at(files.path("data")).unwrap();
    assert_eq!(source.digests().unwrap(), (DigestRule::Parts, output.digests), "without reading the table");
}

#[test]
fn names_of_directories_are_columns() {
    let files = Files::new(&[
        ("sales/year=2023/city=K%C3%B6ln/part.csv", b"n\n1\n2\n"),
        ("sales/year=2024/city=__HIVE_DEFAULT_PARTITION__/part.csv", b"n\n3\n"),
    ]);
    let output = files.at("sales").unwrap();
    assert_eq!(
        (names(&output), types(&output)),
        (vec!["year", "city", "n"], vec!["int".into(), "category?".into(), "int".into()])
    );
    let found = json(&output);
    assert_eq!((&found["columns"][0]["sum"], &found["columns"][1]["nulls"]), (&"6070".into(), &1.into()));
    assert_eq!(found["columns"][1]["categories"], serde_json::json!({"K\u{f6}ln": 2}));
    let note = |column| TableNote::new(TableNote::FROM_PATH).about(column);
    assert_eq!(output.notes, [note(0), note(1)], "no digest covers these values");

    let twice = Files::new(&[("t/n=1/a.csv", b"n\n1\n")]).at("t").err().unwrap();
    assert!(matches!(twice.fault(), Fault::DuplicateColumn), "{twice}");
    let some = Files::new(&[("t/y=1/a.csv", b"n\n1\n"), ("t/z.csv", b"n\n1\n")]).at("t").err().unwrap();
    assert!(matches!(some.fault(), Fault::OtherColumns), "{some}");
}

#[test]
fn files_with_other_columns_are_refused_by_name() {
    for (second, fault) in [("a\n1\n", "b"), ("a,b,c\n1,2,3\n", "c"), ("a,x\n1,2\n", "x")] {
        let error = Files::new(&[("t/1.csv", b"a,b\n1,2\n"), ("t/2.csv", second.as_bytes())]).at("t").err().unwrap();
        assert!(matches!(error.fault(), Fault::OtherColumns), "{error}");
        let (place, name) = (error.place(), fault);
        assert!(place.file.ends_with("2.csv") && place.column.as_deref() == Some(name), "{error}");
    }
    let ragged = Files::new(&[("t/1.csv", b"a,b\n1,2\n"), ("t/2.csv", b"a,b\n1,2\n3\n")]).at("t").err().unwrap();
    assert!(ragged.place().file.ends_with("2.csv") && ragged.place().line == Some(3), "{ragged}");
    let files = Files::new(&[("t/1.csv", b"a\n1\n"), ("t/2.csv", b"a\nx\n")]);
    let typed = run(&Scan::new(Source::at(files.path("t")).unwrap()).options(with_pins(&["a=int"]))).err().unwrap();
    assert!(typed.place().file.ends_with("2.csv") && typed.place().line == Some(2), "{typed}");
}

#[test]
fn objects_of_several_files_may_lack_keys_and_bring_others() {
    let files = Files::new(&[
        ("t/y=1/1.ndjson", b"{\"a\":1}\n{\"a\":2,\"b\":\"x\"}\n"),
        ("t/y=2/2.json", b"[{\"c\":true},{\"c\":false},{\"a\":3,\"b\":\"y\"}]"),
    ]);
    let output = files.at("t").unwrap();
    let found = json(&output);
    let nulls: Vec<_> = found["columns"].as_array().unwrap().iter().map(|column| column["nulls"].clone()).collect();
    assert_eq!((names(&output), nulls), (vec!["y", "a", "b", "c"], vec![0.into(), 2.into(), 3.into(), 3.into()]));
    assert_eq!((output.profile.rows, &found["columns"][1]["sum"]), (5, &"6".into()));
}

#[test]
fn types_of_files_that_have_them_are_the_same_in_all() {
    let batch = |array: ArrayRef| RecordBatch::try_from_iter([("a", array)]).unwrap();
    let numbers = super::sources::parquet(&batch(Arc::new(Int64Array::from(vec![1, 2]))));
    let texts = super::sources::parquet(&batch(Arc::new(StringArray::from(vec!["x"]))));
    let files = Files::new(&[("t/1.parquet", &numbers), ("t/2.parquet", &numbers)]);
    assert_eq!(json(&files.at("t").unwrap())["columns"][0]["sum"], "6");
    let error = Files::new(&[("t/1.parquet", &numbers), ("t/2.parquet", &texts)]).at("t").err().unwrap();
    assert!(matches!(error.fault(), Fault::OtherType) && error.place().file.ends_with("2.parquet"), "{error}");
}

#[test]
fn patterns_name_files_and_nothing_is_no_table() {
    let files =
        Files::new(&[("a-2.csv", b"n\n2\n"), ("a-10.csv", b"n\n10\n"), ("b.csv", b"m\n1\n"), ("e/_x.csv", b"")]);
    let output = files.at("a-*.csv").unwrap();
    assert_eq!((json(&output)["columns"][0]["sum"].clone(), output.digest_rule), ("12".into(), DigestRule::Parts));
    fs::write(files.path("[x].csv"), "n\n7\n").unwrap();
    assert_eq!(files.at("[x].csv").unwrap().digest_rule, DigestRule::StoredBytes, "a file of that name");
    assert!(matches!(files.at("c-*.csv").err().unwrap().fault(), Fault::Io(_)));
    assert!(matches!(files.at("e").err().unwrap().fault(), Fault::EmptyDirectory));
    assert!(matches!(run(&Scan::new(Source::parts("x", []))).err().unwrap().fault(), Fault::EmptyDirectory));
}

#[test]
fn parts_of_parts_are_read_in_order() {
    let files = Files::new(&[("t/1.csv", b"n\n1\n"), ("t/2.csv", b"n\n2\n")]);
    let inner = Source::at(files.path("t")).unwrap();
    let part = |source| Part { source, values: Vec::new() };
    let whole = Source::parts("all", [part(Source::bytes(&b"n\n9\n"[..])), part(inner)]);
    let output = run(&Scan::new(whole)).unwrap();
    assert_eq!((output.profile.rows, json(&output)["columns"][0]["sum"].clone()), (3, "12".into()));
}
