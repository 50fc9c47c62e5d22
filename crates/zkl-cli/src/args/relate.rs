//! `zkl relate`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use zkl_ledger::{DatasetName, relation::Relation};

use super::WriteArgs;

/// Prove how the rows of notarized tables are related, and record the proof.
///
/// The relation is proved in zero knowledge over what the notarizations committed to. The rows are read again, and must be those that were
/// notarized. A relation that is false is refused, with the rows that break it. `docs/relations.md` says what each relation shows and what it
/// does not.
#[derive(Debug, Args)]
#[command(after_help = "\
Relations:
  train, test = split(all)        every row of all is in exactly one of them, and they have no other
  all = append(january, february) the same the other way round, for two or three parts
  same_rows(shuffled, original)   both have the same rows, each as often
  subset(sample of all)           every row of sample is one of all, none more often than there
  unique(all on id)               no two rows of all have the same id
  k_anonymous(all on zip, age, k = 10)    at least 10 rows of all have each combination of these
  adults = filter(all, age >= 18 and kind = oak)   the rows that meet all conditions, and no others
  rest = erase(all, patient = 17) all rows but those that meet the conditions
  bounds(all on age, 0, 120)      every row has an age in the range; bounds(.., nulls) allows rows without
  disjoint(train, test on patient)   no row of one has the patient of a row of the other
  kept = dedup(all on id)         one row of all for every id that all has
  present(all, patient = 17)      a row has the value; absent: no row has
  train, test = split(all on id, label)   compared in these columns alone

Examples:
  zkl relate 'train, test = split(all)' --data all=all.csv --data train=train.csv --data test=test.csv -o split.receipt
  zkl relate 'same_rows(a, b)' --data a=a.parquet --data b=b.csv
  zkl relate 'unique(all on patient, visit)' --data all=all.csv
  zkl relate 'adults = filter(all, age >= 18)' --data all=all.csv --data adults=adults.csv
  zkl relate 'v2 = erase(v1, patient = 17)' --data v1=v1.csv --data v2=v2.csv --closed -o erased.receipt

Exit codes: 0 proved, 2 it cannot be proved, 3 the relation is false, 4 busy.")]
pub(crate) struct RelateArgs {
    /// The relation, between newest notarizations of datasets
    #[arg(value_name = "RELATION")]
    pub(crate) relation: String,
    /// File of a dataset of the relation (once for each)
    #[arg(long = "data", value_name = "DATASET=FILE", value_parser = data, value_hint = ValueHint::FilePath, required = true)]
    pub(crate) data: Vec<(DatasetName, PathBuf)>,
    /// Keep what is said (columns, constants) out of the log: the receipt alone has it, and cannot be made again
    #[arg(long, requires = "output")]
    pub(crate) closed: bool,
    /// Write the receipt to this file
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

impl RelateArgs {
    /// The file of a dataset.
    pub(crate) fn file(&self, dataset: &DatasetName) -> Option<&PathBuf> {
        self.data.iter().find(|(name, _)| name == dataset).map(|(_, file)| file)
    }

    /// A dataset with a file that the relation does not name, or that has two.
    pub(crate) fn superfluous(&self, relation: &Relation) -> Option<&DatasetName> {
        let repeated = |at: usize, name: &DatasetName| self.data.iter().take(at).any(|(other, _)| other == name);
        let mut data = self.data.iter().enumerate();
        data.find(|(at, (name, _))| !relation.tables.contains(name) || repeated(*at, name)).map(|(_, (name, _))| name)
    }
}

fn data(text: &str) -> Result<(DatasetName, PathBuf), String> {
    let (name, file) = text.split_once('=').ok_or("expected DATASET=FILE")?;
    let name = name.parse().map_err(|error: zkl_ledger::types::ParseError| error.to_string())?;
    if file.is_empty() { Err("expected a file after =".to_owned()) } else { Ok((name, file.into())) }
}
