//! Handlers, a file for what they are about.

pub(super) mod datasets;
pub(super) mod entries;
pub(super) mod health;
pub(super) mod keys;
pub(super) mod log;
pub(super) mod operations;
pub(super) mod policy;
pub(super) mod reports;
pub(super) mod submit;
pub(super) mod uploads;
pub(super) mod verify;
pub(super) mod version;
