//! Where a table comes from makes no difference, and what its digests cover is what the documents say.

use std::{
    io::{self, Read, Write as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int64Array, LargeStringArray, ListArray, RecordBatch,
    RecordBatchIterator, StringArray, StringViewArray,
    types::{Int8Type, Int32Type},
};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use parquet::arrow::ArrowWriter;
use zkl_core::digest::{DigestRule, Sha256Digest};
use zkl_dataset::{Contents, Fault, Format, Progress, ProgressUpdate, Scan, Source, TableSource, hash_file};

use super::{Fixture, KEY, run};

fn batch(ids: impl Into<Int64Array>, names: ArrayRef) -> RecordBatch {
    let ids: ArrayRef = Arc::new(ids.into());
    RecordBatch::try_from_iter_with_nullable([("id", ids, true), ("name", names, true)]).unwrap()
}

fn people() -> RecordBatch {
    batch(vec![Some(7), None, Some(-1)], Arc::new(StringArray::from(vec![Some("é"), Some(""), None])))
}

/// The canonical stream of [`people`], by hand.
fn stream_of_people() -> Vec<u8> {
    let mut bytes = b"zkl-arrow-stream/1\n".to_vec();
    bytes.extend([2, 0, 0, 0]);
    bytes.extend(b"\x02\0\0\0id\x05\0\0\0int64\x04\0\0\0name\x04\0\0\0utf8");
    bytes.extend([3, 0, 0, 0]);
    bytes.extend([0b101, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend([0xff; 8]);
    bytes.extend([0b011, 2, 0, 0, 0, 0xc3, 0xa9, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend([0, 0, 0, 0]);
    bytes
}

fn sha256(source: &Source) -> Sha256Digest {
    source.digests().unwrap().1.sha256
}

pub(crate) fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn ipc_file(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn ipc_stream(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn paths_bytes_and_readers_of_the_same_bytes_are_the_same_table() {
    let formats = [
        ("t.csv", b"id,name\n7,x\n,\n-1,y\n".to_vec()),
        ("t.json", br#"[{"id": 7, "name": "x"}, {"id": null, "name": ""}]"#.to_vec()),
        ("t.parquet", parquet(&people())),
        ("t.arrow", ipc_file(&people())),
        ("t.arrows", ipc_stream(&people())),
    ];
    for (name, content) in formats {
        let fixture = Fixture::new(name, &content);
        let expected = run(&fixture.scan()).unwrap();
        assert_eq!(expected.digest_rule, DigestRule::StoredBytes);
        let others = [Source::bytes(content.clone()), Source::reader(io::Cursor::new(content))];
        for source in others {
            let source = source.named(name);
            assert_eq!(source.digests().unwrap(), (expected.digest_rule, expected.digests), "{name}");
            let found = run(&Scan::new(source)).unwrap();
            assert_eq!((found.digests, &found.schema), (expected.digests, &expected.schema), "{name}");
            assert!(found.profile == expected.profile, "{name}");
        }
    }
}

#[test]
fn record_batches_have_the_profile_of_the_same_table_in_a_file() {
    let from_file = run(&Scan::new(Source::bytes(ipc_file(&people())))).unwrap();
    let from_memory = run(&Scan::new(Source::batches([people()]))).unwrap();
    assert_eq!(from_file.schema, from_memory.schema);
    assert!(from_file.profile == from_memory.profile);
    assert_eq!(
        (from_memory.digest_rule, from_memory.report.source.format),
        (DigestRule::ArrowStream, Format::RecordBatches)
    );
}

#[test]
fn record_batches_are_digested_as_the_documents_say() {
    let stream = stream_of_people();
    let (rule, digests) = Source::batches([people()]).digests().unwrap();
    assert_eq!((rule, digests.bytes), (DigestRule::ArrowStream, stream.len() as u64));
    assert_eq!(digests.sha256, Sha256Digest::of(&stream));
    assert_eq!(run(&Scan::new(Source::batches([people()]))).unwrap().digests, digests);
}

#[test]
fn the_digest_does_not_depend_on_how_batches_are_stored() {
    let expected = Sha256Digest::of(&stream_of_people());
    let names = [Some("é"), Some(""), None];
    let nulls = || NullBuffer::from(vec![true, false, true]);
    let garbage = Int64Array::new(ScalarBuffer::from(vec![7, 99, -1]), Some(nulls()));
    let stored: [(&str, RecordBatch); 4] = [
        ("large strings", batch(vec![Some(7), None, Some(-1)], Arc::new(LargeStringArray::from(names.to_vec())))),
        ("string views", batch(vec![Some(7), None, Some(-1)], Arc::new(StringViewArray::from(names.to_vec())))),
        ("dictionaries", batch(vec![Some(7), None, Some(-1)], Arc::new(DictionaryArray::<Int8Type>::from_iter(names)))),
        ("values in place of nulls", batch(garbage, Arc::new(StringArray::from(names.to_vec())))),
    ];
    for (what, batch) in stored {
        assert_eq!(sha256(&Source::batches([batch])), expected, "{what}");
    }
    let rows = |from, len| people().slice(from, len);
    assert_eq!(sha256(&Source::batches([rows(0, 1), rows(1, 0), rows(1, 2)])), expected, "several batches");
    let reader = RecordBatchIterator::new([Ok(rows(0, 2)), Ok(rows(2, 1))], people().schema());
    let once = Source::batch_reader(reader);
    assert_eq!(sha256(&once), expected, "a reader");
    assert_eq!(sha256(&once), expected, "a reader, again");
    let other = batch(vec![Some(7), Some(0), Some(-1)], Arc::new(StringArray::from(names.to_vec())));
    assert_ne!(sha256(&Source::batches([other])), expected, "a zero is no null");
}

#[test]
fn the_digest_does_not_depend_on_the_sizes_of_large_batches() {
    let rows = 20_000;
    let ids: Vec<i64> = (0..rows).collect();
    let flags: BooleanArray = ids.iter().map(|id| (id % 7 != 0).then_some(id % 3 == 0)).collect();
    let numbers: Float64Array = ids.iter().map(|&id| (id % 5 != 0).then_some(id as f64 / 8.0)).collect();
    let columns: [(&str, ArrayRef); 3] =
        [("id", Arc::new(Int64Array::from(ids))), ("flag", Arc::new(flags)), ("number", Arc::new(numbers))];
    let whole = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap();
    let expected = run(&Scan::new(Source::batches([whole.clone()]))).unwrap();
    // Computed from the text of docs/formats.md by a few lines of Python; a release of the arrow crates must not change it.
    assert_eq!(expected.digests.sha256.to_string(), "769e2f838b2fbb8ba6c3958a8c8876f1318a16303b664d6fc50bae1c38f2aeae");
    for size in [1_000, 8_191, 8_193, 16_384] {
        let parts = (0..rows as usize).step_by(size).map(|from| whole.slice(from, size.min(rows as usize - from)));
        let found = run(&Scan::new(Source::batches(parts))).unwrap();
        assert_eq!(found.digests, expected.digests, "batches of {size}");
        assert!(found.profile == expected.profile, "batches of {size}");
    }
}

#[test]
fn refuses_batches_that_have_no_digest_or_several_schemas() {
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)])]));
    let error = run(&Scan::new(Source::batches([RecordBatch::try_from_iter([("v", lists)]).unwrap()]))).err().unwrap();
    assert!(matches!(error.fault(), Fault::NoDigest { .. }), "{error}");
    assert_eq!(error.place().column.as_deref(), Some("v"));

    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let other = RecordBatch::try_from_iter([("id", ids)]).unwrap();
    let error = run(&Scan::new(Source::batches([people(), other]))).err().unwrap();
    assert!(matches!(error.fault(), Fault::BatchSchema), "{error}");
}

#[test]
fn refuses_a_format_that_the_source_cannot_have() {
    let as_csv = Scan::new(Source::batches([people()]).format(Format::Csv));
    assert!(matches!(run(&as_csv).err().unwrap().fault(), Fault::NotInFormat { format: Format::Csv }));
    let as_batches = Scan::new(Source::bytes(&b"a\n1\n"[..]).format(Format::RecordBatches));
    assert!(matches!(run(&as_batches).err().unwrap().fault(), Fault::NotInFormat { .. }));
    assert!(matches!(run(&Scan::new(Source::batches([]))).err().unwrap().fault(), Fault::NoColumns));
    assert!(matches!(run(&Scan::new(Source::bytes(Vec::new()))).err().unwrap().fault(), Fault::Empty));
}

/// A column that holds another number each time it is read.
struct Counter(AtomicI64);

impl TableSource for Counter {
    fn name(&self) -> &Path {
        Path::new("counter")
    }

    fn open(&self) -> io::Result<Contents> {
        let ids: ArrayRef = Arc::new(Int64Array::from(vec![self.0.fetch_add(1, Ordering::Relaxed)]));
        let batch = RecordBatch::try_from_iter([("id", ids)]).map_err(io::Error::other)?;
        let schema = batch.schema();
        Ok(Contents::Batches(Box::new(RecordBatchIterator::new([Ok(batch)], schema))))
    }
}

#[test]
fn a_source_that_changes_between_the_passes_is_refused() {
    let error = run(&Scan::new(Source::new(Counter(AtomicI64::new(1))))).err().unwrap();
    assert!(matches!(error.fault(), Fault::Changed), "{error}");
}

/// Yields some bytes and then an error.
struct Broken(bool);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if std::mem::replace(&mut self.0, true) {
            return Err(io::Error::from(io::ErrorKind::ConnectionReset));
        }
        buffer[..2].copy_from_slice(b"a\n");
        Ok(2)
    }
}

#[test]
fn a_reader_that_breaks_is_an_error_and_never_half_a_table() {
    let source = Source::reader(Broken(false)).named("t.csv");
    for kind in [io::ErrorKind::ConnectionReset, io::ErrorKind::Other] {
        let error = run(&Scan::new(source.clone())).err().unwrap();
        assert!(matches!(error.fault(), Fault::Io(source) if source.kind() == kind), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_fifo_is_read_once_and_is_the_table_of_its_bytes() {
    let fixture = Fixture::new("t.csv", "a\n1\n2\n");
    let fifo = fixture.directory.path().join("pipe.csv");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let writer = std::thread::spawn({
        let fifo = fifo.clone();
        move || std::fs::File::create(fifo).unwrap().write_all(b"a\n1\n2\n").unwrap()
    });
    let found = run(&Scan::new(Source::path(&fifo))).unwrap();
    writer.join().unwrap();
    assert_eq!(found.digests, hash_file(&fixture.path()).unwrap());
}

/// Cancels after the first batch of rows.
#[derive(Default)]
struct Impatient(u64);

impl Progress for Impatient {
    fn update(&mut self, update: ProgressUpdate) {
        self.0 = update.rows;
    }

    fn is_cancelled(&self) -> bool {
        self.0 > 0
    }
}

#[test]
fn a_cancelled_scan_ends_at_the_next_batch() {
    let text = format!("a\n{}", "1\n".repeat(100_000));
    let mut progress = Impatient::default();
    let scan = Scan::new(Source::bytes(text.into_bytes()));
    let error = scan.run(&KEY, &mut progress).err().unwrap();
    assert!(matches!(error.fault(), Fault::Cancelled), "{error}");
    assert!(progress.0 < 20_000);
}
