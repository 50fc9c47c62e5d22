//! Notes, checkpoints and cosignatures, against the examples of the specifications and another implementation.

use proptest::prelude::*;
use signed_note::{StandardSigner, StandardVerifier, VerifierList};
use zkl_core::{digest::RootHash, tree::TreeSize};
use zkl_merkle::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    cosignature::{WitnessSigner, WitnessVerifier},
    error::{CheckpointError, KeyError, NoteError},
    keys::SigningKey,
    note::{Note, NoteSignature, NoteSigner, NoteVerifier, key_text},
    tree::empty_root,
};

use crate::support::{mutations, origin, signer};

/// The example of c2sp.org/signed-note.
const EXAMPLE_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const EXAMPLE: &str = "This is an example message.\n\n\
    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

/// The example of c2sp.org/tlog-cosignature; its keys are not published.
const CHECKPOINT: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

fn example_checkpoint() -> Checkpoint {
    let text = CHECKPOINT.split_once("\n\n").unwrap().0;
    format!("{text}\n").parse().unwrap()
}

#[test]
fn the_example_of_the_specification_is_opened() {
    let verifier: NoteVerifier = EXAMPLE_KEY.parse().unwrap();
    assert_eq!(verifier.to_string(), EXAMPLE_KEY);
    assert_eq!(verifier.key_id(), 0x530d_903a);
    let note = Note::parse(EXAMPLE.as_bytes()).unwrap();
    assert_eq!(*note.open(&verifier).unwrap(), "This is an example message.\n");
    assert_eq!(note.to_string(), EXAMPLE);
}

#[test]
fn no_byte_of_a_note_with_one_signature_can_be_changed() {
    let verifier: NoteVerifier = EXAMPLE_KEY.parse().unwrap();
    for mutated in mutations(EXAMPLE.as_bytes()) {
        let opened = Note::parse(&mutated).and_then(|note| note.open(&verifier).map(|_| ()));
        assert!(opened.is_err(), "{:?}", String::from_utf8_lossy(&mutated));
    }
}

#[test]
fn another_implementation_reads_our_notes_and_keys_and_we_read_theirs() {
    let ours = signer("example.com/log", 1);
    let text = "first\n\nsecond, after an empty line\n";
    let note = Note::sign(text.to_owned(), &ours).unwrap();
    let verifier = StandardVerifier::new(&ours.verifier().to_string()).unwrap();
    let theirs = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
    assert_eq!(theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap().0.len(), 1);

    let signer = StandardSigner::new(&key_text(ours.name(), &SigningKey::from_seed(&[1; 32]))).unwrap();
    let mut theirs = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
    theirs.add_sigs(&[&signer]).unwrap();
    assert_eq!(String::from_utf8(theirs.to_bytes()).unwrap(), note.to_string());
    assert_eq!(*Note::parse(&theirs.to_bytes()).unwrap().open(&ours.verifier()).unwrap(), text);
}

#[test]
fn signatures_by_unknown_keys_are_ignored() {
    let (known, unknown) = (signer("example.com/log", 1), signer("example.com/log", 2));
    let mut note = Note::sign("text\n".to_owned(), &unknown).unwrap();
    let name = || "example.com/log".to_owned();
    let key_id = known.verifier().key_id();
    assert_eq!(note.open(&known.verifier()), Err(NoteError::NotSigned { name: name(), key_id }));
    let signature = Note::sign("text\n".to_owned(), &known).unwrap().signatures()[0].clone();
    note.add_signature(signature.clone()).unwrap();
    assert!(note.open(&known.verifier()).is_ok());
    assert!(Note::parse(note.to_string().as_bytes()).unwrap().open(&known.verifier()).is_ok());

    note.add_signature(signature).unwrap();
    assert_eq!(note.open(&known.verifier()), Err(NoteError::DuplicateSignature { name: name(), key_id }));
    assert!(note.open(&unknown.verifier()).is_ok());
}

#[test]
fn a_signature_of_another_text_or_length_is_bad() {
    let log = signer("example.com/log", 1);
    let signed = Note::sign("text\n".to_owned(), &log).unwrap().to_string();
    let error = NoteError::BadSignature { name: "example.com/log".to_owned(), key_id: log.verifier().key_id() };
    let other = signed.replace("text\n", "test\n");
    assert_eq!(Note::parse(other.as_bytes()).unwrap().open(&log.verifier()), Err(error.clone()));
    let id = log.verifier().key_id().to_be_bytes();
    let short = [id.as_slice(), &[0; 63]].concat();
    let line = format!("— example.com/log {}\n", base64(&short));
    let note = Note::parse(format!("text\n\n{line}").as_bytes()).unwrap();
    assert_eq!(note.open(&log.verifier()), Err(error));
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn malformed_notes_are_refused_with_their_own_error() {
    let line = "— a AAAAAAA=\n";
    assert!(Note::parse(format!("t\n\n{line}").as_bytes()).is_ok());
    assert_eq!(Note::parse(b"t\n\n\xff"), Err(NoteError::NotUtf8));
    assert_eq!(Note::parse(format!("t\tu\n\n{line}").as_bytes()), Err(NoteError::ControlCharacter { offset: 1 }));
    assert_eq!(Note::parse(format!("t\r\n\n{line}").as_bytes()), Err(NoteError::ControlCharacter { offset: 1 }));
    for text in ["", "\n", "t", "t\n", "t\n\n", &format!("t\n{line}"), line] {
        assert_eq!(Note::parse(text.as_bytes()), Err(NoteError::NoSignatures), "{text:?}");
    }
    let lines = [
        "— a AAAAAAA=",
        "- a AAAAAAA=\n",
        "—a AAAAAAA=\n",
        "—  AAAAAAA=\n",
        "— a\n",
        "— a \n",
        "— a+b AAAAAAA=\n",
        "— a\u{a0}b AAAAAAA=\n",
        "— a b AAAAAAA=\n",
        "— a AAAAAAA\n",
        "— a AAAAAAB=\n",
        "— a AAAA\n",
        "— a AAAAAA==\n",
        "— a AAAAAAA= \n",
        " — a AAAAAAA=\n",
        "a\n",
    ];
    for bad in lines {
        let note = format!("t\n\n{line}{bad}");
        assert_eq!(Note::parse(note.as_bytes()), Err(NoteError::SignatureLine { line: 1 }), "{bad:?}");
        assert_eq!(NoteSignature::parse(bad), Err(NoteError::SignatureLine { line: 0 }), "{bad:?}");
    }
    assert!(Note::parse(format!("t\n\n{}", line.repeat(100)).as_bytes()).is_ok());
    let many = format!("t\n\n{}", line.repeat(101));
    assert_eq!(Note::parse(many.as_bytes()), Err(NoteError::TooManySignatures { max: 100 }));
    let long = format!("{}\n\n{line}", "x".repeat(1_000_000));
    assert_eq!(Note::parse(long.as_bytes()), Err(NoteError::TooLong { max: 1_000_000, got: long.len() }));
    let mut full = Note::parse(format!("t\n\n{}", line.repeat(100)).as_bytes()).unwrap();
    let one_more = full.add_signature(NoteSignature::parse(line).unwrap());
    assert_eq!(one_more, Err(NoteError::TooManySignatures { max: 100 }));
    let long = format!("— a {}\n", "A".repeat(1_000_000));
    assert_eq!(NoteSignature::parse(&long), Err(NoteError::TooLong { max: 1_000_000, got: long.len() }));
    let log = signer("a", 1);
    assert_eq!(Note::sign("no newline".to_owned(), &log), Err(NoteError::TextEnd));
    assert_eq!(Note::sign("\u{0}\n".to_owned(), &log), Err(NoteError::ControlCharacter { offset: 0 }));
}

#[test]
fn malformed_verifier_and_signer_keys_are_refused_with_their_own_error() {
    let parse = |key: &str| key.parse::<NoteVerifier>().unwrap_err();
    for bad in ["", "a", "a+530d903a", "a+530D903A+AA==", "a+30d903a+AA==", "a+530d903a+", "a+530d903a+AekyeR"] {
        assert_eq!(parse(bad), NoteError::VerifierKey, "{bad}");
    }
    let other_name = EXAMPLE_KEY.replace("/foo", "/bar");
    assert!(matches!(parse(&other_name), NoteError::KeyId { got: 0x530d_903a, .. }));
    assert_eq!(parse(&EXAMPLE_KEY.replace("+Aek", "+Bek")), NoteError::SignatureType { expected: 1, got: 5 });
    assert_eq!(parse(&EXAMPLE_KEY.replace("example.com/foo", "a b")), NoteError::Key(KeyError::Origin { max: 255 }));
    let small_order = format!("a+00000000+{}", base64(&[[1].as_slice(), &[0; 32]].concat()));
    assert_eq!(parse(&small_order), NoteError::Key(KeyError::PublicKey));

    let log = signer("example.com/log", 1);
    let text = key_text(log.name(), &SigningKey::from_seed(&[1; 32]));
    assert_eq!(NoteSigner::from_key_text(&text).unwrap().verifier(), log.verifier());
    let parse = |key: &str| NoteSigner::from_key_text(key).map(|_| ()).unwrap_err();
    for bad in ["", EXAMPLE_KEY, "PRIVATE+KEY+a", "PRIVATE+KEY+a+00000000+AA==", &text[1..], &text[..text.len() - 4]] {
        assert_eq!(parse(bad), NoteError::SignerKey, "{bad}");
    }
    assert!(matches!(parse(&text.replace("/log", "/lag")), NoteError::KeyId { .. }));
    assert_eq!(parse(&text.replace("+AQE", "+BQE")), NoteError::SignatureType { expected: 1, got: 5 });
}

#[test]
fn the_example_checkpoint_survives_the_round_trip() {
    let signed = SignedCheckpoint::parse(CHECKPOINT.as_bytes()).unwrap();
    assert_eq!(signed.to_string(), CHECKPOINT);
    assert_eq!(*signed.unverified(), example_checkpoint());
    let theirs = tlog_tiles::Checkpoint::from_bytes(signed.note().unverified_text().as_bytes()).unwrap();
    assert_eq!((theirs.origin(), theirs.size()), (signed.unverified().origin().as_str(), 20_852_163));
    assert_eq!(theirs.hash().0, *signed.unverified().root().as_bytes());
}

#[test]
fn a_checkpoint_is_opened_with_the_key_of_its_log_alone() {
    let log = signer("example.com/log", 1);
    let checkpoint = Checkpoint::new(origin("example.com/log"), TreeSize(3), RootHash::new([3; 32])).unwrap();
    let checkpoint = checkpoint.with_extension("an extension").unwrap();
    let signed = checkpoint.sign(&log).unwrap();
    let parsed = SignedCheckpoint::parse(signed.to_string().as_bytes()).unwrap();
    assert_eq!(*parsed.open(&log.verifier()).unwrap(), checkpoint);
    assert_eq!(parsed.unverified().extensions(), ["an extension"]);

    let other_origin =
        CheckpointError::OtherOrigin { expected: "example.com/other".to_owned(), got: "example.com/log".to_owned() };
    let other = signer("example.com/other", 1);
    assert_eq!(checkpoint.sign(&other), Err(other_origin.clone()));
    assert_eq!(parsed.open(&other.verifier()), Err(other_origin));
    let other = signer("example.com/log", 2).verifier();
    let not_signed = NoteError::NotSigned { name: "example.com/log".to_owned(), key_id: other.key_id() };
    assert_eq!(parsed.open(&other), Err(CheckpointError::Note(not_signed)));

    for mutated in mutations(signed.to_string().as_bytes()) {
        let opened = SignedCheckpoint::parse(&mutated).and_then(|signed| signed.open(&log.verifier()).map(|_| ()));
        assert!(opened.is_err(), "{:?}", String::from_utf8_lossy(&mutated));
    }
}

#[test]
fn malformed_checkpoints_are_refused_with_their_own_error() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    let parse = |text: &str| text.parse::<Checkpoint>().unwrap_err();
    for bad in ["", "\n", "a\n", "a\n1\n", &format!("a\n1\n{root}")] {
        assert_eq!(parse(bad), CheckpointError::Lines, "{bad:?}");
    }
    for bad in ["", "a b", "a+b"] {
        let error = CheckpointError::Origin(KeyError::Origin { max: 255 });
        assert_eq!(parse(&format!("{bad}\n1\n{root}\n")), error, "{bad:?}");
    }
    for bad in ["", "01", "+1", "-1", " 1", "1.0", "0x1", "18446744073709551616"] {
        assert_eq!(parse(&format!("a\n{bad}\n{root}\n")), CheckpointError::Size, "{bad:?}");
    }
    for bad in ["", "AAAA", &root[1..], &root.replace("2I=", "2J="), &format!("{root} "), &root.replace('/', "_")] {
        assert_eq!(parse(&format!("a\n1\n{bad}\n")), CheckpointError::Root, "{bad:?}");
    }
    assert_eq!(parse(&format!("a\n1\n{root}\n\n")), CheckpointError::Extension { line: 0 });
    assert_eq!(parse(&format!("a\n1\n{root}\nx\n\n")), CheckpointError::Extension { line: 1 });
    assert!(matches!(parse(&format!("a\n0\n{root}\n")), CheckpointError::EmptyTreeRoot { .. }));
    assert!(Checkpoint::new(origin("a"), TreeSize(0), empty_root()).is_ok());
    let checkpoint = Checkpoint::new(origin("a"), TreeSize(0), empty_root()).unwrap();
    for bad in ["", "two\nlines", "tab\t"] {
        assert_eq!(checkpoint.clone().with_extension(bad), Err(CheckpointError::Extension { line: 0 }));
    }
}

fn cosigned(time: u64) -> (SignedCheckpoint, WitnessSigner) {
    let log = signer("example.com/behind-the-sofa", 1);
    let mut signed = example_checkpoint().sign(&log).unwrap();
    let witness = WitnessSigner::new(origin("witness.example.com/w1"), SigningKey::from_seed(&[9; 32]));
    let opened = signed.open(&log.verifier()).unwrap();
    signed.add_signature(witness.cosign(&opened, time).unwrap()).unwrap();
    (signed, witness)
}

#[test]
fn a_cosignature_is_of_the_message_of_the_specification() {
    let (signed, witness) = cosigned(1_679_315_147);
    let verified = witness.verifier().verify(&signed).unwrap();
    assert_eq!((verified.time, verified.witness.as_str()), (1_679_315_147, "witness.example.com/w1"));
    assert_eq!(verified.checkpoint, example_checkpoint());
    let message = "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let signature = SigningKey::from_seed(&[9; 32]).sign(message.as_bytes());
    let key = signed_note::key_id("witness.example.com/w1", &[[4].as_slice(), witness_key().as_bytes()].concat());
    let bytes = [key.to_be_bytes().as_slice(), &1_679_315_147u64.to_be_bytes(), &signature].concat();
    let line = signed.note().signatures()[1].to_string();
    assert_eq!(line, format!("— witness.example.com/w1 {}\n", base64(&bytes)));
}

fn witness_key() -> zkl_merkle::keys::VerifyingKey {
    SigningKey::from_seed(&[9; 32]).verifying_key()
}

#[test]
fn a_tampered_cosignature_is_refused_with_its_own_error() {
    let (signed, witness) = cosigned(1_679_315_147);
    let verifier = witness.verifier();
    let name = || "witness.example.com/w1".to_owned();
    let key_id = verifier.key_id();
    let with_bytes = |bytes: &[u8]| {
        let mut other = example_checkpoint().sign(&signer("example.com/behind-the-sofa", 1)).unwrap();
        let line = format!("— {} {}\n", name(), base64(&[&key_id.to_be_bytes(), bytes].concat()));
        other.add_signature(NoteSignature::parse(&line).unwrap()).unwrap();
        verifier.verify(&other).unwrap_err()
    };
    let message = b"cosignature/v1\ntime 9223372036854775808\n".to_vec();
    let late = [(1u64 << 63).to_be_bytes().as_slice(), &SigningKey::from_seed(&[9; 32]).sign(&message)].concat();
    assert_eq!(with_bytes(&late), NoteError::CosignatureTime { got: 1 << 63 });
    let bad = NoteError::BadSignature { name: name(), key_id };
    assert_eq!(with_bytes(&[0; 72]), bad);
    assert_eq!(with_bytes(&[0; 71]), bad);
    assert_eq!(with_bytes(&[0; 3]), bad);

    let other_time = cosigned(1_679_315_148).0.note().signatures()[1].clone();
    let mut twice = signed.clone();
    twice.add_signature(other_time).unwrap();
    assert_eq!(verifier.verify(&twice), Err(NoteError::DuplicateSignature { name: name(), key_id }));
    // The log's plain signature type is another key id, even for one key and name.
    let other = WitnessVerifier::new(origin("other"), witness_key());
    let error = NoteError::NotSigned { name: "other".to_owned(), key_id: other.key_id() };
    assert_eq!(other.verify(&signed), Err(error.clone()));
    let line = &signed.note().signatures()[1];
    assert_eq!(other.verify_line(&example_checkpoint(), line).err(), Some(error));
    let opened = signed.open(&signer("example.com/behind-the-sofa", 1).verifier()).unwrap();
    assert_eq!(witness.cosign(&opened, 1 << 63), Err(NoteError::CosignatureTime { got: 1 << 63 }));
}

#[test]
fn witness_keys_and_log_keys_are_not_confused() {
    let witness: String = cosigned(1).1.verifier().to_string();
    assert_eq!(witness.parse::<WitnessVerifier>().unwrap().to_string(), witness);
    assert_eq!(witness.parse::<NoteVerifier>(), Err(NoteError::SignatureType { expected: 1, got: 4 }));
    assert_eq!(EXAMPLE_KEY.parse::<WitnessVerifier>(), Err(NoteError::SignatureType { expected: 4, got: 1 }));
}

proptest! {
    #[test]
    fn whatever_parses_is_written_as_it_was_read(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            "[a-z\n —+=]{0,40}\n\n(— [a-z]{0,3} [A-Za-z0-9+/]{0,12}=?\n){0,3}".prop_map(String::into_bytes),
            "[a-z]{0,5}\n[0-9]{0,3}\n[A-Za-z0-9+/]{42}[AEIM]=\n[a-z\n]{0,5}\n— a AAAAAAA=\n".prop_map(String::into_bytes),
        ],
    ) {
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), bytes.clone());
        }
        if let Ok(checkpoint) = SignedCheckpoint::parse(&bytes) {
            prop_assert_eq!(checkpoint.to_string().into_bytes(), bytes);
        }
    }

    #[test]
    fn reading_arbitrary_keys_never_panics(text in "(PRIVATE\\+KEY\\+)?[a-z+]{0,9}\\+[0-9a-f]{7,9}\\+[A-Za-z0-9+/=]{0,50}") {
        let _ = text.parse::<NoteVerifier>();
        let _ = text.parse::<WitnessVerifier>();
        let _ = NoteSigner::from_key_text(&text);
    }
}
