//! Bounds of what is kept: generated keys can be made again, so the ones that were used longest ago make room.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{
    KeyError, KeyStore,
    store::{GENERATED, at},
};

/// Most bytes of generated keys in a directory: a table with a shape of its own has up to 66 MB of them.
pub const MAX_GENERATED: u64 = 1 << 30;

/// Generated keys in a directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GeneratedKeys {
    /// Files.
    pub files: usize,
    /// Bytes of all of them.
    pub bytes: u64,
}

struct Generated {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl KeyStore {
    /// What the directory holds of keys that were generated.
    ///
    /// # Errors
    /// [`KeyError::Io`].
    pub fn generated(&self) -> Result<GeneratedKeys, KeyError> {
        let found = self.list()?;
        Ok(GeneratedKeys { files: found.len(), bytes: found.iter().map(|key| key.bytes).sum() })
    }

    /// Removes generated keys until `max` bytes of them are left, those that were used longest ago first, and returns how many. Imported
    /// strings stay. A key that another process has read stays valid for it.
    ///
    /// # Errors
    /// [`KeyError::Io`].
    pub fn prune(&self, max: u64) -> Result<usize, KeyError> {
        let mut found = self.list()?;
        found.sort_by_key(|key| key.used);
        let (mut bytes, mut removed) = (found.iter().map(|key| key.bytes).sum::<u64>(), 0);
        for key in &found {
            if bytes <= max {
                break;
            }
            match fs::remove_file(&key.path) {
                // Another process prunes as well.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                other => other.map_err(at("remove", &key.path))?,
            }
            (bytes, removed) = (bytes - key.bytes, removed + 1);
        }
        Ok(removed)
    }

    /// Says that a key was used now. A directory that cannot be written to keeps its order.
    pub(crate) fn touch(path: &Path) {
        drop(File::options().append(true).open(path).and_then(|file| file.set_modified(SystemTime::now())));
    }

    fn list(&self) -> Result<Vec<Generated>, KeyError> {
        let mut found = Vec::new();
        let dir = self.dir()?;
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            // It is made when the first key is kept.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
            Err(error) => return Err(at("read", dir)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(at("read", dir))?;
            let path = entry.path();
            if !entry.file_name().to_string_lossy().ends_with(GENERATED) {
                continue;
            }
            // Gone meanwhile, or of no age.
            let Ok(metadata) = entry.metadata() else { continue };
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            found.push(Generated { path, bytes: metadata.len(), used });
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_keys_that_were_used_longest_ago_make_room_and_strings_stay() {
        let dir = tempfile::tempdir().unwrap();
        let store = KeyStore::open(dir.path()).unwrap();
        let write = |name: &str, hours: u64| {
            let path = dir.path().join(name);
            fs::write(&path, [0; 100]).unwrap();
            let used = SystemTime::now() - Duration::from_secs(3_600 * hours);
            File::options().append(true).open(&path).unwrap().set_modified(used).unwrap();
            path
        };
        let paths = [write("a@1.dev.key", 3), write("b@1.dev.key", 2), write("c@1.dev.key", 1)];
        let string = write("srs-dev.srs", 9);
        assert_eq!(store.generated().unwrap(), GeneratedKeys { files: 3, bytes: 300 });
        assert_eq!(store.prune(300).unwrap(), 0);
        KeyStore::touch(&paths[0]);
        assert_eq!(store.prune(250).unwrap(), 1);
        assert_eq!(paths.each_ref().map(|path| path.exists()), [true, false, true]);
        assert_eq!(store.prune(100).unwrap(), 1);
        assert_eq!(paths.each_ref().map(|path| path.exists()), [true, false, false], "it was used last");
        assert_eq!(store.prune(0).unwrap(), 1);
        assert!(string.exists());
    }
}
