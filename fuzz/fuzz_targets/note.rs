//! A note that parses is written as it was read, and nothing opens under a key that signed nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkl_merkle::note::{Note, NoteVerifier, key_text, read_key_text};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes);
    }
    if let Ok(text) = str::from_utf8(bytes) {
        if let Ok(verifier) = text.parse::<NoteVerifier>() {
            assert_eq!(verifier.to_string(), text);
        }
        if let Ok((name, key)) = read_key_text(text) {
            assert_eq!(*key_text(&name, &key), text);
        }
    }
});
