//! Keys from ceremonies. `data/root.zkey` was made by snarkjs 0.7.6 out of `data/root.r1cs`, with the commands of docs/ceremony.md.

use zkl_core::circuit::{Circuit, CircuitId};

use crate::{
    ark::{Fr, relations::gr1cs::SynthesisError},
    gadgets::{Cs, FieldVar},
    keys::{FileFault, KeyError, KeyStore, Setup},
    matrices::Matrices,
    proof_system::{COMPACT, ImportKeyError, KeySizes, ProveError, UNIVERSAL},
};
use zkl_argument::snarkjs::{SnarkjsError, ZkeyError};

const ZKEY: &[u8] = include_bytes!("data/root.zkey");
const R1CS: &[u8] = include_bytes!("data/root.r1cs");

/// Knows a square root of a public element, so many times.
struct Root {
    x: u64,
    times: usize,
}

const ROOT: Root = Root { x: 3, times: 1 };

impl Circuit for Root {
    fn id(&self) -> CircuitId {
        CircuitId::new("test/root", 1).unwrap()
    }

    fn public_inputs(&self) -> Vec<Fr> {
        vec![Fr::from(self.x * self.x)]
    }

    fn synthesize(&self, cs: Cs) -> Result<(), SynthesisError> {
        let y = FieldVar::input(&cs, Some(self.public_inputs()[0]))?;
        for _ in 0..self.times {
            let x = FieldVar::witness(&cs, Some(Fr::from(self.x)))?;
            FieldVar::enforce_product(&cs, &x, &x, &y)?;
        }
        Ok(())
    }
}

/// As many variables and constraints as [`Root`], and another statement: the element is twice a known one.
struct Half;

impl Circuit for Half {
    fn id(&self) -> CircuitId {
        ROOT.id()
    }

    fn public_inputs(&self) -> Vec<Fr> {
        vec![Fr::from(6u64)]
    }

    fn synthesize(&self, cs: Cs) -> Result<(), SynthesisError> {
        let y = FieldVar::input(&cs, Some(Fr::from(6u64)))?;
        let x = FieldVar::witness(&cs, Some(Fr::from(3u64)))?;
        FieldVar::enforce_product(&cs, &x, &FieldVar::constant(Fr::from(2u64)), &y)?;
        Ok(())
    }
}

fn store() -> (tempfile::TempDir, KeyStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::open(dir.path()).unwrap();
    (dir, store)
}

#[test]
fn constraints_are_written_as_snarkjs_reads_them() {
    assert_eq!(Matrices::of(&ROOT).unwrap().to_r1cs(), R1CS);
}

#[test]
fn a_key_from_a_ceremony_is_imported_kept_and_proves() {
    let (dir, store) = store();
    assert!(store.ceremony_key(COMPACT, &ROOT.id()).unwrap().is_none());
    let key = store.import_key(COMPACT, &ROOT, ZKEY).unwrap();
    assert_eq!((key.id(), key.setup()), (&ROOT.id(), Setup::External));
    let again = KeyStore::open(dir.path()).unwrap().ceremony_key(COMPACT, &ROOT.id()).unwrap().unwrap();
    assert_eq!(again.verifying(), key.verifying());
    for key in [key, again] {
        let proof = key.prove(&Root { x: 5, times: 1 }, None, None).unwrap();
        assert_eq!(proof.len(), 128);
        assert_eq!(key.verifying().verify(&[Fr::from(25u64)], None, None, &proof), Ok(()));
        assert!(key.verifying().verify(&[Fr::from(26u64)], None, None, &proof).is_err());
    }
    // It stands beside the dev key and is never taken for it.
    let dev = store.keys(COMPACT, &ROOT, &|_| {}).unwrap();
    assert_eq!(dev.setup(), Setup::Dev);
    assert_ne!(dev.verifying(), store.ceremony_key(COMPACT, &ROOT.id()).unwrap().unwrap().verifying());
}

#[test]
fn keys_of_other_circuits_are_refused_or_make_no_proof() {
    let (_dir, store) = store();
    let expected = KeySizes { variables: 5, inputs: 1, domain: 8 };
    let got = KeySizes { variables: 3, inputs: 1, domain: 4 };
    match store.import_key(COMPACT, &Root { x: 3, times: 3 }, ZKEY).err() {
        Some(ImportKeyError::Sizes { expected: e, got: g, .. }) => assert_eq!((e, g), (expected, got)),
        other => panic!("{other:?}"),
    }
    let key = store.import_key(COMPACT, &Half, ZKEY).unwrap();
    assert!(matches!(key.prove(&Half, None, None), Err(ProveError::SelfCheck(_))));
    assert!(matches!(store.import_key(UNIVERSAL, &ROOT, ZKEY), Err(ImportKeyError::NoSetup { system: "universal" })));
}

/// Where the content of a section begins.
fn section(id: u32) -> usize {
    let mut at = 12;
    loop {
        let field =
            |at: usize, bytes: usize| ZKEY[at..at + bytes].iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
        if field(at, 4) == u64::from(id) {
            return at + 12;
        }
        at += 12 + field(at + 4, 8) as usize;
    }
}

#[test]
fn damaged_files_are_refused_whole() {
    let (dir, store) = store();
    let refused = |bytes: &[u8]| store.import_key(COMPACT, &ROOT, bytes).err().unwrap();
    let with = |at: usize, byte: u8| {
        let mut bytes = ZKEY.to_vec();
        bytes[at] ^= byte;
        bytes
    };
    for id in [3, 5, 6, 8, 9] {
        let error = refused(&with(section(id) + if id == 5 || id == 6 { 128 } else { 0 }, 1));
        assert!(matches!(error, ImportKeyError::File(ZkeyError::File(SnarkjsError::Invalid(_)))), "{id}: {error:?}");
    }
    // After the sizes: alpha, beta, gamma, delta.
    let points = section(2) + 84;
    for at in [0, 64, 128, 256, 384, 448] {
        let error = refused(&with(points + at, 1));
        assert!(matches!(error, ImportKeyError::File(ZkeyError::File(SnarkjsError::Invalid(_)))), "{at}: {error:?}");
    }
    assert!(matches!(
        refused(&with(section(2) + 76, 4)),
        ImportKeyError::File(ZkeyError::Inputs { inputs: 5, variables: 3 })
    ));
    assert!(matches!(refused(&with(section(1), 3)), ImportKeyError::File(ZkeyError::Protocol { got: 2 })));
    assert!(matches!(refused(&ZKEY[..ZKEY.len() - 1]), ImportKeyError::File(ZkeyError::File(_))));
    assert!(matches!(refused(b"zkey"), ImportKeyError::File(ZkeyError::File(_))));

    store.import_key(COMPACT, &ROOT, ZKEY).unwrap();
    let path = dir.path().join("test.root@1.ceremony.key");
    let mut kept = std::fs::read(&path).unwrap();
    *kept.last_mut().unwrap() ^= 1;
    std::fs::write(&path, kept).unwrap();
    let error = KeyStore::open(dir.path()).unwrap().ceremony_key(COMPACT, &ROOT.id()).err();
    assert!(
        matches!(error, Some(KeyError::Ceremony { source: FileFault::Digest { part: "proving" }, .. })),
        "{error:?}"
    );
    // A point at infinity where none can be has no encoding in the file's header: it is refused as zero.
    let mut infinite = ZKEY.to_vec();
    infinite[points..points + 64].fill(0);
    let error = refused(&infinite);
    assert!(matches!(error, ImportKeyError::File(ZkeyError::File(SnarkjsError::Invalid(_)))), "{error:?}");
}
