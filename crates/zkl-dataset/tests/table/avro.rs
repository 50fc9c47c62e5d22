//! Avro object container files: values of every type and codec, and what is refused.

use std::{fmt::Write as _, io::Write as _};

use flate2::{Compression as Level, write::DeflateEncoder};
use serde_json::{Value, json};
use zkl_dataset::{DatasetError, Fault, Format, Scan, ScanOutput, Source};

use super::{csv, json as view_of, run, types, with_pins};

/// Written by fastavro: sixty visits with a value of every type, in several blocks.
const VISITS: [(&str, &[u8]); 6] = [
    ("null", include_bytes!("../cases/visits-null.avro")),
    ("deflate", include_bytes!("../cases/visits-deflate.avro")),
    ("snappy", include_bytes!("../cases/visits-snappy.avro")),
    ("zstandard", include_bytes!("../cases/visits-zstandard.avro")),
    ("bzip2", include_bytes!("../cases/visits-bzip2.avro")),
    ("xz", include_bytes!("../cases/visits-xz.avro")),
];
const NESTED: &[u8] = include_bytes!("../cases/nested.avro");
const MARKER: [u8; 16] = *b"ZKL-sync-marker!";

fn read(bytes: impl Into<Vec<u8>>) -> Result<ScanOutput, DatasetError> {
    run(&Scan::new(Source::bytes(bytes.into())))
}

fn refused(bytes: impl Into<Vec<u8>>) -> DatasetError {
    read(bytes).err().unwrap()
}

/// What the decoder says of a file that is not valid.
fn reason(error: &DatasetError) -> String {
    let Fault::Corrupt { what: "Avro", source } = error.fault() else { panic!("{error}") };
    source.to_string()
}

fn long(value: i64) -> Vec<u8> {
    let mut zigzag = ((value << 1) ^ (value >> 63)) as u64;
    let mut bytes = Vec::new();
    while zigzag >= 0x80 {
        bytes.push(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    bytes.push(zigzag as u8);
    bytes
}

fn text(value: &[u8]) -> Vec<u8> {
    [long(value.len() as i64), value.to_vec()].concat()
}

/// A container, from entries of its header and blocks of a count of rows with their bytes.
fn container(entries: &[(&str, &[u8])], blocks: &[(i64, &[u8])]) -> Vec<u8> {
    let mut bytes = b"Obj\x01".to_vec();
    bytes.extend(long(entries.len() as i64));
    for (key, value) in entries {
        bytes.extend([text(key.as_bytes()), text(value)].concat());
    }
    bytes.extend([&long(0)[..], &MARKER].concat());
    for (rows, data) in blocks {
        bytes.extend([long(*rows), text(data), MARKER.to_vec()].concat());
    }
    bytes
}

fn record(fields: &Value) -> Vec<u8> {
    json!({ "type": "record", "name": "R", "fields": fields }).to_string().into_bytes()
}

/// A file of one column.
fn column(ty: &Value, rows: i64, data: &[u8]) -> Vec<u8> {
    let fields = json!([{ "name": "a", "type": ty }]);
    container(&[("avro.schema", &record(&fields))], &[(rows, data)])
}

/// The visits as the script beside them makes them, written as CSV. Texts that look like numbers are in no other way than by another word there.
fn visits_as_csv() -> String {
    let mut rows =
        String::from("id,code,weight,dose,smoker,ward,before,note,raw,key,cost,tax,born,seen,left,local,empty\n");
    let cents =
        |value: i64| format!("{}{}.{:02}", if value < 0 { "-" } else { "" }, value.abs() / 100, value.abs() % 100);
    for index in 0..60i64 {
        let odd = index % 2 == 1;
        let sign = if odd { -1 } else { 1 };
        let or = |null: bool, value: String| if null { String::new() } else { value };
        let code = or(index % 7 == 0, (sign * (1i64 << (index + 3).min(62))).to_string());
        let weight = or(index % 5 == 0, (index as f64 / 8.0).to_string());
        let smoker = or(index % 3 == 0, odd.to_string());
        let note = or(index % 4 == 0, ["z07", "\"é, \"\"q\"\"\"", "-"][(index % 3) as usize].to_owned());
        let cost = or(index % 6 == 0, cents(index * 1001 - 20_000));
        let tax = format!("{}{}.{:04}", if odd { "-" } else { "" }, 100_000_000_000i64, index);
        let day = match index {
            ..12 => format!("1969-12-{}", 20 + index),
            12..43 => format!("1970-01-{:02}", index - 11),
            _ => format!("1970-02-{:02}", index - 42),
        };
        let minute = |fraction: &str| match index {
            0 => format!("2024-02-28T23:59:59{fraction}"),
            _ => format!("2024-02-29T00:{:02}:59{fraction}", index - 1),
        };
        let seen = or(index % 9 == 0, minute(&format!(".{index:03}Z")));
        let (left, local) = (minute(&format!(".{index:06}Z")), minute(".000"));
        let (ward, raw) = if odd { ("SOUTH", "ß") } else { ("NORTH", "a") };
        let before = if odd { "" } else { "NORTH" };
        let dose = index as f64 / 10.0;
        writeln!(
            rows,
            "{},{code},{weight},{dose},{smoker},{ward},{before},{note},{raw},00000000-0000-0000-0000-{index:012x},{cost},{tax},{day},{seen},{left},{local},",
            index - 30,
        )
        .unwrap();
    }
    rows
}

#[test]
fn values_of_every_type_and_codec_are_those_that_were_written() {
    let expected = csv(visits_as_csv());
    let expected: Value = serde_json::from_str(&view_of(&expected).to_string().replace("\"z07\"", "\"07\"")).unwrap();
    let mut digests = Vec::new();
    for (codec, bytes) in VISITS {
        let found = read(bytes).unwrap();
        assert_eq!((found.report.source.format, found.profile.rows), (Format::Avro, 60), "{codec}");
        let expected_types = [
            "int",
            "int?",
            "decimal(3)?",
            "decimal(1)",
            "bool?",
            "category",
            "category?",
            "category?",
            "category",
            "category",
            "decimal(2)?",
            "decimal(4)",
            "date",
            "timestamp(ms)?",
            "timestamp(us)",
            "timestamp(ms)",
            "category?",
        ];
        assert_eq!(types(&found), expected_types, "{codec}");
        assert_eq!(view_of(&found)["columns"], expected["columns"], "{codec}");
        assert_eq!(found.notes, [], "{codec}");
        digests.push(found.digests);
    }
    // Of the bytes of the files, which are all different.
    digests.dedup();
    assert_eq!(digests.len(), VISITS.len());
}

#[test]
fn containers_are_found_by_their_first_bytes_and_read_from_other_compressions() {
    let bytes = VISITS[1].1;
    let expected = view_of(&read(bytes).unwrap());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), Level::fast());
    gzip.write_all(bytes).unwrap();
    assert_eq!(view_of(&read(gzip.finish().unwrap()).unwrap()), expected);
    let named = Source::bytes(bytes).named("visits.csv");
    assert_eq!(view_of(&run(&Scan::new(named)).unwrap()), expected);
    // What is called so is read as nothing else.
    let other = Source::bytes("a,b\n1,2\n").named("visits.avro");
    assert!(reason(&run(&Scan::new(other)).err().unwrap()).contains("does not begin"));
}

#[test]
fn nested_values_unions_and_times_of_day_are_refused_or_counted() {
    let error = refused(NESTED);
    assert!(matches!(error.fault(), Fault::Unsupported { .. }), "{error}");
    assert_eq!(error.place().column.as_deref(), Some("list"));
    let pins = ["list=text", "map=text", "record=text", "again=text", "either=text", "clock=text"];
    let counted = run(&Scan::new(Source::bytes(NESTED)).options(with_pins(&pins))).unwrap();
    let nulls: Vec<_> =
        view_of(&counted)["columns"].as_array().unwrap().iter().map(|column| column["nulls"].clone()).collect();
    assert_eq!(nulls, [0, 0, 3, 0, 4, 2, 0].map(Value::from));
}

#[test]
fn a_file_that_is_cut_off_is_refused_unless_a_block_ends_there() {
    for (codec, bytes) in VISITS {
        let ends: Vec<usize> = (16..bytes.len()).filter(|&at| bytes[at - 16..at] == MARKER).collect();
        for length in (1..bytes.len()).filter(|length| length % 7 == 0 || ends.contains(length)) {
            let cut = read(&bytes[..length]);
            match ends.iter().position(|&end| end == length) {
                // A header alone is a table without rows.
                Some(0) => assert!(matches!(cut.err().unwrap().fault(), Fault::NoRows)),
                Some(_) => assert!(cut.unwrap().profile.rows < 60),
                None if length < 4 => assert!(cut.is_err(), "{codec} {length}"),
                None => {
                    let error = cut.err().unwrap();
                    assert!(matches!(error.fault(), Fault::Truncated { what: "Avro" }), "{codec} {length}: {error}");
                }
            }
        }
    }
}

#[test]
fn bytes_that_were_changed_never_end_in_a_panic_and_checksums_are_compared() {
    for (codec, bytes) in VISITS {
        for at in (4..bytes.len()).step_by(11) {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1 << (at % 8);
            let _ = read(changed);
        }
        for end in [&b""[..], b"\0", b"\0\0", &MARKER] {
            assert_eq!(read([bytes, end].concat()).is_err(), !end.is_empty(), "{codec}");
        }
    }
    let fields = record(&json!([{ "name": "a", "type": "long" }]));
    let snappy = |data: &[u8], checksum: u32| {
        // A literal of up to 60 bytes.
        let packed = [&[data.len() as u8, (data.len() as u8 - 1) << 2], data, &checksum.to_be_bytes()].concat();
        container(&[("avro.schema", &fields), ("avro.codec", b"snappy")], &[(2, &packed)])
    };
    let mut crc = flate2::Crc::new();
    crc.update(&[2, 4]);
    assert_eq!(read(snappy(&[2, 4], crc.sum())).unwrap().profile.rows, 2);
    assert_eq!(reason(&refused(snappy(&[2, 6], crc.sum()))), "a block does not have the checksum that it tells");
    assert!(
        reason(&refused(container(&[("avro.schema", &fields), ("avro.codec", b"snappy")], &[(1, b"abc")])))
            .contains("unpacked")
    );
}

#[test]
fn counts_and_markers_that_lie_are_refused() {
    let is = |bytes: Vec<u8>, expected: &str| {
        let error = refused(bytes);
        assert_eq!(reason(&error), expected);
        error.place().row
    };
    let long_column = |rows, data: &[u8]| column(&json!("long"), rows, data);
    assert_eq!(read(long_column(3, &[2, 4, 6])).unwrap().profile.rows, 3);
    // More rows than there are, fewer, and a number that ends in the next block.
    assert_eq!(is(long_column(4, &[2, 4, 6]), "the block ends before its rows"), Some(4));
    assert_eq!(is(long_column(i64::MAX, &[2]), "the block ends before its rows"), Some(2));
    assert_eq!(is(long_column(2, &[2, 4, 6]), "a block holds more than the rows that it counts"), Some(3));
    assert_eq!(is(long_column(0, &[2]), "a block holds more than the rows that it counts"), Some(1));
    assert_eq!(is(long_column(1, &[0x80]), "the block ends before its rows"), Some(1));
    is(long_column(-1, &[2]), "a count or a length is negative, or larger than what follows");
    is(long_column(1, &[0xff; 10]), "a number is longer than its type");
    // A block without rows is one.
    let fields = record(&json!([{ "name": "a", "type": "long" }]));
    let entries: [(&str, &[u8]); 1] = [("avro.schema", &fields)];
    assert_eq!(read(container(&entries, &[(1, &[2]), (0, &[]), (1, &[4])])).unwrap().profile.rows, 2);
    let mut marker = container(&entries, &[(1, &[2]), (1, &[4])]);
    let at = marker.len() - 16 - 3 - 1;
    marker[at] ^= 1;
    is(marker, "a block does not end with the marker of the file");
    let mut bytes = container(&entries, &[]);
    let header = bytes.clone();
    bytes.extend([long(1), long(-5)].concat());
    is(bytes, "a count or a length is negative, or larger than what follows");
    let mut bytes = header.clone();
    bytes.extend([long(1), long(i64::MAX)].concat());
    is(bytes, "a block is larger than 268435456 bytes");
    let mut bytes = header;
    bytes.extend([long(1), long(1 << 27), vec![2]].concat());
    assert!(matches!(refused(bytes).fault(), Fault::Truncated { what: "Avro" }));
}

#[test]
fn values_that_are_not_of_their_type_are_refused() {
    let not = "the value is not of the type that the schema tells";
    let is = |ty: Value, data: &[u8], expected: &str| {
        let error = refused(column(&ty, 1, data));
        assert_eq!((reason(&error).as_str(), error.place().row), (expected, Some(1)));
    };
    is(json!("boolean"), &[2], not);
    is(json!(["null", "long"]), &[4, 2], not);
    is(json!(["null", "long"]), &[1, 2], "a count or a length is negative, or larger than what follows");
    is(json!({ "type": "enum", "name": "E", "symbols": ["A", "B"] }), &[4], not);
    is(json!("int"), &long(1 << 31), "a number is longer than its type");
    is(json!("string"), &[6, b'a'], "the block ends before its rows");
    is(json!("string"), &long(-1), "a count or a length is negative, or larger than what follows");
    // A list that says that it takes two bytes, and takes one.
    let list = column(&json!({ "type": "array", "items": "long" }), 1, &[1, 4, 2, 0]);
    let error = run(&Scan::new(Source::bytes(list)).options(with_pins(&["a=text"]))).err().unwrap();
    assert_eq!(reason(&error), "a count or a length is negative, or larger than what follows");
    // Bytes of a string that are no text are noticed when the batch is made.
    assert!(matches!(refused(column(&json!("string"), 1, &[2, 0xff])).fault(), Fault::Corrupt { what: "Avro", .. }));
    // A decimal of more bytes than its type can have.
    let decimal = json!({ "type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 2 });
    let wide = [long(17), vec![0x7f; 17]].concat();
    assert!(matches!(refused(column(&decimal, 1, &wide)).fault(), Fault::Corrupt { what: "Avro", .. }));
    let read = read(column(&decimal, 1, &[long(17), vec![0xff; 17]].concat())).unwrap();
    assert_eq!(view_of(&read)["columns"][0]["min"], "-0.01");
}

#[test]
fn schemas_that_are_none_or_without_bounds_are_refused() {
    let of = |schema: Value| {
        reason(&refused(container(&[("avro.schema", schema.to_string().as_bytes())], &[(1, &[0; 64])])))
    };
    let none = "the schema is no Avro schema";
    assert_eq!(reason(&refused(container(&[], &[]))), none);
    assert_eq!(of(json!("long")), none);
    assert_eq!(of(json!({ "type": "record", "name": "R", "fields": [{ "name": "a", "type": "missing" }] })), none);
    assert_eq!(of(json!({ "type": "map", "values": "long", "fields": [] })), none);
    let ty = |ty: Value| of(json!({ "type": "record", "name": "R", "fields": [{ "name": "a", "type": ty }] }));
    for scale in [json!(3), json!(-1)] {
        assert_eq!(ty(json!({ "type": "bytes", "logicalType": "decimal", "precision": 2, "scale": scale })), none);
    }
    // One that contains itself, one that doubles forty times, one that is nested too deep.
    let too_large = "the schema has a type that contains itself, or nests types too deep or too often";
    assert_eq!(ty(json!(["null", "R"])), too_large);
    let mut fields = vec![
        json!({ "name": "t0", "type": { "type": "record", "name": "T0", "fields": [{ "name": "x", "type": "long" }] } }),
    ];
    for level in 1..40 {
        let inner = format!("T{}", level - 1);
        let doubled = json!([{ "name": "x", "type": inner }, { "name": "y", "type": inner }]);
        fields.push(json!({ "name": format!("t{level}"), "type": { "type": "record", "name": format!("T{level}"), "fields": doubled } }));
    }
    assert_eq!(of(json!({ "type": "record", "name": "R", "fields": fields })), too_large);
    let mut deep = json!({ "type": "record", "name": "T0", "fields": [{ "name": "x", "type": "long" }] });
    for level in 1..22 {
        deep = json!({ "type": "record", "name": format!("T{level}"), "fields": [{ "name": "x", "type": { "type": "array", "items": { "type": "map", "values": deep } } }] });
    }
    assert_eq!(ty(deep), too_large);
    // Rows and items that take no bytes may be counted without end.
    let no_bytes = "rows or items of lists take no bytes: there could be any number of them";
    assert_eq!(ty(json!("null")), no_bytes);
    assert_eq!(ty(json!([{ "type": "array", "items": "null" }])), no_bytes);
    let columns: Vec<_> = (0..1024).map(|index| json!({ "name": format!("c{index}"), "type": "long" })).collect();
    let wide = json!({ "type": "record", "name": "R", "fields": columns }).to_string();
    let error = refused(container(&[("avro.schema", wide.as_bytes())], &[]));
    assert!(matches!(error.fault(), Fault::TooManyColumns { limit: 1023 }), "{error}");
}

#[test]
fn names_of_types_are_resolved_in_their_name_spaces() {
    let fixed = |name: &str, space: Option<&str>, size: u8| match space {
        Some(space) => json!({ "type": "fixed", "name": name, "namespace": space, "size": size }),
        None => json!({ "type": "fixed", "name": name, "size": size }),
    };
    let fields = json!([
        { "name": "a", "type": fixed("x.F", None, 1) },
        { "name": "b", "type": fixed("F", Some("y"), 2) },
        { "name": "c", "type": fixed("F", None, 3) },
        { "name": "d", "type": "x.F" },
        { "name": "e", "type": "y.F" },
        { "name": "f", "type": "F" },
        { "name": "g", "type": "long" },
    ]);
    let schema = json!({ "type": "record", "name": "z.R", "fields": fields }).to_string();
    let bytes = container(&[("avro.schema", schema.as_bytes())], &[(1, &[[0; 12].as_slice(), &[14]].concat())]);
    let options = with_pins(&["a=text", "b=text", "c=text", "d=text", "e=text", "f=text"]);
    let read = run(&Scan::new(Source::bytes(bytes)).options(options)).unwrap();
    assert_eq!(view_of(&read)["columns"][6]["min"], "7");
}

#[test]
fn codecs_end_with_their_block_and_unpack_to_a_bound() {
    let fields = record(&json!([{ "name": "a", "type": "long" }]));
    let of = |codec: &str, rows, data: &[u8]| {
        container(&[("avro.schema", &fields), ("avro.codec", codec.as_bytes())], &[(rows, data)])
    };
    let deflated = |data: &[u8]| {
        let mut encoder = DeflateEncoder::new(Vec::new(), Level::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    };
    let block = deflated(&[2, 4, 6]);
    assert_eq!(read(of("deflate", 3, &block)).unwrap().profile.rows, 3);
    let unpacked = "a block cannot be unpacked";
    assert_eq!(reason(&refused(of("deflate", 3, &block[..block.len() - 1]))), unpacked);
    // What follows is the begin of the checksum that zlib adds, or is refused.
    let checksum = adler2::adler32_slice(&[2, 4, 6]).to_be_bytes();
    let followed = |end: &[u8]| read(of("deflate", 3, &[&block[..], end].concat()));
    for length in 0..=checksum.len() {
        assert_eq!(followed(&checksum[..length]).unwrap().profile.rows, 3);
    }
    for end in [&[checksum[0] ^ 1][..], &checksum[1..], &[&checksum[..], &[0]].concat()] {
        assert_eq!(reason(&followed(end).err().unwrap()), "a block does not have the checksum that it tells");
    }
    assert_eq!(reason(&refused(of("deflate", 1, &[]))), unpacked);
    for codec in ["zstandard", "bzip2", "xz"] {
        assert_eq!(reason(&refused(of(codec, 1, b"none of these"))), unpacked, "{codec}");
    }
    let large = "a block is larger than 268435456 bytes";
    assert_eq!(reason(&refused(of("deflate", 1, &deflated(&vec![0; (256 << 20) + 1])))), large);
    // Four gigabytes, says a block of five bytes.
    assert_eq!(reason(&refused(of("snappy", 1, &[0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0]))), large);
    assert_eq!(reason(&refused(of("lz4", 1, &[2]))), "blocks are compressed by \"lz4\", which is not read");
    let twice = container(&[("avro.schema", &fields), ("avro.schema", &fields)], &[(1, &[2])]);
    assert_eq!(reason(&refused(twice)), "the header has an entry twice: \"avro.schema\"");
    // A header in two blocks, of which the first tells its length.
    let mut bytes = b"Obj\x01".to_vec();
    let entry = [text(b"avro.schema"), text(&fields)].concat();
    bytes.extend([long(-1), long(entry.len() as i64), entry, long(1), text(b"k"), text(b"v"), long(0)].concat());
    bytes.extend([&MARKER[..], &long(1), &text(&[2]), &MARKER].concat());
    assert_eq!(read(bytes).unwrap().profile.rows, 1);
}
