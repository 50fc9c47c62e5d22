//! Which stretches of the log can hold entries of a time range.
//!
//! Clocks may run backwards, so a time range is not an index range, and results come by index. The log is therefore cut
//! into blocks of 16 entries, these into blocks of 16, and so on; each block's least and greatest time is stored. A
//! query walks indices and jumps over every block that its range cannot touch. With a clock that mostly runs forwards
//! a jump over any distance costs a few dozen reads; with any clock the result is right.

use std::{collections::BTreeMap, ops::Range};

use zkl_core::{
    storage::{Order, Query, StorageErrorKind::Corrupt, decode_pair, encode_pair},
    time::Timestamp,
    transaction::StoredTransaction,
};

use crate::error::RocksError;

/// 2^4 blocks form one of the next level.
const FAN_OUT_BITS: u32 = 4;
/// Levels kept: the largest block has 16^8 = 2^32 entries.
const LEVELS: u8 = 8;

/// Coordinates of a block: it holds the indices `block << (4 * level) ..` and `level` is at least 1.
pub(crate) type Block = (u8, u64);

pub(crate) fn block_key((level, block): Block) -> [u8; 9] {
    let mut key = [0; 9];
    key[0] = level;
    key[1..].copy_from_slice(&block.to_be_bytes());
    key
}

/// Least and greatest time of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    least: Timestamp,
    greatest: Timestamp,
}

impl Extent {
    fn of(time: Timestamp) -> Self {
        Self { least: time, greatest: time }
    }

    fn joined(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), greatest: self.greatest.max(other.greatest) }
    }

    fn touches(self, range: &Range<Timestamp>) -> bool {
        self.least < range.end && range.start <= self.greatest
    }

    pub(crate) fn encode(self) -> [u8; 16] {
        encode_pair(self.least.0, self.greatest.0)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, RocksError> {
        let damaged = RocksError::Contract(Corrupt("a time extent cannot be decoded"));
        let (least, greatest) = decode_pair(bytes).ok_or(damaged)?;
        Ok(Self { least: Timestamp(least), greatest: Timestamp(greatest) })
    }
}

/// The blocks that `transactions` change, with their new extents; `stored` reads the present ones.
pub(crate) fn grown(
    transactions: &[StoredTransaction],
    stored: impl Fn(Block) -> Result<Option<Extent>, RocksError>,
) -> Result<BTreeMap<Block, Extent>, RocksError> {
    let mut extents: BTreeMap<Block, Extent> = BTreeMap::new();
    for transaction in transactions {
        let own = Extent::of(transaction.recorded_at);
        for level in 1..=LEVELS {
            let block = block_of(level, transaction.index.0);
            let before = match extents.get(&block) {
                Some(extent) => Some(*extent),
                None => stored(block)?,
            };
            extents.insert(block, before.map_or(own, |extent| extent.joined(own)));
        }
    }
    Ok(extents)
}

/// The first index at or behind `index` (in the direction of `query.order`) whose blocks all touch the query's time
/// range, or `None` if there is none inside `bounds`.
pub(crate) fn next_candidate(
    query: &Query,
    mut index: u64,
    bounds: &Range<u64>,
    stored: impl Fn(Block) -> Result<Option<Extent>, RocksError>,
) -> Result<Option<u64>, RocksError> {
    let Some(range) = &query.time else {
        return Ok(bounds.contains(&index).then_some(index));
    };
    'search: while bounds.contains(&index) {
        for level in (1..=LEVELS).rev() {
            let block = block_of(level, index);
            let missing = RocksError::Contract(Corrupt("a time extent is missing"));
            if stored(block)?.ok_or(missing)?.touches(range) {
                continue;
            }
            let first = block.1 << (FAN_OUT_BITS * u32::from(level));
            let jump = match query.order {
                Order::Ascending => first.checked_add(1 << (FAN_OUT_BITS * u32::from(level))),
                Order::Descending => first.checked_sub(1),
            };
            let Some(next) = jump else {
                return Ok(None);
            };
            index = next;
            continue 'search;
        }
        return Ok(Some(index));
    }
    Ok(None)
}

fn block_of(level: u8, index: u64) -> Block {
    (level, index >> (FAN_OUT_BITS * u32::from(level)))
}
