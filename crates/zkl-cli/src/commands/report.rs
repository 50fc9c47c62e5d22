use std::io::{self, Write};

use serde::Serialize;
use zkl_ledger::types::Timestamp;
use zkl_report::{Reported, with_causes};
use zkl_verify::{VerifierError, receipts};

use super::verify;
use crate::{
    args::ReportArgs,
    config::Config,
    error::CliError,
    files::{self, Content},
    output::{self, Report},
};

#[derive(Serialize)]
struct Written {
    report: String,
    receipts: usize,
    valid: usize,
}

impl Report for Written {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let receipts = format!("{}, of which {} are valid", self.receipts, self.valid);
        output::write_fields(out, &[("report", self.report.clone()), ("receipts", receipts)])
    }
}

pub(super) fn run(args: &ReportArgs, config: &Config) -> Result<(), CliError> {
    let trust = verify::trusted(&args.trust, config)?;
    let paths = receipts::expand(&args.receipts)?;
    let precious: Vec<_> = paths.iter().map(AsRef::as_ref).collect();
    files::check_writable(&args.output, Content::Page, &precious)?;
    let mut receipts = Vec::with_capacity(paths.len());
    for path in &paths {
        let bytes = receipts::read(path)?;
        let outcome = zkl_ledger::verify(&bytes, &trust).map_err(|error| with_causes(&error));
        receipts.push(Reported::new(path.display().to_string(), &bytes, outcome));
    }
    let page = zkl_report::report(&receipts, Timestamp::now());
    files::write(&args.output, Content::Page, page.as_bytes())?;
    let (of, valid) = (receipts.len(), receipts.iter().filter(|receipt| receipt.is_valid()).count());
    let written = Written { report: args.output.display().to_string(), receipts: of, valid };
    output::print(&written, config.format)?;
    if valid == of { Ok(()) } else { Err(VerifierError::NotAllValid { not_valid: of - valid, of }.into()) }
}
