#![doc = include_str!("../README.md")]

pub mod gadgets;
pub mod seal;
