use std::{
    io::{self, Write},
    sync::Arc,
};

use serde::Serialize;
use zkl_ledger::{Dataset, Table, receipt::Predicate, relation::Relation};

use super::cosign::WitnessLine;
use crate::{
    args::RelateArgs,
    config::Config,
    error::CliError,
    files::{self, Content},
    output::{self, Report},
    progress::TerminalProgress,
};

/// What the owner of a closed relation is told.
pub(super) const CLOSED: &str =
    "The log tells the operation and the tables; keep the receipt, which alone has the rest.";

#[derive(Serialize)]
struct RelateReport {
    transaction: String,
    index: u64,
    relation: String,
    datasets: Vec<RelatedDataset>,
    /// Those in which the tables were compared; none of a closed relation.
    columns: Vec<String>,
    closed: bool,
    circuit: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    /// The ledger's witnesses, if they were asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<WitnessLine>,
}

#[derive(Serialize)]
struct RelatedDataset {
    role: String,
    name: String,
    notarization: String,
}

impl Report for RelateReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "Proved {}, entry {}", output::printable(&self.relation), self.index)?;
        if self.closed {
            writeln!(out, "{CLOSED}")?;
        }
        let columns: Vec<String> = self.columns.iter().map(|column| output::printable(column)).collect();
        let mut fields = vec![("transaction", self.transaction.clone())];
        if !columns.is_empty() {
            fields.push(("compared in", columns.join(", ")));
        }
        fields.push(("circuit", self.circuit.clone()));
        if let Some(receipt) = &self.receipt {
            fields.push(("receipt", receipt.clone()));
        }
        output::write_fields(out, &fields)
    }
}

pub(super) async fn run(args: RelateArgs, config: &Config) -> Result<(), CliError> {
    let relation: Relation = args.relation.parse()?;
    if let Some(dataset) = args.superfluous(&relation) {
        return Err(CliError::RelationFile {
            dataset: dataset.clone(),
            problem: "is not a table of the relation, or has two files",
        });
    }
    let no_file =
        |dataset| CliError::RelationFile { dataset, problem: "has no file: name it with --data DATASET=FILE" };
    let mut tables = Vec::with_capacity(relation.tables.len());
    for name in &relation.tables {
        tables.push(Table::path(args.file(name).ok_or_else(|| no_file(name.clone()))?));
    }
    if let Some(path) = &args.output {
        files::check_writable(path, Content::Receipt, &[&config.ledger])?;
    }
    let ledger = super::open_for_writing(config, &args.write, super::Openings::Read).await?;
    let mut datasets: Vec<Dataset> = Vec::with_capacity(tables.len());
    for name in &relation.tables {
        datasets.push(super::profile::version(&ledger, name, None).await?);
    }
    let reporter = Arc::new(TerminalProgress::new(config.quiet));
    let mut request = ledger.relate(relation.operation).progress(Arc::clone(&reporter));
    for (dataset, table) in datasets.iter().zip(tables) {
        request = request.table(dataset, table);
    }
    if let Some(columns) = &relation.columns {
        request = request.columns(columns);
    }
    request = request.details(relation.details.clone());
    let (entry, closed) = match args.closed {
        false => (request.await?, None),
        true => {
            let relation = request.closed().await?;
            (relation.entry.clone(), Some(relation))
        }
    };
    drop(reporter);
    let witnesses = match args.write.no_cosign {
        true => Vec::new(),
        false => super::cosign::after_append(&ledger, config).await,
    };
    let receipt = match &args.output {
        Some(path) => Some(super::receipt::write_relation(&ledger, &entry, closed.as_ref(), path).await?),
        None => None,
    };
    let Predicate::Relation(record) = entry.predicate() else {
        return Err(CliError::NoRelation { entry: entry.id.to_string() });
    };
    let dataset = |dataset: &zkl_ledger::receipt::DatasetRef| RelatedDataset {
        role: dataset.role.to_string(),
        name: dataset.name.to_string(),
        notarization: dataset.entry.to_string(),
    };
    let report = RelateReport {
        transaction: entry.id.to_string(),
        index: entry.index.0,
        relation: args.relation.clone(),
        datasets: record.datasets.iter().map(dataset).collect(),
        columns: record.disclosure.open().map(|terms| terms.columns.clone()).unwrap_or_default(),
        closed: args.closed,
        circuit: record.proof.circuit.to_string(),
        receipt,
        witnesses,
    };
    output::print(&report, config.format)
}
