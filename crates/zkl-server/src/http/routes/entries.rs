//! Entries and their receipts.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access::Browse,
    http::{
        answer::{self, Freshness},
        extract::{Caller, Referenced},
        params::Params,
        problem::Problem,
    },
    service::{EntryView, Page, Service},
};

/// A page of entries.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct EntryPage {
    /// The entries.
    entries: Vec<EntryView>,
    /// The cursor of the next page, if there may be one: a page can be empty and yet have a next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

impl From<Page<EntryView, u64>> for EntryPage {
    fn from(page: Page<EntryView, u64>) -> Self {
        Self { entries: page.items, next: page.next }
    }
}

/// The entries of the log that the key may read, the newest first
#[utoipa::path(
    get, path = "/api/v1/entries", tag = "entries", operation_id = "listEntries",
    security((), ("key" = [])),
    params(
        ("kind" = Option<String>, Query, pattern = "^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", description = "Only entries of this kind"),
        ("order" = Option<String>, Query, pattern = "^(asc|desc)$", description = "`desc` (default) or `asc`"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "Most items of the page (default 50)"),
        ("cursor" = Option<u64>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = EntryPage), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn list(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let query = params.entries()?;
    params.end()?;
    let permit = service.access().authorize(&subject, Browse)?;
    let page = service.entries(&permit, &query).await?;
    Ok(answer::json(StatusCode::OK, &EntryPage::from(page)))
}

/// An entry by its index or id
#[utoipa::path(
    get, path = "/api/v1/entries/{entry}", tag = "entries", operation_id = "getEntry",
    security((), ("key" = [])),
    params(("entry" = String, Path, description = "Its index, or its id")),
    responses((status = 200, body = EntryView), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn show(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    Referenced(reference): Referenced,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, Browse)?;
    let entry = service.entry(&permit, reference).await?;
    Ok(answer::cached_json(&headers, Freshness::ForEver, &entry))
}

/// The receipt of an entry, which verifies offline
#[utoipa::path(
    get, path = "/api/v1/entries/{entry}/receipt", tag = "entries", operation_id = "getReceipt",
    security((), ("key" = [])),
    params(
        ("entry" = String, Path, description = "Its index, or its id"),
        ("scan" = Option<bool>, Query, description = "Whether the proof over every row is in it (default true); without it a receipt is some KB and verifies as attested"),
    ),
    responses(
        (status = 200, body = Object, content_type = "application/json", description = "A file of the format zkl-receipt/4"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn receipt(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    Referenced(reference): Referenced,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let with_scan = params.one("scan")?.unwrap_or(true);
    params.end()?;
    let permit = service.access().authorize(&subject, Browse)?;
    let receipt = service.receipt(&permit, reference, with_scan).await?;
    // It stands under the newest checkpoint, and is another one when the log has grown.
    Ok(answer::cached(&headers, Freshness::Revalidate, HeaderValue::from_static("application/json"), receipt))
}
