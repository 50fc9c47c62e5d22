//! Flags for whoever has receipts and nothing else.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use zkl_receipt::Requirement;

/// Where it is written whom the user trusts.
#[derive(Debug, Args)]
pub struct TrustStoreArgs {
    /// Trust store: logs, notaries, strings and circuits with the log sizes at which they count
    #[arg(long = "trust-store", value_name = "FILE", env = "ZKL_TRUST_STORE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
}

/// Whom a verifier trusts.
#[derive(Debug, Args)]
pub struct TrustArgs {
    /// A log key (origin+hash+base64), a proof key (vk:CIRCUIT:DIGEST), a reference string (srs:DIGEST), or a file with
    /// one per line (may be repeated)
    #[arg(long = "trust", value_name = "KEY", env = "ZKL_TRUST", value_delimiter = ' ')]
    pub pinned: Vec<String>,
    /// The trust store
    #[command(flatten)]
    pub store: TrustStoreArgs,
    /// Trust policy (c2sp.org/tlog-policy): its logs are trusted, and its quorum must have cosigned
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub policy: Option<PathBuf>,
}

/// Which receipts are verified, and what is demanded of them.
#[derive(Debug, Args)]
pub struct VerifierArgs {
    /// Receipts, and folders with receipts (all files below that end in .receipt)
    #[arg(value_name = "RECEIPT", value_hint = ValueHint::AnyPath, required = true)]
    pub receipts: Vec<PathBuf>,
    /// Whom to trust
    #[command(flatten)]
    pub trust: TrustArgs,
    /// Fail unless the receipt is also all of this, separated by commas: pinned, proved, public-setup, cosigned (see below)
    #[arg(long, value_name = "LIST", env = "ZKL_REQUIRE", value_delimiter = ',')]
    pub require: Vec<Requirement>,
}

/// The end of the help: what can be demanded, examples of `program`, exit codes. `more` are examples of what it can do besides.
pub fn examples(program: &str, more: &[&str]) -> String {
    let requirements =
        Requirement::ALL.map(|requirement| format!("  {:<14}{}\n", requirement.name(), requirement.demands()));
    let examples = [
        "mean.receipt",
        "mean.receipt --trust 'ledger.example.com/ml+5d3c1a2b+AbCd...'",
        "mean.receipt --trust keys.txt --format json",
        "mean.receipt --trust-store trust.toml",
        "mean.receipt --policy trust.policy",
        "mean.receipt --policy trust.policy --require pinned,proved,public-setup,cosigned",
        "receipts/ more/*.receipt --trust keys.txt --require pinned,proved",
        "receipts/ --format csv > receipts.csv",
    ];
    let examples: String = examples.iter().chain(more).map(|line| format!("  {program} {line}\n")).collect();
    format!(
        "\
Requirements:
{requirements}
Examples:
{examples}
Exit codes: 0 every receipt verifies and is as required, 1 one does not or is not, 2 one could not be read. Without --require,
0 says that every check passed, and the output says what that is worth.",
        requirements = requirements.concat()
    )
}
