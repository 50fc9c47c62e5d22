//! REST over the core: routes, their document, and what HTTP adds: problems, pages, caching, bodies.
//!
//! A handler reads the request, has it authorised, calls the core and shapes the answer. It decides nothing.

mod answer;
mod body;
mod explore;
mod extract;
mod form;
mod observe;
mod params;
mod problem;
mod routes;
mod unread;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef},
    http::StatusCode,
    response::IntoResponse as _,
    routing::{get, options},
};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        RefOr, Server,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

#[cfg(any(feature = "grpc", feature = "graphql"))]
pub(crate) use extract::identify;
pub(crate) use extract::{Alive, Peer};
#[cfg(feature = "otlp")]
pub(crate) use observe::LOGGED;
pub(crate) use observe::logged;
#[cfg(feature = "grpc")]
pub(crate) use observe::{Asked, observed};
pub use problem::Problem;
#[cfg(feature = "graphql")]
pub(crate) use {
    answer::json,
    body::{MAX_JSON, read_json},
    extract::{Caller, bearer},
};

use crate::{
    failure::{Code, Failure},
    service::Service,
};

/// Times and sizes of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// Longest time for a request that is no upload, from its head to the head of the answer.
    pub request: Duration,
    /// Longest pause within a body.
    pub pause: Duration,
    /// Longest time for an upload.
    pub upload: Duration,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self { request: Duration::from_secs(60), pause: Duration::from_secs(10), upload: Duration::from_secs(60 * 60) }
    }
}

/// What handlers share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) service: Arc<Service>,
    pub(crate) limits: RequestLimits,
}

impl FromRef<Shared> for Arc<Service> {
    fn from_ref(shared: &Shared) -> Self {
        Self::clone(&shared.service)
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "ZKP Dataset Ledger",
        description = "Notarize datasets, prove claims about them in zero knowledge, and let anybody verify that.",
    ),
    modifiers(&Keys),
    security(("key" = [])),
    components(schemas(
        Problem,
        routes::version::ColumnPair,
        routes::version::ColumnType,
        routes::version::ColumnDigits,
        routes::reports::ReceiptFile,
    )),
)]
struct Api;

/// How requests say who asks.
struct Keys;

impl Modify for Keys {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("zkl_ID_SECRET");
        let what = "A key of `zkl-server key create`, or a JWT of an issuer that the server trusts.";
        let scheme = scheme.description(Some(what)).build();
        api.components.get_or_insert_default().add_security_scheme("key", SecurityScheme::Http(scheme));
    }
}

/// The routes of the versioned API.
fn api() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(routes::datasets::list))
        .routes(routes!(routes::datasets::show))
        .routes(routes!(routes::datasets::history))
        .routes(routes!(routes::entries::list))
        .routes(routes!(routes::entries::show))
        .routes(routes!(routes::entries::receipt))
        .routes(routes!(routes::log::checkpoint))
        .routes(routes!(routes::verify::verify))
        .routes(routes!(routes::reports::of_entries, routes::reports::of_receipts))
        .routes(routes!(routes::submit::import))
        .routes(routes!(routes::submit::prove))
        .routes(routes!(routes::operations::list))
        .routes(routes!(routes::operations::show, routes::operations::cancel))
        .routes(routes!(routes::operations::events))
        .routes(routes!(routes::keys::list, routes::keys::create))
        .routes(routes!(routes::keys::update, routes::keys::revoke))
        .routes(routes!(routes::policy::show))
}

/// The upload, which has times of its own.
fn uploads() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(routes::submit::notarize))
}

/// Uploads that may be interrupted.
fn resumable() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(routes::uploads::create))
        .routes(routes!(routes::uploads::show, routes::uploads::append, routes::uploads::discard))
        .routes(routes!(routes::uploads::finish))
}

/// The OpenAPI document of the API.
pub fn document() -> utoipa::openapi::OpenApi {
    let (_, mut document) = api().split_for_parts();
    document.merge(uploads().split_for_parts().1);
    document.merge(resumable().split_for_parts().1);
    document.servers = Some(vec![Server::new("/")]);
    let operations = document.paths.paths.values_mut().flat_map(|path| {
        [&mut path.get, &mut path.head, &mut path.post, &mut path.patch, &mut path.delete]
            .into_iter()
            .filter_map(Option::as_mut)
    });
    for (status, response) in operations.flat_map(|operation| operation.responses.responses.iter_mut()) {
        // Every answer has to be described.
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            response.description = described(status).to_owned();
        }
    }
    document
}

/// What an answer of this status is, in a few words.
fn described(status: &str) -> &'static str {
    match status {
        "200" => "What was asked for",
        "201" => "It was made",
        "202" => "It was accepted, and is followed as an operation",
        "204" => "It was done",
        "304" => "It is what it was",
        _ => "Why it was not done",
    }
}

/// Every route over `service`.
///
/// # Errors
/// When the document of the API cannot be written.
pub fn router(service: &Arc<Service>, limits: RequestLimits) -> Result<Router, serde_json::Error> {
    let document = Arc::<str>::from(document().to_json()?);
    let shared = Shared { service: Arc::clone(service), limits };
    let late = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, limits.request);
    let (api, _) = api().split_for_parts();
    let (uploads, _) = uploads().split_for_parts();
    let resumable = resumable()
        .split_for_parts()
        .0
        .route("/api/v1/uploads", options(routes::uploads::options))
        .layer(axum::middleware::map_response(routes::uploads::complete));
    let quick = api
        .route("/api/v1/openapi.json", get(move || async move { answer::document(&document) }))
        .route("/log/{*path}", get(routes::log::file))
        .route("/livez", get(routes::health::alive))
        .route("/readyz", get(routes::health::ready))
        .merge(explore::pages());
    #[cfg(feature = "graphql")]
    let quick = quick.merge(crate::graphql::routes(service));
    let quick = quick.layer(late);
    let fallback = || async { Problem::from(Failure::new(Code::NotFound, "there is no such path")) };
    let no_method = || async { Problem::from(Failure::new(Code::MethodNotAllowed, "the path has no such method")) };
    Ok(quick
        .merge(uploads)
        .merge(resumable)
        .fallback(fallback)
        .method_not_allowed_fallback(no_method)
        // Bodies are read, and limited, in one place.
        .layer(DefaultBodyLimit::disable())
        .layer(axum::middleware::map_response(answer::complete))
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a handler panicked");
            Problem::from(Failure::new(Code::Internal, "the server's log says more")).into_response()
        }))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(service), observe::observe))
        .layer(axum::middleware::from_fn(unread::read_or_close))
        .with_state(shared))
}

/// What the operator's machines ask, on a listener of its own: nothing here needs a key, and nothing tells what is in the ledger.
pub fn internal(service: Arc<Service>, limits: RequestLimits) -> Router {
    Router::new()
        .route("/metrics", get(routes::health::metrics))
        .route("/livez", get(routes::health::alive))
        .route("/readyz", get(routes::health::ready))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, limits.request))
        .layer(axum::middleware::map_response(answer::complete))
        .with_state(service)
}
