//! The end-to-end table: generated tables notarized on disk, claims about them proved and verified.
//!
//! `cargo run --release -p zkl-benches --bin end_to_end -- --dir /a/real/disk`
//!
//! Every table is measured in a process of its own, so that peaks of memory do not mix. Output is Markdown.
#![expect(clippy::print_stdout, reason = "a table on stdout is what this program is for")]

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use clap::Parser;
use zkl_benches::{
    clock::{self, DICTIONARY, ENCODE, GENERATE, INFER, LOAD, PROVE, Spent, StageSpent},
    end_to_end::{self, Figures},
    mixed_table::{MixedTable, Width},
    text_table::TextTable,
};
use zkl_ledger::requests::ProofSetting;

#[derive(Parser)]
struct Args {
    /// Rows of the tables; at least 10,000, for the claims to hold.
    #[arg(long, value_delimiter = ',', default_values_t = [1 << 16, 1 << 18, 1_000_000])]
    rows: Vec<u64>,
    /// Columns of the tables: 4, 10, 28.
    #[arg(long, value_delimiter = ',', default_values_t = [4, 10])]
    columns: Vec<u32>,
    /// How everything is proved: universal, dev (Groth16 with keys that anybody can forge with).
    #[arg(long, value_delimiter = ',', default_values_t = [ProofSetting::Universal, ProofSetting::Dev])]
    proof: Vec<ProofSetting>,
    /// Directory on the disk to measure; a subdirectory is made in it and removed.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// Measure one table with the keys of this directory, in this process, and print JSON.
    #[arg(long, hide = true)]
    one_with_keys: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let place = tempfile::tempdir_in(&args.dir)?;
    if let Some(keys) = &args.one_with_keys {
        let (&[rows], &[columns], &[proof]) = (&args.rows[..], &args.columns[..], &args.proof[..]) else {
            return Err("one table has one number of rows and of columns, and one kind of proof".into());
        };
        let width = Width::new(columns).ok_or("tables have 4, 10 or 28 columns")?;
        let runtime = tokio::runtime::Runtime::new()?;
        let figures = runtime.block_on(end_to_end::run(MixedTable { rows, width }, proof, place.path(), keys))?;
        println!("{}", serde_json::to_string(&figures)?);
        return Ok(());
    }

    let kernel = zkl_kernel::selection();
    if let Some(problem) = &kernel.problem {
        println!("{problem}; ignored");
    }
    println!("field kernel {}", kernel.choice.name());
    println!("{}; load average before {}", clock::processors(), clock::load_average());
    let mut all = Vec::new();
    for &columns in &args.columns {
        for &rows in &args.rows {
            for &proof in &args.proof {
                all.push(measure(rows, columns, proof, place.path())?);
            }
        }
    }
    println!("load average after {}\n", clock::load_average());
    let (firsts, all): (Vec<_>, Vec<_>) = all.into_iter().map(|Measured { figures, first }| (first, figures)).unzip();
    println!("Notarization, keys on disk: seconds of wall time / of CPU time, by stage\n\n{}", notarizations(&all));
    println!("Proofs over every row\n\n{}", scans(&all));
    println!("Claims, keys on disk: seconds of wall time / of CPU time\n\n{}", claims(&all));
    let firsts: Vec<Figures> = firsts.into_iter().flatten().collect();
    println!("Keys, made once per machine: seconds of wall time / of CPU time\n\n{}", keys(&firsts));
    Ok(())
}

/// A table's figures with keys on disk, and those of the run that made the keys, if there was one.
struct Measured {
    figures: Figures,
    first: Option<Figures>,
}

fn measure(rows: u64, columns: u32, proof: ProofSetting, place: &Path) -> Result<Measured, Box<dyn Error>> {
    let figures = measure_once(rows, columns, proof, place)?;
    if find(&figures.stages, GENERATE).is_none() {
        return Ok(Measured { figures, first: None });
    }
    Ok(Measured { figures: measure_once(rows, columns, proof, place)?, first: Some(figures) })
}

/// Measures one table in a child process.
fn measure_once(rows: u64, columns: u32, proof: ProofSetting, place: &Path) -> Result<Figures, Box<dyn Error>> {
    let child = Command::new(std::env::current_exe()?)
        .args(["--rows", &rows.to_string(), "--columns", &columns.to_string()])
        .args(["--proof", &proof.to_string()])
        .arg("--dir")
        .arg(place)
        .arg("--one-with-keys")
        .arg(place.join("keys"))
        .stderr(Stdio::inherit())
        .output()?;
    if !child.status.success() {
        return Err(format!("the table of {rows} x {columns} failed: {}", child.status).into());
    }
    Ok(serde_json::from_slice(&child.stdout)?)
}

fn notarizations(all: &[Figures]) -> TextTable {
    // Whatever stages were reported become columns, in the order of their first appearance.
    let mut stages: Vec<&str> = Vec::new();
    for stage in all.iter().flat_map(|figures| &figures.stages) {
        if !stages.contains(&stage.stage.as_str()) {
            stages.push(&stage.stage);
        }
    }
    let headings = ["rows x columns", "proof", "CSV MB"].into_iter().chain(stages.iter().copied());
    let mut table = TextTable::new(headings.chain(["total", "parse + profile MB/s", "peak MiB"]));
    for figures in all {
        let megabytes = figures.csv_bytes as f64 / 1e6;
        let passes = [INFER, DICTIONARY, ENCODE].into_iter().filter_map(|pass| find(&figures.stages, pass));
        let reading: Duration = passes.map(|spent| spent.wall).sum();
        let mut row = vec![name(figures), figures.proofs.to_string(), format!("{megabytes:.1}")];
        row.extend(stages.iter().map(|stage| seconds(find(&figures.stages, stage))));
        row.push(seconds(Some(figures.notarize)));
        row.push(format!("{:.0}", megabytes / reading.as_secs_f64()));
        row.push(format!("{}", figures.peak_bytes >> 20));
        table.row(row);
    }
    table
}

fn claims(all: &[Figures]) -> TextTable {
    let mut table = TextTable::new([
        "rows x columns",
        "proof",
        "circuit",
        "from call to entry",
        "load keys",
        "prove",
        "first verify ms",
        "verify ms",
        "proof B",
        "receipt B",
    ]);
    for figures in all {
        for claim in &figures.claims {
            table.row([
                name(figures),
                figures.proofs.to_string(),
                claim.circuit.clone(),
                seconds(Some(claim.prove)),
                seconds(find(&claim.stages, LOAD)),
                seconds(find(&claim.stages, PROVE)),
                milliseconds(claim.first_verify),
                milliseconds(claim.verify),
                claim.proof_bytes.to_string(),
                claim.receipt_bytes.to_string(),
            ]);
        }
    }
    table
}

fn scans(all: &[Figures]) -> TextTable {
    let mut table = TextTable::new([
        "rows x columns",
        "proof",
        "circuit",
        "segments",
        "commitments B",
        "proof B",
        "receipt B",
        "first verify ms",
        "verify ms",
    ]);
    for figures in all {
        let scan = &figures.scan;
        table.row([
            name(figures),
            figures.proofs.to_string(),
            scan.circuits.join(" "),
            scan.segments.to_string(),
            scan.commitment_bytes.to_string(),
            scan.proof_bytes.to_string(),
            scan.receipt_bytes.to_string(),
            milliseconds(scan.first_verify),
            milliseconds(scan.verify),
        ]);
    }
    table
}

fn keys(all: &[Figures]) -> TextTable {
    let mut table = TextTable::new(["circuit", "generate keys", "first use from call to entry"]);
    for figures in all {
        // Other stages run at the same time: what generation took shows in the difference to the run that found the keys.
        table.row([figures.scan.circuits.join(" "), "beside reading".to_owned(), seconds(Some(figures.notarize))]);
    }
    for claim in all.iter().flat_map(|figures| &figures.claims) {
        if let Some(generate) = find(&claim.first, GENERATE) {
            let mut whole = Spent::default();
            claim.first.iter().for_each(|stage| whole += stage.spent);
            table.row([claim.circuit.clone(), seconds(Some(generate)), seconds(Some(whole))]);
        }
    }
    table
}

fn name(figures: &Figures) -> String {
    format!("{} x {}", figures.rows, figures.columns)
}

fn find(stages: &[StageSpent], name: &str) -> Option<Spent> {
    stages.iter().find(|stage| stage.stage == name).map(|stage| stage.spent)
}

fn seconds(spent: Option<Spent>) -> String {
    spent
        .map_or_else(String::new, |Spent { wall, cpu }| format!("{:.2} / {:.2}", wall.as_secs_f64(), cpu.as_secs_f64()))
}

fn milliseconds(Spent { wall, cpu }: Spent) -> String {
    format!("{:.1} / {:.1}", wall.as_secs_f64() * 1e3, cpu.as_secs_f64() * 1e3)
}
