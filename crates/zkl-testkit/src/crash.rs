//! Crash trials for any backend: writing processes, and servers, that are killed while appends are under way.
//!
//! A writer is a process of its own: the test program again, running one ignored test that calls [`append_until_stopped`]. It says on its
//! standard output what was acknowledged, and [`kill_writers`] kills it at random moments, looks at what is there, and appends. For
//! backends with a server, [`kill_server`] kills that instead, under several writers of this process.

use async_trait::async_trait;
use zkl_core::storage::{StorageBackend, StorageError};

use crate::log::TestLog;

mod child;
mod server;
mod writer;

pub use child::{PLACE, append_until_stopped, number, run_child};
pub(crate) use child::{last, number_after};
pub use server::{ServerKills, Tally, append_until_told, kill_server};
pub use writer::{Kills, kill_writers};

/// The places of one backend at which trials put ledgers.
#[async_trait]
pub trait Ledgers: Send + Sync + 'static {
    /// The backend.
    type Backend: StorageBackend + 'static;

    /// Whether a writer that was killed may hold the ledger, or finish its append, for a moment after its death, as a server's
    /// transaction does.
    const LINGERS: bool;

    /// The place of a ledger that is not there yet, as text that a child can be told.
    fn fresh(&self) -> String;

    /// What children find in their environment.
    fn environment(&self) -> Vec<(&'static str, String)>;

    /// Opens the ledger at `place` for writing.
    async fn open(&self, place: &str) -> Result<Self::Backend, StorageError>;

    /// The same, making the ledger if there is none.
    async fn open_or_create(&self, place: &str) -> Result<Self::Backend, StorageError>;
}

/// What a trial's writers append: the entries of `log`, in batches whose length follows from where they start.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// The entries.
    pub log: TestLog,
    /// Longest batch.
    pub longest_batch: u64,
    /// Longest blob, in bytes.
    pub longest_blob: usize,
}

impl Workload {
    /// Entries in the append that starts at `size`.
    pub const fn batch_len(&self, size: u64) -> u64 {
        1 + size % self.longest_batch
    }

    /// The blob that is stored before the append that starts at `size`.
    pub fn blob(&self, size: u64) -> Vec<u8> {
        size.to_be_bytes().repeat(1 + (size as usize * 37) % (self.longest_blob / 8))
    }
}
