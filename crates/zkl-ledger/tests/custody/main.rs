//! What keeps a log: the check of its bytes, audits, witnesses, exports and copies.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails should stop")]

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "shared with other tests, which use more of it")]
mod common;

mod altered;
mod audit;
mod client;
mod cosign;
mod export;
mod fsck;
mod log;
mod policy;
mod rotation;
mod signer;
mod transfer;
