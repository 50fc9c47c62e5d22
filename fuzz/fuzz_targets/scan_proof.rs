//! A scan proof that decodes is encoded as it was read, and its verification answers whatever it is given. The key's secrets
//! are known here, so that every claim gets a transcript proof that verifies and the opening behind it is reached.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use zkl_argument::{
    ScanPlan,
    commit::{Commitment, RowGroups},
    srs::Srs,
};
use zkl_circuits::{
    scan::{ColumnCommitments, ScanContext, ScanInputs, ScanProof, ScanStatement, VerifyScanError, shape_for, verify_scan},
    seal::SealCommitment,
};
use zkl_core::{
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout},
};
use zkl_snark::ark::{
    Bn254, Fr, G1Affine, G2Affine,
    ec::{AffineRepr, CurveGroup},
    groth16,
    serialize::CanonicalSerialize,
};
use zkl_snark::{
    groth16::{Proof, VerifyingKey},
    proof_system::VerifyError,
};

struct Fixture {
    plan: ScanPlan,
    groups: RowGroups,
    commitments: ColumnCommitments,
    srs: Srs,
    key: VerifyingKey,
    context: ScanContext,
    h: SealCommitment,
    /// A proof whose points and elements can be read.
    base: Vec<u8>,
}

fn compressed(value: &impl CanonicalSerialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.serialize_compressed(&mut bytes).unwrap();
    bytes
}

impl Fixture {
    fn new() -> Self {
        let column = |name, ty, encoding| ColumnLayout::new(name, ty, encoding).nullable(true);
        let columns = vec![
            column("n", ColumnType::Int, Encoding::Numeric { limbs: 2 }),
            column("c", ColumnType::Category, Encoding::Category { capacity: 4 }),
        ];
        let layout = Layout::new(50_000, columns, Vec::new()).unwrap();
        let plan = ScanPlan::new(shape_for(&layout).unwrap(), layout).unwrap();
        let groups = ColumnCommitments::row_groups(&plan, 16).unwrap();
        let point = Commitment::new(G1Affine::generator());
        let columns = vec![vec![point; groups.count()]; plan.cells().len()];
        let commitments = ColumnCommitments::new(&plan, groups, columns).unwrap();
        // alpha = beta = gamma = delta = 1, and 1 for every input.
        let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
        let key = groth16::VerifyingKey::<Bn254> {
            alpha_g1: g1,
            beta_g2: g2,
            gamma_g2: g2,
            delta_g2: g2,
            gamma_abc_g1: vec![g1; 1 + ScanInputs::len(plan.shape())],
        };
        let key = VerifyingKey::from_bytes(&compressed(&key)).unwrap();
        let base = {
            let one = compressed(&Fr::from(1u64));
            let shape = plan.shape();
            let mut bytes = point.to_bytes().to_vec();
            bytes.extend(one.repeat(shape.log_rows() + shape.block_bits() + 4));
            bytes.extend(proof(Fr::from(0u64)));
            bytes.extend(&one);
            bytes.extend(point.to_bytes().repeat(groups.kappa() - 1));
            bytes.extend(one.repeat(3 * groups.kappa()));
            bytes.extend(point.to_bytes().repeat(3));
            bytes
        };
        assert_eq!(Ok(base.len()), ScanProof::encoded_bytes(plan.shape(), groups, &key));
        let context = ScanContext::new("fuzz", &[0; 32], &"data".parse().unwrap(), &[0; 32]);
        let h = SealCommitment::from_bytes(&[1; 32]).unwrap();
        Self { plan, groups, commitments, srs: Srs::dev(2, b"fuzz").unwrap(), key, context, h, base }
    }

    fn statement(&self) -> ScanStatement<'_> {
        ScanStatement { context: self.context, plan: &self.plan, h: self.h, commitments: &self.commitments }
    }
}

/// A proof for inputs with this sum: `a = alpha beta + (1 + sum) gamma + delta`.
fn proof(sum: Fr) -> Vec<u8> {
    let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
    [compressed(&(g1 * (Fr::from(3u64) + sum)).into_affine()), compressed(&g2), compressed(&g1)].concat()
}

fuzz_target!(|input: &[u8]| {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    let fixture = FIXTURE.get_or_init(Fixture::new);
    let (shape, groups, statement) = (fixture.plan.shape(), fixture.groups, fixture.statement());
    let decode = |bytes: &[u8]| ScanProof::from_bytes(shape, groups, &fixture.key, bytes);

    // As it is, or laid over a proof that can be read, from an offset on.
    let bytes = match input {
        [0, rest @ ..] => rest.to_vec(),
        [_, low, high, patch @ ..] => {
            let mut bytes = fixture.base.clone();
            let offset = usize::from(u16::from_le_bytes([*low, *high])) % bytes.len();
            bytes.iter_mut().skip(offset).zip(patch).for_each(|(byte, patch)| *byte ^= patch);
            bytes
        }
        _ => return,
    };
    let Ok(read) = decode(&bytes) else { return };
    assert_eq!(read.to_bytes(), bytes);
    assert!(verify_scan(fixture.srs.verifier_key(), &fixture.key, &statement, &read).is_err());

    // The same claim with a transcript proof that verifies.
    let mask = Commitment::from_bytes(bytes.first_chunk::<32>().unwrap()).unwrap();
    let t0 = statement.t0(fixture.srs.digest(), &fixture.key, &mask).unwrap();
    let inputs = statement.inputs(t0, read.claim()).to_vec();
    let proof = proof(inputs.iter().sum());
    let start = 32 + 32 * (inputs.len() - 4);
    let mut bytes = bytes;
    bytes[start..start + Proof::LEN].copy_from_slice(&proof);
    let read = decode(&bytes).unwrap();
    let answer = verify_scan(fixture.srs.verifier_key(), &fixture.key, &statement, &read);
    let opened = matches!(
        answer,
        Err(VerifyScanError::Columns(_) | VerifyScanError::Proof(VerifyError::Encoding(_) | VerifyError::Opening(_)))
    );
    assert!(opened, "{answer:?}");
});
