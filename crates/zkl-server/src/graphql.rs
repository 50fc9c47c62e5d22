//! GraphQL over the core: datasets, entries, claims and where they come from, in one question; new entries and operations as they happen.
//!
//! A resolver has its question authorised, calls the core and shapes the answer, as a route of REST does. It decides nothing. A question
//! is bounded in bytes, depth and complexity before any of it is answered.

mod administer;
mod failure;
mod graphiql;
mod lineage;
mod mutation;
mod objects;
mod page;
mod query;
mod socket;
mod subscription;

use std::sync::Arc;

use async_graphql::{Context, MergedObject, Request, Schema};
use axum::{
    Extension, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::post,
};
use tokio::sync::Semaphore;

use self::{
    administer::{AdministerMutation, AdministerQuery},
    mutation::WorkMutation,
    query::ReadQuery,
    subscription::Subscription,
};
use crate::{
    access::Subject,
    failure::{Code, Failure},
    http::{Caller, Problem, Shared, json, read_json},
    service::Service,
};

/// Where it is asked.
pub(crate) const PATH: &str = "/graphql";
/// Most levels of a question. Introspection, as tools do it, has 14.
const MAX_DEPTH: usize = 20;
/// Most fields of an answer, as far as that is seen from the question: every page counts as full.
const MAX_COMPLEXITY: usize = 5_000;
/// Most directives of a field.
const MAX_DIRECTIVES: usize = 8;
/// Open websockets: fewer than connections, so that questions are answered whoever listens.
const MAX_SOCKETS: usize = 512;

/// What can be asked.
#[derive(Default, MergedObject)]
struct Query(ReadQuery, AdministerQuery);

/// What can be done.
#[derive(Default, MergedObject)]
struct Mutation(WorkMutation, AdministerMutation);

type Graph = Schema<Query, Mutation, Subscription>;

/// What questions are asked of.
#[derive(Clone)]
struct Face {
    graph: Graph,
    sockets: Arc<Semaphore>,
}

fn graph() -> async_graphql::SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription)
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COMPLEXITY)
        .limit_directives(MAX_DIRECTIVES)
}

/// The schema in its own language.
pub fn schema() -> String {
    graph().finish().sdl()
}

/// Questions over `service`.
pub(crate) fn routes(service: &Arc<Service>) -> Router<Shared> {
    let graph = graph().data(Arc::clone(service)).finish();
    let face = Face { graph, sockets: Arc::new(Semaphore::new(MAX_SOCKETS)) };
    Router::new().route(PATH, post(answer).get(socket::open)).layer(Extension(face)).merge(graphiql::pages())
}

/// Answers a question. Several in one body are none: what one costs is bounded, what many cost would not be.
async fn answer(
    State(shared): State<Shared>,
    Extension(face): Extension<Face>,
    Caller(subject): Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if content_type.split(';').next().is_none_or(|media| !media.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Failure::new(Code::UnsupportedMediaType, "a question is application/json").into());
    }
    let request: Request = read_json(body, &shared.limits).await?;
    let answered = failure::complete(face.graph.execute(request.data(subject)).await);
    let mut response = json(StatusCode::OK, &answered);
    if let Some(code) = failure::outcome(&answered) {
        response.extensions_mut().insert(code);
    }
    Ok(response)
}

/// Of whom a question is asked, and by whom.
fn asked<'c>(context: &Context<'c>) -> async_graphql::Result<(&'c Arc<Service>, &'c Subject)> {
    Ok((context.data()?, context.data()?))
}
