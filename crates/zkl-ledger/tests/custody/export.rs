//! Exports: every changed, cut or missing file is found.

use std::{
    fs,
    path::{Path, PathBuf},
};

use zkl_ledger::{Ledger, LedgerError, export::ExportDir, fsck::Finding, storage::memory::MemoryBackend};

use crate::{
    cosign::{FakeWitness, clients, witness_key},
    log::{grow, ledger, signer},
};

/// An export that was brought up to date twice, with the partial tiles of its earlier states.
async fn exported(dir: &Path) -> Ledger {
    let store = MemoryBackend::new();
    let custody = ledger(store.clone(), 1);
    for (count, cosigned) in [(200, true), (100, false), (230, false)] {
        grow(&store, &signer(1), count, 0).await;
        if cosigned {
            custody.ledger.cosign(&clients(&[FakeWitness::honest(1)])).await.unwrap();
        }
        custody.ledger.export(dir).await.unwrap();
    }
    custody.ledger.clone()
}

async fn findings(dir: &Path) -> Vec<Finding> {
    let export = ExportDir::open(dir).unwrap();
    export.fsck(&signer(1).verifier(), &[witness_key(1)], &()).await.unwrap().findings
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

#[tokio::test]
async fn a_sound_export_has_no_finding() {
    let dir = tempfile::tempdir().unwrap();
    exported(dir.path()).await;
    let export = ExportDir::open(dir.path()).unwrap();
    let report = export.fsck(&signer(1).verifier(), &[], &()).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.entries, report.tiles, report.blobs, report.cosigned), (530, 4, 9, 1));
    assert!(!report.indexes);
    let names: Vec<_> = files(dir.path())
        .iter()
        .map(|path| path.strip_prefix(dir.path()).unwrap().display().to_string())
        .filter(|name| !name.starts_with("blob/"))
        .collect();
    assert_eq!(
        names,
        [
            "checkpoint",
            "checkpoint.cosigned",
            "log.key",
            "tile/0/000",
            "tile/0/000.p/200",
            "tile/0/001",
            "tile/0/001.p/44",
            "tile/0/002.p/18",
            "tile/1/000.p/1",
            "tile/1/000.p/2",
            "tile/entries/000",
            "tile/entries/000.p/200",
            "tile/entries/001",
            "tile/entries/001.p/44",
            "tile/entries/002.p/18",
        ]
    );
}

#[tokio::test]
async fn a_published_file_is_that_of_an_export() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = exported(dir.path()).await;
    let files = files(dir.path());
    assert!(files.len() > 15);
    for path in files {
        let name = path.strip_prefix(dir.path()).unwrap().display().to_string();
        let published = ledger.published(&name).await.unwrap().expect(&name);
        assert_eq!(published.bytes, fs::read(&path).unwrap(), "{name}");
        assert_eq!(published.immutable, name.starts_with("tile/") || name.starts_with("blob/"), "{name}");
    }
    // What the log does not have, and other ways to write what it has.
    let blob = format!("blob/{}", "0".repeat(64));
    for name in [
        "",
        "tile",
        "tile/0/000.p/0",
        "tile/0/002",
        "tile/0/002.p/19",
        "tile/0/0",
        "tile/0/x000/000",
        "tile/entries/002",
        "tile/entries/002.p/19",
        "tile/entries/072057594037927935",
        "../checkpoint",
        "/checkpoint",
        "ledger.key",
        &blob,
    ] {
        assert_eq!(ledger.published(name).await.unwrap(), None, "{name}");
    }
}

#[tokio::test]
async fn every_tampered_file_of_an_export_is_found() {
    let dir = tempfile::tempdir().unwrap();
    exported(dir.path()).await;
    assert!(findings(dir.path()).await.is_empty());
    for path in files(dir.path()) {
        let original = fs::read(&path).unwrap();
        let name = path.strip_prefix(dir.path()).unwrap().display().to_string();
        let mut changes =
            vec![original[..original.len() - 1].to_vec(), Vec::new(), [original.as_slice(), b"\n"].concat()];
        for position in [0, original.len() / 3, original.len() / 2, original.len() - 2] {
            let mut flipped = original.clone();
            flipped[position] ^= 4;
            changes.push(flipped);
        }
        for (number, change) in changes.into_iter().enumerate() {
            fs::write(&path, change).unwrap();
            let found = ExportDir::open(dir.path());
            assert!(found.is_ok(), "{name}");
            assert!(!findings(dir.path()).await.is_empty(), "{name}, change {number}");
        }
        fs::remove_file(&path).unwrap();
        let may_be_absent = name == "checkpoint.cosigned" || is_of_an_earlier_state(&name);
        assert_eq!(findings(dir.path()).await.is_empty(), may_be_absent, "{name} is missing");
        fs::write(&path, original).unwrap();
        assert!(findings(dir.path()).await.is_empty(), "{name} is back");
    }
}

/// Files that only earlier checkpoints called for.
fn is_of_an_earlier_state(name: &str) -> bool {
    ["tile/0/000.p/200", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000.p/200", "tile/entries/001.p/44"]
        .contains(&name)
}

#[tokio::test]
async fn entries_that_were_swapped_are_each_found() {
    let dir = tempfile::tempdir().unwrap();
    exported(dir.path()).await;
    let (a, b) = (dir.path().join("tile/entries/000"), dir.path().join("tile/entries/001"));
    let (first, second) = (fs::read(&a).unwrap(), fs::read(&b).unwrap());
    fs::write(a, second).unwrap();
    fs::write(b, first).unwrap();
    let found = findings(dir.path()).await;
    let entries = found.iter().filter(|finding| matches!(finding, Finding::EntryBytes { .. })).count();
    assert_eq!(entries, 512);
}

#[tokio::test]
async fn an_export_under_another_key_is_not_sound_and_another_directory_is_none() {
    let dir = tempfile::tempdir().unwrap();
    exported(dir.path()).await;
    let export = ExportDir::open(dir.path()).unwrap();
    let report = export.fsck(&signer(2).verifier(), &[], &()).await.unwrap();
    assert!(report.findings.iter().any(|finding| matches!(finding, Finding::LogKey)));
    assert!(report.findings.iter().any(|finding| matches!(finding, Finding::Checkpoint(_))));
    let other = tempfile::tempdir().unwrap();
    assert!(matches!(ExportDir::open(other.path()), Err(LedgerError::NotAnExport { .. })));
}

#[tokio::test]
async fn the_published_checkpoint_is_the_cosigned_one() {
    let store = MemoryBackend::new();
    let custody = ledger(store.clone(), 1);
    grow(&store, &signer(1), 3, 0).await;
    let witness = FakeWitness::honest(1);
    custody.ledger.cosign(&clients(std::slice::from_ref(&witness))).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    custody.ledger.export(dir.path()).await.unwrap();
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(read("checkpoint"), read("checkpoint.cosigned"));
    assert_eq!(read("checkpoint").lines().count(), 6);
    grow(&store, &signer(1), 1, 0).await;
    custody.ledger.export(dir.path()).await.unwrap();
    assert_eq!(read("checkpoint").lines().count(), 5, "nobody has cosigned this one yet");
    assert!(read("checkpoint.cosigned").starts_with("example.com/log\n3\n"));
    custody.ledger.cosign(&clients(&[witness])).await.unwrap();
    custody.ledger.export(dir.path()).await.unwrap();
    assert!(read("checkpoint").starts_with("example.com/log\n4\n") && read("checkpoint").lines().count() == 6);
}
