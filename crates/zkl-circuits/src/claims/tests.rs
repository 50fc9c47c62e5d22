//! Tests of the claim circuits.

mod agreement;
mod boundary;
mod constraints;
mod dishonest;
mod fixture;
mod page;
mod proofs;
mod shapes;
mod sharp;
