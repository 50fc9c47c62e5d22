#![doc = include_str!("../README.md")]

pub mod access;
pub mod commands;
mod error;
mod failure;
pub mod http;
pub mod operations;
mod server;
mod service;

pub use error::{ServerError, ServiceError};
pub use failure::{Code, Failure};
pub use server::{ServerLimits, serve};
pub use service::{
    DatasetDetailView, DatasetView, EntryQuery, EntryView, NotarizeOptions, Page, ProveRequest, Service,
    ServiceSettings, Submitted, VerdictView,
};
