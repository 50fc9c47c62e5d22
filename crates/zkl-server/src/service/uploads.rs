//! Uploads that may be interrupted, from their beginning to the operation that has their bytes.

use super::{NotarizeOptions, Service};
use crate::{
    access::{Permission, Permit, Upload as Uploading, Write},
    error::ServiceError,
    operations::{Appending, Begun, IdempotencyKey, NewUpload, Operation, Upload, UploadId},
};
use zkl_ledger::requests::EvidenceRequest;

impl Service {
    /// Begins an upload of `length` bytes, which is to be a version of the dataset.
    ///
    /// # Errors
    /// [`ServiceError::ReadOnly`], [`ServiceError::TooLarge`], [`ServiceError::TooManyOperations`], [`ServiceError::Busy`],
    /// [`ServiceError::IdempotencyMismatch`], [`ServiceError::Io`].
    pub async fn create_upload(
        &self,
        permit: &Permit<Write>,
        length: u64,
        options: NotarizeOptions,
        key: Option<IdempotencyKey>,
    ) -> Result<Upload, ServiceError> {
        self.check_writable()?;
        let new = NewUpload {
            dataset: permit.dataset().clone(),
            by: permit.subject().id().to_owned(),
            length,
            privacy: options.privacy,
            attested: options.evidence == EvidenceRequest::Attestation,
            read: options.read,
            idempotency_key: key,
        };
        self.uploads.create(new).await
    }

    /// Longest upload, in bytes.
    pub(crate) fn longest_upload(&self) -> u64 {
        self.uploads.longest()
    }

    /// How far an upload of the subject's is. Others are not there.
    ///
    /// # Errors
    /// [`ServiceError::NoUpload`].
    pub fn upload(&self, permit: &Permit<Uploading>, id: &UploadId) -> Result<Upload, ServiceError> {
        let theirs = |upload: &Upload| {
            let (by, subject) = (upload.new.by.as_str(), permit.subject().id());
            // Whoever began it must still be allowed to.
            by == subject && permit.could(Permission::WriteDataset, &upload.new.dataset)
        };
        let found = self.uploads.find(id).filter(theirs);
        found.ok_or_else(|| ServiceError::NoUpload { id: id.as_str().to_owned() })
    }

    /// Goes on with an upload at `offset`.
    ///
    /// # Errors
    /// [`ServiceError::NoUpload`], [`ServiceError::UploadTaken`], [`ServiceError::Offset`], [`ServiceError::Io`].
    pub(crate) async fn append_upload(
        &self,
        permit: &Permit<Uploading>,
        id: &UploadId,
        offset: u64,
    ) -> Result<Appending, ServiceError> {
        self.upload(permit, id)?;
        self.uploads.append(id, offset).await
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// [`ServiceError::NoUpload`], [`ServiceError::UploadTaken`], [`ServiceError::Io`].
    pub async fn discard_upload(&self, permit: &Permit<Uploading>, id: &UploadId) -> Result<(), ServiceError> {
        self.upload(permit, id)?;
        self.uploads.discard(id).await
    }

    /// Notarizes a whole upload, once: whoever asks again is answered with the same operation.
    ///
    /// # Errors
    /// [`ServiceError::NoUpload`], [`ServiceError::UploadTaken`], [`ServiceError::Incomplete`], [`ServiceError::Busy`],
    /// [`ServiceError::TooManyOperations`], [`ServiceError::Stopping`], [`ServiceError::Io`].
    pub async fn finish_upload(&self, permit: &Permit<Uploading>, id: &UploadId) -> Result<Operation, ServiceError> {
        self.check_writable()?;
        let by = permit.subject().id();
        let pending = match self.operations.begin(by, Some(IdempotencyKey::of_upload(id)))? {
            Begun::Before(before) if permit.could(Permission::WriteDataset, &before.dataset) => return Ok(*before),
            Begun::Before(_) => return Err(ServiceError::NoUpload { id: id.as_str().to_owned() }),
            Begun::New(pending) => pending,
        };
        let new = self.upload(permit, id)?.new;
        let place = self.operations.reserve(by)?;
        let (whole, spooled) = self.uploads.whole(id, self.operations.spool_dir()).await?;
        let evidence = if new.attested { EvidenceRequest::Attestation } else { EvidenceRequest::Proof };
        let options = NotarizeOptions { privacy: new.privacy, evidence, read: new.read };
        let operation = self.submit_table(place, pending, new.dataset, by, spooled, options).await?;
        // It is accepted, whatever comes of the upload: what stays of it is removed when its time is over.
        if let Err(error) = whole.forget().await {
            tracing::warn!(upload = id.as_str(), error = crate::failure::chain(&error), "an upload is not removed");
        }
        Ok(operation)
    }
}
