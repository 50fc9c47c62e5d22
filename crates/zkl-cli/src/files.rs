//! Files that commands write: whole or not at all, and over nothing but an earlier file of their kind.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
};

use serde::Deserialize;
use zkl_ledger::{dataset::Pins, home::write_public_file};

use crate::error::CliError;

/// Bytes in which a receipt or a page says what it is.
const HEAD: u64 = 256;

/// Longest report of `zkl check` that is read, in bytes.
const MAX_REPORT: u64 = 16 << 20;

/// What a file is to hold. An existing file is replaced by its like only: a slip must not cost a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Receipt,
    Schema,
    /// Of `zkl check`.
    Report,
    /// Of `zkl report`.
    Page,
}

impl Content {
    const fn name(self) -> &'static str {
        match self {
            Self::Receipt => "a receipt",
            Self::Schema => "a schema file",
            Self::Report => "a report of `zkl check`",
            Self::Page => "a page of `zkl report`",
        }
    }

    /// Whether the file holds this, or nothing.
    fn is_in(self, path: &Path) -> io::Result<bool> {
        let length = fs::metadata(path)?.len();
        if length == 0 {
            return Ok(true);
        }
        Ok(match self {
            Self::Receipt => {
                let mut head = head(path)?;
                head.retain(|byte| !byte.is_ascii_whitespace());
                head.starts_with(br#"{"format":"zkl-receipt/"#)
            }
            Self::Page => String::from_utf8_lossy(&head(path)?).contains(zkl_report::page::GENERATOR),
            Self::Schema => Pins::from_file(path).is_ok(),
            Self::Report => length <= MAX_REPORT && is_report(&fs::read(path)?),
        })
    }
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    fs::File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

fn is_report(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Header {
        format: String,
    }
    serde_json::from_slice::<Header>(bytes).is_ok_and(|header| header.format.starts_with("zkl-check/"))
}

/// Checks before long work that a file can be written where it is asked for: that what is there already is of its kind, none of
/// `precious`, and not in a directory among them.
pub(crate) fn check_writable(path: &Path, content: Content, precious: &[&Path]) -> Result<(), CliError> {
    check_place(path, precious)?;
    check_replaceable(path, content)
}

/// The same of a file that may replace whatever is there.
pub(crate) fn check_place(path: &Path, precious: &[&Path]) -> Result<(), CliError> {
    let replaces = |target: &Path, kept: &Path| fs::canonicalize(kept).is_ok_and(|kept| target.starts_with(kept));
    if fs::canonicalize(path).is_ok_and(|target| precious.iter().any(|kept| replaces(&target, kept))) {
        return Err(CliError::Precious { path: path.to_owned() });
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let answer = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
        Ok(metadata) if !metadata.is_file() => Ok(()),
        _ => tempfile::tempfile_in(dir).map(drop),
    };
    answer.map_err(|source| CliError::WriteFile { path: path.to_owned(), source })
}

/// Writes a file whole or not at all, if nothing else is there. What is there and no file, as a pipe or a terminal, is written
/// to and not replaced.
pub(crate) fn write(path: &Path, content: Content, bytes: &[u8]) -> Result<(), CliError> {
    check_replaceable(path, content)?;
    write_unchecked(path, bytes)
}

/// The same, over whatever is there.
pub(crate) fn write_unchecked(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let special = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
    let write = || {
        if special {
            return fs::OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(bytes));
        }
        write_public_file(path, bytes)
    };
    write().map_err(|source| CliError::WriteFile { path: path.to_owned(), source })
}

fn check_replaceable(path: &Path, content: Content) -> Result<(), CliError> {
    if !fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return Ok(());
    }
    match content.is_in(path) {
        Ok(true) => Ok(()),
        Ok(false) => Err(CliError::NotReplaced { path: path.to_owned(), expected: content.name() }),
        Err(source) => Err(CliError::ReadFile { path: path.to_owned(), source }),
    }
}
