//! A notarized dataset, as its owner holds it.

use std::{fmt, sync::Arc};

use tokio::sync::OnceCell;
use zkl_circuits::claims::{language::Claim, resolve};
use zkl_circuits::{
    claims::{self, Evaluation},
    seal::Seal,
};
use zkl_core::{
    name::DatasetName,
    storage::{Order, Query, StorageBackendExt as _},
};
use zkl_dataset::view::{ProfileView, view};
use zkl_receipt::{DatasetRef, Notarization, Role};

use crate::{
    entry::Entry,
    error::LedgerError,
    ledger::{EntryRef, Ledger, NotarizedEntry},
    opening::Opening,
    prove::Prove,
};

/// One version of a dataset: its notarization, and what its owner can do with it.
///
/// The opening is fetched when it is first needed, checked to open the seal, and kept until this value is dropped.
pub struct Dataset {
    ledger: Ledger,
    notarized: NotarizedEntry,
    secrets: OnceCell<Arc<Secrets>>,
}

/// An opening and the seal that it opens.
pub(crate) struct Secrets {
    pub(crate) opening: Opening,
    pub(crate) seal: Seal,
}

impl Ledger {
    /// The newest version of the dataset called `name`.
    ///
    /// # Errors
    /// [`LedgerError::Parse`] for what cannot be a name; otherwise as [`Ledger::latest`].
    pub async fn dataset(&self, name: &str) -> Result<Dataset, LedgerError> {
        Ok(Dataset::new(self.clone(), self.latest(&name.parse()?).await?))
    }

    /// The version of a dataset that was notarized at `reference`.
    ///
    /// # Errors
    /// As [`Ledger::notarization`].
    pub async fn dataset_at(&self, reference: EntryRef) -> Result<Dataset, LedgerError> {
        Ok(Dataset::new(self.clone(), self.notarization(reference).await?))
    }
}

impl Dataset {
    fn new(ledger: Ledger, notarized: NotarizedEntry) -> Self {
        Self { ledger, notarized, secrets: OnceCell::new() }
    }

    /// A version whose opening is at hand, and opens `seal`.
    pub(crate) fn opened(ledger: Ledger, notarized: NotarizedEntry, opening: Opening, seal: Seal) -> Self {
        Self { ledger, notarized, secrets: OnceCell::new_with(Some(Arc::new(Secrets { opening, seal }))) }
    }

    /// The dataset's name.
    pub const fn name(&self) -> &DatasetName {
        &self.notarized.notarization.dataset
    }

    /// This version, as another statement names it.
    pub(crate) fn named(&self, role: Role) -> DatasetRef {
        let NotarizedEntry { entry, notarization } = &self.notarized;
        DatasetRef { role, name: notarization.dataset.clone(), id: notarization.dataset_id, entry: entry.id }
    }

    /// The entry of this version.
    pub const fn entry(&self) -> &Entry {
        &self.notarized.entry
    }

    /// What the entry says.
    pub const fn notarization(&self) -> &Notarization {
        &self.notarized.notarization
    }

    /// Every entry about the dataset, of all its versions, the oldest first.
    ///
    /// # Errors
    /// As [`Ledger::entries`].
    pub async fn history(&self) -> Result<Vec<Entry>, LedgerError> {
        let query = Query { dataset: Some(self.name().clone()), order: Order::Ascending, ..Query::default() };
        let mut pages = self.ledger.storage.pages(query);
        let mut entries = Vec::new();
        while let Some(page) = pages.next().await? {
            for stored in &page {
                entries.push(Entry::from_stored(stored)?);
            }
        }
        Ok(entries)
    }

    /// The opening of this version.
    ///
    /// # Errors
    /// [`LedgerError::OpeningAbsent`], [`LedgerError::Opening`], [`LedgerError::OpeningMismatch`], [`LedgerError::Vault`].
    pub async fn opening(&self) -> Result<&Opening, LedgerError> {
        Ok(&self.fetched().await?.opening)
    }

    /// The exact profile, for people.
    ///
    /// # Errors
    /// As [`Dataset::opening`].
    pub async fn profile(&self) -> Result<ProfileView, LedgerError> {
        let opening = self.opening().await?;
        Ok(view(&opening.layout, &opening.profile))
    }

    /// Tells the owner whether a claim holds, and whether it can be proved. Nothing is recorded.
    ///
    /// # Errors
    /// [`LedgerError::Claim`] when the claim does not fit the table; otherwise as [`Dataset::opening`].
    pub async fn evaluate(&self, claim: &Claim) -> Result<Evaluation, LedgerError> {
        let opening = self.opening().await?;
        let resolved = resolve(claim, &opening.layout)?;
        Ok(claims::evaluate(&resolved, &opening.layout, &opening.profile)?)
    }

    /// Proves a claim about this version and appends the proof.
    ///
    /// # Errors
    /// Of the future: [`LedgerError::Claim`] when the claim does not fit the table, is false or cannot be proved; otherwise what
    /// the vault, the keys or the store answer. Nothing is recorded then.
    pub fn prove(&self, claim: &Claim) -> Prove<'_> {
        Prove { dataset: self, claim: claim.clone(), reporter: Arc::new(()) }
    }

    pub(crate) const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(crate) async fn secrets(&self) -> Result<Arc<Secrets>, LedgerError> {
        self.fetched().await.map(Arc::clone)
    }

    async fn fetched(&self) -> Result<&Arc<Secrets>, LedgerError> {
        self.secrets.get_or_try_init(|| self.fetch()).await
    }

    async fn fetch(&self) -> Result<Arc<Secrets>, LedgerError> {
        let NotarizedEntry { entry, notarization } = &self.notarized;
        let (id, vault) = (notarization.dataset_id, &self.ledger.openings);
        let place = || vault.place(id);
        let bytes = vault.get(id).await;
        let bytes = bytes.map_err(|source| LedgerError::Vault { action: "fetch", place: place(), source })?;
        let bytes = bytes.ok_or_else(|| LedgerError::OpeningAbsent { place: place() })?;
        let opening = Opening::decode(&bytes, place)?;
        if opening.dataset_id != id {
            return Err(LedgerError::Opening { place: place(), source: None });
        }
        let seal = opening.check(notarization, entry.id)?;
        Ok(Arc::new(Secrets { opening, seal }))
    }
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dataset").field("name", self.name()).field("entry", &self.entry().id).finish_non_exhaustive()
    }
}
