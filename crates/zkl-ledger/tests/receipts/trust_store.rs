//! Trust stores: what stands in one counts where it says, whatever else names it.

use serde_json::{Value, json};
use zkl_argument::srs::SrsVerifierKey;
use zkl_ledger::{
    Trust,
    circuit::{Circuit as _, KeyDigest},
    receipt::{DistrustError, Predicate, Receipt, TrustStore, VerifiedReceipt, VerifyError},
    transparency::{keys::SigningKey, policy::Policy},
    types::LeafIndex,
    verify,
};

use crate::{
    product::Product,
    require::{key, log, receipt},
};

/// A store of the fixtures' log, with a range, and of what `more` holds.
fn store(from: u64, until: u64, more: &Value) -> TrustStore {
    let log = json!({"key": log().verifier().to_string(), "from": from, "until": until, "label": "the fixtures"});
    let mut store = json!({"version": 1, "log": [log]});
    store.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(store).unwrap()
}

fn verified(receipt: &Receipt, trust: &Trust) -> Result<VerifiedReceipt, VerifyError> {
    verify(&receipt.encode().unwrap(), trust)
}

fn distrusted(receipt: &Receipt, trust: &Trust) -> DistrustError {
    match verified(receipt, trust).unwrap_err() {
        VerifyError::Distrusted(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_log_key_counts_for_checkpoints_of_its_sizes() {
    let claims = receipt("v5/claims.receipt");
    for (from, until) in [(0, 5), (5, 5), (5, 9)] {
        let verified = verified(&claims, &Trust::default().with_trust_store(store(from, until, &json!({})))).unwrap();
        assert_eq!((verified.log.pinned, verified.log.label.as_deref()), (true, Some("the fixtures")));
    }
    for (from, until) in [(0, 4), (6, 9)] {
        let trust = Trust::default().with_trust_store(store(from, until, &json!({})));
        assert!(matches!(distrusted(&claims, &trust), DistrustError::LogRange { size, .. } if size.0 == 5));
        // Neither a flag nor a policy prolongs it.
        let flag = trust.clone().with_log(log().verifier());
        assert!(matches!(distrusted(&claims, &flag), DistrustError::LogRange { .. }));
        let policy = format!("log {}\nquorum none\n", log().verifier());
        let policy = trust.with_policy(Policy::parse(policy.as_bytes()).unwrap());
        assert!(matches!(distrusted(&claims, &policy), DistrustError::LogRange { .. }));
    }
}

#[test]
fn a_log_that_does_not_stand_in_the_store_is_not_trusted() {
    let other = SigningKey::from_seed(&[9; 32]).verifying_key().note_verifier("example.com/fixtures".parse().unwrap());
    let store: TrustStore = serde_json::from_value(json!({"version": 1, "log": [{"key": other.to_string()}]})).unwrap();
    let error = verified(&receipt("v5/claims.receipt"), &Trust::default().with_trust_store(store)).unwrap_err();
    assert!(matches!(error, VerifyError::LogNotTrusted { .. }), "{error:?}");
}

#[test]
fn a_store_says_which_notaries_count() {
    let claims = receipt("v5/claims.receipt");
    let answer = |notary: Value| {
        let trust = Trust::default().with_trust_store(store(0, 9, &json!({"notary": [notary]})));
        verified(&claims, &trust)
    };
    let (own, other) = (key().verifying_key().to_string(), SigningKey::from_seed(&[9; 32]).verifying_key().to_string());
    answer(json!({"key": own})).unwrap();
    answer(json!({"key": own, "log": "example.com/fixtures", "from": 1, "until": 3})).unwrap();
    let error = answer(json!({"key": other})).unwrap_err();
    let expected = |error: &DistrustError| matches!(error, DistrustError::Notary { index: LeafIndex(0), .. });
    assert!(matches!(&error, VerifyError::Distrusted(error) if expected(error)), "{error:?}");
    // The claims are the second and the third entry of the log.
    let error = answer(json!({"key": own, "log": "example.com/fixtures", "until": 2})).unwrap_err();
    let expected = |error: &DistrustError| matches!(error, DistrustError::NotaryRange { index: LeafIndex(2), .. });
    assert!(matches!(&error, VerifyError::Distrusted(error) if expected(error)), "{error:?}");
}

#[test]
fn a_store_ends_trust_in_a_string_that_is_built_in() {
    let claims = receipt("v5/claims.receipt");
    let public = SrsVerifierKey::public().unwrap().digest();
    let trust = |until: u64| {
        let string = json!({"digest": public.to_string(), "log": "example.com/fixtures", "until": until});
        Trust::default().with_trust_store(store(0, 9, &json!({"string": [string]})))
    };
    verified(&claims, &trust(3)).unwrap();
    let expected = |error: DistrustError| matches!(error, DistrustError::StringRange { digest, size, .. } if digest == public && size.0 == 3);
    assert!(expected(distrusted(&claims, &trust(2))));
    assert!(expected(distrusted(&claims, &trust(2).with_srs(public))));
}

#[test]
fn a_store_trusts_a_circuit_at_its_sizes() {
    let custom = receipt("v1/custom.receipt");
    let Predicate::Custom(record) = custom.entries[0].open().unwrap().predicate().clone() else {
        panic!("another kind")
    };
    let index = custom.entries[0].index.0;
    let trust = |circuit: &str, from: u64, key: KeyDigest| {
        let circuit = json!({"circuit": circuit, "key": key.to_string(), "log": "example.com/fixtures", "from": from});
        Trust::default().with_trust_store(store(0, 9, &json!({"circuit": [circuit]})))
    };
    let name = Product.id().to_string();
    verified(&custom, &trust(&name, index + 1, record.proof.key)).unwrap();
    let error = distrusted(&custom, &trust(&name, index + 2, record.proof.key));
    assert!(matches!(error, DistrustError::CircuitRange { size, .. } if size.0 == index + 1), "{error:?}");
    let flag = trust(&name, index + 2, record.proof.key).with_verifying_key(Product.id(), record.proof.key);
    assert!(matches!(distrusted(&custom, &flag), DistrustError::CircuitRange { .. }));
    // A key is trusted for one circuit, and a circuit with one key.
    let error = verified(&custom, &trust("example/other@1", 0, record.proof.key)).unwrap_err();
    assert!(matches!(error, VerifyError::KeyNotTrusted { .. }), "{error:?}");
    let error = verified(&custom, &trust(&name, 0, KeyDigest::of(b"another key"))).unwrap_err();
    assert!(matches!(error, VerifyError::KeyNotTrusted { .. }), "{error:?}");
}
