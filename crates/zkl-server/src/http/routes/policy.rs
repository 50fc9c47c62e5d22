//! Who may do what, for administrators and for whoever reads the whole log.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access::ReadPolicy,
    http::{
        answer,
        extract::Caller,
        params::{Params, invalid},
        problem::Problem,
    },
    service::{PolicyView, Service},
};

/// Who may do what.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct PolicyList {
    /// The policies of the servers that recorded one on this log.
    policies: Vec<PolicyView>,
}

/// Who may do what, as the log has it, now or at an earlier size
#[utoipa::path(
    get, path = "/api/v1/policy", tag = "administration", operation_id = "getPolicy",
    params(("size" = Option<u64>, Query, description = "When the log had so many entries; now, if nothing is said")),
    responses((status = 200, body = PolicyList), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn show(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    // No log is longer than what the document of the API has for integers.
    let size = params.one::<i64>("size")?.map(u64::try_from).transpose();
    let size = size.map_err(|_| invalid("the parameter size has no such value"))?;
    params.end()?;
    let permit = service.access().authorize(&subject, ReadPolicy)?;
    Ok(answer::json(StatusCode::OK, &PolicyList { policies: service.policies(&permit, size).await? }))
}
