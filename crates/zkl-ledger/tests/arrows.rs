//! The architecture's arrows: which crate may depend on which, and what some crates must never know.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// Allowed dependencies of each crate on others of the workspace, tests and benches left aside.
const ARROWS: [(&str, &[&str]); 16] = [
    ("zkl-core", &[]),
    ("zkl-kernel", &["zkl-core"]),
    ("zkl-poseidon", &["zkl-core"]),
    ("zkl-merkle", &["zkl-core"]),
    ("zkl-dataset", &["zkl-core"]),
    ("zkl-argument", &["zkl-core", "zkl-kernel", "zkl-poseidon"]),
    ("zkl-circuits", &["zkl-core", "zkl-kernel", "zkl-poseidon", "zkl-argument"]),
    ("zkl-storage-pg", &["zkl-core"]),
    ("zkl-storage-rocks", &["zkl-core"]),
    ("zkl-storage-s3", &["zkl-core"]),
    ("zkl-testkit", &["zkl-core"]),
    ("zkl-receipt", &["zkl-core", "zkl-merkle", "zkl-circuits", "zkl-argument"]),
    (
        "zkl-ledger",
        &[
            "zkl-core",
            "zkl-merkle",
            "zkl-dataset",
            "zkl-circuits",
            "zkl-argument",
            "zkl-receipt",
            "zkl-storage-pg",
            "zkl-storage-rocks",
            "zkl-storage-s3",
        ],
    ),
    ("zkl-witness", &["zkl-receipt"]),
    ("zkl-cli", &["zkl-ledger", "zkl-witness"]),
    // Benches measure everything and are depended on by nothing.
    (
        "zkl-benches",
        &[
            "zkl-core",
            "zkl-kernel",
            "zkl-poseidon",
            "zkl-merkle",
            "zkl-dataset",
            "zkl-argument",
            "zkl-circuits",
            "zkl-storage-pg",
            "zkl-storage-rocks",
            "zkl-storage-s3",
            "zkl-ledger",
            "zkl-testkit",
        ],
    ),
];

/// External crates, by prefix of their name, that a crate must not use.
const FORBIDDEN: [(&str, &[&str]); 11] = [
    ("zkl-core", &["tokio", "rocksdb", "arrow", "parquet", "csv"]),
    ("zkl-kernel", &["tokio", "ark-", "serde"]),
    ("zkl-merkle", &["tokio", "ark-", "rocksdb", "async-"]),
    ("zkl-dataset", &["tokio", "ark-", "rocksdb"]),
    ("zkl-argument", &["tokio", "ark-groth16", "arrow", "parquet", "csv", "rocksdb"]),
    ("zkl-circuits", &["tokio", "arrow", "parquet", "csv", "rocksdb"]),
    ("zkl-storage-pg", &["ark-", "arrow", "parquet", "csv", "ed25519", "rocksdb"]),
    ("zkl-storage-rocks", &["ark-", "arrow", "parquet", "csv", "ed25519"]),
    ("zkl-storage-s3", &["ark-", "arrow", "parquet", "csv", "ed25519", "rocksdb"]),
    ("zkl-receipt", &["tokio", "futures", "arrow", "parquet", "csv", "rocksdb", "toml", "tempfile"]),
    ("zkl-ledger", &["clap", "axum", "hyper", "tonic", "ureq", "indicatif"]),
];

#[test]
fn no_crate_depends_on_what_it_must_not_know() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    let packages: BTreeMap<&str, &Package> =
        metadata.packages.iter().map(|package| (package.name.as_str(), package)).collect();
    let listed: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        packages.keys().copied().collect::<BTreeSet<_>>(),
        listed,
        "every crate of the workspace has its arrows"
    );

    let normal = |name: &str| -> BTreeSet<String> {
        let dependencies = packages[name].dependencies.iter();
        dependencies.filter(|d| d.kind != DependencyKind::Development).map(|d| d.name.clone()).collect()
    };
    for (name, allowed) in ARROWS {
        for dependency in normal(name).iter().filter(|dependency| dependency.starts_with("zkl-")) {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not depend on {dependency}");
        }
    }
    for (name, forbidden) in FORBIDDEN {
        for dependency in normal(name) {
            let hit = forbidden.iter().find(|prefix| dependency.starts_with(**prefix));
            assert_eq!(hit, None, "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn storage_backends_do_not_know_one_another() {
    let backends = ARROWS.iter().filter(|(name, _)| name.starts_with("zkl-storage-"));
    for (name, allowed) in backends {
        assert_eq!(*allowed, ["zkl-core"], "{name} may depend on nothing but the contract");
    }
}
