//! Proof files: the round trip, every error, and every byte changed.

use proptest::prelude::*;
use zkl_core::tree::LeafIndex;
use zkl_merkle::{
    checkpoint::Checkpoint,
    error::{CheckpointError, NoteError, ProofError, ProofFileError},
    proof_file::TlogProof,
    tree::{InclusionPlan, InclusionProof, leaf_hash},
};

use crate::support::{TiledLog, entry, leaves, mutations, origin, signer};

const ORIGIN: &str = "example.com/log";

fn file(index: u64, size: u64) -> TlogProof {
    let mut log = TiledLog::default();
    log.append(&leaves(size));
    let plan = InclusionPlan::new(LeafIndex(index), log.size()).unwrap();
    let proof = plan.prove(&log.read(&plan.tiles())).unwrap();
    let checkpoint = Checkpoint::new(origin(ORIGIN), log.size(), log.edge.root()).unwrap();
    TlogProof::new(LeafIndex(index), proof, checkpoint.sign(&signer(ORIGIN, 1)).unwrap()).unwrap()
}

#[test]
fn a_proof_file_proves_that_its_entry_is_in_the_log() {
    let log = signer(ORIGIN, 1).verifier();
    for size in [1, 2, 3, 7, 256, 300] {
        for index in [0, size / 2, size - 1] {
            for extra in [vec![], b"some context".to_vec()] {
                let file = file(index, size).with_extra(extra.clone());
                let text = file.encode();
                let decoded = TlogProof::decode(text.as_bytes()).unwrap();
                assert_eq!((&decoded, decoded.encode()), (&file, text));
                assert_eq!(decoded.unauthenticated_extra(), extra);
                let verified = decoded.verify(&entry(index), &log).unwrap();
                assert_eq!((verified.index, verified.size.0), (LeafIndex(index), size));
                assert_eq!((verified.id, verified.origin.as_str()), (leaf_hash(&entry(index)), ORIGIN));
                assert_eq!(verified.root, file.checkpoint().unverified().root());
            }
        }
    }
}

#[test]
fn the_text_is_that_of_the_specification() {
    let text = file(0, 2).with_extra(b"x".to_vec()).encode();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..3], ["c2sp.org/tlog-proof@v1", "extra eA==", "index 0"]);
    assert_eq!((lines[3].len(), lines[4], lines[5], lines[6]), (44, "", ORIGIN, "2"));
    assert!(text.ends_with('\n') && lines[9].starts_with("— example.com/log "));
}

#[test]
fn no_byte_of_a_proof_file_without_extra_can_be_changed() {
    let log = signer(ORIGIN, 1).verifier();
    let text = file(2, 5).encode();
    for mutated in mutations(text.as_bytes()) {
        let verified = TlogProof::decode(&mutated).and_then(|file| file.verify(&entry(2), &log).map(|_| ()));
        assert!(verified.is_err(), "{}", String::from_utf8_lossy(&mutated));
    }
}

#[test]
fn a_tampered_field_is_refused_with_its_own_error() {
    let log = signer(ORIGIN, 1).verifier();
    let good = file(2, 5);
    let hashes = good.proof().hashes().to_vec();
    let verify = |index: u64, hashes: Vec<[u8; 32]>, entry: &[u8]| {
        let file = TlogProof::new(LeafIndex(index), InclusionProof::new(hashes), good.checkpoint().clone()).unwrap();
        match file.verify(entry, &log) {
            Err(ProofFileError::Inclusion(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(verify(2, hashes.clone(), b"forged"), ProofError::Root { .. }));
    assert!(matches!(verify(1, hashes.clone(), &entry(2)), ProofError::Root { .. }));
    assert_eq!(verify(4, hashes.clone(), &entry(2)), ProofError::Length { expected: 1, got: 3 });
    assert!(matches!(verify(5, hashes.clone(), &entry(2)), ProofError::IndexOutOfRange { .. }));
    assert_eq!(verify(2, vec![], &entry(2)), ProofError::Length { expected: 3, got: 0 });
    assert_eq!(verify(2, hashes[..2].to_vec(), &entry(2)), ProofError::Length { expected: 3, got: 2 });
    let extended = [hashes.as_slice(), &hashes[..1]].concat();
    assert_eq!(verify(2, extended, &entry(2)), ProofError::Length { expected: 3, got: 4 });
    let swapped = vec![hashes[1], hashes[0], hashes[2]];
    assert!(matches!(verify(2, swapped, &entry(2)), ProofError::Root { .. }));
    // Replay under a checkpoint of another size, and under other keys.
    let other = TlogProof::new(LeafIndex(2), good.proof().clone(), file(2, 300).checkpoint().clone()).unwrap();
    let error = ProofFileError::Inclusion(ProofError::Length { expected: 9, got: 3 });
    assert_eq!(other.verify(&entry(2), &log), Err(error));
    let other = signer(ORIGIN, 2).verifier();
    let error = NoteError::NotSigned { name: ORIGIN.to_owned(), key_id: other.key_id() };
    assert_eq!(good.verify(&entry(2), &other), Err(ProofFileError::Checkpoint(CheckpointError::Note(error))));
    let error = good.verify(&entry(2), &signer("example.com/other", 1).verifier()).unwrap_err();
    assert!(matches!(error, ProofFileError::Checkpoint(CheckpointError::OtherOrigin { .. })));
    let too_many = TlogProof::new(LeafIndex(0), InclusionProof::new(vec![[0; 32]; 65]), good.checkpoint().clone());
    assert_eq!(too_many, Err(ProofFileError::TooManyHashes { max: 64 }));
}

#[test]
fn malformed_files_are_refused_with_their_own_error() {
    let good = file(2, 5).with_extra(b"x".to_vec()).encode();
    let decode = |from: &str, to: &str| TlogProof::decode(good.replacen(from, to, 1).as_bytes()).unwrap_err();
    assert_eq!(TlogProof::decode(b"\xff"), Err(ProofFileError::NotUtf8));
    assert_eq!(TlogProof::decode(b""), Err(ProofFileError::Header));
    assert_eq!(decode("@v1", "@v2"), ProofFileError::Header);
    assert_eq!(decode("@v1\n", "@v1\r\n"), ProofFileError::Header);
    for extra in ["extra \n", "extra eA=\n", "extra eB==\n", "extra  eA==\n", "extra eA== \n"] {
        assert_eq!(decode("extra eA==\n", extra), ProofFileError::Extra, "{extra:?}");
    }
    for extra in ["extra\n", "Extra eA==\n", "extra eA==\nextra eA==\n"] {
        assert_eq!(decode("extra eA==\n", extra), ProofFileError::Index, "{extra:?}");
    }
    for index in ["index\n", "index 02\n", "index -2\n", "index  2\n", "index 2 \n", "Index 2\n", ""] {
        assert_eq!(decode("index 2\n", index), ProofFileError::Index, "{index:?}");
    }
    let hash = good.lines().nth(3).unwrap();
    for bad in [&hash[1..], &format!("{hash}="), &format!(" {}", &hash[1..]), "AAAA"] {
        assert_eq!(decode(hash, bad), ProofFileError::Hash { line: 0 }, "{bad:?}");
    }
    let many = format!("{hash}\n").repeat(65);
    assert_eq!(decode(&format!("{hash}\n"), &many), ProofFileError::TooManyHashes { max: 64 });
    let end = good.find("\n\n").unwrap();
    assert_eq!(TlogProof::decode(&good.as_bytes()[..=end]), Err(ProofFileError::NoCheckpoint));
    let error = ProofFileError::Checkpoint(CheckpointError::Note(NoteError::NoSignatures));
    assert_eq!(TlogProof::decode(&good.as_bytes()[..end + 2]), Err(error));
    let long = vec![b'a'; TlogProof::MAX_LEN + 1];
    let error = ProofFileError::TooLong { max: TlogProof::MAX_LEN, got: long.len() };
    assert_eq!(TlogProof::decode(&long), Err(error));
}

proptest! {
    #[test]
    fn decoding_arbitrary_files_never_panics_and_is_canonical(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            "c2sp.org/tlog-proof@v1\n(extra [A-Za-z0-9+/]{0,5}=?\n)?index [0-9]{0,3}\n([A-Za-z0-9+/]{42}[AEIM]=\n){0,3}\
             \n[a-z]{0,5}\n[0-9]{0,3}\n[A-Za-z0-9+/]{42}[AEIM]=\n\n— a AAAAAAA=\n".prop_map(String::into_bytes),
        ],
    ) {
        if let Ok(file) = TlogProof::decode(&bytes) {
            prop_assert_eq!(file.encode().into_bytes(), bytes);
            prop_assert!(file.verify(b"", &signer("a", 1).verifier()).is_err());
        }
    }
}
