//! Envelopes and statements.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use zkl_merkle::{
    dsse::{Envelope, IN_TOTO_PAYLOAD_TYPE, pae},
    error::{DsseError, StatementError},
    keys::SigningKey,
    statement::{Statement, Subject, predicate_type},
};

use crate::support::mutations;

const PREDICATE_TYPE: &str = "urn:example:counted:v1";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counted {
    rows: u64,
    columns: BTreeMap<String, u64>,
}

fn statement() -> Statement<Counted> {
    let subject = Subject::new("patients").with_digest("sha256", &[0xab; 32]);
    let predicate = Counted { rows: 10, columns: BTreeMap::from([("age".to_owned(), 1)]) };
    Statement::new(vec![subject], PREDICATE_TYPE, predicate).unwrap()
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn signed() -> String {
    String::from_utf8(statement().sign(&key(1)).unwrap().encode().unwrap()).unwrap()
}

#[test]
fn the_pre_authentication_encoding_is_that_of_the_specification() {
    // secure-systems-lab/dsse, protocol.md, test vectors.
    let expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world";
    assert_eq!(pae("http://example.com/HelloWorld", b"hello world"), expected);
    assert_eq!(pae("é", b""), "DSSEv1 2 é 0 ".as_bytes());
}

#[test]
fn an_envelope_survives_the_round_trip_and_opens_with_its_key() {
    let text = signed();
    assert!(text.starts_with("{\"payload\":\"eyJfdHlwZSI6"), "{text}");
    let keyid = key(1).verifying_key().fingerprint();
    assert!(text.contains(&format!(
        "\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[{{\"keyid\":\"{keyid}\",\"sig\":\""
    )));
    let envelope = Envelope::decode(text.as_bytes()).unwrap();
    assert_eq!(envelope.encode().unwrap(), text.as_bytes());
    let opened = Statement::<Counted>::open(&envelope, PREDICATE_TYPE, &key(1).verifying_key()).unwrap();
    assert_eq!(*opened, statement());
    let payload = envelope.open(IN_TOTO_PAYLOAD_TYPE, &key(1).verifying_key()).unwrap();
    assert_eq!((payload.bytes.as_slice(), payload.key), (envelope.unverified_payload(), keyid));
}

#[test]
fn no_byte_of_an_envelope_can_be_changed() {
    let text = signed();
    for mutated in mutations(text.as_bytes()) {
        let opened = Envelope::decode(&mutated)
            .and_then(|envelope| envelope.open(IN_TOTO_PAYLOAD_TYPE, &key(1).verifying_key()).map(|_| ()));
        assert!(opened.is_err(), "{}", String::from_utf8_lossy(&mutated));
    }
}

#[test]
fn malformed_envelopes_are_refused_with_their_own_error() {
    let good = signed();
    let decode = |from: &str, to: &str| {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        Envelope::decode(bad.as_bytes()).unwrap_err()
    };
    let json = |error| matches!(error, DsseError::Json { .. });
    assert!(json(decode("{", "[")));
    assert!(json(decode("\"payload\":", "\"unknown\":1,\"payload\":")));
    assert!(json(decode("\"keyid\":", "\"unknown\":1,\"keyid\":")));
    assert!(json(decode("\"payloadType\":", "\"payloadType\":\"\",\"payloadType\":")));
    assert!(json(decode("\"payloadType\":\"application/vnd.in-toto+json\",", "")));
    assert!(json(decode("\"sig\":\"", "\"sig\":null,\"x\":\"")));
    assert!(json(decode("]}", "]}x")));
    let (start, end) = (good.find("[{").unwrap() + 1, good.rfind(']').unwrap());
    let signature = &good[start..end];
    assert_eq!(decode(signature, ""), DsseError::Signatures { got: 0 });
    assert_eq!(decode(signature, &format!("{signature},{signature}")), DsseError::Signatures { got: 2 });
    assert_eq!(decode("\"payload\":\"", "\"payload\":\"="), DsseError::Payload);
    assert_eq!(decode("\"payload\":\"", "\"payload\":\"_-8="), DsseError::Payload);
    assert_eq!(decode("\"sig\":\"", "\"sig\":\"AAAA"), DsseError::Signature);
    assert_eq!(decode("\"keyid\":\"", "\"keyid\":\"00"), DsseError::KeyId);
    let keyid = key(1).verifying_key().fingerprint().to_string();
    assert_eq!(decode(&keyid, &keyid.to_uppercase()), DsseError::KeyId);
    assert_eq!(decode(&keyid, ""), DsseError::KeyId);
    for (from, to) in
        [("{", " {"), ("]}", "]} "), (",", ", "), ("application/", "application\\/"), ("appl", "\\u0061ppl")]
    {
        assert_eq!(decode(from, to), DsseError::NotCanonical, "{to:?}");
    }
    let reordered = format!("{{{},{}}}", "\"payloadType\":\"x\"", "\"payload\":\"\",\"signatures\":[SIG]");
    let reordered = reordered.replace("SIG", signature);
    assert_eq!(Envelope::decode(reordered.as_bytes()), Err(DsseError::NotCanonical));
    let long = vec![b' '; Envelope::MAX_LEN + 1];
    let too_long = DsseError::TooLong { max: Envelope::MAX_LEN, got: long.len() };
    assert_eq!(Envelope::decode(&long), Err(too_long));
    let large = Envelope::sign(IN_TOTO_PAYLOAD_TYPE, vec![0; 60_000], &key(1)).unwrap();
    assert!(matches!(large.encode(), Err(DsseError::TooLong { .. })));
}

#[test]
fn an_envelope_that_is_not_the_keys_is_refused_with_its_own_error() {
    let envelope = statement().sign(&key(1)).unwrap();
    let error = DsseError::PayloadType { expected: "text/plain".into(), got: IN_TOTO_PAYLOAD_TYPE.into() };
    assert_eq!(envelope.open("text/plain", &key(1).verifying_key()), Err(error));
    let (one, two) = (key(1).verifying_key(), key(2).verifying_key());
    let error = DsseError::OtherKey { expected: two.fingerprint(), got: one.fingerprint() };
    assert_eq!(envelope.open(IN_TOTO_PAYLOAD_TYPE, &two), Err(error));
    let forged = signed().replace(&one.fingerprint().to_string(), &two.fingerprint().to_string());
    let forged = Envelope::decode(forged.as_bytes()).unwrap();
    assert_eq!(forged.open(IN_TOTO_PAYLOAD_TYPE, &two), Err(DsseError::BadSignature));
    // A signature of the same payload under another type.
    let other =
        Envelope::sign("text/plain", envelope.unverified_payload().to_vec(), &key(1)).unwrap().encode().unwrap();
    let other = String::from_utf8(other).unwrap().replace("text/plain", IN_TOTO_PAYLOAD_TYPE);
    let other = Envelope::decode(other.as_bytes()).unwrap();
    assert_eq!(other.open(IN_TOTO_PAYLOAD_TYPE, &one), Err(DsseError::BadSignature));
}

#[test]
fn a_signature_with_an_unreduced_scalar_is_refused() {
    // S + L satisfies the equation of Ed25519 too: the textbook malleability.
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let envelope = statement().sign(&key(1)).unwrap();
    let signature = key(1).sign(&pae(IN_TOTO_PAYLOAD_TYPE, envelope.unverified_payload()));
    let mut malleated = signature;
    let mut carry = 0u16;
    for (byte, add) in malleated[32..].iter_mut().zip(&order) {
        carry += u16::from(*byte) + u16::from(*add);
        *byte = carry as u8;
        carry >>= 8;
    }
    let encode = |bytes: &[u8]| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(bytes)
    };
    let text = signed().replace(&encode(&signature), &encode(&malleated));
    assert_ne!(text, signed());
    let malleated = Envelope::decode(text.as_bytes()).unwrap();
    assert_eq!(malleated.open(IN_TOTO_PAYLOAD_TYPE, &key(1).verifying_key()), Err(DsseError::BadSignature));
}

#[test]
fn a_statement_is_in_toto_json() {
    let digest = "ab".repeat(32);
    let expected = format!(
        "{{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{{\"name\":\"patients\",\"digest\":\
         {{\"sha256\":\"{digest}\"}}}}],\"predicateType\":\"urn:example:counted:v1\",\"predicate\":\
         {{\"rows\":10,\"columns\":{{\"age\":1}}}}}}"
    );
    let encoded = statement().encode().unwrap();
    assert_eq!(String::from_utf8(encoded.clone()).unwrap(), expected);
    assert_eq!(Statement::decode(&encoded, PREDICATE_TYPE), Ok(statement()));
    assert_eq!(predicate_type(&encoded).unwrap(), PREDICATE_TYPE);
    let statement = statement();
    let subject = &statement.subjects()[0];
    assert_eq!(
        (subject.name(), subject.digest("sha256"), subject.digest("sha512")),
        ("patients", Some(&*digest), None)
    );
    assert_eq!(subject.digests().count(), 1);
}

#[test]
fn malformed_statements_are_refused_with_their_own_error() {
    let good = String::from_utf8(statement().encode().unwrap()).unwrap();
    let decode = |from: &str, to: &str| {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        Statement::<Counted>::decode(bad.as_bytes(), PREDICATE_TYPE).unwrap_err()
    };
    let json = |error| matches!(error, StatementError::Json { .. });
    assert!(json(decode("{", "[")));
    assert!(json(decode("\"subject\":", "\"unknown\":1,\"subject\":")));
    assert!(json(decode("\"digest\":", "\"uri\":\"\",\"digest\":")));
    assert!(json(decode("\"rows\":", "\"unknown\":1,\"rows\":")));
    assert!(json(decode("\"rows\":10", "\"rows\":10,\"rows\":10")));
    assert!(json(decode("\"rows\":10", "\"rows\":-1")));
    assert!(json(decode("}}}", "}}} 0")));
    let expected = "https://in-toto.io/Statement/v1";
    let error = StatementError::Type { expected, got: "https://in-toto.io/Statement/v0.1".to_owned() };
    assert_eq!(decode("Statement/v1", "Statement/v0.1"), error);
    let error = StatementError::PredicateType { expected: PREDICATE_TYPE.into(), got: "urn:other".into() };
    assert_eq!(decode(PREDICATE_TYPE, "urn:other"), error);
    let (start, end) = (good.find("[{").unwrap() + 1, good.find(']').unwrap());
    let subject = &good[start..end];
    assert_eq!(decode(subject, ""), StatementError::NoSubject);
    let error = StatementError::DuplicateSubject { name: "patients".into() };
    assert_eq!(decode(subject, &format!("{subject},{subject}")), error);
    for (from, to) in
        [("\"patients\"", "\"\""), ("\"sha256\"", "\"\""), ("abab", "ABAB"), ("abab", "a"), ("abab", "xx")]
    {
        assert_eq!(decode(from, to), StatementError::Subject { index: 0 }, "{to}");
    }
    let digest = format!("{{\"sha256\":\"{}\"}}", "ab".repeat(32));
    assert_eq!(decode(&digest, "{}"), StatementError::Subject { index: 0 });
    assert_eq!(decode(&digest, &digest.replace(&"ab".repeat(32), "")), StatementError::Subject { index: 0 });
    // Duplicate keys of maps: JSON readers keep the last one in silence.
    assert_eq!(decode("{\"sha256\"", "{\"sha256\":\"00\",\"sha256\""), StatementError::NotCanonical);
    assert_eq!(decode("\"age\":1", "\"age\":2,\"age\":1"), StatementError::NotCanonical);
    assert_eq!(decode("\"rows\":10", "\"rows\": 10"), StatementError::NotCanonical);
    let nothing = Statement::new(vec![Subject::new("a").with_digest("x", &[1])], "", 0);
    assert_eq!(nothing, Err(StatementError::NoPredicateType));
    assert_eq!(Statement::new(vec![], PREDICATE_TYPE, 0), Err(StatementError::NoSubject));
    assert_eq!(Statement::new(vec![Subject::new("a")], "t", 0), Err(StatementError::Subject { index: 0 }));
}

#[test]
fn a_statement_is_opened_from_a_valid_envelope_alone() {
    let envelope = statement().sign(&key(1)).unwrap();
    let error = Statement::<Counted>::open(&envelope, PREDICATE_TYPE, &key(2).verifying_key()).unwrap_err();
    assert!(matches!(error, StatementError::Envelope(DsseError::OtherKey { .. })));
    let error = Statement::<Counted>::open(&envelope, "urn:other", &key(1).verifying_key()).unwrap_err();
    assert!(matches!(error, StatementError::PredicateType { .. }));
}

proptest! {
    #[test]
    fn decoding_arbitrary_bytes_never_panics_and_is_canonical(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            "\\{\"payload\":\"[A-Za-z0-9+/]{0,4}\",\"payloadType\":\"[a-z\\\\]{0,3}\",\"signatures\":\
             \\[(\\{\"keyid\":\"[0-9a-f]{64}\",\"sig\":\"[A-Za-z0-9+/]{85}[AQgw]==\"\\}){0,1}\\]\\}".prop_map(String::into_bytes),
        ],
    ) {
        if let Ok(envelope) = Envelope::decode(&bytes) {
            prop_assert_eq!(envelope.encode().unwrap(), bytes.clone());
            prop_assert!(envelope.open(IN_TOTO_PAYLOAD_TYPE, &key(1).verifying_key()).is_err());
        }
        if let Ok(statement) = Statement::<Counted>::decode(&bytes, PREDICATE_TYPE) {
            prop_assert_eq!(statement.encode().unwrap(), bytes);
        }
    }

    #[test]
    fn any_payload_survives_the_round_trip(payload in prop::collection::vec(any::<u8>(), 0..500), payload_type in ".{0,20}") {
        let envelope = Envelope::sign(&payload_type, payload.clone(), &key(1)).unwrap();
        let decoded = Envelope::decode(&envelope.encode().unwrap()).unwrap();
        let opened = decoded.open(&payload_type, &key(1).verifying_key()).unwrap();
        prop_assert_eq!(&opened.bytes, &payload);
    }
}
