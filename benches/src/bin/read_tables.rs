//! What reading a table takes: digests, inference, encoding of every row; nothing is proved.
//!
//! `cargo run --release -p zkl-benches --bin read_tables -- --rows 1000000`
//!
//! The table is read from the page cache, as CSV and as the Parquet file that pyarrow makes of that by default: amounts as doubles, Snappy.
//! Output is Markdown.
#![expect(clippy::print_stdout, reason = "a table on stdout is what this program is for")]

use std::{error::Error, fs, path::Path};

use clap::Parser;
use zkl_benches::{
    clock::{self, Clock, Spent},
    mixed_table::{MixedTable, Width},
    text_table::TextTable,
};
use zkl_dataset::{EncodedBatch, Frame, Pass, ProgressUpdate, RowSink, SinkError, Source};

#[derive(Parser)]
struct Args {
    /// Rows of the tables.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000_000])]
    rows: Vec<u64>,
    /// Columns of the tables: 4, 10, 28.
    #[arg(long, value_delimiter = ',', default_values_t = [4, 10])]
    columns: Vec<u32>,
    /// How often each is read; the quickest counts.
    #[arg(long, default_value_t = 7)]
    runs: usize,
}

/// What the two passes over a table took.
struct Reading {
    infer: Spent,
    encode: Spent,
}

/// Receives rows and does nothing with them.
struct Nothing;

impl RowSink for Nothing {
    fn begin(&mut self, _: &zkl_core::layout::Layout, _: &Frame) -> Result<(), SinkError> {
        Ok(())
    }

    fn batch(&mut self, _: &EncodedBatch) -> Result<(), SinkError> {
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let directory = tempfile::tempdir()?;
    println!("{}; load average before {}", clock::processors(), clock::load_average());
    let mut table = TextTable::new(["rows x columns", "file", "MB", "infer", "encode", "total", "peak MiB"]);
    for &columns in &args.columns {
        let width = Width::new(columns).ok_or("tables have 4, 10 or 28 columns")?;
        for &rows in &args.rows {
            let generated = MixedTable { rows, width };
            let files = [directory.path().join("table.csv"), directory.path().join("table.parquet")];
            generated.write_file(&files[0])?;
            generated.write_parquet(&files[1])?;
            for (file, format) in files.iter().zip(["CSV", "Parquet"]) {
                let quickest = (0..args.runs.max(1)).map(|_| read(file)).collect::<Result<Vec<_>, _>>()?;
                let total = |reading: &Reading| reading.infer.wall + reading.encode.wall;
                let Some(Reading { infer, encode }) = quickest.into_iter().min_by_key(total) else { continue };
                let mut both = infer;
                both += encode;
                table.row([
                    format!("{rows} x {columns}"),
                    format.to_owned(),
                    format!("{:.1}", fs::metadata(file)?.len() as f64 / 1e6),
                    seconds(infer),
                    seconds(encode),
                    seconds(both),
                    (clock::peak_memory()? >> 20).to_string(),
                ]);
            }
        }
    }
    println!("load average after {}\n", clock::load_average());
    println!("Reading, seconds of wall time / of CPU time\n\n{table}");
    Ok(())
}

/// Reads a table once, from digests to encoded rows.
fn read(path: &Path) -> Result<Reading, Box<dyn Error>> {
    let scan = MixedTable::read_options().scan(Source::path(path));
    let clock = Clock::start();
    let mut infer = None;
    // The first report of the second pass comes after 8,192 of its rows.
    let mut progress = |update: ProgressUpdate| {
        if update.pass == Pass::Encode && infer.is_none() {
            infer = Some(clock.spent());
        }
    };
    scan.run_with_sink(&[1; 32], &mut progress, &mut Nothing)?;
    let (all, infer) = (clock.spent(), infer.unwrap_or_default());
    let encode = Spent { wall: all.wall - infer.wall, cpu: all.cpu.saturating_sub(infer.cpu) };
    Ok(Reading { infer, encode })
}

fn seconds(spent: Spent) -> String {
    format!("{:.2} / {:.2}", spent.wall.as_secs_f64(), spent.cpu.as_secs_f64())
}
