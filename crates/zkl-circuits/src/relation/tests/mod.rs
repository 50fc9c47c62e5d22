//! Proofs of relations.

mod conditions;
mod dishonest;
mod fixture;
mod kinds;
mod plans;
mod proofs;
mod simulator;
