//! Entry bundles: the entries under one tile of level 0, each with a big-endian 16-bit length.

use super::{FULL_WIDTH, StoredTransaction, TileId, TreeSize, path, tile_at};
use crate::error::TileError;

/// Coordinates of an entry bundle: the entries whose hashes tile `index` of level 0 holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryBundleId {
    /// Position of the bundle; its first entry has index `256 * index`.
    pub index: u64,
    /// Number of entries: 256 for a full bundle, 1 to 255 for a partial one.
    pub width: u16,
}

impl EntryBundleId {
    /// Bundle `index` of the tree of `size` entries, or `None` if the tree does not reach it.
    pub fn at(size: TreeSize, index: u64) -> Option<Self> {
        // Also keeps the multiplication by 256 within 64 bits.
        if index >= size.0.div_ceil(FULL_WIDTH) {
            return None;
        }
        let TileId { index, width, .. } = tile_at(size, 0, index);
        Some(Self { index, width })
    }

    /// The path relative to the log's prefix, such as `tile/entries/x001/x234/067.p/8`.
    ///
    /// # Errors
    /// [`TileError::Id`] for an id that no bundle has.
    pub fn path(self) -> Result<String, TileError> {
        path::check(self.tile())?;
        Ok(format!("tile/entries/{}", path::index_path(self.index, self.width)))
    }

    /// Reads the path of a bundle. Each bundle has exactly one path.
    ///
    /// # Errors
    /// [`TileError::Path`] for any other text, [`TileError::Id`] for an index beyond the tree's.
    pub fn parse_path(path: &str) -> Result<Self, TileError> {
        let parsed = path.strip_prefix("tile/entries/").and_then(path::parse_index_path);
        let (index, width) = parsed.ok_or(TileError::Path)?;
        let id = Self { index, width };
        path::check(id.tile())?;
        Ok(id)
    }

    const fn tile(self) -> TileId {
        TileId { level: 0, index: self.index, width: self.width }
    }
}

/// Encodes the entries of a bundle.
///
/// # Errors
/// [`TileError::BundleWidth`] unless there are 1 to 256, [`TileError::EntryLength`] for one above 65,535 bytes.
pub fn encode_bundle<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, TileError> {
    if entries.is_empty() || entries.len() > usize::from(TileId::FULL_WIDTH) {
        return Err(TileError::BundleWidth { got: entries.len() });
    }
    let mut bytes = Vec::new();
    for (position, entry) in entries.iter().enumerate() {
        let entry = entry.as_ref();
        let len = u16::try_from(entry.len()).map_err(|_| TileError::EntryLength {
            position,
            max: StoredTransaction::MAX_ENTRY_LEN,
            got: entry.len(),
        })?;
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// Decodes a bundle of exactly `width` entries; the width comes from the bundle's id, never from its bytes.
///
/// # Errors
/// [`TileError::BundleWidth`] unless `width` is 1 to 256, [`TileError::BundleTruncated`], [`TileError::BundleTrailing`].
pub fn decode_bundle(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, TileError> {
    if width == 0 || width > TileId::FULL_WIDTH {
        return Err(TileError::BundleWidth { got: width.into() });
    }
    let mut entries = Vec::with_capacity(width.into());
    let mut rest = bytes;
    for position in 0..usize::from(width) {
        let split = rest
            .split_first_chunk::<2>()
            .and_then(|(len, rest)| rest.split_at_checked(u16::from_be_bytes(*len).into()));
        let (entry, after) = split.ok_or(TileError::BundleTruncated { position })?;
        entries.push(entry);
        rest = after;
    }
    if rest.is_empty() { Ok(entries) } else { Err(TileError::BundleTrailing { got: rest.len() }) }
}
