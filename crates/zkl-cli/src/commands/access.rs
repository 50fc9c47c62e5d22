use std::io::{self, Write};

use serde::Serialize;
use zkl_ledger::{
    ServerPolicy,
    transparency::note::NoteVerifier,
    types::{LeafIndex, TreeSize},
};

use super::published::{Published, log_keys};
use crate::{
    args::AccessArgs,
    config::Config,
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
struct AccessReport {
    /// Entries of the log that were looked at, if not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<u64>,
    servers: Vec<ServerLine>,
}

#[derive(Serialize)]
struct ServerLine {
    server: String,
    notary: String,
    /// What the server lets others do.
    policy: Vec<String>,
    digest: String,
    /// Entries that led there, the newest of them, and when that was recorded.
    entries: u64,
    newest: u64,
    recorded_at: String,
    /// Whether all of them follow from one another.
    whole: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    breaks: Vec<u64>,
    /// Entries with which the server began anew.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    restarts: Vec<u64>,
}

impl Report for AccessReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.servers.is_empty() {
            return writeln!(out, "No server has recorded who may do what.");
        }
        for (place, line) in self.servers.iter().enumerate() {
            if place > 0 {
                writeln!(out)?;
            }
            let since = format!("{} by the notary's clock, in entry {}", line.recorded_at, line.newest);
            let mut fields = vec![("server", line.server.clone()), ("notary", line.notary.clone()), ("since", since)];
            let listed = |entries: &[u64]| entries.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            if !line.whole {
                let breaks = listed(&line.breaks);
                let text = format!("entries {breaks} do not follow from those before: this is what was before");
                fields.push(("BROKEN", text));
            }
            if !line.restarts.is_empty() {
                let text = format!("in entries {}: what held just before them is not recorded", listed(&line.restarts));
                fields.push(("began anew", text));
            }
            fields.push(("digest", line.digest.clone()));
            output::write_fields(out, &fields)?;
            if line.policy.is_empty() {
                writeln!(out, "  nobody may do anything")?;
            }
            for text in &line.policy {
                writeln!(out, "  {}", output::printable(text))?;
            }
        }
        Ok(())
    }
}

pub(super) async fn run(args: &AccessArgs, config: &Config) -> Result<(), CliError> {
    let at = args.at.map(TreeSize);
    let servers = match &args.export {
        None => super::open_for_reading(config, super::Openings::Unread).await?.server_policies(at).await?,
        Some(place) => {
            let published = Published::open(place)?;
            let key = key(args, &published, config).await?;
            let found = published.server_policies(&key, at).await;
            found.map_err(|source| CliError::Published(Box::new(source)))?
        }
    };
    let report = AccessReport { at: args.at, servers: servers.iter().map(line).collect() };
    output::print(&report, config.format)?;
    match servers.iter().find(|server| !server.is_whole) {
        Some(broken) => Err(CliError::PolicyBroken { server: broken.server.to_string() }),
        None => Ok(()),
    }
}

async fn key(args: &AccessArgs, published: &Published, config: &Config) -> Result<NoteVerifier, CliError> {
    let own = published.unverified_log_key().await?;
    let Some(text) = &args.trust else {
        super::fsck::note_unpinned(config);
        return Ok(own);
    };
    // Of several keys in a file the one that the log says is its own.
    let known = log_keys(text)?;
    let unreadable = || CliError::LogKeys { got: text.clone() };
    known.iter().find(|key| **key == own).or(known.first()).cloned().ok_or_else(unreadable)
}

fn line(found: &ServerPolicy) -> ServerLine {
    ServerLine {
        server: found.server.to_string(),
        notary: found.notary.to_string(),
        policy: found.policy.lines().map(ToString::to_string).collect(),
        digest: found.policy.digest().to_string(),
        entries: found.entries,
        newest: found.newest.0,
        recorded_at: found.recorded_at.to_string(),
        whole: found.is_whole,
        breaks: found.breaks.iter().map(|LeafIndex(index)| *index).collect(),
        restarts: found.restarts.iter().map(|LeafIndex(index)| *index).collect(),
    }
}
