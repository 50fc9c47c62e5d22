//! Who asks is known before anything of a message is received, and every call is bounded in time, counted and written down.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tonic::{Status, server::NamedService as _};

use super::{calls::Calls, proto::ledger_server::LedgerServer, status::outcome};
use crate::{
    failure::{Code, Failure},
    http::{Asked, RequestLimits, identify, observed},
    metrics::Face,
    service::Service,
};

/// What is decided by.
#[derive(Debug)]
pub(super) struct Admission {
    service: Arc<Service>,
    limits: RequestLimits,
    /// Those that there are: clients do not choose what is counted.
    paths: BTreeSet<String>,
}

impl Admission {
    pub(super) const fn new(service: Arc<Service>, limits: RequestLimits, paths: BTreeSet<String>) -> Self {
        Self { service, limits, paths }
    }

    /// Answers a request of a client that may be anybody.
    async fn answer(&self, mut request: Request, next: Next) -> Response {
        let path = request.uri().path();
        // Health and reflection are for everybody, and nobody's share.
        if path
            .strip_prefix('/')
            .and_then(|path| path.strip_prefix(LedgerServer::<Calls>::NAME))
            .is_some_and(|rest| rest.starts_with('/'))
        {
            match identify(&self.service, request.headers(), request.extensions().get().copied()).await {
                Ok(subject) => drop(request.extensions_mut().insert(subject)),
                Err(error) => return Status::from(error).into_http(),
            }
        }
        let longest =
            if request.uri().path().ends_with("/Notarize") { self.limits.upload } else { self.limits.request };
        let late = |_| Status::from(Failure::new(Code::RequestTimeout, "the request took too long")).into_http();
        tokio::time::timeout(longest, next.run(request)).await.unwrap_or_else(late)
    }
}

pub(super) async fn admit(State(admission): State<Arc<Admission>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let route = admission.paths.get(path).map_or("none", String::as_str).to_owned();
    let asked = Asked::of(request.headers());
    let answer = async {
        let mut response = admission.answer(request, next).await;
        // An error that is told at once stands in the head.
        if let Some(code) = Status::from_header_map(response.headers()).as_ref().and_then(outcome) {
            response.extensions_mut().insert(code);
        }
        response
    };
    observed(&admission.service, Face::Grpc, route, asked, answer).await
}
