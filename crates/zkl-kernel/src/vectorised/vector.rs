//! Vectors in kernel form, and the operations on whole ones.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::{
    columns,
    form::{BoundForm, MOST_TERMS, Values},
    memory::Storage,
};
use crate::threads::prelude::*;
use crate::{
    avx512::{Accumulator, Avx512, Block, Lanes, Task},
    cells::{Cells, Form},
    kernel::LengthMismatch,
};

/// Elements below `2 p` in blocks of eight; the last block is filled up with zeros.
#[derive(Clone, Debug)]
pub struct Vector {
    pub(super) storage: Storage<Fr>,
    len: usize,
}

/// Blocks for one task.
const PART: usize = 1 << 7;

impl Vector {
    pub(super) fn zeroed(len: usize) -> Self {
        Self { storage: Storage::zeroed(len.div_ceil(8)), len }
    }

    pub(super) fn of_elements(cpu: Avx512, values: &[Fr]) -> Self {
        let mut vector = Self::zeroed(values.len());
        let parts = vector.storage.blocks_mut().par_chunks_mut(PART).zip(values.par_chunks(8 * PART));
        parts.for_each(|(blocks, values)| cpu.run(FromArk { values, blocks }));
        vector
    }

    pub(super) fn elements(&self, cpu: Avx512) -> Vec<Fr> {
        let mut values = vec![Fr::ZERO; self.len];
        let parts = values.par_chunks_mut(8 * PART).zip(self.storage.blocks().par_chunks(PART));
        parts.for_each(|(values, blocks)| cpu.run(ToArk { blocks, values }));
        values
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    fn matches(&self, other: &Self) -> Result<(), LengthMismatch> {
        if self.len == other.len { Ok(()) } else { Err(LengthMismatch { left: self.len, right: other.len }) }
    }

    pub(super) fn combine(&mut self, cpu: Avx512, other: &Self, how: Combination) -> Result<(), LengthMismatch> {
        self.matches(other)?;
        let parts = self.storage.blocks_mut().par_chunks_mut(PART).zip(other.storage.blocks().par_chunks(PART));
        parts.for_each(|(a, b)| cpu.run(Combine { a, b, how }));
        Ok(())
    }

    pub(super) fn fold(&mut self, cpu: Avx512, r: Fr) {
        let mut folded = Self::zeroed(self.len.div_ceil(2));
        let weights = [Fr::ONE - r, r];
        let parts = folded.storage.blocks_mut().par_chunks_mut(PART).zip(self.storage.blocks().par_chunks(2 * PART));
        parts.for_each(|(out, values)| cpu.run(Fold { values, weights, out }));
        *self = folded;
    }

    pub(super) fn invert(&mut self, cpu: Avx512) {
        self.storage.blocks_mut().par_chunks_mut(PART).for_each(|blocks| cpu.run(Invert { blocks }));
    }

    pub(super) fn inner_product(&self, cpu: Avx512, other: &Self) -> Result<Fr, LengthMismatch> {
        self.matches(other)?;
        let parts = self.storage.blocks().par_chunks(PART).zip(other.storage.blocks().par_chunks(PART));
        Ok(parts.map(|(a, b)| cpu.run(InnerProduct { a, b })).sum())
    }

    pub(super) fn eq_table(cpu: Avx512, z: &[Fr]) -> Self {
        let (low, high) = z.split_at(z.len().min(10));
        let low = Self::short_eq_table(cpu, low);
        let high = scalar_eq_table(high);
        let mut table = Self::zeroed(1 << z.len());
        let part = low.storage.blocks().len();
        let parts = table.storage.blocks_mut().par_chunks_mut(part).zip(&high);
        parts.for_each(|(out, &weight)| cpu.run(Scale { values: low.storage.blocks(), weight, out }));
        table
    }

    /// An eq table on one thread: one block by hand, then doubled coordinate by coordinate.
    fn short_eq_table(cpu: Avx512, z: &[Fr]) -> Self {
        let (first, rest) = z.split_at(z.len().min(3));
        let first = Self::of_elements(cpu, &scalar_eq_table(first));
        if rest.is_empty() {
            return first;
        }
        let mut table = Self::zeroed(1 << z.len());
        table.storage.blocks_mut()[..1].copy_from_slice(first.storage.blocks());
        cpu.run(Double { table: table.storage.blocks_mut(), z: rest });
        table
    }

    pub(super) fn eq_sum(&self, cpu: Avx512, z: &[Fr]) -> Result<Fr, LengthMismatch> {
        if self.len > 1 << z.len() {
            return Err(LengthMismatch { left: 1 << z.len(), right: self.len });
        }
        let (low, high) = z.split_at(z.len().min(10));
        let low = Self::short_eq_table(cpu, low);
        let high = scalar_eq_table(high);
        let parts = self.storage.blocks().par_chunks(low.storage.blocks().len()).zip(&high);
        Ok(parts.map(|(a, weight)| cpu.run(InnerProduct { a, b: low.storage.blocks() }) * weight).sum())
    }

    pub(super) fn tabulate(cpu: Avx512, form: &Form<'_>, rows: usize) -> Self {
        Self { storage: tabulate(cpu, form, rows), len: rows }
    }
}

/// The eq table, one element at a time.
pub(super) fn scalar_eq_table(z: &[Fr]) -> Vec<Fr> {
    let mut table = Vec::with_capacity(1 << z.len());
    table.push(Fr::ONE);
    for r in z {
        let high: Vec<Fr> = table.iter().map(|low| *low * r).collect();
        table.iter_mut().zip(&high).for_each(|(low, high)| *low -= high);
        table.extend(high);
    }
    table
}

/// The values of a form on `rows` rows; the last block is filled up with zeros.
pub(super) fn tabulate(cpu: Avx512, form: &Form<'_>, rows: usize) -> Storage<Fr> {
    let (words, fields): (Vec<_>, Vec<_>) =
        form.terms.iter().copied().partition(|(_, cells)| !matches!(cells, Cells::Field(_)));
    let mut vector = Vector::zeroed(rows);
    let mut constant = form.constant;
    let mut rest = words.as_slice();
    loop {
        let (now, later) = rest.split_at(rest.len().min(MOST_TERMS));
        let part = Form { constant: std::mem::replace(&mut constant, Fr::ZERO), terms: now.to_vec() };
        if let Some(form) = BoundForm::new(&part) {
            let add = |(index, blocks): (usize, &mut [Block<Fr>])| {
                let mut values = [Block::ZERO; PART];
                let values = &mut values[..blocks.len()];
                cpu.run(Values { form: &form, start: index * PART, out: &mut *values });
                cpu.run(Combine { a: blocks, b: values, how: Combination::Add });
            };
            vector.storage.blocks_mut().par_chunks_mut(PART).enumerate().for_each(add);
        }
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    for (coefficient, cells) in fields {
        let Cells::Field(values) = cells else { continue };
        let values = &values[..values.len().min(rows)];
        let terms = Vector::of_elements(cpu, values);
        let parts = vector.storage.blocks_mut().par_chunks_mut(PART).zip(terms.storage.blocks().par_chunks(PART));
        parts.for_each(|(a, b)| {
            let shared = a.len().min(b.len());
            cpu.run(Combine { a: &mut a[..shared], b: &b[..shared], how: Combination::AddScaled(coefficient) });
        });
    }
    // The constant has reached lanes beyond the last row.
    let beyond = rows % 8;
    if let (1.., Some(last)) = (beyond, vector.storage.blocks_mut().last_mut()) {
        let mut elements = elements_of(cpu, last);
        elements[beyond..].fill(Fr::ZERO);
        *last = block(cpu, &elements);
    }
    vector.storage
}

/// Eight elements as a block.
pub(super) fn block(cpu: Avx512, values: &[Fr; 8]) -> Block<Fr> {
    let mut blocks = [Block::ZERO];
    cpu.run(FromArk { values, blocks: &mut blocks });
    blocks[0]
}

/// The elements of a block.
pub(super) fn elements_of(cpu: Avx512, block: &Block<Fr>) -> [Fr; 8] {
    let mut values = [Fr::ZERO; 8];
    cpu.run(ToArk { blocks: std::slice::from_ref(block), values: &mut values });
    values
}

/// How two vectors become one.
#[derive(Clone, Copy)]
pub(super) enum Combination {
    Add,
    Subtract,
    Multiply,
    AddScaled(Fr),
}

struct FromArk<'s> {
    values: &'s [Fr],
    blocks: &'s mut [Block<Fr>],
}

impl Task for FromArk<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let (full, rest) = self.values.as_chunks::<8>();
        for i in 0..full.len() {
            Lanes::from_ark(cpu, &full[i]).reduce().store(&mut self.blocks[i]);
        }
        if !rest.is_empty() {
            let mut last = [Fr::ZERO; 8];
            last[..rest.len()].copy_from_slice(rest);
            Lanes::from_ark(cpu, &last).reduce().store(&mut self.blocks[full.len()]);
        }
    }
}

struct ToArk<'s> {
    blocks: &'s [Block<Fr>],
    values: &'s mut [Fr],
}

impl Task for ToArk<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let (full, rest) = self.values.as_chunks_mut::<8>();
        let count = full.len();
        for i in 0..count {
            full[i] = Lanes::load(cpu, &self.blocks[i]).to_ark();
        }
        if !rest.is_empty() {
            let last = Lanes::load(cpu, &self.blocks[count]).to_ark();
            rest.copy_from_slice(&last[..rest.len()]);
        }
    }
}

struct Combine<'s> {
    a: &'s mut [Block<Fr>],
    b: &'s [Block<Fr>],
    how: Combination,
}

impl Task for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let Self { a, b, how } = self;
        let scale = match how {
            Combination::AddScaled(r) => Lanes::splat(cpu, r),
            _ => Lanes::zero(cpu),
        };
        for (a, b) in a.iter_mut().zip(b) {
            let (x, y) = (Lanes::load(cpu, a), Lanes::load(cpu, b));
            let result = match how {
                Combination::Add => x.plus::<2, 4>(y).halve(),
                Combination::Subtract => x.minus::<2, 4>(y).halve(),
                Combination::Multiply => x.times(y),
                Combination::AddScaled(_) => x.plus::<2, 4>(y.times(scale)).halve(),
            };
            result.store(a);
        }
    }
}

struct Fold<'s> {
    values: &'s [Block<Fr>],
    weights: [Fr; 2],
    out: &'s mut [Block<Fr>],
}

impl Task for Fold<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let weights = [Lanes::splat(cpu, self.weights[0]), Lanes::splat(cpu, self.weights[1])];
        for i in 0..self.out.len() {
            let first = Lanes::load(cpu, &self.values[2 * i]);
            let second = match self.values.get(2 * i + 1) {
                Some(block) => Lanes::load(cpu, block),
                None => Lanes::zero(cpu).weaken(),
            };
            columns::fold(first, second, weights).store(&mut self.out[i]);
        }
    }
}

/// Doubles an eq table of one block for each coordinate of `z`.
struct Double<'s> {
    table: &'s mut [Block<Fr>],
    z: &'s [Fr],
}

impl Task for Double<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        for (bit, z) in self.z.iter().enumerate() {
            let z = Lanes::splat(cpu, *z);
            let len = 1 << bit;
            for i in 0..len {
                let value = Lanes::load(cpu, &self.table[i]);
                let high = value.times(z);
                value.minus::<2, 4>(high).halve::<2>().store(&mut self.table[i]);
                high.store(&mut self.table[len + i]);
            }
        }
    }
}

struct Scale<'s> {
    values: &'s [Block<Fr>],
    weight: Fr,
    out: &'s mut [Block<Fr>],
}

impl Task for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let weight = Lanes::splat(cpu, self.weight);
        for (value, out) in self.values.iter().zip(self.out) {
            Lanes::load(cpu, value).times(weight).store(out);
        }
    }
}

struct InnerProduct<'s> {
    a: &'s [Block<Fr>],
    b: &'s [Block<Fr>],
}

impl Task for InnerProduct<'_> {
    type Output = Fr;

    #[inline(always)]
    fn run(self, cpu: Avx512) -> Fr {
        let mut sum = Accumulator::new(cpu);
        for (a, b) in self.a.iter().zip(self.b) {
            sum.add(Lanes::load(cpu, a), Lanes::load(cpu, b));
        }
        sum.total().sum()
    }
}

/// Montgomery's trick down the blocks of each lane: one inversion of eight elements for all of them.
struct Invert<'s> {
    blocks: &'s mut [Block<Fr>],
}

impl Task for Invert<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let one = Lanes::splat(cpu, Fr::ONE);
        let mut before = [Block::<Fr>::ZERO; PART];
        let mut product: Lanes<Fr> = one.weaken();
        for i in 0..self.blocks.len() {
            product.store(&mut before[i]);
            let value = Lanes::load(cpu, &self.blocks[i]).canonical();
            product = product.times(value.replace(value.zeros(), one));
        }
        let mut inverse: Lanes<Fr> = product.invert().reduce();
        for i in (0..self.blocks.len()).rev() {
            let value = Lanes::load(cpu, &self.blocks[i]).canonical();
            let zeros = value.zeros();
            let result = inverse.times(Lanes::load(cpu, &before[i])).replace(zeros, Lanes::zero(cpu).weaken());
            inverse = inverse.times(value.replace(zeros, one));
            result.store(&mut self.blocks[i]);
        }
    }
}
