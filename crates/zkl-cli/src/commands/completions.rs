use std::io;

use clap::CommandFactory as _;
use zkl_verify::VerifierError;

use crate::{
    args::{Cli, CompletionsArgs},
    error::CliError,
};

pub(super) fn run(args: &CompletionsArgs) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "zkl", &mut script);
    match io::Write::write_all(&mut io::stdout().lock(), &script) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| VerifierError::Stdout(error).into()),
    }
}
