//! Uploads that may be interrupted, by the protocol tus 1.0 (core, creation, expiration, termination), and the step after the last byte.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use axum::{
    body::Body,
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use tracing::Instrument as _;
use utoipa::IntoParams;

use super::{
    datasets::DatasetPath,
    operations::OperationView,
    submit::accepted,
    version::{NewVersion, VersionQuery},
};
use crate::{
    access::{Upload as Uploading, Write},
    error::ServiceError,
    failure::{Code, Failure},
    http::{
        Shared, answer, body,
        extract::{Caller, IdempotencyHeader, Named, Plain, Uploaded},
        params::{Params, invalid},
        problem::Problem,
    },
    operations::Upload,
    service::Service,
};

const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const VERSIONS: HeaderName = HeaderName::from_static("tus-version");
const EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const PART: &str = "application/offset+octet-stream";

/// An upload.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it is described, and read from the path")]
pub(in crate::http) struct UploadPath {
    /// Its id
    upload: String,
}

/// What requests of this protocol have.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is described, and read as a header")]
pub(in crate::http) struct TusHeader {
    /// `1.0.0`
    #[param(rename = "tus-resumable", pattern = "^1\\.0\\.0$")]
    resumable: String,
}

/// The headers of a request that speaks this version of the protocol.
pub(in crate::http) struct Tus(HeaderMap);

impl<S: Send + Sync> FromRequestParts<S> for Tus {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all(RESUMABLE).iter();
        if given.next() == Some(&VERSION) && given.next().is_none() {
            return Ok(Self(parts.headers.clone()));
        }
        let failure = Failure::new(Code::PreconditionFailed, "the request is not one of tus 1.0.0");
        Err(failure.with_hint("send the header Tus-Resumable: 1.0.0").into())
    }
}

/// What every answer about uploads says of the protocol.
pub(in crate::http) async fn complete(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(RESUMABLE, VERSION);
    headers.insert(VERSIONS, VERSION);
    response
}

/// What is spoken here, for whoever asks.
pub(in crate::http) async fn options(State(service): State<Arc<Service>>) -> Response {
    let extensions = HeaderValue::from_static("creation,expiration,termination");
    let headers = [(EXTENSION, extensions), (MAX_SIZE, HeaderValue::from(service.longest_upload()))];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// The number in a header.
fn number(headers: &HeaderMap, name: &HeaderName) -> Result<u64, Problem> {
    let mut given = headers.get_all(name).iter();
    let text = given.next().and_then(|value| value.to_str().ok()).filter(|_| given.next().is_none());
    let digits = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|text| text.parse().ok()).ok_or_else(|| invalid(&format!("the header {name} is a number of bytes")))
}

/// How far an upload is, in headers.
fn told(mut response: Response, upload: &Upload) -> Response {
    let headers = response.headers_mut();
    headers.insert(OFFSET, upload.received.into());
    headers.insert(LENGTH, upload.new.length.into());
    // The dates of HTTP end with the year 9999.
    let end = Duration::from_millis(upload.expires_at.0).min(Duration::from_secs(253_402_300_799));
    if let Ok(end) = HeaderValue::try_from(httpdate::fmt_http_date(UNIX_EPOCH + end)) {
        headers.insert(EXPIRES, end);
    }
    response
}

/// Begins an upload that may be interrupted (tus 1.0: creation)
///
/// Send the bytes to what `Location` names, and finish it then.
#[utoipa::path(
    post, path = "/api/v1/datasets/{name}/uploads", tag = "uploads", operation_id = "createUpload",
    params(
        DatasetPath, TusHeader, VersionQuery, IdempotencyHeader,
        ("upload-length" = u64, Header, minimum = 0, description = "Bytes of the table"),
    ),
    responses(
        (status = 201, headers(("location" = String, description = "Where the bytes go"), ("upload-expires" = String, description = "When it is given up"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn create(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    Tus(headers): Tus,
    Named(name): Named,
    NewVersion { options, key }: NewVersion,
) -> Result<Response, Problem> {
    let permit = service.access().authorize(&subject, Write(name))?;
    let length = number(&headers, &LENGTH)?;
    let upload = service.create_upload(&permit, length, options, key).await?;
    let location = HeaderValue::try_from(format!("/api/v1/uploads/{}", upload.id.as_str()));
    let location = location.map_err(|_| Failure::new(Code::Internal, "the upload has no place"))?;
    let mut response = told(StatusCode::CREATED.into_response(), &upload);
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// How far an upload is (tus 1.0)
#[utoipa::path(
    head, path = "/api/v1/uploads/{upload}", tag = "uploads", operation_id = "getUploadOffset",
    params(UploadPath, TusHeader),
    responses(
        (status = 200, headers(("upload-offset" = u64, description = "Bytes that came"), ("upload-length" = u64, description = "Bytes that were announced"))),
        (status = "default", description = "Why it was not done: the status, without its problem"),
    )
)]
pub(in crate::http) async fn show(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    _: Tus,
    Uploaded(id): Uploaded,
    params: Params,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, Uploading)?;
    Ok(told(StatusCode::OK.into_response(), &service.upload(&permit, &id)?))
}

/// Goes on with an upload (tus 1.0)
///
/// What came of a request that was cut is kept: ask how far the upload is, and go on there.
#[utoipa::path(
    patch, path = "/api/v1/uploads/{upload}", tag = "uploads", operation_id = "appendUpload",
    params(
        UploadPath, TusHeader,
        ("upload-offset" = u64, Header, minimum = 0, description = "Where the bytes go on: what `HEAD` says"),
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream", description = "The next bytes"),
    responses(
        (status = 204, headers(("upload-offset" = u64, description = "Bytes that came"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn append(
    State(Shared { service, limits }): State<Shared>,
    Caller(subject): Caller,
    Tus(headers): Tus,
    Uploaded(id): Uploaded,
    _: Plain,
    params: Params,
    body: Body,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, Uploading)?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.eq_ignore_ascii_case(PART) {
        return Err(Failure::new(Code::UnsupportedMediaType, format!("a part of an upload is {PART}")).into());
    }
    let offset = number(&headers, &OFFSET)?;
    let mut appending = service.append_upload(&permit, &id, offset).await?;
    // What came counts, also when the client goes away and nobody waits for this any more.
    let received = async move {
        let received = body::receive_part(body, &mut appending, &limits).await;
        let settled = appending.settle().await;
        received.and(settled.map_err(Problem::from))
    };
    tokio::spawn(received.in_current_span()).await.map_err(ServiceError::from)??;
    Ok(told(answer::done(), &service.upload(&permit, &id)?))
}

/// Gives an upload up (tus 1.0: termination)
#[utoipa::path(
    delete, path = "/api/v1/uploads/{upload}", tag = "uploads", operation_id = "discardUpload",
    params(UploadPath, TusHeader),
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn discard(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    _: Tus,
    Uploaded(id): Uploaded,
    params: Params,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, Uploading)?;
    service.discard_upload(&permit, &id).await?;
    Ok(answer::done())
}

/// Notarizes an upload all of whose bytes came
///
/// The answer names an operation to follow, the same one for whoever asks again.
#[utoipa::path(
    post, path = "/api/v1/uploads/{upload}/finish", tag = "uploads", operation_id = "finishUpload",
    params(UploadPath),
    responses(
        (status = 202, body = OperationView, headers(("location" = String, description = "Where the operation is"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn finish(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    Uploaded(id): Uploaded,
    params: Params,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, Uploading)?;
    accepted(service.finish_upload(&permit, &id).await?)
}
