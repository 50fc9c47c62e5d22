use std::io::{self, Write};

use serde::Serialize;
use zkl_server::commands::{ServeOptions, log_to_stderr};

use crate::{
    config::Config,
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
struct ServeReport {
    serving: String,
}

impl Report for ServeReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        output::write_fields(out, &[("serving", self.serving.clone())])
    }
}

pub(super) async fn run(options: ServeOptions, config: &Config) -> Result<(), CliError> {
    log_to_stderr(options.log());
    let ledger = super::builder(config, super::Openings::Read)?.open(&config.ledger).await?;
    let listeners = options.listeners().await?;
    output::print(&ServeReport { serving: format!("{}/", listeners.url()?) }, config.format)?;
    Ok(options.serve(ledger, &config.ledger, listeners).await?)
}
