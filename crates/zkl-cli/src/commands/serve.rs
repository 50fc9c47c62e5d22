use std::io::{self, Write};

use serde::Serialize;
use zkl_server::commands::ServeOptions;

use crate::{
    config::Config,
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
struct ServeReport {
    serving: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    grpc: Option<String>,
}

impl Report for ServeReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut fields = vec![("serving", self.serving.clone())];
        fields.extend(self.grpc.clone().map(|grpc| ("gRPC", grpc)));
        output::write_fields(out, &fields)
    }
}

pub(super) async fn run(options: ServeOptions, config: &Config) -> Result<(), CliError> {
    let _observed = options.observe()?;
    let ledger = options.open(super::builder(config, super::Openings::Read)?, &config.ledger).await?;
    let listeners = options.listeners().await?;
    let grpc = listeners.grpc_address()?.map(|address| address.to_string());
    output::print(&ServeReport { serving: format!("{}/", listeners.url()?), grpc }, config.format)?;
    Ok(options.serve(ledger, &config.ledger, listeners).await?)
}
