//! The types of the arrow crates that stand in this crate's interface, all of one release: what changes for callers when
//! that is bumped. Batches of another release, or of another language, cross through the Arrow C stream interface.

pub use arrow_array::{RecordBatch, RecordBatchIterator, RecordBatchReader};
pub use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
