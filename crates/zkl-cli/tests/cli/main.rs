//! The command line, run as a user runs it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails should stop")]

mod attacks;
mod bad_input;
mod commands;
mod common;
mod crash;
mod custody;
mod hsm;
mod keys;
mod profile;
mod proved;
mod quickstart;
mod require;
mod secrets;
mod terminal;
