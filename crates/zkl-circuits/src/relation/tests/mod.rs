//! Proofs of relations.

mod dishonest;
mod fixture;
mod kinds;
mod plans;
mod proofs;
mod simulator;
