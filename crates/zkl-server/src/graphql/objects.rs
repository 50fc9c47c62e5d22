//! What there is to ask about.

use std::sync::Arc;

use async_graphql::{Context, Enum, Json, Object, Result, SimpleObject};
use zkl_ledger::{
    DatasetName, EntryRef,
    receipt::{Predicate, RelationRecord},
    types::{OperationKind, TransactionId},
};

use super::{
    asked,
    lineage::Lineage,
    page::{Connection, Order, cost, entries, several},
};
use crate::{
    access::{Browse, Permit, ReadDataset},
    error::ServiceError,
    failure::Failure,
    operations::{self, Status},
    service::{EntryView, Service},
};

/// A dataset: its versions, what was proved about them, and where they come from.
pub(super) struct Dataset {
    pub(super) name: DatasetName,
    pub(super) latest: u64,
}

/// A dataset: its versions, what was proved about them, and where they come from.
#[Object]
impl Dataset {
    /// Its name, such as `team/penguins`.
    async fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Index of its newest entry.
    async fn latest(&self) -> u64 {
        self.latest
    }

    /// Its newest notarization, if it has one.
    async fn version(&self, context: &Context<'_>) -> Result<Option<Entry>> {
        let (service, subject) = asked(context)?;
        let permit = service.access().authorize(subject, ReadDataset(self.name.clone()))?;
        Ok(service.dataset(&permit).await?.version.map(Entry::from))
    }

    /// The entries about it.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn history(
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
        let Reader { service, permit, browse } = self.reader(context)?;
        Ok(Connection::of_entries(service.history(&permit, &browse, &query).await?, query.order))
    }

    /// What was proved about it.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn claims(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Items of the page, 1 to 200; 50, if nothing is said")] first: Option<u32>,
        #[graphql(desc = "`endCursor` of the page before")] after: Option<String>,
        #[graphql(desc = "The newest first, if nothing is said")] order: Option<Order>,
    ) -> Result<Connection<Entry>> {
        let kind = OperationKind::CLAIM.to_string();
        self.history(context, first, after, Some(kind), order).await
    }

    /// The proved relations between a version of it and tables of other datasets, or between two of its versions: see `relation` of each.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn provenance(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Items of the page, 1 to 200; 50, if nothing is said")] first: Option<u32>,
        #[graphql(desc = "`endCursor` of the page before")] after: Option<String>,
        #[graphql(desc = "The newest first, if nothing is said")] order: Option<Order>,
    ) -> Result<Connection<Entry>> {
        let Some(query) = entries(first, after.as_deref(), None, order)? else { return Ok(Connection::none()) };
        let Reader { service, permit, browse } = self.reader(context)?;
        Ok(Connection::of_entries(service.provenance(&permit, &browse, &query).await?, query.order))
    }

    /// Its ancestors and descendants, over any number of steps, and what else was proved of their rows; as far as the key may read them.
    #[graphql(complexity = "several(32, child_complexity)")]
    async fn lineage(&self, context: &Context<'_>) -> Result<Lineage> {
        let Reader { service, permit, browse } = self.reader(context)?;
        Ok(service.lineage(&permit, &browse).await?.into())
    }
}

/// Who reads the entries about a dataset, authorised.
struct Reader<'c> {
    service: &'c Arc<Service>,
    permit: Permit<ReadDataset>,
    browse: Permit<Browse>,
}

impl Dataset {
    fn reader<'c>(&self, context: &Context<'c>) -> Result<Reader<'c>> {
        let (service, subject) = asked(context)?;
        let permit = service.access().authorize(subject, ReadDataset(self.name.clone()))?;
        let browse = service.access().authorize(subject, Browse)?;
        Ok(Reader { service, permit, browse })
    }
}

/// An entry of the log, its signature checked.
pub(super) struct Entry(EntryView);

impl From<EntryView> for Entry {
    fn from(view: EntryView) -> Self {
        Self(view)
    }
}

/// An entry of the log, its signature checked.
#[Object]
impl Entry {
    /// Its place in the log.
    async fn index(&self) -> u64 {
        self.0.index
    }

    /// Its id: the hash of its leaf in the log's tree.
    async fn id(&self) -> &str {
        &self.0.id
    }

    /// What kind of statement it is, such as `notarization`.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The type of its statement, with a version.
    async fn r#type(&self) -> &str {
        &self.0.r#type
    }

    /// The datasets that it names, the one that it is about first.
    async fn datasets(&self) -> &[String] {
        &self.0.datasets
    }

    /// The notary's clock when it was made (RFC 3339).
    async fn recorded_at(&self) -> &str {
        &self.0.recorded_at
    }

    /// The key that signed it.
    async fn notary(&self) -> &str {
        &self.0.notary
    }

    /// The claim, of a proved one.
    async fn claim(&self) -> Option<&str> {
        self.0.claim.as_deref()
    }

    /// What it says in one line.
    async fn summary(&self) -> String {
        self.0.predicate.in_words()
    }

    /// What it says, as it was signed.
    async fn predicate(&self) -> Json<&Predicate> {
        Json(&self.0.predicate)
    }

    /// The tables that it relates, of a proved relation.
    async fn relation(&self) -> Option<Relation<'_>> {
        match &self.0.predicate {
            Predicate::Relation(record) => Some(Relation(record)),
            _ => None,
        }
    }

    /// The entries that it rests on, as far as the key may read them: of a claim, the version that it is about.
    #[graphql(complexity = "several(8, child_complexity)")]
    async fn names(&self, context: &Context<'_>) -> Result<Vec<Self>> {
        let mut named = Vec::new();
        for id in self.0.predicate.names() {
            named.extend(entry(context, id).await?);
        }
        Ok(named)
    }
}

/// An entry, if it may be seen.
async fn entry(context: &Context<'_>, id: TransactionId) -> Result<Option<Entry>> {
    let (service, subject) = asked(context)?;
    let permit = service.access().authorize(subject, Browse)?;
    match service.entry(&permit, EntryRef::Id(id)).await {
        Ok(view) => Ok(Some(view.into())),
        Err(ServiceError::Ledger(zkl_ledger::LedgerError::UnknownEntry { .. })) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What was proved of the rows of several tables.
pub(super) struct Relation<'e>(&'e RelationRecord);

/// What was proved of the rows of several tables.
#[Object]
impl Relation<'_> {
    /// How they are related: `split` and `append` of a whole and its parts, `same_rows` of two, and so on.
    async fn operation(&self) -> &str {
        self.0.disclosure.operation().name()
    }

    /// The columns in which they were compared; none of a closed relation, whose receipts alone tell them.
    async fn columns(&self) -> &[String] {
        self.0.disclosure.open().map(|terms| terms.columns.as_slice()).unwrap_or_default()
    }

    /// The fewest rows of a class, of `k_anonymous`.
    async fn k(&self) -> Option<u32> {
        self.0.disclosure.open()?.details.k
    }

    /// The tables, in the order of their roles.
    async fn tables(&self) -> Vec<RelatedTable<'_>> {
        self.0.datasets.iter().map(RelatedTable).collect()
    }
}

/// A table in a relation.
pub(super) struct RelatedTable<'e>(&'e zkl_ledger::receipt::DatasetRef);

/// A table in a relation.
#[Object]
impl RelatedTable<'_> {
    /// What it is in the relation, such as `whole`.
    async fn role(&self) -> &str {
        self.0.role.as_str()
    }

    /// Name of its dataset.
    async fn dataset(&self) -> &str {
        self.0.name.as_str()
    }

    /// The notarization of the version, if the key may read it.
    async fn version(&self, context: &Context<'_>) -> Result<Option<Entry>> {
        entry(context, self.0.entry).await
    }
}

/// Where an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum OperationStatus {
    /// It waits for a worker.
    Queued,
    /// It is carried out.
    Running,
    /// Its entry is durably in the log.
    Succeeded,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// Work that takes seconds, and what came of it.
#[derive(SimpleObject)]
pub(super) struct Operation {
    /// Its id.
    id: String,
    /// What it does: `notarize` or `prove`.
    work: &'static str,
    /// With what.
    dataset: String,
    /// The claim that is proved.
    claim: Option<String>,
    /// Where it is.
    status: OperationStatus,
    /// What is being done at the moment.
    stage: Option<String>,
    /// Id of the key of whoever asked.
    by: String,
    /// When it was accepted (RFC 3339).
    accepted_at: String,
    /// When it ended (RFC 3339).
    ended_at: Option<String>,
    /// The entry, when it succeeded.
    entry: Option<RecordedEntry>,
    /// Why it failed.
    problem: Option<OperationProblem>,
}

/// An entry that was recorded.
#[derive(SimpleObject)]
pub(super) struct RecordedEntry {
    /// Its place in the log.
    index: u64,
    /// Its id.
    id: String,
}

/// Why an operation failed.
#[derive(SimpleObject)]
pub(super) struct OperationProblem {
    /// What kind of problem it is. Stable: decide by it.
    r#type: String,
    /// What the type means.
    title: &'static str,
    /// What happened this time.
    detail: String,
    /// What can be done about it.
    hint: Option<String>,
}

impl From<Failure> for OperationProblem {
    fn from(failure: Failure) -> Self {
        let Failure { code, detail, hint } = failure;
        Self { r#type: code.urn(), title: code.title(), detail, hint }
    }
}

impl From<operations::Operation> for Operation {
    fn from(operation: operations::Operation) -> Self {
        let status = match operation.status() {
            Status::Queued => OperationStatus::Queued,
            Status::Running => OperationStatus::Running,
            Status::Succeeded => OperationStatus::Succeeded,
            Status::Failed => OperationStatus::Failed,
            Status::Cancelled => OperationStatus::Cancelled,
        };
        let ended_at = operation.ended_at().map(|at| at.to_string());
        let entry = operation.entry().map(|entry| RecordedEntry { index: entry.index, id: entry.id.clone() });
        let problem = operation.failure().cloned().map(OperationProblem::from);
        Self {
            id: operation.id.to_string(),
            work: operation.work.as_str(),
            dataset: operation.dataset.to_string(),
            claim: operation.claim,
            status,
            stage: operation.stage,
            by: operation.by,
            accepted_at: operation.accepted_at.to_string(),
            ended_at,
            entry,
            problem,
        }
    }
}
