//! Flags of the command that records a table.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use zkl_ledger::{DatasetName, circuit::KeyDigest, types::PrivacyLevel};

use super::{ReadArgs, ReceiptContentArgs, WriteArgs, reference_string};

/// Record a table: read it, commit to its profile, prove that the profile covers every row, sign, append.
///
/// CSV, JSON, NDJSON, Parquet and Arrow IPC files are read, also with gzip, zstd, bzip2, xz or ZIP around them. All files below a directory
/// or of a pattern are one table, in the order of their paths; a directory called `key=value` is a column. Column types are
/// inferred from all rows (`zkl schema FILE` shows how) unless a schema file or --column says otherwise. Nothing of the
/// table enters the ledger but its layout, commitments to its columns and to its profile, and a proof in zero knowledge
/// that the profile covers every row; the secrets go into an opening file beside the ledger. The first notarization of a
/// table of some size makes proving keys, which takes up to a minute and happens once per machine.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl notarize penguins.csv --name penguins --joint species,sex
  zkl notarize loans.parquet --name loans --product income,amount --privacy public
  zkl notarize export.txt.gz --name export --input-format csv --delimiter ';' --schema export.toml
  zkl notarize ids.csv --name ids --column zip=category -o ids.receipt
  zkl notarize sales/ 'archive/*.csv.gz' --name sales
  zkl notarize https://example.com/table.csv
  zkl notarize s3://bucket/sales/ --name sales
  sort table.csv | zkl notarize - --name table")]
pub(crate) struct NotarizeArgs {
    /// The table: a file, a directory, a pattern in quotes, an https, s3, gs or az URL, or `-` for standard input; several are one table, in this order
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Name of the dataset [default: the file's name without extensions]
    #[arg(long, short, value_name = "NAME")]
    pub(crate) name: Option<DatasetName>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// Add joint counts of two columns to the profile, as `gap` claims need (may be repeated)
    #[arg(long, value_name = "GROUP,LABEL", value_parser = pair)]
    pub(crate) joint: Vec<(String, String)>,
    /// Add sums of products of two numeric columns to the profile, as `corr` claims need (may be repeated)
    #[arg(long, value_name = "A,B", value_parser = pair)]
    pub(crate) product: Vec<(String, String)>,
    /// What to publish about the file: `private` salted digests, or `public` plain ones
    #[arg(long, value_name = "LEVEL", default_value_t)]
    pub(crate) privacy: PrivacyLevel,
    /// Prove nothing: the notary's signature alone vouches for the profile
    #[arg(long)]
    pub(crate) attest_only: bool,
    /// Commit under this reference string: a name or digest of `zkl srs list` [default: the public one]
    #[arg(long, value_name = "STRING", env = "ZKL_SRS", value_parser = reference_string, conflicts_with = "attest_only")]
    pub(crate) srs: Option<KeyDigest>,
    /// Write the receipt of the notarization to this file
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) content: ReceiptContentArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once(',') {
        Some((a, b)) if !a.is_empty() && !b.is_empty() && !b.contains(',') => Ok((a.to_owned(), b.to_owned())),
        _ => Err("expected two column names with a comma between them"),
    }
}
