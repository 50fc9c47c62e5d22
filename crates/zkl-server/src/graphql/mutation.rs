//! What can be done. Tables are notarized over REST and gRPC, which take uploads.

use async_graphql::{Context, Object, Result};
use zkl_ledger::EntryRef;

use super::{asked, objects::Operation};
use crate::{
    access::{Follow, Prove},
    error::ServiceError,
    operations::IdempotencyKey,
    service::{ProveRequest, dataset_name},
};

/// What can be done.
#[derive(Default)]
pub(super) struct WorkMutation;

/// What can be done.
#[Object]
impl WorkMutation {
    /// Proves a claim about a version of a dataset.
    async fn prove_claim(
        &self,
        context: &Context<'_>,
        dataset: String,
        #[graphql(desc = "The claim, in the language of claims")] claim: String,
        #[graphql(desc = "Index or id of the notarization that it is about; the newest, if nothing is said")]
        version: Option<String>,
        #[graphql(desc = "1 to 255 printable ASCII characters: what is asked for again under it is carried out once")]
        idempotency_key: Option<String>,
    ) -> Result<Operation> {
        let (service, subject) = asked(context)?;
        let key = idempotency_key.map(|key| key.parse::<IdempotencyKey>()).transpose()?;
        let permit = service.access().authorize(subject, Prove(dataset_name(&dataset)?))?;
        let version = version.map(|version| version.parse::<EntryRef>()).transpose().map_err(ServiceError::from)?;
        Ok(service.prove(&permit, ProveRequest { claim, version }, key).await?.into())
    }

    /// Cancels an operation that is not being recorded yet.
    async fn cancel_operation(&self, context: &Context<'_>, id: String) -> Result<Operation> {
        let (service, subject) = asked(context)?;
        let permit = service.access().authorize(subject, Follow)?;
        Ok(service.cancel(&permit, &id.parse()?).await?.into())
    }
}
