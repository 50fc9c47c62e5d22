//! The same table in every format has the same profile, and it is the true one.

use std::{fmt::Write as _, io::Write as _, sync::Arc};

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array, ListArray,
    RecordBatch, StringArray, TimestampSecondArray,
    types::{Int8Type, Int32Type},
};
use num_bigint::BigInt;
use num_rational::BigRational;
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;
use zkl_core::layout::Rounding;
use zkl_core::profile::{ColumnStats, PairProfile, Profile};
use zkl_dataset::{Basis, Compression, Fault, Format, ScanOptions};

use super::{Fixture, json, run, types, with_pins};

#[derive(Clone, Debug, Default)]
struct Columns {
    int: Vec<Option<i64>>,
    /// At scale 3.
    decimal: Vec<Option<i64>>,
    float: Vec<Option<f64>>,
    bool: Vec<Option<bool>>,
    day: Vec<Option<i32>>,
    second: Vec<Option<i64>>,
    text: Vec<Option<String>>,
}

fn columns() -> impl Strategy<Value = Columns> {
    let row = (
        prop::option::weighted(0.8, any::<i64>()),
        prop::option::weighted(0.8, any::<i64>()),
        prop::option::weighted(0.8, (-1_000_000i32..1_000_000).prop_map(|n| f64::from(n) / 64.0)),
        prop::option::weighted(0.8, any::<bool>()),
        prop::option::weighted(0.8, -700_000..2_000_000),
        prop::option::weighted(0.8, -60_000_000_000i64..250_000_000_000),
        prop::option::weighted(0.8, "[a-c][ ,;\"'\né|\\\\]{0,3}x?"),
    );
    prop::collection::vec(row, 0..60).prop_map(|rows| {
        // The first row fixes every column's type, so that text formats infer what typed formats state.
        let mut columns = Columns {
            int: vec![Some(0)],
            decimal: vec![Some(1)],
            float: vec![Some(0.015625)],
            bool: vec![Some(true)],
            day: vec![Some(0)],
            second: vec![Some(0)],
            text: vec![Some("a".into())],
        };
        for (int, decimal, float, bool, day, second, text) in rows {
            columns.int.push(int);
            columns.decimal.push(decimal);
            columns.float.push(float);
            columns.bool.push(bool);
            columns.day.push(day);
            columns.second.push(second);
            columns.text.push(text);
        }
        columns
    })
}

const NAMES: [&str; 7] = ["int", "decimal", "float", "bool", "day", "second", "text"];

fn thousandths(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", value.unsigned_abs() / 1000, value.unsigned_abs() % 1000)
}

fn day_text(day: i32) -> String {
    (jiff::civil::date(1970, 1, 1) + jiff::Span::new().days(day)).to_string()
}

fn second_text(second: i64) -> String {
    jiff::Timestamp::from_second(second).unwrap().strftime("%Y-%m-%d %H:%M:%S").to_string()
}

impl Columns {
    fn rows(&self) -> usize {
        self.int.len()
    }

    /// Cells as text, and whether JSON quotes them.
    fn row(&self, row: usize) -> [(Option<String>, bool); 7] {
        [
            (self.int[row].map(|v| v.to_string()), false),
            (self.decimal[row].map(thousandths), false),
            (self.float[row].map(|v| v.to_string()), false),
            (self.bool[row].map(|v| v.to_string()), false),
            (self.day[row].map(day_text), true),
            (self.second[row].map(second_text), true),
            (self.text[row].clone(), true),
        ]
    }

    fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(NAMES).unwrap();
        for row in 0..self.rows() {
            writer.write_record(self.row(row).map(|(cell, _)| cell.unwrap_or_default())).unwrap();
        }
        writer.into_inner().unwrap()
    }

    fn objects(&self) -> Vec<String> {
        let object = |row| {
            let mut text = String::new();
            for (name, (cell, quoted)) in NAMES.iter().zip(self.row(row)) {
                let value = match cell {
                    Some(cell) if quoted => serde_json::to_string(&cell).unwrap(),
                    Some(cell) => cell,
                    // Half of the nulls are written out.
                    None if row % 2 == 0 => "null".to_owned(),
                    None => continue,
                };
                write!(text, "{}\"{name}\": {value}", if text.is_empty() { "" } else { ", " }).unwrap();
            }
            format!("{{{text}}}")
        };
        (0..self.rows()).map(object).collect()
    }

    fn batch(&self) -> RecordBatch {
        let decimal = Decimal128Array::from_iter(self.decimal.iter().map(|v| v.map(i128::from)));
        let arrays: [ArrayRef; 7] = [
            Arc::new(Int64Array::from(self.int.clone())),
            Arc::new(decimal.with_precision_and_scale(38, 3).unwrap()),
            Arc::new(Float64Array::from(self.float.clone())),
            Arc::new(BooleanArray::from(self.bool.clone())),
            Arc::new(Date32Array::from(self.day.clone())),
            Arc::new(TimestampSecondArray::from(self.second.clone())),
            Arc::new(StringArray::from(self.text.clone())),
        ];
        RecordBatch::try_from_iter_with_nullable(NAMES.into_iter().zip(arrays).map(|(n, a)| (n, a, true))).unwrap()
    }
}

fn parquet_bytes(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn arrow_bytes(batch: &RecordBatch, stream: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    if stream {
        let mut writer = arrow_ipc::writer::StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
        writer.write(batch).unwrap();
        writer.finish().unwrap();
    } else {
        let mut writer = arrow_ipc::writer::FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
        writer.write(batch).unwrap();
        writer.finish().unwrap();
    }
    bytes
}

fn scan(name: &str, bytes: &[u8]) -> zkl_dataset::ScanOutput {
    run(&Fixture::new(name, bytes).scan().product("int", "float")).unwrap()
}

/// Sums from scratch, over big integers.
fn check_against_naive(columns: &Columns, profile: &Profile) {
    let numeric = |index: usize, values: Vec<Option<i64>>| {
        let ColumnStats::Numeric(stats) = &profile.columns[index].stats else { panic!("column {index}") };
        let valid: Vec<BigInt> = values.into_iter().flatten().map(BigInt::from).collect();
        assert_eq!(profile.columns[index].valid, valid.len() as u64);
        assert_eq!(BigInt::from(stats.min), *valid.iter().min().unwrap());
        assert_eq!(BigInt::from(stats.max), *valid.iter().max().unwrap());
        let sum: BigInt = valid.iter().sum();
        let squares: BigInt = valid.iter().map(|v| (v - stats.min) * (v - stats.min)).sum();
        assert_eq!(BigInt::from(stats.sum.clone()), sum - BigInt::from(stats.min) * valid.len());
        assert_eq!(BigInt::from(stats.sum_squares.clone()), squares);
        stats.min
    };
    let min_int = numeric(0, columns.int.clone());
    numeric(1, columns.decimal.clone());
    let floats: Vec<_> = columns.float.iter().map(|v| v.map(|v| (v * 1e6) as i64)).collect();
    let min_float = numeric(2, floats.clone());
    numeric(4, columns.day.iter().map(|v| v.map(i64::from)).collect());
    numeric(5, columns.second.clone());
    let PairProfile::Product(sums) = &profile.pairs[0] else { panic!("no product") };
    let both = columns.int.iter().zip(&floats).filter_map(|(a, b)| Some(((*a)?, (*b)?)));
    let products: BigInt = both.map(|(a, b)| (BigInt::from(a) - min_int) * (BigInt::from(b) - min_float)).sum();
    assert_eq!(BigInt::from(sums.products.clone()), products);
    let ColumnStats::Category(text) = &profile.columns[6].stats else { return };
    for entry in &text.entries {
        let count = columns.text.iter().filter(|v| v.as_ref() == Some(&entry.value)).count();
        assert_eq!(entry.count, count as u64, "{:?}", entry.value);
    }
    assert_eq!(text.entries.iter().map(|entry| entry.count).sum::<u64>(), profile.columns[6].valid);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, rng_seed: proptest::test_runner::RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_format_gives_the_same_true_profile(columns in columns()) {
        let from_csv = scan("t.csv", &columns.csv());
        check_against_naive(&columns, &from_csv.profile);
        let objects = columns.objects();
        let batch = columns.batch();
        let others = [
            scan("t.ndjson", objects.join("\n").as_bytes()),
            scan("t.json", format!("[\n{}\n]", objects.join(",\n")).as_bytes()),
            scan("t.parquet", &parquet_bytes(&batch)),
            scan("t.arrow", &arrow_bytes(&batch, false)),
            scan("t.arrows", &arrow_bytes(&batch, true)),
        ];
        for other in others {
            prop_assert!(other.schema == from_csv.schema, "{:?} {:?}", other.schema, from_csv.schema);
            prop_assert!(other.layout == from_csv.layout);
            prop_assert!(other.profile == from_csv.profile, "{:?}", other.report.source);
        }
    }
}

#[test]
fn the_view_is_the_exact_rational() {
    let output = super::csv("a\n0.1\n0.2\n0.4\n");
    let json = json(&output);
    let column = &json["columns"][0];
    let values = [1, 2, 4].map(|tenths| BigRational::new(tenths.into(), 10.into()));
    let three = BigRational::from_integer(3.into());
    let mean = values.iter().sum::<BigRational>() / &three;
    let variance = values.iter().map(|v| v * v).sum::<BigRational>() / &three - &mean * &mean;
    let twentieth = |value: BigRational| {
        let scaled = (value * BigRational::from_integer(BigInt::from(10).pow(20))).round().to_integer();
        format!("0.{scaled:0>20}")
    };
    assert_eq!(column["mean"], twentieth(mean));
    assert_eq!(column["variance"], twentieth(variance));
    assert_eq!((column["min"].clone(), column["sum"].clone()), ("0.1".into(), "0.7".into()));
    assert_eq!(super::json(&super::csv("a\n1\n2\n"))["columns"][0]["mean"], "1.5");
}

#[test]
fn compression_is_found_by_content_and_changes_only_the_digests() {
    let text = b"a,b\n1,x\n2,y\n";
    let plain = scan_plain("t.csv", text);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(&text[..], 3).unwrap();
    for (name, bytes, compression) in
        [("t.csv.gz", &gzip, Compression::Gzip), ("t", &gzip, Compression::Gzip), ("t.csv", &zstd, Compression::Zstd)]
    {
        let output = scan_plain(name, bytes);
        assert!(output.profile == plain.profile && output.digests != plain.digests);
        assert_eq!((output.report.source.compression, output.digests.bytes), (compression, bytes.len() as u64));
        assert_eq!(output.digests.sha256, zkl_core::digest::Sha256Digest::of(bytes));
    }
    let two_members = [gzip.clone(), {
        let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        e.write_all(b"3,z\n").unwrap();
        e.finish().unwrap()
    }]
    .concat();
    assert_eq!(scan_plain("t.csv.gz", &two_members).profile.rows, 3);
}

fn scan_plain(name: &str, bytes: &[u8]) -> zkl_dataset::ScanOutput {
    run(&Fixture::new(name, bytes).scan()).unwrap()
}

#[test]
fn json_numbers_stay_exact() {
    let output = scan_plain(
        "t.ndjson",
        b"{\"a\":0.1,\"b\":9223372036854775807,\"c\":\"5\"}\n{\"a\":1e-3,\"b\":-1,\"c\":\"00\",\"d\":true}\n",
    );
    assert_eq!(types(&output), ["decimal(3)", "int", "category", "bool?"]);
    let json = json(&output);
    assert_eq!(
        (json["columns"][0]["sum"].clone(), json["columns"][1]["max"].clone()),
        ("0.101".into(), "9223372036854775807".into())
    );
    assert_eq!(output.report.columns[3].first_null, Some(1));
    assert_eq!(output.report.source.format, Format::Ndjson);
    let escaped = scan_plain("t.json", b"[{\"a\\u0041\":\"x\\n\\u00e9\"}]");
    assert_eq!(super::json(&escaped)["columns"][0]["categories"], serde_json::json!({"x\n\u{e9}": 1}));
}

fn parquet_of(columns: Vec<(&str, ArrayRef)>) -> Fixture {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    Fixture::new("t.parquet", parquet_bytes(&batch))
}

#[test]
fn floats_keep_their_shortest_decimal_as_long_as_their_magnitude_leaves_room() {
    let array: ArrayRef = Arc::new(Float64Array::from(vec![Some(0.1), Some(2.0000005), None, Some(1.0 / 3.0)]));
    let fixture = parquet_of(vec![("x", array)]);
    let output = run(&fixture.scan()).unwrap();
    assert_eq!(types(&output), ["decimal(13)?"]);
    let rounding = output.report.columns[0].rounding.unwrap();
    assert_eq!((rounding.values, json(&output)["columns"][0]["sum"].clone()), (1, "2.4333338333333".into()));
    assert!((rounding.max_error - 3.3e-14).abs() < 1e-15, "{}", rounding.max_error);
    assert_eq!(output.layout.columns()[0].rounding, Some(Rounding::to_nearest(13)));
    let told = |scale| run(&fixture.scan().options(ScanOptions { float_scale: Some(scale), ..ScanOptions::default() }));
    let (short, wide) = (told(6).unwrap(), told(18).unwrap());
    assert_eq!(
        (types(&short), json(&short)["columns"][0]["sum"].clone()),
        (vec!["decimal(6)?".to_owned()], "2.433333".into())
    );
    assert_eq!(types(&wide), ["decimal(16)?"]);
    assert!(wide.report.columns[0].rounding.is_none() && wide.layout.columns()[0].rounding.is_none());
}

#[test]
fn digits_alone_are_never_refused() {
    let rounded = |text: &str| {
        let output = run(&Fixture::new("t.csv", text).scan()).unwrap();
        let column = &output.layout.columns()[0];
        (column.ty.to_string(), column.rounding.map(|rounding| rounding.to_string()))
    };
    let half_of = |digits: usize| Some(format!("0.{}5", "0".repeat(digits)));
    assert_eq!(rounded("n\n0.001\n9223372036854775807\n"), ("int".into(), Some("0.5".into())));
    assert_eq!(rounded("n\n9223372036854775807\n0.001\n"), ("int".into(), Some("0.5".into())));
    assert_eq!(rounded("n\n1.5\n0.1234567890123456789\n"), ("decimal(13)".into(), half_of(13)));
    assert_eq!(rounded("n\n1e-300\n0\n"), ("decimal(18)".into(), half_of(18)));
    assert_eq!(rounded(&format!("n\n0.{}\n", "3".repeat(80))), ("decimal(14)".into(), half_of(14)));
    assert_eq!(rounded("n\n1.5000000000000000000000\n"), ("decimal(6)".into(), None), "zeros are no digits");
    assert_eq!(rounded("n\n99999999999999.25\n-92233720368547758.08\n"), ("decimal(2)".into(), None), "money");
    assert_eq!(rounded("n\n123456789.1234567\n-1\n"), ("decimal(5)".into(), half_of(5)));
}

#[test]
fn nan_names_its_row_unless_it_is_null() {
    let array: ArrayRef = Arc::new(Float64Array::from(vec![1.0, f64::NAN]));
    let fixture = parquet_of(vec![("x", array)]);
    let error = run(&fixture.scan()).err().unwrap();
    assert!(matches!(error.fault(), Fault::NotFinite), "{error}");
    assert_eq!((error.place().row, error.place().column.as_deref()), (Some(2), Some("x")));
    assert!(error.hint().unwrap().contains("NaN"));
    let output = run(&fixture.scan().options(ScanOptions { nan_as_null: true, ..ScanOptions::default() })).unwrap();
    assert_eq!((types(&output), output.profile.columns[0].valid), (vec!["int?".to_owned()], 1));
}

#[test]
fn dates_without_end_are_refused() {
    // As DuckDB writes 'infinity'.
    let array: ArrayRef = Arc::new(Date32Array::from(vec![Some(1), None, Some(i32::MAX)]));
    let error = run(&parquet_of(vec![("day", array)]).scan()).err().unwrap();
    assert!(matches!(error.fault(), Fault::NotFinite), "{error}");
    assert_eq!((error.place().row, error.place().column.as_deref()), (Some(3), Some("day")));
}

#[test]
fn typed_columns_keep_their_types() {
    let dictionary: DictionaryArray<Int8Type> = vec![Some("5"), None, Some("true")].into_iter().collect();
    let nulls: ArrayRef = Arc::new(StringArray::from(vec![None::<&str>, None, None]));
    let lists: ArrayRef =
        Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)]), None, Some(vec![])]));
    let columns = || vec![("d", Arc::new(dictionary.clone()) as ArrayRef), ("n", nulls.clone())];
    let output = run(&parquet_of(columns()).scan()).unwrap();
    assert_eq!(types(&output), ["category?", "category?"]);
    assert_eq!(output.report.columns[0].basis, Basis::FileType);
    let mut with_list = columns();
    with_list.push(("l", lists));
    let error = run(&parquet_of(with_list.clone()).scan()).err().unwrap();
    assert!(
        matches!(error.fault(), Fault::Unsupported { .. }) && error.place().column.as_deref() == Some("l"),
        "{error}"
    );
    let output = run(&parquet_of(with_list).scan().options(with_pins(&["l=text"]))).unwrap();
    assert_eq!((types(&output)[2].as_str(), output.profile.columns[2].valid), ("text?", 2));
    assert_eq!(output.layout.columns()[2].encoding, zkl_core::layout::Encoding::Opaque, "a list has no text");
    let json = run(&Fixture::new("t.ndjson", "{\"l\":[1]}\n{}\n").scan().options(with_pins(&["l=text"]))).unwrap();
    assert_eq!(json.profile.columns[0].valid, 1);
}

#[test]
fn truncated_parquet_and_arrow_files_are_refused_at_every_length() {
    let batch = sample().batch();
    for (name, bytes) in [("t.parquet", parquet_bytes(&batch)), ("t.arrow", arrow_bytes(&batch, false))] {
        for length in (1..bytes.len()).step_by(37) {
            let result = run(&Fixture::new(name, &bytes[..length]).scan());
            assert!(result.is_err(), "{name} {length}");
        }
    }
}

fn sample() -> Columns {
    Columns {
        int: vec![Some(1)],
        decimal: vec![Some(2)],
        float: vec![None],
        bool: vec![Some(false)],
        day: vec![Some(3)],
        second: vec![None],
        text: vec![Some("x".into())],
    }
}

#[test]
fn flipped_bytes_of_parquet_and_arrow_files_never_panic() {
    let batch = sample().batch();
    // Some flips of Arrow lengths make its decoder allocate a lot, which takes time.
    for (name, bytes, step) in [
        ("t.parquet", parquet_bytes(&batch), 1),
        ("t.arrow", arrow_bytes(&batch, false), 5),
        ("t.arrows", arrow_bytes(&batch, true), 5),
    ] {
        let mut panics = Vec::new();
        for at in (0..bytes.len()).step_by(step) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            let fixture = Fixture::new(name, &flipped);
            if std::panic::catch_unwind(|| run(&fixture.scan()).is_ok()).is_err() {
                panics.push(at);
            }
        }
        assert!(panics.is_empty(), "{name}: {panics:?}");
    }
}
