//! What is in a receipt, by its own words. Nothing is verified, and every form of the output says so.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    path::Path,
};

use serde::Serialize;
use zkl_ledger::{
    receipt::{DatasetRef, Predicate, ProofRecord, Receipt, ReceiptEntry, VerifyError},
    types::{Layout, TransactionId, reading},
};
use zkl_verify::receipts;

use crate::{
    args::InspectArgs,
    config::Config,
    error::{CliError, ErrorReport},
    output::{self, Report},
};

const UNVERIFIED: &str = "NOTHING WAS VERIFIED: anybody can write this. `zkl verify` checks it.";

#[derive(Serialize)]
struct Inspection {
    /// Always `false`.
    verified: bool,
    receipts: Vec<InspectedReceipt>,
    /// Files that are no receipts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<OtherFile>,
}

#[derive(Serialize)]
struct OtherFile {
    file: String,
    error: ErrorReport,
}

#[derive(Serialize)]
struct InspectedReceipt {
    file: String,
    bytes: usize,
    log: InspectedLog,
    entries: Vec<InspectedEntry>,
}

#[derive(Serialize)]
struct InspectedLog {
    origin: String,
    key: String,
    /// Entries of the log at the checkpoint; absent where the checkpoint has no such line.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<String>,
}

#[derive(Default, Serialize)]
struct InspectedEntry {
    index: u64,
    transaction: String,
    kind: String,
    /// The statement's type: with its version.
    r#type: String,
    /// Whether this program knows the type.
    known: bool,
    /// Whether no other entry of the receipt names it: what the receipt is for.
    subject: bool,
    recorded_at: String,
    notary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    datasets: Vec<InspectedDataset>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<InspectedTable>,
    proofs: Vec<InspectedProof>,
}

/// A version of a dataset: the name, and which notarization of it.
#[derive(Serialize)]
struct InspectedDataset {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset_id: Option<String>,
    /// The entry that notarized it, if it is in the receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    notarized_in: Option<u64>,
}

#[derive(Serialize)]
struct InspectedTable {
    rows: u64,
    columns: Vec<InspectedColumn>,
    /// Pairs of columns with joint counts or sums of products.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pairs: Vec<zkl_ledger::types::PairLayout>,
    /// What reading did to the table, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reading: Vec<String>,
}

#[derive(Serialize)]
struct InspectedColumn {
    name: String,
    r#type: String,
    nullable: bool,
    /// How its values are committed to.
    encoding: &'static str,
}

#[derive(Serialize)]
struct InspectedProof {
    /// `rows` of the proof over every row, `statement` of a claim's or of a custom circuit's.
    of: &'static str,
    scheme: &'static str,
    circuits: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_string: Option<String>,
    /// Bytes of the proof in the receipt; absent where the receipt leaves it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
}

impl Report for Inspection {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        for receipt in &self.receipts {
            writeln!(
                out,
                "{}: {} bytes, {} entries",
                output::printable(&receipt.file),
                receipt.bytes,
                receipt.entries.len()
            )?;
            writeln!(out, "{UNVERIFIED}")?;
            let size =
                receipt.log.size.map_or("a size that cannot be read".to_owned(), |size| format!("{size} entries"));
            let mut fields =
                vec![("log", format!("{}, {size}", receipt.log.origin)), ("log key", receipt.log.key.clone())];
            fields.extend(receipt.log.witnesses.iter().map(|witness| ("witness", witness.clone())));
            output::write_fields(out, &fields)?;
            for entry in &receipt.entries {
                writeln!(out)?;
                entry.write_human(out)?;
            }
            writeln!(out)?;
        }
        for OtherFile { file, error } in &self.others {
            writeln!(out, "{}: NO RECEIPT: {}", output::printable(file), output::printable(&error.in_a_line()))?;
        }
        Ok(())
    }
}

impl InspectedEntry {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let unknown = if self.known { "" } else { ", unknown to this version" };
        let named = if self.subject { "" } else { ", named by another entry" };
        let mut fields = vec![("entry", format!("{}, {}{unknown}{named}", self.index, self.kind))];
        if !self.known {
            fields.push(("type", self.r#type.clone()));
        }
        fields.extend(self.claim.iter().map(|claim| ("claim", claim.clone())));
        fields.extend(self.description.iter().map(|words| ("statement", words.clone())));
        for dataset in &self.datasets {
            let version = dataset.notarized_in.map(|index| format!(", as notarized in entry {index}"));
            let id = dataset.dataset_id.as_ref().map(|id| format!(", id {id}"));
            fields.push(("dataset", [Some(dataset.name.clone()), version, id].into_iter().flatten().collect()));
        }
        if let Some(table) = &self.table {
            fields.push(("rows", table.rows.to_string()));
            for InspectedColumn { name, r#type, nullable, encoding } in &table.columns {
                let nulls = if *nullable { ", may be absent" } else { "" };
                // The type of other columns says it.
                let text = if r#type == "text" { format!(", {encoding}") } else { String::new() };
                fields.push(("column", format!("{name}: {type}{text}{nulls}")));
            }
            fields.extend(table.reading.iter().map(|line| ("read", line.clone())));
        }
        for proof in &self.proofs {
            let of = if proof.of == "rows" { "over every row" } else { "of the statement" };
            let size = proof.bytes.map_or("left out".to_owned(), |bytes| format!("{bytes} bytes"));
            fields.push(("proof", format!("{of}: {}, {}, {size}", proof.scheme, proof.circuits.join(" "))));
        }
        fields.push(("recorded", self.recorded_at.clone()));
        fields.push(("notary", self.notary.clone()));
        output::write_fields(out, &fields)
    }
}

pub(super) fn run(args: &InspectArgs, config: &Config) -> Result<(), CliError> {
    let files = receipts::expand(&args.receipts)?;
    // There is nothing to show beside it.
    if let [path] = files.as_slice() {
        let receipts = vec![read(path)?];
        return output::print(&Inspection { verified: false, receipts, others: Vec::new() }, config.format);
    }
    let (mut receipts, mut others) = (Vec::new(), Vec::new());
    for path in &files {
        match read(path) {
            Ok(receipt) => receipts.push(receipt),
            Err(error) => others.push(OtherFile { file: path.display().to_string(), error: error.report() }),
        }
    }
    let (others_here, of) = (others.len(), files.len());
    output::print(&Inspection { verified: false, receipts, others }, config.format)?;
    if others_here > 0 { Err(CliError::NotAllReceipts { others: others_here, of }) } else { Ok(()) }
}

fn read(path: &Path) -> Result<InspectedReceipt, CliError> {
    let bytes = receipts::read(path)?;
    let receipt = Receipt::decode(&bytes).and_then(|receipt| inspect(path, bytes.len(), &receipt));
    receipt.map_err(|source| CliError::NotAReceipt { path: path.to_owned(), source: Box::new(source) })
}

fn inspect(path: &Path, bytes: usize, receipt: &Receipt) -> Result<InspectedReceipt, VerifyError> {
    let mut opened = Vec::with_capacity(receipt.entries.len());
    for entry in &receipt.entries {
        opened.push((entry, entry.open()?));
    }
    let named: BTreeSet<TransactionId> = opened.iter().flat_map(|(_, signed)| signed.predicate().names()).collect();
    let index_of =
        |id: TransactionId| opened.iter().find_map(|(entry, signed)| (signed.id() == id).then_some(entry.index.0));
    let entries = opened.iter().map(|(entry, signed)| {
        let (id, predicate) = (signed.id(), signed.predicate());
        let mut inspected = InspectedEntry {
            index: entry.index.0,
            transaction: id.to_string(),
            kind: predicate.kind().to_string(),
            r#type: predicate.type_uri().to_owned(),
            known: !matches!(predicate, Predicate::Unknown(_)),
            subject: !named.contains(&id),
            recorded_at: predicate.recorded_at().to_string(),
            notary: predicate.notary().to_string(),
            ..InspectedEntry::default()
        };
        inspected.fill(entry, predicate, &index_of);
        inspected
    });
    // The lines of a checkpoint: origin, size, root.
    let mut lines = receipt.checkpoint.lines();
    let origin = lines.next().unwrap_or_default().to_owned();
    let log = InspectedLog {
        origin,
        key: receipt.log.clone(),
        size: lines.next().and_then(|line| line.parse().ok()),
        witnesses: receipt.witnesses.clone(),
    };
    Ok(InspectedReceipt { file: path.display().to_string(), bytes, log, entries: entries.collect() })
}

impl InspectedEntry {
    /// What the kind of the entry has.
    fn fill(&mut self, entry: &ReceiptEntry, predicate: &Predicate, index_of: &dyn Fn(TransactionId) -> Option<u64>) {
        let named = |dataset: &DatasetRef| InspectedDataset {
            name: dataset.name.to_string(),
            dataset_id: Some(dataset.id.to_string()),
            notarized_in: index_of(dataset.entry),
        };
        let statement = |record: &ProofRecord| InspectedProof {
            of: "statement",
            scheme: record.scheme.name(),
            circuits: vec![record.circuit.to_string()],
            reference_string: record.srs.map(|digest| digest.to_string()),
            bytes: entry.evidence.proof.as_ref().map(|part| decoded_len(&part.bytes)),
        };
        match predicate {
            Predicate::Notarization(record) => {
                self.datasets.push(InspectedDataset {
                    name: record.dataset.to_string(),
                    dataset_id: Some(record.dataset_id.to_string()),
                    notarized_in: Some(entry.index.0),
                });
                self.table = entry.evidence.manifest.as_ref().map(|manifest| InspectedTable {
                    rows: manifest.layout.rows(),
                    columns: columns(&manifest.layout),
                    pairs: manifest.layout.pairs().to_vec(),
                    reading: reading(&manifest.layout, manifest.notes()),
                });
                self.proofs.extend(record.scan.as_ref().map(|scan| InspectedProof {
                    of: "rows",
                    scheme: scan.scheme.name(),
                    circuits: scan.keys.iter().map(|key| key.circuit.to_string()).collect(),
                    reference_string: Some(scan.srs.to_string()),
                    bytes: entry.evidence.scan.as_ref().map(|part| decoded_len(&part.proof)),
                }));
            }
            Predicate::Claim(record) => {
                self.claim = Some(record.claim.to_string());
                self.datasets.push(named(&record.dataset));
                self.proofs.push(statement(&record.proof));
            }
            Predicate::Custom(record) => {
                self.description = Some(record.description.clone());
                self.datasets.extend(record.about.datasets().iter().map(named));
                self.proofs.push(statement(&record.proof));
            }
            Predicate::Relation(record) => {
                self.description = Some(record.to_string());
                self.datasets.extend(record.datasets.iter().map(named));
                self.proofs.push(statement(&record.proof));
            }
            Predicate::Unknown(_) => {}
            // A statement without a table or a proof says in words what there is to say.
            _ => self.description = Some(predicate.in_words()),
        }
        // A name that nothing ties to a version.
        if let (true, Some(name)) = (self.datasets.is_empty(), predicate.dataset()) {
            self.datasets.push(InspectedDataset { name: name.to_string(), dataset_id: None, notarized_in: None });
        }
    }
}

fn columns(layout: &Layout) -> Vec<InspectedColumn> {
    let column = |column: &zkl_ledger::types::ColumnLayout| InspectedColumn {
        name: column.name.clone(),
        r#type: column.ty.to_string(),
        nullable: column.nullable,
        encoding: column.encoding.name(),
    };
    layout.columns().iter().map(column).collect()
}

/// Bytes that a base64 text stands for.
fn decoded_len(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}
