#![doc = include_str!("../README.md")]

pub mod arrow;
mod canonical;
mod cell;
mod copy;
mod dictionary;
mod encode;
mod error;
mod format;
mod hash;
mod infer;
mod nulls;
mod number;
mod partial;
mod profile;
mod progress;
mod reader;
mod report;
mod scan;
mod schema_file;
mod source;
mod temporal;
pub mod view;

pub use copy::{CopyTarget, RowCopy};
pub use encode::{EncodedBatch, EncodedColumn, Frame, RowSink, SinkError};
pub use error::{DatasetError, Excerpt, Fault, Place};
pub use format::{Compression, CsvOptions, DateOrder, Format, NoTable, UnknownName};
pub use hash::hash_file;
pub use nulls::NullTokens;
pub use partial::{PartialScan, PartialScanError};
pub use profile::{ProfileSink, ProfileSums};
pub use progress::{Pass, Progress, ProgressUpdate};
pub use report::{Basis, ColumnReport, InferenceReport, Rounding, RuledOut, SourceReport};
pub use scan::{Scan, ScanOptions, ScanOutput, Scanned};
pub use schema_file::{ColumnPin, Pins, TextEncoding};
pub use source::{Contents, Part, Source, TableSource};
