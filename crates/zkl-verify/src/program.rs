//! The program `zkl-verify`.

use std::{path::PathBuf, sync::LazyLock};

use clap::Parser;

use crate::{
    args::{VerifierArgs, examples},
    build::commit,
    error::VerifierError,
    format::Format,
    many, one, output, receipts, trust,
};

/// Verify receipts offline.
///
/// Nothing is read but the receipts and the files that flags name: no ledger, no settings, no network. Without --trust the log's key is
/// taken from the receipt and reported as not pinned. The verdict is VALID, or FORGEABLE when a proof rests on dev material; below it
/// stands what it rests on. Programs say with --require what they accept. Of several receipts a table is printed, a line per statement; so
/// it is with --format csv, for a spreadsheet. The output is that of `zkl verify`.
#[derive(Debug, Parser)]
#[command(name = "zkl-verify", version, long_version = long_version(), after_help = examples("zkl-verify", &[]))]
pub struct Program {
    #[command(flatten)]
    verify: VerifierArgs,
    /// Form of the output on stdout [default: table]
    #[arg(long, value_name = "FORM", env = "ZKL_FORMAT")]
    format: Option<Format>,
}

/// What `--version` says, `-V` being shorter.
fn long_version() -> &'static str {
    static TEXT: LazyLock<String> =
        LazyLock::new(|| format!("{}\ncommit: {}\nfeatures: none", env!("CARGO_PKG_VERSION"), commit()));
    &TEXT
}

impl Program {
    /// Form of the output.
    pub fn format(&self) -> Format {
        self.format.unwrap_or_default()
    }

    /// Verifies and prints.
    ///
    /// # Errors
    /// [`VerifierError`].
    pub fn run(&self) -> Result<(), VerifierError> {
        let (args, format) = (&self.verify, self.format());
        let trust = trust::of_args(&args.trust)?;
        let path: &PathBuf = match args.receipts.as_slice() {
            [path] if !path.is_dir() && format != Format::Csv => path,
            paths => return many::run(&receipts::expand(paths)?, &trust, &args.require, format),
        };
        let verified = one::check(path, &trust, &args.require)?;
        output::print(&one::VerifyReport::new(&verified, None), format)
    }
}
