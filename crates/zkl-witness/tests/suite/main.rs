//! The witness over HTTP: what it cosigns, what it refuses, and what it never forgets.

#![expect(clippy::unwrap_used, reason = "a test that fails should stop")]

mod crash;
mod history;
mod http;
mod state;
