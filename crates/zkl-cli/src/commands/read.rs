//! From flags to reading options.

use zkl_ledger::{
    LedgerError, ReadOptions,
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
