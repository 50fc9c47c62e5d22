//! The acknowledgement file: how far the store has told its callers that their writes are durable.
//!
//! RocksDB cannot tell a write-ahead log that a crash cut short from one whose last, acknowledged records were damaged in a
//! length field or cut off. After each synced write its sequence number is therefore written, without a sync of its
//! own, into this small file beside the database. It survives the death of the process; after a power failure it may
//! be older than the log, never newer. A store whose last sequence number is below it has lost acknowledged writes.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use zkl_core::{digest::Sha256Digest, storage::StorageErrorKind::Corrupt};

use crate::error::RocksError;

const FILE_NAME: &str = "ACKNOWLEDGED";
const MAGIC: [u8; 8] = *b"zkl-ack1";
const CHECKED_LEN: usize = 16;
const CHECKSUM_LEN: usize = 16;
const FILE_LEN: usize = CHECKED_LEN + CHECKSUM_LEN;

/// The open acknowledgement file of a writer.
#[derive(Debug)]
pub(crate) struct AckFile {
    file: File,
    sequence: u64,
}

impl AckFile {
    /// Makes the file, with nothing acknowledged, and makes it durable.
    pub(crate) fn create(dir: &Path) -> Result<Self, RocksError> {
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(dir.join(FILE_NAME))?;
        file.write_all(&encode(0))?;
        file.sync_all()?;
        Ok(Self { file, sequence: 0 })
    }

    /// Opens the file for writing.
    pub(crate) fn open(dir: &Path) -> Result<Self, RocksError> {
        let sequence = read(dir)?.ok_or(RocksError::Contract(Corrupt("the acknowledgement file is missing")))?;
        let file = OpenOptions::new().write(true).open(dir.join(FILE_NAME))?;
        Ok(Self { file, sequence })
    }

    /// Records that everything up to `sequence` is acknowledged.
    pub(crate) fn acknowledge(&mut self, sequence: u64) -> io::Result<()> {
        if sequence > self.sequence {
            self.file.seek(SeekFrom::Start(0))?;
            // One write inside one sector: a reader in another process sees the old or the new content.
            self.file.write_all(&encode(sequence))?;
            self.sequence = sequence;
        }
        Ok(())
    }
}

/// The acknowledged sequence number, or `None` when there is no such file.
pub(crate) fn read(dir: &Path) -> Result<Option<u64>, RocksError> {
    let file = match File::open(dir.join(FILE_NAME)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = Vec::with_capacity(FILE_LEN + 1);
    file.take(FILE_LEN as u64 + 1).read_to_end(&mut bytes)?;
    decode(&bytes).map(Some).ok_or(RocksError::Contract(Corrupt("the acknowledgement file is damaged")))
}

fn encode(sequence: u64) -> [u8; FILE_LEN] {
    let mut bytes = [0; FILE_LEN];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..CHECKED_LEN].copy_from_slice(&sequence.to_be_bytes());
    let digest = Sha256Digest::of(&bytes[..CHECKED_LEN]);
    bytes[CHECKED_LEN..].copy_from_slice(&digest.as_bytes()[..CHECKSUM_LEN]);
    bytes
}

fn decode(bytes: &[u8]) -> Option<u64> {
    let sequence = u64::from_be_bytes(*bytes.get(8..)?.first_chunk()?);
    (bytes == encode(sequence)).then_some(sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_byte_is_noticed() {
        let good = encode(77);
        assert_eq!(decode(&good), Some(77));
        for position in 0..FILE_LEN {
            let mut bad = good;
            bad[position] ^= 1;
            assert_eq!(decode(&bad), None, "byte {position}");
            assert_eq!(decode(&good[..position]), None, "{position} bytes");
        }
    }

    #[test]
    fn the_number_never_decreases() {
        let dir = tempfile::tempdir().unwrap();
        let mut ack = AckFile::create(dir.path()).unwrap();
        for sequence in [3, 2, 9, 9] {
            ack.acknowledge(sequence).unwrap();
        }
        assert_eq!(read(dir.path()).unwrap(), Some(9));
    }
}
