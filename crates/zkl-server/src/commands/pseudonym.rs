//! Pseudonyms, for the operator whom an auditor asks.

use std::path::PathBuf;

use clap::Args;

use super::LedgerArgs;
use crate::{access::Pseudonyms, error::ServerError, service::Service};

/// Texts that stand for somebody on the log.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl-server pseudonym corp:248289761001
  zkl-server pseudonym data-engineers auditor")]
pub struct PseudonymArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Directory of the server's state [default: server, in the ledger's directory]
    #[arg(long, env = "ZKL_STATE", value_name = "DIR")]
    state: Option<PathBuf>,
    /// A subject of a token (ISSUER:SUB), or a claim's value
    #[arg(required = true, value_name = "TEXT")]
    texts: Vec<String>,
}

impl PseudonymArgs {
    /// Says what stands for each on the log, as a subject and as a claim's value.
    ///
    /// # Errors
    /// [`ServerError::Pseudonyms`], [`ServerError::NoPseudonyms`].
    pub(super) fn run(self, say: impl Fn(&str)) -> Result<(), ServerError> {
        let dir = self.state.unwrap_or_else(|| Service::dir(&self.ledger.ledger));
        let names = Pseudonyms::find(&dir)?.ok_or(ServerError::NoPseudonyms { dir })?;
        for text in &self.texts {
            say(&format!("{text}  subject {}  claim {}", names.name("subject", text), names.name("claim", text)));
        }
        Ok(())
    }
}
