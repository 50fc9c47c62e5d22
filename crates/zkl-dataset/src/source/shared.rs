//! A file that several threads read, each at its own place.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use parquet::{
    errors::{ParquetError, Result as ParquetResult},
    file::reader::{ChunkReader, Length},
};

/// One open file. Clones of a `File` share the place where they read, so nothing is read without the lock.
#[derive(Clone)]
pub(crate) struct SharedFile {
    file: Arc<Mutex<File>>,
    len: u64,
}

impl SharedFile {
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { file: Arc::new(Mutex::new(file)), len })
    }

    /// What reads the file from `position` on.
    pub(crate) fn reader(&self, position: u64) -> SharedReader {
        SharedReader { file: self.clone(), position }
    }
}

/// Reads a [`SharedFile`] from a place of its own.
pub(crate) struct SharedReader {
    file: SharedFile,
    position: u64,
}

impl Read for SharedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Every use sets the place anew, so that none depends on one that failed.
        let mut file = self.file.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.position))?;
        let read = file.read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for SharedReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.file.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

impl Length for SharedFile {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for SharedFile {
    type T = BufReader<SharedReader>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(BufReader::new(self.reader(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let mut bytes = Vec::new();
        self.reader(start).take(length as u64).read_to_end(&mut bytes)?;
        match bytes.len() {
            read if read == length => Ok(bytes.into()),
            read => Err(ParquetError::EOF(format!("{length} bytes expected, {read} read"))),
        }
    }
}
