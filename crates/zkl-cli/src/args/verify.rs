//! Flags of the commands for whoever has receipts and nothing else.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use zkl_ledger::receipt::Requirement;

use super::TrustStoreArgs;

/// Whom a verifier trusts.
#[derive(Debug, Args)]
pub(crate) struct TrustArgs {
    /// A log key (origin+hash+base64), a proof key (vk:CIRCUIT:DIGEST), a reference string (srs:DIGEST), or a file with
    /// one per line (may be repeated)
    #[arg(long = "trust", value_name = "KEY", env = "ZKL_TRUST", value_delimiter = ' ')]
    pub(crate) pinned: Vec<String>,
    #[command(flatten)]
    pub(crate) store: TrustStoreArgs,
    /// Trust policy (c2sp.org/tlog-policy): its logs are trusted, and its quorum must have cosigned
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) policy: Option<PathBuf>,
}

/// What can be demanded of a receipt.
fn verify_help() -> String {
    let lines = Requirement::ALL.map(|requirement| format!("  {:<14}{}\n", requirement.name(), requirement.demands()));
    format!(
        "\
Requirements:
{requirements}
Examples:
  zkl verify mean.receipt
  zkl verify mean.receipt --trust 'ledger.example.com/ml+5d3c1a2b+AbCd...'
  zkl verify mean.receipt --trust keys.txt --format json
  zkl verify mean.receipt --trust-store trust.toml
  zkl verify mean.receipt --policy trust.policy
  zkl verify mean.receipt --policy trust.policy --require pinned,proved,public-setup,cosigned
  zkl verify penguins.receipt --data penguins.csv --opening penguins.opening
  zkl verify receipts/ more/*.receipt --trust keys.txt --require pinned,proved
  zkl verify receipts/ --format csv > receipts.csv

Exit codes: 0 every receipt verifies and is as required, 1 one does not or is not, 2 one could not be read. Without --require,
0 says that every check passed, and the output says what that is worth.",
        requirements = lines.concat()
    )
}

/// Verify receipts offline.
///
/// Nothing is read but the receipts: no ledger, no network. Without --trust the log's key is taken from the receipt and
/// reported as not pinned. The verdict is VALID, or FORGEABLE when a proof rests on dev material; below it stands
/// what it rests on. Programs say with --require what they accept. Of several receipts a table is printed, a line per statement;
/// so it is with --format csv, for a spreadsheet.
#[derive(Debug, Args)]
#[command(after_help = verify_help())]
pub(crate) struct VerifyArgs {
    /// Receipts, and folders with receipts (all files below that end in .receipt)
    #[arg(value_name = "RECEIPT", value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) receipts: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    /// Fail unless the receipt is also all of this, separated by commas: pinned, proved, public-setup, cosigned (see below)
    #[arg(long, value_name = "LIST", env = "ZKL_REQUIRE", value_delimiter = ',')]
    pub(crate) require: Vec<Requirement>,
    /// Also check that this file is the notarized table, commitments to every column included (needs --opening)
    #[arg(long, value_name = "FILE", requires = "opening", value_hint = ValueHint::FilePath)]
    pub(crate) data: Option<PathBuf>,
    /// The opening of the notarization
    #[arg(long, value_name = "FILE", requires = "data", value_hint = ValueHint::FilePath)]
    pub(crate) opening: Option<PathBuf>,
}

/// Verify receipts and write a page about them for readers who know no cryptography.
///
/// One HTML file that loads nothing, runs nothing and prints well: what was proved about which table, by whom, when, on what trust,
/// what it contributes to the EU AI Act's requirements on data, and what it does not show. Receipts that are not valid stand in it as
/// that. Nothing is read but the receipts.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl report mean.receipt -o report.html
  zkl report receipts/ --trust keys.txt -o report.html

Exit codes: 0 written, and every receipt is valid; 1 written, and one is not; 2 nothing was written.")]
pub(crate) struct ReportArgs {
    /// Receipts, and folders with receipts (all files below that end in .receipt)
    #[arg(value_name = "RECEIPT", value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) receipts: Vec<PathBuf>,
    /// Write the page to this file
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// Show what is in receipts, without verifying anything.
///
/// Entries, datasets and which notarization of them, names and types of columns, claims, proofs and sizes, as the receipt has
/// them. Needs no ledger and no keys, and says nothing about whether any of it is true: that is for `zkl verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl inspect mean.receipt
  zkl inspect receipts/ --format json

Exit codes: 0 all are shown, 2 some files are no receipts; the others are shown all the same.")]
pub(crate) struct InspectArgs {
    /// Receipts, and folders with receipts (all files below that end in .receipt)
    #[arg(value_name = "RECEIPT", value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) receipts: Vec<PathBuf>,
}
