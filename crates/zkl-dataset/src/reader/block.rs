//! Rows whose columns are gone through side by side, and pieces of work that overlap.
//!
//! What is found out about a column depends on the cells of that column alone, in their order. So its cells are given to one thread at a time, and
//! columns to as many threads as there are: the result is that of one thread, whatever the number. Nothing is joined afterwards.

use crate::{cell::Cell, error::DatasetError};

/// Some consecutive rows of which no cell has been looked at.
pub(crate) trait CellBlock: Sync {
    /// Whether a row comes before the next one, and not a column before the next one: the order in which one thread would look at the cells,
    /// and tells what is wrong with them.
    const BY_ROW: bool;

    /// Hands over the cells of a column, each with the number of its row in the block and its line or row in the file, until `take` answers
    /// `false`.
    fn each(&self, column: usize, take: impl FnMut(usize, u64, Cell<'_>) -> bool) -> Result<(), DatasetError>;
}

/// Takes what `make` makes, piece by piece, while another thread makes the next one in the other of two places. `make` answers `false` when
/// there is nothing more.
pub(super) fn overlapped<T: Send>(
    [mut ready, mut next]: [T; 2],
    mut make: impl FnMut(&mut T) -> Result<bool, DatasetError> + Send,
    mut take: impl FnMut(&T) -> Result<(), DatasetError>,
) -> Result<(), DatasetError> {
    let mut made = make(&mut ready);
    while made? {
        made = Ok(false);
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| made = make(&mut next));
            take(&ready)
        })?;
        std::mem::swap(&mut ready, &mut next);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray};
    use proptest::prelude::*;
    use zkl_core::{layout::Layout, table_note::TableNote};

    use super::*;
    use crate::{
        arrow::RecordBatch,
        encode::{EncodedBatch, Encoder, Frame, RowSink, SinkError},
        format::Format,
        hash::HashSet,
        infer::{FileType, FoundTable, Inference},
        progress::Pass,
        reader::{CellSink, Tables},
        scan::ScanOptions,
        source::Source,
    };

    /// Takes the cells of blocks one after the other, in the order in which one thread would.
    struct OneByOne<'s, S> {
        sink: &'s mut S,
        columns: usize,
    }

    impl<S: CellSink> CellSink for OneByOne<'_, S> {
        fn file(&mut self, path: &Path, lines: bool) {
            self.sink.file(path, lines);
        }

        fn column(&mut self, name: &str, file: FileType, rows_before: u64) -> Result<(), DatasetError> {
            self.columns += 1;
            self.sink.column(name, file, rows_before)
        }

        fn columns_complete(&mut self) -> Result<(), DatasetError> {
            self.sink.columns_complete()
        }

        fn cell(&mut self, column: usize, at: u64, cell: Cell<'_>) -> Result<(), DatasetError> {
            self.sink.cell(column, at, cell)
        }

        fn block<B: CellBlock>(&mut self, block: &B) -> Result<(), DatasetError> {
            let mut texts = Vec::new();
            for column in 0..self.columns {
                let mut result = Ok(());
                block.each(column, |row, at, cell| {
                    match cell {
                        Cell::Text(text) if B::BY_ROW => texts.push((row, column, at, text.to_owned())),
                        _ => result = self.sink.cell(column, at, cell),
                    }
                    result.is_ok()
                })?;
                result?;
            }
            texts.sort_by_key(|&(row, column, ..)| (row, column));
            texts.into_iter().try_for_each(|(_, column, at, text)| self.sink.cell(column, at, Cell::Text(&text)))
        }

        fn rows(&mut self, first_at: u64, rows: usize) -> Result<(), DatasetError> {
            self.sink.rows(first_at, rows)
        }

        fn note(&mut self, note: TableNote) {
            self.sink.note(note);
        }
    }

    #[derive(Default)]
    struct Kept(Vec<EncodedBatch>);

    impl RowSink for Kept {
        fn begin(&mut self, _: &Layout, _: &Frame) -> Result<(), SinkError> {
            Ok(())
        }

        fn batch(&mut self, batch: &EncodedBatch) -> Result<(), SinkError> {
            self.0.push(batch.clone());
            Ok(())
        }
    }

    /// Everything that both passes find out about a table; the second one only if the first one found a table.
    #[derive(Debug, PartialEq)]
    struct Everything {
        reports: String,
        layout: Vec<zkl_core::layout::ColumnLayout>,
        notes: Vec<TableNote>,
        digests: zkl_core::digest::FileDigests,
        rows: Vec<EncodedBatch>,
    }

    fn read(source: &Source, options: &ScanOptions, one_by_one: bool) -> Result<Everything, String> {
        let read = |sink: &mut Inference<'_>, table: &Tables| match one_by_one {
            true => table.read(HashSet::All, &[], Pass::Infer, &mut OneByOne { sink, columns: 0 }, &mut ()),
            false => table.read(HashSet::All, &[], Pass::Infer, sink, &mut ()),
        };
        let table = Tables::open(source, options.max_cell_bytes).map_err(|error| error.to_string())?;
        let mut inference = Inference::new(table.path.clone(), table.has_lines(), options, vec!["b"], Vec::new());
        let read_once = read(&mut inference, &table).map_err(|error| inference.ended_by(error).to_string());
        let digests = read_once?;
        inference.check().map_err(|error| error.to_string())?;
        let names = inference.names();
        let FoundTable { rows, columns, notes } = inference.finish().map_err(|error| error.to_string())?;
        let reports = columns.iter().map(|column| format!("{:?} {}", column.report, column.distinct())).collect();
        let layout: Vec<_> = columns.iter().map(crate::infer::Found::layout).collect();
        let whole = Layout::new(rows, layout.clone(), Vec::new()).map_err(|error| error.to_string())?;
        let mut kept = Kept::default();
        let mut encoder = Encoder::new(table.path.clone(), columns, &whole, &[3; 32], &mut kept).unwrap();
        let again = match one_by_one {
            true => {
                let mut sink = OneByOne { sink: &mut encoder, columns: 0 };
                table.read(HashSet::Blake3, &names, Pass::Encode, &mut sink, &mut ())
            }
            false => table.read(HashSet::Blake3, &names, Pass::Encode, &mut encoder, &mut ()),
        };
        again.map_err(|error| error.to_string())?;
        Ok(Everything { reports, layout, notes, digests, rows: kept.0 })
    }

    /// Asserts that blocks change nothing, on one thread and on several.
    fn assert_same(source: &Source, pins: &[&str]) -> Result<(), TestCaseError> {
        let mut options = ScanOptions::default();
        pins.iter().for_each(|pin| options.pins.override_column(pin).unwrap());
        let expected = read(source, &options, true);
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            prop_assert_eq!(&pool.install(|| read(source, &options, false)), &expected, "{} threads", threads);
        }
        prop_assert_eq!(&read(source, &options, false), &expected);
        Ok(())
    }

    /// A cell of a kind: mostly numbers, dates or words, now and then something else.
    fn cell(kind: u8, seed: u64) -> String {
        match (kind, seed % 997) {
            (_, 0) => String::new(),
            (4.., 1) => "\"quoted, \"\"twice\"\"\n\"".to_owned(),
            (5.., 2) => "not-a-number".to_owned(),
            (6, 3) => "1e40".to_owned(),
            (0 | 4, rest) => (rest as i64 - 400).to_string(),
            (1 | 5, rest) => format!("{}.{}", rest * 7, seed % 100),
            (2, rest) => format!("20{:02}-0{}-1{}", rest % 100, rest % 9 + 1, rest % 8),
            (_, rest) => format!("word {}", rest % 40),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn texts_are_read_in_blocks_as_cell_by_cell(
            kinds in prop::collection::vec(0u8..7, 3),
            rows in prop_oneof![1usize..40, 2_000usize..2_100, 8_100usize..10_500],
            seed: u64,
            wrong in prop::option::of((0usize..10_500, prop::sample::select(vec!["1\n", "1,2,3,4\n", "1,\u{0},2\n", "\"1,2,3\n"]))),
            pins in prop::sample::subsequence(vec!["a=int", "b=date", "c=decimal(1)"], 0..=3),
            header: bool,
        ) {
            let mut text = if header { "a,b,c\n".to_owned() } else { String::new() };
            let mut state = seed;
            for row in 0..rows {
                if let Some((at, line)) = wrong && at == row {
                    text.push_str(line);
                }
                for (column, kind) in kinds.iter().enumerate() {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    text.push_str(&cell(*kind, state >> 33));
                    text.push(if column == 2 { '\n' } else { ',' });
                }
            }
            let csv = crate::CsvOptions { delimiter: Some(b','), has_header: header, ..Default::default() };
            let pins = if header { pins } else { Vec::new() };
            assert_same(&Source::bytes(text).format(Format::Csv).csv(csv), &pins)?;
        }

        #[test]
        fn batches_are_read_in_blocks_as_cell_by_cell(
            rows in prop_oneof![1usize..40, 8_100usize..10_500],
            seed: u64,
            pins in prop::sample::subsequence(vec!["a=decimal(1)", "b=date", "c=int"], 0..=3),
        ) {
            let mut state = seed;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33, (state >> 33) % 64 > 0)
            };
            let columns: [(&str, ArrayRef); 3] = [
                ("a", Arc::new((0..rows).map(|_| next()).map(|(x, some)| some.then_some(x as i64)).collect::<Int64Array>())),
                ("b", Arc::new((0..rows).map(|_| next()).map(|(x, some)| some.then(|| cell(3, x))).collect::<StringArray>())),
                ("c", Arc::new((0..rows).map(|_| next()).map(|(x, some)| some.then_some(x as f64 / 64.0)).collect::<Float64Array>())),
            ];
            assert_same(&Source::batches([RecordBatch::try_from_iter(columns).unwrap()]), &pins)?;
        }
    }

    #[test]
    fn an_error_comes_after_what_was_made_before_it() {
        let mut pieces = [Ok(1), Ok(2), Err(DatasetError::new(Path::new("t"), crate::Fault::Empty))].into_iter();
        let mut taken = Vec::new();
        let make = |place: &mut i32| {
            *place = pieces.next().unwrap()?;
            Ok(true)
        };
        let take = |piece: &i32| {
            taken.push(*piece);
            Ok(())
        };
        let result = overlapped([0, 0], make, take);
        assert!(result.is_err());
        assert_eq!(taken, [1, 2]);
    }
}
