//! Scan proofs without a setup: one opening for the witness of the circuit and the columns of the table.

use zkl_argument::{commit::Commitment, srs::Srs};
use zkl_core::ark::{Fr, ff::One as _};
use zkl_snark::{
    groth16::Proof,
    proof_system::{DecodeError, ProveError, VerifyError},
};

use super::proofs::{Setting, context};
use crate::scan::{
    ProveScanError, ScanDecodeError, ScanProof, ScanStatement, VerifyScanError,
    circuit::{opening_elements, opening_from_elements},
    prove::{prove_any_limbs, verify_any_limbs},
};

/// Every false proof of the right form ends in an opening that is none.
fn is_false(result: &Result<(), VerifyScanError>) -> bool {
    matches!(result, Err(VerifyScanError::Proof(VerifyError::Opening(_))))
}

#[test]
fn a_universal_scan_proof_verifies_and_nothing_else_does() {
    let setting = Setting::universal(31, 13);
    let (plan, groups, statement) = (&setting.case.plan, setting.commitments.groups(), setting.statement());
    let proof = setting.prove().unwrap();
    setting.verify(&statement, &proof).unwrap();

    // Another entry, another seal, other commitments, another layout, another string.
    let other = Setting::universal(32, 13);
    let fewer = Setting::universal(31, 12);
    let others = [
        ScanStatement { context: context(2), ..statement },
        ScanStatement { h: other.seal.commitment(), ..statement },
        ScanStatement { commitments: &other.commitments, ..statement },
        ScanStatement { plan: &fewer.case.plan, ..statement },
    ];
    assert!(others.iter().all(|other| is_false(&setting.verify(other, &proof))));
    let srs = Srs::dev(setting.srs.powers().len(), b"another").unwrap();
    let elsewhere = verify_any_limbs(srs.verifier_key(), setting.keys.verifying(), &statement, &proof);
    assert!(is_false(&elsewhere.map(|_| ())));

    // Every part of the proof that is not the circuit's: that has tests of its own.
    let changed = |change: &dyn Fn(&mut ScanProof)| {
        let mut proof = proof.clone();
        change(&mut proof);
        setting.verify(&statement, &proof)
    };
    assert!(is_false(&changed(&|proof| proof.mask = Commitment::default())));
    let elements = opening_elements(proof.claim());
    for index in 0..elements.len() {
        let mut elements = elements.clone();
        elements[index] += Fr::one();
        let claim = opening_from_elements(plan.shape(), &elements).unwrap();
        assert!(is_false(&changed(&|proof| proof.claim = claim.clone())), "element {index}");
    }
    let second = setting.prove().unwrap();
    assert!(is_false(&changed(&|proof| proof.proof.clone_from(&second.proof))));
    let equal = proof.proof.chunks(32).zip(second.proof.chunks(32)).filter(|(a, b)| a == b).count();
    assert_eq!(equal, 0, "randomness is fresh");

    // Lengths follow from shape, groups and key.
    let key = setting.keys.verifying();
    let bytes = proof.to_bytes();
    assert_eq!(ScanProof::encoded_bytes(plan.shape(), groups, key), Ok(bytes.len()));
    assert_eq!(ScanProof::from_bytes(plan.shape(), groups, key, &bytes).unwrap(), proof);
    let got = bytes.len() - 1;
    let short = ScanProof::from_bytes(plan.shape(), groups, key, &bytes[..got]);
    assert_eq!(short, Err(ScanDecodeError::Length { expected: got + 1, got }));
}

#[test]
fn a_universal_scan_proof_has_its_link_and_no_other_proof_system() {
    let setting = Setting::universal(31, 13);
    let statement = setting.statement();
    let (proof, key, srs) = (setting.prove().unwrap(), setting.keys.verifying(), setting.srs.verifier_key());
    let t0 = statement.t0(setting.srs.digest(), key, &proof.mask).unwrap();
    let inputs = statement.inputs(t0, proof.claim()).to_vec();
    let without = key.verify(&inputs, Some(srs), None, &proof.proof);
    assert_eq!(without, Err(VerifyError::Link { needed: true }));

    // A proof of one system is none of another: t0 has another domain, and the lengths never meet.
    let compact = Setting::flat();
    let length = |setting: &Setting, statement: &ScanStatement<'_>, proof: &ScanProof| {
        matches!(
            setting.verify(statement, proof),
            Err(VerifyScanError::Proof(VerifyError::Encoding(DecodeError::Length { .. })))
        )
    };
    assert!(length(&setting, &statement, &compact.prove().unwrap()));
    assert!(length(&compact, &compact.statement(), &proof));
    assert!(proof.proof.len() > Proof::LEN);
    let domains = [key, compact.keys.verifying()].map(|key| statement.t0(setting.srs.digest(), key, &proof.mask));
    assert_ne!(domains[0], domains[1]);
}

#[test]
fn a_prover_of_other_columns_has_no_universal_proof() {
    let (setting, other) = (Setting::universal(31, 13), Setting::universal(32, 13));
    let statement = ScanStatement { commitments: &other.commitments, ..setting.statement() };
    let witness = setting.case.witness();
    let refused =
        prove_any_limbs(&setting.srs, setting.keys.as_ref(), &statement, &setting.seal, &witness, &setting.seed);
    assert!(matches!(refused, Err(ProveScanError::Proof(ProveError::SelfCheck(VerifyError::Opening(_))))));
}
