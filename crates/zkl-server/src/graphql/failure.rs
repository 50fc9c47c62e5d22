//! Failures as GraphQL has them: errors whose extensions have a stable type and, where something can be done, a hint.

use async_graphql::{Error, ErrorExtensionValues, Response, Value};

use crate::{
    access::Refused,
    error::ServiceError,
    failure::{Code, Failure},
};

const TYPE: &str = "type";

fn extensions(failure: Failure) -> (String, ErrorExtensionValues) {
    let Failure { code, detail, hint } = failure;
    let mut values = ErrorExtensionValues::default();
    values.set(TYPE, code.urn());
    if let Some(hint) = hint {
        values.set("hint", hint);
    }
    (detail, values)
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let (message, values) = extensions(failure);
        let mut error = Self::new(message);
        error.extensions = Some(values);
        error
    }
}

impl From<ServiceError> for Error {
    fn from(error: ServiceError) -> Self {
        Failure::from(error).into()
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Failure::from(refused).into()
    }
}

/// An answer whose every error has a type: those that no resolver made are mistakes of the question.
pub(super) fn complete(mut response: Response) -> Response {
    for error in &mut response.errors {
        let values = error.extensions.get_or_insert_default();
        if values.get(TYPE).is_none() {
            values.set(TYPE, Code::InvalidRequest.urn());
        }
    }
    response
}

/// What an answer says of its question, if that failed somewhere.
pub(super) fn outcome(response: &Response) -> Option<Code> {
    let first = response.errors.first()?.extensions.as_ref()?.get(TYPE)?;
    let Value::String(urn) = first else { return None };
    Code::ALL.into_iter().find(|code| code.urn() == *urn)
}

/// An answer that is an error alone.
pub(super) fn refusal(error: ServiceError) -> Response {
    let error = Error::from(error).into_server_error(async_graphql::Pos::default());
    Response::from_errors(vec![error])
}

pub(super) fn invalid(detail: impl Into<String>) -> Error {
    Failure::new(Code::InvalidRequest, detail).into()
}
