//! What is written down and counted of every request: an id that its answer carries, the route, the outcome, the time.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument as _, Span, field::Empty};

use crate::{
    failure::Code,
    metrics::Face,
    service::Service,
    traces::{self, Parent},
};

/// The span of a request in the log.
pub(crate) const LOGGED: &str = "request";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id of a client that is taken as it is.
const MAX_ID: usize = 64;
/// Methods that have routes. Others are one, so that clients do not choose what is counted.
const METHODS: [Method; 3] = [Method::GET, Method::POST, Method::DELETE];

/// Carries out a request, and writes down what came of it.
pub(super) async fn observe(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    #[cfg(feature = "graphql")]
    let face = if path == crate::graphql::PATH { Face::Graphql } else { Face::Rest };
    #[cfg(not(feature = "graphql"))]
    let face = Face::Rest;
    let method = METHODS.iter().find(|known| *known == request.method()).map_or("OTHER", Method::as_str);
    let route = format!("{method} {path}");
    let asked = Asked::of(request.headers());
    observed(&service, face, route, asked, next.run(request)).await
}

tokio::task_local! {
    /// The span of the request that is answered.
    static SPAN: Span;
}

/// The span by which the log tells lines of a request, for work that goes on when it was answered.
pub(crate) fn logged() -> Span {
    SPAN.try_with(Clone::clone).unwrap_or_else(|_| Span::none())
}

/// What the head of a request says for whoever watches the server.
#[derive(Debug)]
pub(crate) struct Asked {
    id: HeaderValue,
    parent: Parent,
}

impl Asked {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self { id: request_id(headers), parent: Parent::of(headers) }
    }
}

/// The same for any face: `route` is one of few, whatever clients send.
pub(crate) async fn observed(
    service: &Service,
    face: Face,
    route: String,
    asked: Asked,
    answer: impl Future<Output = Response>,
) -> Response {
    let Asked { id, parent } = asked;
    let request_id = id.to_str().unwrap_or_default();
    let span = tracing::info_span!(LOGGED, request_id, route);
    let traced = tracing::debug_span!(
        target: traces::TARGET, parent: &span, "answer",
        otel.name = route, otel.kind = "server", otel.status_code = Empty,
        http.route = route, http.response.status_code = Empty, zkl.outcome = Empty, zkl.request_id = request_id,
    );
    parent.adopt(&traced);
    let begun = Instant::now();
    // Without a collector the inner span is none, and lines of the log are told apart by the outer one.
    let answer = answer.instrument(traced.clone()).instrument(span.clone());
    let mut response = SPAN.scope(span.clone(), answer).await;
    let (took, failure) = (begun.elapsed(), response.extensions().get::<Code>().copied());
    traced.record("http.response.status_code", i64::from(response.status().as_u16()));
    traced.record("zkl.outcome", failure.map_or("ok", Code::as_str));
    if response.status() >= StatusCode::INTERNAL_SERVER_ERROR || failure == Some(Code::Internal) {
        traced.record("otel.status_code", "ERROR");
    }
    drop(traced);
    span.in_scope(|| {
        let outcome = failure.map_or("ok", Code::as_str);
        let seconds = took.as_secs_f64();
        tracing::info!(target: "zkl_server::requests", status = response.status().as_u16(), outcome, seconds, "answered");
    });
    service.metrics().request(face, route, failure, took);
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The id that whoever stands before this server gave the request, if it is harmless in a log; otherwise a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let harmless = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        let of_ids = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
        (1..=MAX_ID).contains(&bytes.len()) && bytes.iter().all(of_ids)
    };
    headers.get(REQUEST_ID).filter(harmless).cloned().unwrap_or_else(|| {
        let mut random = [0_u8; 8];
        // Without randomness requests share an id, and are answered.
        let _ = getrandom::fill(&mut random);
        HeaderValue::try_from(hex::encode(random)).unwrap_or(HeaderValue::from_static("none"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_could_forge_a_line_is_replaced() {
        let id = |given: &str| {
            let headers = HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_bytes(given.as_bytes()).unwrap())]);
            request_id(&headers).to_str().unwrap().to_owned()
        };
        assert_eq!(id("a-1_B.2"), "a-1_B.2");
        for bad in ["", "a b", "{\"level\":\"ERROR\"}", &"x".repeat(65)] {
            let new = id(bad);
            assert!(new.len() == 16 && new != bad, "{new}");
        }
    }
}
