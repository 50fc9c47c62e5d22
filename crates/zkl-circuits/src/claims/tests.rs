//! Tests of the claim circuits.

mod agreement;
mod boundary;
mod dishonest;
mod fixture;
mod page;
mod proofs;
mod shapes;
