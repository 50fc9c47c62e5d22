//! Tables as the world writes them: small files in `tests/cases`, each of a kind that was once read wrongly.

use std::path::{Path, PathBuf};

use zkl_core::table_note::TableNote;
use zkl_dataset::{DatasetError, Fault, Scan, ScanOutput, Source};

use super::{json, run, types, with_pins};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

fn scan(name: &str) -> Scan {
    Scan::new(Source::path(path(name)))
}

fn read(name: &str) -> ScanOutput {
    run(&scan(name)).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(name: &str) -> DatasetError {
    run(&scan(name)).err().unwrap()
}

fn column(output: &ScanOutput, index: usize, field: &str) -> String {
    json(output)["columns"][index][field].as_str().unwrap_or_default().to_owned()
}

/// Nothing false may look proved.
mod soundness {
    use super::*;

    #[test]
    fn times_of_the_year_9999_do_not_wrap() {
        let output = read("int96-year-9999.parquet");
        assert_eq!(column(&output, 0, "max").get(..10), Some("9999-12-31"), "{}", json(&output));
    }

    #[test]
    fn small_floats_keep_their_digits() {
        let output = read("doubles-1e-7.parquet");
        assert_eq!(types(&output), ["decimal(8)"]);
        let found = ["min", "max", "sum"].map(|field| column(&output, 0, field));
        assert_eq!(found, ["0.00000010", "0.00000049", "0.00000079"]);
    }

    #[test]
    fn nulls_of_run_end_encoded_columns_are_counted() {
        let output = run(&scan("run-end-encoded-nulls.arrow").options(with_pins(&["r=text"]))).unwrap();
        let index = output.layout.index_of("r").unwrap();
        assert_eq!(json(&output)["columns"][index]["nulls"], 2);
    }

    #[test]
    fn page_checksums_are_verified() {
        let error = refused("page-crc-broken.parquet");
        assert!(matches!(error.fault(), Fault::Corrupt { what: "Parquet", .. }), "{error}");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("CRC"), "{source}");
    }

    #[test]
    fn streams_that_follow_each_other_are_one_table() {
        let bytes = std::fs::read(path("two-streams.arrows")).unwrap();
        let output = read("two-streams.arrows");
        let half = bytes.len() / 2;
        let first = run(&Scan::new(Source::bytes(bytes[..half].to_vec()))).unwrap();
        assert_eq!(output.profile.rows, 2 * first.profile.rows);
        let mut junk = bytes.clone();
        junk.extend_from_slice(b"junk");
        let error = run(&Scan::new(Source::bytes(junk))).err().unwrap();
        assert!(matches!(error.fault(), Fault::BytesAfterEnd { what: "Arrow" }), "{error}");
    }

    #[test]
    fn an_empty_line_of_a_table_of_one_column_is_a_row_without_a_value() {
        let output = read("blank-line-one-column.csv");
        assert_eq!((output.profile.rows, json(&output)["columns"][0]["nulls"].clone()), (5, 2.into()));
        assert_eq!(output.notes, [TableNote::new(TableNote::EMPTY_LINE_ROWS)]);
        let wide = super::super::csv("a,b\n\n1,2\r\n\r\n\n3,4\n");
        assert_eq!((wide.profile.rows, wide.notes), (2, vec![TableNote::new(TableNote::BLANK_LINES).counting(3)]));
        assert!(super::super::csv("a\r\n1\r\n3").notes.is_empty());
    }
}
