//! gRPC over the core: the calls of `proto/zkl/v1/ledger.proto`, health and reflection.
//!
//! A call has its request authorised, calls the core and shapes the answer, as a route of REST does. It decides nothing.

mod admit;
mod calls;
mod convert;
mod health;
mod receive;
mod status;

use std::{collections::BTreeSet, sync::Arc};

use axum::Router;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::service::Routes;
use tonic_health::pb::{FILE_DESCRIPTOR_SET as HEALTH, health_server::HealthServer};
use tonic_reflection::server::{Builder, Error as ReflectionError};
use tower_http::catch_panic::CatchPanicLayer;

use self::{admit::Admission, calls::Calls, health::Health, proto::ledger_server::LedgerServer};
use crate::{
    failure::{Code, Failure},
    http::RequestLimits,
    service::Service,
};

/// Messages, service and client, as they are generated.
#[expect(clippy::allow_attributes, clippy::large_enum_variant, reason = "they are generated")]
pub mod proto {
    tonic::include_proto!("zkl.v1");
}

/// The definition with all that it imports: a `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/zkl.bin"));

/// Longest message of a client, in bytes.
pub const MAX_MESSAGE: usize = 256 * 1024;

/// The paths of all calls, by name.
///
/// # Errors
/// When the descriptors cannot be read.
pub fn paths() -> Result<BTreeSet<String>, ReflectionError> {
    let mut paths = BTreeSet::new();
    for file in FileDescriptorSet::decode(DESCRIPTORS)?.file {
        for service in &file.service {
            let name = |method: &str| format!("/{}.{}/{method}", file.package(), service.name());
            paths.extend(service.method.iter().map(|method| name(method.name())));
        }
    }
    Ok(paths)
}

/// Every call over `service`.
///
/// # Errors
/// When the definition cannot be reflected.
pub(crate) fn router(service: &Arc<Service>, limits: RequestLimits) -> Result<Router, ReflectionError> {
    let reflected = || {
        Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(HEALTH)
    };
    let calls = LedgerServer::new(Calls::new(Arc::clone(service), limits)).max_decoding_message_size(MAX_MESSAGE);
    let routes = Routes::new(calls)
        .add_service(HealthServer::new(Health::new(Arc::clone(service))).max_decoding_message_size(MAX_MESSAGE))
        .add_service(reflected().build_v1()?.max_decoding_message_size(MAX_MESSAGE))
        .add_service(reflected().build_v1alpha()?.max_decoding_message_size(MAX_MESSAGE));
    let admission = Arc::new(Admission::new(Arc::clone(service), limits, paths()?));
    Ok(routes
        .into_axum_router()
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a handler panicked");
            tonic::Status::from(Failure::new(Code::Internal, "the server's log says more"))
                .into_http::<axum::body::Body>()
        }))
        .layer(axum::middleware::from_fn_with_state(admission, admit::admit)))
}
