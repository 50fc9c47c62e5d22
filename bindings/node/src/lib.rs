#![doc = include_str!("../README.md")]
// Outside of tests alone it is registered with Node, which tests it.
#![cfg(not(test))]

mod call;
mod ledger;
mod receipt;
mod table;
