//! The commands of `zkl-server`, for its binary and for programs that have them as theirs.

mod health;
mod key;
mod serve;

use std::{io::IsTerminal as _, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};

pub use self::{
    health::{HealthArgs, HealthError},
    key::{KeyCommand, KeyError},
    serve::{ServeArgs, ServeOptions},
};
use crate::error::ServerError;

/// What there is to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve a ledger over HTTP
    Serve(Box<ServeArgs>),
    /// Make, list and revoke the keys of a server, also while it runs
    #[command(subcommand)]
    Key(KeyCommand),
    /// Ask a server on this machine whether it is ready: exit code 0 if it is, 1 if not
    Health(HealthArgs),
}

/// Which ledger.
#[derive(Debug, Args)]
pub struct LedgerArgs {
    /// Directory of the ledger
    #[arg(long, env = "ZKL_LEDGER", default_value = ".zkl", value_name = "DIR")]
    pub ledger: PathBuf,
}

impl Command {
    /// How the log is to be written.
    pub fn log(&self) -> LogFormat {
        match self {
            Self::Serve(args) => args.log(),
            Self::Key(_) | Self::Health(_) => LogFormat::default(),
        }
    }

    /// Does it. Lines for people go to `say`.
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn run(self, say: impl Fn(&str)) -> Result<(), ServerError> {
        match self {
            Self::Serve(args) => args.run(say).await,
            Self::Key(command) => Ok(command.run(say)?),
            Self::Health(args) => args.run().await,
        }
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// A JSON object a line, for machines.
    Json,
}

/// Sends the server's log to stderr: what is worth an operator's attention.
pub fn log_to_stderr(format: LogFormat) {
    let ansi = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(ansi);
    let log = log.with_max_level(tracing::Level::INFO);
    // A program that has a log of its own keeps it.
    let _ = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
    };
}
