//! Random operations against a model that is a list.

use std::collections::BTreeMap;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use zkl_core::{
    digest::BlobDigest,
    storage::{Order, Query, StorageBackend, StorageErrorKind},
    time::Timestamp,
    transaction::StoredTransaction,
    tree::TreeSize,
};

use super::{BackendFactory, find::naive, kind_of, ok};
use crate::log::TestLog;

const SEEDS: u64 = 4;
const STEPS: usize = 150;

/// Appends, conflicts, queries, blobs and reopenings in random order; a failure names its seed and step.
pub async fn random_operations_agree_with_a_model<F: BackendFactory>(factory: &F) {
    for seed in 0..SEEDS {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let log = TestLog::salted(1_000 + seed);
        let mut backend = factory.create().await;
        let mut entries: Vec<StoredTransaction> = Vec::new();
        let mut blobs: BTreeMap<BlobDigest, Vec<u8>> = BTreeMap::new();
        for step in 0..STEPS {
            let size = entries.len() as u64;
            let at = format!("seed {seed}, step {step}, {size} entries");
            match rng.next_u32() % 10 {
                0..4 => {
                    let mut batch = log.batch(size, 1 + below(&mut rng, 20));
                    for transaction in &mut batch.transactions {
                        transaction.recorded_at = Timestamp(below(&mut rng, 100));
                    }
                    entries.extend(batch.transactions.iter().cloned());
                    ok(backend.append(TreeSize(size), batch).await);
                }
                4 => {
                    let expected = below(&mut rng, 2 * size + 2);
                    if expected != size {
                        let batch = TestLog::salted(9).batch(expected, 1 + below(&mut rng, 3));
                        let kind = kind_of(backend.append(TreeSize(expected), batch).await);
                        assert_eq!(kind, StorageErrorKind::Conflict { expected, actual: size }, "{at}");
                    }
                }
                5..8 => {
                    let query = random_query(&mut rng, size);
                    assert_eq!(ok(backend.find(&query).await), naive(&entries, &query), "{at}: {query:?}");
                }
                8 => {
                    let blob = vec![below(&mut rng, 4) as u8; below(&mut rng, 40_000) as usize];
                    blobs.insert(ok(backend.put_blob(&blob).await), blob);
                }
                _ => backend = factory.reopen(backend).await,
            }
            let head = ok(backend.head().await);
            let size = entries.len() as u64;
            assert_eq!(head, (size > 0).then(|| log.head(size)), "{at}");
        }
        assert_eq!(ok(backend.find(&Query::default()).await), naive(&entries, &Query::default()), "seed {seed}");
        for (digest, blob) in &blobs {
            assert_eq!(ok(backend.blob(*digest).await).as_ref(), Some(blob), "seed {seed}");
        }
    }
}

fn random_query(rng: &mut ChaCha8Rng, size: u64) -> Query {
    let (names, kinds) = (TestLog::names(), TestLog::kinds());
    let coin = |rng: &mut ChaCha8Rng| rng.next_u32().is_multiple_of(2);
    Query {
        dataset: coin(rng).then(|| names[below(rng, names.len() as u64) as usize].clone()),
        kind: coin(rng).then(|| kinds[below(rng, kinds.len() as u64) as usize].clone()),
        time: coin(rng).then(|| Timestamp(below(rng, 100))..Timestamp(below(rng, 110))),
        index: coin(rng).then(|| below(rng, size + 1)..below(rng, size + 9)),
        order: if coin(rng) { Order::Ascending } else { Order::Descending },
        limit: below(rng, 30) as usize,
    }
}

/// Uniform enough below a small bound.
fn below(rng: &mut ChaCha8Rng, bound: u64) -> u64 {
    rng.next_u64() % bound
}
