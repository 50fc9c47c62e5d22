//! A file by its path.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use super::{Contents, TableSource, spool::Spool};

pub(super) struct PathSource {
    path: PathBuf,
    /// For what is at the path and cannot be read twice.
    spool: Spool,
}

impl PathSource {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, spool: Spool::new() }
    }
}

impl TableSource for PathSource {
    fn name(&self) -> &Path {
        &self.path
    }

    fn open(&self) -> io::Result<Contents> {
        // Asked before the file is opened: opening a FIFO waits for its writer, a second one for ever.
        let found = std::fs::metadata(&self.path)?.file_type();
        if found.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if found.is_file() {
            return File::open(&self.path).map(Contents::File);
        }
        self.spool
            .open(|spool| {
                io::copy(&mut File::open(&self.path)?, spool)?;
                Ok(())
            })
            .map(Contents::File)
    }
}
