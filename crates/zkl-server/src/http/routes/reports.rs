//! Reports about receipts, for readers who know no cryptography.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use utoipa::ToSchema;
use zkl_ledger::EntryRef;

use crate::{
    access::{Browse, Verify},
    error::ServiceError,
    http::{Shared, extract::Caller, form, params::Params, problem::Problem},
    service::Service,
};

/// What a browser's form sends.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is described, and read as a form")]
pub(in crate::http) struct Receipts {
    /// Receipts as they were handed out, 1 to 20, together at most 64 MiB.
    #[schema(value_type = Vec<ReceiptFile>, min_items = 1, max_items = 20)]
    receipt: Vec<String>,
}

/// A file.
#[derive(ToSchema)]
#[schema(format = Binary)]
#[expect(dead_code, reason = "it is described, and read as bytes")]
pub(in crate::http) struct ReceiptFile(String);

/// A report about entries: one file in HTML that loads nothing and prints well
///
/// Their receipts are verified for it, so it needs `read` on all that they name and `verify`.
#[utoipa::path(
    get, path = "/api/v1/reports", tag = "verification", operation_id = "reportEntries",
    security((), ("key" = [])),
    params(("entry" = Vec<String>, Query, min_items = 1, max_items = 20, description = "Index or id of an entry; may be repeated")),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn of_entries(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let entries = params.all("entry");
    params.end()?;
    let verify = service.access().authorize(&subject, Verify)?;
    let browse = service.access().authorize(&subject, Browse)?;
    let entries = entries.iter().map(|entry| entry.parse::<EntryRef>()).collect::<Result<Vec<_>, _>>();
    let entries = entries.map_err(ServiceError::from)?;
    Ok(file(service.report_of_entries(&browse, &verify, entries).await?))
}

/// A report about receipts that are sent: one file in HTML that loads nothing and prints well
#[utoipa::path(
    post, path = "/api/v1/reports", tag = "verification", operation_id = "reportReceipts",
    security((), ("key" = [])),
    request_body(content = Receipts, content_type = "multipart/form-data"),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn of_receipts(
    State(Shared { service, limits }): State<Shared>,
    Caller(subject): Caller,
    headers: HeaderMap,
    params: Params,
    body: Body,
) -> Result<Response, Problem> {
    params.end()?;
    // Nothing is received from whom nothing is done for.
    let permit = service.access().authorize(&subject, Verify)?;
    let receipts = form::receipts(&headers, body, &limits).await?;
    Ok(file(service.report_of_receipts(&permit, receipts).await?))
}

/// A page of its own is a file to keep, and no page of this server's: it holds its style and its policy.
fn file(page: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"report.html\"")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; frame-ancestors 'none'")),
    ];
    (StatusCode::OK, headers, page).into_response()
}
