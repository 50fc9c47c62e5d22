//! The server as its clients have it: real connections, real clients.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails should stop")]

mod common;
mod cosign;
mod curl;
mod document;
mod explore;
mod follow;
mod graphql;
mod grpc;
mod issuer;
mod keys;
mod limits;
mod matrix;
mod observe;
mod oidc;
mod policy;
mod reader;
mod reads;
mod restart;
mod several;
mod sources;
mod stress;
mod submit;
mod tls;
mod traces;
mod uploads;
