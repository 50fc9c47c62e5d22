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
    matrices::Matrices,
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
                        column[term.variable as usize] += product(matrices, term.coefficient, *weight);
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
        let Sizes { inputs, kappa, blocks, private, .. } = *self.sizes;
        let (matrices, low) = (self.matrices, (1usize << kappa) - 1);
        let zero = || Evaluated { public: Fr::ZERO, blocks: vec![Fr::ZERO; blocks] };
        let one = |mut sums: Evaluated, (index, weight): (usize, &Fr)| {
            if *weight == Fr::ZERO {
                return sums;
            }
            // Variables ascend: those of one block are neighbours.
            for run in matrices.combination(index).chunk_by(|a, b| {
                block_of(a.variable as usize, inputs, kappa) == block_of(b.variable as usize, inputs, kappa)
            }) {
                let block = run.first().and_then(|term| block_of(term.variable as usize, inputs, kappa));
                let value = |variable: usize| match variable.checked_sub(inputs + 1) {
                    Some(entry) => eq[entry & low],
                    None => variable.checked_sub(1).map_or(Fr::ONE, |input| x[input]),
                };
                let sum: Fr =
                    run.iter().map(|term| product(matrices, term.coefficient, value(term.variable as usize))).sum();
                match block {
                    Some(block) => sums.blocks[block] += *weight * sum,
                    None => sums.public += *weight * sum,
                }
            }
            sums
        };
        let add = |mut a: Evaluated, b: Evaluated| {
            a.public += b.public;
            a.blocks.iter_mut().zip(&b.blocks).for_each(|(a, b)| *a += b);
            a
        };
        let mut sums = weights.par_iter().enumerate().with_min_len(CHUNK).fold(zero, one).reduce(zero, add);
        for (offset, weight) in self.own().into_iter().enumerate() {
            let entry = private + offset;
            sums.blocks[entry >> kappa] += weight * eq[entry & low];
        }
        sums
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

/// Which block of the witness a variable is in; `None` for public ones.
fn block_of(variable: usize, inputs: usize, kappa: usize) -> Option<usize> {
    variable.checked_sub(inputs + 1).map(|entry| entry >> kappa)
}

fn product(matrices: &Matrices, coefficient: u32, value: Fr) -> Fr {
    let coefficient = matrices.coefficients[coefficient as usize];
    if coefficient == Fr::ONE { value } else { coefficient * value }
}
