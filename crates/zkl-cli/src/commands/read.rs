//! From flags to reading options.

use zkl_ledger::{
    LedgerError, ReadOptions,
    dataset::{ColumnPin, DateOrder, Pins, TextEncoding},
    types::ColumnType,
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
    let declared = args.columns.into_iter().map(|(name, ty)| (name, ty, matches!(ty, ColumnType::Decimal { .. })));
    let rounded = args.round.into_iter().map(|(name, ty)| (name, ty, true));
    for (name, ty, round) in declared.chain(rounded) {
        match options.pins.iter_mut().find(|pin| pin.name == name) {
            Some(pin) => (pin.ty, pin.round) = (Some(ty), round || pin.round),
            None => options.pins.push(ColumnPin { ty: Some(ty), round, ..ColumnPin::new(name) }),
        }
    }
    for name in args.hash {
        options.text_column(name, TextEncoding::Hashed);
    }
    for name in args.opaque {
        options.text_column(name, TextEncoding::Opaque);
    }
    // The flag's parser admits known names only.
    options.format = args.input_format.and_then(|name| name.parse().ok());
    options.csv.delimiter = args.delimiter;
    if args.quote.is_some() {
        options.csv.quote = args.quote;
    }
    options.csv.has_header = !args.no_header;
    options.csv.skip_lines = args.skip;
    options.csv.comment = args.comment;
    options.csv.decimal_comma = args.decimal == ",";
    options.csv.dates = match args.dates.as_deref() {
        Some("dmy") => Some(DateOrder::DayMonthYear),
        Some("mdy") => Some(DateOrder::MonthDayYear),
        _ => None,
    };
    options.sheet = args.sheet;
    options.null_tokens = args.nulls;
    options.nan_as_null = args.nan_as_null;
    Ok(options)
}

/// Whether values of the table are kept out of what is printed.
pub(super) fn redacts(args: &ReadArgs) -> bool {
    let in_ci = || std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
    args.redact.unwrap_or_else(in_ci)
}

/// The error, without values if they are to be kept out.
pub(super) fn shown(error: LedgerError, redacts: bool) -> CliError {
    CliError::Ledger(match error {
        LedgerError::Dataset(error) if redacts => LedgerError::Dataset(error.without_values()),
        error => error,
    })
}
