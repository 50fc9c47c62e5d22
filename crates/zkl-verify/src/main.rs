//! The program: parse, verify, print.

use std::{ffi::OsString, process::ExitCode};

use clap::Parser as _;
use zkl_verify::{Program, print_usage};

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let program = match Program::try_parse_from(&args) {
        Ok(program) => program,
        Err(error) => return print_usage(&error, &args, "zkl-verify --help"),
    };
    match program.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report().print(program.format()),
    }
}
