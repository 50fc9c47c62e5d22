use std::fs;

use clap::CommandFactory as _;

use crate::{
    args::{Cli, ManArgs},
    error::CliError,
};

/// Writes `zkl.1`, `zkl-notarize.1` and so on: what `--help` says, in the form of manual pages. `zkl-verify.1` is about the program of that name,
/// which takes the flags of the command.
pub(super) fn run(args: &ManArgs) -> Result<(), CliError> {
    let dir = &args.directory;
    let error = |source| CliError::WriteFile { path: dir.clone(), source };
    fs::create_dir_all(dir).map_err(error)?;
    clap_mangen::generate_to(Cli::command(), dir).map_err(error)?;
    clap_mangen::generate_to(zkl_verify::Program::command(), dir).map_err(error)
}
