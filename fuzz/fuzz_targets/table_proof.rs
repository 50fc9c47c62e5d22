//! A table's proof, or that of one segment, that decodes is encoded as it was read; verification of the table answers whatever it
//! is given.
#![no_main]

use std::{collections::HashMap, sync::OnceLock};

use libfuzzer_sys::fuzz_target;
use zkl_argument::srs::Srs;
use zkl_circuits::{
    scan::{ScanContext, SegmentPart, TableKeys, TablePlan, TableProof, TableStatement, verify_table},
    seal::SealCommitment,
};
use zkl_core::{
    circuit::CircuitId,
    column::ColumnType,
    digest::Sha256Digest,
    layout::{ColumnLayout, Encoding, Layout},
    profile::{CategoryCount, ColumnProfile, ColumnStats, GroupedStats, NumericStats, Profile},
};
use zkl_snark::ark::{Bn254, Fr, G1Affine, G2Affine, ec::AffineRepr, groth16, serialize::CanonicalSerialize};
use zkl_snark::{
    groth16::VerifyingKey,
    proof_system::{self, COMPACT},
};

struct Fixture {
    plan: TablePlan,
    srs: Srs,
    keys: HashMap<CircuitId, VerifyingKey>,
    context: ScanContext,
    h: SealCommitment,
    base: Vec<u8>,
    /// A part: the first segment, and what is sealed of it, of no rows.
    part: Vec<u8>,
    empty: Profile,
}

fn compressed(value: &impl CanonicalSerialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.serialize_compressed(&mut bytes).unwrap();
    bytes
}

impl Fixture {
    /// Two segments, one of seven rows, with a large dictionary.
    fn new() -> Self {
        let columns = vec![
            ColumnLayout::new("n", ColumnType::Int, Encoding::Numeric { limbs: 1 }),
            ColumnLayout::new("g", ColumnType::Category, Encoding::Grouped { capacity: 512 }),
        ];
        let layout = Layout::new((1 << 20) + 7, columns, Vec::new()).unwrap();
        let plan = TablePlan::new(layout, 16).unwrap();
        let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
        let key = |circuit: Box<dyn zkl_core::circuit::Circuit>| {
            let key = groth16::VerifyingKey::<Bn254> {
                alpha_g1: g1,
                beta_g2: g2,
                gamma_g2: g2,
                delta_g2: g2,
                gamma_abc_g1: vec![g1; 1 + circuit.public_inputs().len()],
            };
            (circuit.id(), VerifyingKey::from_bytes(&compressed(&key)).unwrap())
        };
        let keys = plan.circuits().into_iter().map(key).collect();
        // Every 32 bytes of it are a point of G1 and a field element, but for rows and points of G2.
        let (one, two) = (compressed(&Fr::from(1u64)), compressed(&g2));
        assert_eq!(one, compressed(&g1), "the first coordinate of the generator is 1, and y its smaller root");
        let groth16 = [one.clone(), two, one.clone()].concat();
        let mut base = vec![1, 2, 0, 0, 0];
        for segment in plan.segments() {
            base.extend_from_slice(&(segment.rows() as u32).to_le_bytes());
            base.extend(one.repeat(1 + segment.scan.cells().len() * segment.groups.count()));
            base.extend(scan(segment.scan.shape(), segment.groups.kappa(), &one, &groth16));
        }
        let (grouped, slots) = (1, zkl_argument::Slots { grouped: 1, ..Default::default() });
        let shape = zkl_argument::Shape::new(16, slots).unwrap();
        base.extend(one.repeat(1 + 2 * grouped + 1));
        base.extend(scan(&shape, 16, &one, &groth16));
        base.extend(&one);
        base.extend(&groth16);
        // No sums: 36 bytes of the number, 4 of the one group.
        let segment = plan.segment(0).unwrap();
        let len = 4
            + compressed(&g1).len() * (1 + segment.scan.cells().len() * segment.groups.count())
            + scan(segment.scan.shape(), segment.groups.kappa(), &one, &groth16).len();
        let part = [&[1, 0], [0; 32 + 4 + 36 + 4].as_slice(), &base[5..5 + len]].concat();
        let numbers = ColumnStats::Numeric(NumericStats { min: 0, max: 0, sum: 0u64.into(), sum_squares: 0u64.into() });
        let groups =
            ColumnStats::Grouped(GroupedStats { entries: vec![CategoryCount { value: "a".into(), count: 0 }] });
        let columns = [numbers, groups].map(|stats| ColumnProfile { valid: 0, stats }).to_vec();
        let empty = Profile { rows: 0, columns, pairs: Vec::new() };
        let context = ScanContext::new("fuzz", &[0; 32], &"data".parse().unwrap(), &[0; 32]);
        let h = SealCommitment::from_bytes(one.first_chunk().unwrap()).unwrap();
        let fixture = Self { plan, srs: Srs::dev(2, b"fuzz").unwrap(), keys, context, h, base, part, empty };
        assert_eq!(Ok(fixture.base.len()), TableProof::encoded_bytes(&fixture.plan, &fixture.keys()));
        assert!(fixture.read_part(&fixture.part).is_some());
        fixture
    }

    fn read_part(&self, bytes: &[u8]) -> Option<SegmentPart> {
        let frame = Sha256Digest::new([0; 32]);
        let part = SegmentPart::from_bytes(&self.plan, &self.keys(), &self.empty, &frame, bytes).ok()?;
        assert_eq!(part.to_bytes(&frame), bytes);
        Some(part)
    }

    fn keys(&self) -> TableKeys<'_> {
        TableKeys::new(COMPACT, self.keys.iter().map(|(id, key)| (id.clone(), key as &dyn proof_system::VerifyingKey)))
    }
}

fn scan(shape: &zkl_argument::Shape, kappa: usize, one: &[u8], groth16: &[u8]) -> Vec<u8> {
    let claim = shape.log_rows() + shape.block_bits() + 4;
    [one.repeat(1 + claim), groth16.to_vec(), one.repeat(1 + (kappa - 1) + 3 * kappa + 3)].concat()
}

fn patched(base: &[u8], low: u8, high: u8, patch: &[u8]) -> Vec<u8> {
    let mut bytes = base.to_vec();
    let offset = usize::from(u16::from_le_bytes([low, high])) % bytes.len();
    bytes.iter_mut().skip(offset).zip(patch).for_each(|(byte, patch)| *byte ^= patch);
    bytes
}

fuzz_target!(|input: &[u8]| {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    let fixture = FIXTURE.get_or_init(Fixture::new);
    // As it is, or laid over what can be read, from an offset on.
    let bytes = match input {
        [0, rest @ ..] => {
            fixture.read_part(rest);
            rest.to_vec()
        }
        [2, low, high, patch @ ..] => {
            fixture.read_part(&patched(&fixture.part, *low, *high, patch));
            return;
        }
        [_, low, high, patch @ ..] => patched(&fixture.base, *low, *high, patch),
        _ => return,
    };
    let keys = fixture.keys();
    let Ok(proof) = TableProof::from_bytes(&fixture.plan, &keys, &bytes) else { return };
    assert_eq!(proof.to_bytes(), bytes);
    let statement = TableStatement { context: fixture.context, plan: &fixture.plan, h: fixture.h };
    assert!(verify_table(fixture.srs.verifier_key(), &keys, &statement, &proof).is_err());
});
