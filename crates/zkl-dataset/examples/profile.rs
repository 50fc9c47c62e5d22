//! Prints the profile JSON of a file: `profile [--report] FILE [column=type ...] [left:right ...]`, where `a:b` declares
//! a joint pair. `profile --many` reads paths from standard input, and answers each with a line: the profile, and the names of the columns that
//! were rounded, or the error.

use std::{
    env,
    error::Error,
    io::{BufRead as _, Write as _},
    process::ExitCode,
};

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
    if arguments == ["--many"] {
        return answer_many();
    }
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

fn answer_many() -> Result<(), Box<dyn Error>> {
    let mut stdout = std::io::stdout().lock();
    for path in std::io::stdin().lock().lines() {
        let answer = match Scan::new(Source::at(path?)?).run(&[0; 32], &mut ()) {
            Ok(output) => {
                let rounded = output.layout.columns().iter().filter(|column| column.rounding.is_some());
                let rounded: Vec<_> = rounded.map(|column| column.name.clone()).collect();
                let mut profile = serde_json::to_value(view::view(&output.layout, &output.profile))?;
                profile.as_object_mut().ok_or("a profile is an object")?.insert("rounded".to_owned(), rounded.into());
                profile
            }
            Err(error) => {
                let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
                serde_json::json!({ "error": format!("{error}{cause}") })
            }
        };
        serde_json::to_writer(&mut stdout, &answer)?;
        writeln!(stdout)?;
        stdout.flush()?;
    }
    Ok(())
}
