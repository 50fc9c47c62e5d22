//! From flags to reading options.

use zkl_ledger::{
    LedgerError, ReadOptions,
    dataset::Pins,
    reading::{self, Reading},
};

use crate::{args::ReadArgs, error::CliError};

/// The options that the flags describe. Their parsers admit what can be said, and nothing else.
pub(super) fn options(args: ReadArgs) -> Result<ReadOptions, CliError> {
    let schema = args.schema.as_deref().map(Pins::from_file).transpose().map_err(LedgerError::from)?;
    let reading = Reading {
        schema: schema.unwrap_or_default(),
        format: args.input_format.and_then(|name| name.parse().ok()),
        sheet: args.sheet,
        columns: args.columns,
        round: args.round,
        hash: args.hash,
        opaque: args.opaque,
        delimiter: args.delimiter,
        quote: args.quote,
        header: !args.no_header,
        skip: args.skip,
        comment: args.comment,
        decimal_comma: reading::decimal_comma(&args.decimal).unwrap_or_default(),
        dates: args.dates.and_then(|order| reading::dates(&order).ok()),
        nulls: args.nulls,
        nan_as_null: args.nan_as_null,
        ..Reading::default()
    };
    Ok(reading.options())
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
