//! Tables in, profiles out: every behaviour and every error through the public interface.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod avro;
mod cases;
mod copy;
mod errors;
mod files;
mod formats;
mod inference;
mod parts;
mod real_tables;
mod sources;
mod spreadsheet;
mod text;
mod workbook;

use std::{io::Write as _, path::PathBuf};

use tempfile::TempDir;
use zkl_dataset::{DatasetError, Pins, Scan, ScanOptions, ScanOutput, Source, view};

const KEY: [u8; 32] = [9; 32];

/// A directory with one file in it.
struct Fixture {
    directory: TempDir,
    name: String,
}

impl Fixture {
    fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let fixture = Self { directory, name: name.to_owned() };
        std::fs::File::create(fixture.path()).unwrap().write_all(content.as_ref()).unwrap();
        fixture
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join(&self.name)
    }

    fn scan(&self) -> Scan {
        Scan::new(Source::path(self.path()))
    }
}

fn run(scan: &Scan) -> Result<ScanOutput, DatasetError> {
    scan.run(&KEY, &mut ())
}

fn csv(content: impl AsRef<[u8]>) -> ScanOutput {
    run(&Fixture::new("table.csv", content).scan()).unwrap()
}

fn csv_error(content: impl AsRef<[u8]>) -> DatasetError {
    run(&Fixture::new("table.csv", content).scan()).err().unwrap()
}

fn pinned(content: &str, pins: &[&str]) -> Result<ScanOutput, DatasetError> {
    run(&Fixture::new("table.csv", content).scan().options(with_pins(pins)))
}

fn with_pins(pins: &[&str]) -> ScanOptions {
    let mut options = ScanOptions::default();
    for pin in pins {
        options.pins.override_column(pin).unwrap();
    }
    options
}

fn schema_file(name: &str, content: &str) -> Result<Pins, DatasetError> {
    Pins::from_file(&Fixture::new(name, content).path())
}

fn types(output: &ScanOutput) -> Vec<String> {
    output
        .schema
        .columns
        .iter()
        .map(|column| format!("{}{}", column.ty, if column.nullable { "?" } else { "" }))
        .collect()
}

fn json(output: &ScanOutput) -> serde_json::Value {
    serde_json::to_value(view::view(&output.layout, &output.profile)).unwrap()
}
