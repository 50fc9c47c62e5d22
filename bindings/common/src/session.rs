//! An open ledger: what is asked of it, in plain values, and the answers as JSON.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use zkl_ledger::{
    Dataset, EntryRef, Ledger, Table,
    progress::StageReporter,
    relation::{Relation, RelationSyntaxError},
    requests::{ClosedRelation, EvidenceRequest},
    segments,
    types::LeafIndex,
};

use crate::{
    Page, Place, Settings,
    failure::{Failure, Hint, invalid, parsed},
    place::opened,
    reading::{HowNotarized, Notarizing},
    shown,
};

/// Datasets whose openings are kept in memory.
const KEPT_DATASETS: usize = 16;

/// A ledger of this process. It is dropped where there is a runtime: it has connections.
pub struct Session {
    ledger: Ledger,
    /// By the index of the notarization; the last used one is at the end.
    datasets: Mutex<VecDeque<(u64, Arc<Dataset>)>>,
    /// What closed relations say and their proofs, by the index of the entry: the log has neither.
    closed: Mutex<BTreeMap<u64, ClosedRelation>>,
}

impl Session {
    /// Opens the ledger at a place, or makes it.
    ///
    /// # Errors
    /// [`Failure::Invalid`] and [`Failure::Ledger`].
    pub async fn open(place: Place, settings: Settings) -> Result<Self, Failure> {
        Ok(Self { ledger: opened(place, settings).await?, datasets: Mutex::default(), closed: Mutex::default() })
    }

    /// The key that verifies the log.
    pub fn log_key(&self) -> String {
        self.ledger.log_key().to_string()
    }

    /// Notarizes a table.
    ///
    /// # Errors
    /// [`Failure::Invalid`] and [`Failure::Ledger`]; nothing is recorded then. So it is with all that follows.
    pub async fn notarize(
        &self,
        table: Table,
        name: Option<&str>,
        how: Notarizing,
        reporter: impl StageReporter + 'static,
    ) -> Result<String, Failure> {
        let HowNotarized { ledger, evidence, privacy, options, redacts } = how.by(&self.ledger)?;
        let mut table = table.options(options);
        if let Some(name) = name {
            table = table.named(name.parse().map_err(parsed)?);
        }
        let notarized = ledger.notarize(table).privacy(privacy).evidence(evidence).progress(reporter).await;
        let mut notarized = notarized.map_err(|error| Failure::from(error).redacted(redacts))?;
        if redacts {
            notarized.report = notarized.report.without_values();
        }
        let shown = shown::notarized(&notarized)?;
        self.keep(Arc::new(notarized.dataset));
        Ok(shown)
    }

    /// Begins to notarize a table in parts, which were observed and joined.
    ///
    /// # Errors
    /// [`Failure::Invalid`]: a table in parts is proved.
    pub async fn notarize_parts(
        &self,
        name: &str,
        how: Notarizing,
        scan: segments::PartialScan,
    ) -> Result<segments::TableInParts, Failure> {
        let HowNotarized { ledger, evidence, privacy, options, .. } = how.by(&self.ledger)?;
        let srs = match evidence {
            EvidenceRequest::Proof => None,
            EvidenceRequest::ProofUnder(digest) => Some(digest),
            _ => {
                return Err(invalid("a table in parts is proved, not attested")
                    .with_hint("leave out attest_only, or notarize the table in one place"));
            }
        };
        let mut request = ledger.notarize_parts(name.parse().map_err(parsed)?, options, scan).privacy(privacy);
        if let Some(digest) = srs {
            request = request.under(digest);
        }
        Ok(request.await?)
    }

    /// The entry of the newest version of `dataset`, or of the one that was notarized at `index`.
    ///
    /// # Errors
    /// As [`Self::notarize`].
    pub async fn version(&self, dataset: Option<&str>, index: Option<u64>) -> Result<String, Failure> {
        let found = match (dataset, index) {
            (Some(name), None) => self.ledger.latest(&name.parse().map_err(parsed)?).await?,
            (_, index) => self.ledger.notarization(EntryRef::Index(LeafIndex(index.unwrap_or(0)))).await?,
        };
        shown::entry(&found.entry)
    }

    /// The entry that a text names, as for the command line.
    ///
    /// # Errors
    /// [`Failure::Reference`].
    pub async fn entry(&self, text: &str) -> Result<String, Failure> {
        shown::entry(&self.ledger.find_entry(text).await?)
    }

    /// A page of entries.
    ///
    /// # Errors
    /// As [`Self::notarize`].
    pub async fn entries(&self, page: Page) -> Result<String, Failure> {
        shown::entries(&self.ledger.entries(&page.query()?).await?)
    }

    /// Names of datasets, with the number of entries about each and the index of the newest.
    ///
    /// # Errors
    /// As [`Self::notarize`].
    pub async fn datasets(&self) -> Result<Vec<(String, u64, u64)>, Failure> {
        let all = self.ledger.datasets().await?;
        Ok(all.into_iter().map(|found| (found.name.to_string(), found.transactions, found.latest.0)).collect())
    }

    /// Size and root of the log, if it has entries.
    ///
    /// # Errors
    /// As [`Self::notarize`].
    pub async fn checkpoint(&self) -> Result<Option<(u64, String)>, Failure> {
        let newest = self.ledger.checkpoint().await?;
        Ok(newest.map(|checkpoint| (checkpoint.size().0, checkpoint.root().to_string())))
    }

    /// Every entry about the dataset that was notarized at `index`.
    ///
    /// # Errors
    /// As [`Self::notarize`].
    pub async fn history(&self, index: u64) -> Result<String, Failure> {
        shown::entries(&self.dataset(index).await?.history().await?)
    }

    /// The exact profile, for the owner.
    ///
    /// # Errors
    /// As [`Self::notarize`].
    pub async fn profile(&self, index: u64) -> Result<String, Failure> {
        Ok(serde_json::to_string(&self.dataset(index).await?.profile().await?)?)
    }

    /// Whether a claim holds and can be proved. Nothing is recorded.
    ///
    /// # Errors
    /// As [`Self::notarize`].
    pub async fn evaluate(&self, index: u64, claim: &str) -> Result<String, Failure> {
        let claim = claim.parse().map_err(claimed)?;
        shown::evaluation(&self.dataset(index).await?.evaluate(&claim).await?)
    }

    /// Proves a claim and records it.
    ///
    /// # Errors
    /// As [`Self::notarize`].
    pub async fn prove(
        &self,
        index: u64,
        claim: &str,
        reporter: impl StageReporter + 'static,
    ) -> Result<String, Failure> {
        let claim = claim.parse().map_err(claimed)?;
        shown::entry(&self.dataset(index).await?.prove(&claim).progress(reporter).await?)
    }

    /// What a table has that is not the notarized one, or nothing.
    ///
    /// # Errors
    /// The table cannot be read; otherwise as [`Self::notarize`].
    pub async fn check(
        &self,
        index: u64,
        table: Table,
        reporter: impl StageReporter + 'static,
    ) -> Result<Option<String>, Failure> {
        let checked = self.dataset(index).await?.check(table, reporter).await?;
        Ok(checked.err().map(|mismatch| mismatch.to_string()))
    }

    /// Proves a relation between datasets, whose rows are handed in by their names, and records it. If it is `closed`, columns and constants are kept out of
    /// the log: this session alone makes its receipt.
    ///
    /// # Errors
    /// [`Failure::Invalid`]: the text is no relation, or rows are missing or too many; otherwise as [`Self::notarize`].
    pub async fn relate(
        &self,
        relation: &str,
        tables: &[(String, Table)],
        closed: bool,
        reporter: impl StageReporter + 'static,
    ) -> Result<String, Failure> {
        let relation: Relation = relation.parse().map_err(|error: RelationSyntaxError| {
            invalid(error.to_string()).with_hint("docs/relations.md has every kind of relation")
        })?;
        let known = |name: &str| relation.tables.iter().any(|table| table.as_str() == name);
        if let Some((name, _)) = tables.iter().find(|(name, _)| !known(name)) {
            return Err(invalid(format!("{name:?} is not a table of the relation")));
        }
        let mut given = Vec::with_capacity(relation.tables.len());
        for name in &relation.tables {
            let rows = tables.iter().find(|(table, _)| table == name.as_str());
            let (_, rows) = rows.ok_or_else(|| {
                invalid(format!("the rows of {name} are missing")).with_hint(Hint::RowsOf(name.to_string()))
            })?;
            given.push((name, rows.clone()));
        }
        let mut related = Vec::with_capacity(given.len());
        for (name, rows) in given {
            related.push((self.ledger.dataset(name.as_str()).await?, rows));
        }
        let mut request = self.ledger.relate(relation.operation).progress(reporter);
        for (dataset, rows) in &related {
            request = request.table(dataset, rows.clone());
        }
        if let Some(columns) = &relation.columns {
            request = request.columns(columns);
        }
        let request = request.details(relation.details.clone());
        if !closed {
            return shown::entry(&request.await?);
        }
        let relation = request.closed().await?;
        let shown = shown::entry(&relation.entry);
        self.closed().insert(relation.entry.index.0, relation);
        shown
    }

    /// Records that an entry is not to be relied on any more.
    ///
    /// # Errors
    /// As [`Self::entry`] and [`Self::notarize`].
    pub async fn withdraw(&self, entry: &str, replacement: Option<&str>, reason: String) -> Result<String, Failure> {
        let entry = self.ledger.find_entry(entry).await?;
        let replacement = match replacement {
            Some(text) => Some(self.ledger.find_entry(text).await?),
            None => None,
        };
        shown::entry(&self.ledger.withdraw(&entry, replacement.as_ref(), reason).await?)
    }

    /// The bytes of a receipt of entries, which texts name. That of a closed relation has the scan proofs in any case: without them there is nothing to verify
    /// it with.
    ///
    /// # Errors
    /// As [`Self::entry`].
    pub async fn receipt(&self, entries: &[String], scans: bool) -> Result<Vec<u8>, Failure> {
        let mut found = Vec::with_capacity(entries.len());
        for entry in entries {
            found.push(self.ledger.find_entry(entry).await?);
        }
        let closed = match found.as_slice() {
            [entry] => self.closed().get(&entry.index.0).cloned(),
            _ => None,
        };
        let receipt = match closed {
            Some(relation) => self.ledger.receipt_of_closed(&relation).await?,
            None => self.ledger.receipt_of(&found, scans).await?,
        };
        Ok(receipt.encode()?)
    }

    /// The version that was notarized at `index`.
    async fn dataset(&self, index: u64) -> Result<Arc<Dataset>, Failure> {
        if let Some(found) = self.kept(index) {
            return Ok(found);
        }
        let found = Arc::new(self.ledger.dataset_at(EntryRef::Index(LeafIndex(index))).await?);
        self.keep(Arc::clone(&found));
        Ok(found)
    }

    fn closed(&self) -> MutexGuard<'_, BTreeMap<u64, ClosedRelation>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn locked(&self) -> MutexGuard<'_, VecDeque<(u64, Arc<Dataset>)>> {
        self.datasets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, index: u64) -> Option<Arc<Dataset>> {
        let mut datasets = self.locked();
        let at = datasets.iter().position(|(of, _)| *of == index)?;
        let found = datasets.remove(at)?;
        datasets.push_back(found);
        datasets.back().map(|(_, dataset)| Arc::clone(dataset))
    }

    fn keep(&self, dataset: Arc<Dataset>) {
        let index = dataset.entry().index.0;
        let mut datasets = self.locked();
        datasets.retain(|(of, _)| *of != index);
        if datasets.len() == KEPT_DATASETS {
            datasets.pop_front();
        }
        datasets.push_back((index, dataset));
    }
}

fn claimed(error: impl std::fmt::Display) -> Failure {
    invalid(error.to_string()).with_hint("docs/claims.md has every kind of claim")
}
