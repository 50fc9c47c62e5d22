//! Prints the profile JSON of a file: `profile [--report] FILE [column=type ...] [left:right ...]`, where `a:b` declares
//! a joint pair.

use std::{env, error::Error, io::Write as _, process::ExitCode};

use zkl_dataset::{DatasetError, Pins, Scan, ScanOptions, Source, view};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut stderr = std::io::stderr();
            let hint = error.downcast_ref::<DatasetError>().and_then(DatasetError::hint);
            let source = error.source().map(|source| format!("\n  {source}")).unwrap_or_default();
            let hint = hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            _ = writeln!(stderr, "error: {error}{source}{hint}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let report = arguments.first().is_some_and(|first| first == "--report");
    arguments.drain(..usize::from(report));
    let mut arguments = arguments.into_iter();
    let path = arguments.next().ok_or("usage: profile [--report] FILE [column=type ...] [group:label ...]")?;
    let mut scan = Scan::new(Source::path(path));
    let mut pins = Pins::default();
    for argument in arguments {
        match argument.split_once(':') {
            Some((group, label)) => scan = scan.joint(group, label),
            None => pins.override_column(&argument)?,
        }
    }
    let output = scan.options(ScanOptions { pins, ..ScanOptions::default() }).run(&[0; 32], &mut ())?;
    let mut stdout = std::io::stdout().lock();
    if report {
        writeln!(stdout, "{}", output.report)?;
    } else {
        serde_json::to_writer_pretty(&mut stdout, &view::view(&output.layout, &output.profile))?;
        writeln!(stdout)?;
    }
    Ok(())
}
