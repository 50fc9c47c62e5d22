//! Which keys a verifier takes, keeps and works for.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zkl_argument::srs::Srs;
use zkl_core::{
    circuit::{Circuit, CircuitId},
    digest::{BlobDigest, KeyDigest},
    tree::LeafIndex,
};
use zkl_snark::{
    ark::{
        Fr,
        relations::gr1cs::{ConstraintSystemRef, SynthesisError},
    },
    gadgets::FieldVar,
    proof_system::{COMPACT, DecodeError, UNIVERSAL, VerifyError as ProofError},
};

use super::{NamedKey, NamedProof, ProofReport, Trust, VerifyError};
use crate::{proof_record::ProofRecord, receipt::ProofPart, scheme::Scheme, trust_store::Place};

/// Knows a square root of y; or nothing of it, under the same id.
struct Root {
    id: &'static str,
    y: Fr,
    anything: bool,
}

impl Root {
    /// 5 generates the multiplicative group of the field: it is no square.
    fn of_five(id: &'static str) -> Self {
        Self { id, y: Fr::from(5), anything: false }
    }
}

impl Circuit for Root {
    fn id(&self) -> CircuitId {
        self.id.parse().unwrap()
    }

    fn public_inputs(&self) -> Vec<Fr> {
        vec![self.y]
    }

    fn synthesize(&self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let y = FieldVar::input(&cs, Some(self.y))?;
        let x = FieldVar::witness(&cs, Some(Fr::from(7)))?;
        let square = if self.anything { FieldVar::witness(&cs, Some(Fr::from(49)))? } else { y };
        FieldVar::enforce_product(&cs, &x, &x, &square)?;
        Ok(())
    }
}

/// A proof of `circuit` and what an entry says of it.
fn proved(circuit: &Root) -> (ProofRecord, ProofPart) {
    let srs = Srs::public().unwrap();
    let place = tempfile::tempdir().unwrap();
    let store = zkl_snark::keys::KeyStore::open(place.path()).unwrap();
    let key = UNIVERSAL.proving_key(circuit, &store, &|_| ()).unwrap();
    let proof = key.prove(circuit, Some(&srs), None).unwrap();
    let bytes = [srs.verifier_key().to_bytes(), proof].concat();
    let record = ProofRecord {
        scheme: Scheme::of(UNIVERSAL),
        circuit: circuit.id(),
        key: key.verifying().digest(),
        srs: Some(srs.digest()),
        digest: BlobDigest::of(&bytes),
    };
    let key = BASE64_STANDARD.encode(key.verifying().as_bytes());
    (record, ProofPart { bytes: BASE64_STANDARD.encode(bytes), key })
}

fn check(record: &ProofRecord, part: &ProofPart, y: Fr, trust: &Trust) -> Result<ProofReport, VerifyError> {
    let origin = "example.com/log".parse().unwrap();
    let instance = trust.circuit(&record.circuit);
    let named = NamedProof { record, instance, public_inputs: &[y] };
    named.check(part, trust.at(Place::of_entry(&origin, LeafIndex(0))))
}

#[test]
fn a_clone_does_not_take_over_the_key_of_another_clones_circuit() {
    let id = "tenant/root@1";
    let planted = Root { anything: true, ..Root::of_five(id) };
    let (record, part) = proved(&planted);
    let base = Trust::default();
    let mallory = base.clone().with_circuit(Root { anything: true, ..Root::of_five(id) });
    check(&record, &part, planted.y, &mallory).unwrap();
    let alice = base.with_circuit(Root::of_five(id));
    assert!(matches!(check(&record, &part, planted.y, &alice), Err(VerifyError::KeyNotTrusted { .. })));
    // Nor one that knew Mallory's circuit first.
    let alice = mallory.with_circuit(Root::of_five("tenant/other@1"));
    check(&record, &part, planted.y, &alice).unwrap();
}

#[test]
fn a_proof_of_another_length_is_refused_before_its_circuit_is_synthesized() {
    let circuit = Root { y: Fr::from(49), ..Root::of_five("tenant/length@1") };
    let (mut record, mut part) = proved(&circuit);
    let trust = || Trust::default().with_circuit(Root { y: Fr::from(49), ..Root::of_five("tenant/length@1") });
    check(&record, &part, circuit.y, &trust()).unwrap();
    let mut bytes = BASE64_STANDARD.decode(&part.bytes).unwrap();
    bytes.push(0);
    record.digest = BlobDigest::of(&bytes);
    part.bytes = BASE64_STANDARD.encode(&bytes);
    let trust = trust();
    let error = check(&record, &part, circuit.y, &trust).unwrap_err();
    assert!(matches!(error, VerifyError::Proof(ProofError::Encoding(DecodeError::Length { .. }))), "{error:?}");
    assert_eq!(trust.kept_keys(), 0, "no key was made");
}

#[test]
fn keys_that_receipts_only_claim_are_not_kept_and_kept_ones_are_few() {
    let ids: Vec<&'static str> =
        (0..40).map(|at| -> &'static str { Box::leak(format!("tenant/c{at}@1").into_boxed_str()) }).collect();
    let trust = ids.iter().fold(Trust::default(), |trust, id| trust.with_circuit(Root::of_five(id)));
    for id in ids {
        let circuit = Root::of_five(id);
        let (key, _) = UNIVERSAL.derived_key(&circuit).unwrap();
        let other = trust.derived_key(UNIVERSAL, &circuit, KeyDigest::of(b"another")).unwrap();
        assert!(other.is_none());
        let before = trust.kept_keys();
        assert!(trust.derived_key(UNIVERSAL, &circuit, key.digest()).unwrap().is_some());
        assert_eq!(trust.kept_keys(), (before + 1).min(16));
    }
}

/// A circuit whose id shortens what it is.
struct Described(Root, &'static str);

impl Circuit for Described {
    fn id(&self) -> CircuitId {
        self.0.id()
    }

    fn description(&self) -> String {
        self.1.to_owned()
    }

    fn public_inputs(&self) -> Vec<Fr> {
        self.0.public_inputs()
    }

    fn synthesize(&self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        self.0.synthesize(cs)
    }
}

/// The id of a relation's circuit has 128 bits of a digest: 2^64 shapes have two with one id, and the key of the one proves nothing of the other.
#[test]
fn keys_are_kept_by_what_a_circuit_is_and_not_by_its_id() {
    let of = |anything, text| Described(Root { anything, ..Root::of_five("tenant/short@1") }, text);
    let (planted, honest) = (of(true, "20 l1:n2? r1:n2?"), of(false, "20 l1:n2 r1:n2"));
    let (key, _) = UNIVERSAL.derived_key(&planted).unwrap();
    let trust = Trust::default();
    assert!(trust.derived_key(UNIVERSAL, &planted, key.digest()).unwrap().is_some());
    assert!(trust.derived_key(UNIVERSAL, &honest, key.digest()).unwrap().is_none());
}

#[test]
fn a_key_that_nobody_trusts_is_not_decoded() {
    // Groth16's keys say how many points follow; these bytes say that all of them do, and none is there.
    let key = [0xff; 4096];
    let (digest, text) = (KeyDigest::of(&key), BASE64_STANDARD.encode(key));
    let circuit: CircuitId = "tenant/root@1".parse().unwrap();
    let named = NamedKey { system: COMPACT, circuit: &circuit, digest, text: &text, instance: None, derivable: false };
    let origin = "example.com/log".parse().unwrap();
    let admitted = |trust: &Trust| named.admitted(trust.at(Place::of_entry(&origin, LeafIndex(0)))).err().unwrap();
    assert!(matches!(admitted(&Trust::default()), VerifyError::KeyNotTrusted { .. }));
    let trusting = Trust::default().with_verifying_key(circuit.clone(), digest);
    assert!(matches!(admitted(&trusting), VerifyError::Key(_)));
}

#[test]
fn a_key_that_is_not_derivable_is_made_only_for_who_trusts_it() {
    let circuit = Root::of_five("tenant/large@1");
    let (key, _) = UNIVERSAL.derived_key(&circuit).unwrap();
    let (id, text) = (circuit.id(), BASE64_STANDARD.encode(key.as_bytes()));
    let (digest, instance) = (key.digest(), Some(&circuit as &dyn Circuit));
    let named = NamedKey { system: UNIVERSAL, circuit: &id, digest, text: &text, instance, derivable: false };
    let origin = "example.com/log".parse().unwrap();
    let trusted = |trust: &Trust| {
        let at = trust.at(Place::of_entry(&origin, LeafIndex(0)));
        named.admitted(at).and_then(|key| key.trusted(at)).map(|(key, _)| key.digest())
    };
    let stranger = Trust::default();
    assert!(matches!(trusted(&stranger), Err(VerifyError::KeyNotTrusted { .. })));
    assert_eq!(stranger.kept_keys(), 0);
    assert!(matches!(trusted(&stranger.with_verifying_key(id.clone(), digest)), Ok(got) if got == digest));
}
