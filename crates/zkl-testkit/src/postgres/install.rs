//! Where PostgreSQL's programs are, and as whom they run.

use std::{
    env,
    ffi::OsString,
    fs, io,
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::Command,
};

use super::ServerError;

/// The programs of one version.
#[derive(Clone, Debug)]
pub struct Installation {
    bin: PathBuf,
    /// User and group to run as, when the tests run as root.
    user: Option<(u32, u32)>,
}

impl Installation {
    /// The newest installation.
    ///
    /// # Errors
    /// [`ServerError::NotInstalled`], [`ServerError::NoUser`].
    pub fn find() -> Result<Self, ServerError> {
        let on_path = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
        let candidates = env::var_os("ZKL_PG_BIN").map(PathBuf::from).into_iter().chain(debian()).chain(on_path);
        let has_all = |bin: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| bin.join(name).is_file());
        let bin = candidates.into_iter().find(has_all).ok_or(ServerError::NotInstalled)?;
        let is_root = fs::metadata("/proc/self")?.uid() == 0;
        let user = if is_root { Some(user_ids("postgres").ok_or(ServerError::NoUser)?) } else { None };
        Ok(Self { bin, user })
    }

    /// A command of this installation.
    pub(super) fn command(&self, name: &str) -> Command {
        self.program(&self.bin.join(name))
    }

    /// Any program, as the server's user.
    pub(super) fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        // The directory of the tests may be closed to the server's user.
        command.current_dir("/").env("LC_ALL", "C");
        command
    }

    /// Makes the server's user the owner of `path`.
    pub(super) fn give(&self, path: &Path) -> Result<(), io::Error> {
        self.user.map_or(Ok(()), |(uid, gid)| chown(path, Some(uid), Some(gid)))
    }

    /// Arguments for `initdb` that sort text as people do, where this version can: a store must not depend on it.
    pub(super) fn foreign_collation(&self) -> &'static [&'static str] {
        let help = self.command("initdb").arg("--help").output().map(|output| output.stdout).unwrap_or_default();
        if String::from_utf8_lossy(&help).contains("--icu-locale") {
            &["--locale=C", "--locale-provider=icu", "--icu-locale=en"]
        } else {
            &["--locale=C"]
        }
    }
}

/// Debian keeps each version's programs in a directory of its own, newest first here.
fn debian() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, OsString)> =
        versions.map(|entry| entry.file_name()).filter_map(|name| Some((name.to_str()?.parse().ok()?, name))).collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, name)| Path::new("/usr/lib/postgresql").join(name).join("bin")).collect()
}

/// User and group number from the system's list of users.
fn user_ids(name: &str) -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let uid_and_gid =
            |fields: &mut std::str::Split<'_, char>| Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?));
        (fields.next()? == name).then(|| uid_and_gid(&mut fields))?
    })
}
