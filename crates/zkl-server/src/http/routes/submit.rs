//! What takes seconds: accepted here, followed as an operation.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use zkl_ledger::{EntryRef, requests::EvidenceRequest};

use super::operations::OperationView;
use crate::{
    access::{Prove, Write},
    error::ServiceError,
    failure::{Code, Failure},
    http::{
        Shared, answer, body,
        extract::{Caller, Named, idempotency_key},
        params::{Params, invalid},
        problem::Problem,
    },
    operations::Operation,
    service::{NotarizeOptions, ProveRequest},
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

/// Two columns with a comma between them.
#[derive(ToSchema)]
#[schema(pattern = "^[^,]+,[\\s\\S]+$", example = "species,sex")]
#[expect(dead_code, reason = "it is described, and read as text")]
pub(in crate::http) struct ColumnPair(String);

/// How a table is read, in the words of the command line and of `zkl.yaml`. What is not said is found out.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is described, and read as parameters")]
pub(in crate::http) struct Reading {
    /// Format of the table
    #[param(pattern = "^(csv|json|ndjson|parquet|arrow|arrow-stream|xlsx)$")]
    input_format: Option<String>,
    /// Sheet of a workbook
    sheet: Option<String>,
    /// `NAME=TYPE`: bool, int, decimal(2), date, timestamp(s), category, text; may be repeated
    #[param(value_type = Option<Vec<ColumnType>>)]
    column: Option<Vec<String>>,
    /// `NAME=DIGITS`: how many digits after the point a column keeps; may be repeated
    #[param(value_type = Option<Vec<ColumnDigits>>)]
    round: Option<Vec<String>>,
    /// Column of text that is committed to by digests, so that relations can compare it; may be repeated
    hash: Option<Vec<String>>,
    /// Column of text of which nothing is committed to but which values are missing; may be repeated
    opaque: Option<Vec<String>>,
    /// Character between cells of CSV, or `\t`
    #[param(pattern = "^([\\x00-\\x7f]|\\\\t)$")]
    delimiter: Option<String>,
    /// Character around cells of CSV
    #[param(pattern = "^([\\x00-\\x7f]|\\\\t)$")]
    quote: Option<String>,
    /// Whether the first row names the columns (default true)
    header: Option<bool>,
    /// Lines before the table that are skipped
    #[param(value_type = Option<i64>, minimum = 0)]
    skip: Option<u64>,
    /// Character that comments begin with
    #[param(pattern = "^([\\x00-\\x7f]|\\\\t)$")]
    comment: Option<String>,
    /// Decimal point of numbers in CSV
    #[param(pattern = "^[.,]$")]
    decimal: Option<String>,
    /// How dates such as 1/2/2024 are read in CSV
    #[param(pattern = "^(dmy|mdy)$")]
    dates: Option<String>,
    /// Text that means "no value", in place of the usual ones; may be repeated
    null: Option<Vec<String>>,
    /// Whether NaN means "no value"
    nan_as_null: Option<bool>,
}

/// A column and its type.
#[derive(ToSchema)]
#[schema(
    pattern = "^[\\s\\S]*=(bool|int|date|category|text|decimal\\(([1-9]|1[0-8])\\)|timestamp\\((s|ms|us|ns)\\))$",
    example = "age=int"
)]
#[expect(dead_code, reason = "it is described, and read as text")]
pub(in crate::http) struct ColumnType(String);

/// A column and how many digits it keeps.
#[derive(ToSchema)]
#[schema(pattern = "^[\\s\\S]*=([0-9]|1[0-8])$", example = "weight=2")]
#[expect(dead_code, reason = "it is described, and read as text")]
pub(in crate::http) struct ColumnDigits(String);

/// Notarizes the table in the body as a version of the dataset
///
/// The format is found out: CSV, JSON, NDJSON, Parquet or Arrow IPC, plain or compressed. The answer names an operation to follow.
#[utoipa::path(
    post, path = "/api/v1/datasets/{name}/versions", tag = "datasets", operation_id = "notarize",
    params(
        ("name" = String, Path, max_length = 128, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*(/(?!\\.{1,2}(/|$))[A-Za-z0-9._-]+)*$", description = "The dataset's name, with `%2F` for `/`"),
        ("evidence" = Option<String>, Query, pattern = "^(proof|attestation)$", description = "`proof` (default): the profile is proved to be that of every row; `attestation`: the notary's signature alone"),
        ("privacy" = Option<String>, Query, pattern = "^(private|public)$", description = "What is published of the bytes: `private` (default) salted digests, `public` plain ones"),
        ("joint" = Option<Vec<ColumnPair>>, Query, description = "Two columns `GROUP,LABEL` whose joint counts are sealed; may be repeated"),
        ("product" = Option<Vec<ColumnPair>>, Query, description = "Two numeric columns `A,B` whose sums of products are sealed; may be repeated"),
        Reading,
        ("idempotency-key" = Option<String>, Header, pattern = "^[ -~]{1,255}$", description = "1 to 255 printable characters: a request that is sent again under it is carried out once"),
    ),
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
    headers: HeaderMap,
    mut params: Params,
    body: Body,
) -> Result<Response, Problem> {
    let options = notarize_options(&mut params)?;
    params.end()?;
    plain(&headers)?;
    let key = idempotency_key(&headers)?;
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
    params(
        ("name" = String, Path, max_length = 128, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*(/(?!\\.{1,2}(/|$))[A-Za-z0-9._-]+)*$", description = "The dataset's name, with `%2F` for `/`"),
        ("evidence" = Option<String>, Query, pattern = "^(proof|attestation)$", description = "As of a table that is sent"),
        ("privacy" = Option<String>, Query, pattern = "^(private|public)$", description = "As of a table that is sent"),
        ("joint" = Option<Vec<ColumnPair>>, Query, description = "As of a table that is sent"),
        ("product" = Option<Vec<ColumnPair>>, Query, description = "As of a table that is sent"),
        Reading,
        ("idempotency-key" = Option<String>, Header, pattern = "^[ -~]{1,255}$", description = "1 to 255 printable characters: a request that is sent again under it is carried out once"),
    ),
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
    headers: HeaderMap,
    mut params: Params,
    body: Body,
) -> Result<Response, Problem> {
    let options = notarize_options(&mut params)?;
    params.end()?;
    plain(&headers)?;
    let key = idempotency_key(&headers)?;
    let permit = service.access().authorize(&subject, Write(name))?;
    let Import { source } = body::read_json(body, &limits).await?;
    accepted(service.notarize_from(&permit, &source, options, key).await?)
}

/// Proves a claim about a version of the dataset
///
/// The answer names an operation to follow.
#[utoipa::path(
    post, path = "/api/v1/datasets/{name}/claims", tag = "datasets", operation_id = "proveClaim",
    params(
        ("name" = String, Path, max_length = 128, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*(/(?!\\.{1,2}(/|$))[A-Za-z0-9._-]+)*$", description = "The dataset's name, with `%2F` for `/`"),
        ("idempotency-key" = Option<String>, Header, pattern = "^[ -~]{1,255}$", description = "1 to 255 printable characters: a request that is sent again under it is carried out once"),
    ),
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
    headers: HeaderMap,
    params: Params,
    body: Body,
) -> Result<Response, Problem> {
    params.end()?;
    plain(&headers)?;
    let key = idempotency_key(&headers)?;
    let permit = service.access().authorize(&subject, Prove(name))?;
    let ProveClaim { claim, version } = body::read_json(body, &limits).await?;
    let version = version.map(|version| version.parse::<EntryRef>()).transpose().map_err(ServiceError::from)?;
    accepted(service.prove(&permit, ProveRequest { claim, version }, key).await?)
}

/// Takes what says how a table is notarized.
pub(super) fn notarize_options(params: &mut Params) -> Result<NotarizeOptions, Problem> {
    Ok(NotarizeOptions {
        privacy: params.one("privacy")?.unwrap_or_default(),
        evidence: match params.one::<String>("evidence")?.as_deref() {
            None | Some("proof") => EvidenceRequest::Proof,
            Some("attestation") => EvidenceRequest::Attestation,
            Some(_) => return Err(invalid("evidence is proof or attestation")),
        },
        read: params.reading()?,
    })
}

/// Bodies come as they are: what is compressed is a file that is compressed, and its readers know their bounds.
pub(super) fn plain(headers: &HeaderMap) -> Result<(), Problem> {
    let coded = |value: &HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().any(coded) {
        return Err(Failure::new(Code::UnsupportedMediaType, "no content encoding is taken").into());
    }
    Ok(())
}

pub(super) fn accepted(operation: Operation) -> Result<Response, Problem> {
    let location = HeaderValue::try_from(format!("/api/v1/operations/{}", operation.id));
    let location = location.map_err(|_| Failure::new(Code::Internal, "the operation has no place"))?;
    let mut response = answer::json(StatusCode::ACCEPTED, &OperationView::from(operation));
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}
