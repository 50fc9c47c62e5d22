//! Tests of the claim circuits.

mod agreement;
mod boundary;
mod dishonest;
mod fixture;
mod proofs;
mod shapes;
