//! A made-up log: each transaction, tile and batch is a pure function of its position, so that a test can say what a
//! store must hold without keeping it.

use zkl_core::{
    digest::{RootHash, Sha256Digest, TransactionId},
    name::DatasetName,
    storage::{AppendBatch, Head},
    time::Timestamp,
    transaction::{OperationKind, StoredTransaction},
    tree::{LeafIndex, TileId, TreeSize},
};

/// Names in use, in byte order. One is the beginning of another, and they differ in case and punctuation.
const NAMES: [&str; 7] = ["0", "A", "a", "a-b", "a/b", "ab", "z.9_x"];
/// Kinds in use: some that programs know, some that none does. One is the beginning of another, and one is as long as can be.
const KINDS: [&str; 6] = ["notarization", "claim", "custom", "claim-2", "x", "a-kind-of-the-longest-length-012"];
const FIRST_TIME: u64 = 1_700_000_000_000;
const LEVELS: u8 = 8;

/// One made-up log. Logs of different salts agree in nothing but their shape.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestLog {
    salt: u64,
}

impl TestLog {
    /// The log of `salt`.
    pub const fn salted(salt: u64) -> Self {
        Self { salt }
    }

    /// All names that the log uses, in byte order.
    pub fn names() -> Vec<DatasetName> {
        NAMES.iter().filter_map(|name| name.parse().ok()).collect()
    }

    /// All kinds that the log uses.
    pub fn kinds() -> Vec<OperationKind> {
        KINDS.iter().filter_map(|kind| kind.parse().ok()).collect()
    }

    /// The transaction at `index`. Kinds and names repeat with different periods, a fifth has no name, and the clock jumps
    /// back now and then, so that equal and falling times occur.
    pub fn transaction(&self, index: u64) -> StoredTransaction {
        let entry = format!("{{\"salt\":{},\"index\":{index}}}", self.salt).into_bytes();
        let leaf: Vec<u8> = std::iter::once(0).chain(entry.iter().copied()).collect();
        let draw = self.draw(b"name", index, 0);
        let back = if index % 11 == 10 { 7_000 } else { 0 };
        StoredTransaction {
            index: LeafIndex(index),
            id: TransactionId::new(*Sha256Digest::of(&leaf).as_bytes()),
            kind: KINDS[usize::from(draw[0]) % KINDS.len()].parse().unwrap_or(OperationKind::CUSTOM),
            dataset: if draw[1].is_multiple_of(5) {
                None
            } else {
                NAMES[usize::from(draw[2]) % NAMES.len()].parse().ok()
            },
            recorded_at: Timestamp(FIRST_TIME + (index / 2) * 1_000 - back),
            entry,
        }
    }

    /// The head of a log of `size` entries.
    pub fn head(&self, size: u64) -> Head {
        let root = RootHash::new(self.draw(b"root", size, 0));
        Head {
            size: TreeSize(size),
            root,
            checkpoint: format!("test.example/log\n{size}\n{root}\n\n— test {}\n", self.salt),
        }
    }

    /// The bytes of the tile `id`.
    pub fn tile(&self, id: TileId) -> Vec<u8> {
        let first = id.index * u64::from(TileId::FULL_WIDTH);
        (first..first + u64::from(id.width)).flat_map(|n| self.draw(b"tile", n, u64::from(id.level))).collect()
    }

    /// The tiles that differ between a log of `from` and one of `to` entries, as wide as the latter has them.
    pub fn tiles(&self, from: u64, to: u64) -> Vec<(TileId, Vec<u8>)> {
        let mut tiles = Vec::new();
        for level in 0..LEVELS {
            let (before, after) = (from >> (8 * level), to >> (8 * level));
            if before == after {
                break;
            }
            let width = u64::from(TileId::FULL_WIDTH);
            for index in before / width..=(after - 1) / width {
                let id = TileId { level, index, width: 0 };
                let id = TileId { width: id.width_in(TreeSize(to)), ..id };
                tiles.push((id, self.tile(id)));
            }
        }
        tiles
    }

    /// The batch that takes a log of `from` entries to one of `from + count`.
    pub fn batch(&self, from: u64, count: u64) -> AppendBatch {
        AppendBatch {
            transactions: (from..from + count).map(|index| self.transaction(index)).collect(),
            tiles: self.tiles(from, from + count),
            head: self.head(from + count),
        }
    }

    fn draw(&self, what: &[u8], a: u64, b: u64) -> [u8; 32] {
        let bytes = [what, &self.salt.to_be_bytes(), &a.to_be_bytes(), &b.to_be_bytes()].concat();
        *Sha256Digest::of(&bytes).as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_batch_is_consistent() {
        for (from, count) in [(0, 1), (0, 255), (0, 256), (255, 2), (250, 600), (65_535, 2)] {
            TestLog::default().batch(from, count).check(TreeSize(from)).unwrap();
        }
    }

    #[test]
    fn the_log_has_the_variety_that_queries_need() {
        let all: Vec<_> = (0..200).map(|index| TestLog::default().transaction(index)).collect();
        let named = |name: &DatasetName| all.iter().any(|transaction| transaction.dataset.as_ref() == Some(name));
        assert_eq!(TestLog::names().len(), NAMES.len());
        assert!(TestLog::names().iter().all(named));
        assert!(TestLog::names().is_sorted());
        assert!(all.iter().any(|transaction| transaction.dataset.is_none()));
        assert_eq!(TestLog::kinds().len(), KINDS.len());
        assert_eq!(TestLog::kinds().iter().map(|kind| kind.as_str().len()).max(), Some(OperationKind::MAX_LEN));
        assert!(TestLog::kinds().iter().all(|kind| all.iter().any(|transaction| transaction.kind == *kind)));
        assert!(all.windows(2).any(|pair| pair[0].recorded_at > pair[1].recorded_at), "the clock never runs backwards");
        assert!(all.windows(2).any(|pair| pair[0].recorded_at == pair[1].recorded_at), "no two times are equal");
    }
}
