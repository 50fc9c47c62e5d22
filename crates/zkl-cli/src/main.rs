//! The `zkl` command line: parse, call the ledger, print.

mod args;
mod commands;
mod config;
mod error;
mod output;
mod progress;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{args::Cli, config::Config, error::CliError};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.print();
            error.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<(), CliError> {
    let config = Config::load(&cli.global)?;
    if let Some(problem) = &zkl_ledger::circuit::field_kernel().problem {
        progress::note(config.quiet, &format!("{problem}; ignored"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CliError::Runtime)?;
    runtime.block_on(commands::run(cli.command, &config))
}
