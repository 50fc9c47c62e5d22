//! Proofs of relations.
