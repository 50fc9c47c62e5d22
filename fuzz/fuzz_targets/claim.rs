//! A claim that is read from text is read again from its canonical text and is the same, unless escapes made that too long; every claim
//! is the same again from its JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkl_circuits::claims::language::Claim;

/// Longest text of a claim that is read, in bytes.
const MAX_TEXT: usize = 4_096;

fuzz_target!(|bytes: &[u8]| {
    let parsed = str::from_utf8(bytes).ok().and_then(|text| text.parse::<Claim>().ok());
    if let Some(claim) = &parsed {
        let text = claim.to_string();
        let again = text.parse::<Claim>();
        assert!(again.as_ref() == Ok(claim) || text.len() > MAX_TEXT, "{text}: {again:?}");
    }
    for claim in parsed.into_iter().chain(serde_json::from_slice::<Claim>(bytes).ok()) {
        let _ = claim.to_string();
        let json = serde_json::to_vec(&claim).unwrap();
        assert_eq!(serde_json::from_slice::<Claim>(&json).unwrap(), claim);
    }
});
