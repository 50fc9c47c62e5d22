//! A receipt that decodes is written as it was read, and verification answers whatever it is given.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkl_receipt::{Receipt, Trust, verify};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(receipt) = Receipt::decode(bytes) {
        assert_eq!(receipt.encode().unwrap(), bytes);
    }
    let _ = verify(bytes, &Trust::default());
});
