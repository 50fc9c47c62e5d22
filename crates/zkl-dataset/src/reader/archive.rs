//! The one file of a ZIP archive, as it is read from its place in the archive.

use std::{
    io::{self, BufReader, Cursor, Read, Seek, SeekFrom},
    path::PathBuf,
};

use flate2::{CrcReader, bufread::DeflateDecoder};
use zip::{CompressionMethod, ZipArchive, result::ZipError};

use crate::source::Contents;

/// Why an archive is not read as the table that it holds.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    /// Not one file but none or several, as spreadsheets have.
    #[error("the archive holds {files} files")]
    Files { files: usize },
    /// A file that is encrypted, or compressed as few programs do.
    #[error("the file in the archive is encrypted, or compressed otherwise than by deflate")]
    Method,
    /// The content is not what was archived.
    #[error("the file does not have the checksum that the archive has of it")]
    Checksum,
}

/// A file of an archive.
pub(crate) struct Member {
    pub(crate) name: PathBuf,
    pub(crate) content: Box<dyn Read + Send>,
}

impl Member {
    /// The only file of the archive, beside what macOS adds.
    pub(crate) fn of(contents: Contents) -> io::Result<Self> {
        match contents {
            Contents::File(file) => only_file(file),
            Contents::Bytes(bytes) => only_file(Cursor::new(bytes)),
            Contents::Batches(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

fn only_file(reader: impl Read + Seek + Send + 'static) -> io::Result<Member> {
    let mut archive = ZipArchive::new(reader).map_err(of_zip)?;
    let names =
        (0..archive.len()).map(|index| Ok((index, archive.name_for_index(index).transpose()?.unwrap_or_default())));
    let names: Vec<_> = names.collect::<Result<_, ZipError>>().map_err(of_zip)?;
    let is_file = |name: &str| !(name.ends_with('/') || name.starts_with("__MACOSX/") || name.ends_with(".DS_Store"));
    let files: Vec<_> = names.iter().filter(|(_, name)| is_file(name)).collect();
    let &[&(index, ref name)] = files.as_slice() else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, ArchiveError::Files { files: files.len() }));
    };
    let name = PathBuf::from(name.as_ref());
    let file = archive.by_index_raw(index).map_err(of_zip)?;
    let (method, start, length, crc) = (file.compression(), file.data_start(), file.compressed_size(), file.crc32());
    let (false, Some(start)) = (file.encrypted(), start) else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, ArchiveError::Method));
    };
    drop(file);
    let mut stored = archive.into_inner();
    stored.seek(SeekFrom::Start(start))?;
    let stored = BufReader::with_capacity(64 << 10, stored.take(length));
    let content: Box<dyn Read + Send> = match method {
        CompressionMethod::STORE => Box::new(Checked { input: CrcReader::new(stored), crc }),
        CompressionMethod::DEFLATE => Box::new(Checked { input: CrcReader::new(DeflateDecoder::new(stored)), crc }),
        _ => return Err(io::Error::new(io::ErrorKind::InvalidData, ArchiveError::Method)),
    };
    Ok(Member { name, content })
}

fn of_zip(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}

/// A file whose checksum is compared at its end.
struct Checked<R> {
    input: CrcReader<R>,
    crc: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        if read == 0 && !buffer.is_empty() && self.input.crc().sum() != self.crc {
            return Err(io::Error::new(io::ErrorKind::InvalidData, ArchiveError::Checksum));
        }
        Ok(read)
    }
}
