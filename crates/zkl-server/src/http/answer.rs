//! Shapes of answers, and what lets them be kept by caches.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Problem;
use crate::failure::{Code, Failure};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// How long an answer is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    /// It is asked for again each time, and sent only if it is another one.
    Revalidate,
    /// It never changes.
    ForEver,
}

/// An answer in JSON that no cache keeps.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, JSON)], bytes).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written");
            Problem::from(Failure::new(Code::Internal, "the server's log says more")).into_response()
        }
    }
}

/// An answer in JSON with a validator.
pub(super) fn cached_json(request: &HeaderMap, freshness: Freshness, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => cached(request, freshness, JSON, bytes),
        Err(_) => json(StatusCode::OK, value),
    }
}

/// Bytes with a validator; only that, when the client has these bytes already.
pub(super) fn cached(request: &HeaderMap, freshness: Freshness, content_type: HeaderValue, bytes: Vec<u8>) -> Response {
    let tag = format!("\"{}\"", hex::encode(Sha256::digest(&bytes)));
    let known = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let known = known.flat_map(|value| value.split(',')).map(str::trim);
    let has_it = known.into_iter().any(|given| given == "*" || given.trim_start_matches("W/") == tag);
    let mut response = if has_it {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, content_type)], bytes).into_response()
    };
    // `private`: the answer may be for this key alone, and a cache between would give it to everybody.
    let control = match freshness {
        Freshness::Revalidate => HeaderValue::from_static("private, no-cache"),
        Freshness::ForEver => HeaderValue::from_static("private, max-age=31536000, immutable"),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, control);
    headers.insert(header::VARY, HeaderValue::from_static("authorization"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// The document of the API.
pub(super) fn document(text: &str) -> Response {
    ([(header::CONTENT_TYPE, JSON)], text.to_owned()).into_response()
}

/// What every answer has.
pub(super) async fn complete(mut response: Response) -> Response {
    // The timeout's answer has no body of its own.
    if response.status() == StatusCode::REQUEST_TIMEOUT && !response.headers().contains_key(header::CONTENT_TYPE) {
        response = Problem::from(Failure::new(Code::RequestTimeout, "the request took too long")).into_response();
    }
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    response
}

/// No content.
pub(super) fn done() -> Response<Body> {
    StatusCode::NO_CONTENT.into_response()
}
