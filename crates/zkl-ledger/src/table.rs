//! A table to be notarized: where it comes from, what it is called, and how it is read. How it is read is kept in the opening,
//! so that the same table can be read the same way again.

use std::{io::Read, path::PathBuf};

use serde::{Deserialize, Serialize};
use zkl_core::{
    column::ColumnType,
    layout::{ColumnLayout, Layout},
    name::DatasetName,
};
use zkl_dataset::{
    ColumnPin, Compression, CsvOptions, DatasetError, Format, NullTokens, PartialScan, Pins, Progress, Scan,
    ScanOptions, ScanOutput, Source, TextEncoding,
    arrow::{RecordBatch, RecordBatchReader},
};

/// A table, what it is called, and how it is read.
///
/// ```
/// # use zkl_ledger::Table;
/// let table = Table::path("patients.csv").joint("sex", "readmitted").product("age", "stay");
/// let upload = Table::bytes("age,stay\n64,3\n71,9\n").named("patients".parse()?);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    source: Source,
    name: Option<DatasetName>,
    read: ReadOptions,
}

impl Table {
    /// The table of any source. It has no name yet.
    pub fn new(source: Source) -> Self {
        Self { source, name: None, read: ReadOptions::default() }
    }

    /// The file at `path`: CSV, JSON, NDJSON, Parquet, Arrow, Avro, xlsx or ods, plain or compressed. Its dataset is called as the file is up to
    /// the first dot, with `-` for what such a name cannot hold.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::called_as(Source::path(path))
    }

    /// What is at a place, as [`Source::at`] finds it: a file, or every file below a directory or of a pattern as one table. Its dataset is
    /// called as that is, as for [`Table::path`].
    ///
    /// # Errors
    /// [`DatasetError`]: there are no files.
    pub fn at(place: impl Into<PathBuf>) -> Result<Self, DatasetError> {
        Source::at(place).map(Self::called_as)
    }

    /// The table of a source, whose dataset is called as the source is.
    pub fn called_as(source: Source) -> Self {
        let name = source.name().file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '-' };
        let name = stem.chars().map(fits).collect::<String>().parse().ok();
        Self { name, ..Self::new(source) }
    }

    /// A table in memory, in one of these formats.
    pub fn bytes(bytes: impl AsRef<[u8]>) -> Self {
        Self::new(Source::bytes(bytes.as_ref().to_vec()))
    }

    /// Record batches of Arrow, all of one schema.
    pub fn batches(batches: impl IntoIterator<Item = RecordBatch>) -> Self {
        Self::new(Source::batches(batches))
    }

    /// Record batches that come once, as from a database or through the Arrow C stream interface; they are kept in a
    /// private temporary file for as long as the table is needed.
    pub fn batch_reader(reader: impl RecordBatchReader + Send + 'static) -> Self {
        Self::new(Source::batch_reader(reader))
    }

    /// What a reader yields, in one of these formats, as standard input or an upload; it is kept in a private temporary file for
    /// as long as the table is needed.
    pub fn reader(reader: impl Read + Send + 'static) -> Self {
        Self::new(Source::reader(reader))
    }

    /// Names the dataset.
    #[must_use]
    pub fn named(mut self, name: DatasetName) -> Self {
        self.name = Some(name);
        self
    }

    /// Replaces all reading options.
    #[must_use]
    pub fn options(mut self, read: ReadOptions) -> Self {
        self.read = read;
        self
    }

    /// Sets the format instead of finding it out.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.read.format = Some(format);
        self
    }

    /// Sets the CSV dialect.
    #[must_use]
    pub fn csv(mut self, options: CsvOptions) -> Self {
        self.read.csv = options;
        self
    }

    /// Chooses the sheet of a workbook, which has to be said where several hold something.
    #[must_use]
    pub fn sheet(mut self, name: impl Into<String>) -> Self {
        self.read.sheet = Some(name.into());
        self
    }

    /// Pins what is known about a column.
    #[must_use]
    pub fn column(mut self, pin: ColumnPin) -> Self {
        self.read.pins.push(pin);
        self
    }

    /// Declares a pair of columns whose joint counts are sealed.
    #[must_use]
    pub fn joint(mut self, group: impl Into<String>, label: impl Into<String>) -> Self {
        self.read.joint.push((group.into(), label.into()));
        self
    }

    /// Declares a pair of numeric columns whose sums of products are sealed.
    #[must_use]
    pub fn product(mut self, left: impl Into<String>, right: impl Into<String>) -> Self {
        self.read.product.push((left.into(), right.into()));
        self
    }

    /// The dataset's name, if there is one.
    pub const fn name(&self) -> Option<&DatasetName> {
        self.name.as_ref()
    }

    /// Reads the table as it would be read to be notarized, and returns what was found. Nothing is recorded. Blocking.
    ///
    /// # Errors
    /// [`DatasetError`]: the table cannot be read.
    pub fn inspect(&self, progress: &mut dyn Progress) -> Result<ScanOutput, DatasetError> {
        // Codes of dictionaries are not looked at: any key will do.
        self.scan().run(&[0; 32], progress)
    }

    /// Reads this table as one part of a larger one, whose rows lie elsewhere too: see [`segments`](crate::segments). The type of every
    /// column must be pinned. Blocking.
    ///
    /// # Errors
    /// [`DatasetError`]: a type is not pinned, or the table cannot be read.
    pub fn observe(&self, progress: &mut dyn Progress) -> Result<PartialScan, DatasetError> {
        self.scan().observe(progress)
    }

    /// Where it comes from.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    pub(crate) const fn read_options(&self) -> &ReadOptions {
        &self.read
    }

    pub(crate) fn scan(&self) -> Scan {
        self.read.scan(self.source.clone())
    }
}

/// How a table is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadOptions {
    /// Format; absent: found out.
    pub format: Option<Format>,
    /// Compression of the whole file; absent: found out.
    pub compression: Option<Compression>,
    /// The CSV dialect.
    pub csv: CsvOptions,
    /// The sheet of a workbook; absent: the only one that holds something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Texts of CSV cells that stand for null; absent: those of pandas.
    pub null_tokens: Option<Vec<String>>,
    /// Whether NaN in floating-point columns is null instead of an error.
    pub nan_as_null: bool,
    /// Most digits after the point that floats keep, 0 to 18; absent: as many as their magnitude leaves of 14.
    pub float_scale: Option<u8>,
    /// What is pinned about columns.
    pub pins: Vec<ColumnPin>,
    /// Whether the table may have no other columns than the pinned ones.
    pub exact: bool,
    /// Pairs of columns (group, label) whose joint counts are sealed.
    pub joint: Vec<(String, String)>,
    /// Pairs of numeric columns whose sums of products are sealed.
    pub product: Vec<(String, String)>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            compression: None,
            csv: CsvOptions::default(),
            sheet: None,
            null_tokens: None,
            nan_as_null: false,
            float_scale: ScanOptions::default().float_scale,
            pins: Vec::new(),
            exact: false,
            joint: Vec::new(),
            product: Vec::new(),
        }
    }
}

impl ReadOptions {
    /// The scan of a source that these options describe.
    pub fn scan(&self, source: Source) -> Scan {
        let source = self.source(source);
        let options = ScanOptions {
            pins: Pins::new(self.exact, self.pins.clone()),
            null_tokens: self.null_tokens.as_ref().map_or_else(NullTokens::default, NullTokens::new),
            nan_as_null: self.nan_as_null,
            float_scale: self.float_scale,
            ..ScanOptions::default()
        };
        let mut scan = Scan::new(source).options(options);
        for (group, label) in &self.joint {
            scan = scan.joint(group, label);
        }
        for (left, right) in &self.product {
            scan = scan.product(left, right);
        }
        scan
    }

    /// The source with the format, the compression and the dialect that these options name.
    pub(crate) fn source(&self, source: Source) -> Source {
        let mut source = source.csv(self.csv.clone());
        if let Some(format) = self.format {
            source = source.format(format);
        }
        if let Some(compression) = self.compression {
            source = source.compression(compression);
        }
        if let Some(sheet) = &self.sheet {
            source = source.sheet(sheet);
        }
        source
    }

    /// Whether a table that was read as `pinned` says and has this layout would be read in the same way with these options. What they leave
    /// open may be anything.
    pub(crate) fn agree_with(&self, pinned: &Self, layout: &Layout) -> bool {
        let fits = |pin: &ColumnPin| {
            let column = layout.columns().iter().find(|column| column.name == pin.name);
            column.is_some_and(|column| {
                pin.column_type().is_none_or(|ty| ty == column.ty)
                    && pin.encoding.is_none_or(|encoding| TextEncoding::of(column) == Some(encoding))
                    && pin.nullable.is_none_or(|nullable| nullable == column.nullable)
            })
        };
        let known = |given: &Self| {
            let mut known = Self { exact: true, ..given.pinned_to(layout) };
            for (own, before) in known.pins.iter_mut().zip(&pinned.pins) {
                // Older openings do not say it: text was opaque.
                own.encoding = own.encoding.filter(|_| before.encoding.is_some());
            }
            known
        };
        *self == Self::default() || (self.pins.iter().all(fits) && known(self) == *pinned)
    }

    /// Reads a column as text that is committed to in this way, whatever was pinned of its type.
    pub fn text_column(&mut self, name: impl Into<String>, encoding: TextEncoding) {
        let name = name.into();
        let place = self.pins.iter().position(|pin| pin.name == name).unwrap_or_else(|| {
            self.pins.push(ColumnPin::new(name));
            self.pins.len() - 1
        });
        if let Some(pin) = self.pins.get_mut(place) {
            (pin.ty, pin.encoding, pin.round) = (Some(ColumnType::Text), Some(encoding), false);
        }
    }

    /// The same options with every column's type, nullability, rounding and encoding as text pinned to what was found: nothing is left to
    /// inference.
    #[must_use]
    pub fn pinned_to(&self, layout: &Layout) -> Self {
        let pin = |column: &ColumnLayout| {
            let given = self.pins.iter().find(|pin| pin.name == column.name);
            ColumnPin {
                ty: Some(column.ty),
                nullable: Some(column.nullable),
                null_tokens: given.and_then(|pin| pin.null_tokens.clone()),
                encoding: TextEncoding::of(column),
                round: column.rounding.is_some() || given.is_some_and(|pin| pin.round),
                ..ColumnPin::new(&column.name)
            }
        };
        Self { pins: layout.columns().iter().map(pin).collect(), exact: true, ..self.clone() }
    }
}
