//! Whether the server lives, and whether it can do its work.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;

use crate::{
    http::{answer, problem::Problem},
    service::Service,
};

const METRICS: HeaderValue = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// The process answers.
pub(in crate::http) async fn alive() -> Response {
    answer::json(StatusCode::OK, &Health { status: "alive" })
}

/// The metrics.
pub(in crate::http) async fn metrics(State(service): State<Arc<Service>>) -> Result<Response, Problem> {
    let text = service.render_metrics().await?;
    Ok(([(header::CONTENT_TYPE, METRICS)], text).into_response())
}

/// The store answers, and what it holds is this ledger's.
pub(in crate::http) async fn ready(State(service): State<Arc<Service>>) -> Result<Response, Problem> {
    service.check_ready().await?;
    Ok(answer::json(StatusCode::OK, &Health { status: "ready" }))
}
