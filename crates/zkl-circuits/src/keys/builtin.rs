//! Digests of the dev verifying keys of the circuits that come with the project.
//!
//! A verifier that meets one of these knows that the key was made from the public dev seed. The table is printed by
//! `cargo test -p zkl-circuits --release -- --ignored --nocapture prints_the_table_of_dev_keys` and compared with fresh keys
//! by a test.

use zkl_core::{
    circuit::{Circuit, CircuitId},
    digest::KeyDigest,
};

use super::Setup;
use crate::claims::all_shapes;

/// `(circuit id, SHA-256 of the dev verifying key)`.
const DEV_KEYS: &[(&str, &str)] = &[];

/// One instance of every circuit that comes with the project, for making keys; the assignments mean nothing.
pub fn builtin_circuits() -> Vec<Box<dyn Circuit>> {
    all_shapes().into_iter().map(|(_, circuit)| circuit).collect()
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{groth16::Groth16, keys::dev_seed, proof_system::ProofSystem as _};

    fn fresh_digest(circuit: &dyn Circuit) -> KeyDigest {
        let id = circuit.id();
        Groth16.danger_setup_from_seed(circuit, dev_seed(&id)).unwrap().1.digest()
    }

    #[test]
    fn every_circuit_of_the_project_is_pinned_once_and_nothing_else_is() {
        let circuits: HashSet<String> = builtin_circuits().iter().map(|circuit| circuit.id().to_string()).collect();
        let pinned: HashSet<String> = DEV_KEYS.iter().map(|(id, _)| (*id).to_owned()).collect();
        assert_eq!(circuits.len(), builtin_circuits().len(), "two circuits share an id");
        assert_eq!(pinned.len(), DEV_KEYS.len(), "an id is pinned twice");
        assert_eq!(pinned, circuits, "print the table anew: see the head of this file");
        assert!(DEV_KEYS.iter().all(|(_, digest)| digest.parse::<KeyDigest>().is_ok()));
    }

    /// One circuit, so that the test is quick; the next test makes the keys of all.
    #[test]
    fn a_pinned_digest_is_that_of_the_key_from_the_dev_seed() {
        let circuits = builtin_circuits();
        let circuit = circuits.first().unwrap();
        let digest = fresh_digest(circuit);
        assert_eq!(builtin_digest(&circuit.id()), Some(digest));
        assert_eq!(builtin_setup(&circuit.id(), digest), Some(Setup::Dev));
        assert_eq!(builtin_setup(&circuit.id(), KeyDigest::of(b"another key")), None);
        assert_eq!(builtin_setup(&circuits[1].id(), digest), None, "a key counts for its own circuit only");
    }

    #[test]
    #[ignore = "makes the keys of every circuit: minutes"]
    fn every_pinned_digest_is_that_of_the_key_from_the_dev_seed() {
        for circuit in builtin_circuits() {
            assert_eq!(builtin_digest(&circuit.id()), Some(fresh_digest(&circuit)), "{}", circuit.id());
        }
    }

    #[test]
    #[ignore = "prints the table above"]
    fn prints_the_table_of_dev_keys() {
        for circuit in builtin_circuits() {
            println!("    (\"{}\", \"{}\"),", circuit.id(), fresh_digest(&circuit));
        }
    }
}
