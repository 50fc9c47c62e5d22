//! The tree of the fractional sum: layers from the leaves to the root.

use zkl_core::ark::Fr;

use super::{
    columns::{LEAST_FREE, blocks},
    form::{BoundForm, Values},
    memory::Storage,
    node::{Join, Single},
    vector,
};
use crate::threads::prelude::*;
use crate::{
    avx512::{Avx512, Block},
    cells::Form,
    fraction::{Denominator, Leaf, LeafGroup, Numerator},
    portable,
    row_weight::RowWeight,
};

/// Fewest rows of leaves, as a binary logarithm, that are worth vectors.
pub(super) const LEAST_LOG_ROWS: usize = 9;
/// Fewest nodes of a layer, as a binary logarithm: each of its quarters has enough free coordinates for a pass.
const LEAST_LOG_NODES: usize = LEAST_FREE + 2;

/// Fractions of one layer above the leaves: four quarters of a table, or elements when there are few.
#[derive(Debug)]
pub struct Level(pub(super) Kind);

type Quarters = Box<[Storage<Fr>; 4]>;

#[derive(Debug)]
pub(super) enum Kind {
    Vectors { p: Quarters, q: Quarters, log_nodes: usize },
    Elements(portable::Level),
}

impl Level {
    pub(super) fn nodes(&self) -> usize {
        match &self.0 {
            Kind::Vectors { log_nodes, .. } => 1 << log_nodes,
            Kind::Elements(level) => level.nodes(),
        }
    }

    pub(super) fn fractions(&self, cpu: Avx512) -> (Vec<Fr>, Vec<Fr>) {
        match &self.0 {
            Kind::Vectors { p, q, .. } => {
                let elements = |quarters: &Quarters| {
                    let blocks = quarters.iter().flat_map(Storage::blocks);
                    blocks.flat_map(|block| vector::elements_of(cpu, block)).collect()
                };
                (elements(p), elements(q))
            }
            Kind::Elements(level) => level.values(),
        }
    }

    /// A layer whose blocks are written by `fill`, given the number of the first of them.
    fn filled(log_nodes: usize, fill: impl Fn(&mut Scratch, usize, &mut [Block<Fr>], &mut [Block<Fr>]) + Sync) -> Self {
        let quarter = blocks(log_nodes - 2);
        let part = quarter.min(PART);
        let quarters = || Box::new(std::array::from_fn(|_| Storage::zeroed(quarter)));
        let (mut p, mut q): (Quarters, Quarters) = (quarters(), quarters());
        let parts: Vec<_> = p
            .iter_mut()
            .zip(q.iter_mut())
            .flat_map(|(p, q)| p.blocks_mut().chunks_mut(part).zip(q.blocks_mut().chunks_mut(part)))
            .enumerate()
            .collect();
        parts.into_par_iter().for_each_init(Scratch::default, |scratch, (index, (p, q))| {
            fill(scratch, index * part, p, q);
        });
        Self(Kind::Vectors { p, q, log_nodes })
    }

    pub(super) fn above_leaves(cpu: Avx512, groups: &[LeafGroup<'_>], log_rows: usize) -> Self {
        let log_nodes = log_rows + groups.len().trailing_zeros() as usize;
        if log_rows < LEAST_LOG_ROWS {
            return Self(Kind::Elements(portable::Level::above_leaves(groups, log_rows)));
        }
        let leaves: Vec<[LeafValues<'_>; 4]> =
            groups.iter().map(|group| std::array::from_fn(|j| LeafValues::new(cpu, &group[j], log_rows))).collect();
        let group_blocks = blocks(log_rows);
        Self::filled(log_nodes, |scratch, first, out_p, out_q| {
            let (group, row_block) = (&leaves[first / group_blocks], first % group_blocks);
            let count = out_p.len();
            for (leaf, (p, q)) in group.iter().zip(scratch.p.iter_mut().zip(&mut scratch.q)) {
                leaf.p.write(cpu, row_block, &mut p[..count]);
                if let Some(values) = &leaf.q {
                    values.write(cpu, row_block, &mut q[..count]);
                }
            }
            let p = std::array::from_fn(|j| group[j].p.single(row_block, &scratch.p[j][..count]));
            let q = std::array::from_fn(|j| group[j].q.as_ref().map(|_| &scratch.q[j][..count]));
            cpu.run(Join { p, q, out_p, out_q });
        })
    }

    pub(super) fn above(&self, cpu: Avx512) -> Self {
        let (p, q, log_nodes) = match &self.0 {
            Kind::Elements(level) => return Self(Kind::Elements(level.above())),
            Kind::Vectors { p, q, log_nodes } => (p, q, *log_nodes),
        };
        if log_nodes - 2 < LEAST_LOG_NODES {
            let (p, q) = self.fractions(cpu);
            return Self(Kind::Elements(portable::Level::of_fractions(p, q).above()));
        }
        Self::filled(log_nodes - 2, |_, first, out_p, out_q| {
            let range = first..first + out_p.len();
            let p = std::array::from_fn(|j| Single::Values(&p[j].blocks()[range.clone()]));
            let q = std::array::from_fn(|j| Some(&q[j].blocks()[range.clone()]));
            cpu.run(Join { p, q, out_p, out_q });
        })
    }
}

/// Blocks that one task fills.
const PART: usize = 32;

/// Values of the children on the rows of one task.
struct Scratch {
    p: [[Block<Fr>; PART]; 4],
    q: [[Block<Fr>; PART]; 4],
}

impl Default for Scratch {
    fn default() -> Self {
        Self { p: [[Block::ZERO; PART]; 4], q: [[Block::ZERO; PART]; 4] }
    }
}

/// A block of leaves, ready to be read row by row.
struct LeafValues<'a> {
    p: LeafNumerators<'a>,
    q: Option<TableValues<'a>>,
}

enum LeafNumerators<'a> {
    Zero,
    One,
    Rows(RowWeight),
    Values(TableValues<'a>),
}

enum TableValues<'a> {
    Form(BoundForm<'a>),
    Stored(Storage<Fr>),
}

impl<'a> LeafValues<'a> {
    fn new(cpu: Avx512, leaf: &Leaf<'a>, log_rows: usize) -> Self {
        let values = |form: &Form<'a>| match BoundForm::new(form) {
            Some(form) => TableValues::Form(form),
            None => TableValues::Stored(vector::tabulate(cpu, form, 1 << log_rows)),
        };
        Self {
            p: match &leaf.p {
                Numerator::Zero => LeafNumerators::Zero,
                Numerator::One => LeafNumerators::One,
                Numerator::Below(rows) => LeafNumerators::Rows(RowWeight::new(*rows)),
                Numerator::Form(form) => LeafNumerators::Values(values(form)),
            },
            q: match &leaf.q {
                Denominator::One => None,
                Denominator::Form(form) => Some(values(form)),
            },
        }
    }
}

impl TableValues<'_> {
    fn write(&self, cpu: Avx512, start: usize, out: &mut [Block<Fr>]) {
        match self {
            Self::Form(form) => cpu.run(Values { form, start, out }),
            Self::Stored(storage) => out.copy_from_slice(&storage.blocks()[start..start + out.len()]),
        }
    }

    fn is_zero_from(&self, row: usize) -> bool {
        matches!(self, Self::Form(form) if form.zero_from().is_some_and(|zero| zero <= row))
    }
}

impl LeafNumerators<'_> {
    fn write(&self, cpu: Avx512, start: usize, out: &mut [Block<Fr>]) {
        match self {
            Self::Rows(weight) if (8 * start..8 * (start + out.len())).contains(&weight.ones()) => {
                for (b, block) in out.iter_mut().enumerate() {
                    *block = vector::block(cpu, &std::array::from_fn(|i| weight.value(8 * (start + b) + i)));
                }
            }
            Self::Values(values) if !values.is_zero_from(8 * start) => values.write(cpu, start, out),
            _ => {}
        }
    }

    fn single<'s>(&self, start: usize, values: &'s [Block<Fr>]) -> Single<'s> {
        let end = 8 * (start + values.len());
        match self {
            Self::Zero => Single::Zero,
            Self::One => Single::One,
            Self::Rows(weight) if end <= weight.ones() => Single::One,
            Self::Rows(weight) if weight.ones() < 8 * start => Single::Zero,
            Self::Values(table) if table.is_zero_from(8 * start) => Single::Zero,
            Self::Rows(_) | Self::Values(_) => Single::Values(values),
        }
    }
}
