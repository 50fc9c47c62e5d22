//! A relation's proof that decodes is encoded as it was read; verification answers whatever it is given.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use zkl_argument::{relation::RelationOpening, srs::Srs};
use zkl_circuits::{
    relation::{
        Details, Operation, RelationCircuit, RelationContext, RelationPlan, RelationProof, RelationRole,
        RelationStatement, verify_relation,
    },
    scan::TablePlan,
    seal::SealCommitment,
};
use zkl_core::{
    circuit::Circuit as _,
    column::ColumnType,
    digest::{Sha256Digest, TransactionId},
    layout::{ColumnLayout, Encoding, Layout},
};
use zkl_snark::ark::{Bn254, Fr, G1Affine, G2Affine, ec::AffineRepr, groth16, serialize::CanonicalSerialize};
use zkl_snark::{groth16::VerifyingKey, proof_system::VerifyingKey as _};

struct Fixture {
    plan: RelationPlan<'static>,
    srs: Srs,
    key: VerifyingKey,
    base: Vec<u8>,
}

fn compressed(value: &impl CanonicalSerialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.serialize_compressed(&mut bytes).unwrap();
    bytes
}

impl Fixture {
    /// One row of every key: two tables, with digests of values, selectors, counts and gaps.
    fn new() -> Self {
        let table = |rows: u64| {
            let columns = vec![
                ColumnLayout::new("n", ColumnType::Int, Encoding::Numeric { limbs: 1 }).nullable(true),
                ColumnLayout::new("g", ColumnType::Category, Encoding::Category { capacity: 4 }),
            ];
            TablePlan::new(Layout::new(rows, columns, Vec::new()).unwrap(), 16).unwrap()
        };
        let tables: &'static [TablePlan; 2] = Box::leak(Box::new([table(9), table(7)]));
        let names = ["n".to_owned(), "g".to_owned()];
        let details = Details { key: names.to_vec(), ..Details::default() };
        let plan = RelationPlan::with(Operation::Dedup, &details, tables.iter().collect(), &names).unwrap();
        let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
        let circuit = RelationCircuit::blank(plan.shape().clone());
        let key = groth16::VerifyingKey::<Bn254> {
            alpha_g1: g1,
            beta_g2: g2,
            gamma_g2: g2,
            delta_g2: g2,
            gamma_abc_g1: vec![g1; 1 + circuit.public_inputs().len()],
        };
        let key = VerifyingKey::from_bytes(&compressed(&key)).unwrap();
        // Every 32 bytes are a point of G1 and a field element, but for the point of G2 in the circuit's proof.
        let (one, two) = (compressed(&Fr::from(1u64)), compressed(&g2));
        let elements = RelationOpening::<Fr>::len(plan.shape());
        let before = RelationProof::bytes_before(&plan);
        let mut base = [vec![1], one.repeat((before - 1 - 32 * elements) / 32 + elements), one.clone(), two].concat();
        let rest = before + key.proof_len(Some(plan.groups().kappa())).unwrap() - base.len();
        base.extend(one.repeat(rest / 32));
        let fixture = Self { plan, srs: Srs::dev(2, b"fuzz").unwrap(), key, base };
        assert!(RelationProof::from_bytes(&fixture.plan, &fixture.key, &fixture.base).is_ok());
        fixture
    }
}

fuzz_target!(|input: &[u8]| {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    let Fixture { plan, srs, key, base } = FIXTURE.get_or_init(Fixture::new);
    // As it is, or laid over what can be read, from an offset on.
    let bytes = match input {
        [0, rest @ ..] => rest.to_vec(),
        [_, low, high, patch @ ..] => {
            let mut bytes = base.clone();
            let offset = usize::from(u16::from_le_bytes([*low, *high])) % bytes.len();
            bytes.iter_mut().skip(offset).zip(patch).for_each(|(byte, patch)| *byte ^= patch);
            bytes
        }
        _ => return,
    };
    let Ok(proof) = RelationProof::from_bytes(plan, key, &bytes) else { return };
    assert_eq!(proof.to_bytes(), bytes);
    let h = SealCommitment::from_bytes(compressed(&Fr::from(1u64)).first_chunk().unwrap()).unwrap();
    let role = |byte: u8| RelationRole {
        entry: TransactionId::new([byte; 32]),
        commitment_root: Sha256Digest::new([byte; 32]),
        h,
        segments: &[],
    };
    let roles = [role(1), role(2)];
    let context = RelationContext::new("fuzz", &[0; 32], &[0; 32]);
    let statement = RelationStatement { context, digest: Sha256Digest::new([0; 32]), plan, roles: &roles };
    assert!(verify_relation(srs.verifier_key(), key, &statement, &proof).is_err());
});
