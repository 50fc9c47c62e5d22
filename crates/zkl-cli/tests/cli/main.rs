//! The command line, run as a user runs it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails should stop")]

mod access;
mod attacks;
mod bad_input;
mod cases;
mod check;
mod commands;
mod common;
mod crash;
mod custody;
mod derive;
mod exit_codes;
mod hsm;
mod inspect;
mod keys;
mod limits;
mod lineage;
mod profile;
mod proved;
mod published;
mod quickstart;
mod references;
mod relate;
mod replacing;
mod report;
mod require;
mod runbook;
mod secrets;
mod setup;
mod sharing;
mod terminal;
mod tutorial;
mod verify_many;
