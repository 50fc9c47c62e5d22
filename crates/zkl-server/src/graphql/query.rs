//! Questions about what there is.

use async_graphql::{Context, Object, Result};
use zkl_ledger::EntryRef;

use super::{
    asked,
    failure::invalid,
    objects::{Dataset, Entry, Operation},
    page::{Connection, Order, cost, entries, length},
};
use crate::{
    access::{Browse, Follow, ReadDataset, ReadLog},
    error::ServiceError,
    failure::{Code, Failure},
    operations::OperationId,
    service::dataset_name,
};

/// What can be asked.
#[derive(Default)]
pub(super) struct ReadQuery;

/// What can be asked.
#[Object]
impl ReadQuery {
    /// The datasets that the key may read, by name.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn datasets(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Items of the page, 1 to 200; 50, if nothing is said")] first: Option<u32>,
        #[graphql(desc = "`endCursor` of the page before")] after: Option<String>,
    ) -> Result<Connection<Dataset>> {
        let (service, subject) = asked(context)?;
        let after = after.map(|after| after.parse().map_err(|_| invalid("after is no cursor"))).transpose()?;
        let permit = service.access().authorize(subject, Browse)?;
        let page = service.datasets(&permit, after, length(first)?).await?;
        let end = page.items.last().map(|view| view.name.clone());
        let mut nodes = Vec::with_capacity(page.items.len());
        for view in page.items {
            nodes.push(Dataset { name: dataset_name(&view.name)?, latest: view.latest });
        }
        Ok(Connection::new(nodes, end, page.next.is_some()))
    }

    /// A dataset by its name.
    async fn dataset(&self, context: &Context<'_>, name: String) -> Result<Dataset> {
        let (service, subject) = asked(context)?;
        let permit = service.access().authorize(subject, ReadDataset(dataset_name(&name)?))?;
        let latest = service.dataset(&permit).await?.latest;
        Ok(Dataset { name: permit.dataset().clone(), latest })
    }

    /// The entries of the log that the key may read.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn entries(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Items of the page, 1 to 200; 50, if nothing is said")] first: Option<u32>,
        #[graphql(desc = "`endCursor` of the page before")] after: Option<String>,
        #[graphql(desc = "Only entries of this kind, such as `notarization`")] kind: Option<String>,
        #[graphql(desc = "The newest first, if nothing is said")] order: Option<Order>,
    ) -> Result<Connection<Entry>> {
        let Some(query) = entries(first, after.as_deref(), kind.as_deref(), order)? else {
            return Ok(Connection::none());
        };
        let (service, subject) = asked(context)?;
        let permit = service.access().authorize(subject, Browse)?;
        Ok(Connection::of_entries(service.entries(&permit, &query).await?, query.order))
    }

    /// An entry by its index or id.
    async fn entry(&self, context: &Context<'_>, entry: String) -> Result<Entry> {
        let (service, subject) = asked(context)?;
        let permit = service.access().authorize(subject, Browse)?;
        let reference = entry.parse::<EntryRef>().map_err(ServiceError::from)?;
        Ok(service.entry(&permit, reference).await?.into())
    }

    /// The newest checkpoint of the log: a signed note.
    async fn checkpoint(&self, context: &Context<'_>) -> Result<String> {
        let (service, subject) = asked(context)?;
        let permit = service.access().authorize(subject, ReadLog)?;
        let file = service.log_file(&permit, "checkpoint").await?;
        let note = String::from_utf8(file.bytes);
        Ok(note.map_err(|_| Failure::new(Code::Internal, "the checkpoint is not UTF-8"))?)
    }

    /// The operations that the key could have started, the newest first.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn operations(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Items of the page, 1 to 200; 50, if nothing is said")] first: Option<u32>,
        #[graphql(desc = "`endCursor` of the page before")] after: Option<String>,
    ) -> Result<Connection<Operation>> {
        let (service, subject) = asked(context)?;
        let before =
            after.map(|after| after.parse::<OperationId>().map_err(|_| invalid("after is no cursor"))).transpose()?;
        let limit = length(first)?;
        let permit = service.access().authorize(subject, Follow)?;
        let found = service.list_operations(&permit, before.as_ref(), limit);
        let (end, full) = (found.last().map(|last| last.id.to_string()), found.len() == limit);
        Ok(Connection::new(found.into_iter().map(Operation::from).collect(), end, full))
    }

    /// An operation by its id.
    async fn operation(&self, context: &Context<'_>, id: String) -> Result<Operation> {
        let (service, subject) = asked(context)?;
        let permit = service.access().authorize(subject, Follow)?;
        Ok(service.operation(&permit, &id.parse()?)?.into())
    }
}
