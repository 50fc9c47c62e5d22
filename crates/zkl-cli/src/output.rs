//! What goes to stdout, as `zkl-verify` writes it, too.

pub(crate) use zkl_verify::output::{Report, cut, print_text, printable, printable_lines, table, write_fields};

use crate::{args::Format, error::CliError};

/// Writes `report` to stdout in the form asked for.
pub(crate) fn print(report: &impl Report, format: Format) -> Result<(), CliError> {
    Ok(zkl_verify::output::print(report, format)?)
}
