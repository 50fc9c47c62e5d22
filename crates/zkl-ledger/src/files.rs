//! Files that are written whole or not at all: secret ones, and public ones.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use tempfile::{NamedTempFile, PersistError};

/// Creates a directory that only its owner can enter.
pub fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Writes a file that only its owner can read: all of it or nothing, and durably. An existing file is replaced.
pub fn write_private_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_file(path, bytes, |file| file.persist(path))
}

/// The same for a file that must not be there.
pub(crate) fn write_new_private_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_file(path, bytes, |file| file.persist_noclobber(path))
}

fn write_file(
    path: &Path,
    bytes: &[u8],
    persist: impl FnOnce(NamedTempFile) -> Result<fs::File, PersistError>,
) -> io::Result<()> {
    let dir = dir_of(path);
    // Temporary files are created with mode 0600.
    let mut file = NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    persist(file).map_err(|error| error.error)?;
    // Elsewhere a directory cannot be opened as a file.
    #[cfg(unix)]
    fs::File::open(dir)?.sync_all()?;
    Ok(())
}

/// Writes a file that everybody can read: all of it or nothing. An existing file is replaced. Elsewhere than on Unix it has the
/// access of its directory.
pub fn write_public_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has a mode to set"))]
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut file = builder.tempfile_in(dir_of(path))?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The directory that holds a file.
fn dir_of(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
