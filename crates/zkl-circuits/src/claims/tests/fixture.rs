//! Small tables, profiled row by row: an oracle that shares nothing with the circuits.

use std::collections::BTreeMap;

use crate::claims::language::{Claim, ClaimError};
use num_bigint::BigUint;
use zkl_core::{
    ark::Fr,
    circuit::{Circuit, CircuitType},
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout, PairLayout},
    profile::{
        CategoryCount, CategoryStats, ColumnProfile, ColumnStats, GroupedStats, JointCounts, NumericStats, PairProfile,
        ProductSums, Profile,
    },
};
use zkl_snark::testing::Instance;

use super::super::{Evaluation, ResolvedClaim, evaluate, prove_instance, relation::FrameInputs, resolve, statement};
use crate::seal::{Seal, SealSeed, layout_digest};

pub(super) enum Cells {
    Numbers(Vec<Option<i64>>),
    Words(Vec<Option<&'static str>>),
}

pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) ty: ColumnType,
    pub(super) encoding: Encoding,
    pub(super) fraction_bits: u8,
    pub(super) cells: Cells,
}

pub(super) const fn numbers(name: &'static str, limbs: u8, cells: Vec<Option<i64>>) -> Column {
    let encoding = Encoding::Numeric { limbs };
    Column { name, ty: ColumnType::Int, encoding, fraction_bits: 0, cells: Cells::Numbers(cells) }
}

pub(super) fn words(name: &'static str, capacity: u32, text: &'static str) -> Column {
    let cells = text.split_whitespace().map(|word| (word != "-").then_some(word)).collect();
    let encoding = if capacity > 256 { Encoding::Grouped { capacity } } else { Encoding::Category { capacity } };
    Column { name, ty: ColumnType::Category, encoding, fraction_bits: 0, cells: Cells::Words(cells) }
}

impl Column {
    fn len(&self) -> usize {
        match &self.cells {
            Cells::Numbers(cells) => cells.len(),
            Cells::Words(cells) => cells.len(),
        }
    }

    fn dictionary(&self) -> Vec<&'static str> {
        let Cells::Words(cells) = &self.cells else { return Vec::new() };
        let mut words: Vec<_> = cells.iter().copied().flatten().collect();
        words.sort_unstable();
        words.dedup();
        words
    }

    /// Code of each row, 0 for null.
    fn codes(&self) -> Vec<usize> {
        let Cells::Words(cells) = &self.cells else { return Vec::new() };
        let words = self.dictionary();
        cells.iter().map(|cell| cell.map_or(0, |word| 1 + words.iter().position(|w| *w == word).unwrap())).collect()
    }

    fn min(&self) -> i64 {
        let Cells::Numbers(cells) = &self.cells else { return 0 };
        cells.iter().copied().flatten().min().unwrap_or(0)
    }

    fn profile(&self) -> ColumnProfile {
        match &self.cells {
            Cells::Numbers(cells) => {
                let min = self.min();
                let values = || cells.iter().copied().flatten();
                let shifted = || values().map(|v| BigUint::from((i128::from(v) - i128::from(min)) as u64));
                let stats = NumericStats {
                    min,
                    max: values().max().unwrap_or(0),
                    sum: shifted().sum(),
                    sum_squares: shifted().map(|u| &u * &u).sum(),
                };
                ColumnProfile { valid: values().count() as u64, stats: ColumnStats::Numeric(stats) }
            }
            Cells::Words(cells) => {
                let mut counts = BTreeMap::new();
                for word in cells.iter().copied().flatten() {
                    *counts.entry(word).or_insert(0) += 1;
                }
                let valid = counts.values().sum();
                let entries: Vec<CategoryCount> =
                    counts.into_iter().map(|(value, count)| CategoryCount { value: value.to_owned(), count }).collect();
                let stats = match self.encoding {
                    Encoding::Grouped { .. } => ColumnStats::Grouped(GroupedStats { entries }),
                    _ => ColumnStats::Category(CategoryStats { entries }),
                };
                ColumnProfile { valid, stats }
            }
        }
    }
}

fn joint(group: &Column, label: &Column) -> JointCounts {
    let capacity = |column: &Column| match column.encoding {
        Encoding::Category { capacity } => capacity as usize,
        _ => 0,
    };
    let mut counts = vec![0; capacity(group) * capacity(label)];
    for (g, l) in group.codes().into_iter().zip(label.codes()) {
        counts[g * capacity(label) + l] += 1;
    }
    JointCounts { counts }
}

fn product(left: &Column, right: &Column) -> ProductSums {
    let (Cells::Numbers(x), Cells::Numbers(y)) = (&left.cells, &right.cells) else { panic!("not numeric") };
    let big = |v: i64, min: i64| BigUint::from((i128::from(v) - i128::from(min)) as u64);
    let rows: Vec<(BigUint, BigUint)> =
        x.iter().zip(y).filter_map(|(x, y)| Some((big((*x)?, left.min()), big((*y)?, right.min())))).collect();
    let sum = |term: fn(&(BigUint, BigUint)) -> BigUint| rows.iter().map(term).sum();
    ProductSums {
        valid: rows.len() as u64,
        products: sum(|(u, w)| u * w),
        left_sum: sum(|(u, _)| u.clone()),
        right_sum: sum(|(_, w)| w.clone()),
        left_squares: sum(|(u, _)| u * u),
        right_squares: sum(|(_, w)| w * w),
    }
}

pub(super) struct Table {
    pub(super) layout: Layout,
    pub(super) profile: Profile,
    pub(super) seal: Seal,
}

pub(super) fn ctx() -> Fr {
    Fr::from(0x00c0_ffee_u64)
}

/// The instance of a prover who does not care whether the claim is true.
fn careless(claim: &ResolvedClaim, layout: &Layout, seal: &Seal) -> Box<dyn Circuit> {
    let inputs = FrameInputs { h: seal.commitment().field(), ctx: ctx(), layout: layout_digest(layout) };
    claim.relation.instance(inputs, seal).unwrap()
}

impl Table {
    pub(super) fn new(columns: &[Column], pairs: &[PairLayout]) -> Self {
        let rows = columns[0].len();
        assert!(columns.iter().all(|column| column.len() == rows));
        let about = columns.iter().map(|column| ColumnLayout {
            fraction_bits: column.fraction_bits,
            ..ColumnLayout::new(column.name, column.ty, column.encoding).nullable(true)
        });
        let layout = Layout::new(rows as u64, about.collect(), pairs.to_vec()).unwrap();
        let pairs = pairs.iter().map(|pair| match *pair {
            PairLayout::Joint { group, label } => {
                PairProfile::Joint(joint(&columns[group as usize], &columns[label as usize]))
            }
            PairLayout::Product { left, right } => {
                PairProfile::Product(product(&columns[left as usize], &columns[right as usize]))
            }
        });
        let profile = Profile {
            rows: rows as u64,
            columns: columns.iter().map(Column::profile).collect(),
            pairs: pairs.collect(),
        };
        Self::of_profile(layout, profile)
    }

    pub(super) fn of_profile(layout: Layout, profile: Profile) -> Self {
        let seal = Seal::new(&layout, &profile, &SealSeed::from_bytes([7; 32])).unwrap();
        Self { layout, profile, seal }
    }

    /// One column of numbers `x` in four limbs.
    pub(super) fn of_numbers(values: &[i64]) -> Self {
        Self::new(&[numbers("x", 4, values.iter().copied().map(Some).collect())], &[])
    }

    pub(super) fn resolve(&self, text: &str) -> ResolvedClaim {
        let claim: Claim = text.parse().unwrap_or_else(|error| panic!("{error}"));
        resolve(&claim, &self.layout).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    pub(super) fn evaluate(&self, text: &str) -> Result<Evaluation, ClaimError> {
        evaluate(&self.resolve(text), &self.layout, &self.profile)
    }

    pub(super) fn prove(&self, text: &str) -> Result<CircuitType, ClaimError> {
        prove_instance(&self.resolve(text), &self.layout, &self.profile, &self.seal, ctx())
    }

    pub(super) fn careless(&self, text: &str) -> Box<dyn Circuit> {
        careless(&self.resolve(text), &self.layout, &self.seal)
    }

    /// The claim is true, its circuit is satisfied, and its inputs are those that a verifier computes.
    pub(super) fn accepts(&self, text: &str) {
        let proved = self.prove(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(satisfied(proved.circuit()), "{text}");
        let (id, inputs) = statement(&self.resolve(text), &self.layout, &self.seal.commitment(), ctx()).unwrap();
        assert_eq!(proved.circuit().id(), id, "{text}");
        assert_eq!(proved.circuit().public_inputs(), inputs, "{text}");
    }

    /// The claim is false: refused before proving, and no assignment of the honest records satisfies its circuit.
    pub(super) fn refuses(&self, text: &str) {
        assert_eq!(self.prove(text).map(|_| ()), Err(ClaimError::False), "{text}");
        assert!(!satisfied(self.careless(text).as_ref()), "{text}");
    }

    /// The claim says nothing about this table: refused before proving and in the circuit.
    pub(super) fn vacuous(&self, text: &str) {
        assert!(matches!(self.prove(text), Err(ClaimError::Vacuous { .. })), "{text}");
        assert!(!satisfied(self.careless(text).as_ref()), "{text}");
    }
}

/// Whether all constraints hold; also checks that the inputs that are announced are those that are allocated.
pub(super) fn satisfied(circuit: &dyn Circuit) -> bool {
    let instance = Instance::new(circuit).unwrap();
    assert_eq!(instance.assignment[1..instance.num_inputs], circuit.public_inputs());
    instance.first_violated().is_none()
}

/// Every kind of column and pair.
pub(super) fn mixed() -> Table {
    let some = |values: &[i64]| values.iter().copied().map(Some).collect::<Vec<_>>();
    let mut age = some(&[31, 45, 27, 60, 31, 22, 58, 40]);
    age.extend([None, None]);
    let price = Column {
        ty: ColumnType::Decimal { scale: 2 },
        ..numbers("price", 2, some(&[1_050, -275, 120_000, 0, 399, 1_999, 75, 10_000, 5, 1]))
    };
    let columns = [
        numbers("age", 1, age),
        price,
        words("sex", 4, "f m f m f m f m f -"),
        words("hired", 4, "yes no yes yes no no yes - yes yes"),
        words("dept", 16, "a b c d a b c d a b"),
        words("zip3", 512, "z1 z1 z1 z2 z2 z2 z3 z3 z3 -"),
        words("solo", 4, "one one one one one one one one one -"),
        words("void", 4, "- - - - - - - - - -"),
    ];
    let pairs = [
        PairLayout::Joint { group: 2, label: 3 },
        PairLayout::Joint { group: 4, label: 2 },
        PairLayout::Product { left: 0, right: 1 },
    ];
    Table::new(&columns, &pairs)
}
