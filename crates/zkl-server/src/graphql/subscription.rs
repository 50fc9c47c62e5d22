//! What is told as it happens.

use async_graphql::{Context, Error, Result, Subscription};
use futures::{StreamExt as _, stream::BoxStream};

use super::{
    asked,
    objects::{Entry, Operation},
};
use crate::{
    access::{Browse, Follow, ReadDataset},
    service::dataset_name,
};

/// What is told as it happens, as long as the key is good.
pub(super) struct Subscription;

/// What is told as it happens, as long as the key is good.
#[Subscription]
impl Subscription {
    /// The entries that the key may read, each as soon as it is on the log.
    async fn entries(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only entries about this dataset")] dataset: Option<String>,
        #[graphql(desc = "The index to begin at; the end of the log, if nothing is said")] from: Option<u64>,
    ) -> Result<BoxStream<'static, Result<Entry>>> {
        let (service, subject) = asked(context)?;
        let access = service.access();
        let dataset = dataset.map(|name| dataset_name(&name)).transpose()?;
        let dataset = dataset.map(|name| access.authorize(subject, ReadDataset(name))).transpose()?;
        let permit = access.authorize(subject, Browse)?;
        let entries = service.watch_entries(&permit, dataset.as_ref(), from).await?;
        Ok(entries.map(|entry| entry.map(Entry::from).map_err(Error::from)).boxed())
    }

    /// An operation as it is now, and after every change until it has ended.
    async fn operation(&self, context: &Context<'_>, id: String) -> Result<BoxStream<'static, Result<Operation>>> {
        let (service, subject) = asked(context)?;
        let permit = service.access().authorize(subject, Follow)?;
        let changes = service.follow(&permit, id.parse()?)?;
        Ok(changes.map(|operation| operation.map(Operation::from).map_err(Error::from)).boxed())
    }
}
