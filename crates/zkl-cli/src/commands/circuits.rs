use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use serde::Serialize;
use zkl_ledger::{
    circuit::Circuit,
    receipt::{
        Receipt,
        circuits::{PinnedDigests, of_receipt, of_the_project, universal_key},
    },
};

use crate::{
    args::CircuitsArgs,
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
    let list = tokio::task::spawn_blocking(move || list(&args)).await.map_err(CliError::Task)??;
    output::print(&list, config.format)
}

fn list(args: &CircuitsArgs) -> Result<CircuitList, CliError> {
    let mut circuits = match &args.receipt {
        Some(path) => receipt_circuits(path)?,
        None => of_the_project(),
    };
    let ids: Vec<String> = circuits.iter().map(|circuit| circuit.id().to_string()).collect();
    if let Some(name) = args.circuits.iter().find(|name| !ids.iter().any(|id| id.starts_with(*name))) {
        return Err(CliError::NoCircuit { got: name.clone() });
    }
    if !args.circuits.is_empty() {
        let mut ids = ids.iter();
        circuits.retain(|_| ids.next().is_some_and(|id| args.circuits.iter().any(|name| id.starts_with(name))));
    }
    if let Some(dir) = &args.matrices {
        fs::create_dir_all(dir).map_err(|source| CliError::WriteFile { path: dir.clone(), source })?;
    }
    let lines = circuits.iter().map(|circuit| line(&**circuit, args.matrices.as_deref()));
    Ok(CircuitList { circuits: lines.collect::<Result<_, CliError>>()? })
}

fn receipt_circuits(path: &Path) -> Result<Vec<Box<dyn Circuit>>, CliError> {
    let bytes = super::receipt_files::read(path)?;
    let circuits = Receipt::decode(&bytes).and_then(|receipt| of_receipt(&receipt));
    circuits.map_err(|source| CliError::NotValid { path: path.to_owned(), source: Box::new(source) })
}

fn line(circuit: &dyn Circuit, dir: Option<&Path>) -> Result<CircuitLine, CliError> {
    let id = circuit.id();
    let key = universal_key(circuit).map_err(zkl_ledger::LedgerError::from)?;
    let matrices = key.matrices().ok_or_else(|| CliError::NoMatrices { circuit: id.to_string() })?;
    let file = dir.map(|dir| {
        let path = dir.join(format!("{}.r1cs", id.to_string().replace('/', ".")));
        files::write_unchecked(&path, &matrices.to_bytes()).map(|()| path.display().to_string())
    });
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
    })
}
