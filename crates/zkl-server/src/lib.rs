#![doc = include_str!("../README.md")]

pub mod access;
mod audit;
pub mod commands;
mod error;
mod failure;
#[cfg(feature = "graphql")]
pub mod graphql;
#[cfg(feature = "grpc")]
pub mod grpc;
pub mod http;
mod metrics;
pub mod operations;
mod rate;
mod server;
mod service;
mod store;
mod tls;
mod traces;

pub use error::{ServerError, ServiceError};
pub use failure::{Code, Failure};
pub use server::{Listeners, ServerLimits, serve};
pub use service::{
    CosignSettings, DatasetDetailView, DatasetView, EntryQuery, EntryView, KeyUpdateView, KeyView, NotarizeOptions,
    Page, PolicyView, ProveRequest, Service, ServiceSettings, Submitted, VerdictView,
};
pub use tls::{Tls, TlsError};
#[cfg(feature = "otlp")]
pub use traces::{Traces, TracesError};
