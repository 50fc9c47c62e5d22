//! A full disk: a server on a small file system, in a mount namespace of its own (needs root; skipped elsewhere).

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

use zkl_core::{
    storage::{AppendBatch, Query, StorageBackend, StorageBackendExt, StorageErrorKind},
    tree::TreeSize,
};
use zkl_storage_pg::{PgBackend, PgConfig};
use zkl_testkit::{
    conformance::block_on,
    log::TestLog,
    postgres::{Server, ServerConfig},
};

use crate::support::config;

const LOG: TestLog = TestLog::salted(69);
const DIR: &str = "ZKL_PG_FULL_DIR";
const PASSED: &str = "the full disk was survived";

fn batch(size: u64) -> AppendBatch {
    let mut batch = LOG.batch(size, 1);
    let entry = &mut batch.transactions[0].entry;
    *entry = entry.iter().copied().cycle().take(60_000).collect();
    batch
}

/// Runs `test` of this program on a file system of 160 MiB; `None` if this system does not allow that.
fn run_in_small_filesystem(test: &str) -> Option<String> {
    let mount = tempfile::tempdir().unwrap();
    // The server's user has to pass.
    fs::set_permissions(mount.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let script = r#"mount -t tmpfs -o size=160m,mode=755 tmpfs "$0" && exec "$@""#;
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", script])
        .arg(mount.path())
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(DIR, mount.path())
        .stderr(Stdio::piped())
        .output()
        .ok()?;
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    // Without the child's own words the namespace or the mount was refused.
    text.contains("running 1 test").then_some(text)
}

#[test]
fn a_full_disk_is_reported_and_loses_nothing() {
    match run_in_small_filesystem("full::child_fills_its_disk") {
        Some(text) => {
            let told = text.lines().find(|line| line.contains(PASSED));
            println!("{}", told.unwrap_or_else(|| panic!("{text}")));
        }
        None => println!("skipped: this system does not let a test mount a file system"),
    }
}

#[test]
#[ignore = "the child of the other test; does nothing by itself"]
fn child_fills_its_disk() {
    let Some(mount) = env::var_os(DIR) else {
        return;
    };
    let ballast = Path::new(&mount).join("ballast");
    let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    // Small logs of the server, so that tables fill the disk and not only these.
    let server = Server::start(ServerConfig {
        parent: Some(Path::new(&mount).to_owned()),
        init: vec!["--wal-segsize=1".to_owned()],
        settings: vec![
            setting("max_wal_size", "8MB"),
            setting("min_wal_size", "4MB"),
            setting("shared_buffers", "16MB"),
            setting("dynamic_shared_memory_type", "posix"),
        ],
        ..ServerConfig::default()
    })
    .unwrap();
    fs::write(&ballast, vec![1; 60 << 20]).unwrap();
    block_on(async {
        let backend = PgBackend::create(&server.url(), &PgConfig { attempts: 2, ..config() }).await.unwrap();
        let mut size = 0;
        let error = loop {
            match backend.append(TreeSize(size), batch(size)).await {
                Ok(()) => size += 1,
                Err(error) => break error,
            }
        };
        assert!(size > 10, "{size} entries: {error:?}");
        // The tables find no room, or the server's own log finds none and it crashes.
        let kinds =
            [StorageErrorKind::Full, StorageErrorKind::Unavailable, StorageErrorKind::Timeout, StorageErrorKind::Io];
        assert!(kinds.contains(&error.kind), "{error:?}");
        let again = backend.append(TreeSize(size), batch(size)).await.unwrap_err();
        assert!(kinds.contains(&again.kind) || again.kind == StorageErrorKind::Poisoned, "{again:?}");
        drop(backend);

        fs::remove_file(&ballast).unwrap();
        server.stop().unwrap();
        server.start_again().unwrap();
        let backend = PgBackend::open(&server.url(), &config()).await.unwrap();
        let found = backend.size().await.unwrap().0;
        assert!(found == size || found == size + 1, "{found} entries, {size} acknowledged");
        let mut pages = backend.pages(Query { limit: 100, ..Query::default() });
        let mut index = 0;
        while let Some(page) = pages.next().await.unwrap() {
            for entry in page {
                assert_eq!(entry, batch(index).transactions[0]);
                index += 1;
            }
        }
        assert_eq!(index, found);
        backend.append(TreeSize(found), batch(found)).await.unwrap();
        println!("\n{PASSED}: {:?} at {size} entries of 60 kB, {found} found, appended again", error.kind);
    });
}
