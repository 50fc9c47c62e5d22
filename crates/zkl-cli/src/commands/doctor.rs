use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use serde::Serialize;
use zkl_ledger::{
    home::{KeyRole, LedgerHome},
    storage::StorageBackendExt as _,
    transparency::KeyPlace,
};

use crate::{
    config::Config,
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
struct Diagnosis {
    version: &'static str,
    problems: usize,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    check: &'static str,
    status: Status,
    detail: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Note,
    Problem,
}

impl Report for Diagnosis {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "zkl {}", self.version)?;
        for Check { check, status, detail } in &self.checks {
            let mark = match status {
                Status::Ok => "ok",
                Status::Note => "note",
                Status::Problem => "PROBLEM",
            };
            writeln!(out, "{mark:<8} {check:<10} {}", output::printable(detail))?;
        }
        Ok(())
    }
}

pub(super) async fn run(config: &Config) -> Result<(), CliError> {
    let mut checks = vec![settings(config), keys(config), kernel()];
    match LedgerHome::open(&config.ledger) {
        Err(zkl_ledger::LedgerError::NoLedger { dir }) => {
            let detail = format!("none in {}; `zkl init` makes one", dir.display());
            checks.push(Check { check: "ledger", status: Status::Note, detail });
        }
        Err(error) => checks.push(problem("ledger", &error)),
        Ok(home) => {
            checks.push(ok("ledger", format!("{} in {}", home.origin(), home.dir().display())));
            checks.extend(private_keys(&home));
            checks.extend(encryption(&home, config));
            checks.extend(ledger(&home, config).await);
        }
    }
    let problems = checks.iter().filter(|check| check.status == Status::Problem).count();
    output::print(&Diagnosis { version: env!("CARGO_PKG_VERSION"), problems, checks }, config.format)?;
    if problems > 0 { Err(CliError::Doctor { problems }) } else { Ok(()) }
}

fn settings(config: &Config) -> Check {
    let detail =
        config.file.as_ref().map_or("no zkl.toml here; defaults".to_owned(), |path| path.display().to_string());
    ok("settings", detail)
}

fn keys(config: &Config) -> Check {
    let Some(dir) = &config.keys else {
        return problem("keys", &CliError::NoCacheDirectory);
    };
    match fs::create_dir_all(dir).and_then(|()| tempfile::tempfile_in(dir)) {
        Ok(_) => ok("keys", format!("generated keys are kept in {}", dir.display())),
        Err(error) => problem("keys", &format!("cannot write to {}: {error}", dir.display())),
    }
}

fn kernel() -> Check {
    let selection = zkl_ledger::circuit::field_kernel();
    match &selection.problem {
        None => ok("kernel", format!("{} field arithmetic", selection.choice.name())),
        Some(error) => problem("kernel", error),
    }
}

/// The log's key and the notary's. Where the first does not sign, the second is not tried: a wrong PIN counts against the token.
fn private_keys(home: &LedgerHome) -> Vec<Check> {
    let mut checks = Vec::new();
    for role in [KeyRole::Log, KeyRole::Notary] {
        checks.extend(key(home, role));
        if checks.iter().any(|check| check.status == Status::Problem) {
            break;
        }
    }
    checks
}

/// The private key is where the settings say, is the one of the public file, and signs. A ledger that is only read has none.
fn key(home: &LedgerHome, role: KeyRole) -> Option<Check> {
    let place = home.key_place(role)?;
    if let KeyPlace::File(path) = place {
        if !path.exists() && home.public_key_path(role).exists() {
            let detail = format!("the {}'s private key is not here: this ledger can only be read", role.name());
            return Some(Check { check: "key", status: Status::Note, detail });
        }
        let private = private("key", path);
        if private.status == Status::Problem {
            return Some(private);
        }
    }
    let signs = || match role {
        KeyRole::Log => home.log_signer().map(drop),
        KeyRole::Notary => home.notary_signer().map(drop),
    };
    Some(match tokio::task::block_in_place(signs) {
        Ok(()) => {
            let mut detail = format!("the {}'s key at {place} signs, and is private", role.name());
            if let Some(former) = home.former_log_key().filter(|_| role == KeyRole::Log) {
                detail += &format!("; so does its former key at {former} until `zkl key rotate --end-overlap`");
            }
            let next = match role {
                KeyRole::Log => home.next_log_key(),
                KeyRole::Notary => home.next_notary_key(),
            };
            match next {
                Some(next) => {
                    let again = if role == KeyRole::Log { "" } else { " --role notary" };
                    let detail =
                        format!("a rotation to the key at {next} was interrupted: repeat `zkl key rotate{again}`");
                    Check { check: "key", status: Status::Problem, detail }
                }
                None => ok("key", detail),
            }
        }
        Err(error) => problem("key", &causes(&error)),
    })
}

/// An error with its causes, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The store opens, the head is signed by the ledger's key, and every notarization has an opening that opens its profile commitment.
async fn ledger(home: &LedgerHome, config: &Config) -> Vec<Check> {
    let ledger = match super::open_for_reading(config, super::Openings::Read).await {
        Ok(ledger) => ledger,
        Err(error) => return vec![problem("store", &error)],
    };
    let checkpoint = match ledger.checkpoint().await {
        Ok(checkpoint) => checkpoint,
        Err(error) => return vec![problem("checkpoint", &error)],
    };
    let entries = checkpoint.map_or(0, |checkpoint| checkpoint.size().0);
    let mut checks = vec![match home.check_seen(ledger.storage()).await {
        Ok(()) => ok("store", format!("{entries} entries, checkpoint signed by this ledger's key")),
        Err(error) => problem("store", &error),
    }];
    match ledger.verify_log().await {
        Ok(_) => checks.push(ok("log", "every entry is signed and in the tree".to_owned())),
        Err(error) => checks.push(problem("log", &error)),
    }
    let (mut present, mut absent) = (0_u64, 0_u64);
    let mut pages = ledger.storage().pages(zkl_ledger::storage::Query {
        kind: Some(zkl_ledger::types::OperationKind::NOTARIZATION),
        ..Default::default()
    });
    loop {
        let page = match pages.next().await {
            Ok(Some(page)) => page,
            Ok(None) => break,
            Err(error) => {
                checks.push(problem("openings", &error));
                break;
            }
        };
        for stored in page {
            let reference = zkl_ledger::EntryRef::Id(stored.id);
            let version = ledger.dataset_at(reference).await;
            let opening = match &version {
                Ok(version) => version.opening().await.map(drop),
                Err(error) => {
                    checks.push(problem("openings", error));
                    continue;
                }
            };
            match opening {
                Ok(_) => present += 1,
                Err(zkl_ledger::LedgerError::OpeningAbsent { .. }) => absent += 1,
                Err(error) => checks.push(problem("openings", &error)),
            }
        }
    }
    let detail = format!("{present} open their profile commitments, {absent} are missing");
    let status = if absent == 0 { Status::Ok } else { Status::Note };
    checks.push(Check { check: "openings", status, detail });
    checks
}

/// Where openings are encrypted, all of them are, and whoever opens them keeps key and passphrase to himself.
fn encryption(home: &LedgerHome, config: &Config) -> Vec<Check> {
    let Some(recipient) = home.recipient() else { return Vec::new() };
    let mut checks = vec![match home.count_openings() {
        Ok((0, encrypted)) => ok("encryption", format!("{encrypted} openings, all encrypted to {recipient}")),
        Ok((plain, _)) => {
            let detail = format!("{plain} openings are not encrypted yet: `zkl openings encrypt`");
            Check { check: "encryption", status: Status::Problem, detail }
        }
        Err(error) => problem("encryption", &error),
    }];
    let secrets = [&config.openings_key, &config.passphrase_file].into_iter().flatten();
    checks.extend(secrets.filter(|path| path.is_file()).map(|path| private("encryption", path)));
    checks
}

/// A file that holds secrets must be readable by its owner alone.
fn private(check: &'static str, path: &Path) -> Check {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => return problem(check, &format!("{} cannot be read: {error}", path.display())),
    };
    if !metadata.is_file() {
        return problem(check, &format!("{} is no file", path.display()));
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            let detail = format!("{} has mode {mode:o}; others can read it: chmod 600 it", path.display());
            return Check { check, status: Status::Problem, detail };
        }
    }
    let (status, said) = match cfg!(unix) {
        true => (Status::Ok, "is private"),
        false => (Status::Note, "was not checked: who can read it is not known on this system"),
    };
    Check { check, status, detail: format!("{} {said}", path.display()) }
}

fn ok(check: &'static str, detail: String) -> Check {
    Check { check, status: Status::Ok, detail }
}

fn problem(check: &'static str, error: &dyn std::fmt::Display) -> Check {
    Check { check, status: Status::Problem, detail: error.to_string() }
}
