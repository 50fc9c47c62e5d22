//! Receipts as files and folders name them.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use zkl_receipt::MAX_RECEIPT_LEN;

use crate::error::VerifierError;

/// How the names of receipts end that are looked for in folders.
const EXTENSION: &str = "receipt";

/// The files that `paths` name: files as they stand, and of every folder those below it that end in `.receipt`, by name. Links to
/// folders are not followed below one.
///
/// # Errors
/// [`VerifierError::ReadFile`], [`VerifierError::NoReceipts`].
pub fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, VerifierError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            collect(path, &mut files)?;
            // Nothing is not all right: a folder may be empty because a job before this one failed.
            if files.len() == before {
                return Err(VerifierError::NoReceipts { path: path.clone() });
            }
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), VerifierError> {
    let error = |source| VerifierError::ReadFile { path: dir.to_owned(), source };
    let entries: Result<Vec<fs::DirEntry>, io::Error> = fs::read_dir(dir).map_err(error)?.collect();
    let mut entries = entries.map_err(error)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_type().map_err(error)?.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == EXTENSION) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// The bytes of a receipt, or of what claims to be one.
///
/// # Errors
/// [`VerifierError::ReadFile`].
pub fn read(path: &Path) -> Result<Vec<u8>, VerifierError> {
    let error = |source| VerifierError::ReadFile { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    // One byte more than a receipt may have: enough to be refused, whatever the file's length.
    let limit = MAX_RECEIPT_LEN as u64 + 1;
    fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(error)?;
    Ok(bytes)
}
