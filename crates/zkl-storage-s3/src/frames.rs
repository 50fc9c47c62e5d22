//! Reading frames of content-addressed objects through the cache, near ones together.

use std::collections::HashMap;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use zkl_core::{digest::Sha256Digest, storage::StorageErrorKind::Corrupt};

use crate::{
    cache::FrameCache,
    error::S3Error,
    frame::{self, Place, Span},
    objects::{LARGE, Objects},
};

/// Frames closer than this are fetched in one request.
const LARGEST_GAP: u64 = 32 << 10;
/// Most bytes of one request for several frames.
const LARGEST_RUN: u64 = 8 << 20;
/// Requests of one call under way at a time.
const PARALLEL: usize = 16;

const MISSING: S3Error = S3Error::Contract(Corrupt("an object that the head refers to is missing"));

/// The content-addressed objects of a ledger.
pub(crate) struct Frames {
    pub(crate) objects: Objects,
    cache: FrameCache,
}

impl Frames {
    pub(crate) fn new(objects: Objects, cache_bytes: u64) -> Self {
        Self { objects, cache: FrameCache::new(cache_bytes) }
    }

    /// The payload at `span`.
    pub(crate) async fn read(&self, span: Span) -> Result<Bytes, S3Error> {
        if let Some(payload) = self.cache.get(&span) {
            return Ok(payload);
        }
        let range = u64::from(span.place.offset)..span.place.end();
        let bytes = self.objects.get_range(&key(span.object), range).await?.ok_or(MISSING)?;
        let payload = frame::open(&bytes)?;
        self.cache.insert(&span, &payload);
        Ok(payload)
    }

    /// The payloads at `spans`, in their order.
    pub(crate) async fn read_all(&self, spans: &[Span]) -> Result<Vec<Bytes>, S3Error> {
        let mut known: HashMap<(Sha256Digest, u32), Bytes> = HashMap::new();
        let mut missing = Vec::new();
        for span in spans {
            match self.cache.get(span) {
                Some(payload) => drop(known.insert((span.object, span.place.offset), payload)),
                None => missing.push(*span),
            }
        }
        let fetched = stream::iter(runs(missing)).map(|run| self.fetch(run)).buffer_unordered(PARALLEL);
        for (span, payload) in fetched.try_collect::<Vec<_>>().await?.into_iter().flatten() {
            known.insert((span.object, span.place.offset), payload);
        }
        let payload = |span: &Span| known.get(&(span.object, span.place.offset)).cloned().ok_or(MISSING);
        spans.iter().map(payload).collect()
    }

    async fn fetch(&self, run: Vec<Span>) -> Result<Vec<(Span, Bytes)>, S3Error> {
        let (Some(first), Some(end)) = (run.first(), run.iter().map(|span| span.place.end()).max()) else {
            return Ok(Vec::new());
        };
        let start = first.place.offset;
        let bytes = self.objects.get_range(&key(first.object), u64::from(start)..end).await?.ok_or(MISSING)?;
        let open = |span: Span| {
            let place = Place { offset: span.place.offset - start, ..span.place };
            let payload = frame::open_in(&bytes, place)?;
            self.cache.insert(&span, &payload);
            Ok((span, payload))
        };
        run.into_iter().map(open).collect()
    }

    /// A whole object, checked against its name.
    pub(crate) async fn whole(&self, object: Sha256Digest) -> Result<Bytes, S3Error> {
        let bytes = self.objects.get(&key(object), LARGE).await?.ok_or(MISSING)?;
        if Sha256Digest::of(&bytes) != object {
            return Err(S3Error::Contract(Corrupt("a stored object does not have its digest")));
        }
        Ok(bytes)
    }

    /// Stores `bytes` under `object`, their digest.
    pub(crate) async fn store(&self, object: Sha256Digest, bytes: Bytes) -> Result<(), S3Error> {
        self.objects.put(&key(object), bytes).await
    }

    /// Keeps what was just written, so that it need not be read back.
    pub(crate) fn remember(&self, span: Span, payload: &[u8]) {
        self.cache.insert(&span, payload);
    }
}

fn key(object: Sha256Digest) -> String {
    format!("object/{object}")
}

/// Groups of near frames of one object, each in the order of their places.
fn runs(mut spans: Vec<Span>) -> Vec<Vec<Span>> {
    spans.sort_unstable_by_key(|span| (span.object, span.place.offset));
    spans.dedup();
    let mut runs: Vec<Vec<Span>> = Vec::new();
    for span in spans {
        if let Some(run) = runs.last_mut()
            && let (Some(first), Some(last)) = (run.first(), run.last())
            && first.object == span.object
            && u64::from(span.place.offset).saturating_sub(last.place.end()) <= LARGEST_GAP
            && span.place.end() - u64::from(first.place.offset) <= LARGEST_RUN
        {
            run.push(span);
        } else {
            runs.push(vec![span]);
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_frames_are_read_together_and_far_ones_apart() {
        let span = |object: u8, offset: u32, len: u32| Span {
            object: Sha256Digest::new([object; 32]),
            place: Place { offset, len },
        };
        let far = 100 + LARGEST_GAP as u32 + 1;
        let spans = vec![span(2, 0, 100), span(1, far, 10), span(1, 50, 50), span(1, 0, 50), span(1, 0, 50)];
        let expected = [vec![span(1, 0, 50), span(1, 50, 50)], vec![span(1, far, 10)], vec![span(2, 0, 100)]];
        assert_eq!(runs(spans), expected);
        let large = LARGEST_RUN as u32;
        assert_eq!(runs(vec![span(1, 0, large), span(1, large, 1)]).len(), 2);
    }
}
