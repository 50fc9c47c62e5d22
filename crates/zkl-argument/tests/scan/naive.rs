//! An independent verifier, written from the protocol's description and not from its implementation: it has the columns in
//! the clear, builds every leaf and every layer, and evaluates extensions by their definition.

use zkl_argument::{Cell, SealedProfile, TranscriptSeed};
use zkl_core::{
    ark::{Fr, ff::Field as _},
    layout::{Encoding, Layout, PairLayout},
};
use zkl_poseidon::{Domain, Duplex};

use super::table::{Case, Table, small};

fn one() -> Fr {
    small(1)
}

fn eq(index: usize, point: &[Fr]) -> Fr {
    point.iter().enumerate().map(|(j, z)| if index >> j & 1 == 1 { *z } else { one() - z }).product()
}

fn extension(values: &[Fr], point: &[Fr]) -> Fr {
    assert_eq!(values.len(), 1 << point.len());
    values.iter().enumerate().map(|(i, value)| *value * eq(i, point)).sum()
}

fn at(coefficients: &[Fr], x: Fr) -> Fr {
    coefficients.iter().enumerate().map(|(d, c)| *c * x.pow([d as u64])).sum()
}

struct Reader<'a> {
    duplex: Duplex,
    messages: &'a [Fr],
}

impl Reader<'_> {
    fn take(&mut self, len: usize) -> Vec<Fr> {
        let (head, rest) = self.messages.split_at(len);
        self.messages = rest;
        self.duplex.absorb(head);
        head.to_vec()
    }

    fn draw(&mut self) -> Fr {
        self.duplex.squeeze()
    }

    /// A sumcheck of `claim` with the given weights `1 - z, z` of the two halves of each round, or `1, 1`.
    fn sumcheck(&mut self, mut claim: Fr, degree: usize, weights: &[(Fr, Fr)]) -> (Fr, Vec<Fr>) {
        let mut point = Vec::new();
        for (low, high) in weights {
            let tail = self.take(degree);
            // low g(0) + high g(1) = claim determines the missing constant.
            let constant = (claim - *high * tail.iter().sum::<Fr>()) / (*low + high);
            let coefficients: Vec<Fr> = std::iter::once(constant).chain(tail).collect();
            assert_eq!(*low * at(&coefficients, small(0)) + *high * at(&coefficients, one()), claim);
            let r = self.draw();
            claim = at(&coefficients, r);
            point.push(r);
        }
        (claim, point)
    }
}

/// A block of leaves: what is looked up in which table.
struct Block {
    tau: u64,
    /// Looked-up values per row, and the part of them that is committed.
    values: Vec<Fr>,
    committed: Vec<Fr>,
    /// Multiplicities, for a table.
    counts: Option<Vec<Fr>>,
    every_row: bool,
}

struct View<'a> {
    layout: &'a Layout,
    names: &'a [Cell],
    cells: &'a [Vec<Fr>],
    rows: usize,
    limb_bits: usize,
}

impl View<'_> {
    fn cell(&self, cell: Cell) -> Vec<Fr> {
        let index = self.names.iter().position(|&name| name == cell);
        index.map_or_else(|| vec![small(0); self.rows], |index| self.cells[index].clone())
    }

    fn limbs(&self, column: usize) -> usize {
        match self.layout.columns()[column].encoding {
            Encoding::Numeric { limbs } => limbs.into(),
            _ => 0,
        }
    }

    fn number(&self, column: usize) -> Vec<Fr> {
        let mut sum = vec![small(0); self.rows];
        for limb in 0..self.limbs(column) {
            let scale = small(1 << (limb * self.limb_bits));
            for (sum, value) in sum.iter_mut().zip(self.cell(Cell::Limb { column, limb })) {
                *sum += scale * value;
            }
        }
        sum
    }

    fn of_kind(&self, wanted: impl Fn(Encoding) -> bool) -> Vec<usize> {
        (0..self.layout.columns().len()).filter(|&c| wanted(self.layout.columns()[c].encoding)).collect()
    }

    /// Blocks in the canonical order of an exact shape.
    fn blocks(&self, sealed: &SealedProfile<Fr>) -> Vec<Block> {
        let numeric = self.of_kind(|e| matches!(e, Encoding::Numeric { .. }));
        let mut categories = self.of_kind(|e| matches!(e, Encoding::Category { .. }));
        let capacity = |c: usize| match self.layout.columns()[c].encoding {
            Encoding::Category { capacity } => capacity,
            _ => 0,
        };
        categories.sort_by_key(|&c| capacity(c));
        let mut joints: Vec<(usize, usize)> = self
            .layout
            .pairs()
            .iter()
            .filter_map(|pair| match *pair {
                PairLayout::Joint { group, label } => Some((group as usize, label as usize)),
                PairLayout::Product { .. } => None,
            })
            .collect();
        joints.sort_by_key(|&(g, l)| capacity(g) * capacity(l));
        let grouped = self.of_kind(|e| matches!(e, Encoding::Grouped { .. }));
        let lookup = |tau: usize, committed: Vec<Fr>, constant: Fr| Block {
            tau: tau as u64,
            values: committed.iter().map(|value| *value + constant).collect(),
            committed,
            counts: None,
            every_row: false,
        };
        let zero = small(0);
        let mut blocks = Vec::new();
        for &column in &numeric {
            for limb in 0..self.limbs(column) {
                blocks.push(lookup(0, self.cell(Cell::Limb { column, limb }), zero));
            }
        }
        for (slot, &column) in numeric.iter().enumerate() {
            let top = self.cell(Cell::Limb { column, limb: self.limbs(column) - 1 });
            blocks.push(lookup(0, top.iter().map(|value| -*value).collect(), sealed.numeric[slot].top));
        }
        let mut tau = 1;
        for &column in &categories {
            blocks.push(lookup(tau, self.cell(Cell::Code { column }), zero));
            tau += 1;
        }
        for &(group, label) in &joints {
            let labels = small(capacity(label).into());
            let (group, label) = (self.cell(Cell::Code { column: group }), self.cell(Cell::Code { column: label }));
            blocks.push(lookup(tau, group.iter().zip(&label).map(|(g, l)| labels * g + l).collect(), zero));
            tau += 1;
        }
        for (slot, &column) in grouped.iter().enumerate() {
            blocks.push(lookup(tau + slot, self.cell(Cell::Code { column }), zero));
        }
        for rest in [|column| Cell::RestLow { column }, |column| Cell::RestHigh { column }] {
            for &column in &grouped {
                blocks.push(Block { every_row: true, ..lookup(0, self.cell(rest(column)), zero) });
            }
        }
        let entries: Vec<Fr> = (0..self.rows).map(|i| small((i % (1 << self.limb_bits)) as u64)).collect();
        let table = |tau: usize, counts: Vec<Fr>| Block {
            tau: tau as u64,
            values: entries.clone(),
            committed: Vec::new(),
            counts: Some(counts),
            every_row: false,
        };
        if !numeric.is_empty() || !grouped.is_empty() {
            blocks.push(table(0, self.cell(Cell::LimbMultiplicity)));
        }
        for (slot, &column) in grouped.iter().enumerate() {
            blocks.push(table(tau + slot, self.cell(Cell::Multiplicity { column })));
        }
        blocks
    }
}

/// Checks everything about `messages`, with panics for what fails.
fn check(case: &Case, cells: &[Vec<Fr>], sealed: &SealedProfile<Fr>, seed: &TranscriptSeed, messages: &[Fr]) {
    let (layout, shape) = (case.plan.layout(), case.plan.shape());
    let (mu, rows, n) = (case.table.log_rows, 1usize << case.table.log_rows, case.table.rows);
    let view = View { layout, names: case.plan.cells(), cells, rows, limb_bits: case.table.limb_bits };
    let blocks = view.blocks(sealed);
    let block_bits = shape.block_bits();
    assert!(1 << block_bits >= blocks.len());

    let mut reader = Reader { duplex: Duplex::new(Domain::new("zkl/scan/transcript/v1")), messages };
    reader.duplex.absorb(&[seed.t0, seed.salt]);
    let (x, y) = (reader.draw(), reader.draw());

    let (mut p, mut q) = (vec![small(0); rows << block_bits], vec![one(); rows << block_bits]);
    for (c, block) in blocks.iter().enumerate() {
        for row in 0..rows {
            let counts = block.counts.as_ref().map(|counts| -counts[row]);
            p[c * rows + row] = counts.unwrap_or_else(|| small((block.every_row || row < n).into()));
            q[c * rows + row] = x - y * small(block.tau) - block.values[row];
        }
    }
    let mut expected = small(0);
    for (slot, counts) in sealed.category.iter().chain(&sealed.joint).enumerate() {
        for (t, count) in counts.iter().enumerate() {
            expected += *count / (x - y * small(slot as u64 + 1) - small(t as u64));
        }
    }
    let total: Fr = p.iter().zip(&q).map(|(p, q)| *p / q).sum();
    assert_eq!(total, expected, "the fractions of all leaves sum to the sealed counts");

    // All layers, from the leaves up: entry i joins i + j len/4.
    let mut layers = vec![(p, q)];
    while layers.last().unwrap().0.len() > 1 {
        let (p, q) = layers.last().unwrap();
        let arity = if p.len() == 2 { 2 } else { 4 };
        let len = p.len() / arity;
        let next = (0..len).map(|i| {
            let sum: Fr = (0..arity).map(|j| p[i + j * len] / q[i + j * len]).sum();
            let product: Fr = (0..arity).map(|j| q[i + j * len]).product();
            (sum * product, product)
        });
        layers.push(next.unzip());
    }
    let (root_p, root_q) = layers.pop().unwrap();
    let root = reader.take(2);
    assert_eq!(root, [root_p[0], root_q[0]]);
    assert_ne!(root[1], small(0));
    assert_eq!(root[0], root[1] * expected);

    let mut point: Vec<Fr> = Vec::new();
    let (mut value_p, mut value_q) = (root[0], root[1]);
    while let Some((p, q)) = layers.pop() {
        let arity = p.len() >> point.len();
        let lambda = reader.draw();
        let weights: Vec<_> = point.iter().map(|z| (one() - z, *z)).collect();
        let (claim, r) = reader.sumcheck(value_p + lambda * value_q, arity, &weights);
        let (ps, qs) = (reader.take(arity), reader.take(arity));
        let len = p.len() / arity;
        for j in 0..arity {
            assert_eq!(ps[j], extension(&p[j * len..(j + 1) * len], &r));
            assert_eq!(qs[j], extension(&q[j * len..(j + 1) * len], &r));
        }
        let product: Fr = qs.iter().product();
        let sum: Fr = ps.iter().zip(&qs).map(|(p, q)| *p * product / q).sum();
        assert_eq!(claim, sum + lambda * product);
        point = r;
        point.extend((0..arity.ilog2()).map(|_| reader.draw()));
        (value_p, value_q) = (extension(&p, &point), extension(&q, &point));
    }
    let (z_row, z_blk) = (point[..mu].to_vec(), point[mu..].to_vec());

    // Moments, summed row by row, and the columns of the lookups weighted by the distance from z_row.
    let (theta, beta) = (reader.draw(), reader.draw());
    let mut values: Vec<Vec<Fr>> = Vec::new();
    let mut sums: Vec<Fr> = Vec::new();
    let mut summand: Vec<Vec<Fr>> = Vec::new();
    let indicator: Vec<Fr> = (0..rows).map(|i| small((i < n).into())).collect();
    let at_row: Vec<Fr> = (0..rows).map(|i| eq(i, &z_row)).collect();
    let rules: Vec<Fr> = indicator.iter().zip(&at_row).map(|(a, b)| *a * b).collect();
    let bits = |column: usize| {
        let spec = &layout.columns()[column];
        let full = small((!spec.nullable).into());
        let committed = view.cell(Cell::Valid { column });
        (committed.clone(), committed.into_iter().map(|bit| bit + full).collect::<Vec<_>>())
    };
    let mut term = |sum: Fr, weight: &[Fr], f: &dyn Fn(usize) -> Fr| {
        sums.push(sum);
        summand.push((0..rows).map(|i| weight[i] * f(i)).collect());
    };
    let zero = small(0);
    for (slot, column) in view.of_kind(|e| matches!(e, Encoding::Numeric { .. })).into_iter().enumerate() {
        let (u, (committed, b)) = (view.number(column), bits(column));
        let record = &sealed.numeric[slot];
        term(record.sum, &indicator, &|i| u[i]);
        term(record.sum_squares, &indicator, &|i| u[i] * u[i]);
        term(record.valid, &indicator, &|i| b[i]);
        term(zero, &rules, &|i| b[i] * b[i] - b[i]);
        term(zero, &rules, &|i| u[i] * (one() - b[i]));
        values.extend([u, committed]);
    }
    for (slot, column) in view.of_kind(|e| e == Encoding::Opaque).into_iter().enumerate() {
        let (committed, b) = bits(column);
        term(sealed.opaque[slot], &indicator, &|i| b[i]);
        term(zero, &rules, &|i| b[i] * b[i] - b[i]);
        values.push(committed);
    }
    for (slot, column) in view.of_kind(|e| matches!(e, Encoding::Grouped { .. })).into_iter().enumerate() {
        let record = &sealed.grouped[slot];
        let m = view.cell(Cell::Multiplicity { column });
        let (low, high) = (view.cell(Cell::RestLow { column }), view.cell(Cell::RestHigh { column }));
        let rest: Vec<Fr> = low.iter().zip(&high).map(|(l, h)| *l + small(1 << case.table.limb_bits) * h).collect();
        let inside: Vec<bool> =
            (0..rows).map(|t| (0..=t).map(|t| small(t as u64)).all(|t| t != record.distinct + one())).collect();
        term(record.nulls, &vec![one(); rows], &|t| if t == 0 { m[t] } else { zero });
        term(zero, &at_row, &|t| if inside[t] { zero } else { m[t] });
        term(zero, &at_row, &|t| if inside[t] && t > 0 { m[t] - record.smallest - rest[t] } else { zero });
        values.extend([m, rest]);
    }
    let products = layout.pairs().iter().filter_map(|pair| match *pair {
        PairLayout::Product { left, right } => Some((left as usize, right as usize)),
        PairLayout::Joint { .. } => None,
    });
    for (slot, (left, right)) in products.enumerate() {
        let record = &sealed.product[slot];
        let (ul, ur) = (view.number(left), view.number(right));
        let ((cl, bl), (cr, br)) = (bits(left), bits(right));
        term(record.products, &indicator, &|i| ul[i] * ur[i]);
        term(record.valid, &indicator, &|i| bl[i] * br[i]);
        term(record.left_sum, &indicator, &|i| ul[i] * br[i]);
        term(record.right_sum, &indicator, &|i| ur[i] * bl[i]);
        term(record.left_squares, &indicator, &|i| ul[i] * ul[i] * br[i]);
        term(record.right_squares, &indicator, &|i| ur[i] * ur[i] * bl[i]);
        values.extend([ul, ur, cl, cr]);
    }
    let mut claim = zero;
    for (k, (sum, summand)) in sums.iter().zip(&summand).enumerate() {
        assert_eq!(summand.iter().sum::<Fr>(), *sum, "term {k}");
        claim += theta.pow([k as u64]) * sum;
    }
    let mut looked_up = vec![zero; rows];
    for (c, block) in blocks.iter().enumerate() {
        let weight = eq(c, &z_blk);
        for row in 0..rows {
            looked_up[row] += weight * block.counts.as_ref().map_or_else(|| beta * block.committed[row], |m| m[row]);
        }
    }
    claim += theta.pow([sums.len() as u64]) * extension(&looked_up, &z_row);
    // Fixed at the end by the values that are sent.
    let (_, z2) = reader.sumcheck(claim, 4, &vec![(one(), one()); mu]);
    let sent = reader.take(values.len());
    for (sent, value) in sent.iter().zip(&values) {
        assert_eq!(*sent, extension(value, &z2));
    }
    assert_eq!(reader.take(1), [extension(&looked_up, &z2)]);
    let w = reader.take(1)[0];
    let low = case.mask.len().ilog2() as usize;
    assert_eq!(w, extension(&case.mask, &z2[..low]));
    let (eta, rho) = (reader.draw(), reader.draw());
    assert!(reader.messages.is_empty());
    let mut v = extension(&looked_up, &z2);
    for (i, value) in values.iter().enumerate() {
        v += eta.pow([i as u64 + 1]) * extension(value, &z2);
    }

    let opening = case.verify(&case.witness(), messages).unwrap();
    assert_eq!((opening.y, opening.rho), (v + rho * w, rho));
    assert_eq!((opening.beta, opening.eta), (beta, eta));
    assert_eq!((opening.r_star, opening.z_blk), (z2, z_blk));
}

fn agrees(table: Table) {
    let case = table.case();
    let proof = case.prove();
    check(&case, &case.cells(), &case.sealed, &case.seed, &proof.messages);
}

#[test]
fn the_naive_verifier_agrees_on_random_tables_with_junk_in_padding_rows() {
    for (seed, rows) in [(11, 16), (12, 15), (13, 9), (14, 8), (15, 1)] {
        agrees(Table::random(seed, 4, rows));
    }
    agrees(Table::random(16, 5, 21));
}

#[test]
fn the_naive_verifier_agrees_on_columns_of_many_groups() {
    agrees(Table::random_grouped(17, 400));
}
