//! A prover without a table: with the trapdoors of the dev set-up it makes proofs that verify, out of nothing but the
//! statement. That is why real proofs tell nothing: what the simulator does not need, they cannot reveal.

use rand_chacha::ChaCha20Rng;
use zkl_argument::{
    Opening, cell_weights,
    chain::scalars_bytes,
    commit::Commitment,
    hyperkzg::{CombinedColumns, CommittedColumn, Mask, combine_commitments, masked_opening},
    srs::Srs,
};
use zkl_core::ark::{
    Bn254, Fr, G1Affine, G1Projective, G2Projective,
    ec::{AffineRepr as _, CurveGroup as _},
    ff::{Field as _, UniformRand as _},
    serialize::{CanonicalDeserialize as _, CanonicalSerialize as _},
    std::rand::SeedableRng as _,
};
use zkl_snark::{
    ark,
    keys::dev_seed,
    proof_system::{ProvingKey, VerifyError},
};

use super::{
    fixture::rng,
    proofs::{Setting, context},
};
use crate::{
    scan::{
        ColumnCommitments, ScanProof, ScanStatement, VerifyScanError,
        circuit::{opening_from_elements, opening_len},
        prove::verify_any_limbs,
        statement::scalar_bytes,
    },
    seal::SealCommitment,
};

/// A Groth16 proof for any public inputs, from the secrets that the dev seed reveals.
///
/// # Panics
/// When the keys are not made from the dev seed: then nobody can do this.
pub(crate) fn simulate_groth16(keys: &dyn ProvingKey, inputs: &[Fr], random: &mut ChaCha20Rng) -> Vec<u8> {
    let mut setup = ChaCha20Rng::from_seed(dev_seed(keys.id()));
    let [alpha, beta, gamma, delta] = [(); 4].map(|()| Fr::rand(&mut setup));
    let (g1, g2) = (G1Projective::rand(&mut setup), G2Projective::rand(&mut setup));
    let key = ark::groth16::VerifyingKey::<Bn254>::deserialize_compressed(keys.verifying().as_bytes()).unwrap();
    assert_eq!(key.alpha_g1, (g1 * alpha).into_affine());
    assert_eq!([key.beta_g2, key.gamma_g2, key.delta_g2], [beta, gamma, delta].map(|x| (g2 * x).into_affine()));

    let input = |sum: G1Projective, (point, x): (&G1Affine, &Fr)| sum + *point * x;
    let inputs = key.gamma_abc_g1[1..].iter().zip(inputs).fold(key.gamma_abc_g1[0].into_group(), input);
    // e(A, B) = e(alpha, beta) e(inputs, gamma) e(C, delta)
    let (a, b) = (Fr::rand(random), Fr::rand(random));
    let c = (g1 * (a * b - alpha * beta) - inputs * gamma) * delta.inverse().unwrap();
    let mut bytes = Vec::new();
    (g1 * a).into_affine().serialize_compressed(&mut bytes).unwrap();
    (g2 * b).into_affine().serialize_compressed(&mut bytes).unwrap();
    c.into_affine().serialize_compressed(&mut bytes).unwrap();
    bytes
}

/// A seal of nothing.
pub(in crate::scan) fn random_seal(random: &mut ChaCha20Rng) -> SealCommitment {
    SealCommitment::from_bytes(&scalar_bytes(&Fr::rand(random))).unwrap()
}

/// Commitments to nothing that anybody knows.
pub(in crate::scan) fn random_commitments(
    plan: &zkl_argument::ScanPlan,
    groups: zkl_argument::commit::RowGroups,
    random: &mut ChaCha20Rng,
) -> ColumnCommitments {
    let mut point = || Commitment::new(G1Projective::rand(random).into_affine());
    let columns = plan.cells().iter().map(|_| (0..groups.count()).map(|_| point()).collect()).collect();
    ColumnCommitments::new(plan, groups, columns).unwrap()
}

/// A scan proof for any statement (section 12): a claim, f* and s at random, then the mask's commitment that makes them fit,
/// then t0, then a simulated transcript proof.
pub(in crate::scan) fn simulate_scan(
    srs: &Srs,
    keys: &dyn ProvingKey,
    statement: &ScanStatement<'_>,
    seed: u64,
) -> ScanProof {
    let random = &mut rng(seed);
    let (plan, groups) = (statement.plan, statement.commitments.groups());
    let elements: Vec<Fr> = (0..opening_len(plan.shape())).map(|_| Fr::rand(random)).collect();
    let mut claim: Opening<Fr> = opening_from_elements(plan.shape(), &elements).unwrap();
    let (point, rho) = (claim.r_star.clone(), claim.rho);
    // f* = rho times a random polynomial: a mask over no columns. It is sampled twice, because opening it uses it up.
    let mask = || Mask::sample(groups, &mut rng(seed + 1));
    let nothing = CombinedColumns::new(groups, &point, &[]).unwrap();
    let open = |context: &[u8]| masked_opening(srs, context, groups, &point, &nothing, &[], mask(), &rho).unwrap();
    let (y, opening) = open(b"for s, which does not depend on the context");
    claim.y = y;

    let weights = cell_weights(plan, &claim);
    let columns: Vec<CommittedColumn<'_>> = weights
        .iter()
        .zip(statement.commitments.columns())
        .map(|(&weight, commitments)| CommittedColumn { weight, commitments })
        .collect();
    let combine = |columns: &[CommittedColumn<'_>], mask: &Commitment| {
        combine_commitments(srs.h(), groups, &point, columns, mask, &rho, &opening.s).unwrap().point()
    };
    let target = combine(&[], &mask().commit(srs).unwrap());
    let without_mask = combine(&columns, &Commitment::default());
    let mask = Commitment::new(((target - without_mask) * rho.inverse().unwrap()).into_affine());

    let t0 = statement.t0(srs.digest(), keys.verifying(), &mask).unwrap();
    let inputs = statement.inputs(t0, &claim);
    let (_, opening) = open(&scalars_bytes(&inputs.to_vec()));
    let mut proof = simulate_groth16(keys, &inputs.to_vec(), random);
    proof.extend(opening.to_bytes());
    ScanProof { mask, claim, proof }
}

#[test]
fn a_simulator_without_a_table_makes_scan_proofs_that_verify() {
    let setting = Setting::flat();
    let (plan, groups) = (&setting.case.plan, setting.commitments.groups());
    for seed in 0..3 {
        let random = &mut rng(1_000 * seed);
        // No table has this seal, and nobody knows columns in these commitments.
        let (h, commitments) = (random_seal(random), random_commitments(plan, groups, random));
        let statement = ScanStatement { context: context(9), plan, h, commitments: &commitments };
        let proof = simulate_scan(&setting.srs, setting.keys.as_ref(), &statement, 77 + seed);
        setting.verify(&statement, &proof).unwrap();
        assert_eq!(proof.to_bytes().len(), setting.prove().unwrap().to_bytes().len());
        // It is as bound to its statement as a real one.
        let elsewhere = setting.verify(&ScanStatement { context: context(8), ..statement }, &proof);
        assert_eq!(elsewhere, Err(VerifyScanError::Proof(VerifyError::Invalid)));
    }
    // About the seal and the commitments of a real table too.
    let statement = setting.statement();
    let proof = simulate_scan(&setting.srs, setting.keys.as_ref(), &statement, 5);
    verify_any_limbs(setting.srs.verifier_key(), setting.keys.verifying(), &statement, &proof).unwrap();
}
