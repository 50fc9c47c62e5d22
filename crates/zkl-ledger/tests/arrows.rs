//! The architecture's arrows: which crate may depend on which, and what some crates must never know.

#![expect(clippy::expect_used, reason = "a test that fails should stop")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// Allowed dependencies of each crate on others of the workspace, tests and benches left aside.
const ARROWS: [(&str, &[&str]); 26] = [
    ("zkl-core", &[]),
    ("zkl-kernel", &["zkl-core"]),
    ("zkl-poseidon", &["zkl-core"]),
    ("zkl-merkle", &["zkl-core"]),
    ("zkl-dataset", &["zkl-core"]),
    ("zkl-sources", &["zkl-dataset"]),
    ("zkl-signer", &["zkl-core", "zkl-merkle"]),
    ("zkl-argument", &["zkl-core", "zkl-kernel", "zkl-poseidon"]),
    ("zkl-snark", &["zkl-core", "zkl-kernel", "zkl-poseidon", "zkl-argument"]),
    ("zkl-circuits", &["zkl-core", "zkl-kernel", "zkl-poseidon", "zkl-argument", "zkl-snark"]),
    ("zkl-storage-pg", &["zkl-core"]),
    ("zkl-storage-rocks", &["zkl-core"]),
    ("zkl-storage-s3", &["zkl-core"]),
    ("zkl-testkit", &["zkl-core"]),
    ("zkl-receipt", &["zkl-core", "zkl-merkle", "zkl-snark", "zkl-circuits", "zkl-argument"]),
    (
        "zkl-ledger",
        &[
            "zkl-core",
            "zkl-merkle",
            "zkl-dataset",
            "zkl-snark",
            "zkl-circuits",
            "zkl-argument",
            "zkl-receipt",
            "zkl-signer",
            "zkl-storage-pg",
            "zkl-storage-rocks",
            "zkl-storage-s3",
        ],
    ),
    ("zkl-witness", &["zkl-receipt", "zkl-signer"]),
    ("zkl-wasm", &["zkl-receipt", "zkl-report"]),
    ("zkl-verify", &["zkl-core", "zkl-receipt"]),
    ("zkl-bindings", &["zkl-ledger", "zkl-report", "zkl-sources"]),
    ("zkl-python", &["zkl-bindings", "zkl-ledger", "zkl-sources"]),
    ("zkl-node", &["zkl-bindings", "zkl-ledger", "zkl-sources"]),
    ("zkl-report", &["zkl-core", "zkl-receipt"]),
    ("zkl-server", &["zkl-ledger", "zkl-report", "zkl-sources", "zkl-witness"]),
    ("zkl-cli", &["zkl-ledger", "zkl-report", "zkl-sources", "zkl-verify", "zkl-witness", "zkl-server"]),
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
            "zkl-snark",
            "zkl-circuits",
            "zkl-storage-pg",
            "zkl-storage-rocks",
            "zkl-storage-s3",
            "zkl-ledger",
            "zkl-testkit",
        ],
    ),
];

/// External crates, by prefix of their name, that a crate must not depend on itself. What it must not link at all is in
/// [`CLOSURES`].
const FORBIDDEN: [(&str, &[&str]); 4] = [
    ("zkl-kernel", &["ark-", "serde"]),
    ("zkl-argument", &["ark-groth16"]),
    ("zkl-circuits", &["ark-groth16"]),
    ("zkl-ledger", &["clap", "axum", "hyper", "tonic", "ureq", "indicatif"]),
];

const STORES: &[&str] = &["rocksdb", "librocksdb-sys", "sqlx", "aws-"];
const TABLES: &[&str] = &["arrow", "parquet", "csv"];
const PROOFS: &[&str] = &["ark-"];
const ASYNC: &[&str] = &["tokio"];
/// Custody of secrets is no business of a verifier.
const CUSTODY: &[&str] = &["age", "scrypt", "cryptoki", "zkl-signer"];
/// Thread pools come with the feature `parallel`.
const THREADS: &[&str] = &["rayon"];

/// Crates, by prefix of their name, that must not be anywhere among the dependencies of a crate with these features, tests
/// and benches left aside.
const CLOSURES: [Closure; 17] = [
    Closure::of("zkl-core", &[STORES, TABLES, PROOFS, ASYNC]),
    Closure { features: &["circuit"], ..Closure::of("zkl-core", &[STORES, TABLES, ASYNC]) },
    Closure::of("zkl-kernel", &[STORES, TABLES, ASYNC, THREADS]),
    Closure::of("zkl-poseidon", &[STORES, TABLES, ASYNC, THREADS]),
    Closure::of("zkl-merkle", &[STORES, TABLES, PROOFS, ASYNC]),
    Closure::of("zkl-dataset", &[STORES, PROOFS, ASYNC]),
    Closure::of("zkl-argument", &[STORES, TABLES, ASYNC, THREADS]),
    Closure::of("zkl-snark", &[STORES, TABLES, ASYNC, THREADS]),
    Closure::of("zkl-circuits", &[STORES, TABLES, ASYNC, THREADS]),
    Closure::of("zkl-receipt", &[STORES, TABLES, ASYNC, THREADS, CUSTODY, &["futures", "toml", "tempfile"]]),
    Closure::of("zkl-report", &[STORES, TABLES, ASYNC, THREADS, CUSTODY]),
    Closure::of("zkl-wasm", &[STORES, TABLES, ASYNC, CUSTODY]),
    // One static file without C code of a library. `csv` writes its output.
    Closure::of(
        "zkl-verify",
        &[STORES, &["arrow", "parquet"], ASYNC, THREADS, CUSTODY, &["zstd-sys", "lz4-sys", "ring", "cmake", "ureq"]],
    ),
    Closure {
        features: &["parallel"],
        ..Closure::of("zkl-receipt", &[STORES, TABLES, ASYNC, CUSTODY, &["futures", "toml", "tempfile"]])
    },
    Closure::of("zkl-storage-rocks", &[TABLES, PROOFS, &["ed25519", "sqlx", "aws-"]]),
    Closure::of("zkl-storage-pg", &[TABLES, PROOFS, &["ed25519", "rocksdb", "librocksdb-sys", "aws-"]]),
    Closure::of("zkl-storage-s3", &[TABLES, PROOFS, &["ed25519", "rocksdb", "librocksdb-sys", "sqlx"]]),
];

/// What a crate must not link.
struct Closure {
    package: &'static str,
    features: &'static [&'static str],
    forbidden: &'static [&'static [&'static str]],
}

impl Closure {
    const fn of(package: &'static str, forbidden: &'static [&'static [&'static str]]) -> Self {
        Self { package, features: &[], forbidden }
    }

    /// Names of all crates that are linked. The resolve graph of `cargo metadata` joins the features of the whole workspace;
    /// `cargo tree` takes those of one package.
    fn linked(&self) -> BTreeSet<String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["tree", "--offline", "--locked", "--quiet", "--edges", "normal,build", "--prefix", "none"])
            .args(["--format", "{p}", "--no-default-features", "--package", self.package])
            .args(["--features", &self.features.join(",")])
            .output()
            .expect("cargo tree");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let tree = String::from_utf8(output.stdout).expect("text");
        tree.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    }
}

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

#[test]
fn a_verifier_links_no_native_library() {
    let metadata = MetadataCommand::new().other_options(["--offline".to_owned(), "--locked".to_owned()]).exec();
    let packages = metadata.expect("cargo metadata").packages;
    let linked = Closure::of("zkl-receipt", &[]).linked();
    for package in packages.iter().filter(|package| linked.contains(package.name.as_str())) {
        assert_eq!(package.links, None, "{}", package.name);
    }
}

#[test]
fn no_crate_links_what_it_must_not_know() {
    for closure in CLOSURES {
        let linked = closure.linked();
        assert!(linked.contains("zkl-core"), "{} links nothing of the workspace", closure.package);
        for prefix in closure.forbidden.iter().copied().flatten() {
            let hit = linked.iter().find(|name| name.starts_with(prefix));
            assert_eq!(hit, None, "{} with features {:?} must not link it", closure.package, closure.features);
        }
    }
}

/// A proof system is a value: whoever wants another one changes its own module and its registration.
#[test]
fn nothing_but_its_own_module_and_its_registration_names_a_proof_system() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let allowed = [
        ("zkl-snark/src/lib.rs", "pub mod groth16;"),
        ("zkl-snark/src/lib.rs", "pub mod universal;"),
        ("zkl-snark/src/ark.rs", "pub use ark_groth16 as groth16;"),
        ("zkl-snark/src/proof_system.rs", "groth16::Groth16,"),
        ("zkl-snark/src/proof_system.rs", "pub const COMPACT: &dyn ProofSystem = &Groth16;"),
        ("zkl-snark/src/proof_system.rs", "universal::Universal,"),
    ];
    let mut found = Vec::new();
    for file in sources(&crates) {
        let name = file.strip_prefix(&crates).expect("a file of the workspace").to_string_lossy().into_owned();
        // Keys of other programs say what proof system they are of.
        let own = ["zkl-snark/src/groth16/", "zkl-snark/src/universal/", "zkl-argument/src/snarkjs/"];
        if own.iter().any(|own| name.starts_with(own)) {
            continue;
        }
        let text = fs::read_to_string(&file).expect("source text");
        // Tests of a file stand last in it.
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for line in code.lines().map(|line| line.split("//").next().unwrap_or_default().trim()) {
            let named = ["groth16", "universal::"].iter().any(|system| line.to_lowercase().contains(system));
            let allowed = || allowed.iter().any(|(file, text)| name == *file && line == *text);
            if named && !allowed() {
                found.push(format!("{name}: {line}"));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Every source file of the libraries and programs, tests left aside.
fn sources(crates: &Path) -> Vec<PathBuf> {
    let mut directories: Vec<PathBuf> =
        fs::read_dir(crates).expect("crates").map(|entry| entry.expect("a crate").path().join("src")).collect();
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            match path.file_stem().and_then(|stem| stem.to_str()) {
                Some("tests" | "testing") => {}
                _ if path.is_dir() => directories.push(path),
                _ if path.extension().is_some_and(|extension| extension == "rs") => files.push(path),
                _ => {}
            }
        }
    }
    files
}
