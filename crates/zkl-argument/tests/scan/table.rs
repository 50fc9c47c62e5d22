//! Small tables with junk in their padding rows, and their profiles computed the obvious way.

use std::borrow::Cow;

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use zkl_argument::{
    CellData, ColumnData, Opening, PlainProof, ScanError, ScanPlan, ScanWitness, SealedGroups, SealedNumeric,
    SealedProduct, SealedProfile, Shape, Slots, TranscriptSeed, check_columns, plan::slots_of, prove_plain,
    verify_plain,
};
use zkl_core::{
    ark::{
        Fr,
        ff::UniformRand as _,
        std::rand::{Rng as _, RngCore as _},
    },
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout, PairLayout},
};

/// A column by value: `None` is null. Rows from n on are junk that is committed.
#[derive(Clone)]
pub(crate) enum Column {
    Numeric { limbs: usize, nullable: bool, values: Vec<Option<u64>> },
    Category { capacity: u32, nullable: bool, codes: Vec<u16> },
    Grouped { capacity: u32, nullable: bool, codes: Vec<u16> },
    Opaque { nullable: bool, valid: Vec<bool> },
}

#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) log_rows: usize,
    pub(crate) limb_bits: usize,
    pub(crate) rows: usize,
    pub(crate) columns: Vec<Column>,
    pub(crate) pairs: Vec<PairLayout>,
    /// Slots beyond those that the layout needs.
    pub(crate) spare: Option<Slots>,
}

/// A table with everything that its prover and verifier need.
pub(crate) struct Case {
    pub(crate) table: Table,
    pub(crate) plan: ScanPlan,
    pub(crate) sealed: SealedProfile<Fr>,
    pub(crate) seed: TranscriptSeed,
    pub(crate) mask: Vec<Fr>,
    limbs: Vec<Vec<Vec<u16>>>,
    bits: Vec<Vec<bool>>,
}

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub(crate) fn numeric(limbs: usize, values: &[u64]) -> Column {
    Column::Numeric { limbs, nullable: false, values: values.iter().copied().map(Some).collect() }
}

pub(crate) fn nullable(limbs: usize, values: &[Option<u64>]) -> Column {
    Column::Numeric { limbs, nullable: true, values: values.to_vec() }
}

pub(crate) fn category(capacity: u32, codes: &[u16]) -> Column {
    Column::Category { capacity, nullable: codes.contains(&0), codes: codes.to_vec() }
}

impl Table {
    pub(crate) fn new(
        log_rows: usize,
        limb_bits: usize,
        rows: usize,
        columns: Vec<Column>,
        pairs: Vec<PairLayout>,
    ) -> Self {
        Self { log_rows, limb_bits, rows, columns, pairs, spare: None }
    }

    /// A random table of every kind of column, with junk from row n to the end of the block.
    pub(crate) fn random(seed: u64, log_rows: usize, rows: usize) -> Self {
        let mut rng = rng(seed);
        let all = 1usize << log_rows;
        let limb_bits = log_rows.min(4);
        let limit = 1u64 << limb_bits;
        let mut number = |limbs: u32| (0..all).map(|_| rng.next_u64() % limit.pow(limbs)).collect::<Vec<_>>();
        let (a, b, c) = (number(1), number(2), number(4));
        let mut with_nulls = |values: &[u64]| -> Vec<Option<u64>> {
            values.iter().map(|&value| (!rng.next_u32().is_multiple_of(4)).then_some(value)).collect()
        };
        let (b, d) = (with_nulls(&b), with_nulls(&a));
        let mut codes = |limit: u16| (0..all).map(|_| (rng.next_u32() as u16) % limit).collect::<Vec<_>>();
        let columns = vec![
            numeric(1, &a),
            nullable(2, &b),
            numeric(4, &c),
            nullable(1, &d),
            Column::Category { capacity: 4, nullable: true, codes: codes(4) },
            Column::Category { capacity: 16, nullable: true, codes: codes(13) },
            Column::Opaque { nullable: true, valid: codes(2).iter().map(|&code| code == 1).collect() },
            Column::Opaque { nullable: false, valid: vec![true; all] },
        ];
        let pairs = vec![
            PairLayout::Joint { group: 4, label: 5 },
            PairLayout::Product { left: 0, right: 1 },
            PairLayout::Product { left: 1, right: 3 },
            PairLayout::Product { left: 0, right: 2 },
        ];
        Self::new(log_rows, limb_bits, rows, columns, pairs)
    }

    /// A random table with a column of many groups.
    pub(crate) fn random_grouped(seed: u64, rows: usize) -> Self {
        let mut rng = rng(seed);
        let codes = (0..512).map(|_| (rng.next_u32() % 21) as u16).collect();
        let values: Vec<u64> = (0..512).map(|_| rng.next_u64() % 512).collect();
        let grouped = Column::Grouped { capacity: 512, nullable: true, codes };
        Self::new(9, 9, rows, vec![numeric(1, &values), grouped], Vec::new())
    }

    pub(crate) fn layout(&self) -> Layout {
        let columns = self.columns.iter().enumerate().map(|(index, column)| {
            let (ty, nullable, encoding) = match column {
                Column::Numeric { limbs, nullable, .. } => {
                    (ColumnType::Int, *nullable, Encoding::Numeric { limbs: *limbs as u8 })
                }
                Column::Category { capacity, nullable, .. } => {
                    (ColumnType::Category, *nullable, Encoding::Category { capacity: *capacity })
                }
                Column::Grouped { capacity, nullable, .. } => {
                    (ColumnType::Category, *nullable, Encoding::Grouped { capacity: *capacity })
                }
                Column::Opaque { nullable, .. } => (ColumnType::Text, *nullable, Encoding::Opaque),
            };
            ColumnLayout::new(format!("c{index}"), ty, encoding).nullable(nullable)
        });
        Layout::new(self.rows as u64, columns.collect(), self.pairs.clone()).unwrap()
    }

    pub(crate) fn plan(&self) -> ScanPlan {
        let layout = self.layout();
        let slots = self.spare.clone().unwrap_or_else(|| slots_of(&layout));
        ScanPlan::new(Shape::with_limb_bits(self.log_rows, self.limb_bits, slots).unwrap(), layout).unwrap()
    }

    fn numbers(&self, column: u32) -> &[Option<u64>] {
        match &self.columns[column as usize] {
            Column::Numeric { values, .. } => &values[..self.rows.min(values.len())],
            _ => unreachable!("only numeric columns are paired"),
        }
    }

    fn codes(&self, column: u32) -> &[u16] {
        match &self.columns[column as usize] {
            Column::Category { codes, .. } | Column::Grouped { codes, .. } => &codes[..self.rows],
            _ => unreachable!("only categories are joined"),
        }
    }

    /// The true profile of rows below n.
    pub(crate) fn seal(&self, plan: &ScanPlan) -> SealedProfile<Fr> {
        let slots = plan.slots();
        let sum = |values: &mut dyn Iterator<Item = u64>| values.fold(Fr::from(0), |sum, value| sum + Fr::from(value));
        let count = |codes: &mut dyn Iterator<Item = usize>, size: usize| {
            let mut counts = vec![0u64; size];
            codes.for_each(|code| counts[code] += 1);
            counts.into_iter().map(Fr::from).collect::<Vec<_>>()
        };
        let sizes = plan.shape().slots().small_tables();
        let (categories, joints) = sizes.split_at(slots.category.len());
        let zero = Fr::from(0);
        SealedProfile {
            numeric: slots
                .numeric
                .iter()
                .map(|slot| match slot {
                    None => SealedNumeric { valid: zero, sum: zero, sum_squares: zero, top: zero },
                    Some(index) => {
                        let values = self.numbers(*index as u32);
                        let present = || values.iter().flatten().copied();
                        let Column::Numeric { limbs, .. } = self.columns[*index] else { unreachable!() };
                        let shift = self.limb_bits * (limbs - 1);
                        SealedNumeric {
                            valid: Fr::from(present().count() as u64),
                            sum: sum(&mut present()),
                            sum_squares: present().map(|value| Fr::from(value) * Fr::from(value)).sum(),
                            top: Fr::from(present().map(|value| value >> shift).max().unwrap_or(0)),
                        }
                    }
                })
                .collect(),
            opaque: slots
                .opaque
                .iter()
                .map(|slot| match slot.map(|index| &self.columns[index]) {
                    Some(Column::Opaque { valid, .. }) => {
                        Fr::from(valid[..self.rows].iter().filter(|valid| **valid).count() as u64)
                    }
                    _ => zero,
                })
                .collect(),
            category: slots
                .category
                .iter()
                .zip(categories)
                .map(|(slot, &size)| match slot {
                    Some(index) => count(&mut self.codes(*index as u32).iter().map(|&code| code.into()), size),
                    None => vec![zero; size],
                })
                .collect(),
            joint: slots
                .joint
                .iter()
                .zip(joints)
                .map(|(slot, &size)| match slot.map(|pair| self.pairs[pair]) {
                    Some(PairLayout::Joint { group, label }) => {
                        let Column::Category { capacity, .. } = self.columns[label as usize] else { unreachable!() };
                        let pairs = self.codes(group).iter().zip(self.codes(label));
                        count(&mut pairs.map(|(&g, &l)| usize::from(g) * capacity as usize + usize::from(l)), size)
                    }
                    _ => vec![zero; size],
                })
                .collect(),
            grouped: slots
                .grouped
                .iter()
                .map(|slot| match slot {
                    None => SealedGroups { nulls: zero, distinct: zero, smallest: zero },
                    Some(index) => {
                        let codes = self.codes(*index as u32);
                        let rows = |code: u16| codes.iter().filter(|&&c| c == code).count() as u64;
                        let distinct = codes.iter().copied().max().unwrap_or(0);
                        SealedGroups {
                            nulls: Fr::from(rows(0)),
                            distinct: Fr::from(distinct),
                            smallest: Fr::from((1..=distinct).map(rows).min().unwrap_or(0)),
                        }
                    }
                })
                .collect(),
            product: slots
                .product
                .iter()
                .map(|slot| match slot.map(|pair| self.pairs[pair]) {
                    Some(PairLayout::Product { left, right }) => {
                        let both: Vec<(Fr, Fr)> = self
                            .numbers(left)
                            .iter()
                            .zip(self.numbers(right))
                            .filter_map(|(left, right)| Some((Fr::from((*left)?), Fr::from((*right)?))))
                            .collect();
                        let total = |f: fn(&(Fr, Fr)) -> Fr| both.iter().map(f).sum::<Fr>();
                        SealedProduct {
                            valid: Fr::from(both.len() as u64),
                            products: total(|(l, r)| *l * r),
                            left_sum: total(|(l, _)| *l),
                            right_sum: total(|(_, r)| *r),
                            left_squares: total(|(l, _)| *l * l),
                            right_squares: total(|(_, r)| *r * r),
                        }
                    }
                    _ => SealedProduct {
                        valid: zero,
                        products: zero,
                        left_sum: zero,
                        right_sum: zero,
                        left_squares: zero,
                        right_squares: zero,
                    },
                })
                .collect(),
        }
    }

    pub(crate) fn case(self) -> Case {
        let plan = self.plan();
        let sealed = self.seal(&plan);
        let mut rng = rng(0x5eed);
        let seed = TranscriptSeed { t0: Fr::from(rng.next_u64()), salt: Fr::rand(&mut rng) };
        let mask = (0..4).map(|_| Fr::rand(&mut rng)).collect();
        let mask_limb = (1u64 << self.limb_bits) - 1;
        let limbs = self.columns.iter().map(|column| match column {
            Column::Numeric { limbs, values, .. } => (0..*limbs)
                .map(|limb| {
                    let part = |v: &Option<u64>| (v.unwrap_or(0) >> (limb * self.limb_bits) & mask_limb) as u16;
                    values.iter().map(part).collect()
                })
                .collect(),
            _ => Vec::new(),
        });
        let bits = self.columns.iter().map(|column| match column {
            Column::Numeric { values, .. } => values.iter().map(Option::is_some).collect(),
            Column::Opaque { valid, .. } => valid.clone(),
            _ => Vec::new(),
        });
        let (limbs, bits) = (limbs.collect(), bits.collect());
        Case { plan, sealed, seed, mask, limbs, bits, table: self }
    }
}

impl Case {
    pub(crate) fn columns(&self) -> Vec<ColumnData<'_>> {
        let columns = self.table.columns.iter().zip(&self.limbs).zip(&self.bits);
        columns
            .map(|((column, limbs), bits)| match column {
                Column::Numeric { nullable, .. } => ColumnData::Numeric {
                    limbs: limbs.iter().map(Vec::as_slice).collect(),
                    valid: nullable.then_some(bits.as_slice()),
                },
                Column::Category { codes, .. } | Column::Grouped { codes, .. } => ColumnData::Codes16(codes),
                Column::Opaque { nullable, .. } => ColumnData::Opaque { valid: nullable.then_some(bits.as_slice()) },
            })
            .collect()
    }

    pub(crate) fn witness(&self) -> ScanWitness<'_> {
        ScanWitness::new(&self.plan, &self.columns(), &self.sealed).unwrap()
    }

    /// The honest columns as field elements, one entry per row of the block.
    pub(crate) fn cells(&self) -> Vec<Vec<Fr>> {
        let rows = self.plan.shape().rows();
        self.witness().cells().iter().map(|cell| (0..rows).map(|row| cell.value(row)).collect()).collect()
    }

    pub(crate) fn prove(&self) -> PlainProof {
        prove_plain(&self.plan, &self.witness(), &self.sealed, &self.mask, &self.seed).unwrap()
    }

    /// Verifies messages against this case's statement and the given columns.
    pub(crate) fn verify(&self, witness: &ScanWitness<'_>, messages: &[Fr]) -> Result<Opening<Fr>, ScanError> {
        let opening = verify_plain(&self.plan, &self.sealed, &self.seed, messages)?;
        check_columns(&self.plan, witness, &self.mask, &opening)?;
        Ok(opening)
    }

    /// Whether the honest prover convinces the verifier of `sealed`.
    pub(crate) fn outcome_of(&self, sealed: &SealedProfile<Fr>) -> Result<(), ScanError> {
        self.outcome(&self.witness(), sealed)
    }

    /// What becomes of a prover with these columns who claims this profile.
    pub(crate) fn outcome(&self, witness: &ScanWitness<'_>, sealed: &SealedProfile<Fr>) -> Result<(), ScanError> {
        let proof = prove_plain(&self.plan, witness, sealed, &self.mask, &self.seed).unwrap();
        let opening = verify_plain(&self.plan, sealed, &self.seed, &proof.messages)?;
        check_columns(&self.plan, witness, &self.mask, &opening)?;
        assert_eq!(opening, proof.opening);
        Ok(())
    }

    /// A prover whose columns are field elements of its choice.
    pub(crate) fn cheat(&self, cells: Vec<Vec<Fr>>, sealed: &SealedProfile<Fr>) -> Result<(), ScanError> {
        let cells = cells.into_iter().map(|cell| CellData::Field(Cow::Owned(cell))).collect();
        self.outcome(&ScanWitness::from_cells_unchecked(&self.plan, cells).unwrap(), sealed)
    }
}

pub(crate) fn small(value: u64) -> Fr {
    Fr::from(value)
}

pub(crate) fn random_field(seed: u64) -> Fr {
    let mut rng = rng(seed);
    let _: u8 = rng.r#gen();
    Fr::rand(&mut rng)
}
