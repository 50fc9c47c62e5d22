//! The commands of `zkl-server`, for its binary and for programs that have them as theirs.

mod health;
mod key;
mod pseudonym;
mod serve;

use std::{io::IsTerminal as _, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use tracing_subscriber::{
    Layer as _, filter::LevelFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

pub use self::{
    health::{HealthArgs, HealthError},
    key::{KeyCommand, KeyError},
    pseudonym::PseudonymArgs,
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
    /// Say what stands on the log for somebody, whom a policy names by a pseudonym
    Pseudonym(PseudonymArgs),
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
    /// Sends the log to stderr and traces to where they are to go, as long as what is returned is there.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn observe(&self) -> Result<Observed, ServerError> {
        match self {
            Self::Serve(args) => args.observe(),
            Self::Key(_) | Self::Pseudonym(_) | Self::Health(_) => observe(LogFormat::default(), None),
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
            Self::Pseudonym(args) => args.run(say),
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

/// What a process tells about itself, as long as this is there.
#[derive(Debug)]
#[must_use = "traces are sent as long as it is there"]
pub struct Observed {
    #[cfg(feature = "otlp")]
    _traces: Option<crate::traces::Traces>,
}

/// Sends the server's log to stderr, what is worth an operator's attention, and traces to the collector at `otlp`.
fn observe(format: LogFormat, otlp: Option<&str>) -> Result<Observed, ServerError> {
    let log = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let log = match format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(log.with_filter(LevelFilter::INFO));
    // A program that has a log of its own keeps it.
    #[cfg(feature = "otlp")]
    {
        let traces = otlp.map(crate::traces::Traces::begin).transpose()?;
        let _ = subscriber.with(traces.as_ref().map(crate::traces::Traces::layer)).try_init();
        Ok(Observed { _traces: traces })
    }
    #[cfg(not(feature = "otlp"))]
    {
        let _ = (otlp, subscriber.try_init());
        Ok(Observed {})
    }
}
