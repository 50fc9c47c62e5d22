//! Operations: followed and ended.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::StatusCode,
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{StreamExt as _, future::ready};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access::Follow,
    http::{
        answer,
        extract::{Caller, Followed},
        params::Params,
        problem::Problem,
    },
    operations::{self, Operation, OperationId, Recorded},
    service::Service,
};

/// How often a silent stream says that it is still there.
const STILL_THERE: Duration = Duration::from_secs(10);

/// Where an operation is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Queued,
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

/// An entry that was recorded.
#[derive(Serialize, ToSchema)]
struct RecordedEntry {
    /// Its place in the log.
    index: u64,
    /// Its id.
    id: String,
}

/// Work that takes seconds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Operation)]
pub(in crate::http) struct OperationView {
    /// Its id.
    id: String,
    /// What it does: `notarize` or `prove`.
    work: &'static str,
    /// With what.
    dataset: String,
    /// The claim that is proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
    /// Where it is.
    status: Status,
    /// What is being done at the moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
    /// Id of the key that asked for it.
    by: String,
    /// When it was accepted (RFC 3339).
    #[schema(format = DateTime)]
    accepted_at: String,
    /// When it ended (RFC 3339).
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    /// The entry, when it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<RecordedEntry>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

impl From<Operation> for OperationView {
    fn from(operation: Operation) -> Self {
        let status = match operation.status() {
            operations::Status::Queued => Status::Queued,
            operations::Status::Running => Status::Running,
            operations::Status::Succeeded => Status::Succeeded,
            operations::Status::Failed => Status::Failed,
            operations::Status::Cancelled => Status::Cancelled,
        };
        let ended_at = operation.ended_at().map(|at| at.to_string());
        let entry = operation.entry().map(|Recorded { index, id }| RecordedEntry { index: *index, id: id.clone() });
        let problem = operation.failure().cloned().map(Problem::from);
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

/// A server-sent event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is described, and written as text")]
pub(in crate::http) struct OperationEvent {
    /// What it is.
    #[schema(pattern = "^operation$")]
    event: String,
    /// The operation in JSON, as `getOperation` answers it.
    data: String,
}

/// A page of operations.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct OperationPage {
    /// The operations, the newest first.
    operations: Vec<OperationView>,
    /// The cursor of the next page, if there may be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The operations that the key could have started, the newest first
#[utoipa::path(
    get, path = "/api/v1/operations", tag = "operations", operation_id = "listOperations",
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "Most items of the page (default 50)"),
        ("cursor" = Option<String>, Query, pattern = "^[0-9a-f]{32}$", description = "`next` of the page before"),
    ),
    responses((status = 200, body = OperationPage), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn list(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let (before, limit) = (params.one::<OperationId>("cursor")?, params.limit()?);
    params.end()?;
    let permit = service.access().authorize(&subject, Follow)?;
    let found = service.list_operations(&permit, before.as_ref(), limit);
    let next = found.last().filter(|_| found.len() == limit).map(|operation| operation.id.to_string());
    let operations = found.into_iter().map(OperationView::from).collect();
    Ok(answer::json(StatusCode::OK, &OperationPage { operations, next }))
}

/// An operation, and how far it is
#[utoipa::path(
    get, path = "/api/v1/operations/{operation}", tag = "operations", operation_id = "getOperation",
    params(("operation" = String, Path, description = "Its id")),
    responses((status = 200, body = OperationView), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn show(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    Followed(id): Followed,
    params: Params,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, Follow)?;
    Ok(answer::json(StatusCode::OK, &OperationView::from(service.operation(&permit, &id)?)))
}

/// Follows an operation: an event for every change, until it has ended
#[utoipa::path(
    get, path = "/api/v1/operations/{operation}/events", tag = "operations", operation_id = "followOperation",
    params(("operation" = String, Path, description = "Its id")),
    responses(
        (status = 200, body = OperationEvent, content_type = "text/event-stream", description = "Server-sent events named `operation`, each with the operation as `getOperation` answers it"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn events(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    Followed(id): Followed,
    params: Params,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, Follow)?;
    // What goes wrong later ends the stream: clients of such streams come back, and are told.
    let changes = service.follow(&permit, id)?.filter_map(|operation| ready(operation.ok()));
    let events = changes.map(|operation| {
        let view = serde_json::to_string(&OperationView::from(operation));
        view.map(|view| Event::default().event("operation").data(view))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(STILL_THERE)).into_response())
}

/// Cancels an operation that is not being recorded yet
#[utoipa::path(
    delete, path = "/api/v1/operations/{operation}", tag = "operations", operation_id = "cancelOperation",
    params(("operation" = String, Path, description = "Its id")),
    responses((status = 200, body = OperationView), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn cancel(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    Followed(id): Followed,
    params: Params,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, Follow)?;
    Ok(answer::json(StatusCode::OK, &OperationView::from(service.cancel(&permit, &id).await?)))
}
