//! The frame that files of snarkjs share: a table of sections.
//!
//! ```text
//! magic (4) || version (u32) = 1 || sections (u32) || { id (u32) || bytes (u64) || content }
//! ```
//!
//! Integers are little-endian. Every length is checked against the length of the file before anything is allocated.

use std::io::{Read, Seek, SeekFrom};

use zkl_core::ark::{
    Fq,
    ff::{BigInteger, PrimeField},
};
use zkl_kernel::threads::prelude::*;

use super::SnarkjsError;
use crate::srs::SrsFault;

const VERSION: u32 = 1;

/// What tells one kind of file from another.
#[derive(Clone, Copy)]
pub(crate) struct FileKind {
    /// The first four bytes.
    pub(crate) magic: &'static str,
    /// Maximum number of sections that such files have.
    pub(crate) max_sections: u32,
}

/// The sections of a file.
#[derive(Debug)]
pub(crate) struct Sections(Vec<Section>);

/// Where a section is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section {
    id: u32,
    start: u64,
    bytes: u64,
}

impl Sections {
    /// Reads the table of sections and checks it against the length of the file.
    pub(crate) fn read<R: Read + Seek>(kind: FileKind, reader: &mut R) -> Result<Self, SnarkjsError> {
        let length = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(0))?;
        let mut position = 0;
        if take::<4, _>(reader, &mut position, length)? != kind.magic.as_bytes() {
            return Err(SnarkjsError::Magic { expected: kind.magic });
        }
        let version = u32::from_le_bytes(take(reader, &mut position, length)?);
        if version != VERSION {
            return Err(SnarkjsError::Version { expected: VERSION, got: version });
        }
        let count = u32::from_le_bytes(take(reader, &mut position, length)?);
        if count > kind.max_sections {
            return Err(SnarkjsError::SectionCount { max: kind.max_sections, got: count });
        }
        let mut sections = Vec::new();
        for _ in 0..count {
            let id = u32::from_le_bytes(take(reader, &mut position, length)?);
            let bytes = u64::from_le_bytes(take(reader, &mut position, length)?);
            let end = position.saturating_add(bytes);
            if end > length {
                return Err(SnarkjsError::Truncated { expected: end, got: length });
            }
            sections.push(Section { id, start: position, bytes });
            position = reader.seek(SeekFrom::Start(end))?;
        }
        if position < length {
            return Err(SnarkjsError::TrailingBytes { extra: length - position });
        }
        Ok(Self(sections))
    }

    /// The one section with this number.
    pub(crate) fn find(&self, id: u32) -> Result<Section, SnarkjsError> {
        let mut found = self.0.iter().filter(|section| section.id == id);
        match (found.next(), found.next()) {
            (Some(section), None) => Ok(*section),
            (None, _) => Err(SnarkjsError::MissingSection { id }),
            (Some(_), Some(_)) => Err(SnarkjsError::DuplicateSection { id }),
        }
    }
}

impl Section {
    /// The section, if it has `expected` bytes.
    pub(crate) const fn expect(self, expected: u64) -> Result<Self, SnarkjsError> {
        if self.bytes != expected {
            return Err(SnarkjsError::SectionLength { id: self.id, expected, got: self.bytes });
        }
        Ok(self)
    }

    /// The first `N` bytes.
    pub(crate) fn bytes<const N: usize, R: Read + Seek>(self, reader: &mut R) -> Result<[u8; N], SnarkjsError> {
        if self.bytes < N as u64 {
            return Err(SnarkjsError::SectionLength { id: self.id, expected: N as u64, got: self.bytes });
        }
        reader.seek(SeekFrom::Start(self.start))?;
        let mut bytes = [0; N];
        reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The first `count` points of `N` bytes; the section is long enough.
    pub(crate) fn points<const N: usize, P: Send, R: Read + Seek>(
        self,
        reader: &mut R,
        count: usize,
        decode: impl Fn(&[u8; N], usize) -> Result<P, SrsFault> + Sync,
    ) -> Result<Vec<P>, SnarkjsError> {
        reader.seek(SeekFrom::Start(self.start))?;
        let mut bytes = vec![0; count * N];
        reader.read_exact(&mut bytes)?;
        let (points, _) = bytes.as_chunks::<N>();
        Ok(points.par_iter().enumerate().map(|(index, bytes)| decode(bytes, index)).collect::<Result<Vec<_>, _>>()?)
    }
}

/// Whether 32 bytes are the modulus of the base field of BN254.
pub(crate) fn modulus_is_bn254(bytes: &[u8]) -> bool {
    bytes == Fq::MODULUS.to_bytes_le()
}

fn take<const N: usize, R: Read>(reader: &mut R, position: &mut u64, length: u64) -> Result<[u8; N], SnarkjsError> {
    let end = position.saturating_add(N as u64);
    if end > length {
        return Err(SnarkjsError::Truncated { expected: end, got: length });
    }
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    *position = end;
    Ok(bytes)
}
