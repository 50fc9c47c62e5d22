//! Text: by the digests of its values where it has some, and not by value where that is asked for.

use zkl_core::{
    column::ColumnType,
    hashed::{DigestCells, ValueHasher},
    layout::{ColumnLayout, Encoding, Layout},
};
use zkl_dataset::{
    ColumnPin, DatasetError, EncodedBatch, EncodedColumn, Fault, Frame, PartialScan, Pins, RowSink, Scan, ScanOptions,
    SinkError, Source, TextEncoding,
};

use super::{Fixture, KEY, csv, run, schema_file};

fn pin(name: &str, encoding: TextEncoding) -> ColumnPin {
    ColumnPin { encoding: Some(encoding), ..ColumnPin::new(name) }
}

fn with(scan: Scan, pins: Vec<ColumnPin>) -> Scan {
    scan.options(ScanOptions { pins: Pins::new(false, pins), ..ScanOptions::default() })
}

fn scan(content: &str, pins: Vec<ColumnPin>) -> Scan {
    with(Scan::new(Source::bytes(content.as_bytes().to_vec())), pins)
}

fn encodings(scan: &Scan) -> Result<Vec<Encoding>, DatasetError> {
    Ok(run(scan)?.layout.columns().iter().map(|column| column.encoding).collect())
}

#[derive(Default)]
struct Kept(Vec<EncodedColumn>);

impl RowSink for Kept {
    fn begin(&mut self, _: &Layout, _: &Frame) -> Result<(), SinkError> {
        Ok(())
    }

    fn batch(&mut self, batch: &EncodedBatch) -> Result<(), SinkError> {
        self.0.extend(batch.columns.iter().cloned());
        Ok(())
    }
}

const TABLE: &str = "id,mail,n\n7,a@x,1\n,b@y,2\n007,a@x,3\n";

#[test]
fn a_hashed_column_is_text_and_rows_have_the_digests_of_their_values() {
    let scan = scan(TABLE, vec![pin("id", TextEncoding::Hashed), pin("mail", TextEncoding::Hashed)]);
    let mut kept = Kept::default();
    let scanned = scan.run_with_sink(&KEY, &mut (), &mut kept).unwrap();
    let column = |name, nullable| ColumnLayout::new(name, ColumnType::Text, Encoding::Hashed).nullable(nullable);
    assert_eq!(scanned.layout.columns()[..2], [column("id", true), column("mail", false)]);
    let hasher = ValueHasher::new(ColumnType::Text);
    let [seven, zeros, a, b] = ["7", "007", "a@x", "b@y"].map(|text| hasher.cells(text));
    let hashed = |digests: [DigestCells; 3], valid: [bool; 3]| EncodedColumn::Hashed {
        digests: digests.to_vec(),
        valid: valid.to_vec(),
    };
    // Numbers are taken as they are written, and null is no text.
    assert_eq!(kept.0[0], hashed([seven, DigestCells::default(), zeros], [true, false, true]));
    assert_eq!(kept.0[1], hashed([a, b, a], [true; 3]));
    let profile = run(&scan).unwrap().profile;
    assert_eq!([profile.columns[0].valid, profile.columns[1].valid], [2, 3]);
    // A part of a batch has its own rows.
    let batch = EncodedBatch { first_row: 0, rows: 3, columns: kept.0 };
    assert_eq!(batch.slice(1..2).columns[1], EncodedColumn::Hashed { digests: vec![b], valid: vec![true] });
}

#[test]
fn text_is_hashed_unless_it_is_to_be_opaque() {
    let text = |encoding| vec![ColumnPin { ty: Some(ColumnType::Text), encoding, ..ColumnPin::new("id") }];
    let of = |pins| encodings(&scan(TABLE, pins)).unwrap()[0];
    assert_eq!(of(text(None)), Encoding::Hashed);
    assert_eq!(of(text(Some(TextEncoding::Hashed))), Encoding::Hashed);
    assert_eq!(of(text(Some(TextEncoding::Opaque))), Encoding::Opaque);
    assert_eq!(of(vec![pin("id", TextEncoding::Opaque)]), Encoding::Opaque);
    // What a dictionary holds is no text, if nobody says so.
    assert_eq!(of(Vec::new()), Encoding::Category { capacity: 4 });
    // The same of a file.
    let pins = schema_file("s.toml", "version = 1\n[[columns]]\nname = \"id\"\nencoding = \"opaque\"\n").unwrap();
    let options = ScanOptions { pins, ..ScanOptions::default() };
    assert_eq!(encodings(&scan(TABLE, Vec::new()).options(options.clone())).unwrap()[0], Encoding::Opaque);
    let written = options.pins.to_toml().unwrap();
    assert_eq!(schema_file("t.toml", &written).unwrap().columns(), options.pins.columns());
}

#[test]
fn what_was_opaque_is_read_again_as_it_was() {
    let text = vec![ColumnPin { ty: Some(ColumnType::Text), ..ColumnPin::new("id") }];
    let before = run(&scan(TABLE, vec![pin("id", TextEncoding::Opaque)])).unwrap().layout;
    let again = scan(TABLE, text.clone()).committed_as(&before);
    assert_eq!(encodings(&again).unwrap()[0], Encoding::Opaque);
    // Unless somebody says otherwise.
    let hashed = scan(TABLE, vec![pin("id", TextEncoding::Hashed)]).committed_as(&before);
    assert_eq!(encodings(&hashed).unwrap()[0], Encoding::Hashed);
    let after = run(&hashed).unwrap().layout;
    assert_eq!(encodings(&scan(TABLE, text).committed_as(&after)).unwrap()[0], Encoding::Hashed);
    // The pins of a layout say how its text is committed to.
    for layout in [before, after] {
        let pins = Pins::from_layout(&layout);
        let options = ScanOptions { pins, ..ScanOptions::default() };
        assert_eq!(run(&scan(TABLE, Vec::new()).options(options)).unwrap().layout, layout);
    }
}

#[test]
fn values_without_a_text_are_not_hashed() {
    let nested = "{\"a\": \"x\", \"b\": 1}\n{\"a\": [1], \"b\": 2}\n";
    let file = Fixture::new("t.ndjson", nested);
    let text = vec![ColumnPin { ty: Some(ColumnType::Text), ..ColumnPin::new("a") }];
    assert_eq!(encodings(&with(file.scan(), text.clone())).unwrap()[0], Encoding::Opaque);
    let error = encodings(&with(file.scan(), vec![pin("a", TextEncoding::Hashed)])).err().unwrap();
    assert!(matches!(error.fault(), Fault::Unsupported { .. }), "{error}");
    // One part of a table is enough.
    let types = |mut pins: Vec<ColumnPin>| {
        pins.push(ColumnPin { ty: Some(ColumnType::Int), ..ColumnPin::new("b") });
        pins
    };
    let part = |content: &str| Fixture::new("t.ndjson", content);
    let (first, second) = (part("{\"a\": \"x\", \"b\": 1}\n"), part("{\"a\": [1], \"b\": 2}\n"));
    let observed = |fixture: &Fixture| with(fixture.scan(), types(text.clone())).observe(&mut ()).unwrap();
    let whole = |parts: [PartialScan; 2]| {
        let [one, other] = parts;
        let joined = one.followed_by(other).unwrap();
        let again = PartialScan::from_bytes(&joined.to_bytes().unwrap()).unwrap();
        with(first.scan(), types(text.clone())).layout_of(&again).unwrap().columns()[0].encoding
    };
    assert_eq!(whole([observed(&first), observed(&second)]), Encoding::Opaque);
    assert_eq!(whole([observed(&second), observed(&first)]), Encoding::Opaque);
    assert_eq!(whole([observed(&first), observed(&first)]), Encoding::Hashed);
}

#[test]
fn only_text_is_hashed_or_opaque() {
    let pinned = ColumnPin { ty: Some(ColumnType::Int), ..pin("id", TextEncoding::Hashed) };
    let error = encodings(&scan(TABLE, vec![pinned])).err().unwrap();
    assert!(matches!(error.fault(), Fault::TextEncoding { ty: ColumnType::Int }), "{error}");
    assert_eq!(error.place().column.as_deref(), Some("id"));
    assert_eq!(csv(TABLE).layout.columns()[1].encoding, Encoding::Category { capacity: 4 });
}
