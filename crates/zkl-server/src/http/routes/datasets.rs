//! Datasets and their histories.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::entries::EntryPage;
use crate::{
    access::{Browse, ReadDataset},
    http::{
        answer,
        extract::{Caller, Named},
        params::Params,
        problem::Problem,
    },
    service::{DatasetDetailView, DatasetView, Service},
};

/// A page of datasets.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct DatasetPage {
    /// The datasets, by name.
    datasets: Vec<DatasetView>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The datasets that the key may read, by name
#[utoipa::path(
    get, path = "/api/v1/datasets", tag = "datasets", operation_id = "listDatasets",
    security((), ("key" = [])),
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "Most items of the page (default 50)"),
        ("cursor" = Option<String>, Query, max_length = 128, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*(/(?!\\.{1,2}(/|$))[A-Za-z0-9._-]+)*$", description = "`next` of the page before"),
    ),
    responses((status = 200, body = DatasetPage), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn list(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let (after, limit) = (params.one("cursor")?, params.limit()?);
    params.end()?;
    let permit = service.access().authorize(&subject, Browse)?;
    let page = service.datasets(&permit, after, limit).await?;
    let page = DatasetPage { datasets: page.items, next: page.next.map(|name| name.to_string()) };
    Ok(answer::json(StatusCode::OK, &page))
}

/// A dataset.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it is described, and read from the path")]
pub(in crate::http) struct DatasetPath {
    /// The dataset's name, with `%2F` for `/`
    #[param(max_length = 128, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*(/(?!\\.{1,2}(/|$))[A-Za-z0-9._-]+)*$")]
    name: String,
}

/// A dataset, and its newest version
#[utoipa::path(
    get, path = "/api/v1/datasets/{name}", tag = "datasets", operation_id = "getDataset",
    security((), ("key" = [])),
    params(DatasetPath),
    responses((status = 200, body = DatasetDetailView), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn show(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    Named(name): Named,
    params: Params,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, ReadDataset(name))?;
    Ok(answer::json(StatusCode::OK, &service.dataset(&permit).await?))
}

/// The entries about a dataset, the newest first
#[utoipa::path(
    get, path = "/api/v1/datasets/{name}/entries", tag = "datasets", operation_id = "getHistory",
    security((), ("key" = [])),
    params(
        DatasetPath,
        ("kind" = Option<String>, Query, pattern = "^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", description = "Only entries of this kind"),
        ("order" = Option<String>, Query, pattern = "^(asc|desc)$", description = "`desc` (default) or `asc`"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "Most items of the page (default 50)"),
        ("cursor" = Option<u64>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = EntryPage), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn history(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    Named(name): Named,
    mut params: Params,
) -> Result<Response, Problem> {
    let query = params.entries()?;
    params.end()?;
    let permit = service.access().authorize(&subject, ReadDataset(name))?;
    let browse = service.access().authorize(&subject, Browse)?;
    let page = service.history(&permit, &browse, &query).await?;
    Ok(answer::json(StatusCode::OK, &EntryPage::from(page)))
}
