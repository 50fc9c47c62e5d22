//! Trust policies: the syntax of c2sp.org/tlog-policy, and which checkpoints satisfy which quorum.

use std::collections::BTreeSet;

use proptest::prelude::*;
use zkl_core::{digest::RootHash, tree::TreeSize};
use zkl_merkle::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    cosignature::WitnessSigner,
    error::NoteError,
    keys::SigningKey,
    note::NoteSigner,
    policy::{Policy, PolicyError, PolicySyntaxError},
};

use crate::support::{mutations, origin, signer};

const LOG: &str = "example.com/log";

fn witness(number: u8) -> WitnessSigner {
    WitnessSigner::new(origin(&format!("witness{number}.example/w")), SigningKey::from_seed(&[100 + number; 32]))
}

fn checkpoint_of(log: &NoteSigner) -> SignedCheckpoint {
    Checkpoint::new(log.name().clone(), TreeSize(7), RootHash::new([9; 32])).unwrap().sign(log).unwrap()
}

fn cosigned_by(log: &NoteSigner, witnesses: &[u8]) -> SignedCheckpoint {
    let mut signed = checkpoint_of(log);
    let opened = signed.open(&log.verifier()).unwrap();
    for number in witnesses {
        signed.add_signature(witness(*number).cosign(&opened, 1_700_000_000).unwrap()).unwrap();
    }
    signed
}

/// A policy over witnesses 1 to 6, named w1 to w6, with these lines behind.
fn policy_text(rest: &str) -> String {
    let mut text = format!("# a comment\n\n \tlog\t{}  https://log.example/\n", signer(LOG, 1).verifier());
    for number in 1..=6 {
        text += &format!("witness w{number} {} https://witness{number}.example/\n", witness(number).verifier());
    }
    text + rest
}

fn parse(rest: &str) -> Result<Policy, PolicySyntaxError> {
    Policy::parse(policy_text(rest).as_bytes())
}

#[test]
fn the_example_of_the_specification_asks_for_two_of_three_and_one_of_three() {
    let policy = parse("group X 2 w1 w2 w3\ngroup Y any w4 w5 w6\ngroup X-and-Y all X Y\nquorum X-and-Y\n").unwrap();
    assert_eq!(policy.logs().len(), 1);
    assert_eq!(policy.logs()[0].url.as_deref(), Some("https://log.example/"));
    assert_eq!(policy.witnesses()[2].name.to_string(), "w3");
    assert_eq!(policy.witnesses()[2].url.as_deref(), Some("https://witness3.example/"));
    let log = signer(LOG, 1);
    for set in 0..64_u8 {
        let members: Vec<u8> = (1..=6).filter(|number| set >> (number - 1) & 1 == 1).collect();
        let expected = (set & 7).count_ones() >= 2 && set & 56 != 0;
        let answer = policy.check(&cosigned_by(&log, &members), &log.verifier());
        match answer {
            Ok(witnessed) => {
                assert!(expected, "{members:?}");
                assert_eq!(witnessed.cosignatures.len(), members.len());
                assert_eq!(witnessed.checkpoint.size(), TreeSize(7));
            }
            Err(PolicyError::Quorum { quorum, got }) => {
                assert!(!expected, "{members:?}");
                assert_eq!((quorum.as_str(), got.len()), ("X-and-Y", members.len()));
            }
            Err(error) => panic!("{members:?}: {error:?}"),
        }
    }
}

#[test]
fn a_quorum_can_be_one_witness_or_none() {
    let log = signer(LOG, 1);
    let none = parse("quorum none\n").unwrap();
    assert!(none.check(&checkpoint_of(&log), &log.verifier()).is_ok());
    let one = parse("quorum w2\n").unwrap();
    assert!(one.check(&cosigned_by(&log, &[2]), &log.verifier()).is_ok());
    let answer = one.check(&cosigned_by(&log, &[1, 3]), &log.verifier());
    assert!(matches!(answer, Err(PolicyError::Quorum { .. })), "{answer:?}");
}

#[test]
fn a_log_that_is_not_listed_is_refused_unless_the_policy_lists_none() {
    let (listed, other) = (signer(LOG, 1), signer(LOG, 2));
    let policy = parse("quorum none\n").unwrap();
    let answer = policy.check(&checkpoint_of(&other), &other.verifier());
    assert_eq!(answer, Err(PolicyError::UnknownLog { origin: LOG.to_owned() }));
    // The checkpoint of another key is not the listed log's, whatever its origin says.
    let answer = policy.check(&checkpoint_of(&other), &listed.verifier());
    assert!(matches!(answer, Err(PolicyError::Checkpoint(_))), "{answer:?}");
    let without = Policy::parse(b"quorum none\n").unwrap();
    assert!(without.check(&checkpoint_of(&other), &other.verifier()).is_ok());
}

#[test]
fn a_cosignature_replayed_from_another_log_is_not_valid() {
    let policy = parse("quorum w1\n").unwrap();
    let (log, other) = (signer(LOG, 1), signer("example.com/other", 3));
    let line = cosigned_by(&other, &[1]).note().signatures()[1].clone();
    let mut replayed = checkpoint_of(&log);
    replayed.add_signature(line).unwrap();
    match policy.check(&replayed, &log.verifier()) {
        Err(PolicyError::Cosignature { witness, source: NoteError::BadSignature { .. } }) => assert_eq!(witness, "w1"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_cosignature_that_stands_there_twice_is_malformed_and_counts_for_nothing() {
    let policy = parse("group two 2 w1 w2\nquorum two\n").unwrap();
    let log = signer(LOG, 1);
    let answer = policy.check(&cosigned_by(&log, &[1, 1]), &log.verifier());
    assert!(
        matches!(answer, Err(PolicyError::Cosignature { source: NoteError::DuplicateSignature { .. }, .. })),
        "{answer:?}"
    );
}

#[test]
fn one_witness_cannot_be_listed_under_two_names_or_key_names() {
    let again = format!("witness w7 {}\nquorum none\n", witness(1).verifier());
    assert_eq!(parse(&again), Err(PolicySyntaxError::DuplicateKey { line: 10 }));
    let renamed = WitnessSigner::new(origin("other.example/w"), SigningKey::from_seed(&[101; 32]));
    let again = format!("witness w7 {}\nquorum none\n", renamed.verifier());
    assert_eq!(parse(&again), Err(PolicySyntaxError::DuplicateKey { line: 10 }));
    let log = NoteSigner::new(origin("other.example/log"), SigningKey::from_seed(&[1; 32]));
    let again = format!("log {}\nquorum none\n", log.verifier());
    assert_eq!(parse(&again), Err(PolicySyntaxError::DuplicateKey { line: 10 }));
}

#[test]
fn each_rule_of_the_syntax_has_its_own_error() {
    let name = |name: &str| name.to_owned();
    let cases = [
        ("quorum none", PolicySyntaxError::UnterminatedLine),
        ("", PolicySyntaxError::NoQuorum),
        ("quorum none\nquorum w1\n", PolicySyntaxError::SecondQuorum { line: 11 }),
        ("quorum\n", PolicySyntaxError::Items { line: 10, expected: "quorum NAME", got: 1 }),
        ("quorum w1 w2\n", PolicySyntaxError::Items { line: 10, expected: "quorum NAME", got: 3 }),
        ("log\n", PolicySyntaxError::Items { line: 10, expected: "log KEY [URL]", got: 1 }),
        ("witness x\n", PolicySyntaxError::Items { line: 10, expected: "witness NAME KEY [URL]", got: 2 }),
        ("group g 1\n", PolicySyntaxError::Items { line: 10, expected: "group NAME THRESHOLD MEMBER...", got: 3 }),
        ("Quorum none\n", PolicySyntaxError::Keyword { line: 10, got: name("Quorum") }),
        ("quorum none\r\n", PolicySyntaxError::ControlCharacter { line: 10 }),
        ("# \u{7f}\n", PolicySyntaxError::ControlCharacter { line: 10 }),
        ("quorum w7\n", PolicySyntaxError::UnknownName { line: 10, name: name("w7") }),
        ("group g all w7\n", PolicySyntaxError::UnknownName { line: 10, name: name("w7") }),
        ("group g all none\n", PolicySyntaxError::UnknownName { line: 10, name: name("none") }),
        ("group g all g\n", PolicySyntaxError::UnknownName { line: 10, name: name("g") }),
        ("group none all w1\n", PolicySyntaxError::DuplicateName { line: 10, name: name("none") }),
        ("group w1 all w2\n", PolicySyntaxError::DuplicateName { line: 10, name: name("w1") }),
        ("group g all w1 w1\n", PolicySyntaxError::RepeatedMember { line: 10, name: name("w1") }),
        ("group g all w1\ngroup h all w1\n", PolicySyntaxError::RepeatedMember { line: 11, name: name("w1") }),
        ("group g 0 w1\n", PolicySyntaxError::Threshold { line: 10, members: 1, got: name("0") }),
        ("group g 2 w1\n", PolicySyntaxError::Threshold { line: 10, members: 1, got: name("2") }),
        ("group g 01 w1\n", PolicySyntaxError::Threshold { line: 10, members: 1, got: name("01") }),
        ("group g some w1\n", PolicySyntaxError::Threshold { line: 10, members: 1, got: name("some") }),
    ];
    for (rest, expected) in cases {
        assert_eq!(parse(rest), Err(expected), "{rest:?}");
    }
    let url = [policy_text("").as_bytes(), b"log x+00000000+AA== \xff\nquorum none\n"].concat();
    assert!(matches!(Policy::parse(&url), Err(PolicySyntaxError::Key { line: 10, .. })));
    // A log's key cosigns nothing, and a witness's signs no checkpoints.
    let swapped = format!("witness x {}\nquorum none\n", signer(LOG, 4).verifier());
    assert!(matches!(
        parse(&swapped),
        Err(PolicySyntaxError::Key { line: 10, source: NoteError::SignatureType { expected: 4, got: 1 } })
    ));
    let swapped = format!("log {}\nquorum none\n", witness(7).verifier());
    assert!(matches!(
        parse(&swapped),
        Err(PolicySyntaxError::Key { line: 10, source: NoteError::SignatureType { expected: 1, got: 4 } })
    ));
    let long = " ".repeat(Policy::MAX_LEN) + "\n";
    assert!(matches!(Policy::parse(long.as_bytes()), Err(PolicySyntaxError::TooLong { .. })));
    let mut many = "group g0 all w1\n".to_owned();
    for i in 1..=Policy::MAX_DEFINITIONS {
        many += &format!("group g{i} all g{}\n", i - 1);
    }
    assert!(matches!(parse(&many), Err(PolicySyntaxError::TooMany { .. })));
}

#[test]
fn names_are_octets_and_comments_may_hold_any_text() {
    let line = format!("witness K {}\n", witness(1).verifier());
    let kelvin =
        [b"# gr\xfc\xdfe\nwitness \xe2\x84\xaa ".as_slice(), witness(2).verifier().to_string().as_bytes()].concat();
    let text = [line.as_bytes(), &kelvin, b"\ngroup \xff 2 K \xe2\x84\xaa\nquorum \xff\n"].concat();
    let policy = Policy::parse(&text).unwrap();
    let log = signer(LOG, 1);
    assert!(policy.check(&cosigned_by(&log, &[1, 2]), &log.verifier()).is_ok());
    assert!(policy.check(&cosigned_by(&log, &[1]), &log.verifier()).is_err());
}

#[test]
fn a_changed_policy_never_accepts_fewer_witnesses_of_the_same_name_unnoticed() {
    // Every change of one byte of this policy is refused, or still asks for both witnesses, or names other keys, or says
    // so in its quorum line.
    let text = format!(
        "witness a {}\nwitness b {}\ngroup g all a b\nquorum g\n",
        witness(1).verifier(),
        witness(2).verifier()
    );
    let log = signer(LOG, 1);
    let keys = |policy: &Policy| policy.witnesses().iter().map(|w| w.key.to_string()).collect::<BTreeSet<_>>();
    let original = keys(&Policy::parse(text.as_bytes()).unwrap());
    let mut parsed = 0;
    for mutated in mutations(text.as_bytes()) {
        let Ok(policy) = Policy::parse(&mutated) else { continue };
        parsed += 1;
        if keys(&policy) == original && String::from_utf8_lossy(&mutated).ends_with("group g all a b\nquorum g\n") {
            assert!(policy.check(&cosigned_by(&log, &[1]), &log.verifier()).is_err());
        }
    }
    assert!(parsed > 0);
}

proptest! {
    #[test]
    fn reading_a_policy_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Policy::parse(&bytes);
    }

    #[test]
    fn reading_lines_of_a_policy_never_panics(
        words in prop::collection::vec("(log|witness|group|quorum|none|all|any|[a-c0-3#\n\t ]|x\\+01234567\\+BAAA)", 0..60)
    ) {
        let _ = Policy::parse(format!("{}\n", words.join(" ")).as_bytes());
    }
}
