//! Whether the server lives, and whether it can do its work.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;

use crate::{
    http::{answer, problem::Problem},
    service::Service,
};

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// The process answers.
pub(in crate::http) async fn alive() -> Response {
    answer::json(StatusCode::OK, &Health { status: "alive" })
}

/// The store answers, and what it holds is this ledger's.
pub(in crate::http) async fn ready(State(service): State<Arc<Service>>) -> Result<Response, Problem> {
    service.check_ready().await?;
    Ok(answer::json(StatusCode::OK, &Health { status: "ready" }))
}
