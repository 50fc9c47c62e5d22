use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Serialize;
use zkl_ledger::{
    DatasetName, LedgerError,
    dataset::Compression,
    receipt::{Predicate, RelationTerms},
    relation::{Condition, Derivation, Relation},
    requests::{Derived, DerivedFile},
};

use super::cosign::WitnessLine;
use crate::{
    args::{DedupArgs, DeriveArgs, EraseArgs, FilterRowsArgs, SplitArgs},
    config::Config,
    error::CliError,
    files::{self, Content},
    output::{self, Report},
    progress::{self, TerminalProgress},
    table,
};

#[derive(Serialize)]
struct DeriveReport {
    transaction: String,
    index: u64,
    relation: String,
    source: TableLine,
    tables: Vec<TableLine>,
    columns: Vec<String>,
    /// Whether columns and conditions are kept out of the log.
    closed: bool,
    circuit: String,
    /// Of a split.
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    /// The ledger's witnesses, if they were asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<WitnessLine>,
}

#[derive(Serialize)]
struct TableLine {
    file: String,
    dataset: String,
    rows: u64,
    notarization: String,
    index: u64,
    /// Whether it was notarized by this command.
    is_new: bool,
}

impl Report for DeriveReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let first_notarized = if self.source.is_new { "Notarized" } else { "From" };
        let line = |table: &TableLine| {
            let (file, dataset) = (output::printable(&table.file), &table.dataset);
            format!("{file}: {dataset}, {} rows, entry {}", table.rows, table.index)
        };
        writeln!(out, "{first_notarized} {}", line(&self.source))?;
        for table in &self.tables {
            writeln!(out, "Made {}", line(table))?;
        }
        writeln!(out, "Proved {}, entry {}", output::printable(&self.relation), self.index)?;
        if self.closed {
            writeln!(out, "{}", super::relate::CLOSED)?;
        }
        let columns: Vec<String> = self.columns.iter().map(|column| output::printable(column)).collect();
        let mut fields = vec![
            ("transaction", self.transaction.clone()),
            ("compared in", columns.join(", ")),
            ("circuit", self.circuit.clone()),
        ];
        fields.extend(self.seed.map(|seed| ("seed", seed.to_string())));
        fields.extend(self.receipt.clone().map(|receipt| ("receipt", receipt)));
        output::write_fields(out, &fields)
    }
}

pub(super) async fn split(args: SplitArgs, config: &Config) -> Result<(), CliError> {
    let SplitArgs { file, ratio, stratify, seed, output, derive } = args;
    let seed = seed.map_or_else(Derivation::random_seed, Ok)?;
    let names: &[&str] = if ratio.shares().len() == 2 { &["train", "test"] } else { &["train", "dev", "test"] };
    let output = if output.is_empty() { names.iter().map(|name| beside(&file, name)).collect() } else { output };
    let derivation = Derivation::Split { ratio, stratify, seed };
    run(Request { file, output, derivation, derive, seed: Some(seed) }, config).await
}

pub(super) async fn filter(args: FilterRowsArgs, config: &Config) -> Result<(), CliError> {
    let FilterRowsArgs { file, conditions, output, derive } = args;
    let derivation = Derivation::Filter(conditions_of("filter", &conditions)?);
    run(Request { file, output: vec![output], derivation, derive, seed: None }, config).await
}

pub(super) async fn erase(args: EraseArgs, config: &Config) -> Result<(), CliError> {
    let EraseArgs { file, conditions, output, derive } = args;
    let derivation = Derivation::Erase(conditions_of("erase", &conditions)?);
    run(Request { file, output: vec![output], derivation, derive, seed: None }, config).await
}

pub(super) async fn dedup(args: DedupArgs, config: &Config) -> Result<(), CliError> {
    let DedupArgs { file, key, output, derive } = args;
    run(Request { file, output: vec![output], derivation: Derivation::Dedup(key), derive, seed: None }, config).await
}

/// Conditions as `zkl relate` has them; carets point into the relation that is proved.
fn conditions_of(operation: &str, text: &str) -> Result<Vec<Condition>, CliError> {
    let relation: Relation = format!("made = {operation}(table, {text})").parse()?;
    Ok(relation.details.conditions)
}

/// `patients-train.csv` of `patients.csv` and of `patients.csv.gz`.
fn beside(file: &Path, what: &str) -> PathBuf {
    // Copies are not compressed.
    let is_plain = Compression::of_extension(file) == Compression::None;
    let file = if is_plain { file.to_owned() } else { file.with_extension("") };
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let name = match file.extension() {
        Some(extension) => format!("{stem}-{what}.{}", extension.to_string_lossy()),
        None => format!("{stem}-{what}"),
    };
    file.with_file_name(name)
}

struct Request {
    file: PathBuf,
    output: Vec<PathBuf>,
    derivation: Derivation,
    derive: DeriveArgs,
    seed: Option<u64>,
}

async fn run(request: Request, config: &Config) -> Result<(), CliError> {
    let Request { file, output, derivation, derive, seed } = request;
    let DeriveArgs { name, output_names, on, force, closed, receipt, read, write } = derive;
    let mut source = table::at(std::slice::from_ref(&file), read.sql.as_deref())?;
    if let Some(name) = name {
        source = source.named(name);
    }
    if source.name().is_none() {
        return Err(CliError::NoName { path: source.source().name().to_owned() });
    }
    if !output_names.is_empty() && output_names.len() != output.len() {
        return Err(CliError::OutputNames { names: output_names.len(), files: output.len() });
    }
    for path in &output {
        files::check_place(path, &[&config.ledger])?;
    }
    if let Some(path) = &receipt {
        let precious: Vec<&Path> = output.iter().chain([&file, &config.ledger]).map(PathBuf::as_path).collect();
        files::check_writable(path, Content::Receipt, &precious)?;
    }
    let redacts = super::read::redacts(&read);
    let source = source.options(super::read::options(read)?);
    let ledger = super::open_for_writing(config, &write, super::Openings::Read).await?;
    let reporter = Arc::new(TerminalProgress::new(config.quiet));
    let mut request = ledger.derive(source, derivation).overwrite(force).closed(closed).progress(Arc::clone(&reporter));
    for (index, path) in output.into_iter().enumerate() {
        request = request.file(DerivedFile { path, dataset: output_names.get(index).cloned() });
    }
    if !on.is_empty() {
        request = request.columns(on);
    }
    let derived = tokio::select! {
        derived = request => derived,
        // A process that is killed leaves its temporary files; one that ends takes them along.
        Ok(()) = tokio::signal::ctrl_c() => Err(LedgerError::Cancelled),
    };
    let derived = derived.map_err(|error| super::read::shown(error, redacts))?;
    drop(reporter);
    if let Some(notarized) = &derived.notarized {
        let entry = notarized.entry.index;
        progress::note(config.quiet, &format!("{} was not notarized, and is now: entry {entry}", file.display()));
    }
    let witnesses = match write.no_cosign {
        true => Vec::new(),
        false => super::cosign::after_append(&ledger, config).await,
    };
    let receipt = match &receipt {
        Some(path) => {
            let closed = derived.closed.as_ref();
            Some(super::receipt::write_relation(&ledger, &derived.relation, closed, path).await?)
        }
        None => None,
    };
    output::print(&report(&derived, &file, seed, receipt, witnesses)?, config.format)
}

fn report(
    derived: &Derived,
    file: &Path,
    seed: Option<u64>,
    receipt: Option<String>,
    witnesses: Vec<WitnessLine>,
) -> Result<DeriveReport, CliError> {
    let Derived { source, notarized, tables, relation, closed, .. } = derived;
    let no_relation = || CliError::NoRelation { entry: relation.id.to_string() };
    let Predicate::Relation(record) = relation.predicate() else { return Err(no_relation()) };
    let terms = closed.as_ref().map(|relation| &relation.terms).or_else(|| record.disclosure.open());
    let terms = terms.ok_or_else(no_relation)?;
    let made = tables.iter().map(|table| TableLine {
        file: table.path.display().to_string(),
        dataset: table.notarized.notarization.dataset.to_string(),
        rows: table.notarized.layout.rows(),
        notarization: table.notarized.entry.id.to_string(),
        index: table.notarized.entry.index.0,
        is_new: true,
    });
    Ok(DeriveReport {
        transaction: relation.id.to_string(),
        index: relation.index.0,
        relation: text(source.name(), derived, terms),
        source: TableLine {
            file: file.display().to_string(),
            dataset: source.name().to_string(),
            rows: derived.rows,
            notarization: source.entry().id.to_string(),
            index: source.entry().index.0,
            is_new: notarized.is_some(),
        },
        tables: made.collect(),
        columns: terms.columns.clone(),
        closed: closed.is_some(),
        circuit: record.proof.circuit.to_string(),
        seed,
        receipt,
        witnesses,
    })
}

/// The relation as `zkl relate` has it.
fn text(source: &DatasetName, derived: &Derived, terms: &RelationTerms) -> String {
    let made: Vec<&str> = derived.tables.iter().map(|table| table.notarized.notarization.dataset.as_str()).collect();
    let details = &terms.details;
    let conditions: Vec<String> = details.conditions.iter().map(ToString::to_string).collect();
    let mut asked = if conditions.is_empty() { String::new() } else { format!(", {}", conditions.join(" and ")) };
    if !details.key.is_empty() {
        asked.push_str(&format!(" on {}", details.key.join(", ")));
    }
    format!("{} = {}({source}{asked})", made.join(", "), terms.operation)
}
