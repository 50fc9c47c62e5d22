//! The log as c2sp.org/tlog-tiles has it: what any client of such logs reads.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue},
    response::Response,
};

use crate::{
    access::ReadLog,
    http::{
        answer::{self, Freshness},
        extract::Caller,
        params::{Params, invalid},
        problem::Problem,
    },
    service::Service,
};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// The newest checkpoint: a signed note
#[utoipa::path(
    get, path = "/api/v1/checkpoint", tag = "log", operation_id = "getCheckpoint",
    security((), ("key" = [])),
    responses((status = 200, body = String, content_type = "text/plain"), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn checkpoint(
    state: State<Arc<Service>>,
    caller: Caller,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    answer_file(state, caller, "checkpoint", &headers, params).await
}

/// A file of the log. The paths are those of the specification, and so are their names.
pub(in crate::http) async fn file(
    state: State<Arc<Service>>,
    caller: Caller,
    path: Result<Path<String>, axum::extract::rejection::PathRejection>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    let Path(path) = path.map_err(|_| invalid("the path is not UTF-8"))?;
    answer_file(state, caller, &path, &headers, params).await
}

async fn answer_file(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    path: &str,
    headers: &HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, ReadLog)?;
    let file = service.log_file(&permit, path).await?;
    let content_type = if path.contains('/') { BYTES } else { TEXT };
    let freshness = if file.immutable { Freshness::ForEver } else { Freshness::Revalidate };
    Ok(answer::cached(headers, freshness, content_type, file.bytes))
}
