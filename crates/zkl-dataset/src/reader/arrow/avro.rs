//! Avro object container files. The container is read here, values by the arrow-avro crate.
//!
//! That crate has a reader of containers as well, which is not used: it takes a file that is cut off in a block for a whole one, does not end
//! on a block that is longer than its rows, passes over rows that a block counts and does not hold, and unpacks blocks of any size.
//! Its decoder of values reads any byte as a truth value and any number as a branch of a union with null. So every row is stepped over strictly before
//! it is decoded, and both have to come to its end at the same byte.

mod container;
mod row;

use std::io::Read;

use arrow_avro::{
    reader::{Decoder, DecoderMode, ReaderBuilder},
    schema::{AvroSchema, SchemaStore},
};
use arrow_schema::{ArrowError, Schema};

use self::{
    container::{Container, Invalid},
    row::RowType,
};
use super::{BATCH_ROWS, CellSink, Progressing, Table, announce, contained, emit_rows};
use crate::error::{DatasetError, Fault};

const WHAT: &str = "Avro";
/// Bytes of rows that are decoded at once, as soon as there are so many.
const BATCH_BYTES: usize = 64 << 20;

/// Reads a container from its start to its end.
pub(in crate::reader) fn read<S: CellSink>(
    table: &Table,
    input: Box<dyn Read>,
    sink: &mut S,
    mut progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    let mut container = Container::open(table, input)?;
    let rows = RowType::parse(container.schema()).map_err(|error| error.of(table))?;
    let decoder = contained(table, WHAT, || decoder(&rows))?.map_err(|error| super::arrow_error(table, WHAT, error))?;
    let schema = decoder.schema();
    let fields = schema.fields().iter().zip(rows.names()).map(|(field, name)| field.as_ref().clone().with_name(name));
    announce(table, &Schema::new(fields.collect::<Vec<_>>()), sink)?;
    let mut batch = Batch { table, decoder, first: 1, rows: 0, bytes: 0 };
    while let Some(block) = container.next()? {
        let mut rest = &block.data[..];
        for _ in 0..block.rows {
            let row = rows.split(&mut rest).map_err(|error| batch.at_next_row(error.of(table)))?;
            batch.push(row)?;
            if batch.is_full() {
                batch.emit(sink, &mut progress)?;
            }
        }
        if !rest.is_empty() {
            return Err(batch.at_next_row(Invalid::MoreThanRows.of(table)));
        }
    }
    batch.emit(sink, &mut progress)
}

/// A decoder of single rows.
fn decoder(rows: &RowType) -> Result<Decoder, ArrowError> {
    let mut store = SchemaStore::new();
    let fingerprint = store.register(AvroSchema::new(rows.json().to_string()))?;
    ReaderBuilder::new()
        .with_writer_schema_store(store)
        .with_active_fingerprint(fingerprint)
        .with_decoder_mode(DecoderMode::UnframedDatum)
        .with_batch_size(BATCH_ROWS)
        .build_decoder()
}

/// Rows that are decoded and not yet handed over.
struct Batch<'a> {
    table: &'a Table,
    decoder: Decoder,
    /// Row of the table, from 1, that the first of them is.
    first: u64,
    rows: usize,
    bytes: usize,
}

impl Batch<'_> {
    fn push(&mut self, row: &[u8]) -> Result<(), DatasetError> {
        let decoder = &mut self.decoder;
        let decoded = contained(self.table, WHAT, || decoder.decode(row))?;
        match decoded.map_err(ArrowError::from) {
            Ok(length) if length == row.len() => {
                self.rows += 1;
                self.bytes += length;
                Ok(())
            }
            Ok(_) => Err(self.at_next_row(Invalid::RowLength.of(self.table))),
            Err(error) => Err(self.at_next_row(super::arrow_error(self.table, WHAT, error))),
        }
    }

    const fn is_full(&self) -> bool {
        self.rows == BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    fn emit<S: CellSink>(&mut self, sink: &mut S, progress: &mut Progressing<'_>) -> Result<(), DatasetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let decoder = &mut self.decoder;
        let batch = contained(self.table, WHAT, || decoder.flush())?;
        let batch = batch.map_err(|error| super::arrow_error(self.table, WHAT, error.into()))?;
        match batch {
            Some(batch) if batch.num_rows() == self.rows => {
                emit_rows(self.table, sink, self.first, batch.columns(), self.rows)?;
            }
            _ => return Err(Invalid::RowLength.of(self.table)),
        }
        progress.rows(self.rows)?;
        self.first += self.rows as u64;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    fn at_next_row(&self, error: DatasetError) -> DatasetError {
        error.at_row(self.first + self.rows as u64)
    }
}

impl Invalid {
    fn of(self, table: &Table) -> DatasetError {
        let fault = match self {
            Self::TooManyColumns { limit } => Fault::TooManyColumns { limit },
            other => Fault::Corrupt { what: WHAT, source: Box::new(other) },
        };
        table.error(fault)
    }
}
