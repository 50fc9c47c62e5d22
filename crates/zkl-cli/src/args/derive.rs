//! Flags of the commands that make tables of another one: `zkl split`, `zkl filter`, `zkl erase`, `zkl dedup`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use zkl_ledger::{DatasetName, relation::Ratio};

use super::{ReadArgs, WriteArgs};

/// Split a table at random, and prove that the parts are the whole.
///
/// Makes the files, notarizes them as the table was read, and proves and records `train, test = split(all)`. The table is notarized first
/// if its newest version is another one. Rows and their order stay as they are in the file. The same seed gives the same parts:
/// docs/relations.md says how rows are chosen.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl split patients.csv --ratio 80/20 --stratify readmitted
  zkl split patients.parquet --ratio 70/15/15 --seed 7 -o train.parquet dev.parquet test.parquet
  zkl split patients.csv --ratio 80/20 -o train.csv test.csv --receipt split.receipt

Exit codes: 0 proved, 2 it cannot be made or proved, 3 a part would have no rows, 4 busy.")]
pub(crate) struct SplitArgs {
    /// The table: CSV, Parquet, or an Arrow file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Sizes of two or three parts in proportion, as in 80/20 or 70/15/15
    #[arg(long, value_name = "A/B")]
    pub(crate) ratio: Ratio,
    /// Keep the ratio, within a row, for each value of this column
    #[arg(long, value_name = "COLUMN")]
    pub(crate) stratify: Option<String>,
    /// Number that decides which rows go where [default: from the operating system, and shown]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// The files to make, in the order of the ratio [default: FILE-train, FILE-test, or -train, -dev, -test]
    #[arg(long, short, value_name = "FILE", num_args = 2..=3, value_hint = ValueHint::FilePath)]
    pub(crate) output: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) derive: DeriveArgs,
}

/// Make a table of the rows that meet conditions, and prove that it has all of them and no others.
///
/// Makes the file, notarizes it as the table was read, and proves and records `adults = filter(all, age >= 18)`. The table is notarized
/// first if its newest version is another one. The conditions stand in the log unless `--closed` keeps them out of it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl filter patients.csv 'age >= 18 and sex = f' -o women.csv
  zkl filter trees.parquet 'planted < 2020-01-01' -o old.parquet --receipt old.receipt

Exit codes: 0 proved, 2 it cannot be made or proved, 3 no row meets the conditions, 4 busy.")]
pub(crate) struct FilterRowsArgs {
    /// The table: CSV, Parquet, or an Arrow file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// What rows are asked for, as in `zkl relate`: up to eight conditions with `and`
    #[arg(value_name = "CONDITIONS")]
    pub(crate) conditions: String,
    /// The file to make
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) derive: DeriveArgs,
}

/// Make a table without the rows that meet conditions, and prove that nothing else changed.
///
/// Makes the file, notarizes it as the table was read, and proves and records `rest = erase(all, patient = 17)`. The table is notarized
/// first if its newest version is another one. The conditions stand in the log unless `--closed` keeps them out of it: name a number that
/// says nothing outside of the table, and nobody's name.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl erase patients.csv 'patient_id = 17' -o patients-2.csv
  zkl erase visits.parquet 'patient = 17 and day >= 2024-01-01' -o rest.parquet --closed --receipt erased.receipt

Exit codes: 0 proved, 2 it cannot be made or proved, 3 no row meets the conditions, or every row does, 4 busy.")]
pub(crate) struct EraseArgs {
    /// The table: CSV, Parquet, or an Arrow file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Which rows are erased, as in `zkl relate`: those that meet all of up to eight conditions with `and`
    #[arg(value_name = "CONDITIONS")]
    pub(crate) conditions: String,
    /// The file to make
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) derive: DeriveArgs,
}

/// Make a table of the first row of every key, and prove that no key is lost and none is there twice.
///
/// Makes the file, notarizes it as the table was read, and proves and records `kept = dedup(all on id)`. The table is notarized first if
/// its newest version is another one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl dedup patients.csv --key patient_id -o patients-once.csv
  zkl dedup visits.parquet --key patient --key day -o visits-once.parquet --receipt once.receipt

Exit codes: 0 proved, 2 it cannot be made or proved, 4 busy.")]
pub(crate) struct DedupArgs {
    /// The table: CSV, Parquet, or an Arrow file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// A column that tells rows apart (may be repeated) [default: all columns that can be compared]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) key: Vec<String>,
    /// The file to make
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) derive: DeriveArgs,
}

/// Flags of all of them.
#[derive(Debug, Args)]
pub(crate) struct DeriveArgs {
    /// Name of the table's dataset [default: the file's name without extensions]
    #[arg(long, short, value_name = "NAME")]
    pub(crate) name: Option<DatasetName>,
    /// Names of the datasets that are made, in the order of their files [default: the files' names without extensions]
    #[arg(long = "output-name", value_name = "NAME")]
    pub(crate) output_names: Vec<DatasetName>,
    /// Compare the tables in this column alone (may be repeated) [default: in all columns that can be]
    #[arg(long = "on", value_name = "COLUMN")]
    pub(crate) on: Vec<String>,
    /// Replace files that are there
    #[arg(long)]
    pub(crate) force: bool,
    /// Keep what the relation says (columns, conditions) out of the log: the receipt alone has it, and cannot be made again
    #[arg(long, requires = "receipt")]
    pub(crate) closed: bool,
    /// Write the receipt of the relation to this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) receipt: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
