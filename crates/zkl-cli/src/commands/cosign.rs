use std::{
    io::{self, Write},
    time::Duration,
};

use serde::Serialize;
use zkl_ledger::{
    Ledger,
    cosign::{CosignError, Cosigned, WitnessClient},
    home::{LedgerHome, WitnessSetting},
};
use zkl_report::with_causes;
use zkl_witness::HttpWitness;

use crate::{
    args::CosignArgs,
    config::Config,
    error::CliError,
    output::{self, Report},
    progress,
};

/// Longest request to a witness after an append: the user waits for the command, not for the witness.
const AFTER_APPEND: Duration = Duration::from_secs(10);

#[derive(Serialize)]
struct CosignReport {
    size: u64,
    witnesses: Vec<WitnessLine>,
}

#[derive(Serialize)]
pub(super) struct WitnessLine {
    witness: String,
    cosigned: bool,
    outcome: String,
}

impl Report for CosignReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let cosigned = self.witnesses.iter().filter(|line| line.cosigned).count();
        writeln!(out, "{cosigned} of {} witnesses cosigned the log at {} entries", self.witnesses.len(), self.size)?;
        let fields: Vec<_> = self.witnesses.iter().map(|line| (line.witness.as_str(), line.outcome.clone())).collect();
        output::write_fields(out, &fields)
    }
}

pub(super) async fn run(args: CosignArgs, config: &Config) -> Result<(), CliError> {
    let home = LedgerHome::open(&config.ledger)?;
    // The first URL of a key counts: what is given here may say that a witness has moved.
    let mut settings = args.witnesses;
    settings.extend_from_slice(home.witnesses());
    if let Some(path) = &args.policy {
        let policy = zkl_verify::trust::read_policy(path)?;
        let listed = policy
            .witnesses()
            .iter()
            .filter_map(|witness| Some(WitnessSetting { key: witness.key.clone(), url: witness.url.clone()? }));
        settings.extend(listed);
    }
    let mut seen = Vec::new();
    settings.retain(|setting| {
        let new = !seen.contains(&setting.key);
        seen.push(setting.key.clone());
        new
    });
    if settings.is_empty() {
        return Err(CliError::NoWitnesses);
    }
    let builder = super::builder(config, super::Openings::Unread)?.wait(Duration::from_secs(args.wait));
    let ledger = builder.open_shared(&config.ledger).await?;
    let asked = ledger.cosign(&clients(&settings, Duration::from_secs(args.timeout))).await?;
    let Some(asked) = asked else {
        return Err(CliError::NothingToCosign);
    };
    let report = CosignReport { size: asked.size.0, witnesses: lines(&asked) };
    let missing = report.witnesses.iter().filter(|line| !line.cosigned).count();
    output::print(&report, config.format)?;
    if missing > 0 { Err(CliError::NotCosigned { missing }) } else { Ok(()) }
}

/// Asks the ledger's own witnesses and returns their answers. The append is durable already, so that nothing fails here; but whoever
/// did not cosign is named, also to those who want no notes.
pub(super) async fn after_append(ledger: &Ledger, config: &Config) -> Vec<WitnessLine> {
    let Ok(home) = LedgerHome::open(&config.ledger) else { return Vec::new() };
    if home.witnesses().is_empty() {
        return Vec::new();
    }
    let answers = match ledger.cosign(&clients(home.witnesses(), AFTER_APPEND)).await {
        Ok(Some(asked)) => lines(&asked),
        Ok(None) => Vec::new(),
        Err(error) => {
            let outcome = format!("not asked: {error}");
            let unasked = |setting: &WitnessSetting| WitnessLine {
                witness: setting.key.name().to_string(),
                cosigned: false,
                outcome: outcome.clone(),
            };
            home.witnesses().iter().map(unasked).collect()
        }
    };
    for WitnessLine { witness, outcome, .. } in answers.iter().filter(|line| !line.cosigned) {
        progress::warn(&format!("{witness} has not cosigned: {outcome}; try `zkl cosign`"));
    }
    answers
}

fn clients(settings: &[WitnessSetting], wait: Duration) -> Vec<Box<dyn WitnessClient>> {
    let client = |setting: &WitnessSetting| -> Box<dyn WitnessClient> {
        Box::new(HttpWitness::new(setting.key.clone(), &setting.url, wait))
    };
    settings.iter().map(client).collect()
}

fn lines(asked: &Cosigned) -> Vec<WitnessLine> {
    let line = |(witness, outcome): &(_, Result<zkl_ledger::cosign::CosignOutcome, CosignError>)| WitnessLine {
        witness: zkl_ledger::transparency::cosignature::WitnessVerifier::name(witness).to_string(),
        cosigned: outcome.is_ok(),
        outcome: match outcome {
            Ok(outcome) => outcome.to_string(),
            Err(error) => with_causes(error),
        },
    };
    asked.outcomes.iter().map(line).collect()
}
