#![doc = include_str!("../README.md")]

mod call;
mod ledger;
mod receipt;
mod table;
