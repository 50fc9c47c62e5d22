//! What the owner of datasets asks a ledger.

#![expect(clippy::unwrap_used, reason = "a test that fails should stop")]

mod changing;
mod references;
mod unchanged;
