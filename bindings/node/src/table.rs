//! Values of JavaScript as tables.

use std::path::Path;

use napi::bindgen_prelude::{Either, Uint8Array};
use zkl_bindings::Failure;
use zkl_ledger::{Table, dataset::Source};

/// A path, a URL, or bytes.
pub(crate) type Given = Either<String, Uint8Array>;

/// A table that was handed in. Bytes are copied: JavaScript may write to its own.
pub(crate) enum Rows {
    At(String),
    Bytes(Vec<u8>),
}

impl From<Given> for Rows {
    fn from(given: Given) -> Self {
        match given {
            Either::A(place) => Self::At(place),
            Either::B(bytes) => Self::Bytes(bytes.to_vec()),
        }
    }
}

impl Rows {
    /// The table. Its rows are read when it is notarized.
    ///
    /// # Errors
    /// [`Failure::Source`]: a place that is no table.
    pub(crate) fn table(self) -> Result<Table, Failure> {
        Ok(match self {
            Self::At(place) => Table::called_as(zkl_sources::at(Path::new(&place))?),
            Self::Bytes(bytes) => Table::new(Source::bytes(bytes)),
        })
    }
}
