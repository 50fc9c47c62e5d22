//! A checkpoint that parses is written as it was read; cosignatures of any form never panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkl_merkle::{checkpoint::SignedCheckpoint, cosignature::WitnessVerifier, keys::SigningKey};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(checkpoint) = SignedCheckpoint::parse(bytes) {
        assert_eq!(checkpoint.to_string().as_bytes(), bytes);
        let key = SigningKey::from_seed(&[1; 32]).verifying_key();
        let origin = checkpoint.unverified().origin().clone();
        assert!(WitnessVerifier::new(origin, key).verify(&checkpoint).is_err());
    }
});
