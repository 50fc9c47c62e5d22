#![doc = include_str!("../README.md")]
#![cfg_attr(test, expect(dead_code, reason = "outside of tests alone it is registered with Node"))]

mod call;
mod ledger;
mod receipt;
mod table;
