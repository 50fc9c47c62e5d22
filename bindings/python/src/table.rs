//! Objects of Python as tables.

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
use zkl_ledger::{
    Table,
    dataset::{
        Source,
        arrow::{ArrowError, RecordBatch, RecordBatchReader},
    },
};

use crate::failure::Failure;

/// What is a table.
const TABLES: &str = "pass a path, a URL, bytes, a binary file object, or a frame: anything with __arrow_c_stream__, as pandas 2.2, Polars, PyArrow and DuckDB have";

/// The table that an object is. Its rows are read when it is notarized.
///
/// # Errors
/// [`zkl_bindings::Failure::Type`] for what is none, and what an object answers that is one.
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
    Err(zkl_bindings::Failure::Type { message: format!("{kind} is no table"), hint: TABLES.into() }.into())
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
    let mut batches =
        py.detach(|| reader.collect::<Result<Vec<_>, ArrowError>>()).map_err(zkl_bindings::Failure::invalid)?;
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
