//! Tiles.

use zkl_core::{
    storage::StorageBackend,
    tree::{TileId, TreeSize},
};

use super::{BackendFactory, append, ok};
use crate::log::TestLog;

const LOG: TestLog = TestLog::salted(8);

/// After each append, every width up to the stored one is answered, and none above it.
pub async fn tiles_grow_and_answer_prefixes<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    let mut size = 0;
    for count in [1, 1, 100, 153, 1, 1, 300] {
        append(&backend, LOG, size, count).await;
        size += count;
        for (level, index) in [(0, 0), (0, 1), (0, 2), (1, 0)] {
            let stored = TileId { level, index, width: 0 }.width_in(TreeSize(size));
            let widths = [1, 2, 100, 255, 256].into_iter().chain([stored, stored.saturating_sub(1), stored + 1]);
            for width in widths.filter(|width| *width > 0) {
                let id = TileId { level, index, width };
                let expected = (width <= stored).then(|| LOG.tile(id));
                assert_eq!(ok(backend.tile(id).await), expected, "{id:?} in a log of {size}");
            }
        }
    }
}

/// Positions and widths that no log has are answered, not refused.
pub async fn tiles_that_are_not_there_are_none<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    append(&backend, LOG, 0, 10).await;
    for (level, index, width) in
        [(0, 0, 0), (0, 0, 11), (0, 0, 257), (0, 0, u16::MAX), (0, 1, 1), (1, 0, 1), (7, 0, 1), (255, u64::MAX, 256)]
    {
        let id = TileId { level, index, width };
        assert_eq!(ok(backend.tile(id).await), None, "{id:?}");
    }
}

/// A log of several full tiles and two levels, across reopening.
pub async fn full_tiles_stay_as_they_are<F: BackendFactory>(factory: &F) {
    let mut backend = factory.create().await;
    let mut size = 0;
    for count in [700, 68, 400] {
        append(&backend, LOG, size, count).await;
        size += count;
        backend = factory.reopen(backend).await;
        for (id, bytes) in LOG.tiles(0, size) {
            assert_eq!(ok(backend.tile(id).await), Some(bytes), "{id:?} in a log of {size}");
        }
    }
}
