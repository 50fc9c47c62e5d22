//! The types of the arrow crates that stand in this crate's interface, all of one release: what changes for callers when
//! that is bumped. Batches of another release, or of another language, cross through the Arrow C stream interface.

use arrow_array::{ArrayRef, cast::AsArray as _};

pub use arrow_array::{RecordBatch, RecordBatchIterator, RecordBatchReader};
pub use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

/// The values of a dictionary array, one a row. What `arrow-cast` does, which takes longer to compile than any other crate.
pub(crate) fn without_dictionary(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let dictionary = array.as_any_dictionary();
    arrow_select::take::take(dictionary.values(), dictionary.keys(), None)
}
