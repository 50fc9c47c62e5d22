//! Small tables with junk in their padding rows, their seals, and everything a proof about them needs.

use std::sync::{Arc, OnceLock};

use rand_chacha::ChaCha20Rng;
use zkl_argument::{
    ColumnData, Opening, PlainProof, ScanPlan, ScanWitness, SealedProfile, Shape, Slots, TranscriptSeed,
    plan::slots_of, prove_plain, verify_plain,
};
use zkl_core::{
    ark::{
        Fr,
        ff::UniformRand as _,
        std::rand::{Rng as _, RngCore as _, SeedableRng as _},
    },
    circuit::Circuit,
    column::ColumnType,
    hashed::DIGEST_CELLS,
    layout::{ColumnLayout, Encoding, Layout, PairLayout},
    profile::{
        CategoryCount, CategoryStats, ColumnProfile, ColumnStats, GroupedStats, JointCounts, NumericStats, PairProfile,
        ProductSums, Profile,
    },
};
use zkl_poseidon::hash2;
use zkl_snark::{
    keys::{KeyError, KeyStore},
    proof_system::{COMPACT, ProofSystem, ProvingKey},
    testing::Instance,
};

use crate::{
    scan::{
        circuit::{Secret, TranscriptCircuit, opening_elements},
        lay::{LayoutFields, layout_element},
    },
    seal::{LEAVES, Record as _, Records, Seal, SealSeed, empty_leaf},
};

/// A column by offset from its minimum, or by code; `None` is null. Rows from n on are junk.
#[derive(Clone)]
pub(in crate::scan) enum Column {
    Numeric { limbs: u8, nullable: bool, values: Vec<Option<u64>> },
    Codes { encoding: Encoding, nullable: bool, codes: Vec<u16> },
    Opaque { valid: Vec<bool> },
    Hashed { valid: Vec<bool>, parts: [Vec<u16>; DIGEST_CELLS] },
}

impl Column {
    /// Text of which every row has another digest.
    pub(in crate::scan) fn hashed(valid: Vec<bool>) -> Self {
        let part =
            |part| valid.iter().enumerate().map(move |(row, valid)| u16::from(*valid) * (251 * row + part) as u16);
        Self::Hashed { parts: std::array::from_fn(|index| part(index + 1).collect()), valid }
    }
}

pub(super) struct Table {
    log_rows: usize,
    limb_bits: usize,
    rows: usize,
    columns: Vec<Column>,
    pairs: Vec<PairLayout>,
    /// Slots beyond those that the layout needs.
    pub(super) spare: Slots,
}

/// A table with its seal and a transcript to prove on.
pub(super) struct Case {
    pub(super) plan: ScanPlan,
    pub(super) profile: Profile,
    pub(super) records: Records,
    pub(super) seed: TranscriptSeed,
    pub(super) mask: Vec<Fr>,
    columns: Vec<Column>,
    limbs: Vec<Vec<Vec<u16>>>,
    bits: Vec<Vec<bool>>,
}

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// The smallest value of every numeric column.
pub(in crate::scan) const MIN: i64 = -7;

impl Table {
    /// A random table of `rows` out of 16 rows with limbs of 4 bits: every kind of record but grouped ones.
    pub(super) fn mixed(seed: u64, rows: usize) -> Self {
        let mut rng = rng(seed);
        let mut numbers = |limbs: u8, nullable: bool| {
            let mut value = || rng.next_u64() % (1 << (4 * u32::from(limbs)));
            let mut values: Vec<Option<u64>> = (0..16).map(|_| Some(value())).collect();
            values[0] = Some(0);
            for value in values.iter_mut().skip(1) {
                if nullable && rng.gen_ratio(1, 4) {
                    *value = None;
                }
            }
            Column::Numeric { limbs, nullable, values }
        };
        let (a, b) = (numbers(1, false), numbers(2, true));
        let mut codes = |capacity: u32, from: u16, to: u16| {
            let codes = (0..16).map(|row| if row + from < to { row + from } else { rng.gen_range(from..to) }).collect();
            let encoding = Encoding::Category { capacity };
            Column::Codes { encoding, nullable: from == 0, codes }
        };
        // Codes are dense in the first rows, so that every value of the dictionary occurs.
        let limit = |most: u16| most.min(rows as u16).max(2);
        let columns = vec![
            a,
            b,
            codes(4, 0, limit(4)),
            codes(4, 1, limit(3)),
            Column::Opaque { valid: (0..16).map(|row| row % 3 != 1).collect() },
            codes(16, 0, limit(11)),
        ];
        let pairs = vec![
            PairLayout::Joint { group: 2, label: 3 },
            PairLayout::Joint { group: 5, label: 2 },
            PairLayout::Product { left: 0, right: 1 },
        ];
        Self { log_rows: 4, limb_bits: 4, rows, columns, pairs, spare: Slots::default() }
    }

    /// A random table of `rows` out of 512 rows with a column of 20 groups.
    pub(super) fn grouped(seed: u64, rows: usize) -> Self {
        let mut rng = rng(seed);
        let codes = (0..512).map(|row| if row < 21 { row } else { rng.gen_range(0..21) }).collect();
        let values = (0..512).map(|row| Some(if row == 0 { 0 } else { rng.gen_range(0..512) })).collect();
        let columns = vec![
            Column::Codes { encoding: Encoding::Grouped { capacity: 512 }, nullable: true, codes },
            Column::Numeric { limbs: 1, nullable: false, values },
        ];
        Self { log_rows: 9, limb_bits: 9, rows, columns, pairs: Vec::new(), spare: Slots::default() }
    }

    /// A random table of `rows` out of 16 rows whose limbs mean the same to the seal: one limb per number.
    pub(super) fn flat(seed: u64, rows: usize) -> Self {
        let mut table = Self::mixed(seed, rows);
        table.columns.truncate(4);
        table.columns.remove(1);
        table.pairs = vec![PairLayout::Joint { group: 1, label: 2 }];
        table
    }

    fn layout(&self) -> Layout {
        let columns = self.columns.iter().enumerate().map(|(index, column)| {
            let (ty, nullable, encoding) = match column {
                Column::Numeric { limbs, nullable, .. } => {
                    (ColumnType::Int, *nullable, Encoding::Numeric { limbs: *limbs })
                }
                Column::Codes { encoding, nullable, .. } => (ColumnType::Category, *nullable, *encoding),
                Column::Opaque { .. } => (ColumnType::Text, true, Encoding::Opaque),
                Column::Hashed { .. } => (ColumnType::Text, true, Encoding::Hashed),
            };
            ColumnLayout::new(format!("c{index}"), ty, encoding).nullable(nullable)
        });
        Layout::new(self.rows as u64, columns.collect(), self.pairs.clone()).unwrap()
    }

    fn numbers(&self, column: u32) -> &[Option<u64>] {
        let Column::Numeric { values, .. } = &self.columns[column as usize] else { unreachable!() };
        &values[..self.rows]
    }

    fn codes(&self, column: u32) -> (&[u16], usize) {
        let Column::Codes { codes, encoding: Encoding::Category { capacity }, .. } = &self.columns[column as usize]
        else {
            unreachable!()
        };
        (&codes[..self.rows], *capacity as usize)
    }

    fn profile(&self) -> Profile {
        let columns = self.columns.iter().enumerate().map(|(index, column)| match column {
            Column::Numeric { .. } => {
                let values: Vec<u64> = self.numbers(index as u32).iter().copied().flatten().collect();
                let max = MIN + values.iter().copied().max().unwrap_or(0) as i64;
                let sum = values.iter().sum::<u64>().into();
                let sum_squares = values.iter().map(|value| value * value).sum::<u64>().into();
                let stats = ColumnStats::Numeric(NumericStats { min: MIN, max, sum, sum_squares });
                ColumnProfile { valid: values.len() as u64, stats }
            }
            Column::Codes { codes, encoding, .. } => {
                let codes = &codes[..self.rows];
                let count = |code: u16| codes.iter().filter(|&&other| other == code).count() as u64;
                let top = codes.iter().copied().max().unwrap_or(0);
                let entries: Vec<_> =
                    (1..=top).map(|code| CategoryCount { value: format!("v{code}"), count: count(code) }).collect();
                let stats = match encoding {
                    Encoding::Grouped { .. } => ColumnStats::Grouped(GroupedStats { entries }),
                    _ => ColumnStats::Category(CategoryStats { entries }),
                };
                ColumnProfile { valid: self.rows as u64 - count(0), stats }
            }
            Column::Opaque { valid } | Column::Hashed { valid, .. } => {
                let valid = valid[..self.rows].iter().filter(|valid| **valid).count() as u64;
                ColumnProfile { valid, stats: ColumnStats::Opaque }
            }
        });
        let pairs = self.pairs.iter().map(|pair| match *pair {
            PairLayout::Joint { group, label } => {
                let ((groups, group_capacity), (labels, label_capacity)) = (self.codes(group), self.codes(label));
                let mut counts = vec![0; group_capacity * label_capacity];
                for (&group, &label) in groups.iter().zip(labels) {
                    counts[usize::from(group) * label_capacity + usize::from(label)] += 1;
                }
                PairProfile::Joint(JointCounts { counts })
            }
            PairLayout::Product { left, right } => {
                let both: Vec<(u64, u64)> = self
                    .numbers(left)
                    .iter()
                    .zip(self.numbers(right))
                    .filter_map(|(l, r)| Some(((*l)?, (*r)?)))
                    .collect();
                let total = |term: fn(&(u64, u64)) -> u64| both.iter().map(term).sum::<u64>().into();
                PairProfile::Product(ProductSums {
                    valid: both.len() as u64,
                    products: total(|(l, r)| l * r),
                    left_sum: total(|(l, _)| *l),
                    right_sum: total(|(_, r)| *r),
                    left_squares: total(|(l, _)| l * l),
                    right_squares: total(|(_, r)| r * r),
                })
            }
        });
        Profile { rows: self.rows as u64, columns: columns.collect(), pairs: pairs.collect() }
    }

    pub(super) fn case(self) -> Case {
        let layout = self.layout();
        let slots = add(&slots_of(&layout), &self.spare);
        let shape = Shape::with_limb_bits(self.log_rows, self.limb_bits, slots).unwrap();
        let plan = ScanPlan::new(shape, layout).unwrap();
        let profile = self.profile();
        let seal = Seal::new(plan.layout(), &profile, &SealSeed::from_bytes([5; 32])).unwrap();
        let mut records = Records::new(&plan, &seal).unwrap();
        // The seal's limbs have 16 bits, those of this table fewer.
        let truth = SealedProfile::from_profile(&plan, &profile).unwrap();
        for (record, truth) in records.numeric.iter_mut().zip(&truth.numeric) {
            record.top_limb = (0..=u16::MAX).find(|&top| Fr::from(top) == truth.top).unwrap();
        }
        let mut rng = rng(0x5eed);
        let seed = TranscriptSeed { t0: Fr::rand(&mut rng), salt: Fr::rand(&mut rng) };
        let mask = (0..4).map(|_| Fr::rand(&mut rng)).collect();
        let limb = |value: u64, limb: usize| (value >> (limb * self.limb_bits) & ((1 << self.limb_bits) - 1)) as u16;
        let limbs = self.columns.iter().map(|column| match column {
            Column::Numeric { limbs, values, .. } => (0..usize::from(*limbs))
                .map(|index| values.iter().map(|value| limb(value.unwrap_or(0), index)).collect())
                .collect(),
            _ => Vec::new(),
        });
        let bits = self.columns.iter().map(|column| match column {
            Column::Numeric { values, .. } => values.iter().map(Option::is_some).collect(),
            Column::Opaque { valid } | Column::Hashed { valid, .. } => valid.clone(),
            Column::Codes { .. } => Vec::new(),
        });
        let (limbs, bits) = (limbs.collect(), bits.collect());
        Case { plan, profile, records, seed, mask, limbs, bits, columns: self.columns }
    }
}

pub(in crate::scan) fn add(a: &Slots, b: &Slots) -> Slots {
    Slots {
        limbs: a.limbs + b.limbs,
        numeric: a.numeric + b.numeric,
        opaque: a.opaque + b.opaque,
        categories: std::array::from_fn(|i| a.categories[i] + b.categories[i]),
        joints: std::array::from_fn(|i| a.joints[i] + b.joints[i]),
        grouped: a.grouped + b.grouped,
        products: a.products + b.products,
    }
}

impl Case {
    pub(super) fn columns(&self) -> Vec<ColumnData<'_>> {
        let columns = self.columns.iter().zip(&self.limbs).zip(&self.bits);
        let data = columns.map(|((column, limbs), bits)| match column {
            Column::Numeric { nullable, .. } => ColumnData::Numeric {
                limbs: limbs.iter().map(Vec::as_slice).collect(),
                valid: nullable.then_some(bits.as_slice()),
            },
            Column::Codes { codes, .. } => ColumnData::Codes16(codes),
            Column::Opaque { .. } => ColumnData::Opaque { valid: Some(bits) },
            Column::Hashed { parts, .. } => {
                ColumnData::Hashed { parts: parts.each_ref().map(Vec::as_slice), valid: Some(bits) }
            }
        });
        data.collect()
    }

    pub(super) fn sealed(&self) -> SealedProfile<Fr> {
        self.records.sealed(&self.plan)
    }

    pub(super) fn witness(&self) -> ScanWitness<'_> {
        ScanWitness::new(&self.plan, &self.columns(), &self.sealed()).unwrap()
    }

    pub(super) fn prove(&self) -> PlainProof {
        prove_plain(&self.plan, &self.witness(), &self.sealed(), &self.mask, &self.seed).unwrap()
    }

    /// Whether the plain verifier accepts.
    pub(super) fn plain(&self, messages: &[Fr]) -> bool {
        verify_plain(&self.plan, &self.sealed(), &self.seed, messages).is_ok()
    }

    /// Public inputs for the seal of `records`.
    pub(super) fn inputs(&self, records: &Records, opening: &Opening<Fr>) -> Vec<Fr> {
        let rows = Fr::from(self.plan.layout().rows());
        let mut inputs = vec![self.seed.t0, self.root(records), layout_element(&self.plan), rows];
        inputs.extend(opening_elements(opening));
        inputs
    }

    pub(super) fn secret(&self, records: &Records, messages: &[Fr]) -> Secret {
        Secret {
            salt: self.seed.salt,
            messages: messages.to_vec(),
            layout: LayoutFields::new(&self.plan),
            records: records.clone(),
        }
    }

    pub(super) fn circuit(&self, inputs: Vec<Fr>, secret: Secret) -> TranscriptCircuit {
        TranscriptCircuit::of_parts(self.plan.shape().clone(), inputs, secret)
    }

    /// The instance of an honest prover.
    pub(super) fn honest(&self) -> TranscriptCircuit {
        let proof = self.prove();
        self.circuit(self.inputs(&self.records, &proof.opening), self.secret(&self.records, &proof.messages))
    }

    /// `h` of these records.
    pub(super) fn root(&self, records: &Records) -> Fr {
        root_of(&self.plan, records)
    }
}

/// `h` of these records at the places of a plan, by hashing all 1,024 leaves.
pub(in crate::scan) fn root_of(plan: &ScanPlan, records: &Records) -> Fr {
    let slots = plan.slots();
    let columns = plan.layout().columns().len();
    let mut leaves = vec![empty_leaf(); LEAVES];
    leaves[0] = records.header.leaf();
    let mut place = |slot: Option<usize>, offset: usize, leaf: Fr| {
        if let Some(index) = slot {
            leaves[offset + index] = leaf;
        }
    };
    slots.numeric.iter().zip(&records.numeric).for_each(|(slot, record)| place(*slot, 1, record.leaf()));
    slots.opaque.iter().zip(&records.opaque).for_each(|(slot, record)| place(*slot, 1, record.leaf()));
    slots.category.iter().zip(&records.category).for_each(|(slot, record)| place(*slot, 1, record.leaf()));
    slots.grouped.iter().zip(&records.grouped).for_each(|(slot, record)| place(*slot, 1, record.leaf()));
    slots.joint.iter().zip(&records.joint).for_each(|(slot, record)| place(*slot, 1 + columns, record.leaf()));
    slots.product.iter().zip(&records.product).for_each(|(slot, record)| place(*slot, 1 + columns, record.leaf()));
    while leaves.len() > 1 {
        leaves = leaves.chunks(2).map(|pair| hash2(pair[0], pair[1])).collect();
    }
    leaves[0]
}

pub(super) fn is_satisfied(circuit: &TranscriptCircuit) -> bool {
    Instance::new(circuit).unwrap().first_violated().is_none()
}

/// Dev keys, made once for all tests of this process.
pub(in crate::scan) fn dev_keys(circuit: &dyn Circuit) -> Result<Arc<dyn ProvingKey>, KeyError> {
    keys_of(COMPACT, circuit)
}

/// Keys of a proof system, made once for all tests of this process.
pub(crate) fn keys_of(system: &dyn ProofSystem, circuit: &dyn Circuit) -> Result<Arc<dyn ProvingKey>, KeyError> {
    static STORE: OnceLock<(tempfile::TempDir, KeyStore)> = OnceLock::new();
    let (_, store) = STORE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let store = KeyStore::open(dir.path()).unwrap();
        (dir, store)
    });
    store.keys(system, circuit, &|_| ())
}
