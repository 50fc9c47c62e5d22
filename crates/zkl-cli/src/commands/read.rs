//! How a table is read: from flags to options, and from what was done to words.

use zkl_ledger::{
    Layout, LedgerError, ReadOptions, TableNote, Zone,
    dataset::{ColumnPin, Pins},
};

use crate::{args::ReadArgs, error::CliError};

/// The options that the flags describe.
pub(super) fn options(args: ReadArgs) -> Result<ReadOptions, CliError> {
    let mut options = ReadOptions::default();
    if let Some(path) = &args.schema {
        let pins = Pins::from_file(path).map_err(LedgerError::from)?;
        options.exact = pins.is_exact();
        options.pins = pins.columns().to_vec();
    }
    for (name, ty) in args.columns {
        match options.pins.iter_mut().find(|pin| pin.name == name) {
            Some(pin) => pin.ty = Some(ty),
            None => {
                options.pins.push(ColumnPin { name, ty: Some(ty), nullable: None, null_tokens: None, round: false });
            }
        }
    }
    // The flag's parser admits known names only.
    options.format = args.input_format.and_then(|name| name.parse().ok());
    options.csv.delimiter = args.delimiter;
    if args.quote.is_some() {
        options.csv.quote = args.quote;
    }
    options.csv.has_header = !args.no_header;
    options.null_tokens = args.nulls;
    options.nan_as_null = args.nan_as_null;
    Ok(options)
}

/// What reading did to a table, a line each.
pub(super) fn reading(layout: &Layout, notes: &[TableNote]) -> Vec<String> {
    let mut lines = Vec::new();
    for column in layout.columns() {
        if let Some(rounding) = column.rounding {
            lines.push(format!("{:?}: values rounded, each by at most {rounding}", column.name));
        }
        match column.zone {
            Some(Zone::Naive) => lines.push(format!("{:?}: times as written, of no stated zone", column.name)),
            Some(Zone::Utc) | None => {}
        }
    }
    lines.extend(notes.iter().map(|note| {
        let column = note.column.and_then(|column| layout.columns().get(column as usize));
        column.map_or_else(|| note.to_string(), |column| format!("{:?}: {note}", column.name))
    }));
    lines
}
