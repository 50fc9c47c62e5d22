//! Tests of the public interface, against published vectors, a naive tree and other implementations.

mod dsse;
mod keys;
mod notes;
mod proof_file;
mod support;
mod tiles;
mod tree;
mod tree_vectors;
