//! What handlers take out of a request's head: who asks, which name, which id.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{FromRef, FromRequestParts, Path},
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use zkl_ledger::{DatasetName, EntryRef, LedgerError};

use super::Problem;
use crate::{
    access::Subject,
    error::ServiceError,
    failure::{Code, Failure},
    operations::{IdempotencyKey, OperationId},
    service::Service,
};

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The scheme of the authorization header.
const SCHEME: &str = "bearer ";

/// Who asks. A token that is not good is refused, also where none is needed: its holder believes it is.
pub(super) struct Caller(pub(super) Subject);

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Arc<Service>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let service = Arc::<Service>::from_ref(state);
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
        let mut given = parts.headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = given.next() else { return Ok(Self(service.identify(None, peer).await?)) };
        // Of two, whatever stands before this server may have read the other.
        let token = if given.next().is_some() { None } else { bearer(value) };
        // What is no token is counted as one that is not good.
        Ok(Self(service.identify(Some(token.unwrap_or_default()), peer).await?))
    }
}

fn bearer(value: &HeaderValue) -> Option<&str> {
    let text = value.to_str().ok()?;
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
        let name = segment(parts, state).await?.parse().map_err(LedgerError::from).map_err(ServiceError::from)?;
        Ok(Self(name))
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

/// What a client calls its request, if it does.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let mut given = headers.get_all("idempotency-key").iter();
    let Some(value) = given.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|_| given.next().is_none());
    Ok(Some(text.ok_or(ServiceError::IdempotencyKey)?.parse()?))
}
