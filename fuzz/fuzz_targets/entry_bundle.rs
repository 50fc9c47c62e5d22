//! A bundle or path that decodes is encoded as it was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkl_merkle::tile::{EntryBundleId, decode_bundle, encode_bundle, parse_tile_path, tile_path};

fuzz_target!(|input: (u16, &[u8])| {
    let (width, bytes) = input;
    if let Ok(entries) = decode_bundle(bytes, width) {
        assert_eq!(entries.len(), usize::from(width));
        assert_eq!(encode_bundle(&entries).ok().as_deref(), Some(bytes));
    }
    if let Ok(path) = str::from_utf8(bytes) {
        if let Ok(id) = parse_tile_path(path) {
            assert_eq!(tile_path(id).ok().as_deref(), Some(path));
        }
        if let Ok(id) = EntryBundleId::parse_path(path) {
            assert_eq!(id.path().ok().as_deref(), Some(path));
        }
    }
});
