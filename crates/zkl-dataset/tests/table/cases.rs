//! Tables as the world writes them: small files in `tests/cases`, each of a kind that was once read wrongly.

use std::path::{Path, PathBuf};

use zkl_core::table_note::TableNote;
use zkl_dataset::{
    Compression, CsvOptions, DatasetError, DateOrder, Fault, NoTable, Pins, Scan, ScanOptions, ScanOutput, Source,
};

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

fn names(output: &ScanOutput) -> Vec<&str> {
    output.schema.columns.iter().map(|column| column.name.as_str()).collect()
}

fn note(code: &str) -> TableNote {
    TableNote::new(code)
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

/// What people have every day is read, and what was guessed is noted.
mod habits {
    use super::*;

    #[test]
    fn columns_without_a_name_are_called_as_pandas_calls_them() {
        let output = read("unnamed-index.csv");
        assert_eq!(
            (names(&output), &output.notes),
            (vec!["Unnamed: 0", "a"], &vec![note(TableNote::NAME_MADE_UP).about(0)])
        );
        let output = read("trailing-delimiter.csv");
        assert_eq!((names(&output), types(&output)[2].as_str()), (vec!["a", "b", "Unnamed: 2"], "category?"));
        assert_eq!(output.notes, [note(TableNote::NAME_MADE_UP).about(2)]);
    }

    #[test]
    fn names_that_stand_twice_are_numbered() {
        let output = read("duplicate-header.csv");
        assert_eq!((names(&output), &output.notes), (vec!["a", "a.1"], &vec![note(TableNote::NAME_REPEATED).about(1)]));
        assert_eq!(names(&super::super::csv("a,a.1,a,,a\n1,2,3,4,5\n")), ["a", "a.1", "a.2", "Unnamed: 3", "a.3"]);
    }

    #[test]
    fn lines_before_the_table_are_skipped() {
        let output = read("comment-lines.csv");
        assert_eq!((names(&output), output.profile.rows), (vec!["a", "b"], 2));
        assert_eq!(output.notes, [note(TableNote::COMMENT_LINES).counting(2)]);
        let output = read("sep-line.csv");
        assert_eq!((names(&output), &output.notes), (vec!["a", "b"], &vec![note(TableNote::SEP_LINE)]));
        let chromosomes = super::super::csv("##version=1\n#chrom\tstart\nx\t1\n");
        assert_eq!(
            (names(&chromosomes), &chromosomes.notes),
            (vec!["#chrom", "start"], &vec![note(TableNote::COMMENT_LINES).counting(1)])
        );
        let one_column = super::super::csv("#x\n1\n");
        assert_eq!((names(&one_column), one_column.notes.len()), (vec!["#x"], 0));
    }

    #[test]
    fn lines_are_skipped_when_told() {
        let told =
            |text: &str, options: CsvOptions| run(&Scan::new(Source::bytes(text.to_owned()).csv(options))).unwrap();
        let skipped = told("title\n\na,b\n1,2\n", CsvOptions { skip_lines: 1, ..CsvOptions::default() });
        let expected = vec![note(TableNote::LINES_SKIPPED).counting(1), note(TableNote::BLANK_LINES).counting(1)];
        assert_eq!((names(&skipped), skipped.notes.clone()), (vec!["a", "b"], expected));
        let comments = told("%x\na,b\n1,2\n% y\n3,4\n", CsvOptions { comment: Some(b'%'), ..CsvOptions::default() });
        assert_eq!((comments.profile.rows, comments.notes), (2, vec![note(TableNote::COMMENT_LINES).counting(2)]));
    }

    #[test]
    fn text_that_two_delimiters_cut_is_refused() {
        let error = refused("semicolon-and-commas-in-header.csv");
        assert!(matches!(error.fault(), Fault::AmbiguousDelimiter { first: ',', second: ';' }), "{error}");
        assert_eq!(error.hint().unwrap(), "say which it is: --delimiter ',' or --delimiter ';'");
        // The last row of a short file has a say, too.
        for text in ["n,1;m\n92;-0.5\n", "n|x,y\nNA|NA\n", "n,1;m\nx,y;1\nz;2\n"] {
            assert_eq!(names(&super::super::csv(text)).len(), 2, "{text:?}");
        }
        let source = Source::path(path("semicolon-and-commas-in-header.csv"));
        let output =
            run(&Scan::new(source.csv(CsvOptions { delimiter: Some(b';'), ..CsvOptions::default() }))).unwrap();
        assert_eq!(names(&output), ["Preis, EUR", "Menge, kg"]);
    }

    #[test]
    fn a_first_row_of_numbers_is_noted() {
        assert_eq!(read("no-header-numbers.csv").notes, [note(TableNote::NAMES_LIKE_VALUES)]);
        assert!(super::super::csv("country,1990,1991\nx,1,2\n").notes.is_empty());
    }

    #[test]
    fn what_is_no_table_is_named() {
        for (name, head, expected) in [
            ("a.csv", &b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n"[..], NoTable::GitLfs),
            ("a.csv", b"\n <!DOCTYPE html>\n<html>", NoTable::Html),
            ("a.csv", b"[\n {\"a\": 1}]", NoTable::Json),
            ("a.tsv", b"{\"a\": 1}\n", NoTable::Json),
            ("a.parquet", b"PARE", NoTable::EncryptedParquet),
        ] {
            let error = run(&super::super::Fixture::new(name, head).scan()).err().unwrap();
            assert!(matches!(error.fault(), Fault::NoTable { found } if *found == expected), "{name}: {error}");
            assert!(error.hint().is_some());
        }
        assert!(matches!(refused("git-lfs-pointer.csv").fault(), Fault::NoTable { found: NoTable::GitLfs }));
        assert!(matches!(refused("feather-1.feather").fault(), Fault::NoTable { found: NoTable::Feather1 }));
        assert!(matches!(refused("encrypted.parquet").fault(), Fault::NoTable { found: NoTable::EncryptedParquet }));
        assert!(matches!(refused("two-files.zip").fault(), Fault::NoTable { found: NoTable::Zip }));
        let brackets = super::super::csv("[a],{b}\n1,2\n");
        assert_eq!(types(&brackets), ["int", "int"], "these are names");
    }

    #[test]
    fn archives_of_one_file_and_joined_streams_are_the_table_that_they_hold() {
        let expected = super::super::csv("a,b\n1,x\n2,y\n3,z\n").profile;
        for (name, compression) in [
            ("two-streams.csv.bz2", Compression::Bzip2),
            ("two-streams.csv.xz", Compression::Xz),
            ("macos.zip", Compression::Zip),
            ("stored.zip", Compression::Zip),
        ] {
            let output = read(name);
            assert!(output.profile == expected, "{name}");
            assert_eq!(output.report.source.compression, compression);
            let bytes = std::fs::read(path(name)).unwrap();
            assert_eq!(output.digests.sha256, zkl_core::digest::Sha256Digest::of(&bytes), "of what is stored");

            // Cut off, it is no shorter table; bytes after it are not ignored.
            for cut in [bytes.len() - 1, bytes.len() - 9, bytes.len() / 2] {
                assert!(run(&super::super::Fixture::new(name, &bytes[..cut]).scan()).is_err(), "{name} cut at {cut}");
            }
            if compression != Compression::Zip {
                let longer = [&bytes, &b"more"[..]].concat();
                assert!(run(&super::super::Fixture::new(name, &longer).scan()).is_err(), "{name}");
            }
        }
        assert!(matches!(refused("checksum-broken.zip").fault(), Fault::Corrupt { what: "ZIP", .. }));
    }

    #[test]
    fn decimal_commas_and_dates_are_read_when_told() {
        let told = |name: &str, options: CsvOptions| run(&Scan::new(Source::path(path(name)).csv(options))).unwrap();
        let output = told("decimal-comma.csv", CsvOptions { decimal_comma: true, ..CsvOptions::default() });
        assert_eq!((types(&output)[1].as_str(), column(&output, 1, "sum").as_str()), ("decimal(2)", "4.25"));
        assert_eq!(output.notes, [note(TableNote::DECIMAL_COMMA)]);
        let days = CsvOptions { dates: Some(DateOrder::DayMonthYear), ..CsvOptions::default() };
        let output = told("day-month-year.csv", days);
        assert_eq!((types(&output), column(&output, 0, "min")), (vec!["date".to_owned()], "2024-02-01".to_owned()));
        let months = CsvOptions { dates: Some(DateOrder::MonthDayYear), ..CsvOptions::default() };
        assert_eq!(types(&told("day-month-year.csv", months)), ["category"], "there is no month 31");
    }

    #[test]
    fn json_strings_are_no_numbers_whatever_comes_first() {
        for name in ["number-then-string.ndjson", "string-then-number.ndjson"] {
            assert_eq!(types(&read(name)), ["category"], "{name}");
        }
    }

    #[test]
    fn json_objects_follow_each_other_with_or_without_lines() {
        for (name, sum) in [("joined-objects.ndjson", "3"), ("pretty-objects.json", "4")] {
            assert_eq!(column(&read(name), 0, "sum"), sum, "{name}");
        }
    }

    #[test]
    fn nan_of_json_is_null_as_in_text() {
        let output = read("nan.json");
        assert_eq!((types(&output), json(&output)["columns"][0]["nulls"].clone()), (vec!["int?".to_owned()], 1.into()));
        let refused = |text: &str| run(&super::super::Fixture::new("t.ndjson", text).scan()).err().unwrap();
        assert!(matches!(refused("{\"x\":-Infinity}\n").fault(), Fault::NotFinite));
        let text = run(&super::super::Fixture::new("t.ndjson", "{\"x\":\"NaN\",\"y\":NaN}\n").scan()).unwrap();
        assert_eq!(json(&text)["columns"][0]["categories"], serde_json::json!({"NaN": 1}), "a string is a string");
    }

    #[test]
    fn utf16_with_a_mark_is_read() {
        let output = read("utf16-bom.csv");
        assert_eq!((names(&output), output.profile.rows), (vec!["a", "b"], 2));
        let big_endian: Vec<u8> = "\u{feff}n\n\u{1f600}\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let output = run(&super::super::Fixture::new("t.csv", &big_endian).scan()).unwrap();
        assert_eq!(json(&output)["columns"][0]["categories"], serde_json::json!({"\u{1f600}": 1}));
        let cut = &big_endian[..big_endian.len() - 5];
        let error = run(&super::super::Fixture::new("t.csv", cut).scan()).err().unwrap();
        assert!(matches!(error.fault(), Fault::NotUtf16), "{error}");
    }

    #[test]
    fn padding_and_frames_to_skip_are_no_data() {
        assert!(read("gzip-zero-padded.csv.gz").profile.rows > 0);
        assert_eq!(names(&read("zstd-skippable-frame.csv.zst")), ["a", "b"]);
        let mut bytes = std::fs::read(path("gzip-zero-padded.csv.gz")).unwrap();
        bytes.extend_from_slice(b"more");
        let error = run(&super::super::Fixture::new("t.csv.gz", bytes).scan()).err().unwrap();
        assert!(matches!(error.fault(), Fault::BytesAfterEnd { what: "gzip" }), "{error}");
    }

    #[test]
    fn binary_columns_that_hold_text_are_text() {
        assert_eq!(types(&read("binary-strings.parquet")), ["category"]);
    }

    #[test]
    fn labels_of_0_and_1_count_as_categories_and_bools() {
        let output = run(&scan("zero-one-label.csv").joint("readmitted", "sex")).unwrap();
        assert_eq!(&types(&output)[..2], ["category", "category"]);
        let output = run(&scan("zero-one-label.csv").options(with_pins(&["readmitted=bool"]))).unwrap();
        assert_eq!(types(&output)[0], "bool");
        let words = super::super::pinned("x,y\nyes,N\nno,Y\n", &["x=bool", "y=bool"]).unwrap();
        assert_eq!(json(&words)["columns"][0]["categories"], serde_json::json!({"true": 1, "false": 1}));
    }
}

/// Floats as programs write them.
mod floats {
    use super::*;

    #[test]
    fn tables_of_full_precision_are_rounded_and_say_so() {
        for name in ["doubles.csv", "standardised.csv"] {
            let output = read(name);
            let rounded = output.layout.columns().iter().filter(|column| column.rounding.is_some()).count();
            assert_eq!(rounded, 2, "{name}: {:?}", types(&output));
            assert!(output.layout.columns().iter().all(|column| match column.encoding {
                zkl_core::layout::Encoding::Numeric { limbs } => limbs <= 3,
                _ => false,
            }));
            // The schema of what was read reads it again, to the same layout.
            let pins = Pins::from_layout(&output.layout);
            let again = run(&scan(name).options(ScanOptions { pins, ..ScanOptions::default() })).unwrap();
            assert_eq!(again.layout, output.layout);
            assert!(again.profile == output.profile);
        }
    }
}
