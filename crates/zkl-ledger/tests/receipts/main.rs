//! Receipts: what is proved verifies elsewhere, and nothing else does.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails should stop")]

mod attacks;
#[path = "../common/mod.rs"]
mod common;
mod conditions;
mod datasets;
mod fractions;
mod hashed;
mod list;
mod older;
mod policy;
#[path = "../common/product.rs"]
mod product;
mod proved;
mod receipts;
mod relation_attacks;
mod relations;
mod require;
mod rotation;
#[path = "../common/single.rs"]
mod single;
mod trust;
mod trust_store;
mod universal;
mod withdrawal;
