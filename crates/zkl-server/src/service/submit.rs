//! What takes seconds: notarizing and proving, as operations.

use std::sync::Arc;

use tokio::sync::watch;
use zkl_ledger::{
    DatasetName, EntryRef, ReadOptions, Table, dataset::Source, requests::EvidenceRequest, types::PrivacyLevel,
};

use super::Service;
use crate::{
    access::{Follow, Permit, Prove, Write},
    error::ServiceError,
    operations::{
        Begun, Fingerprint, IdempotencyKey, Job, NewOperation, Operation, OperationId, Pending, Reservation, Spool,
        Spooled, Work,
    },
};

/// How a table is notarized.
#[derive(Clone, Debug, Default)]
pub struct NotarizeOptions {
    /// What is published about the table's bytes.
    pub privacy: PrivacyLevel,
    /// What backs the profile.
    pub evidence: EvidenceRequest,
    /// How it is read.
    pub read: ReadOptions,
}

/// What is to be proved.
#[derive(Clone, Debug)]
pub struct ProveRequest {
    /// The claim, in the language of claims.
    pub claim: String,
    /// The version that it is about; the newest, if none is named.
    pub version: Option<EntryRef>,
}

/// An upload that has a place in the queue.
#[derive(Debug)]
pub struct Submitted {
    place: Reservation,
    begun: Begun,
    spool: Spool,
}

impl Submitted {
    /// Where the bytes of the upload go.
    pub const fn spool(&mut self) -> &mut Spool {
        &mut self.spool
    }
}

impl Service {
    /// Takes a place in the queue for an upload, before any of it is received.
    ///
    /// # Errors
    /// [`ServiceError::ReadOnly`], [`ServiceError::Busy`], [`ServiceError::Stopping`], [`ServiceError::IdempotencyPending`],
    /// [`ServiceError::Io`].
    pub async fn begin_upload(
        &self,
        permit: &Permit<Write>,
        key: Option<IdempotencyKey>,
    ) -> Result<Submitted, ServiceError> {
        self.check_writable()?;
        let place = self.operations.reserve(permit.subject().id())?;
        let begun = self.operations.begin(permit.subject().id(), key)?;
        let spool = self.operations.spool(&place).await?;
        Ok(Submitted { place, begun, spool })
    }

    /// Notarizes what was uploaded as a version of the dataset.
    ///
    /// # Errors
    /// [`ServiceError::IdempotencyMismatch`], [`ServiceError::Io`].
    pub async fn notarize(
        &self,
        permit: &Permit<Write>,
        upload: Submitted,
        options: NotarizeOptions,
    ) -> Result<Operation, ServiceError> {
        let Submitted { place, begun, spool } = upload;
        let spooled = spool.finish().await?;
        let (dataset, by) = (permit.dataset().clone(), permit.subject().id());
        let fingerprint = fingerprint(&dataset, &options, &spooled.sha256);
        match repeated(begun, &fingerprint)? {
            Repeat::Before(operation) => Ok(operation),
            Repeat::New(pending) => self.submit_table(place, pending, dataset, by, spooled, options).await,
        }
    }

    /// Notarizes the table at a place that the server's operator allows, as a version of the dataset. It is fetched when its turn comes.
    ///
    /// # Errors
    /// [`ServiceError::ReadOnly`], [`ServiceError::Source`], [`ServiceError::SourceSettings`], [`ServiceError::Busy`],
    /// [`ServiceError::TooManyOperations`], [`ServiceError::Stopping`], [`ServiceError::IdempotencyPending`],
    /// [`ServiceError::IdempotencyMismatch`].
    pub async fn notarize_from(
        &self,
        permit: &Permit<Write>,
        source: &str,
        options: NotarizeOptions,
        key: Option<IdempotencyKey>,
    ) -> Result<Operation, ServiceError> {
        self.check_writable()?;
        let allowed = self.sources.check(source)?;
        let place = self.operations.reserve(permit.subject().id())?;
        let begun = self.operations.begin(permit.subject().id(), key)?;
        let asked = format!("{options:?}");
        let dataset = permit.dataset().clone();
        let new = NewOperation {
            work: Work::Notarize,
            dataset: dataset.clone(),
            claim: None,
            by: permit.subject().id().to_owned(),
            fingerprint: Fingerprint::of(&[
                b"import",
                dataset.as_str().as_bytes(),
                asked.as_bytes(),
                allowed.as_str().as_bytes(),
            ]),
        };
        let pending = match repeated(begun, &new.fingerprint)? {
            Repeat::Before(operation) => return Ok(operation),
            Repeat::New(pending) => pending,
        };
        let table = allowed.source(self.operations.limits().upload)?;
        tracing::info!(dataset = dataset.as_str(), source = allowed.as_str(), "a table is notarized from a source");
        let job = self.notarization(table, (), dataset, options);
        self.operations.submit(place, pending, new, job).await
    }

    /// Accepts the notarization of a table that is here.
    pub(super) async fn submit_table(
        &self,
        place: Reservation,
        pending: Option<Pending>,
        dataset: DatasetName,
        by: &str,
        table: Spooled,
        options: NotarizeOptions,
    ) -> Result<Operation, ServiceError> {
        let Spooled { path, sha256 } = table;
        let fingerprint = fingerprint(&dataset, &options, &sha256);
        let new = NewOperation {
            work: Work::Notarize,
            dataset: dataset.clone(),
            claim: None,
            by: by.to_owned(),
            fingerprint,
        };
        // Errors name the source: its place on the server is nobody's business.
        let source = Source::path(path.to_path_buf()).named("upload");
        let job = self.notarization(source, path, dataset, options);
        self.operations.submit(place, pending, new, job).await
    }

    /// The work of notarizing a table; `kept` is, until it has been read.
    fn notarization(
        &self,
        source: Source,
        kept: impl Send + 'static,
        dataset: DatasetName,
        options: NotarizeOptions,
    ) -> Job {
        let (ledger, metrics) = (self.ledger.clone(), Arc::clone(&self.metrics));
        Box::new(move |progress| {
            Box::pin(async move {
                let table = Table::new(source).named(dataset).options(options.read);
                let request = ledger.notarize(table).privacy(options.privacy).evidence(options.evidence);
                let notarized = request.progress(progress).await;
                drop(kept);
                let notarized = notarized?;
                metrics.rows(notarized.layout.rows());
                Ok(notarized.entry)
            })
        })
    }

    /// Proves a claim about a version of the dataset.
    ///
    /// # Errors
    /// [`ServiceError::ReadOnly`], [`ServiceError::Claim`], [`ServiceError::OtherDataset`], [`ServiceError::Ledger`] when there is no such version;
    /// [`ServiceError::Busy`], [`ServiceError::Stopping`]; as [`Service::notarize`].
    pub async fn prove(
        &self,
        permit: &Permit<Prove>,
        request: ProveRequest,
        key: Option<IdempotencyKey>,
    ) -> Result<Operation, ServiceError> {
        self.check_writable()?;
        let claim: zkl_ledger::claim::Claim = request.claim.parse().map_err(ServiceError::Claim)?;
        let (text, version) = (claim.to_string(), request.version.map(|version| version.to_string()));
        let place = self.operations.reserve(permit.subject().id())?;
        let begun = self.operations.begin(permit.subject().id(), key)?;
        let parts =
            [b"prove", permit.dataset().as_str().as_bytes(), text.as_bytes(), version.unwrap_or_default().as_bytes()]
                .map(<[u8]>::to_vec);
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let new = NewOperation {
            work: Work::Prove,
            dataset: permit.dataset().clone(),
            claim: Some(text),
            by: permit.subject().id().to_owned(),
            fingerprint: Fingerprint::of(&parts),
        };
        let pending = match repeated(begun, &new.fingerprint)? {
            Repeat::Before(operation) => return Ok(operation),
            Repeat::New(pending) => pending,
        };
        let dataset = match request.version {
            Some(version) => self.ledger.dataset_at(version).await?,
            None => self.ledger.dataset(permit.dataset().as_str()).await?,
        };
        if dataset.name() != permit.dataset() {
            let entry = dataset.entry().index.to_string();
            return Err(ServiceError::OtherDataset { entry, dataset: permit.dataset().to_string() });
        }
        let job: Job =
            Box::new(move |progress| Box::pin(async move { dataset.prove(&claim).progress(progress).await }));
        self.operations.submit(place, pending, new, job).await
    }

    /// The newest operations that the subject could have started.
    pub fn list_operations(
        &self,
        permit: &Permit<Follow>,
        before: Option<&OperationId>,
        limit: usize,
    ) -> Vec<Operation> {
        let wanted = |operation: &Operation| permit.could(operation.work.permission(), &operation.dataset);
        self.operations.list(before, limit, wanted)
    }

    /// An operation. One that the subject could not have started is not there.
    ///
    /// # Errors
    /// [`ServiceError::NoOperation`].
    pub fn operation(&self, permit: &Permit<Follow>, id: &OperationId) -> Result<Operation, ServiceError> {
        let seen = |operation: &Operation| permit.could(operation.work.permission(), &operation.dataset);
        let found = self.operations.find(id).filter(seen);
        found.ok_or_else(|| ServiceError::NoOperation { id: id.to_string() })
    }

    /// Tells of every change of any operation: a follower looks again at its own.
    pub fn changes(&self, _permit: &Permit<Follow>) -> watch::Receiver<()> {
        self.operations.changes()
    }

    /// Ends an operation that is not being recorded yet.
    ///
    /// # Errors
    /// [`ServiceError::NoOperation`], [`ServiceError::Ended`], [`ServiceError::Recording`].
    pub async fn cancel(&self, permit: &Permit<Follow>, id: &OperationId) -> Result<Operation, ServiceError> {
        self.operation(permit, id)?;
        self.operations.cancel(id).await
    }
}

/// What tells one notarization from another.
fn fingerprint(dataset: &DatasetName, options: &NotarizeOptions, sha256: &[u8; 32]) -> Fingerprint {
    let asked = format!("{options:?}");
    Fingerprint::of(&[b"notarize", dataset.as_str().as_bytes(), asked.as_bytes(), sha256])
}

enum Repeat {
    New(Option<Pending>),
    Before(Operation),
}

/// Whether the request was accepted before. The same key for another request is a mistake of the client.
fn repeated(begun: Begun, fingerprint: &Fingerprint) -> Result<Repeat, ServiceError> {
    match begun {
        Begun::New(pending) => Ok(Repeat::New(pending)),
        Begun::Before(operation) if operation.fingerprint == *fingerprint => Ok(Repeat::Before(*operation)),
        Begun::Before(_) => Err(ServiceError::IdempotencyMismatch),
    }
}
