//! The `zkl` command line: parse, call the ledger, print.

mod args;
mod commands;
mod config;
mod dataset_file;
mod error;
mod files;
mod limits;
mod output;
mod progress;
mod table;

use std::{ffi::OsString, process::ExitCode};

use clap::Parser as _;

use crate::{args::Cli, config::Config, error::CliError};

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return zkl_verify::print_usage(&error, &args, "zkl COMMAND --help"),
    };
    let config = match Config::load(&cli.global) {
        Ok(config) => config,
        // The settings that could not be read do not say how to tell it.
        Err(error) => return error.print(cli.global.format.unwrap_or_default()),
    };
    match run(cli, &config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.print(config.format),
    }
}

fn run(cli: Cli, config: &Config) -> Result<(), CliError> {
    if let Some(problem) = &zkl_ledger::circuit::field_kernel().problem {
        progress::note(config.quiet, &format!("{problem}; ignored"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CliError::Runtime)?;
    runtime.block_on(async {
        #[cfg(unix)]
        limits::survive_large_files().map_err(CliError::Runtime)?;
        commands::run(cli.command, config).await
    })
}
