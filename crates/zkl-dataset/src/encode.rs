//! Encoded rows, and who receives them.

use zkl_core::layout::Layout;

/// What a [`RowSink`] may fail with.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Some consecutive rows of a table as committed integers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncodedBatch {
    /// Index of the first row, from 0.
    pub first_row: u64,
    /// Rows, at least 1.
    pub rows: usize,
    /// One entry per column of the layout, each of `rows` values.
    pub columns: Vec<EncodedColumn>,
}

/// One column of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EncodedColumn {
    /// Values relative to the column's minimum.
    Numeric {
        /// `u = v - min`, 0 where null.
        u: Vec<u64>,
        /// Whether the row has a value. All true when the column is not nullable.
        valid: Vec<bool>,
    },
    /// Dictionary codes, 0 where null, below the layout's capacity.
    Codes(Vec<u16>),
    /// A column that is not committed by value.
    Opaque {
        /// Whether the row has a value.
        valid: Vec<bool>,
    },
}

/// Receives every row of a table once, in order, in batches.
pub trait RowSink {
    /// Called once, before the first batch.
    ///
    /// # Errors
    /// Any error ends the scan with [`Fault::Sink`](crate::Fault::Sink).
    fn begin(&mut self, layout: &Layout) -> Result<(), SinkError>;

    /// Called for each batch. The batch is reused: what is to outlive the call must be copied.
    ///
    /// # Errors
    /// Any error ends the scan with [`Fault::Sink`](crate::Fault::Sink).
    fn batch(&mut self, batch: &EncodedBatch) -> Result<(), SinkError>;
}

impl RowSink for () {
    fn begin(&mut self, _: &Layout) -> Result<(), SinkError> {
        Ok(())
    }

    fn batch(&mut self, _: &EncodedBatch) -> Result<(), SinkError> {
        Ok(())
    }
}
