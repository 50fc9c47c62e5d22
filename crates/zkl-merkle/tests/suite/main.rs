//! Tests of the public interface, against published vectors, a naive tree and other implementations.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[cfg(test)]
mod dsse;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod notes;
#[cfg(test)]
mod policy;
mod proof_file;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tiles;
#[cfg(test)]
mod tree;
#[cfg(test)]
mod tree_vectors;
mod witness;
