//! Rows of a table copied into other tables, as they are written: what a filter or a split of a file comes to.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use crate::{
    error::{DatasetError, Fault},
    format::{Compression, CsvOptions, Format},
    progress::Progress,
    reader::Table,
    scan::ScanOptions,
    source::{Source, Supply},
};

/// A table that rows are copied to.
#[derive(Debug)]
pub struct CopyTarget {
    /// What it is called in errors.
    pub name: PathBuf,
    /// Where its bytes go; empty.
    pub file: File,
}

/// A table whose rows can be copied: CSV, Parquet, or an Arrow file.
///
/// Cells and the order of rows stay as they are. Rows of CSV are copied byte for byte, and so are the header and what stands before the
/// table; the copies are not compressed, have the line ends of the first line, and neither blank lines nor comments between rows. Parquet and
/// Arrow files are written anew, with the schema of the source and its metadata.
pub struct RowCopy {
    table: Table,
    formats: Vec<Format>,
}

impl RowCopy {
    /// A copy of rows of `source` into files of these names, whose extensions tell their formats; without one that does they are in the
    /// format of the source.
    ///
    /// # Errors
    /// [`Fault::NotCopied`] when there is no such copy; otherwise what opening a table answers.
    pub fn plan(source: &Source, targets: &[impl AsRef<Path>]) -> Result<Self, DatasetError> {
        if let Supply::Parts(_) = source.supply() {
            return Err(DatasetError::new(source.name(), Fault::NotCopied { why: "the table is in several files" }));
        }
        let table = Table::open(source, ScanOptions::default().max_cell_bytes)?;
        let own = table.report.format;
        let kind = |format| match format {
            Format::Csv => Ok(false),
            Format::Parquet | Format::ArrowFile => Ok(true),
            Format::Json | Format::Ndjson => Err("the table is JSON"),
            Format::ArrowStream => Err("the table is an Arrow stream"),
            Format::Avro => Err("the table is an Avro file"),
            Format::Xlsx => Err("the table is an Excel workbook"),
            Format::Ods => Err("the table is a spreadsheet"),
            Format::RecordBatches => Err("the table is no file"),
        };
        let not_copied = |name: &Path, why| DatasetError::new(name, Fault::NotCopied { why });
        let is_binary = kind(own).map_err(|why| not_copied(source.name(), why))?;
        let format = |target: &Path| {
            if Compression::of_extension(target) != Compression::None {
                return Err(not_copied(target, "copies are not compressed"));
            }
            let format = Format::of_extension(target).unwrap_or(own);
            match kind(format) {
                Ok(other) if other == is_binary => Ok(format),
                _ if is_binary => Err(not_copied(target, "Parquet and Arrow files are copied into such files alone")),
                _ => Err(not_copied(target, "CSV is copied into CSV alone")),
            }
        };
        let formats = targets.iter().map(|target| format(target.as_ref())).collect::<Result<_, _>>()?;
        Ok(Self { table, formats })
    }

    /// The formats of the copies.
    pub fn formats(&self) -> &[Format] {
        &self.formats
    }

    /// The dialect in which copies of CSV are written, for a source with these options: theirs, with the delimiter that was found.
    pub fn csv(&self, options: &CsvOptions) -> CsvOptions {
        let delimiter = self.table.report.delimiter.and_then(|delimiter| u8::try_from(delimiter).ok());
        CsvOptions { delimiter: delimiter.or(options.delimiter), ..options.clone() }
    }

    /// The compression of the copies.
    pub const fn compression(&self) -> Compression {
        Compression::None
    }

    /// Copies the rows: the row at each position to the target with that number, or nowhere. Blocking.
    ///
    /// # Errors
    /// [`Fault::Changed`] when the table has another number of rows than there are places; otherwise what reading and writing answer.
    /// Targets may have been written to then.
    pub fn run(
        &self,
        places: &[Option<u8>],
        targets: Vec<CopyTarget>,
        progress: &mut dyn Progress,
    ) -> Result<(), DatasetError> {
        let targets = targets.into_iter().zip(self.formats.iter().copied()).collect();
        self.table.copy_rows(places, targets, progress)
    }
}
