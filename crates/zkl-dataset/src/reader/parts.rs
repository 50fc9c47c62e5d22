//! A table in one file or in several, which are read one after the other as one table.
//!
//! The first file says which columns there are; the others have the same, in any order. Objects of JSON may lack some and bring others,
//! as in one file. Values that stand in the path come first.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use zkl_core::{
    digest::{DigestRule, FileDigests},
    table_note::TableNote,
};

use super::{CellBlock, CellSink, Hashes, Table};
use crate::{
    cell::Cell,
    error::{DatasetError, Fault},
    format::Format,
    hash::digest_of_parts,
    infer::FileType,
    progress::{Pass, Progress, ProgressUpdate},
    report::SourceReport,
    source::{Source, Supply},
};

/// A table that is ready to be read several times.
pub(crate) struct Tables {
    pub(crate) path: PathBuf,
    parts: Vec<PartTable>,
    /// Whether it is a list of parts, if only of one.
    is_list: bool,
    /// How the first file is written.
    pub(crate) report: SourceReport,
    /// What the table's digests are digests of.
    pub(crate) digest_rule: DigestRule,
    /// What the first pass found: digests of the parts.
    digests: OnceLock<Vec<FileDigests>>,
}

struct PartTable {
    table: Table,
    /// Columns whose values stand in the path.
    values: Vec<(String, Option<String>)>,
}

impl Tables {
    /// Finds out format, compression and delimiter of every file.
    pub(crate) fn open(source: &Source, max_cell: usize) -> Result<Self, DatasetError> {
        let path = source.name().to_owned();
        let (parts, is_list) = match source.supply() {
            Supply::One(_) => (vec![PartTable { table: Table::open(source, max_cell)?, values: Vec::new() }], false),
            Supply::Parts(parts) => {
                let open = |part: &crate::source::Part| {
                    let table = Table::open(&part.source.clone().read_as(source), max_cell)?;
                    Ok(PartTable { table, values: part.values.clone() })
                };
                (parts.iter().map(open).collect::<Result<Vec<_>, DatasetError>>()?, true)
            }
        };
        if u32::try_from(parts.len()).is_err() {
            return Err(DatasetError::new(&path, Fault::TooManyRows));
        }
        let Some(first) = parts.first() else { return Err(DatasetError::new(&path, Fault::EmptyDirectory)) };
        let digest_rule = if is_list { DigestRule::Parts } else { first.table.digest_rule() };
        let report = first.table.report;
        Ok(Self { path, parts, is_list, report, digest_rule, digests: OnceLock::new() })
    }

    /// Whether places in the files are lines.
    pub(crate) fn has_lines(&self) -> bool {
        self.parts.iter().all(|part| part.table.has_lines())
    }

    /// Reads the whole table once. `known` lists the columns if an earlier pass found them.
    pub(crate) fn read<S: CellSink>(
        &self,
        hashes: Hashes,
        known: &[String],
        pass: Pass,
        sink: &mut S,
        progress: &mut dyn Progress,
    ) -> Result<FileDigests, DatasetError> {
        if let ([part], false) = (&self.parts[..], self.is_list) {
            return part.table.read(hashes, known, pass, sink, progress);
        }
        let mut columns = Columns::default();
        let mut progress = Joined { progress, done: ProgressUpdate { pass, bytes_done: 0, bytes_total: 0, rows: 0 } };
        progress.done.bytes_total = self.parts.iter().map(|part| part.table.bytes).sum();
        let mut found = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            sink.file(&part.table.path, part.table.has_lines());
            let known = known.get(part.values.len()..).unwrap_or_default();
            let mut cells = PartSink::begin(sink, &mut columns, part)?;
            found.push(part.table.read(hashes, known, pass, &mut cells, &mut progress)?);
            let rows = cells.end()?;
            columns.rows += rows;
            progress.done.rows += rows;
            progress.done.bytes_done += part.table.bytes;
        }
        sink.file(&self.path, self.has_lines());
        for note in columns.notes {
            sink.note(note);
        }
        self.digests_of_list(&found)
    }

    /// The digests of the list of parts. Later passes may compute fewer: theirs are only compared.
    fn digests_of_list(&self, found: &[FileDigests]) -> Result<FileDigests, DatasetError> {
        let first = self.digests.get_or_init(|| found.to_vec());
        let same =
            |(again, first): (&FileDigests, &FileDigests)| (again.blake3, again.bytes) == (first.blake3, first.bytes);
        if !found.iter().zip(first).all(same) {
            return Err(DatasetError::new(&self.path, Fault::Changed));
        }
        let rules = self.parts.iter().map(|part| part.table.digest_rule());
        Ok(digest_of_parts(rules.zip(first).collect::<Vec<_>>().into_iter()))
    }
}

/// Adds a note to others, and its count to that of the same note.
pub(crate) fn join_note(notes: &mut Vec<TableNote>, note: TableNote) {
    match notes.iter_mut().find(|own| (&own.code, own.column) == (&note.code, note.column)) {
        None => notes.push(note),
        Some(earlier) => {
            let (own, more) = (earlier.count.take(), note.count);
            earlier.count = own.zip(more).map(|(own, more)| own.saturating_add(more)).or(own).or(more);
        }
    }
}

/// What is known of the whole table while its parts are read.
#[derive(Default)]
struct Columns {
    /// In the order in which the sink has them.
    names: Vec<(String, FileType)>,
    /// Rows of the parts that were read.
    rows: u64,
    notes: Vec<TableNote>,
}

/// Takes the cells of a part to their columns of the table.
struct PartSink<'p, S> {
    sink: &'p mut S,
    columns: &'p mut Columns,
    part: &'p PartTable,
    /// Whether this is the first part.
    is_first: bool,
    /// The columns of the table, by those of the part.
    places: Vec<usize>,
    /// Columns of the table that the part does not have, or not yet.
    absent: Vec<usize>,
    /// Rows of this part so far.
    rows: u64,
}

impl<'p, S: CellSink> PartSink<'p, S> {
    fn begin(sink: &'p mut S, columns: &'p mut Columns, part: &'p PartTable) -> Result<Self, DatasetError> {
        let is_first = columns.names.is_empty();
        if is_first {
            for (position, (name, _)) in part.values.iter().enumerate() {
                columns.names.push((name.clone(), FileType::Unknown));
                sink.column(name, FileType::Unknown, 0)?;
                let place = u32::try_from(position).unwrap_or(u32::MAX);
                columns.notes.push(TableNote::new(TableNote::FROM_PATH).about(place));
            }
        }
        let absent = (part.values.len()..columns.names.len()).collect();
        let begun = Self { sink, columns, part, is_first, places: Vec::new(), absent, rows: 0 };
        let in_path = begun.columns.names.iter().zip(&part.values).all(|((name, _), (own, _))| name == own);
        if in_path { Ok(begun) } else { Err(begun.error(Fault::OtherColumns)) }
    }

    /// The rows of the part.
    fn end(self) -> Result<u64, DatasetError> {
        // A file without a column and without a row has not been asked for its columns.
        match self.absent.first() {
            Some(&place) if !self.is_open() => Err(self.lacks(place)),
            _ => Ok(self.rows),
        }
    }

    /// Whether rows may lack columns.
    const fn is_open(&self) -> bool {
        matches!(self.part.table.report.format, Format::Json | Format::Ndjson)
    }

    fn error(&self, fault: Fault) -> DatasetError {
        self.part.table.error(fault)
    }

    fn lacks(&self, place: usize) -> DatasetError {
        let name = self.columns.names.get(place).map_or("", |(name, _)| name.as_str());
        self.error(Fault::OtherColumns).in_column(name)
    }

    fn nulls(&mut self, column: usize, at: u64, count: u64) -> Result<(), DatasetError> {
        (0..count).try_for_each(|_| self.sink.cell(column, at, Cell::Null))
    }
}

impl<S: CellSink> CellSink for PartSink<'_, S> {
    fn file(&mut self, path: &Path, lines: bool) {
        self.sink.file(path, lines);
    }

    fn column(&mut self, name: &str, file: FileType, rows_before: u64) -> Result<(), DatasetError> {
        match self.columns.names.iter().position(|(known, _)| known == name) {
            Some(place) if place < self.part.values.len() => Err(self.error(Fault::DuplicateColumn).in_column(name)),
            Some(place) if self.columns.names[place].1 != file => Err(self.error(Fault::OtherType).in_column(name)),
            Some(place) => {
                self.absent.retain(|absent| *absent != place);
                self.places.push(place);
                // Rows that the sink has already got their nulls at the end of their batch.
                self.nulls(place, 1, rows_before - self.rows)
            }
            None if !self.is_first && !self.is_open() => Err(self.error(Fault::OtherColumns).in_column(name)),
            None => {
                self.sink.column(name, file.clone(), self.columns.rows + rows_before)?;
                self.places.push(self.columns.names.len());
                self.columns.names.push((name.to_owned(), file));
                Ok(())
            }
        }
    }

    fn columns_complete(&mut self) -> Result<(), DatasetError> {
        match self.absent.first() {
            _ if self.is_first => self.sink.columns_complete(),
            Some(&place) => Err(self.lacks(place)),
            None => Ok(()),
        }
    }

    #[inline]
    fn cell(&mut self, column: usize, at: u64, cell: Cell<'_>) -> Result<(), DatasetError> {
        match self.places.get(column) {
            Some(&place) => self.sink.cell(place, at, cell),
            None => Err(self.error(Fault::Changed)),
        }
    }

    fn block<B: CellBlock>(&mut self, block: &B) -> Result<(), DatasetError> {
        let mut own = vec![None; self.columns.names.len()];
        for (column, &place) in self.places.iter().enumerate() {
            own[place] = Some(column);
        }
        self.sink.block(&Placed { block, own })
    }

    fn rows(&mut self, first_at: u64, rows: usize) -> Result<(), DatasetError> {
        for (column, (_, value)) in self.part.values.iter().enumerate() {
            let cell = || value.as_deref().map_or(Cell::Null, Cell::Text);
            (0..rows).try_for_each(|_| self.sink.cell(column, first_at, cell()))?;
        }
        for index in 0..self.absent.len() {
            self.nulls(self.absent[index], first_at, rows as u64)?;
        }
        self.rows += rows as u64;
        self.sink.rows(first_at, rows)
    }

    fn note(&mut self, mut note: TableNote) {
        let before = u32::try_from(self.part.values.len()).unwrap_or(u32::MAX);
        note.column = note.column.map(|column| column.saturating_add(before));
        join_note(&mut self.columns.notes, note);
    }
}

/// A block of a part, as one of the table.
struct Placed<'b, B> {
    block: &'b B,
    /// The columns of the part, by those of the table.
    own: Vec<Option<usize>>,
}

impl<B: CellBlock> CellBlock for Placed<'_, B> {
    const BY_ROW: bool = B::BY_ROW;

    fn each(&self, column: usize, take: impl FnMut(usize, u64, Cell<'_>) -> bool) -> Result<(), DatasetError> {
        match self.own.get(column) {
            Some(Some(own)) => self.block.each(*own, take),
            _ => Ok(()),
        }
    }
}

/// Progress of a part as that of the table.
struct Joined<'p> {
    progress: &'p mut dyn Progress,
    /// What the parts before came to.
    done: ProgressUpdate,
}

impl Progress for Joined<'_> {
    fn update(&mut self, update: ProgressUpdate) {
        self.progress.update(ProgressUpdate {
            bytes_done: self.done.bytes_done + update.bytes_done,
            bytes_total: self.done.bytes_total,
            rows: self.done.rows + update.rows,
            ..update
        });
    }

    fn is_cancelled(&self) -> bool {
        self.progress.is_cancelled()
    }
}
