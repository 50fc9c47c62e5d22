use std::io::{self, Write};

use serde::Serialize;
use zkl_ledger::{
    LedgerError,
    circuit::Setup,
    srs::{self, ImportedSrs},
};

use crate::{
    args::{SrsArgs, SrsCommand},
    config::Config,
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
struct ImportReport {
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ceremony: Option<&'static str>,
    powers: usize,
    path: String,
}

impl Report for ImportReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} powers", self.powers)?;
        let trust = match self.ceremony {
            Some(name) => format!("not needed: every verifier knows the ceremony {name}"),
            None => format!("zkl verify --trust srs:{}", self.digest),
        };
        let fields = [
            ("digest", self.digest.clone()),
            ("file", self.path.clone()),
            ("use", format!("zkl notarize --srs {}", self.digest)),
            ("trust", trust),
        ];
        output::write_fields(out, &fields)
    }
}

impl From<ImportedSrs> for ImportReport {
    fn from(imported: ImportedSrs) -> Self {
        Self {
            digest: imported.digest.to_string(),
            ceremony: imported.ceremony.map(|ceremony| ceremony.name),
            powers: imported.powers,
            path: imported.path.display().to_string(),
        }
    }
}

#[derive(Serialize)]
struct CheckReport {
    digest: String,
    powers: usize,
}

impl Report for CheckReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} powers of one secret, as their digest says", self.powers)
    }
}

#[derive(Serialize)]
struct StringList {
    strings: Vec<StringLine>,
}

#[derive(Serialize)]
struct StringLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    digest: String,
    setup: Setup,
    default: bool,
    here: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    damaged: bool,
    description: String,
}

impl Report for StringList {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.strings.iter().map(|line| {
            let state = match line {
                StringLine { damaged: true, .. } => "damaged",
                StringLine { default: true, .. } => "default",
                StringLine { here: true, .. } => "here",
                _ => "known",
            };
            [line.name.unwrap_or_default().to_owned(), state.to_owned(), line.description.clone(), line.digest.clone()]
        });
        writeln!(out, "{}", output::table(["name", "", "made by", "digest"], rows))
    }
}

pub(super) async fn run(args: SrsArgs, config: &Config) -> Result<(), CliError> {
    let keys = super::key_store(config)?;
    let format = config.format;
    match args.command {
        SrsCommand::List => {
            let strings = blocking(move || srs::list(&keys)).await?;
            let lines = strings.into_iter().map(|string| StringLine {
                name: string.ceremony.map(|known| known.name).or_else(|| string.setup.is_forgeable().then_some("dev")),
                digest: string.digest.to_string(),
                setup: string.setup,
                default: string.is_default,
                here: string.is_here,
                damaged: string.is_damaged,
                description: string
                    .ceremony
                    .map_or_else(|| string.setup.to_string(), |known| known.description.to_owned()),
            });
            output::print(&StringList { strings: lines.collect() }, format)
        }
        SrsCommand::Check(args) => {
            let powers = blocking(move || srs::check(&keys, args.digest)).await?;
            output::print(&CheckReport { digest: args.digest.to_string(), powers }, format)
        }
        SrsCommand::Import(args) => {
            let imported = blocking(move || srs::import(&keys, &args.file)).await?;
            output::print(&ImportReport::from(imported), format)
        }
        SrsCommand::Derive(args) => {
            let derived = blocking(move || srs::derive(&keys, &args.zkey, &args.ceremony)).await?;
            output::print(&ImportReport::from(derived), format)
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, CliError> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(CliError::Task)??)
}
