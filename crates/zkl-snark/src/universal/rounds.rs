//! Rounds of both sumchecks, prover and verifier side by side.
//!
//! # Statement
//! ```text
//! outer    0 = sum_x eq(t, x) (Az(x) Bz(x) - Cz(x) + p(x))        p(x) = sum_j c_j1 (x_j - t_j) + c_j2 (x_j^2 - t_j)
//! inner    C = sum_y sum_k P_k(y) Q_k(y) + alpha (U(y) + (sum_j y_j) V(y))
//! ```
//! A message is the coefficients `c_1, c_2` of the round polynomial; `c_0` follows from the claim, as in
//! [`zkl_argument::sumcheck`]. Coordinate 0, the lowest bit of the index, is bound first.
//!
//! `p` needs no claimed sum: `sum_x eq(t, x) (x_j - t_j) = 0` on the cube, whatever `c` and `t` are. In round j it adds `c_j1` and
//! `c_j2` to the message, and constants that are not sent.

use zeroize::Zeroizing;
use zkl_kernel::threads::{self, prelude::*};

use super::masks::InnerMask;
use crate::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

/// Pairs that one task looks at, at least.
const CHUNK: usize = 1 << 10;

/// A table that is bound coordinate by coordinate. Entries after its end are 0.
pub(super) type Table = Zeroizing<Vec<Fr>>;

/// The next claim of an outer round.
pub(super) fn outer_claim(claim: Fr, t: Fr, [c1, c2]: [Fr; 2], r: Fr) -> Fr {
    claim - t * (c1 + c2) + (c2 * r + c1) * r
}

/// The claim of an inner round as a function of the first one, which the verifier knows last: `scale * first + rest`.
pub(super) struct InnerClaim {
    half: Fr,
    scale: Fr,
    rest: Fr,
}

impl InnerClaim {
    pub(super) fn new() -> Self {
        Self { half: Fr::ONE.double().inverse().unwrap_or_default(), scale: Fr::ONE, rest: Fr::ZERO }
    }

    pub(super) fn bind(&mut self, [c1, c2]: [Fr; 2], r: Fr) {
        self.scale *= self.half;
        self.rest = (self.rest - c1 - c2) * self.half + (c2 * r + c1) * r;
    }

    pub(super) fn end(&self, first: Fr) -> Fr {
        self.scale * first + self.rest
    }
}

/// The prover of the outer sumcheck.
pub(super) struct Outer {
    /// `Az`, `Bz`, `Cz`.
    tables: [Table; 3],
    /// `eq` of the coordinates of t that are not bound.
    eq: Vec<Fr>,
}

impl Outer {
    /// Tables with `len` entries each, and the outer point.
    pub(super) fn new(tables: [Table; 3], t: &[Fr]) -> Self {
        Self { tables, eq: eq_table(t.get(1..).unwrap_or_default()) }
    }

    /// Coefficients 1 and 2 of the round, without the mask.
    pub(super) fn message(&mut self) -> [Fr; 2] {
        self.tables.iter_mut().for_each(even);
        let [a, b, c] = self.tables.each_ref().map(|table| table.as_chunks::<2>().0);
        let [low, high, leading] = a
            .par_iter()
            .zip(b)
            .zip(c)
            .zip(&self.eq)
            .with_min_len(CHUNK)
            .fold(
                || [Fr::ZERO; 3],
                |[low, high, leading], ((([a0, a1], [b0, b1]), [c0, c1]), eq)| {
                    [
                        low + *eq * (*a0 * b0 - c0),
                        high + *eq * (*a1 * b1 - c1),
                        leading + *eq * ((*a1 - a0) * (*b1 - b0)),
                    ]
                },
            )
            .reduce(|| [Fr::ZERO; 3], add);
        [high - low - leading, leading]
    }

    pub(super) fn bind(&mut self, r: Fr) {
        self.tables.par_iter_mut().for_each(|table| fold(table, r));
        // The weight of a bound coordinate is divided out of the claim: what is left sums over it.
        if self.eq.len() > 1 {
            self.eq = self.eq.as_chunks::<2>().0.iter().map(|[low, high]| *low + high).collect();
        }
    }

    /// `a` and `b`, when every coordinate is bound.
    pub(super) fn ends(&self) -> [Fr; 2] {
        [0, 1].map(|side: usize| self.tables[side].first().copied().unwrap_or_default())
    }
}

/// The prover of the inner sumcheck.
pub(super) struct Inner<'a> {
    /// Weights and columns. A table may hold any number of blocks one after another.
    pairs: Vec<(Table, Table)>,
    mask: &'a InnerMask,
    alpha: Fr,
    bound: Vec<Fr>,
}

impl<'a> Inner<'a> {
    pub(super) fn new(pairs: Vec<(Table, Table)>, mask: &'a InnerMask, alpha: Fr) -> Self {
        Self { pairs, mask, alpha, bound: Vec::with_capacity(mask.slopes.len()) }
    }

    /// Coefficients 1 and 2 of the round.
    pub(super) fn message(&mut self) -> [Fr; 2] {
        let mut sums = [Fr::ZERO; 3];
        for (weights, values) in &mut self.pairs {
            even(weights);
            even(values);
            let pairs = weights.as_chunks::<2>().0.par_iter().zip(values.as_chunks::<2>().0).with_min_len(CHUNK);
            let part = pairs
                .fold(
                    || [Fr::ZERO; 3],
                    |[low, high, leading], ([p0, p1], [q0, q1])| {
                        [low + *p0 * q0, high + *p1 * q1, leading + (*p1 - p0) * (*q1 - q0)]
                    },
                )
                .reduce(|| [Fr::ZERO; 3], add);
            sums = add(sums, part);
        }
        let [low, high, leading] = sums;
        let [m1, m2] = self.mask.round(&self.bound);
        [high - low - leading + self.alpha * m1, leading + self.alpha * m2]
    }

    pub(super) fn bind(&mut self, r: Fr) {
        self.bound.push(r);
        self.pairs.par_iter_mut().for_each(|(weights, values)| {
            threads::join(|| fold(weights, r), || fold(values, r));
        });
    }

    /// The point, and the weights at it: one per block of each pair.
    pub(super) fn ends(self) -> (Vec<Fr>, Vec<Vec<Fr>>) {
        (self.bound, self.pairs.iter().map(|(weights, _)| weights.to_vec()).collect())
    }
}

/// `eq(i, z)` for every `i < 2^z.len()`.
pub(super) fn eq_table(z: &[Fr]) -> Vec<Fr> {
    let mut table = Vec::with_capacity(1 << z.len());
    table.push(Fr::ONE);
    for r in z {
        let upper: Vec<Fr> = table.par_iter().with_min_len(CHUNK).map(|value| *value * r).collect();
        table.par_iter_mut().with_min_len(CHUNK).zip(&upper).for_each(|(value, upper)| *value -= upper);
        table.extend(upper);
    }
    table
}

/// `eq(i, z)`.
pub(super) fn eq_at(i: usize, z: &[Fr]) -> Fr {
    z.iter().enumerate().map(|(j, z)| if i >> j & 1 == 1 { *z } else { Fr::ONE - z }).product()
}

/// An empty table with room for `len` entries and one more.
pub(super) fn spacious(len: usize) -> Table {
    Zeroizing::new(Vec::with_capacity(len + 1))
}

fn even(table: &mut Table) {
    if !table.len().is_multiple_of(2) {
        // There is room, so that no copy of a secret is left behind: tables are made with an entry to spare.
        table.push(Fr::ZERO);
    }
}

fn fold(table: &mut Table, r: Fr) {
    even(table);
    let pairs = table.as_chunks::<2>().0;
    let mut folded = spacious(pairs.len());
    folded.par_extend(pairs.par_iter().with_min_len(CHUNK).map(|[low, high]| *low + r * (*high - low)));
    *table = folded;
}

fn add(a: [Fr; 3], b: [Fr; 3]) -> [Fr; 3] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}
