use std::collections::BTreeMap;

use proptest::prelude::*;
use zkl_core::{digest::Sha256Digest, storage::StorageErrorKind::Corrupt};

use super::*;

type Table = BTreeMap<Vec<u8>, (Vec<u8>, u64)>;

fn written(table: &Table) -> (Bytes, Option<TableRecord>) {
    let mut object = b"in front".to_vec();
    let mut builder = TableBuilder::new(&mut object);
    for (key, (value, time)) in table {
        builder.push(key, value, Extent::of(*time)).unwrap();
    }
    let record = builder.finish().unwrap();
    (object.into(), record)
}

fn read(object: &Bytes, record: Option<TableRecord>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut rows = Rows::new(object.clone(), record);
    let mut all = Vec::new();
    while let Some((key, value)) = rows.advance().unwrap() {
        all.push((key, value.to_vec()));
    }
    all
}

fn long_table(rows: u64) -> Table {
    (0..rows).map(|row| (format!("key/{:07}", row * 3).into_bytes(), (vec![row as u8; 40], row))).collect()
}

/// Keys that have nothing in common, so that few fit on a page.
fn table_of_long_keys(rows: u64) -> Table {
    let key = |row: u64| Sha256Digest::of(&row.to_be_bytes()).as_bytes().repeat(64);
    (0..rows).map(|row| (key(row), (Vec::new(), row))).collect()
}

#[test]
fn tables_of_every_height_are_read_as_they_were_written() {
    let tables = [
        (long_table(0), None),
        (long_table(1), Some(0)),
        (long_table(300), Some(0)),
        (long_table(5_000), Some(1)),
        (table_of_long_keys(1_000), Some(2)),
    ];
    for (table, height) in tables {
        let rows = table.len();
        let (object, record) = written(&table);
        assert_eq!(record.map(|record| record.height), height, "{rows} rows");
        let expected: Vec<_> = table.into_iter().map(|(key, (value, _))| (key, value)).collect();
        assert!(read(&object, record) == expected, "{rows} rows");
    }
}

#[test]
fn keys_out_of_order_are_refused() {
    let mut object = Vec::new();
    let mut builder = TableBuilder::new(&mut object);
    builder.push(b"b", b"", Extent::TIMELESS).unwrap();
    for key in [b"a", b"b"] {
        assert!(builder.push(key, b"", Extent::TIMELESS).is_err());
    }
}

#[test]
fn a_damaged_page_is_noticed_wherever_it_is() {
    let (object, record) = written(&long_table(2_000));
    for position in (8..object.len()).step_by(997) {
        let mut changed = object.to_vec();
        changed[position] ^= 4;
        let mut rows = Rows::new(changed.into(), record);
        let outcome = std::iter::repeat_with(|| rows.advance()).find(|row| !matches!(row, Ok(Some(_))));
        assert!(matches!(outcome, Some(Err(S3Error::Contract(Corrupt(_))))), "byte {position}");
    }
}

proptest! {
    #[test]
    fn several_tables_are_merged_in_the_order_of_their_keys(
        tables in prop::collection::vec(
            prop::collection::btree_map(
                prop::collection::vec(0_u8..4, 0..6),
                (prop::collection::vec(any::<u8>(), 0..9), 0_u64..100),
                0..40,
            ),
            0..5,
        ),
    ) {
        let sources = tables.iter().map(written).map(|(object, record)| Rows::new(object, record));
        let mut all = Vec::new();
        merged(sources.collect(), |key, value| {
            all.push((key, value.to_vec()));
            Ok(())
        })
        .unwrap();
        // A stable sort keeps equal keys in the order of the tables.
        let rows = |table: &Table| table.clone().into_iter().map(|(key, (value, _))| (key, value)).collect::<Vec<_>>();
        let mut expected: Vec<_> = tables.iter().flat_map(rows).collect();
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        prop_assert_eq!(all, expected);
    }

    #[test]
    fn reading_a_page_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut page = PageRows::new(bytes.into());
        while let Ok(Some(_)) = page.advance() {}
    }
}
