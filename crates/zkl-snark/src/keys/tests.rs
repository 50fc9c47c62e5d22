//! Tests of the key store and of trust.

use std::{
    cell::{Cell, RefCell},
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use sha2::{Digest as _, Sha256};
use zkl_core::{
    circuit::{Circuit, CircuitId},
    digest::KeyDigest,
};

use super::*;
use crate::{
    ark::{Fr, relations::gr1cs::SynthesisError},
    gadgets::{Cs, FieldVar},
    groth16::danger_setup,
    proof_system::{COMPACT, ProveError, ProvingKey, UNIVERSAL},
};

/// Knows a square root of a public element.
struct Root {
    id: &'static str,
    x: u64,
}

impl Circuit for Root {
    fn id(&self) -> CircuitId {
        CircuitId::new(self.id, 1).unwrap()
    }

    fn public_inputs(&self) -> Vec<Fr> {
        vec![Fr::from(self.x * self.x)]
    }

    fn synthesize(&self, cs: Cs) -> Result<(), SynthesisError> {
        let y = FieldVar::input(&cs, Some(self.public_inputs()[0]))?;
        let x = FieldVar::witness(&cs, Some(Fr::from(self.x)))?;
        FieldVar::enforce_product(&cs, &x, &x, &y)?;
        Ok(())
    }
}

const CIRCUIT: Root = Root { id: "test/root", x: 3 };

/// Two public elements instead of one.
struct TwoRoots;

impl Circuit for TwoRoots {
    fn id(&self) -> CircuitId {
        CIRCUIT.id()
    }

    fn public_inputs(&self) -> Vec<Fr> {
        [CIRCUIT.public_inputs(), CIRCUIT.public_inputs()].concat()
    }

    fn synthesize(&self, cs: Cs) -> Result<(), SynthesisError> {
        CIRCUIT.synthesize(cs.clone())?;
        CIRCUIT.synthesize(cs)
    }
}

/// What the store reported while it looked for the keys of `circuit`.
fn events(store: &KeyStore, circuit: &dyn Circuit) -> (std::sync::Arc<dyn ProvingKey>, Vec<String>) {
    let (events, last) = (RefCell::new(Vec::new()), Cell::new(0));
    let keys = store
        .keys(COMPACT, circuit, &|event| match event {
            KeyEvent::Generating { .. } => events.borrow_mut().push("generating".to_owned()),
            KeyEvent::Generated { .. } => events.borrow_mut().push("generated".to_owned()),
            KeyEvent::Damaged { fault, .. } => events.borrow_mut().push(fault.to_string()),
            KeyEvent::GeneratingSrs | KeyEvent::SrsDamaged { .. } => unreachable!("no reference string was asked for"),
            KeyEvent::Progress { percent, .. } => assert!((last.replace(percent) + 1..=100).contains(&percent)),
        })
        .unwrap();
    let made = events.borrow().iter().any(|event| event == "generated");
    assert_eq!(last.get(), if made { 100 } else { 0 });
    (keys, events.into_inner())
}

fn key_file(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("test.root@1.dev.key")
}

#[test]
fn keys_are_made_once_and_then_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::open(dir.path().join("keys")).unwrap();
    let (made, first) = events(&store, &CIRCUIT);
    assert_eq!(first, ["generating", "generated"]);
    let (same, second) = events(&store, &Root { x: 4, ..CIRCUIT });
    assert!(second.is_empty() && std::sync::Arc::ptr_eq(&made, &same));

    let reopened = KeyStore::open(dir.path().join("keys")).unwrap();
    let (loaded, third) = events(&reopened, &CIRCUIT);
    assert!(third.is_empty());
    assert_eq!(loaded.verifying(), made.verifying());
    let proof = loaded.prove(&CIRCUIT, None, None).unwrap();
    assert_eq!(made.verifying().verify(&CIRCUIT.public_inputs(), None, None, &proof), Ok(()));
    assert_eq!((loaded.id(), loaded.setup()), (&CIRCUIT.id(), Setup::Dev));
}

#[test]
fn every_machine_makes_the_same_dev_keys() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let keys = |dir: &tempfile::TempDir| events(&KeyStore::open(dir.path()).unwrap(), &CIRCUIT).0;
    assert_eq!(keys(&first).verifying().digest(), keys(&second).verifying().digest());
    assert_eq!(fs::read(key_file(&first)).unwrap(), fs::read(key_file(&second)).unwrap());
    assert_eq!(
        keys(&first).verifying().digest().to_string(),
        "42020a665e95880cc9e6331532579eb83f4f0e0bf301677e9890d13fd84607bb",
        "the dev seed, arkworks' set-up or the key encoding changed"
    );
    assert_ne!(dev_seed(&CIRCUIT.id()), dev_seed(&CircuitId::new("test/root", 2).unwrap()));
}

#[test]
fn a_damaged_file_is_reported_and_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let (_, _) = events(&KeyStore::open(dir.path()).unwrap(), &CIRCUIT);
    let intact = fs::read(key_file(&dir)).unwrap();
    let id_at = 8 + 4 + 2;
    let digests_at = id_at + "test/root@1".len();
    let keys_at = digests_at + 64 + 16;
    let flip = |at: usize| {
        let mut bytes = intact.clone();
        bytes[at] ^= 1;
        bytes
    };
    let damages: Vec<(Vec<u8>, FileFault)> = vec![
        (Vec::new(), FileFault::Magic),
        (flip(0), FileFault::Magic),
        (flip(8), FileFault::Version { expected: 2, got: 3 }),
        (flip(12), FileFault::Circuit),
        (flip(id_at), FileFault::Circuit),
        (flip(digests_at), FileFault::Digest { part: "verifying" }),
        (flip(digests_at + 32), FileFault::Digest { part: "proving" }),
        (flip(digests_at + 71), FileFault::Length),
        (flip(digests_at + 79), FileFault::Length),
        (flip(keys_at), FileFault::Digest { part: "verifying" }),
        (flip(intact.len() - 1), FileFault::Digest { part: "proving" }),
        (intact[..intact.len() - 1].to_vec(), FileFault::Length),
        (intact[..10].to_vec(), FileFault::Length),
        ([intact.as_slice(), &[0]].concat(), FileFault::Length),
    ];
    for (bytes, fault) in damages {
        fs::write(key_file(&dir), bytes).unwrap();
        let (_, seen) = events(&KeyStore::open(dir.path()).unwrap(), &CIRCUIT);
        assert_eq!(seen, [fault.to_string(), "generating".to_owned(), "generated".to_owned()]);
        assert_eq!(fs::read(key_file(&dir)).unwrap(), intact);
    }
}

/// A file whose digests are right and whose parts are of two circuits.
#[test]
fn a_file_with_the_points_and_matrices_of_another_circuit_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, _) = events(&KeyStore::open(dir.path()).unwrap(), &CIRCUIT);
    let intact = fs::read(key_file(&dir)).unwrap();
    let other = danger_setup(&TwoRoots, dev_seed(&CIRCUIT.id()), &mut |_| ()).unwrap().to_bytes();
    let own = danger_setup(&CIRCUIT, dev_seed(&CIRCUIT.id()), &mut |_| ()).unwrap().to_bytes();
    let body = intact.len() - own.len();
    let lengths = 8 + 4 + 2 + "test/root@1".len() + 64;
    let mut mixed = [&intact[..body], &other].concat();
    mixed[lengths + 8..lengths + 16].copy_from_slice(&(other.len() as u64).to_le_bytes());
    let digest = Sha256::new().chain_update(keys.verifying().digest().as_bytes()).chain_update(&other).finalize();
    mixed[lengths - 32..lengths].copy_from_slice(&digest);
    fs::write(key_file(&dir), mixed).unwrap();
    let (_, seen) = events(&KeyStore::open(dir.path()).unwrap(), &CIRCUIT);
    assert_eq!(seen, [FileFault::Pair.to_string(), "generating".to_owned(), "generated".to_owned()]);
    assert_eq!(fs::read(key_file(&dir)).unwrap(), intact);
}

#[test]
fn the_key_of_another_circuit_in_the_right_place_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::open(dir.path()).unwrap();
    events(&store, &CIRCUIT);
    fs::copy(key_file(&dir), dir.path().join("test.other@1.dev.key")).unwrap();
    let (_, seen) = events(&store, &Root { id: "test/other", x: 1 });
    assert_eq!(seen[0], FileFault::Circuit.to_string());
}

#[test]
fn threads_that_ask_at_once_make_one_key() {
    let dir = tempfile::tempdir().unwrap();
    let made = AtomicUsize::new(0);
    let digests: Vec<KeyDigest> = std::thread::scope(|scope| {
        let ask = || {
            // A store each, as two processes have.
            let store = KeyStore::open(dir.path()).unwrap();
            let count = |event: KeyEvent<'_>| {
                if matches!(event, KeyEvent::Generated { .. }) {
                    made.fetch_add(1, Ordering::SeqCst);
                }
            };
            store.keys(COMPACT, &CIRCUIT, &count).unwrap().verifying().digest()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(made.load(Ordering::SeqCst), 1);
    assert!(digests.iter().all(|digest| *digest == digests[0]));
}

#[test]
fn keys_of_another_circuit_do_not_prove() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, _) = events(&KeyStore::open(dir.path()).unwrap(), &CIRCUIT);
    assert!(matches!(keys.prove(&Root { id: "test/other", x: 1 }, None, None), Err(ProveError::Key { .. })));
}

#[test]
fn a_directory_that_cannot_be_made_is_an_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(KeyStore::open(file.path()), Err(KeyError::Io { operation: "open", .. })));
    // Below a file nothing can be made: that is found out when the first key is to be kept.
    let store = KeyStore::open(file.path().join("keys")).unwrap();
    assert!(matches!(store.keys(COMPACT, &CIRCUIT, &|_| {}), Err(KeyError::Io { .. })));
}

#[test]
fn a_key_is_recognised_by_circuit_and_digest() {
    let (id, other) = (CIRCUIT.id(), CircuitId::new("test/other", 1).unwrap());
    let (pinned, digest) = (KeyDigest::of(b"the pinned key"), KeyDigest::of(b"some key"));
    let keys = PinnedKeys::new(COMPACT, Setup::Dev, [(id.clone(), pinned)]);
    assert_eq!(keys.setup(COMPACT, &id, pinned), Some(Setup::Dev));
    assert_eq!(keys.setup(COMPACT, &id, digest), None);
    // The key of one circuit is none of another, and in one proof system none in another.
    assert_eq!(keys.setup(COMPACT, &other, pinned), None);
    assert_eq!(keys.setup(UNIVERSAL, &id, pinned), None);
    assert_eq!(PinnedKeys::default().setup(COMPACT, &id, pinned), None);
    assert!(Setup::Dev.is_forgeable() && !Setup::External.is_forgeable());
    assert_eq!(Setup::Dev.to_string(), "dev setup: forgeable, for evaluation only");
}

#[test]
fn a_dev_key_that_is_not_the_pinned_one_is_neither_used_nor_made() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, _) = events(&KeyStore::open(dir.path()).unwrap(), &CIRCUIT);
    let pinning = |digest| PinnedKeys::new(COMPACT, Setup::Dev, [(CIRCUIT.id(), digest)]);
    let store = |digest| KeyStore::open(dir.path()).unwrap().pinning(&pinning(digest));
    let (same, seen) = events(&store(keys.verifying().digest()), &CIRCUIT);
    assert!(seen.is_empty() && same.verifying() == keys.verifying());
    let refused = store(KeyDigest::of(b"another key")).keys(COMPACT, &CIRCUIT, &|_| {});
    assert!(matches!(refused, Err(KeyError::NotPinned { .. })));
}
