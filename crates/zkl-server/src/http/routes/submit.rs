//! What takes seconds: accepted here, followed as an operation.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use utoipa::ToSchema;
use zkl_ledger::EntryRef;

use super::{
    datasets::DatasetPath,
    operations::OperationView,
    version::{NewVersion, VersionQuery},
};
use crate::{
    access::{Prove, Write},
    error::ServiceError,
    failure::{Code, Failure},
    http::{
        Shared, answer, body,
        extract::{Caller, Idempotency, IdempotencyHeader, Named, Plain},
        params::Params,
        problem::Problem,
    },
    operations::Operation,
    service::ProveRequest,
};

/// What is to be proved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProveClaim)]
pub(in crate::http) struct ProveClaim {
    /// The claim, in the language of claims.
    #[schema(min_length = 1, example = "mean(body_mass_g) between 4000 and 4500")]
    claim: String,
    /// Index or id of the notarization that it is about; the newest of the dataset, if none is named.
    version: Option<String>,
}

/// Notarizes the table in the body as a version of the dataset
///
/// The format is found out: CSV, JSON, NDJSON, Parquet, Arrow IPC, Avro, xlsx or ods, plain or compressed. The answer names an operation to follow.
#[utoipa::path(
    post, path = "/api/v1/datasets/{name}/versions", tag = "datasets", operation_id = "notarize",
    params(DatasetPath, VersionQuery, IdempotencyHeader),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The table"),
    responses(
        (status = 202, body = OperationView, headers(("location" = String, description = "Where the operation is"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn notarize(
    State(Shared { service, limits }): State<Shared>,
    Caller(subject): Caller,
    Named(name): Named,
    NewVersion { options, key }: NewVersion,
    _: Plain,
    body: Body,
) -> Result<Response, Problem> {
    let permit = service.access().authorize(&subject, Write(name))?;
    let mut upload = service.begin_upload(&permit, key).await?;
    body::receive(body, service.operations().limits().upload, upload.spool(), &limits).await?;
    accepted(service.notarize(&permit, upload, options).await?)
}

/// A place of a table.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Import {
    /// A URL without credentials, query and fragment, below one that the server's operator allows.
    #[schema(example = "https://data.example.com/team/penguins.parquet", max_length = 2048)]
    source: String,
}

/// Notarizes the table at a URL as a version of the dataset
///
/// Only what the server's operator allows is fetched. The answer names an operation to follow.
#[utoipa::path(
    post, path = "/api/v1/datasets/{name}/imports", tag = "datasets", operation_id = "notarizeFrom",
    params(DatasetPath, VersionQuery, IdempotencyHeader),
    request_body = Import,
    responses(
        (status = 202, body = OperationView, headers(("location" = String, description = "Where the operation is"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn import(
    State(Shared { service, limits }): State<Shared>,
    Caller(subject): Caller,
    Named(name): Named,
    NewVersion { options, key }: NewVersion,
    _: Plain,
    body: Body,
) -> Result<Response, Problem> {
    let permit = service.access().authorize(&subject, Write(name))?;
    let Import { source } = body::read_json(body, &limits).await?;
    accepted(service.notarize_from(&permit, &source, options, key).await?)
}

/// Proves a claim about a version of the dataset
///
/// The answer names an operation to follow.
#[utoipa::path(
    post, path = "/api/v1/datasets/{name}/claims", tag = "datasets", operation_id = "proveClaim",
    params(DatasetPath, IdempotencyHeader),
    request_body = ProveClaim,
    responses(
        (status = 202, body = OperationView, headers(("location" = String, description = "Where the operation is"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn prove(
    State(Shared { service, limits }): State<Shared>,
    Caller(subject): Caller,
    Named(name): Named,
    Idempotency(key): Idempotency,
    _: Plain,
    params: Params,
    body: Body,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, Prove(name))?;
    let ProveClaim { claim, version } = body::read_json(body, &limits).await?;
    let version = version.map(|version| version.parse::<EntryRef>()).transpose().map_err(ServiceError::from)?;
    accepted(service.prove(&permit, ProveRequest { claim, version }, key).await?)
}

pub(super) fn accepted(operation: Operation) -> Result<Response, Problem> {
    let location = HeaderValue::try_from(format!("/api/v1/operations/{}", operation.id));
    let location = location.map_err(|_| Failure::new(Code::Internal, "the operation has no place"))?;
    let mut response = answer::json(StatusCode::ACCEPTED, &OperationView::from(operation));
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}
