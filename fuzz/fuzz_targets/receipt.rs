//! A receipt that decodes is written as the list that was read, and verification answers whatever it is given.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkl_ledger::{RECEIPT_FORMAT, Receipt, Trust, verify};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(receipt) = Receipt::decode(bytes) {
        let written = receipt.encode().unwrap();
        assert_eq!(Receipt::decode(&written).unwrap(), receipt);
        // The older formats are written in the newest.
        let newest = format!("{{\n  \"format\": \"{RECEIPT_FORMAT}\"");
        assert_eq!(written == bytes, bytes.starts_with(newest.as_bytes()));
    }
    let _ = verify(bytes, &Trust::default());
});
