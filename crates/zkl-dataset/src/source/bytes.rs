//! A table in memory.

use std::{io, path::Path};

use bytes::Bytes;

use super::{Contents, TableSource};

pub(super) struct BytesSource(pub(super) Bytes);

impl TableSource for BytesSource {
    fn name(&self) -> &Path {
        Path::new("bytes")
    }

    fn open(&self) -> io::Result<Contents> {
        Ok(Contents::Bytes(self.0.clone()))
    }
}
