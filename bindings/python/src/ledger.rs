//! A ledger: calls that take plain values and give JSON.

#![expect(clippy::needless_pass_by_value, reason = "arguments come from Python by value")]

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pyo3::{Bound, Py, PyAny, Python, pyclass, pymethods};
use serde::Deserialize;
use zkl_ledger::{
    Dataset, Entry, LedgerBuilder, LedgerError,
    circuit::KeyStore,
    home::{LedgerHome, random_origin},
    openings::{MemoryVault, OpeningKey, OpeningKeyError, Passphrase},
    relation::Relation,
    requests::{EvidenceRequest, ProofSetting},
    storage::{Order, Query, StoreUrl, memory::MemoryBackend},
    transparency::{
        keys::{Origin, SigningKey},
        note::NoteSigner,
    },
    types::{LeafIndex, PrivacyLevel},
};

use crate::{
    failure::Failure,
    process::{Caller, Cancel, Owned, Threads, threads, wait},
    shown,
    table::{Reading, table},
};

/// Datasets whose openings are kept in memory.
const KEPT_DATASETS: usize = 16;

/// Longest wait for another process, in seconds.
const MAX_WAIT: f64 = 86_400.0;

/// An open ledger of this process.
struct Open {
    /// Always there until it is dropped.
    ledger: Option<zkl_ledger::Ledger>,
    threads: Arc<Threads>,
    /// By the index of the notarization; the last used one is at the end.
    datasets: VecDeque<(u64, Arc<Dataset>)>,
}

impl Drop for Open {
    fn drop(&mut self) {
        // Connections are closed where there is a runtime.
        let _entered = self.threads.runtime.enter();
        self.datasets.clear();
        drop(self.ledger.take());
    }
}

/// See `zkp_dataset_ledger.Ledger`.
#[pyclass(frozen, module = "zkp_dataset_ledger._native")]
pub(crate) struct Ledger {
    /// Locked for moments, with the GIL held: see [`threads`].
    open: Mutex<Owned<Open>>,
    /// The key that verifies the log.
    #[pyo3(get)]
    log_key: String,
}

/// How a ledger is opened.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    store: Option<String>,
    create: bool,
    read_only: bool,
    origin: Option<String>,
    /// In seconds.
    wait: f64,
    proof: Option<String>,
}

/// How a table is notarized.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct NotarizeSettings {
    privacy: Option<PrivacyLevel>,
    attest_only: bool,
    reference_string: Option<String>,
    proof: Option<String>,
    reading: Reading,
}

/// A page of the log.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PageSettings {
    dataset: Option<String>,
    kind: Option<String>,
    start: u64,
    end: Option<u64>,
    newest_first: bool,
    limit: usize,
}

#[pymethods]
impl Ledger {
    /// Opens or makes the ledger in `directory`; without one, a ledger in memory.
    #[staticmethod]
    #[pyo3(signature = (directory, settings, keys=None, passphrase=None, openings_key=None, cancel=None))]
    fn open(
        py: Python<'_>,
        directory: Option<PathBuf>,
        settings: &str,
        keys: Option<PathBuf>,
        passphrase: Option<&str>,
        openings_key: Option<PathBuf>,
        cancel: Option<Bound<'_, Cancel>>,
    ) -> Result<Self, Failure> {
        let settings: Settings = read(settings)?;
        if !(0.0..=MAX_WAIT).contains(&settings.wait) {
            return Err(invalid("wait is a number of seconds from 0 to 86400"));
        }
        let opening_key = opening_key(passphrase, openings_key.as_deref())?;
        let place = Place { directory, keys, opening_key };
        let threads = threads(py)?;
        let caller = Caller::new(None, cancel.as_ref().map(Bound::get));
        let ledger = wait(py, &threads, &caller, |_| opened(place, settings))?;
        let log_key = ledger.log_key().to_string();
        let open = Open { ledger: Some(ledger), threads, datasets: VecDeque::new() };
        Ok(Self { open: Mutex::new(Owned::new(open)), log_key })
    }

    /// Lets go of the store. Calls under way are carried out.
    fn close(&self, py: Python<'_>) {
        let open = self.locked().take();
        py.detach(move || drop(open));
    }

    #[getter]
    fn closed(&self) -> bool {
        self.locked().is_taken()
    }

    #[pyo3(signature = (source, name, settings, progress=None, cancel=None))]
    fn notarize(
        &self,
        py: Python<'_>,
        source: &Bound<'_, PyAny>,
        name: Option<&str>,
        settings: &str,
        progress: Option<Py<PyAny>>,
        cancel: Option<Bound<'_, Cancel>>,
    ) -> Result<String, Failure> {
        let settings: NotarizeSettings = read(settings)?;
        let (mut ledger, threads) = self.ready()?;
        if let Some(proof) = settings.proof {
            ledger = ledger.with_proofs(proof_setting(&proof)?);
        }
        let evidence = match (settings.attest_only, settings.reference_string) {
            (true, _) => EvidenceRequest::Attestation,
            (false, Some(digest)) => EvidenceRequest::ProofUnder(digest.parse().map_err(parsed)?),
            (false, None) => EvidenceRequest::Proof,
        };
        let (privacy, options) = (settings.privacy.unwrap_or_default(), settings.reading.options()?);
        let mut table = table(source)?.options(options);
        if let Some(name) = name {
            table = table.named(name.parse().map_err(parsed)?);
        }
        let caller = Caller::new(progress, cancel.as_ref().map(Bound::get));
        let (dataset, shown) = wait(py, &threads, &caller, |reporter| async move {
            let request = ledger.notarize(table).privacy(privacy).evidence(evidence).progress(reporter);
            let notarized = request.await?;
            let shown = shown::notarized(&notarized)?;
            Ok((notarized.dataset, shown))
        })?;
        self.keep(Arc::new(dataset));
        Ok(shown)
    }

    /// The entry of the newest version of `dataset`, or of the one that was notarized at `index`.
    #[pyo3(signature = (dataset, index=None))]
    fn version(&self, py: Python<'_>, dataset: Option<&str>, index: Option<u64>) -> Result<String, Failure> {
        let (ledger, threads) = self.ready()?;
        let name = dataset.map(|name| name.parse().map_err(parsed)).transpose()?;
        let entry = wait(py, &threads, &Caller::new(None, None), |_| async move {
            let found = match (name, index) {
                (Some(name), None) => ledger.latest(&name).await?,
                (_, index) => ledger.notarization(zkl_ledger::EntryRef::Index(LeafIndex(index.unwrap_or(0)))).await?,
            };
            Ok(found.entry)
        })?;
        one(&entry)
    }

    /// The entry that a text names, as for the command line.
    fn entry(&self, py: Python<'_>, text: String) -> Result<String, Failure> {
        let (ledger, threads) = self.ready()?;
        let entry =
            wait(py, &threads, &Caller::new(None, None), |_| async move { Ok(ledger.find_entry(&text).await?) })?;
        one(&entry)
    }

    fn entries(&self, py: Python<'_>, page: &str) -> Result<String, Failure> {
        let page: PageSettings = read(page)?;
        let (ledger, threads) = self.ready()?;
        let query = Query {
            dataset: page.dataset.map(|name| name.parse().map_err(parsed)).transpose()?,
            kind: page.kind.map(|kind| kind.parse().map_err(parsed)).transpose()?,
            index: Some(page.start..page.end.unwrap_or(u64::MAX)),
            order: if page.newest_first { Order::Descending } else { Order::Ascending },
            limit: page.limit,
            ..Query::default()
        };
        let found = wait(py, &threads, &Caller::new(None, None), |_| async move { Ok(ledger.entries(&query).await?) })?;
        shown::entries(&found)
    }

    /// Names of datasets, with the number of entries about each and the index of the newest.
    fn datasets(&self, py: Python<'_>) -> Result<Vec<(String, u64, u64)>, Failure> {
        let (ledger, threads) = self.ready()?;
        let all = wait(py, &threads, &Caller::new(None, None), |_| async move { Ok(ledger.datasets().await?) })?;
        Ok(all.into_iter().map(|found| (found.name.to_string(), found.transactions, found.latest.0)).collect())
    }

    /// Size and root of the log, if it has entries.
    fn checkpoint(&self, py: Python<'_>) -> Result<Option<(u64, String)>, Failure> {
        let (ledger, threads) = self.ready()?;
        let newest = wait(py, &threads, &Caller::new(None, None), |_| async move { Ok(ledger.checkpoint().await?) })?;
        Ok(newest.map(|checkpoint| (checkpoint.size().0, checkpoint.root().to_string())))
    }

    fn history(&self, py: Python<'_>, index: u64) -> Result<String, Failure> {
        let (dataset, threads) = self.dataset(py, index)?;
        let found = wait(py, &threads, &Caller::new(None, None), |_| async move { Ok(dataset.history().await?) })?;
        shown::entries(&found)
    }

    fn profile(&self, py: Python<'_>, index: u64) -> Result<String, Failure> {
        let (dataset, threads) = self.dataset(py, index)?;
        let profile = wait(py, &threads, &Caller::new(None, None), |_| async move { Ok(dataset.profile().await?) })?;
        Ok(serde_json::to_string(&profile)?)
    }

    fn evaluate(&self, py: Python<'_>, index: u64, claim: &str) -> Result<String, Failure> {
        let claim = claim.parse().map_err(claimed)?;
        let (dataset, threads) = self.dataset(py, index)?;
        let found =
            wait(py, &threads, &Caller::new(None, None), |_| async move { Ok(dataset.evaluate(&claim).await?) })?;
        shown::evaluation(&found)
    }

    #[pyo3(signature = (index, claim, progress=None, cancel=None))]
    fn prove(
        &self,
        py: Python<'_>,
        index: u64,
        claim: &str,
        progress: Option<Py<PyAny>>,
        cancel: Option<Bound<'_, Cancel>>,
    ) -> Result<String, Failure> {
        let claim = claim.parse().map_err(claimed)?;
        let (dataset, threads) = self.dataset(py, index)?;
        let caller = Caller::new(progress, cancel.as_ref().map(Bound::get));
        let entry =
            wait(py, &threads, &caller, |reporter| async move { Ok(dataset.prove(&claim).progress(reporter).await?) })?;
        one(&entry)
    }

    /// What a table has that is not the notarized one, or nothing.
    #[pyo3(signature = (index, source, progress=None, cancel=None))]
    fn check(
        &self,
        py: Python<'_>,
        index: u64,
        source: &Bound<'_, PyAny>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Bound<'_, Cancel>>,
    ) -> Result<Option<String>, Failure> {
        let (dataset, threads) = self.dataset(py, index)?;
        let (table, caller) = (table(source)?, Caller::new(progress, cancel.as_ref().map(Bound::get)));
        wait(py, &threads, &caller, |reporter| async move {
            Ok(dataset.check(table, reporter).await?.err().map(|mismatch| mismatch.to_string()))
        })
    }

    /// Proves a relation between datasets, whose rows are handed in by their names.
    #[pyo3(signature = (relation, tables, progress=None, cancel=None))]
    fn relate(
        &self,
        py: Python<'_>,
        relation: &str,
        tables: Vec<(String, Bound<'_, PyAny>)>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Bound<'_, Cancel>>,
    ) -> Result<String, Failure> {
        let relation: Relation = relation.parse().map_err(|error| Failure::Invalid {
            message: format!("{error}"),
            hint: Some("docs/relations.md has every kind of relation".into()),
        })?;
        let known = |name: &str| relation.tables.iter().any(|table| table.as_str() == name);
        if let Some((name, _)) = tables.iter().find(|(name, _)| !known(name)) {
            return Err(invalid(format!("{name:?} is not a table of the relation")));
        }
        let mut given = Vec::with_capacity(relation.tables.len());
        for name in &relation.tables {
            let source = tables.iter().find(|(table, _)| table == name.as_str());
            let (_, source) = source.ok_or_else(|| Failure::Invalid {
                message: format!("the rows of {name} are missing"),
                hint: Some(format!("hand them in by name: tables={{\"{name}\": ...}}")),
            })?;
            given.push((name.clone(), table(source)?));
        }
        let (ledger, threads) = self.ready()?;
        let caller = Caller::new(progress, cancel.as_ref().map(Bound::get));
        let entry = wait(py, &threads, &caller, |reporter| async move {
            let mut datasets = Vec::with_capacity(given.len());
            for (name, _) in &given {
                datasets.push(ledger.dataset(name.as_str()).await?);
            }
            let mut request = ledger.relate(relation.operation).progress(reporter);
            for (dataset, (_, table)) in datasets.iter().zip(given) {
                request = request.table(dataset, table);
            }
            if let Some(columns) = &relation.columns {
                request = request.columns(columns);
            }
            request = request.details(relation.details.clone());
            Ok(request.await?)
        })?;
        one(&entry)
    }

    /// Records that an entry is not to be relied on any more.
    fn withdraw(
        &self,
        py: Python<'_>,
        entry: String,
        replacement: Option<String>,
        reason: String,
    ) -> Result<String, Failure> {
        let (ledger, threads) = self.ready()?;
        let entry = wait(py, &threads, &Caller::new(None, None), |_| async move {
            let entry = ledger.find_entry(&entry).await?;
            let replacement = match replacement {
                Some(text) => Some(ledger.find_entry(&text).await?),
                None => None,
            };
            Ok(ledger.withdraw(&entry, replacement.as_ref(), reason).await?)
        })?;
        one(&entry)
    }

    /// The bytes of a receipt of entries, which texts name.
    fn receipt(&self, py: Python<'_>, entries: Vec<String>, scans: bool) -> Result<Vec<u8>, Failure> {
        let (ledger, threads) = self.ready()?;
        wait(py, &threads, &Caller::new(None, None), |_| async move {
            let mut found = Vec::with_capacity(entries.len());
            for entry in &entries {
                found.push(ledger.find_entry(entry).await?);
            }
            Ok(ledger.receipt_of(&found, scans).await?.encode()?)
        })
    }
}

impl Ledger {
    fn locked(&self) -> MutexGuard<'_, Owned<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ledger for one call.
    fn ready(&self) -> Result<(zkl_ledger::Ledger, Arc<Threads>), Failure> {
        let mut open = self.locked();
        let open = open.get_mut()?;
        Ok((open.ledger.clone().ok_or(Failure::Closed)?, Arc::clone(&open.threads)))
    }

    /// The version that was notarized at `index`.
    fn dataset(&self, py: Python<'_>, index: u64) -> Result<(Arc<Dataset>, Arc<Threads>), Failure> {
        let (ledger, threads) = self.ready()?;
        if let Some(found) = self.kept(index) {
            return Ok((found, threads));
        }
        let found = wait(py, &threads, &Caller::new(None, None), |_| async move {
            Ok(Arc::new(ledger.dataset_at(zkl_ledger::EntryRef::Index(LeafIndex(index))).await?))
        })?;
        self.keep(Arc::clone(&found));
        Ok((found, threads))
    }

    fn kept(&self, index: u64) -> Option<Arc<Dataset>> {
        let mut open = self.locked();
        let datasets = &mut open.get_mut().ok()?.datasets;
        let at = datasets.iter().position(|(of, _)| *of == index)?;
        let found = datasets.remove(at)?;
        datasets.push_back(found);
        datasets.back().map(|(_, dataset)| Arc::clone(dataset))
    }

    fn keep(&self, dataset: Arc<Dataset>) {
        let index = dataset.entry().index.0;
        let mut open = self.locked();
        // Closed meanwhile: nothing is kept.
        let Ok(open) = open.get_mut() else { return };
        open.datasets.retain(|(of, _)| *of != index);
        if open.datasets.len() == KEPT_DATASETS {
            open.datasets.pop_front();
        }
        open.datasets.push_back((index, dataset));
    }
}

/// Where a ledger is, and what opens it.
struct Place {
    directory: Option<PathBuf>,
    keys: Option<PathBuf>,
    opening_key: Option<OpeningKey>,
}

impl Place {
    fn builder(&self, settings: &Settings) -> Result<LedgerBuilder, Failure> {
        let mut builder = zkl_ledger::Ledger::builder().wait(Duration::from_secs_f64(settings.wait));
        if let Some(keys) = &self.keys {
            builder = builder.keys(KeyStore::open(keys).map_err(LedgerError::from)?);
        }
        if let Some(proof) = &settings.proof {
            builder = builder.proofs(proof_setting(proof)?);
        }
        Ok(builder)
    }
}

async fn opened(place: Place, settings: Settings) -> Result<zkl_ledger::Ledger, Failure> {
    let origin = || -> Result<Origin, Failure> {
        match &settings.origin {
            Some(origin) => origin.parse().map_err(Failure::invalid),
            None => Ok(random_origin()?),
        }
    };
    let Some(directory) = &place.directory else {
        let log = NoteSigner::new(origin()?, SigningKey::generate().map_err(LedgerError::from)?);
        let builder = place.builder(&settings)?.store(MemoryBackend::new()).openings(MemoryVault::default());
        return Ok(builder.build(log)?);
    };
    if directory.to_str().is_none() {
        return Err(Failure::Invalid {
            message: format!(
                "the name of {} is not UTF-8, and the embedded store does not open it",
                directory.display()
            ),
            hint: Some("give the ledger a directory with another name; tables may have any".into()),
        });
    }
    let store = settings.store.as_deref().map(in_current_directory).transpose()?;
    match LedgerHome::open(directory) {
        Ok(home) => {
            if store.as_ref().is_some_and(|store| store != home.store()) {
                let directory = directory.display();
                let message = format!("the ledger in {directory} is in another store: {}", home.store());
                return Err(Failure::Invalid {
                    message,
                    hint: Some("open it without naming a store, or name another directory".into()),
                });
            }
            if settings.origin.as_ref().is_some_and(|origin| origin != home.origin().as_str()) {
                return Err(invalid(format!("the ledger in {} is called {}", directory.display(), home.origin())));
            }
        }
        Err(LedgerError::NoLedger { .. }) if settings.create && !settings.read_only => {
            check_vacant(directory)?;
            let mut builder = place.builder(&settings)?;
            if let Some(store) = store {
                builder = builder.store_url(store);
            }
            if let Some(key) = &place.opening_key {
                builder = builder.encrypt_openings(key.clone());
            }
            // Lets go of the store again: what opens it next shares it.
            drop(builder.create(directory, origin()?).await?);
            LedgerHome::open(directory)?.keep_out_of_git()?;
        }
        Err(error) => return Err(error.into()),
    }
    let mut builder = place.builder(&settings)?;
    if let Some(key) = place.opening_key.clone() {
        builder = builder.opening_key(key);
    }
    Ok(match settings.read_only {
        true => builder.open_read_only(directory).await?,
        false => builder.open_shared(directory).await?,
    })
}

/// A new ledger gets a directory of its own: its secrets are not to lie between other files.
fn check_vacant(directory: &Path) -> Result<(), Failure> {
    let holds_others = fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some());
    if holds_others {
        let (message, own) =
            (format!("{} holds no ledger, but other files", directory.display()), directory.join(".zkl"));
        return Err(Failure::Invalid {
            message,
            hint: Some(format!("give the ledger a directory of its own, for instance {:?}", own.display().to_string())),
        });
    }
    Ok(())
}

fn in_current_directory(store: &str) -> Result<StoreUrl, Failure> {
    let url: StoreUrl = store.parse().map_err(LedgerError::from)?;
    let here = std::env::current_dir().map_err(Failure::invalid)?;
    Ok(url.relative_to(&here))
}

fn opening_key(passphrase: Option<&str>, file: Option<&Path>) -> Result<Option<OpeningKey>, Failure> {
    let secret = |error: OpeningKeyError| Failure::invalid(error);
    let passphrase = passphrase.map(Passphrase::new).transpose().map_err(secret)?;
    match file {
        Some(file) => OpeningKey::read_file(file, passphrase.as_ref()).map(Some).map_err(secret),
        None => Ok(passphrase.map(OpeningKey::Passphrase)),
    }
}

fn proof_setting(text: &str) -> Result<ProofSetting, Failure> {
    text.parse().map_err(Failure::invalid)
}

/// Settings that the package wrote, with what its caller filled in.
fn read<'a, T: Deserialize<'a>>(settings: &'a str) -> Result<T, Failure> {
    serde_json::from_str(settings).map_err(Failure::invalid)
}

fn one(entry: &Entry) -> Result<String, Failure> {
    Ok(serde_json::to_string(&shown::ShownEntry::of(entry)?)?)
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::Invalid { message: message.into(), hint: None }
}

fn parsed(error: zkl_ledger::types::ParseError) -> Failure {
    LedgerError::from(error).into()
}

fn claimed(error: impl std::fmt::Display) -> Failure {
    let hint = Some("docs/claims.md has every kind of claim".into());
    Failure::Invalid { message: error.to_string(), hint }
}
