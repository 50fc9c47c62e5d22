//! An envelope or statement that decodes is encoded as it was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkl_merkle::{
    dsse::{Envelope, IN_TOTO_PAYLOAD_TYPE},
    keys::SigningKey,
    statement::{Statement, predicate_type},
};

fn statement(bytes: &[u8]) {
    let Ok(kind) = predicate_type(bytes) else { return };
    // Objects of this type are kept in order of their keys, so that the canonical form is well defined.
    if let Ok(statement) = Statement::<std::collections::BTreeMap<String, u64>>::decode(bytes, &kind) {
        assert_eq!(statement.encode().ok().as_deref(), Some(bytes));
    }
}

fuzz_target!(|bytes: &[u8]| {
    statement(bytes);
    if let Ok(envelope) = Envelope::decode(bytes) {
        assert_eq!(envelope.encode().ok().as_deref(), Some(bytes));
        assert!(envelope.open(IN_TOTO_PAYLOAD_TYPE, &SigningKey::from_seed(&[1; 32]).verifying_key()).is_err());
        statement(envelope.unverified_payload());
    }
});
