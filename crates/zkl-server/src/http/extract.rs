//! What handlers take out of a request's head: who asks, which name, which id.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{FromRef, FromRequestParts, Path},
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use tokio::sync::mpsc;
use utoipa::IntoParams;
use zkl_ledger::{DatasetName, EntryRef};

use super::Problem;
use crate::{
    access::Subject,
    error::ServiceError,
    failure::{Code, Failure},
    operations::{IdempotencyKey, OperationId, UploadId},
    service::{Service, dataset_name},
};

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Whoever has it keeps the connection of a request from being over: a websocket goes on when HTTP has come to its end.
#[derive(Clone, Debug)]
pub(crate) struct Alive {
    _told: mpsc::Sender<()>,
}

impl Alive {
    /// With what is told when nobody has it any more.
    pub(crate) fn new() -> (Self, mpsc::Receiver<()>) {
        let (told, over) = mpsc::channel(1);
        (Self { _told: told }, over)
    }
}

/// The scheme of the authorization header.
const SCHEME: &str = "bearer ";

/// Who asks. A token that is not good is refused, also where none is needed: its holder believes it is.
pub(crate) struct Caller(pub(crate) Subject);

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Arc<Service>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(identify(&Arc::<Service>::from_ref(state), &parts.headers, parts.extensions.get().copied()).await?))
    }
}

/// Who asks, by the head of a request.
pub(crate) async fn identify(
    service: &Service,
    headers: &HeaderMap,
    peer: Option<Peer>,
) -> Result<Subject, ServiceError> {
    let peer = peer.map(|peer| peer.0);
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = given.next() else { return service.identify(None, peer).await };
    // Of two, whatever stands before this server may have read the other.
    let token = if given.next().is_some() { None } else { value.to_str().ok().and_then(bearer) };
    // What is no token is counted as one that is not good.
    service.identify(Some(token.unwrap_or_default()), peer).await
}

/// The token in the value of an authorization header.
pub(crate) fn bearer(text: &str) -> Option<&str> {
    let scheme = text.get(..SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then(|| text[SCHEME.len()..].trim())
}

/// The one parameter of a path, percent-decoded.
async fn segment<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<String, Problem> {
    let Path(text) = Path::<String>::from_request_parts(parts, state)
        .await
        .map_err(|_| Failure::new(Code::InvalidRequest, "the path is not UTF-8"))?;
    Ok(text)
}

/// A dataset by its name.
pub(super) struct Named(pub(super) DatasetName);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(dataset_name(&segment(parts, state).await?)?))
    }
}

/// An entry by its index or id.
pub(super) struct Referenced(pub(super) EntryRef);

impl<S: Send + Sync> FromRequestParts<S> for Referenced {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(segment(parts, state).await?.parse::<EntryRef>().map_err(ServiceError::from)?))
    }
}

/// An operation by its id.
pub(super) struct Followed(pub(super) OperationId);

impl<S: Send + Sync> FromRequestParts<S> for Followed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(segment(parts, state).await?.parse::<OperationId>()?))
    }
}

/// An upload by its id.
pub(super) struct Uploaded(pub(super) UploadId);

impl<S: Send + Sync> FromRequestParts<S> for Uploaded {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(segment(parts, state).await?.parse::<UploadId>()?))
    }
}

/// What a client calls its request, if it does.
pub(super) struct Idempotency(pub(super) Option<IdempotencyKey>);

/// Where it says so.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is described, and read as a header")]
pub(super) struct IdempotencyHeader {
    /// 1 to 255 printable characters: a request that is sent again under it is carried out once
    #[param(rename = "idempotency-key", pattern = "^[ -~]{1,255}$")]
    key: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Idempotency {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all("idempotency-key").iter();
        let Some(value) = given.next() else { return Ok(Self(None)) };
        let text = value.to_str().ok().filter(|_| given.next().is_none());
        Ok(Self(Some(text.ok_or(ServiceError::IdempotencyKey)?.parse()?)))
    }
}

/// That a body comes as it is: what is compressed is a file that is compressed, and its readers know their bounds.
pub(super) struct Plain;

impl<S: Send + Sync> FromRequestParts<S> for Plain {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let coded = |value: &HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
        if parts.headers.get_all(header::CONTENT_ENCODING).iter().any(coded) {
            return Err(Failure::new(Code::UnsupportedMediaType, "no content encoding is taken").into());
        }
        Ok(Self)
    }
}
