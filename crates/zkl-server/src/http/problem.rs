//! Problems: failures as RFC 9457 has them.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access::Refused,
    error::ServiceError,
    failure::{Code, Failure},
};

/// Why a request was not carried out (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem it is. Stable: decide by it.
    #[schema(example = "urn:zkp-dataset-ledger:problem:not-found")]
    r#type: String,
    /// What the type means.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What happened this time.
    detail: String,
    /// What can be done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(skip)]
    code: Code,
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let Failure { code, detail, hint } = failure;
        Self { r#type: code.urn(), title: code.title(), status: status(code).as_u16(), detail, hint, code }
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        Failure::from(error).into()
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Failure::from(refused).into()
    }
}

const fn status(code: Code) -> StatusCode {
    match code {
        Code::InvalidRequest => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::ReadOnly => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        Code::Conflict => StatusCode::CONFLICT,
        Code::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::IdempotencyMismatch | Code::FalseClaim => StatusCode::UNPROCESSABLE_ENTITY,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::Busy | Code::Unavailable | Code::Interrupted => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl Problem {
    /// What its type means.
    pub(super) const fn title(&self) -> &'static str {
        self.title
    }

    /// What happened this time.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// What can be done about it.
    pub(super) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Texts and numbers alone: they are always written.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let code = self.code;
        let mut response = (status(code), body).into_response();
        // For whoever counts answers.
        response.extensions_mut().insert(code);
        // For whoever makes a page of it.
        response.extensions_mut().insert(self);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if code == Code::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"zkl\""));
        }
        if let Some(delay) = code.retry_after() {
            headers.insert(header::RETRY_AFTER, delay.as_secs().into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clients decide by types: none changes, and none is given up.
    #[test]
    fn types_and_statuses_are_what_they_were() {
        let listed: Vec<_> =
            Code::ALL.iter().map(|code| format!("{} {}", code.as_str(), status(*code).as_u16())).collect();
        let expected = [
            "invalid-request 400",
            "unauthenticated 401",
            "forbidden 403",
            "read-only 403",
            "not-found 404",
            "method-not-allowed 405",
            "request-timeout 408",
            "conflict 409",
            "precondition-failed 412",
            "too-large 413",
            "unsupported-media-type 415",
            "idempotency-mismatch 422",
            "false-claim 422",
            "rate-limited 429",
            "busy 503",
            "unavailable 503",
            "interrupted 503",
            "internal 500",
        ];
        assert_eq!(listed, expected);
    }
}
