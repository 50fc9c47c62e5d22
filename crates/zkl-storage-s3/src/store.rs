//! One open ledger, and which of its heads is the newest.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use zkl_core::storage::StorageErrorKind::{Corrupt, Poisoned, ReadOnly};

use crate::{
    config::S3Config,
    error::S3Error,
    frames::Frames,
    head::State,
    objects::{Objects, SMALL},
};

/// Folder of the heads.
pub(crate) const HEADS: &str = "head/";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// An open ledger.
pub(crate) struct Store {
    pub(crate) frames: Frames,
    pub(crate) settle_timeout: Duration,
    pub(crate) part_bytes: usize,
    /// The newest head that this handle has seen.
    known: Mutex<Arc<State>>,
    /// Sizes of the cosigned checkpoints that this handle has stored: it sees them whatever listings say.
    pub(crate) cosigned: Mutex<BTreeSet<u64>>,
    /// `None` for a reader.
    writer: Option<Writer>,
}

pub(crate) struct Writer {
    /// Held during an append: of appends through one handle at most one can succeed, the others need not try.
    pub(crate) one_at_a_time: tokio::sync::Mutex<()>,
    poisoned: AtomicBool,
}

impl Writer {
    pub(crate) fn check(&self) -> Result<(), S3Error> {
        if self.poisoned.load(Ordering::Acquire) { Err(S3Error::Contract(Poisoned)) } else { Ok(()) }
    }

    pub(crate) fn poison(&self) {
        self.poisoned.store(true, Ordering::Release);
    }
}

impl Store {
    pub(crate) fn new(objects: Objects, config: &S3Config, access: Access) -> Self {
        let writer = Writer { one_at_a_time: tokio::sync::Mutex::new(()), poisoned: AtomicBool::new(false) };
        Self {
            frames: Frames::new(objects, config.cache_bytes),
            settle_timeout: config.settle_timeout,
            part_bytes: config.part_bytes,
            known: Mutex::new(Arc::new(State::empty())),
            cosigned: Mutex::default(),
            writer: (access == Access::Write).then_some(writer),
        }
    }

    pub(crate) fn writer(&self) -> Result<&Writer, S3Error> {
        self.writer.as_ref().ok_or(S3Error::Contract(ReadOnly))
    }

    pub(crate) const fn objects(&self) -> &Objects {
        &self.frames.objects
    }

    /// The newest state that this handle has seen. Old states stay readable for ever.
    pub(crate) fn known(&self) -> Arc<State> {
        Arc::clone(&self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes note of a state that is in the store, unless a newer one is known.
    pub(crate) fn learn(&self, state: State) -> Arc<State> {
        let state = Arc::new(state);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if state.number > known.number {
            *known = Arc::clone(&state);
        }
        state
    }

    /// The state that was the newest at some moment during this call.
    ///
    /// Heads have consecutive numbers and are never deleted, so the newest one is where existence ends.
    pub(crate) async fn latest(&self) -> Result<Arc<State>, S3Error> {
        let known = self.known();
        let Some(next) = self.state(known.number + 1).await? else {
            return Ok(known);
        };
        let mut present = next.number;
        let mut step = 1;
        let mut absent = loop {
            let probe = present.saturating_add(step);
            if !self.exists(probe).await? {
                break probe;
            }
            present = probe;
            step = step.saturating_mul(2);
        };
        while absent - present > 1 {
            let middle = present + (absent - present) / 2;
            if self.exists(middle).await? {
                present = middle;
            } else {
                absent = middle;
            }
        }
        if present == next.number {
            return Ok(self.learn(next));
        }
        let vanished = S3Error::Contract(Corrupt("a head that was there is gone"));
        Ok(self.learn(self.state(present).await?.ok_or(vanished)?))
    }

    /// Starts from the head that the endpoint lists first. A listing that is late, empty or wrong costs requests, nothing else.
    pub(crate) async fn start_from_listing(&self) -> Result<(), S3Error> {
        let listed = match self.objects().first_below(HEADS, None).await {
            Ok(listed) => listed,
            // Some endpoints and policies do not allow listing.
            Err(S3Error::Refused { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        let number = listed.and_then(|key| u64::from_str_radix(&key, 16).ok()).map_or(0, |key| !key);
        if number > 0
            && let Some(state) = self.state(number).await?
        {
            self.learn(state);
        }
        Ok(())
    }

    async fn state(&self, number: u64) -> Result<Option<State>, S3Error> {
        let bytes = self.objects().get(&head_key(number), SMALL).await?;
        bytes.map(|bytes| State::decode(number, &bytes)).transpose()
    }

    async fn exists(&self, number: u64) -> Result<bool, S3Error> {
        Ok(self.objects().len(&head_key(number)).await?.is_some())
    }
}

/// The key of a head. Complemented, so that the newest head comes first in a listing.
pub(crate) fn head_key(number: u64) -> String {
    format!("{HEADS}{:016x}", !number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_heads_come_first() {
        assert_eq!(head_key(1), "head/fffffffffffffffe");
        for (older, newer) in [(1, 2), (15, 16), (255, 256), (u64::MAX - 2, u64::MAX - 1)] {
            assert!(head_key(newer) < head_key(older));
        }
    }
}
