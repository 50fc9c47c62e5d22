//! Digests of the dev verifying keys of the circuits that come with the project.
//!
//! A verifier that meets one of these knows that the key was made from the public dev seed. The table is printed by
//! `cargo test -p zkl-circuits --release -- --ignored --nocapture print_dev_keys` and compared with fresh keys by a test.

use zkl_core::{
    circuit::{Circuit, CircuitId},
    digest::KeyDigest,
};

use super::Setup;

/// `(circuit id, SHA-256 of the dev verifying key)`.
const DEV_KEYS: &[(&str, &str)] = &[];

/// One instance of every circuit that comes with the project, for making keys; the assignments mean nothing.
pub fn builtin_circuits() -> Vec<Box<dyn Circuit>> {
    Vec::new()
}

/// Digest of the dev verifying key of circuit `id`, when that circuit comes with the project.
pub fn builtin_digest(id: &CircuitId) -> Option<KeyDigest> {
    let id = id.to_string();
    DEV_KEYS.iter().find(|(name, _)| *name == id).and_then(|(_, digest)| digest.parse().ok())
}

/// How the key with `digest` for circuit `id` was made, when it is one that this program pins.
pub fn builtin_setup(id: &CircuitId, digest: KeyDigest) -> Option<Setup> {
    (builtin_digest(id)? == digest).then_some(Setup::Dev)
}
