//! A ledger in memory with the bundled table.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use tempfile::TempDir;
use zkl_ledger::{
    KeyStore, Ledger, NotarizeRequest, Notarized, OpeningStore, PrivacyLevel, ReadOptions, keys::SigningKey,
    memory::MemoryBackend, note::NoteSigner,
};

/// Key generation is the slow part of these tests, so all of them share one directory of keys that outlives a run.
pub(crate) fn key_dir() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("zkl-keys"))
}

pub(crate) struct Fixture {
    pub(crate) ledger: Ledger<MemoryBackend>,
    _dir: TempDir,
}

impl Fixture {
    pub(crate) fn new(origin: &str) -> Self {
        Self::signed_by(NoteSigner::new(origin.parse().expect("an origin"), SigningKey::generate().expect("a key")))
    }

    pub(crate) fn signed_by(log: NoteSigner) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let keys = KeyStore::open(key_dir()).expect("a key store");
        let openings = OpeningStore::new(dir.path().join("openings"));
        Self { ledger: Ledger::new(MemoryBackend::new(), log, keys, openings), _dir: dir }
    }

    pub(crate) async fn penguins(&self) -> Notarized {
        self.notarize(&penguins(), "penguins").await
    }

    pub(crate) async fn notarize(&self, file: &Path, name: &str) -> Notarized {
        let read = ReadOptions {
            joint: vec![("species".to_owned(), "sex".to_owned())],
            product: vec![("bill_length_mm".to_owned(), "body_mass_g".to_owned())],
            ..ReadOptions::default()
        };
        let request = NotarizeRequest {
            file: file.to_owned(),
            name: name.parse().expect("a name"),
            read,
            privacy: PrivacyLevel::Private,
        };
        self.ledger.notarize(request, Arc::new(())).await.expect("the table is notarized")
    }
}

pub(crate) fn penguins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/penguins.csv")
}
