//! Immutable parts of objects, kept in memory.

use bytes::Bytes;
use quick_cache::{Weighter, sync::Cache};

use crate::frame::Span;

/// Bytes that an entry costs beside its content.
const OVERHEAD: u64 = 128;
/// Typical size of a part, from which the cache derives how many it may hold.
const TYPICAL: u64 = 4 << 10;

/// Checked payloads of frames, by place. What is in here never changes in the store.
pub(crate) struct FrameCache {
    payloads: Cache<(u128, u32), Bytes, ByBytes>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<(u128, u32), Bytes> for ByBytes {
    fn weight(&self, _: &(u128, u32), payload: &Bytes) -> u64 {
        payload.len() as u64 + OVERHEAD
    }
}

impl FrameCache {
    pub(crate) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / TYPICAL).unwrap_or(usize::MAX);
        Self { payloads: Cache::with_weighter(items, bytes, ByBytes) }
    }

    pub(crate) fn get(&self, span: &Span) -> Option<Bytes> {
        self.payloads.get(&key(span))
    }

    /// Keeps a copy of `payload`, so that a part does not keep the whole response that it came in.
    pub(crate) fn insert(&self, span: &Span, payload: &[u8]) {
        self.payloads.insert(key(span), Bytes::copy_from_slice(payload));
    }
}

/// Half of the digest is enough to tell objects apart that an honest writer made; the offset tells their parts apart.
fn key(span: &Span) -> (u128, u32) {
    let mut half = [0; 16];
    half.copy_from_slice(&span.object.as_bytes()[..16]);
    (u128::from_be_bytes(half), span.place.offset)
}
