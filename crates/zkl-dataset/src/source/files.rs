//! Several files as one table: those of a list, of a pattern, or below a directory.
//!
//! They are read in the order of the list; those of a pattern or a directory in that of the bytes of their paths, component by component.
//! Below a directory, names that begin with `.` or `_` are no data (`_SUCCESS`, `.crc`), links to directories are not followed, and a
//! directory called `key=value` gives its files a column, as Hive and Spark write them.

use std::{
    borrow::Cow,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use percent_encoding::percent_decode_str;

use super::{Part, Source};
use crate::error::{DatasetError, Fault};

/// What Hive writes for a null in the name of a directory.
const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";
/// Directories in one another.
const MAX_DEPTH: usize = 64;

impl Source {
    /// What is at a place: a file, every file below a directory, or every file that matches a pattern with `*`, `?`, `[..]` or `**`. A
    /// file that is called like a pattern is that file.
    ///
    /// # Errors
    /// The directory cannot be listed, or there are no files.
    pub fn at(place: impl Into<PathBuf>) -> Result<Self, DatasetError> {
        let place = place.into();
        let fail = |error| DatasetError::io(&place, error);
        if place.is_dir() {
            let mut files = Vec::new();
            list(&place, &[], MAX_DEPTH, &mut files).map_err(fail)?;
            if files.is_empty() {
                return Err(DatasetError::new(&place, Fault::EmptyDirectory));
            }
            files.sort_by(|(a, _), (b, _)| a.components().cmp(b.components()));
            let parts = files.into_iter().map(|(path, values)| Part { source: Self::path(path), values });
            return Ok(Self::parts(place, parts));
        }
        let pattern = place.to_str().filter(|text| text.contains(['*', '?', '[']) && !place.exists());
        let Some(pattern) = pattern else { return Ok(Self::path(place)) };
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::default() };
        let matches = glob::glob_with(pattern, options).map_err(|error| fail(io::Error::other(error)))?;
        let mut files = Vec::new();
        for path in matches {
            let path = path.map_err(|error| fail(error.into()))?;
            if !path.is_dir() {
                files.push(path);
            }
        }
        if files.is_empty() {
            return Err(fail(io::ErrorKind::NotFound.into()));
        }
        files.sort_by(|a, b| a.components().cmp(b.components()));
        Ok(Self::parts(place, files.into_iter().map(|path| Part { source: Self::path(path), values: Vec::new() })))
    }
}

impl Part {
    /// The rows of `source`, which lies below directories of these names: those called `key=value` give its columns, as Hive and Spark
    /// write them.
    pub fn below<'n>(source: Source, directories: impl IntoIterator<Item = &'n str>) -> Self {
        let values = directories.into_iter().filter_map(|name| partition(OsStr::new(name))).collect();
        Self { source, values }
    }
}

/// Columns whose values stand in a path.
type Values = Vec<(String, Option<String>)>;

fn list(
    dir: &Path,
    values: &[(String, Option<String>)],
    depth: usize,
    files: &mut Vec<(PathBuf, Values)>,
) -> io::Result<()> {
    let deeper = depth.checked_sub(1).ok_or_else(|| io::Error::other("directories are nested too deeply"))?;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let (name, path) = (entry.file_name(), entry.path());
        if name.as_encoded_bytes().starts_with(b".") || name.as_encoded_bytes().starts_with(b"_") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            let mut values = values.to_vec();
            values.extend(partition(&name));
            list(&path, &values, deeper, files)?;
        } else if !path.is_dir() {
            files.push((path, values.to_vec()));
        }
    }
    Ok(())
}

/// The column and the value that the name of a directory holds.
fn partition(name: &OsStr) -> Option<(String, Option<String>)> {
    let (key, value) = name.to_str()?.split_once('=')?;
    let value = unescaped(value);
    (!key.is_empty()).then(|| (unescaped(key), (value != HIVE_NULL).then_some(value)))
}

/// `%2F` as the character that it stands for; what is no UTF-8 then stays as it is written.
fn unescaped(text: &str) -> String {
    percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_directories_hold_a_column_and_a_value() {
        let read = |name: &str| partition(OsStr::new(name));
        assert_eq!(read("year=2024"), Some(("year".into(), Some("2024".into()))));
        assert_eq!(read("at=12%3A30=x"), Some(("at".into(), Some("12:30=x".into()))));
        assert_eq!(read("city=__HIVE_DEFAULT_PARTITION__"), Some(("city".into(), None)));
        assert_eq!(read("rate=5%"), Some(("rate".into(), Some("5%".into()))));
        assert_eq!((read("data"), read("=x")), (None, None));
    }
}
