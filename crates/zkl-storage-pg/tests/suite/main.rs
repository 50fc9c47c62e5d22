//! The PostgreSQL backend against real servers. Most tests share one server and have a schema each; those that kill, stop or
//! fill a server have one of their own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

mod commit;
mod conformance;
mod crash;
mod faults;
mod full;
mod hostile;
mod open;
mod proxy;
mod support;
mod tls;
mod views;
mod writers;
