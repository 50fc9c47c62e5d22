//! Failures as gRPC has them: a status, and details by which clients decide.

use tonic::{Code as GrpcCode, Status, metadata::MetadataValue};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{
    access::Refused,
    error::ServiceError,
    failure::{Code, Failure},
};

/// Of the reasons in details.
const DOMAIN: &str = "zkp-dataset-ledger";
/// Metadata with the failure's code, for clients that read no details.
pub(super) const TYPE: &str = "zkl-type";

const fn code(code: Code) -> GrpcCode {
    match code {
        Code::InvalidRequest | Code::UnsupportedMediaType | Code::IdempotencyMismatch => GrpcCode::InvalidArgument,
        Code::Unauthenticated => GrpcCode::Unauthenticated,
        Code::Forbidden => GrpcCode::PermissionDenied,
        Code::NotFound => GrpcCode::NotFound,
        Code::MethodNotAllowed => GrpcCode::Unimplemented,
        Code::RequestTimeout => GrpcCode::DeadlineExceeded,
        Code::ReadOnly | Code::Conflict | Code::PreconditionFailed | Code::FalseClaim => GrpcCode::FailedPrecondition,
        Code::TooLarge | Code::RateLimited => GrpcCode::ResourceExhausted,
        Code::Busy | Code::Unavailable => GrpcCode::Unavailable,
        Code::Interrupted => GrpcCode::Aborted,
        Code::Internal => GrpcCode::Internal,
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        let Failure { code: what, detail, hint } = failure;
        let reason = what.as_str().replace('-', "_").to_uppercase();
        let hint = hint.map(|hint| ("hint".to_owned(), hint));
        let metadata =
            hint.into_iter().chain([("type".to_owned(), what.urn())]).collect::<std::collections::HashMap<_, _>>();
        let mut details = ErrorDetails::with_error_info(reason, DOMAIN, metadata);
        if let Some(delay) = what.retry_after() {
            details.set_retry_info(Some(delay));
        }
        let mut status = Self::with_error_details(code(what), detail, details);
        status.metadata_mut().insert(TYPE, MetadataValue::from_static(what.as_str()));
        status
    }
}

impl From<ServiceError> for Status {
    fn from(error: ServiceError) -> Self {
        Failure::from(error).into()
    }
}

impl From<Refused> for Status {
    fn from(refused: Refused) -> Self {
        Failure::from(refused).into()
    }
}

/// What a status says of a request whose failure is not one of the core.
pub(super) fn outcome(status: &Status) -> Option<Code> {
    if let Some(code) = status.metadata().get(TYPE).and_then(|value| value.to_str().ok()) {
        return Code::ALL.into_iter().find(|known| known.as_str() == code);
    }
    match status.code() {
        GrpcCode::Ok => None,
        GrpcCode::Unimplemented => Some(Code::NotFound),
        // Messages that are too long.
        GrpcCode::OutOfRange | GrpcCode::ResourceExhausted => Some(Code::TooLarge),
        _ => Some(Code::InvalidRequest),
    }
}

pub(super) fn invalid(detail: impl Into<String>) -> Status {
    Failure::new(Code::InvalidRequest, detail).into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Clients decide by them.
    #[test]
    fn statuses_are_what_they_were() {
        let listed: Vec<_> = Code::ALL.iter().map(|what| format!("{} {:?}", what.as_str(), code(*what))).collect();
        let expected = [
            "invalid-request InvalidArgument",
            "unauthenticated Unauthenticated",
            "forbidden PermissionDenied",
            "read-only FailedPrecondition",
            "not-found NotFound",
            "method-not-allowed Unimplemented",
            "request-timeout DeadlineExceeded",
            "conflict FailedPrecondition",
            "precondition-failed FailedPrecondition",
            "too-large ResourceExhausted",
            "unsupported-media-type InvalidArgument",
            "idempotency-mismatch InvalidArgument",
            "false-claim FailedPrecondition",
            "rate-limited ResourceExhausted",
            "busy Unavailable",
            "unavailable Unavailable",
            "interrupted Aborted",
            "internal Internal",
        ];
        assert_eq!(listed, expected);
    }

    #[test]
    fn details_have_type_hint_and_when_to_try_again() {
        let status = Status::from(Failure::new(Code::Busy, "full").with_hint("try again later"));
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("BUSY", DOMAIN));
        assert_eq!(info.metadata["type"], "urn:zkp-dataset-ledger:problem:busy");
        assert_eq!(info.metadata["hint"], "try again later");
        assert_eq!(details.retry_info().unwrap().retry_delay, Some(Duration::from_secs(5)));
        assert_eq!(outcome(&status), Some(Code::Busy));
        assert_eq!(outcome(&Status::ok("")), None);
    }
}
