//! Paths of tiles and bundles: `tile/<L>/<N>[.p/<W>]`.

use zkl_core::tree::TileId;

use super::MAX_LEVEL;
use crate::{encoding::from_decimal, error::TileError};

/// Lowest index that no tile of a tree of less than 2^64 entries has.
const INDEX_END: u64 = 1 << 56;

/// The path of a hash tile relative to the log's prefix, such as `tile/1/x001/x234/067.p/8`.
///
/// # Errors
/// [`TileError::Id`] for an id that no tile has: level above 7, index from 2^56, width 0 or above 256.
pub fn tile_path(id: TileId) -> Result<String, TileError> {
    check(id)?;
    Ok(format!("tile/{}/{}", id.level, index_path(id.index, id.width)))
}

/// Reads the path of a hash tile. Each tile has exactly one path.
///
/// # Errors
/// [`TileError::Path`] for any other text, [`TileError::Id`] for a level or index beyond the tree's.
pub fn parse_tile_path(path: &str) -> Result<TileId, TileError> {
    let parse = || {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let level = u8::try_from(from_decimal(level)?).ok()?;
        let (index, width) = parse_index_path(rest)?;
        Some(TileId { level, index, width })
    };
    let id = parse().ok_or(TileError::Path)?;
    check(id)?;
    Ok(id)
}

pub(super) fn check(id: TileId) -> Result<(), TileError> {
    let valid = id.level <= MAX_LEVEL && id.index < INDEX_END && (1..=TileId::FULL_WIDTH).contains(&id.width);
    if valid { Ok(()) } else { Err(TileError::Id { id }) }
}

/// `x001/x234/067` for a full tile, `x001/x234/067.p/8` for a partial one.
pub(super) fn index_path(index: u64, width: u16) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width < TileId::FULL_WIDTH {
        path = format!("{path}.p/{width}");
    }
    path
}

pub(super) fn parse_index_path(path: &str) -> Option<(u64, u16)> {
    let (digits, width) = match path.split_once(".p/") {
        Some((digits, width)) => {
            let width = from_decimal(width).filter(|width| (1..256).contains(width))?;
            (digits, u16::try_from(width).ok()?)
        }
        None => (path, TileId::FULL_WIDTH),
    };
    let mut index = 0u64;
    let mut elements = digits.split('/').peekable();
    while let Some(element) = elements.next() {
        let element = if elements.peek().is_some() { element.strip_prefix('x')? } else { element };
        if element.len() != 3 || !element.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(element.parse().ok()?)?;
    }
    // A leading `x000` would be a second path of the same tile.
    (index_path(index, width) == path).then_some((index, width))
}
