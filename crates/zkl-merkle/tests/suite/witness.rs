//! The witness protocol: requests, answers, and what a witness refuses.

use std::sync::OnceLock;

use proptest::prelude::*;
use zkl_core::{digest::RootHash, tree::TreeSize};
use zkl_merkle::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    cosignature::WitnessSigner,
    error::{CheckpointError, NoteError, ProofError},
    keys::{SIGNATURE_LEN, SigningKey, VerifyingKey},
    note::NoteSigner,
    signer::{Signer, SignerError, probe},
    tree::{ConsistencyPlan, ConsistencyProof, empty_root},
    witness::{AddCheckpoint, Answer, AnswerError, Refusal, RequestError},
};

use crate::support::{TiledLog, leaves, mutations, origin, signer};

const LOG: &str = "example.com/log";

/// The example of c2sp.org/tlog-witness; its keys are not published.
const EXAMPLE: &str = "old 20852014\n\
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
    jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
    5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
    /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\
    \n\
    example.com/behind-the-sofa\n\
    20852163\n\
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
    \n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    — example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";

struct History {
    signer: NoteSigner,
    log: TiledLog,
    roots: Vec<RootHash>,
}

/// A log of 40 entries and its root at every size; `fork` gives it other entries from there on.
fn history(seed: u8, fork: usize) -> History {
    let (mut log, mut all) = (TiledLog::default(), leaves(40));
    let other = leaves(80);
    for (i, leaf) in all.iter_mut().enumerate().skip(fork) {
        *leaf = other[40 + i];
    }
    let mut roots = vec![empty_root()];
    for leaf in &all {
        log.append(&[*leaf]);
        roots.push(log.edge.root());
    }
    History { signer: signer(LOG, seed), log, roots }
}

impl History {
    fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        let root = self.roots[size as usize];
        Checkpoint::new(self.signer.name().clone(), TreeSize(size), root).unwrap().sign(&self.signer).unwrap()
    }

    fn request(&self, old: u64, new: u64) -> AddCheckpoint {
        let plan = ConsistencyPlan::new(TreeSize(old), TreeSize(new)).unwrap();
        let proof = plan.prove(&self.log.read(&plan.tiles())).unwrap();
        AddCheckpoint { old_size: TreeSize(old), proof, checkpoint: self.checkpoint(new) }
    }

    fn latest(&self, size: u64) -> Option<(TreeSize, RootHash)> {
        (size > 0).then(|| (TreeSize(size), self.roots[size as usize]))
    }
}

#[test]
fn the_example_of_the_specification_is_read_and_written() {
    let request = AddCheckpoint::decode(EXAMPLE.as_bytes()).unwrap();
    assert_eq!((request.old_size, request.proof.hashes().len()), (TreeSize(20_852_014), 4));
    assert_eq!(request.checkpoint.unverified().size(), TreeSize(20_852_163));
    assert_eq!(request.encode(), EXAMPLE);
}

#[test]
fn a_witness_accepts_every_honest_step() {
    let history = history(1, 40);
    let logs = [signer("example.com/other", 9).verifier(), history.signer.verifier()];
    for old in 0..=40 {
        for new in old.max(1)..=40 {
            let request = AddCheckpoint::decode(history.request(old, new).encode().as_bytes()).unwrap();
            let accepted = request.check(&logs, history.latest(old)).unwrap();
            assert_eq!((accepted.size(), accepted.root()), (TreeSize(new), history.roots[new as usize]));
        }
    }
}

#[test]
fn a_witness_refuses_a_fork_at_every_point() {
    let (seen, forked) = (history(1, 40), history(1, 20));
    let logs = [seen.signer.verifier()];
    for old in 21..=39 {
        for new in old..=40 {
            let refused = forked.request(old, new).check(&logs, seen.latest(old));
            assert!(matches!(refused, Err(Refusal::Inconsistent(_))), "{old} to {new}: {refused:?}");
        }
        // Before the fork both are the same log.
        assert!(forked.request(20, old).check(&logs, seen.latest(20)).is_ok());
    }
}

#[test]
fn each_rule_of_the_witness_is_broken_once() {
    let history = history(1, 40);
    let logs = [history.signer.verifier()];
    let status = |refused: Result<_, Refusal>| refused.map(|_| ()).unwrap_err().status();

    let unknown = history.request(5, 9).check(&[signer("example.com/other", 1).verifier()], None);
    assert_eq!(unknown, Err(Refusal::UnknownLog { origin: LOG.to_owned() }));
    assert_eq!(status(unknown), 404);

    let unsigned = history.request(5, 9).check(&[signer(LOG, 2).verifier()], history.latest(5));
    assert!(matches!(&unsigned, Err(Refusal::Signature(CheckpointError::Note(NoteError::NotSigned { .. })))));
    assert_eq!(status(unsigned), 403);

    let mut forged = history.request(5, 9);
    forged.checkpoint =
        SignedCheckpoint::parse(forged.checkpoint.to_string().replace("\n9\n", "\n10\n").as_bytes()).unwrap();
    let forged = forged.check(&logs, history.latest(5));
    assert!(matches!(&forged, Err(Refusal::Signature(CheckpointError::Note(NoteError::BadSignature { .. })))));
    assert_eq!(status(forged), 403);

    let mut reversed = history.request(5, 9);
    reversed.old_size = TreeSize(10);
    let reversed = reversed.check(&logs, history.latest(10));
    assert_eq!(reversed, Err(Refusal::OldSize { old: TreeSize(10), new: TreeSize(9) }));
    assert_eq!(status(reversed), 400);

    // A rollback: the log offers less than the witness has seen.
    let rollback = history.request(5, 9).check(&logs, history.latest(12));
    assert_eq!(rollback, Err(Refusal::Conflict { latest: TreeSize(12) }));
    assert_eq!(status(rollback), 409);
    assert_eq!(history.request(5, 9).check(&logs, None), Err(Refusal::Conflict { latest: TreeSize(0) }));

    // The same size with another root.
    let mut other = history.request(9, 9);
    other.checkpoint =
        Checkpoint::new(origin(LOG), TreeSize(9), RootHash::new([7; 32])).unwrap().sign(&history.signer).unwrap();
    let same_size = other.check(&logs, history.latest(9));
    assert!(matches!(&same_size, Err(Refusal::Inconsistent(ProofError::OldRoot { .. }))), "{same_size:?}");
    assert_eq!(status(same_size), 422);

    let mut with_proof = history.request(0, 9);
    with_proof.proof = ConsistencyProof::new(vec![[0; 32]]);
    let with_proof = with_proof.check(&logs, None);
    assert_eq!(with_proof, Err(Refusal::Inconsistent(ProofError::Length { expected: 0, got: 1 })));

    let mut without = history.request(5, 9);
    without.proof = ConsistencyProof::default();
    assert!(matches!(
        without.check(&logs, history.latest(5)),
        Err(Refusal::Inconsistent(ProofError::Length { got: 0, .. }))
    ));
}

#[test]
fn malformed_requests_are_refused_with_their_own_error() {
    let decode = |text: &str| AddCheckpoint::decode(text.as_bytes()).unwrap_err();
    for old in ["", "old", "old 1", "new 1\n", "old  1\n", "old 01\n", "old -1\n", "old x\n", "old 1 \n", "Old 1\n"] {
        assert_eq!(decode(old), RequestError::OldSize, "{old:?}");
    }
    let hash = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=";
    assert_eq!(decode("old 1\n"), RequestError::NoCheckpoint);
    assert_eq!(decode(&format!("old 1\n{hash}\n")), RequestError::NoCheckpoint);
    assert_eq!(decode(&format!("old 1\n{hash}\n{hash} \n\n")), RequestError::Hash { line: 1 });
    let many = format!("old 1\n{}\n", format!("{hash}\n").repeat(64));
    assert_eq!(decode(&many), RequestError::TooManyHashes { max: 63 });
    assert!(matches!(decode("old 1\n\nexample.com/log\n"), RequestError::Checkpoint(_)));
    assert_eq!(AddCheckpoint::decode(b"\xff"), Err(RequestError::NotUtf8));
    let long = vec![b' '; AddCheckpoint::MAX_LEN + 1];
    let error = AddCheckpoint::decode(&long).unwrap_err();
    assert_eq!(error.status(), 413);
    let empty = EXAMPLE.replace("20852163", "0");
    assert_eq!(decode(&empty).status(), 422);
    assert_eq!(decode("old").status(), 400);
}

#[test]
fn no_changed_request_is_accepted_for_another_tree() {
    let history = history(1, 40);
    let logs = [history.signer.verifier()];
    let text = history.request(13, 27).encode();
    for mutated in mutations(text.as_bytes()) {
        let Ok(request) = AddCheckpoint::decode(&mutated) else { continue };
        if let Ok(accepted) = request.check(&logs, history.latest(13)) {
            assert_eq!((accepted.size(), accepted.root()), (TreeSize(27), history.roots[27]));
        }
    }
}

#[test]
fn answers_are_read_and_lines_of_other_keys_are_ignored() {
    let history = history(1, 40);
    let signed = history.checkpoint(9);
    let opened = signed.open(&history.signer.verifier()).unwrap();
    let witness = WitnessSigner::new(origin("w.example/1"), SigningKey::from_seed(&[5; 32]));
    let stranger = WitnessSigner::new(origin("w.example/1"), SigningKey::from_seed(&[6; 32]));
    let own = witness.cosign(&opened, 5).unwrap();
    let foreign = stranger.cosign(&opened, 5).unwrap();
    let read = |status, body: &str| Answer::read(status, body.as_bytes(), &signed, &witness.verifier());

    assert_eq!(read(200, &own.to_string()), Ok(Answer::Cosigned(own.clone())));
    assert_eq!(read(200, &format!("{foreign}{own}")), Ok(Answer::Cosigned(own.clone())));
    assert_eq!(read(409, "12\n"), Ok(Answer::Conflict(TreeSize(12))));
    let not_cosigned = Err(AnswerError::NotCosigned { witness: "w.example/1".to_owned() });
    for body in ["", &foreign.to_string(), &format!("{own}{own}")] {
        assert_eq!(read(200, body), not_cosigned, "{body:?}");
    }
    // A cosignature of another tree, and one whose line is cut.
    let other = witness.cosign(&history.checkpoint(8).open(&history.signer.verifier()).unwrap(), 5).unwrap();
    assert!(matches!(read(200, &other.to_string()), Err(AnswerError::Note(NoteError::BadSignature { .. }))));
    assert!(matches!(read(200, own.to_string().trim_end()), Err(AnswerError::Note(NoteError::SignatureLine { .. }))));
    for size in ["", "12", " 12\n", "012\n", "12\n\n", "x\n"] {
        assert_eq!(read(409, size), Err(AnswerError::Size), "{size:?}");
    }
    let refused = AnswerError::Refused { status: 403, message: "no  \u{fffd} such log".to_owned() };
    assert_eq!(read(403, "no \n\u{fffd} such log\n"), Err(refused));
    let long = "x".repeat(70_000);
    assert!(matches!(read(200, &long), Err(AnswerError::TooLong { .. })));
    assert_eq!(Answer::read(200, b"\xff", &signed, &witness.verifier()), Err(AnswerError::NotUtf8));
}

proptest! {
    #[test]
    fn reading_a_request_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = AddCheckpoint::decode(&bytes);
    }

    #[test]
    fn a_damaged_request_never_panics(cut in 0..EXAMPLE.len(), flip in any::<u8>()) {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        bytes[cut] ^= flip;
        let _ = AddCheckpoint::decode(&bytes);
        let _ = AddCheckpoint::decode(&bytes[..cut]);
    }
}

/// A token that has another key under the name of the one that it is known by.
struct Liar;

impl Signer for Liar {
    fn verifying_key(&self) -> VerifyingKey {
        SigningKey::from_seed(&[5; 32]).verifying_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], SignerError> {
        Ok(SigningKey::from_seed(&[6; 32]).sign(message))
    }
}

/// A token that answers everything with the first signature that it made.
#[derive(Default)]
struct Parrot(OnceLock<[u8; SIGNATURE_LEN]>);

impl Signer for Parrot {
    fn verifying_key(&self) -> VerifyingKey {
        SigningKey::from_seed(&[5; 32]).verifying_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], SignerError> {
        Ok(*self.0.get_or_init(|| SigningKey::from_seed(&[5; 32]).sign(message)))
    }
}

#[test]
fn a_probe_signs_what_was_never_signed_before() {
    let parrot = Parrot::default();
    assert_eq!(probe(&parrot), Ok(()));
    assert!(matches!(probe(&parrot), Err(SignerError::WrongSignature { .. })));
}

#[test]
fn a_signer_with_another_key_than_it_says_is_told_and_cosigns_nothing() {
    let wrong = SignerError::WrongSignature { key: Liar.verifying_key().fingerprint() };
    assert_eq!(probe(&Liar), Err(wrong.clone()));
    assert_eq!(probe(&SigningKey::from_seed(&[5; 32])), Ok(()));
    let history = history(1, 40);
    let checkpoint = history.checkpoint(9);
    let opened = checkpoint.open(&history.signer.verifier()).unwrap();
    let witness = WitnessSigner::new(origin("w.example/1"), Liar);
    assert_eq!(witness.cosign(&opened, 5), Err(NoteError::Signer(wrong)));
}
