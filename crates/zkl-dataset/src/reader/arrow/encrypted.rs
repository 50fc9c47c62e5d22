//! Whether a Parquet file with a plain footer has encrypted columns: `encryption_algorithm`, the eighth field of its `FileMetaData`, is
//! there. The parquet crate, built without decryption, reads the columns' bytes as pages.
//!
//! The footer is a struct of Thrift's compact protocol
//! (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>).

use crate::source::Contents;

/// Footers that are looked into, in bytes.
const MAX_FOOTER: u64 = 64 << 20;
/// Structs and lists in one another.
const MAX_DEPTH: usize = 32;
/// The field of `FileMetaData`.
const ENCRYPTION_ALGORITHM: i32 = 8;

/// Whether the file says that columns are encrypted. What cannot be read says nothing.
pub(super) fn has_encrypted_columns(contents: &Contents) -> bool {
    footer(contents).is_some_and(|bytes| Compact(&bytes).has_field(ENCRYPTION_ALGORITHM).unwrap_or(false))
}

fn footer(contents: &Contents) -> Option<Vec<u8>> {
    let stored = contents.len().ok()?;
    let trailer = contents.tail(8).ok()?;
    let len = u64::from(u32::from_le_bytes(trailer.first_chunk().copied()?));
    if len > MAX_FOOTER || len + 8 > stored {
        return None;
    }
    let mut bytes = contents.tail(len as usize + 8).ok()?;
    bytes.truncate(len as usize);
    Some(bytes)
}

/// What is left of a message.
struct Compact<'a>(&'a [u8]);

impl Compact<'_> {
    /// Whether the struct that begins here has the field `wanted`; `None` where it cannot be read.
    fn has_field(mut self, wanted: i32) -> Option<bool> {
        let mut last = 0;
        while let Some((field, kind)) = self.field(last)? {
            if field == wanted {
                return Some(true);
            }
            self.skip(kind, true, MAX_DEPTH)?;
            last = field;
        }
        Some(false)
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn bytes(&mut self, len: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(len).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// Number and type of the next field of a struct, `None` inside at its end.
    fn field(&mut self, last: i32) -> Option<Option<(i32, u8)>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        let field = match head >> 4 {
            0 => {
                let zigzag = self.varint()?;
                (zigzag >> 1) as i32 ^ -((zigzag & 1) as i32)
            }
            delta => last.checked_add(i32::from(delta))?,
        };
        Some(Some((field, head & 0x0f)))
    }

    /// Passes over a value. A bool of a struct has its value in the type, one of a list in a byte.
    fn skip(&mut self, kind: u8, in_struct: bool, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            1 | 2 if in_struct => Some(()),
            1..=3 => self.bytes(1),
            4..=6 => self.varint().map(drop),
            7 => self.bytes(8),
            8 => {
                let len = self.varint()?;
                self.bytes(len)
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                (0..count).try_for_each(|_| self.skip(head & 0x0f, false, depth))
            }
            11 => {
                let count = self.varint()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                (0..count).try_for_each(|_| {
                    self.skip(kinds >> 4, false, depth)?;
                    self.skip(kinds & 0x0f, false, depth)
                })
            }
            12 => {
                let mut last = 0;
                while let Some((field, kind)) = self.field(last)? {
                    self.skip(kind, true, depth)?;
                    last = field;
                }
                Some(())
            }
            13 => self.bytes(16),
            _ => None,
        }
    }
}
