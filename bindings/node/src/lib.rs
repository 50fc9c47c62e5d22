#![doc = include_str!("../README.md")]
// What is handed to Node is registered outside of tests alone.
#![cfg_attr(test, expect(dead_code, reason = "nothing is registered"))]

mod call;
mod ledger;
mod receipt;
mod table;
