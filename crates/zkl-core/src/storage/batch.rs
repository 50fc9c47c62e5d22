//! What every backend checks about a batch before it looks at the store.

use std::collections::HashSet;

use super::{AppendBatch, StorageError, StorageErrorKind};
use crate::{
    transaction::StoredTransaction,
    tree::{TileId, TreeSize},
};

impl AppendBatch {
    /// Checks whatever can be said about the batch without looking at the store: see [`StorageBackend::append`].
    ///
    /// [`StorageBackend::append`]: super::StorageBackend::append
    ///
    /// # Errors
    /// [`StorageErrorKind::Invalid`] with the first rule that the batch breaks.
    pub fn check(&self, expected: TreeSize) -> Result<(), StorageError> {
        self.broken_rule(expected)
            .map_or(Ok(()), |rule| Err(StorageError::new("append", StorageErrorKind::Invalid(rule))))
    }

    fn broken_rule(&self, expected: TreeSize) -> Option<&'static str> {
        if self.transactions.is_empty() {
            return Some("the batch is empty");
        }
        let mut index = expected.0;
        let mut ids = HashSet::with_capacity(self.transactions.len());
        for transaction in &self.transactions {
            if transaction.index.0 != index {
                return Some("the indices do not follow the expected size");
            }
            if !ids.insert(transaction.id) {
                return Some("two transactions of the batch have the same id");
            }
            if transaction.entry.len() > StoredTransaction::MAX_ENTRY_LEN {
                return Some("an entry is too long");
            }
            let Some(next) = index.checked_add(1) else {
                return Some("the log is too long");
            };
            index = next;
        }
        if self.head.size.0 != index {
            return Some("the head size is not the expected size plus the number of transactions");
        }
        let mut tiles = HashSet::with_capacity(self.tiles.len());
        for (id, bytes) in &self.tiles {
            if id.width == 0 || id.width != id.width_in(self.head.size) {
                return Some("a tile does not have the width that the head gives it");
            }
            if bytes.len() != usize::from(id.width) * TileId::HASH_LEN {
                return Some("a tile does not have 32 bytes per hash");
            }
            if !tiles.insert((id.level, id.index)) {
                return Some("the batch holds a tile twice");
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        digest::{RootHash, TransactionId},
        storage::Head,
        time::Timestamp,
        transaction::OperationKind,
        tree::LeafIndex,
    };

    fn batch(start: u64, count: u8) -> AppendBatch {
        let transactions = (0..count).map(|i| StoredTransaction {
            index: LeafIndex(start + u64::from(i)),
            id: TransactionId::new([i; 32]),
            kind: OperationKind::CLAIM,
            dataset: None,
            recorded_at: Timestamp(0),
            entry: vec![i],
        });
        let head =
            Head { size: TreeSize(start + u64::from(count)), root: RootHash::new([0; 32]), checkpoint: String::new() };
        AppendBatch { transactions: transactions.collect(), tiles: Vec::new(), head }
    }

    fn rule(batch: &AppendBatch, expected: u64) -> &'static str {
        match batch.check(TreeSize(expected)).map_err(|error| error.kind) {
            Err(StorageErrorKind::Invalid(rule)) => rule,
            other => panic!("expected a broken rule, got {other:?}"),
        }
    }

    fn with_tile(id: TileId, len: usize) -> AppendBatch {
        AppendBatch { tiles: vec![(id, vec![0; len])], ..batch(300, 2) }
    }

    #[test]
    fn accepts_a_consistent_batch() {
        assert!(batch(7, 3).check(TreeSize(7)).is_ok());
        for (level, index, width) in [(0, 0, 256u16), (0, 1, 46), (1, 0, 1)] {
            let batch = with_tile(TileId { level, index, width }, usize::from(width) * 32);
            assert!(batch.check(TreeSize(300)).is_ok(), "{level}/{index}.p/{width}");
        }
    }

    #[test]
    fn each_rule_rejects_its_violation() {
        assert_eq!(rule(&batch(0, 0), 0), "the batch is empty");
        assert_eq!(rule(&batch(8, 1), 7), "the indices do not follow the expected size");
        let mut long = batch(0, 1);
        long.transactions[0].entry = vec![0; StoredTransaction::MAX_ENTRY_LEN + 1];
        assert_eq!(rule(&long, 0), "an entry is too long");
        let mut twice = batch(0, 2);
        twice.transactions[1].id = twice.transactions[0].id;
        assert_eq!(rule(&twice, 0), "two transactions of the batch have the same id");
        let mut head = batch(0, 2);
        head.head.size = TreeSize(3);
        assert_eq!(rule(&head, 0), "the head size is not the expected size plus the number of transactions");
        let mut last = batch(0, 1);
        last.transactions[0].index = LeafIndex(u64::MAX);
        assert_eq!(rule(&last, u64::MAX), "the log is too long");
    }

    #[test]
    fn tiles_have_the_width_of_the_head() {
        for (level, index, width) in
            [(0, 0, 255u16), (0, 1, 45), (0, 1, 47), (0, 2, 1), (1, 0, 2), (8, 0, 1), (0, 0, 0)]
        {
            let batch = with_tile(TileId { level, index, width }, usize::from(width) * 32);
            assert_eq!(rule(&batch, 300), "a tile does not have the width that the head gives it");
        }
        let short = with_tile(TileId { level: 0, index: 1, width: 46 }, 46 * 32 - 1);
        assert_eq!(rule(&short, 300), "a tile does not have 32 bytes per hash");
        let mut twice = with_tile(TileId { level: 0, index: 1, width: 46 }, 46 * 32);
        twice.tiles.push(twice.tiles[0].clone());
        assert_eq!(rule(&twice, 300), "the batch holds a tile twice");
    }
}
