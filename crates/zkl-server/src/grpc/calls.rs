//! The calls.

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use tonic::{Request, Response, Status, Streaming};
use zkl_ledger::{EntryRef, receipt::MAX_RECEIPT_LEN};

use super::{
    convert::{entries, given, length, options, query},
    proto::{self, ledger_server::Ledger},
    receive,
    status::invalid,
};
use crate::{
    access::{
        Administer, Browse, Follow, Grant, KeyUpdate, Prove, ReadDataset, ReadLog, ReadPolicy, Subject, Verify, Write,
    },
    error::ServiceError,
    failure::{Code, Failure},
    http::RequestLimits,
    operations::{IdempotencyKey, OperationId},
    service::{KeyUpdateView, ProveRequest, Service, dataset_name, key_expiry},
};

/// Bytes of a receipt in one message: what clients take without being told to take more.
const PART: usize = 1 << 20;

type Answer<T> = Result<Response<T>, Status>;

/// The service behind the calls.
#[derive(Debug)]
pub(super) struct Calls {
    service: Arc<Service>,
    limits: RequestLimits,
}

impl Calls {
    pub(super) const fn new(service: Arc<Service>, limits: RequestLimits) -> Self {
        Self { service, limits }
    }
}

/// Who asks, and for what.
fn taken<T>(request: Request<T>) -> Result<(Subject, T), Status> {
    let (_, extensions, message) = request.into_parts();
    let nobody = || Failure::new(Code::Internal, "nobody looked who asks");
    Ok((extensions.get::<Subject>().cloned().ok_or_else(nobody)?, message))
}

fn reference(text: &str) -> Result<EntryRef, Status> {
    Ok(text.parse::<EntryRef>().map_err(ServiceError::from)?)
}

fn operation(text: &str) -> Result<OperationId, Status> {
    Ok(text.parse::<OperationId>()?)
}

fn grants(texts: &[String]) -> Result<Vec<Grant>, Status> {
    let grants = texts.iter().map(|grant| grant.parse::<Grant>()).collect::<Result<Vec<_>, _>>();
    grants.map_err(|error| invalid(error.to_string()))
}

fn idempotency_key(text: &str) -> Result<Option<IdempotencyKey>, Status> {
    Ok((!text.is_empty()).then(|| text.parse()).transpose()?)
}

#[tonic::async_trait]
impl Ledger for Calls {
    type GetReceiptStream = BoxStream<'static, Result<proto::ReceiptPart, Status>>;
    type WatchEntriesStream = BoxStream<'static, Result<proto::Entry, Status>>;
    type WatchOperationStream = BoxStream<'static, Result<proto::Operation, Status>>;

    async fn list_datasets(&self, request: Request<proto::ListDatasetsRequest>) -> Answer<proto::ListDatasetsResponse> {
        let (subject, asked) = taken(request)?;
        let (after, limit) = (given("page_token", &asked.page_token)?, length(asked.page_size)?);
        let permit = self.service.access().authorize(&subject, Browse)?;
        let page = self.service.datasets(&permit, after, limit).await?;
        let next_page_token = page.next.map(|name| name.to_string()).unwrap_or_default();
        let datasets = page.items.into_iter().map(Into::into).collect();
        Ok(Response::new(proto::ListDatasetsResponse { datasets, next_page_token }))
    }

    async fn get_dataset(&self, request: Request<proto::GetDatasetRequest>) -> Answer<proto::DatasetDetail> {
        let (subject, asked) = taken(request)?;
        let permit = self.service.access().authorize(&subject, ReadDataset(dataset_name(&asked.name)?))?;
        Ok(Response::new(self.service.dataset(&permit).await?.try_into()?))
    }

    async fn list_history(&self, request: Request<proto::ListHistoryRequest>) -> Answer<proto::ListEntriesResponse> {
        let (subject, asked) = taken(request)?;
        let query = query(&asked.kind, asked.order, asked.page_size, &asked.page_token)?;
        let permit = self.service.access().authorize(&subject, ReadDataset(dataset_name(&asked.dataset)?))?;
        let browse = self.service.access().authorize(&subject, Browse)?;
        Ok(Response::new(entries(self.service.history(&permit, &browse, &query).await?)?))
    }

    async fn list_entries(&self, request: Request<proto::ListEntriesRequest>) -> Answer<proto::ListEntriesResponse> {
        let (subject, asked) = taken(request)?;
        let query = query(&asked.kind, asked.order, asked.page_size, &asked.page_token)?;
        let permit = self.service.access().authorize(&subject, Browse)?;
        Ok(Response::new(entries(self.service.entries(&permit, &query).await?)?))
    }

    async fn get_entry(&self, request: Request<proto::GetEntryRequest>) -> Answer<proto::Entry> {
        let (subject, asked) = taken(request)?;
        let permit = self.service.access().authorize(&subject, Browse)?;
        Ok(Response::new(self.service.entry(&permit, reference(&asked.entry)?).await?.try_into()?))
    }

    async fn get_receipt(&self, request: Request<proto::GetReceiptRequest>) -> Answer<Self::GetReceiptStream> {
        let (subject, asked) = taken(request)?;
        let permit = self.service.access().authorize(&subject, Browse)?;
        let receipt = self.service.receipt(&permit, reference(&asked.entry)?, !asked.without_scan).await?;
        let parts: Vec<_> = receipt.chunks(PART).map(|data| Ok(proto::ReceiptPart { data: data.to_vec() })).collect();
        Ok(Response::new(stream::iter(parts).boxed()))
    }

    async fn watch_entries(&self, request: Request<proto::WatchEntriesRequest>) -> Answer<Self::WatchEntriesStream> {
        let (subject, asked) = taken(request)?;
        let dataset = (!asked.dataset.is_empty()).then(|| dataset_name(&asked.dataset)).transpose()?;
        let access = self.service.access();
        let dataset = dataset.map(|name| access.authorize(&subject, ReadDataset(name))).transpose()?;
        let permit = access.authorize(&subject, Browse)?;
        let entries = self.service.watch_entries(&permit, dataset.as_ref(), asked.from).await?;
        let entries = entries.map(|entry| proto::Entry::try_from(entry?));
        Ok(Response::new(entries.boxed()))
    }

    async fn get_checkpoint(&self, request: Request<proto::GetCheckpointRequest>) -> Answer<proto::Checkpoint> {
        let (subject, _) = taken(request)?;
        let permit = self.service.access().authorize(&subject, ReadLog)?;
        let file = self.service.log_file(&permit, "checkpoint").await?;
        let note = String::from_utf8(file.bytes);
        let note = note.map_err(|_| Failure::new(Code::Internal, "the checkpoint is not UTF-8"))?;
        Ok(Response::new(proto::Checkpoint { note }))
    }

    async fn verify_receipt(&self, request: Request<Streaming<proto::ReceiptPart>>) -> Answer<proto::Verdict> {
        let (subject, mut parts) = taken(request)?;
        // Nothing is received from whom nothing is done for.
        let permit = self.service.access().authorize(&subject, Verify)?;
        let receipt = receive::receipt(&mut parts, MAX_RECEIPT_LEN, &self.limits).await?;
        Ok(Response::new(self.service.verify(&permit, receipt).await?.try_into()?))
    }

    async fn notarize(&self, request: Request<Streaming<proto::NotarizeRequest>>) -> Answer<proto::Operation> {
        let (subject, mut parts) = taken(request)?;
        let asked = receive::options(&mut parts, &self.limits).await?;
        let key = idempotency_key(&asked.idempotency_key)?;
        let permit = self.service.access().authorize(&subject, Write(dataset_name(&asked.dataset)?))?;
        let options = options(asked)?;
        let mut upload = self.service.begin_upload(&permit, key).await?;
        receive::table(&mut parts, upload.spool(), &self.limits).await?;
        Ok(Response::new(self.service.notarize(&permit, upload, options).await?.into()))
    }

    async fn notarize_from(&self, request: Request<proto::NotarizeFromRequest>) -> Answer<proto::Operation> {
        let (subject, asked) = taken(request)?;
        let told = asked.options.ok_or_else(|| invalid("there are no options"))?;
        let key = idempotency_key(&told.idempotency_key)?;
        let permit = self.service.access().authorize(&subject, Write(dataset_name(&told.dataset)?))?;
        let options = options(told)?;
        Ok(Response::new(self.service.notarize_from(&permit, &asked.source, options, key).await?.into()))
    }

    async fn prove_claim(&self, request: Request<proto::ProveClaimRequest>) -> Answer<proto::Operation> {
        let (subject, asked) = taken(request)?;
        let key = idempotency_key(&asked.idempotency_key)?;
        let permit = self.service.access().authorize(&subject, Prove(dataset_name(&asked.dataset)?))?;
        let version = (!asked.version.is_empty()).then(|| reference(&asked.version)).transpose()?;
        let request = ProveRequest { claim: asked.claim, version };
        Ok(Response::new(self.service.prove(&permit, request, key).await?.into()))
    }

    async fn list_operations(
        &self,
        request: Request<proto::ListOperationsRequest>,
    ) -> Answer<proto::ListOperationsResponse> {
        let (subject, asked) = taken(request)?;
        let (before, limit) = (given::<OperationId>("page_token", &asked.page_token)?, length(asked.page_size)?);
        let permit = self.service.access().authorize(&subject, Follow)?;
        let found = self.service.list_operations(&permit, before.as_ref(), limit);
        let last = found.last().filter(|_| found.len() == limit);
        let next_page_token = last.map(|operation| operation.id.to_string()).unwrap_or_default();
        let operations = found.into_iter().map(Into::into).collect();
        Ok(Response::new(proto::ListOperationsResponse { operations, next_page_token }))
    }

    async fn get_operation(&self, request: Request<proto::GetOperationRequest>) -> Answer<proto::Operation> {
        let (subject, asked) = taken(request)?;
        let permit = self.service.access().authorize(&subject, Follow)?;
        Ok(Response::new(self.service.operation(&permit, &operation(&asked.id)?)?.into()))
    }

    async fn watch_operation(
        &self,
        request: Request<proto::WatchOperationRequest>,
    ) -> Answer<Self::WatchOperationStream> {
        let (subject, asked) = taken(request)?;
        let permit = self.service.access().authorize(&subject, Follow)?;
        let changes = self.service.follow(&permit, operation(&asked.id)?)?;
        Ok(Response::new(changes.map_ok(Into::into).map_err(Status::from).boxed()))
    }

    async fn cancel_operation(&self, request: Request<proto::CancelOperationRequest>) -> Answer<proto::Operation> {
        let (subject, asked) = taken(request)?;
        let permit = self.service.access().authorize(&subject, Follow)?;
        Ok(Response::new(self.service.cancel(&permit, &operation(&asked.id)?).await?.into()))
    }

    async fn list_keys(&self, request: Request<proto::ListKeysRequest>) -> Answer<proto::ListKeysResponse> {
        let (subject, _) = taken(request)?;
        let permit = self.service.access().authorize(&subject, Administer)?;
        let keys = self.service.keys(&permit).await?.iter().map(|key| key.as_ref().into()).collect();
        Ok(Response::new(proto::ListKeysResponse { keys }))
    }

    async fn create_key(&self, request: Request<proto::CreateKeyRequest>) -> Answer<proto::CreateKeyResponse> {
        let (subject, asked) = taken(request)?;
        let permit = self.service.access().authorize(&subject, Administer)?;
        let grants = grants(&asked.grants)?;
        let expires_at = asked.expires_in_days.map(key_expiry).transpose()?;
        let (key, token) = self.service.create_key(&permit, asked.name, grants, expires_at).await?;
        let token = token.reveal().to_string();
        Ok(Response::new(proto::CreateKeyResponse { key: Some((&key).into()), token }))
    }

    async fn update_key(&self, request: Request<proto::UpdateKeyRequest>) -> Answer<proto::UpdateKeyResponse> {
        let (subject, asked) = taken(request)?;
        let permit = self.service.access().authorize(&subject, Administer)?;
        let grants = (!asked.grants.is_empty()).then(|| grants(&asked.grants)).transpose()?;
        let expires_at = match asked.expiry {
            Some(proto::update_key_request::Expiry::ExpiresInDays(days)) => Some(Some(key_expiry(days)?)),
            Some(proto::update_key_request::Expiry::NeverExpires(true)) => Some(None),
            Some(proto::update_key_request::Expiry::NeverExpires(false)) | None => None,
        };
        let update = KeyUpdate { grants, expires_at };
        let updated = if asked.propose {
            self.service.propose_key(&permit, asked.id, update).await?
        } else {
            self.service.update_key(&permit, asked.id, update).await?
        };
        let KeyUpdateView { added, removed, proposed, .. } = KeyUpdateView::new(&updated, asked.propose);
        let key = Some((&updated.1).into());
        Ok(Response::new(proto::UpdateKeyResponse { key, added, removed, proposed }))
    }

    async fn get_policy(&self, request: Request<proto::GetPolicyRequest>) -> Answer<proto::GetPolicyResponse> {
        let (subject, asked) = taken(request)?;
        let permit = self.service.access().authorize(&subject, ReadPolicy)?;
        let policies = self.service.policies(&permit, asked.size).await?.into_iter().map(Into::into).collect();
        Ok(Response::new(proto::GetPolicyResponse { policies }))
    }

    async fn revoke_key(&self, request: Request<proto::RevokeKeyRequest>) -> Answer<proto::RevokeKeyResponse> {
        let (subject, asked) = taken(request)?;
        let permit = self.service.access().authorize(&subject, Administer)?;
        self.service.revoke_key(&permit, asked.id).await?;
        Ok(Response::new(proto::RevokeKeyResponse {}))
    }
}
