//! Objects of Python as tables, and how they are read.

use std::{
    io::{self, Read},
    path::PathBuf,
};

use arrow_array::ffi_stream::RecordBatchStreamReader;
use arrow_pyarrow::FromPyArrow as _;
use bytes::Bytes;
use pyo3::{
    Bound, Py, PyAny, PyErr, PyResult, Python,
    exceptions::PyTypeError,
    intern,
    pybacked::PyBackedBytes,
    types::{PyAnyMethods as _, PyByteArray, PyBytes, PyMemoryView, PyString, PyTypeMethods as _},
};
use serde::Deserialize;
use zkl_ledger::{
    ReadOptions, Table,
    dataset::{
        ColumnPin, DateOrder, Format, Source, TextEncoding,
        arrow::{ArrowError, RecordBatch, RecordBatchReader},
    },
    types::ColumnType,
};

use crate::failure::Failure;

/// What is a table.
const TABLES: &str = "pass a path, a URL, bytes, a binary file object, or a frame: anything with __arrow_c_stream__, as pandas 2.2, Polars, PyArrow and DuckDB have";

/// The table that an object is. Its rows are read when it is notarized.
///
/// # Errors
/// [`Failure::Type`] for what is none, and what an object answers that is one.
pub(crate) fn table(object: &Bound<'_, PyAny>) -> Result<Table, Failure> {
    let py = object.py();
    if object.is_instance_of::<PyBytes>() {
        return Ok(Table::new(Source::bytes(Bytes::from_owner(backed(object)?))));
    }
    if object.is_instance_of::<PyByteArray>() || object.is_instance_of::<PyMemoryView>() {
        // What can be written to is copied.
        let bytes = py.get_type::<PyBytes>().call1((object,))?;
        return Ok(Table::new(Source::bytes(Bytes::from_owner(backed(&bytes)?))));
    }
    if object.is_instance_of::<PyString>() || object.hasattr(intern!(py, "__fspath__"))? {
        let place: PathBuf = object.extract()?;
        return Ok(Table::called_as(zkl_sources::at(&place)?));
    }
    if object.hasattr(intern!(py, "__arrow_c_stream__"))? {
        return batches(object);
    }
    if object.hasattr(intern!(py, "read"))? {
        let source = Source::reader(FileObject(object.clone().unbind()));
        return Ok(match object.getattr(intern!(py, "name")).and_then(|name| name.extract::<PathBuf>()) {
            Ok(name) => Table::called_as(source.named(name)),
            Err(_) => Table::new(source),
        });
    }
    let kind = object.get_type().fully_qualified_name()?;
    Err(Failure::Type { message: format!("{kind} is no table"), hint: TABLES.into() })
}

fn backed(bytes: &Bound<'_, PyAny>) -> PyResult<PyBackedBytes> {
    bytes.extract().map_err(PyErr::from)
}

/// The batches of a frame. What has a length is at hand and is held; what has none comes once, and may be longer than memory.
fn batches(object: &Bound<'_, PyAny>) -> Result<Table, Failure> {
    let py = object.py();
    let reader = RecordBatchStreamReader::from_pyarrow_bound(object)?;
    if !object.hasattr(intern!(py, "__len__"))? {
        return Ok(Table::batch_reader(reader));
    }
    let schema = reader.schema();
    // The stream may call Python, from whatever thread.
    let mut batches = py.detach(|| reader.collect::<Result<Vec<_>, ArrowError>>()).map_err(Failure::invalid)?;
    if batches.is_empty() {
        batches.push(RecordBatch::new_empty(schema));
    }
    Ok(Table::batches(batches))
}

/// An object with a method `read`, for another thread.
struct FileObject(Py<PyAny>);

impl Read for FileObject {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = |py: Python<'_>| {
            let answer = self.0.bind(py).call_method1(intern!(py, "read"), (buffer.len(),))?;
            if answer.is_instance_of::<PyString>() {
                return Err(PyTypeError::new_err("the file object yields text: open it in binary mode"));
            }
            let bytes = backed(&py.get_type::<PyBytes>().call1((answer,))?)?;
            if bytes.len() > buffer.len() {
                return Err(PyTypeError::new_err("the file object yields more bytes than it is asked for"));
            }
            buffer[..bytes.len()].copy_from_slice(&bytes);
            Ok(bytes.len())
        };
        match Python::try_attach(read) {
            Some(answer) => answer.map_err(io::Error::other),
            None => Err(io::Error::other("the interpreter is shutting down")),
        }
    }
}

/// How a table is read, as the package writes it in JSON.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Reading {
    format: Option<String>,
    sheet: Option<String>,
    delimiter: Option<char>,
    quote: Option<char>,
    header: Option<bool>,
    skip: u64,
    comment: Option<char>,
    decimal_comma: bool,
    dates: Option<DateOrder>,
    columns: Vec<(String, String)>,
    round: Vec<(String, u8)>,
    hash: Vec<String>,
    opaque: Vec<String>,
    nulls: Option<Vec<String>>,
    nan_as_null: bool,
    joint: Vec<(String, String)>,
    product: Vec<(String, String)>,
}

impl Reading {
    /// The options of the ledger.
    ///
    /// # Errors
    /// [`Failure::Invalid`]: a type that is none, or a character that is not ASCII.
    pub(crate) fn options(self) -> Result<ReadOptions, Failure> {
        let mut options = ReadOptions::default();
        for (name, ty) in self.columns {
            let ty: ColumnType = ty.parse().map_err(|error| invalid_type(&name, error))?;
            let round = matches!(ty, ColumnType::Decimal { .. });
            options.pins.push(ColumnPin { ty: Some(ty), round, ..ColumnPin::new(name) });
        }
        for (name, digits) in self.round {
            let ty = match digits {
                0 => ColumnType::Int,
                scale @ 1..=ColumnType::MAX_SCALE => ColumnType::Decimal { scale },
                _ => return Err(invalid(format!("{name} keeps 0 to {} digits, not {digits}", ColumnType::MAX_SCALE))),
            };
            match options.pins.iter_mut().find(|pin| pin.name == name) {
                Some(pin) => (pin.ty, pin.round) = (Some(ty), true),
                None => {
                    options.pins.push(ColumnPin { ty: Some(ty), round: true, ..ColumnPin::new(name) });
                }
            }
        }
        for name in self.hash {
            options.text_column(name, TextEncoding::Hashed);
        }
        for name in self.opaque {
            options.text_column(name, TextEncoding::Opaque);
        }
        let format = |name: String| {
            name.parse::<Format>().map_err(|error| invalid(format!("{name:?} is no format of tables: {error}")))
        };
        options.format = self.format.map(format).transpose()?;
        options.sheet = self.sheet;
        options.csv.delimiter = self.delimiter.map(ascii).transpose()?;
        if let Some(quote) = self.quote {
            options.csv.quote = Some(ascii(quote)?);
        }
        options.csv.has_header = self.header.unwrap_or(true);
        options.csv.skip_lines = self.skip;
        options.csv.comment = self.comment.map(ascii).transpose()?;
        options.csv.decimal_comma = self.decimal_comma;
        options.csv.dates = self.dates;
        options.null_tokens = self.nulls;
        options.nan_as_null = self.nan_as_null;
        options.joint = self.joint;
        options.product = self.product;
        Ok(options)
    }
}

fn ascii(char: char) -> Result<u8, Failure> {
    u8::try_from(char).ok().filter(u8::is_ascii).ok_or_else(|| invalid(format!("{char:?} is not a character of ASCII")))
}

fn invalid(message: String) -> Failure {
    Failure::Invalid { message, hint: None }
}

fn invalid_type(column: &str, error: impl std::fmt::Display) -> Failure {
    let hint = Some("types are bool, int, decimal(N), date, timestamp(s|ms|us|ns), category, text".into());
    Failure::Invalid { message: format!("column {column:?}: {error}"), hint }
}
