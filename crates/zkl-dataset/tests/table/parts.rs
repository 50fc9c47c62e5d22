//! Tables in parts: what is observed apart and joined is what one reader of the whole finds.

use zkl_core::{digest::Sha256Digest, layout::Layout};
use zkl_dataset::{
    ColumnPin, DatasetError, EncodedBatch, EncodedColumn, Fault, Frame, PartialScan, PartialScanError, Pins, RowSink,
    Scan, ScanOptions, SinkError, Source,
};

use super::KEY;

const HEADER: &str = "n,price,day,at,flag,town,note\n";
const ROWS: [&str; 6] = [
    "5,1.25,2024-01-05,2024-01-05T10:00:00,true,York,a\n",
    "-3,0.5,2024-02-01,2024-01-04T10:00:00,true,Bath,b\n",
    ",7.125,2023-12-31,2024-01-09T10:00:00,,York,c\n",
    "9,,2024-01-01,,false,,d\n",
    "0,2,,2024-01-01T00:00:00,false,Ely,\n",
    "4,3,2024-03-01,2024-01-01T00:00:01,true,Bath,f\n",
];
const TYPES: [(&str, &str); 7] = [
    ("n", "int"),
    ("price", "decimal(2)"),
    ("day", "date"),
    ("at", "timestamp(s)"),
    ("flag", "bool"),
    ("town", "category"),
    ("note", "text"),
];

fn scan_as(types: &[(&str, &str)], content: &str) -> Scan {
    let pin = |(name, ty): &(&str, &str)| ColumnPin {
        ty: Some(ty.parse().unwrap()),
        round: *name == "price",
        ..ColumnPin::new(*name)
    };
    let pins = Pins::new(false, types.iter().map(pin).collect());
    Scan::new(Source::bytes(content.as_bytes().to_vec())).options(ScanOptions { pins, ..ScanOptions::default() })
}

fn rows(range: std::ops::Range<usize>) -> Scan {
    scan_as(&TYPES, &format!("{HEADER}{}", ROWS[range].concat())).joint("flag", "town").product("n", "price")
}

fn observe(range: std::ops::Range<usize>) -> PartialScan {
    rows(range).observe(&mut ()).unwrap()
}

fn fault(result: Result<impl Sized, DatasetError>) -> String {
    result.err().unwrap().fault().to_string()
}

/// What a sink receives.
#[derive(Default)]
struct Kept {
    frame: Frame,
    columns: Vec<EncodedColumn>,
}

impl RowSink for Kept {
    fn begin(&mut self, _: &Layout, frame: &Frame) -> Result<(), SinkError> {
        self.frame = frame.clone();
        Ok(())
    }

    fn batch(&mut self, batch: &EncodedBatch) -> Result<(), SinkError> {
        self.columns.extend(batch.columns.iter().cloned());
        Ok(())
    }
}

fn cut(whole: &Layout, rows: u64) -> Layout {
    Layout::new(rows, whole.columns().to_vec(), whole.pairs().to_vec()).unwrap()
}

#[test]
fn parts_joined_are_the_whole_table_however_it_was_cut() {
    let mut kept = Kept::default();
    let whole = rows(0..6).run_with_sink(&KEY, &mut (), &mut kept).unwrap();
    let profile = rows(0..6).run(&KEY, &mut ()).unwrap().profile;
    for cuts in [[1, 2], [2, 3], [3, 5]] {
        let [a, b, c] = [0..cuts[0], cuts[0]..cuts[1], cuts[1]..6].map(observe);
        let left = a.clone().followed_by(b.clone()).unwrap().followed_by(c.clone()).unwrap();
        let right = a.followed_by(b.followed_by(c).unwrap()).unwrap();
        assert_eq!(left, right, "joining is associative");
        assert_eq!((left.rows(), left.parts()), (6, 3));
        let reader = rows(0..1);
        assert_eq!(reader.layout_of(&left).unwrap(), whole.layout);
        assert_eq!(reader.frame_of(&left, &KEY), kept.frame);
        assert!(left.agrees_with(&profile));

        let mut part = Kept::default();
        rows(2..5).encode_part(&left, &cut(&whole.layout, 3), &KEY, &mut (), &mut part).unwrap();
        let range = EncodedBatch { first_row: 0, rows: 6, columns: kept.columns.clone() }.slice(2..5);
        assert_eq!((part.frame, part.columns), (kept.frame.clone(), range.columns));
    }
}

#[test]
fn a_profile_of_other_rows_is_noticed() {
    let (whole, other) = (observe(0..6), rows(1..6).run(&KEY, &mut ()).unwrap().profile);
    assert!(!whole.agrees_with(&other), "fewer rows");
    let mut profile = rows(0..6).run(&KEY, &mut ()).unwrap().profile;
    assert!(whole.agrees_with(&profile));
    profile.columns[0].valid -= 1;
    assert!(!whole.agrees_with(&profile), "another number of nulls");
}

#[test]
fn parts_that_do_not_fit_are_not_joined() {
    let renamed = scan_as(&[("m", "int")], "m\n1\n").observe(&mut ()).unwrap();
    let ints = |text: &str| scan_as(&[("n", "int")], text).observe(&mut ()).unwrap();
    assert_eq!(fault(ints("n\n1\n").followed_by(renamed)), Fault::OtherColumns.to_string());
    let retyped = scan_as(&[("n", "text")], "n\n1\n").observe(&mut ()).unwrap();
    assert_eq!(fault(ints("n\n1\n").followed_by(retyped)), Fault::OtherColumns.to_string());

    let times = |text: &str| scan_as(&[("t", "timestamp(s)")], text).observe(&mut ()).unwrap();
    let local = times("t\n2024-01-01T00:00:00\n");
    let mixed = local.clone().followed_by(times("t\n2024-01-01T00:00:00Z\n"));
    assert!(matches!(mixed.err().unwrap().fault(), Fault::NotOfType { .. }));
    assert!(local.followed_by(times("t\n2024-01-02T00:00:00\n")).is_ok());

    let values = |range: std::ops::Range<u32>| {
        let text: String = range.map(|value| format!("v{value}\n")).collect();
        scan_as(&[("c", "category")], &format!("c\n{text}")).observe(&mut ()).unwrap()
    };
    let full = values(0..65_535);
    assert!(full.clone().followed_by(values(7..9)).is_ok());
    let beyond = full.followed_by(values(65_535..65_536));
    assert!(matches!(beyond.err().unwrap().fault(), Fault::TooManyCategories { limit: 65_535 }));
}

#[test]
fn types_are_pinned_before_a_part_is_observed() {
    let error = scan_as(&[("a", "int")], "a,b\n1,2\n").observe(&mut ()).err().unwrap();
    assert!(matches!(error.fault(), Fault::TypeNotPinned));
    assert_eq!(error.place().column.as_deref(), Some("b"));
}

#[test]
fn rows_that_were_not_observed_are_not_encoded() {
    let whole = observe(0..2);
    let layout = rows(0..2).layout_of(&whole).unwrap();
    let encode =
        |scan: &Scan, count: u64| scan.encode_part(&whole, &cut(&layout, count), &KEY, &mut (), &mut Kept::default());
    assert!(encode(&rows(0..2), 2).is_ok());
    assert_eq!(fault(encode(&rows(3..4), 1)), Fault::NotObserved.to_string(), "9 is beyond the largest n");
    assert_eq!(fault(encode(&rows(0..2), 1)), Fault::PartRows { expected: 1, got: 2 }.to_string());
    assert_eq!(fault(encode(&rows(0..1), 2)), Fault::PartRows { expected: 2, got: 1 }.to_string());
    let turned = "price,n,day,at,flag,town,note\n1,5,2024-01-05,2024-01-05T10:00:00,true,York,a\n";
    assert_eq!(fault(encode(&scan_as(&TYPES, turned), 1)), Fault::NotObserved.to_string(), "columns in another order");
}

#[test]
fn the_digests_are_of_the_list_of_the_parts_digests() {
    let parts = [observe(0..2), observe(2..6)];
    let alone: Vec<_> = [0..2, 2..6].map(|range| rows(range).run(&KEY, &mut ()).unwrap().digests).to_vec();
    let mut list = b"zkl/parts/v1\0".to_vec();
    list.extend(2u32.to_le_bytes());
    for part in &alone {
        list.push(1);
        list.extend(part.bytes.to_le_bytes());
        list.extend(part.sha256.as_bytes());
        list.extend(part.sha3_256.as_bytes());
        list.extend(part.blake3.as_bytes());
    }
    let [first, second] = parts;
    let digests = first.clone().followed_by(second.clone()).unwrap().digests();
    assert_eq!((digests.sha256, digests.bytes), (Sha256Digest::of(&list), list.len() as u64));
    assert_ne!(second.followed_by(first).unwrap().digests(), digests, "the order counts");
}

#[test]
fn a_partial_scan_has_one_spelling_and_is_of_some_rows() {
    let scan = observe(0..6);
    let bytes = scan.to_bytes().unwrap();
    assert_eq!(PartialScan::from_bytes(&bytes).unwrap(), scan);
    let text = String::from_utf8(bytes).unwrap();
    let with = |old: &str, new: &str| {
        assert!(text.contains(old), "{old} is not in {text}");
        PartialScan::from_bytes(text.replacen(old, new, 1).as_bytes()).unwrap_err()
    };
    assert!(matches!(with("scan/1", "scan/2"), PartialScanError::Format));
    assert!(matches!(with("{", "{ "), PartialScanError::NotCanonical));
    assert!(matches!(with("\"Bath\",\"Ely\"", "\"Ely\",\"Bath\""), PartialScanError::NotCanonical));
    assert!(matches!(with("\"notes\":", "\"more\":1,\"notes\":"), PartialScanError::Syntax(_)));
    assert!(matches!(with("\"rows\":6", "\"rows\":0"), PartialScanError::Extent));
    assert!(matches!(with("\"rows\":6", "\"rows\":4294967296"), PartialScanError::Extent));
    assert!(matches!(with("stored-bytes", "parts/1"), PartialScanError::Extent));
    assert!(matches!(with("\"nulls\":1", "\"nulls\":7"), PartialScanError::Column { index: 0 }));
    assert!(matches!(with("[-3,9]", "[9,-3]"), PartialScanError::Column { index: 0 }));
    assert!(matches!(with("[-3,9]", "null"), PartialScanError::Column { index: 0 }));
    assert!(matches!(with("\"type\":\"int\"", "\"type\":\"text\""), PartialScanError::Column { index: 0 }));
    assert!(matches!(with("\"name\":\"price\"", "\"name\":\"n\""), PartialScanError::Column { index: 1 }));
    assert!(matches!(with("\"zone\":\"naive\"", "\"zone\":null"), PartialScanError::Column { index: 3 }));
    assert!(matches!(with("[true,true]", "[false,false]"), PartialScanError::Column { index: 4 }));
    assert!(PartialScan::from_bytes(b"").is_err());
}

/// What a driver reads comes from other machines.
#[test]
fn a_partial_scan_that_was_changed_anywhere_is_refused_or_is_another_in_its_one_spelling() {
    let (scan, next) = (observe(0..3), observe(3..6));
    let bytes = scan.to_bytes().unwrap();
    let values = [b'0', b'9', b'-', b'"', b'[', b'}', b',', 0xff];
    let changed = (0..bytes.len()).flat_map(|at| {
        let replaced = values.map(|value| [&bytes[..at], &[value], &bytes[at + 1..]].concat());
        let inserted = values.map(|value| [&bytes[..at], &[value], &bytes[at..]].concat());
        replaced.into_iter().chain(inserted).chain([[&bytes[..at], &bytes[at + 1..]].concat(), bytes[..at].to_vec()])
    });
    let mut read = 0;
    for bytes in changed {
        let Ok(other) = PartialScan::from_bytes(&bytes) else { continue };
        read += 1;
        assert_eq!(other.to_bytes().unwrap(), bytes);
        let (one, two) = (other.clone().followed_by(next.clone()), next.clone().followed_by(other));
        assert_eq!(one.is_ok(), two.is_ok());
    }
    assert!(read > 100, "{read} of them could be read");
}
