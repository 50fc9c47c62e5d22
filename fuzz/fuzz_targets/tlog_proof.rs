//! A proof file that decodes is encoded as it was read, and proves nothing under a key that signed nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkl_merkle::{keys::SigningKey, proof_file::TlogProof};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = TlogProof::decode(bytes) {
        assert_eq!(file.encode().as_bytes(), bytes);
        let origin = file.checkpoint().unverified().origin().clone();
        let log = SigningKey::from_seed(&[1; 32]).verifying_key().note_verifier(origin);
        assert!(file.verify(b"entry", &log).is_err());
    }
});
