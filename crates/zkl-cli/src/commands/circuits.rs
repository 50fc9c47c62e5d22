use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use serde::Serialize;
use zkl_ledger::{
    ceremony::{self, ImportedKey},
    circuit::{Circuit, KeyStore},
    receipt::{
        Receipt,
        circuits::{PinnedDigests, of_receipt, of_the_project, universal_key},
    },
};
use zkl_verify::VerifierError;

use crate::{
    args::{CircuitsArgs, CircuitsCommand, CircuitsImportArgs},
    config::Config,
    error::CliError,
    files,
    output::{self, Report},
};

#[derive(Serialize)]
struct CircuitList {
    circuits: Vec<CircuitLine>,
}

#[derive(Serialize)]
struct CircuitLine {
    id: String,
    linked: bool,
    inputs: usize,
    variables: usize,
    constraints: usize,
    nonzeros: usize,
    /// Digest of the matrices.
    matrices: String,
    /// Digest of the universal key.
    key: String,
    /// Whether the universal key is pinned.
    pinned: bool,
    /// Digest of the dev key of Groth16.
    #[serde(skip_serializing_if = "Option::is_none")]
    dev_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r1cs: Option<String>,
}

#[derive(Serialize)]
struct ImportReport {
    circuit: String,
    digest: String,
}

impl Report for ImportReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let fields = [
            ("circuit", self.circuit.clone()),
            ("digest", self.digest.clone()),
            ("use", "--proof compact".to_owned()),
            ("trust", format!("zkl verify --trust vk:{}:{}", self.circuit, self.digest)),
        ];
        output::write_fields(out, &fields)
    }
}

impl Report for CircuitList {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.circuits.iter().map(|line| {
            let key = if line.pinned { line.key.clone() } else { format!("{} (not pinned)", line.key) };
            [line.id.clone(), line.constraints.to_string(), line.nonzeros.to_string(), line.matrices.clone(), key]
        });
        writeln!(out, "{}", output::table(["circuit", "constraints", "nonzeros", "matrices", "universal key"], rows))
    }
}

pub(super) async fn run(args: CircuitsArgs, config: &Config) -> Result<(), CliError> {
    if let Some(CircuitsCommand::Import(args)) = args.command {
        let keys = super::key_store(config)?;
        let import = tokio::task::spawn_blocking(move || import(&keys, &args));
        return output::print(&import.await.map_err(CliError::Task)??, config.format);
    }
    let list = tokio::task::spawn_blocking(move || list(&args)).await.map_err(CliError::Task)??;
    output::print(&list, config.format)
}

fn import(keys: &KeyStore, args: &CircuitsImportArgs) -> Result<ImportReport, CliError> {
    let circuits = candidates(args.receipt.as_deref())?;
    let circuit = circuits.iter().find(|circuit| circuit.id().to_string() == args.circuit);
    let circuit = circuit.ok_or_else(|| CliError::NoCircuit { got: args.circuit.clone() })?;
    let ImportedKey { circuit, digest } = ceremony::import(keys, &**circuit, &args.zkey)?;
    Ok(ImportReport { circuit: circuit.to_string(), digest: digest.to_string() })
}

/// The circuits that a receipt calls for, or the project's.
fn candidates(receipt: Option<&Path>) -> Result<Vec<Box<dyn Circuit>>, CliError> {
    receipt.map_or_else(|| Ok(of_the_project()), receipt_circuits)
}

fn list(args: &CircuitsArgs) -> Result<CircuitList, CliError> {
    let mut circuits = candidates(args.receipt.as_deref())?;
    let ids: Vec<String> = circuits.iter().map(|circuit| circuit.id().to_string()).collect();
    if let Some(name) = args.circuits.iter().find(|name| !ids.iter().any(|id| id.starts_with(*name))) {
        return Err(CliError::NoCircuit { got: name.clone() });
    }
    if !args.circuits.is_empty() {
        let mut ids = ids.iter();
        circuits.retain(|_| ids.next().is_some_and(|id| args.circuits.iter().any(|name| id.starts_with(name))));
    }
    for dir in [&args.matrices, &args.r1cs].into_iter().flatten() {
        fs::create_dir_all(dir).map_err(|source| CliError::WriteFile { path: dir.clone(), source })?;
    }
    let lines = circuits.iter().map(|circuit| line(&**circuit, args.matrices.as_deref(), args.r1cs.as_deref()));
    Ok(CircuitList { circuits: lines.collect::<Result<_, CliError>>()? })
}

fn receipt_circuits(path: &Path) -> Result<Vec<Box<dyn Circuit>>, CliError> {
    let bytes = zkl_verify::receipts::read(path)?;
    let circuits = Receipt::decode(&bytes).and_then(|receipt| of_receipt(&receipt));
    circuits.map_err(|source| VerifierError::NotValid { path: path.to_owned(), source: Box::new(source) }.into())
}

fn line(circuit: &dyn Circuit, dir: Option<&Path>, ceremony: Option<&Path>) -> Result<CircuitLine, CliError> {
    let id = circuit.id();
    let key = universal_key(circuit).map_err(zkl_ledger::LedgerError::from)?;
    let matrices = key.matrices().ok_or_else(|| CliError::NoMatrices { circuit: id.to_string() })?;
    let write = |dir: &Path, extension: &str, bytes: Vec<u8>| {
        let path = dir.join(format!("{}.{extension}", id.to_string().replace('/', ".")));
        files::write_unchecked(&path, &bytes).map(|()| path.display().to_string())
    };
    let file = dir.map(|dir| write(dir, "r1cs", matrices.to_bytes()));
    let r1cs = ceremony.map(|dir| write(dir, "snarkjs.r1cs", matrices.to_r1cs()));
    let pinned = PinnedDigests::of(&id);
    Ok(CircuitLine {
        id: id.to_string(),
        linked: circuit.is_linked(),
        inputs: matrices.public_inputs(),
        variables: matrices.variables(),
        constraints: matrices.num_constraints(),
        nonzeros: matrices.num_nonzero(),
        matrices: matrices.digest().to_string(),
        key: key.digest().to_string(),
        pinned: pinned.universal == Some(key.digest()),
        dev_key: pinned.dev.map(|digest| digest.to_string()),
        file: file.transpose()?,
        r1cs: r1cs.transpose()?,
    })
}
