use std::{
    io::{self, Write},
    sync::Arc,
};

use serde::Serialize;
use zkl_witness::{WitnessError, WitnessHome};

use crate::{
    args::{WitnessArgs, WitnessCommand},
    config::Config,
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
struct WitnessReport {
    directory: String,
    key: String,
    logs: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl Report for WitnessReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut fields = vec![("witness", self.directory.clone()), ("key", self.key.clone())];
        fields.extend(self.logs.iter().map(|log| ("log", log.clone())));
        if self.logs.is_empty() {
            fields.push(("log", "none yet: add keys to `logs` in witness.toml".to_owned()));
        }
        if let Some(url) = &self.url {
            fields.push(("serving", url.clone()));
            fields.push(("use", format!("zkl cosign --witness '{}={url}'", self.key)));
        }
        output::write_fields(out, &fields)
    }
}

pub(super) async fn run(args: WitnessArgs, config: &Config) -> Result<(), CliError> {
    match args.command {
        WitnessCommand::Init(init) => {
            let key = init.key.as_deref().map(super::key::in_current_directory).transpose()?;
            let create = || WitnessHome::create(&args.dir, init.name, init.logs, key.as_ref());
            let home = tokio::task::block_in_place(create)?;
            output::print(&report(&home, None)?, config.format)
        }
        WitnessCommand::Key => output::print(&report(&WitnessHome::open(&args.dir)?, None)?, config.format),
        WitnessCommand::Serve(serve) => {
            let mut home = WitnessHome::open(&args.dir)?;
            if let Some(store) = super::read_trust_store(&serve.store, config)? {
                home = home.with_trust_store(store);
            }
            let witness = Arc::new(home.witness()?);
            let listener = tokio::net::TcpListener::bind(serve.listen).await.map_err(WitnessError::Server)?;
            let address = listener.local_addr().map_err(WitnessError::Server)?;
            output::print(&report(&home, Some(format!("http://{address}/")))?, config.format)?;
            Ok(zkl_witness::serve(witness, listener, told_to_end()).await?)
        }
    }
}

/// Until SIGINT or SIGTERM, which the first process of a container would not notice otherwise. Where neither can be waited for, the process
/// ends as the system does it; the state bears that.
async fn told_to_end() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                () = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    interrupted.await;
}

fn report(home: &WitnessHome, url: Option<String>) -> Result<WitnessReport, WitnessError> {
    Ok(WitnessReport {
        directory: home.dir().display().to_string(),
        key: home.key()?.to_string(),
        logs: home.logs().iter().map(ToString::to_string).collect(),
        url,
    })
}
