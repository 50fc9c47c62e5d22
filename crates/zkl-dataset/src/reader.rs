//! Readers: from a file's bytes to cells.

use std::{
    fs::File,
    io::{self, BufReader, Read},
};

use crate::source::Compression;

/// The uncompressed bytes of `file`.
pub(crate) fn decompress(compression: Compression, file: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    Ok(match compression {
        Compression::None => Box::new(file),
        Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(file)),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(BufReader::new(file))?),
    })
}
