//! Proofs of relations.

mod conditions;
mod dishonest;
mod fixture;
mod hashed;
mod kinds;
mod operations;
mod plans;
mod proofs;
mod simulator;
