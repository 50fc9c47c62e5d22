//! Proofs of relations.

mod dishonest;
mod fixture;
mod plans;
mod proofs;
mod simulator;
