//! The public weights of the inner sumcheck.
//!
//! ```text
//! Phi_i = A~(r_x, i) + rho B~(r_x, i) + rho^2 C~(r_x, i)          variables, public ones included
//!         eq(m, r_x) times 1, rho, rho^2                          R1, R2, R3
//!         -rho^2 (r_j - t_j), -rho^2 (r_j^2 - t_j)                c_j1, c_j2
//! ```
//! The prover needs all of it, the verifier the sum over the public variables and one value a block. Both go through the
//! distinct combinations once.

use super::{
    rounds::{Table, eq_at, eq_table, spacious},
    sizes::Sizes,
};
use crate::{
    ark::{
        Fr,
        ff::{AdditiveGroup as _, Field as _},
    },
    matrices::{Matrices, Term},
};
use zkl_kernel::threads::{self, prelude::*};

/// Combinations that one task looks at, at least.
const CHUNK: usize = 1 << 12;

/// Where the outer sumcheck ended, and what batches its claims.
pub(super) struct Weights<'a> {
    pub(super) matrices: &'a Matrices,
    pub(super) sizes: &'a Sizes,
    pub(super) t: &'a [Fr],
    pub(super) rx: &'a [Fr],
    pub(super) rho: Fr,
}

/// What the verifier needs of the weights.
pub(super) struct Evaluated {
    /// `sum_i Phi_i z_i` over the public variables.
    pub(super) public: Fr,
    /// `Phi_k~(r_y)`.
    pub(super) blocks: Vec<Fr>,
}

impl Weights<'_> {
    /// `Phi` of the public variables, and of the extended witness.
    pub(super) fn columns(&self) -> (Vec<Fr>, Table) {
        let weights = self.combinations();
        let matrices = self.matrices;
        let part = weights.len().div_ceil(threads::current_num_threads()).max(CHUNK);
        let blank = || vec![Fr::ZERO; matrices.num_variables];
        let mut column = weights
            .par_chunks(part)
            .enumerate()
            .map(|(chunk, weights)| {
                let mut column = blank();
                for (offset, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight != Fr::ZERO) {
                    for term in matrices.combination(chunk * part + offset) {
                        column[term.column as usize] += product(matrices, term.coefficient, *weight);
                    }
                }
                column
            })
            .reduce_with(|mut sum, other| {
                sum.iter_mut().zip(&other).for_each(|(sum, other)| *sum += other);
                sum
            })
            .unwrap_or_else(blank);
        let private = column.split_off(matrices.num_inputs);
        let mut extended = spacious(self.sizes.len);
        extended.extend(private);
        extended.extend(self.own());
        (column, extended)
    }

    /// The values at `ry`, for the public inputs `x`.
    pub(super) fn evaluate(&self, x: &[Fr], ry: &[Fr]) -> Evaluated {
        let (weights, eq) = threads::join(|| self.combinations(), || eq_table(ry));
        let Sizes { kappa, blocks, private, .. } = *self.sizes;
        let low = (1usize << kappa) - 1;
        let public = std::iter::once(Fr::ONE).chain(x.iter().copied());
        let values: Vec<Fr> = public.chain((0..private).map(|entry| eq[entry & low])).collect();
        let runs = self.runs();
        let products = self.matrices.products(&runs.ends, &values);
        let zero = || Evaluated { public: Fr::ZERO, blocks: vec![Fr::ZERO; blocks] };
        let one = |mut sums: Evaluated, ((combination, block), product): (&(u32, Option<u32>), &Fr)| {
            let weighted = weights[*combination as usize] * product;
            match block {
                Some(block) => sums.blocks[*block as usize] += weighted,
                None => sums.public += weighted,
            }
            sums
        };
        let add = |mut a: Evaluated, b: Evaluated| {
            a.public += b.public;
            a.blocks.iter_mut().zip(&b.blocks).for_each(|(a, b)| *a += b);
            a
        };
        let mut sums = runs.places.par_iter().zip(&products).with_min_len(CHUNK).fold(zero, one).reduce(zero, add);
        for (offset, weight) in self.own().into_iter().enumerate() {
            let entry = private + offset;
            sums.blocks[entry >> kappa] += weight * eq[entry & low];
        }
        sums
    }

    /// The terms of every combination, cut where the next block of the witness begins. Variables ascend, so that few are cut.
    fn runs(&self) -> Runs {
        let (matrices, Sizes { inputs, kappa, .. }) = (self.matrices, *self.sizes);
        let block = |term: &Term| block_of(term.column as usize, inputs, kappa);
        let count = matrices.ends.len();
        let mut runs = Runs { ends: Vec::with_capacity(count), places: Vec::with_capacity(count) };
        let mut start = 0;
        for (index, &end) in matrices.ends.iter().enumerate() {
            let mut terms = &matrices.terms[start as usize..end as usize];
            while let [first, .., last] = terms
                && block(first) != block(last)
            {
                let (run, rest) = terms.split_at(terms.partition_point(|term| block(term) == block(first)));
                runs.ends.push(end - rest.len() as u32);
                runs.places.push((index as u32, block(first)));
                debug_assert!(!run.is_empty(), "the first term is in its own block");
                terms = rest;
            }
            if let [first, ..] = terms {
                runs.ends.push(end);
                runs.places.push((index as u32, block(first)));
            }
            start = end;
        }
        runs
    }

    /// Weights of the distinct combinations.
    fn combinations(&self) -> Vec<Fr> {
        let eq = eq_table(self.rx);
        let mut sides = [(); 3].map(|()| vec![Fr::ZERO; self.matrices.ends.len()]);
        sides.par_iter_mut().enumerate().for_each(|(side, weights)| {
            for (row, eq) in self.matrices.rows.iter().zip(&eq) {
                weights[row[side] as usize] += eq;
            }
        });
        let [mut sum, b, c] = sides;
        let rho_squared = self.rho.square();
        sum.par_iter_mut().zip(&b).zip(&c).with_min_len(CHUNK).for_each(|((sum, b), c)| {
            // Most combinations are on one side only.
            if *b != Fr::ZERO {
                *sum += self.rho * b;
            }
            if *c != Fr::ZERO {
                *sum += rho_squared * c;
            }
        });
        sum
    }

    /// Weights of the scheme's own variables.
    fn own(&self) -> Vec<Fr> {
        let row = eq_at(self.sizes.constraints, self.rx);
        let rho_squared = self.rho.square();
        let rounds = self.rx.iter().zip(self.t);
        let rounds = rounds.flat_map(|(r, t)| [*r - t, r.square() - t]).map(|weight| -rho_squared * weight);
        [row, self.rho * row, rho_squared * row].into_iter().chain(rounds).collect()
    }
}

/// Terms of one combination and one block, again and again.
struct Runs {
    /// Where each ends among the terms.
    ends: Vec<u32>,
    /// Its combination and its block; no block for public variables.
    places: Vec<(u32, Option<u32>)>,
}

/// Which block of the witness a variable is in; `None` for public ones.
fn block_of(variable: usize, inputs: usize, kappa: usize) -> Option<u32> {
    variable.checked_sub(inputs + 1).map(|entry| (entry >> kappa) as u32)
}

fn product(matrices: &Matrices, coefficient: u32, value: Fr) -> Fr {
    let coefficient = matrices.coefficients[coefficient as usize];
    if coefficient == Fr::ONE { value } else { coefficient * value }
}
