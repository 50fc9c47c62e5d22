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
    log_to_stderr();
    let ledger = super::builder(config, super::Openings::Read)?.open(&config.ledger).await?;
    let listener = options.listener().await?;
    let address = listener.local_addr().map_err(zkl_server::ServerError::Address)?;
    output::print(&ServeReport { serving: format!("http://{address}/") }, config.format)?;
    Ok(options.serve(ledger, &config.ledger, listener).await?)
}
