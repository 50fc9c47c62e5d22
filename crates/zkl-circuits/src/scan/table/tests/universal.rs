//! Whole tables with universal proofs.

use zkl_snark::proof_system::{COMPACT, ProofSystem, UNIVERSAL, VerifyError, VerifyingKey};

use super::{
    super::{
        error::{TableDecodeError, VerifyTableError},
        keys::TableKeys,
        plan::TablePlan,
        proof::TableProof,
        prover::TableProver,
        verify::{TableStatement, verify_any_limbs_table},
    },
    fixture::Tall,
    proofs::{commitment, context, narrow, push_all, secrets, universal_srs},
};
use crate::scan::{VerifyScanError, tests::fixture::keys_of};

fn prove(table: &Tall, kappa: u32) -> (TablePlan, TableProof, crate::seal::SealCommitment) {
    let plan = table.plan(kappa);
    let keys = |circuit: &dyn zkl_core::circuit::Circuit| keys_of(UNIVERSAL, circuit);
    let mut prover = TableProver::new(universal_srs(), &keys, context(1), &plan, secrets(20));
    push_all(table, &mut prover, plan.len());
    let proved = prover.finish().unwrap();
    (plan.clone(), proved.proof, proved.seal.commitment())
}

fn with_keys<T>(system: &'static dyn ProofSystem, plan: &TablePlan, work: impl FnOnce(&TableKeys<'_>) -> T) -> T {
    let circuits = plan.circuits();
    let pairs: Vec<_> = circuits.iter().map(|circuit| keys_of(system, circuit.as_ref()).unwrap()).collect();
    work(&TableKeys::new(system, pairs.iter().map(|pair| (pair.id().clone(), pair.verifying()))))
}

#[test]
fn universal_table_proofs_verify_with_segments_dictionaries_and_merges() {
    // Row groups long enough that a witness has at most 1,024 blocks of that length.
    for (table, kappa) in [(Tall::narrow(1, 58), 4), (Tall::grouped(2, 1_000), 7)] {
        let (plan, proof, h) = prove(&table, kappa);
        let statement = TableStatement { context: context(1), plan: &plan, h };
        let verify = |statement: &TableStatement<'_>, proof: &TableProof| {
            with_keys(UNIVERSAL, &plan, |keys| {
                verify_any_limbs_table(universal_srs().verifier_key(), keys, statement, proof).map(|_| ())
            })
        };
        verify(&statement, &proof).unwrap();
        let elsewhere = verify(&TableStatement { context: context(2), ..statement }, &proof);
        let is_false = |error: &VerifyScanError| matches!(error, VerifyScanError::Proof(VerifyError::Opening(_)));
        assert!(matches!(&elsewhere, Err(VerifyTableError::Segment { index: 0, source }) if is_false(source)));

        // Merges: another seal, another proof.
        let changed = |change: &dyn Fn(&mut TableProof)| {
            let mut proof = proof.clone();
            change(&mut proof);
            verify(&statement, &proof)
        };
        let last = proof.merges.len() - 1;
        if last > 0 {
            let other = changed(&|proof| proof.merges[0].h = commitment(4));
            assert!(matches!(other, Err(VerifyTableError::Merge { index: 0, source: VerifyError::Opening(_) })));
            let exchanged = changed(&|proof| proof.merges[last].proof = proof.merges[0].proof.clone());
            let source = |index| matches!(exchanged, Err(VerifyTableError::Merge { index: at, .. }) if at == index);
            assert!(source(last));
        }

        // Bytes: version 2, the tag of the system, and no other.
        let bytes = proof.to_bytes();
        assert_eq!(bytes[..2], [2, 1]);
        let decode = |bytes: &[u8]| with_keys(UNIVERSAL, &plan, |keys| TableProof::from_bytes(&plan, keys, bytes));
        assert_eq!(decode(&bytes).as_ref(), Ok(&proof));
        let version = Err(TableDecodeError::Version { expected: 2, got: 1 });
        assert_eq!(decode(&[&[1], &bytes[1..]].concat()), version);
        for got in [0, 2, 255] {
            let system = Err(TableDecodeError::System { expected: 1, got });
            assert_eq!(decode(&[&[2, got], &bytes[2..]].concat()), system);
        }
        for got in [0, 1, 2, 5, bytes.len() - 1, bytes.len() + 1] {
            let mut other = bytes.clone();
            other.resize(got, 0);
            assert_eq!(decode(&other), Err(TableDecodeError::Length { expected: bytes.len(), got }));
        }
    }
}

#[test]
fn a_table_has_one_proof_system() {
    let proved = narrow();
    let (plan, bytes) = (&proved.plan, proved.proof.to_bytes());
    let read = with_keys(COMPACT, plan, |keys| TableProof::from_bytes(plan, keys, &bytes));
    assert_eq!(read.as_ref(), Ok(&proved.proof));
    // Said to be of another system than its keys are of.
    let mut tagged = proved.proof.clone();
    tagged.tag = UNIVERSAL.tag();
    assert_eq!(proved.changed(|proof| *proof = tagged.clone()), VerifyTableError::OtherSystem);
    // Keys of another system are none.
    let circuit = &plan.circuits()[0];
    let pair = keys_of(COMPACT, circuit.as_ref()).unwrap();
    let keys = TableKeys::new(UNIVERSAL, [(circuit.id(), pair.verifying() as &dyn VerifyingKey)]);
    assert!(keys.get(&circuit.id()).is_none());
}
