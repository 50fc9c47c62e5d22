use std::io::{self, Write};

use serde::Serialize;
use zkl_ledger::{receipt::Predicate, types::reading};

use crate::{
    args::ShowArgs,
    config::Config,
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
struct ShownEntry {
    index: u64,
    transaction: String,
    kind: String,
    recorded_at: String,
    /// The statement's type, where this version does not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<String>,
    notary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
    /// What reading did to the table, of a notarization.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reading: Vec<String>,
    predicate: Predicate,
}

impl Report for ShownEntry {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut fields = vec![
            ("index", self.index.to_string()),
            ("transaction", self.transaction.clone()),
            ("kind", self.kind.clone()),
            ("recorded", self.recorded_at.clone()),
        ];
        if let Some(type_uri) = &self.unknown {
            fields.push(("type", format!("{type_uri}, unknown to this version")));
            fields.push(("notary", self.notary.clone()));
        }
        if let Some(claim) = &self.claim {
            fields.push(("claim", claim.clone()));
        }
        fields.extend(self.reading.iter().map(|line| ("read", line.clone())));
        output::write_fields(out, &fields)?;
        let text = serde_saphyr::to_string(&self.predicate).map_err(io::Error::other)?;
        writeln!(out, "\n{}", output::printable_lines(text.trim_end()))
    }
}

pub(super) async fn run(args: &ShowArgs, config: &Config) -> Result<(), CliError> {
    let ledger = super::open_for_reading(config, super::Openings::Unread).await?;
    let entry = ledger.find_entry(&args.entry).await?;
    let predicate = entry.predicate();
    let claim = match predicate {
        Predicate::Claim(record) => Some(record.claim.to_string()),
        _ => None,
    };
    let reading = match ledger.manifest(&entry).await? {
        Some(manifest) => reading(&manifest.layout, manifest.notes()),
        None => Vec::new(),
    };
    let unknown = matches!(predicate, Predicate::Unknown(_)).then(|| predicate.type_uri().to_owned());
    let shown = ShownEntry {
        unknown,
        notary: predicate.notary().to_string(),
        index: entry.index.0,
        transaction: entry.id.to_string(),
        kind: predicate.kind().to_string(),
        recorded_at: predicate.recorded_at().to_string(),
        claim,
        reading,
        predicate: predicate.clone(),
    };
    output::print(&shown, config.format)
}
