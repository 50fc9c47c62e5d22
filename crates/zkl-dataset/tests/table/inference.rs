//! What columns are taken for, and how CSV text is understood.

use zkl_core::{
    layout::Layout,
    profile::{ColumnStats, PairProfile, Profile},
};
use zkl_dataset::{
    Basis, CsvOptions, EncodedBatch, EncodedColumn, Frame, Pass, ProfileSums, ProgressUpdate, RowSink, Scan,
    ScanOptions, SinkError, Source,
};

use super::{Fixture, KEY, csv, json, pinned, run, schema_file, types};

#[test]
fn columns_get_the_narrowest_type_of_all_their_values() {
    let output = csv("b,i,d,day,t,c,z,n\n\
        True,1,1.5,2020-01-31,2020-01-01 10:00:00,x,00501,NA\n\
        FALSE,-2,1e-3,1969-12-31,2020-01-01T10:00:00.25,y,10001,\n\
        true,,3,NULL,,None,00501,nan\n");
    let expected = ["bool", "int?", "decimal(3)", "date?", "timestamp(ms)?", "category?", "category", "category?"];
    assert_eq!(types(&output), expected);
    let json = json(&output);
    let column = |index: usize| json["columns"][index].clone();
    assert_eq!(column(0)["categories"], serde_json::json!({"false": 1, "true": 2}));
    assert_eq!(column(2)["sum"], "4.501");
    assert_eq!((column(3)["min"].clone(), column(3)["max"].clone()), ("1969-12-31".into(), "2020-01-31".into()));
    assert_eq!(column(4)["max"], "2020-01-01T10:00:00.250");
    assert_eq!(column(6)["categories"], serde_json::json!({"00501": 2, "10001": 1}));
    assert_eq!(column(7)["nulls"], 3);
    assert_eq!(output.report.columns[7].basis, Basis::OnlyNulls);
    assert_eq!(output.layout.columns()[0].encoding, zkl_core::layout::Encoding::Category { capacity: 4 });
}

#[test]
fn mixed_types_become_categories_and_the_report_says_where() {
    let output = csv("a,b\n1,True\n2,1\n-,False\n2,1\n");
    assert_eq!(types(&output), ["category", "category"]);
    let report = &output.report.columns[0];
    let ruled_out = report.ruled_out.as_ref().unwrap();
    assert_eq!((report.basis, ruled_out.was, ruled_out.line), (Basis::MixedTypes, "int", 4));
    assert_eq!(json(&output)["columns"][0]["categories"], serde_json::json!({"1": 1, "2": 2, "-": 1}));
    assert!(output.report.to_string().contains("line 4 holds \"-\", which is no int"), "{}", output.report);
}

#[test]
fn many_values_become_text() {
    let rows: String = (0..65_536).map(|i| format!("v{i},{}\n", i % 300)).collect();
    let output = run(&Fixture::new("t.csv", format!("a,b\n{rows}")).scan()).unwrap();
    assert_eq!(types(&output), ["text", "int"]);
    assert_eq!(output.report.columns[0].basis, Basis::TooManyValues);
    assert_eq!(output.layout.columns()[0].encoding, zkl_core::layout::Encoding::Hashed);
    assert_eq!(output.profile.columns[0].valid, 65_536);
    let grouped = pinned(&format!("a,b\n{rows}"), &["b=category"]).unwrap();
    assert!(matches!(&grouped.profile.columns[1].stats, ColumnStats::Grouped(stats) if stats.distinct() == 300));
    assert_eq!(json(&grouped)["columns"][1]["categories"].as_object().unwrap().len(), 300);
}

#[test]
fn dialects_are_found_out() {
    for (text, delimiter) in [
        ("a;b\n1,5;2\n", ';'),
        ("a\tb\n1\t2\n", '\t'),
        ("a|b\n1|2\n", '|'),
        ("a\n1\n", ','),
        ("a,b\n\"x;y;z\",2\n", ','),
    ] {
        assert_eq!(csv(text).report.source.delimiter, Some(delimiter), "{text:?}");
    }
    let given = CsvOptions { delimiter: Some(b';'), quote: Some(b'\''), has_header: false, ..CsvOptions::default() };
    let fixture = Fixture::new("t.csv", "'a;b';1\n'it''s';2\n");
    let output = run(&Scan::new(Source::path(fixture.path()).csv(given))).unwrap();
    let expected = serde_json::json!({"a;b": 1, "it's": 1});
    assert_eq!((json(&output)["columns"][0]["categories"].clone(), output.profile.rows), (expected, 2));
    assert_eq!(output.schema.columns[1].name, "column_2");
    // The first row, which tells the number of columns, is cut like any other.
    let given = CsvOptions { has_header: false, ..CsvOptions::default() };
    let fixture = Fixture::new("t.csv", "\"a \"\"b\"\" c\",1\nd,2\n");
    let output = run(&Scan::new(Source::path(fixture.path()).csv(given))).unwrap();
    assert_eq!(json(&output)["columns"][0]["categories"], serde_json::json!({"a \"b\" c": 1, "d": 1}));
    assert_eq!(json(&output)["columns"][1]["sum"], "3");
}

#[test]
fn quoting_line_ends_and_byte_order_marks_do_not_change_values() {
    let plain = csv("a,b\nx,1\ny,2\n").profile;
    for text in [
        "\u{feff}a,b\nx,1\ny,2",
        "a,b\r\nx,1\r\n\r\ny,2\r\n",
        "\"a\",\"b\"\n\"x\",\"1\"\n\"y\",2\n\n",
        "a,b\rx,1\ry,2\r",
    ] {
        assert!(csv(text).profile == plain, "{text:?}");
    }
    let output = csv("a\n\"two\nlines\"\n\"a \"\"quote\"\"\"\n\"x\"y\n");
    assert_eq!(
        json(&output)["columns"][0]["categories"],
        serde_json::json!({"two\nlines": 1, "a \"quote\"": 1, "xy": 1})
    );
}

#[test]
fn cells_agree_with_the_csv_crate() {
    let text = "h1,h2,h3\n\"a\"\"b\",\"c,d\",e\r\n\"multi\r\nline\",,\"\"\n x , \"y\" ,z\"z\n\"q\"tail,\"\"\"\",é\n";
    let mut expected = [vec![], vec![], vec![]];
    for record in csv::Reader::from_reader(text.as_bytes()).records() {
        for (column, cell) in record.unwrap().iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            expected[column].push(cell.to_owned());
        }
    }
    let output = csv(text);
    for (column, mut values) in expected.into_iter().enumerate() {
        values.sort();
        let found =
            json(&output)["columns"][column]["categories"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(found, values);
    }
}

#[test]
fn rows_longer_than_the_window_are_read_whole() {
    let long = "x".repeat(700_000);
    let output = csv(format!("a,b\n1,\"{long}\"\n2,{long}y\n3,z\n"));
    assert_eq!(output.profile.rows, 3);
    assert_eq!(json(&output)["columns"][1]["categories"].as_object().unwrap().len(), 3);
}

#[test]
fn schema_files_pin_types_nulls_and_rounding() {
    let toml = "version = 1\n[[columns]]\nname = \"a\"\ntype = \"int\"\nnull_tokens = [\"-1\"]\nnullable = true\n\
        [[columns]]\nname = \"b\"\ntype = \"decimal(1)\"\nround = true\n";
    let pins = schema_file("s.toml", toml).unwrap();
    let fixture = Fixture::new("t.csv", "a,b,c\n-1,0.25,1\n2,0.35,NA\n3,7,3\n");
    let output = run(&fixture.scan().options(ScanOptions { pins, ..ScanOptions::default() })).unwrap();
    assert_eq!(types(&output), ["int?", "decimal(1)", "int?"]);
    assert_eq!(json(&output)["columns"][1]["sum"], "7.6");
    let rounding = output.report.columns[1].rounding.unwrap();
    assert_eq!(rounding.values, 2);
    assert!((rounding.max_error - 0.05).abs() < 1e-12);
    assert_eq!(output.report.columns[0].nulls, 1);
    let again = zkl_dataset::Pins::from_layout(&csv("a\n1\n").layout);
    assert!(
        run(&Fixture::new("t.csv", "a\n5\n").scan().options(ScanOptions { pins: again, ..ScanOptions::default() }))
            .is_ok()
    );
}

#[test]
fn pairs_count_and_multiply_rows_where_both_are_valid() {
    let fixture = Fixture::new("t.csv", "g,l,x,y\n1,yes,1,10\n2,no,2,\n1,,4,40\n1,yes,,5\n");
    let output = run(&fixture.scan().joint("g", "l").product("x", "y")).unwrap();
    assert_eq!(types(&output), ["category", "category?", "int?", "int?"]);
    assert_eq!(output.report.columns[0].basis, Basis::Joint);
    let code = |column: usize, value: &str| match &output.profile.columns[column].stats {
        ColumnStats::Category(stats) => stats.code_of(value).unwrap(),
        _ => 0,
    };
    let PairProfile::Joint(joint) = &output.profile.pairs[0] else { panic!("no joint") };
    assert_eq!(joint.counts.len(), 16);
    assert_eq!(joint.counts[code(0, "1") * 4 + code(1, "yes")], 2);
    assert_eq!(joint.counts[code(0, "2") * 4 + code(1, "no")], 1);
    assert_eq!(joint.counts[code(0, "1") * 4], 1);
    assert_eq!(joint.counts.iter().sum::<u64>(), 4);
    let PairProfile::Product(sums) = &output.profile.pairs[1] else { panic!("no product") };
    // u = x - 1, w = y - 5: rows (0, 5) and (3, 35).
    let found = [&sums.products, &sums.left_sum, &sums.right_sum, &sums.left_squares, &sums.right_squares];
    assert_eq!((sums.valid, found.map(|sum| u64::try_from(sum).unwrap())), (2, [105, 3, 40, 9, 1_250]));
}

#[derive(Default)]
struct Collector {
    rows: Vec<(u64, bool, u16)>,
    columns: usize,
}

impl RowSink for Collector {
    fn begin(&mut self, layout: &Layout, _: &Frame) -> Result<(), SinkError> {
        self.columns = layout.columns().len();
        Ok(())
    }

    fn batch(&mut self, batch: &EncodedBatch) -> Result<(), SinkError> {
        assert_eq!((batch.first_row, batch.columns.len()), (self.rows.len() as u64, self.columns));
        let [EncodedColumn::Numeric { u, valid }, EncodedColumn::Codes(codes)] = &batch.columns[..] else {
            return Err("unexpected columns".into());
        };
        self.rows.extend((0..batch.rows).map(|row| (u[row], valid[row], codes[row])));
        Ok(())
    }
}

#[test]
fn sinks_receive_every_row_once_and_in_order() {
    let rows: String = (0..20_000)
        .map(|i| if i % 7 == 0 { format!(",c{}\n", i % 3) } else { format!("{},c{}\n", i - 5, i % 3) })
        .collect();
    let fixture = Fixture::new("t.csv", format!("a,b\n{rows}"));
    let mut sink = Collector::default();
    let mut updates: Vec<ProgressUpdate> = Vec::new();
    fixture.scan().run_with_sink(&KEY, &mut |update| updates.push(update), &mut sink).unwrap();
    assert_eq!(sink.rows.len(), 20_000);
    let output = run(&fixture.scan()).unwrap();
    let ColumnStats::Category(stats) = &output.profile.columns[1].stats else { panic!("no category") };
    for (i, (u, valid, code)) in (0u64..).zip(sink.rows) {
        assert_eq!((u, valid), if i % 7 == 0 { (0, false) } else { (i - 1, true) });
        assert_eq!(stats.entries[usize::from(code) - 1].value, format!("c{}", i % 3));
    }
    let last = updates.last().unwrap();
    assert_eq!((last.pass, last.rows, last.bytes_done), (Pass::Encode, 20_000, last.bytes_total));
}

/// Sums the profile of the rows before and from row `cut` apart.
struct Halves {
    cut: u64,
    layout: Option<Layout>,
    frame: Frame,
    sums: Vec<ProfileSums>,
}

impl RowSink for Halves {
    fn begin(&mut self, layout: &Layout, frame: &Frame) -> Result<(), SinkError> {
        (self.layout, self.frame) = (Some(layout.clone()), frame.clone());
        self.sums = vec![ProfileSums::new(layout), ProfileSums::new(layout)];
        Ok(())
    }

    fn batch(&mut self, batch: &EncodedBatch) -> Result<(), SinkError> {
        let cut = self.cut.saturating_sub(batch.first_row) as usize;
        self.sums[0].add(&batch.slice(0..cut));
        self.sums[1].add(&batch.slice(cut..usize::MAX));
        Ok(())
    }
}

#[test]
fn profiles_of_two_parts_add_up_to_that_of_the_table() {
    let rows: String = (0..20_000).map(|i| format!("{},c{}\n", (i * 37) % 1_001 - 500, i / 5_000)).collect();
    let fixture = Fixture::new("t.csv", format!("a,b\n{rows}"));
    let mut sink = Halves { cut: 10_007, layout: None, frame: Frame::default(), sums: Vec::new() };
    fixture.scan().run_with_sink(&KEY, &mut (), &mut sink).unwrap();
    let whole = run(&fixture.scan()).unwrap().profile;
    let layout = sink.layout.unwrap();
    let parts: Vec<_> = sink.sums.into_iter().map(|sums| sums.finish(&layout, &sink.frame)).collect();
    assert_eq!(parts.iter().map(|part| part.rows).collect::<Vec<_>>(), [10_007, 9_993]);

    let numeric = |profile: &Profile| match &profile.columns[0].stats {
        ColumnStats::Numeric(stats) => stats.clone(),
        _ => panic!("no numbers"),
    };
    let [first, second] = [numeric(&parts[0]), numeric(&parts[1])];
    assert_eq!((first.min, first.max), (-500, 500), "a part has the bounds of the table");
    assert_eq!(first.sum + second.sum, numeric(&whole).sum);
    assert_eq!(first.sum_squares + second.sum_squares, numeric(&whole).sum_squares);

    let counts = |profile: &Profile| match &profile.columns[1].stats {
        ColumnStats::Category(stats) => stats.entries.clone(),
        _ => panic!("no category"),
    };
    for ((first, second), whole) in counts(&parts[0]).iter().zip(&counts(&parts[1])).zip(&counts(&whole)) {
        assert_eq!((&first.value, &second.value), (&whole.value, &whole.value), "codes are those of the table");
        assert_eq!(first.count + second.count, whole.count);
        assert!([first.count, second.count].contains(&0) || whole.value == "c2");
    }
}

#[test]
fn extreme_integers_are_exact() {
    let output = csv(format!("a\n{}\n{}\n0\n", i64::MIN, i64::MAX));
    let json = json(&output);
    let column = &json["columns"][0];
    assert_eq!(column["sum"], "-1");
    assert_eq!(column["mean"], "-0.33333333333333333333");
    assert_eq!(column["variance"], "56713727820156410571080186547391518037.55555555555555555556");
    assert_eq!(output.layout.columns()[0].encoding, zkl_core::layout::Encoding::Numeric { limbs: 4 });
}
