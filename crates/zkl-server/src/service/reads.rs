//! Reading and verifying.

use sha2::{Digest as _, Sha256};
use zkl_ledger::{
    DatasetName, Entry, EntryRef, LedgerError,
    export::PublishedFile,
    lineage::Lineage,
    receipt::{MAX_RECEIPT_LEN, Predicate, VerifiedReceipt, VerifyError},
    storage::{Order, Query},
    types::OperationKind,
};

use super::{DatasetDetailView, DatasetView, EntryView, Service, VerdictView};
use crate::{
    access::{Browse, Permit, ReadDataset, ReadLog, Verify},
    error::ServiceError,
    failure::chain,
};

/// Pages of the store that are looked through for one page of an answer: whoever may see little of a log must not make the server
/// read all of it for one request.
const MAX_STORE_PAGES: usize = 10;

/// Items of a page unless something else is asked for.
pub(crate) const PAGE: usize = 50;
/// Most items of a page.
pub(crate) const MAX_PAGE: usize = 200;

/// How many items a page has for whom asks for so many.
pub(crate) fn page_length(asked: Option<usize>) -> Result<usize, ServiceError> {
    let length = asked.unwrap_or(PAGE);
    if (1..=MAX_PAGE).contains(&length) { Ok(length) } else { Err(ServiceError::PageLength { max: MAX_PAGE }) }
}

/// The dataset that a text names.
pub(crate) fn dataset_name(text: &str) -> Result<DatasetName, ServiceError> {
    Ok(text.parse::<DatasetName>().map_err(LedgerError::from)?)
}

/// A part of a list, and where the next part begins.
#[derive(Clone, Debug)]
pub struct Page<T, C> {
    /// The items.
    pub items: Vec<T>,
    /// Where to go on, if there may be more. A page may be empty and yet have a next one.
    pub next: Option<C>,
}

/// Which entries, in which order.
#[derive(Clone, Debug, Default)]
pub struct EntryQuery {
    /// Only entries of this kind.
    pub kind: Option<OperationKind>,
    /// Order by index.
    pub order: Order,
    /// Where an earlier page ended: the index to go on at.
    pub from: Option<u64>,
    /// Most entries of the page, at least 1.
    pub limit: usize,
}

impl EntryQuery {
    fn in_store(&self, dataset: Option<DatasetName>, from: Option<u64>, limit: usize) -> Query {
        let index = from.map(|from| match self.order {
            Order::Ascending => from..u64::MAX,
            Order::Descending => 0..from.saturating_add(1),
        });
        Query { dataset, kind: self.kind.clone(), index, order: self.order, limit, ..Query::default() }
    }

    /// Where to go on after the entry at `last`, if anything can be there.
    const fn after(&self, last: u64) -> Option<u64> {
        match self.order {
            Order::Ascending => last.checked_add(1),
            Order::Descending => last.checked_sub(1),
        }
    }
}

impl Service {
    /// The datasets that the subject may see, by name, after `after`.
    ///
    /// # Errors
    /// [`ServiceError::Ledger`].
    pub async fn datasets(
        &self,
        permit: &Permit<Browse>,
        after: Option<DatasetName>,
        limit: usize,
    ) -> Result<Page<DatasetView, DatasetName>, ServiceError> {
        let mut items = Vec::new();
        let mut after = after;
        loop {
            let page = self.ledger.storage().datasets(after.as_ref(), Query::MAX_LIMIT).await;
            let page = page.map_err(LedgerError::from)?;
            let Some(last) = page.last() else { return Ok(Page { items, next: None }) };
            after = Some(last.name.clone());
            for summary in page.into_iter().filter(|summary| permit.sees(&summary.name)) {
                // The cursor is a name that was shown: others are nobody's business.
                let name = summary.name.clone();
                items.push(DatasetView::from(summary));
                if items.len() == limit {
                    return Ok(Page { items, next: Some(name) });
                }
            }
        }
    }

    /// A dataset: its newest entry and its newest version.
    ///
    /// # Errors
    /// [`ServiceError::Ledger`]: there is none of this name.
    pub async fn dataset(&self, permit: &Permit<ReadDataset>) -> Result<DatasetDetailView, ServiceError> {
        let name = permit.dataset();
        let newest =
            |kind| Query { dataset: Some(name.clone()), kind, order: Order::Descending, limit: 1, ..Query::default() };
        let latest = self.ledger.entries(&newest(None)).await?;
        let latest =
            latest.first().ok_or_else(|| LedgerError::UnknownDataset { name: name.to_string(), similar: None })?;
        let version = self.ledger.entries(&newest(Some(OperationKind::NOTARIZATION))).await?;
        Ok(DatasetDetailView {
            name: name.to_string(),
            latest: latest.index.0,
            version: version.first().map(EntryView::from),
        })
    }

    /// The entries about a dataset that the subject may see.
    ///
    /// # Errors
    /// [`ServiceError::Ledger`].
    pub async fn history(
        &self,
        permit: &Permit<ReadDataset>,
        browse: &Permit<Browse>,
        query: &EntryQuery,
    ) -> Result<Page<EntryView, u64>, ServiceError> {
        self.page(browse, Some(permit.dataset()), query, |_| true).await
    }

    /// The proved relations in which a version of a dataset is one of the tables, in whatever role, as far as the subject may see them.
    ///
    /// # Errors
    /// [`ServiceError::Ledger`].
    #[cfg(feature = "graphql")]
    pub(crate) async fn provenance(
        &self,
        permit: &Permit<ReadDataset>,
        browse: &Permit<Browse>,
        query: &EntryQuery,
    ) -> Result<Page<EntryView, u64>, ServiceError> {
        let query = EntryQuery { kind: Some(OperationKind::RELATION), ..query.clone() };
        self.page(browse, None, &query, |entry| entry.datasets().contains(&permit.dataset())).await
    }

    /// Where a dataset comes from and what became of it, as far as the subject may see it, from the newest relations of the log.
    ///
    /// # Errors
    /// [`ServiceError::Ledger`].
    pub(crate) async fn lineage(
        &self,
        permit: &Permit<ReadDataset>,
        browse: &Permit<Browse>,
    ) -> Result<Lineage, ServiceError> {
        let sees = |predicate: &Predicate| browse.sees_entry(predicate);
        Ok(self.ledger.lineage_of_seen(permit.dataset(), MAX_STORE_PAGES * Query::MAX_LIMIT, sees).await?)
    }

    /// The entries of the log that the subject may see.
    ///
    /// # Errors
    /// [`ServiceError::Ledger`].
    pub async fn entries(
        &self,
        permit: &Permit<Browse>,
        query: &EntryQuery,
    ) -> Result<Page<EntryView, u64>, ServiceError> {
        self.page(permit, None, query, |_| true).await
    }

    async fn page(
        &self,
        permit: &Permit<Browse>,
        dataset: Option<&DatasetName>,
        query: &EntryQuery,
        wanted: impl Fn(&Predicate) -> bool + Send,
    ) -> Result<Page<EntryView, u64>, ServiceError> {
        let mut items = Vec::new();
        let mut from = query.from;
        for _ in 0..MAX_STORE_PAGES {
            // One more than is wanted tells whether there is more; who sees everything needs no other page.
            let limit = (query.limit + 1).min(Query::MAX_LIMIT);
            let page = self.ledger.storage().find(&query.in_store(dataset.cloned(), from, limit)).await;
            let page = page.map_err(LedgerError::from)?;
            let is_last = page.len() < limit;
            for stored in &page {
                if items.len() == query.limit {
                    return Ok(Page { items, next: Some(stored.index.0) });
                }
                // Signatures are checked of what may be shown, not of everything that is looked through.
                if stored.dataset.as_ref().is_none_or(|name| permit.sees(name)) {
                    let entry = Entry::from_stored(stored)?;
                    if permit.sees_entry(entry.predicate()) && wanted(entry.predicate()) {
                        items.push(EntryView::from(&entry));
                    }
                }
            }
            from = page.last().and_then(|last| query.after(last.index.0));
            if is_last || from.is_none() {
                return Ok(Page { items, next: None });
            }
        }
        Ok(Page { items, next: from })
    }

    /// An entry. One that the subject may not see is not there.
    ///
    /// # Errors
    /// [`ServiceError::Ledger`].
    pub async fn entry(&self, permit: &Permit<Browse>, reference: EntryRef) -> Result<EntryView, ServiceError> {
        Ok(EntryView::from(&self.seen(permit, reference).await?))
    }

    /// The receipt of an entry, with everything that it names, which the subject must be allowed to see as well.
    ///
    /// # Errors
    /// [`ServiceError::Ledger`].
    pub async fn receipt(
        &self,
        permit: &Permit<Browse>,
        reference: EntryRef,
        with_scan: bool,
    ) -> Result<Vec<u8>, ServiceError> {
        let entry = self.seen(permit, reference).await?;
        let receipt = self.ledger.receipt_of(std::slice::from_ref(&entry), with_scan).await?;
        for listed in &receipt.entries {
            let named = self.ledger.entry(EntryRef::Index(listed.index)).await?;
            // The log's own keys are no secret of anybody's: receipts lead from the first to the last.
            let of_the_log = matches!(named.predicate(), Predicate::Key(_));
            if !of_the_log && !permit.sees_entry(named.predicate()) {
                return Err(LedgerError::UnknownEntry { reference: reference.to_string() }.into());
            }
        }
        Ok(receipt.encode().map_err(LedgerError::from)?)
    }

    async fn seen(&self, permit: &Permit<Browse>, reference: EntryRef) -> Result<Entry, ServiceError> {
        let entry = self.ledger.entry(reference).await?;
        if permit.sees_entry(entry.predicate()) {
            return Ok(entry);
        }
        Err(LedgerError::UnknownEntry { reference: reference.to_string() }.into())
    }

    /// A file of the published log: see [`Ledger::published`](zkl_ledger::Ledger::published).
    ///
    /// # Errors
    /// [`ServiceError::NoFile`], [`ServiceError::Ledger`].
    pub async fn log_file(&self, _permit: &Permit<ReadLog>, path: &str) -> Result<PublishedFile, ServiceError> {
        self.ledger.published(path).await?.ok_or(ServiceError::NoFile)
    }

    /// Verifies a receipt, which must be of this ledger's log, and writes down that it was asked. A receipt that is not valid is an
    /// answer, no error.
    ///
    /// # Errors
    /// [`ServiceError::TooLarge`], [`ServiceError::Task`], [`ServiceError::Io`].
    pub async fn verify(&self, permit: &Permit<Verify>, receipt: Vec<u8>) -> Result<VerdictView, ServiceError> {
        Ok(match self.verified(permit, receipt).await? {
            Ok(verified) => VerdictView {
                valid: verified.verdict().is_valid(),
                reason: None,
                hint: None,
                receipt: Some(verified.summary()),
            },
            Err(error) => VerdictView {
                valid: false,
                hint: error.hint().map(Into::into),
                reason: Some(chain(&error)),
                receipt: None,
            },
        })
    }

    /// The same, with all that was verified, or the check that failed.
    ///
    /// # Errors
    /// As [`Service::verify`].
    pub async fn verified(
        &self,
        permit: &Permit<Verify>,
        receipt: Vec<u8>,
    ) -> Result<Result<VerifiedReceipt, VerifyError>, ServiceError> {
        if receipt.len() > MAX_RECEIPT_LEN {
            return Err(ServiceError::TooLarge { max: MAX_RECEIPT_LEN as u64 });
        }
        let digest = hex::encode(Sha256::digest(&receipt));
        let trust = self.trust.clone();
        // Never closed.
        let _verifier = self.verifiers.acquire().await;
        let verified = tokio::task::spawn_blocking(move || zkl_ledger::verify(&receipt, &trust)).await?;
        let valid = verified.as_ref().is_ok_and(|verified| verified.verdict().is_valid());
        let reason = verified.as_ref().err().map(|error| chain(error));
        self.audit.verified(permit.subject().id(), &digest, valid, reason.as_deref()).await?;
        self.metrics.verified(valid);
        tracing::info!(receipt = digest, valid, "a receipt was verified");
        Ok(verified)
    }
}
