//! Made-up entries that look to a store like real ones.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_core::storage::AppendBatch;
use zkl_testkit::log::TestLog;

/// The log whose entries are appended.
pub const LOG: TestLog = TestLog::salted(0);
/// Bytes of a typical entry: a signed statement with a few digests.
pub const ENTRY_LEN: usize = 2_000;

/// The batch that takes the log from `size` to `size + count` entries. Entries are base64 text of random bytes: a store
/// compresses them about as little as it does signed envelopes.
pub fn batch(size: u64, count: u64) -> AppendBatch {
    let mut batch = LOG.batch(size, count);
    for transaction in &mut batch.transactions {
        let mut rng = ChaCha8Rng::seed_from_u64(transaction.index.0);
        let mut random = vec![0; ENTRY_LEN - transaction.entry.len()];
        rng.fill_bytes(&mut random);
        transaction.entry.extend(random.into_iter().map(|byte| BASE64[usize::from(byte) % BASE64.len()]));
    }
    batch
}

const BASE64: [u8; 64] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
