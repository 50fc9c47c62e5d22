//! Round constants and matrices, and the equivalent form with sparse partial rounds.
//!
//! Constants come from the Grain LFSR of the Poseidon paper (Grassi, Khovratovich, Rechberger, Roy, Schofnegger,
//! eprint 2019/458, appendix E), with the numbers of rounds that circomlib uses. They are made once per process and
//! width, and checked against circomlib's published hashes.
//!
//! # Sparse partial rounds
//!
//! A partial round is `x -> M S(x + c)` with S acting on `x[0]` alone. Two rewritings (eprint 2019/458, appendix B),
//! derived here and compared with the plain form in the tests:
//! - the constants of the other positions commute with S, so they move through M into the next round; a partial round
//!   keeps one scalar constant;
//! - with `M = [[m, v], [w, H]]`, `M = M'' M'` where `M' = [[1, 0], [0, H]]` commutes with S and
//!   `M'' = [[m, v H^-1], [w, I]]`; M' moves into the round before, from the last partial round to the first, and ends
//!   in the matrix of the last full round before them.

use std::sync::OnceLock;

use ark_crypto_primitives::sponge::poseidon::find_poseidon_ark_and_mds;
use zkl_core::ark::{
    Fr,
    ff::{Field as _, One as _, PrimeField as _, Zero as _},
};

/// Full rounds of every width, half of them before the partial rounds.
pub const FULL_ROUNDS: usize = 8;
/// Smallest supported state, in field elements.
pub const MIN_WIDTH: usize = 2;
/// Largest supported state, in field elements.
pub const MAX_WIDTH: usize = 9;

/// circomlib's partial rounds for states of 2 to 9 elements.
const PARTIAL_ROUNDS: [usize; MAX_WIDTH - MIN_WIDTH + 1] = [56, 57, 56, 60, 60, 63, 64, 63];

/// Partial rounds for a state of `width` elements, or `None` when the width is not supported.
pub const fn partial_rounds(width: usize) -> Option<usize> {
    if width < MIN_WIDTH || width > MAX_WIDTH { None } else { Some(PARTIAL_ROUNDS[width - MIN_WIDTH]) }
}

/// A square matrix over Fr, row by row.
pub(crate) type Matrix<const T: usize> = [[Fr; T]; T];

/// Constants of one width, plain and sparse.
pub struct Parameters<const T: usize> {
    /// Round constants of the plain form, one array per round.
    pub(crate) round_constants: Vec<[Fr; T]>,
    /// The MDS matrix.
    pub(crate) mds: Matrix<T>,
    /// The matrix of the last full round before the partial rounds: the MDS matrix times every M'.
    pub(crate) pre_sparse: Matrix<T>,
    /// One sparse round per partial round.
    pub(crate) partial: Vec<SparseRound<T>>,
    /// Constants of the first full round after the partial rounds.
    pub(crate) after_partial: [Fr; T],
}

/// One partial round in sparse form: `y = (x[0] + constant)^5`, then
/// `x'[0] = row . (y, x[1..])` and `x'[i] = x[i] + column[i] y`.
pub struct SparseRound<const T: usize> {
    /// Added to `x[0]` before the S-box.
    pub constant: Fr,
    /// Weights of the new `x[0]`.
    pub row: [Fr; T],
    /// Weights of `y` in the other positions; `column[0]` is unused.
    pub column: [Fr; T],
}

impl<const T: usize> Parameters<T> {
    const SUPPORTED: () = assert!(T >= MIN_WIDTH && T <= MAX_WIDTH, "unsupported Poseidon width");

    fn generate() -> Self {
        let () = Self::SUPPORTED;
        let partial_rounds = PARTIAL_ROUNDS[T - MIN_WIDTH];
        let (ark, mds) = find_poseidon_ark_and_mds::<Fr>(
            u64::from(Fr::MODULUS_BIT_SIZE),
            T - 1,
            FULL_ROUNDS as u64,
            partial_rounds as u64,
            0,
        );
        let row = |values: &Vec<Fr>| -> [Fr; T] { std::array::from_fn(|i| values[i]) };
        let round_constants: Vec<[Fr; T]> = ark.iter().map(row).collect();
        let mds: Matrix<T> = std::array::from_fn(|i| row(&mds[i]));

        let first_partial = FULL_ROUNDS / 2;
        let mut scalars = Vec::with_capacity(partial_rounds);
        let mut carried = [Fr::zero(); T];
        for constants in &round_constants[first_partial..first_partial + partial_rounds] {
            let mut sum: [Fr; T] = std::array::from_fn(|i| constants[i] + carried[i]);
            scalars.push(sum[0]);
            sum[0] = Fr::zero();
            carried = apply(&mds, &sum);
        }
        let following = &round_constants[first_partial + partial_rounds];
        let after_partial = std::array::from_fn(|i| following[i] + carried[i]);

        let mut partial = Vec::with_capacity(partial_rounds);
        let mut current = mds;
        for &constant in scalars.iter().rev() {
            let (sparse_row, column, commuting) = factor(&current);
            partial.push(SparseRound { constant, row: sparse_row, column });
            current = multiply(&commuting, &mds);
        }
        partial.reverse();
        Self { round_constants, mds, pre_sparse: current, partial, after_partial }
    }

    /// The partial rounds in sparse form.
    pub fn partial(&self) -> &[SparseRound<T>] {
        &self.partial
    }

    /// Constants of full round `round`, counted without the partial rounds, in the sparse form.
    pub fn full_constants(&self, round: usize) -> &[Fr; T] {
        let half = FULL_ROUNDS / 2;
        match round {
            _ if round < half => &self.round_constants[round],
            _ if round == half => &self.after_partial,
            _ => &self.round_constants[round + self.partial.len()],
        }
    }

    /// Matrix of full round `round`, counted without the partial rounds, in the sparse form.
    pub const fn full_matrix(&self, round: usize) -> &[[Fr; T]; T] {
        if round + 1 == FULL_ROUNDS / 2 { &self.pre_sparse } else { &self.mds }
    }
}

/// `M = M'' M'`: the row and column of M'' and the whole of M'.
fn factor<const T: usize>(matrix: &Matrix<T>) -> ([Fr; T], [Fr; T], Matrix<T>) {
    let mut commuting = *matrix;
    for (i, row) in commuting.iter_mut().enumerate() {
        for (j, entry) in row.iter_mut().enumerate() {
            if i == 0 || j == 0 {
                *entry = if i == j { Fr::one() } else { Fr::zero() };
            }
        }
    }
    let inverse = invert(&commuting);
    let mut row = [Fr::zero(); T];
    row[0] = matrix[0][0];
    for j in 1..T {
        row[j] = (1..T).map(|k| matrix[0][k] * inverse[k][j]).sum();
    }
    (row, std::array::from_fn(|i| matrix[i][0]), commuting)
}

pub(crate) fn apply<const T: usize>(matrix: &Matrix<T>, state: &[Fr; T]) -> [Fr; T] {
    std::array::from_fn(|i| Fr::sum_of_products(&matrix[i], state))
}

fn multiply<const T: usize>(left: &Matrix<T>, right: &Matrix<T>) -> Matrix<T> {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..T).map(|k| left[i][k] * right[k][j]).sum()))
}

/// Gauss-Jordan elimination. Every square submatrix of an MDS matrix, and of products met here, is invertible; were one
/// not, the sparse form would differ from the plain one and the tests of equality would fail.
fn invert<const T: usize>(matrix: &Matrix<T>) -> Matrix<T> {
    let mut work = *matrix;
    let mut inverse: Matrix<T> =
        std::array::from_fn(|i| std::array::from_fn(|j| if i == j { Fr::one() } else { Fr::zero() }));
    for pivot in 0..T {
        if let Some(swap) = (pivot..T).find(|&i| !work[i][pivot].is_zero()) {
            work.swap(pivot, swap);
            inverse.swap(pivot, swap);
        }
        let scale = work[pivot][pivot].inverse().unwrap_or_default();
        for j in 0..T {
            work[pivot][j] *= scale;
            inverse[pivot][j] *= scale;
        }
        let (pivot_work, pivot_inverse) = (work[pivot], inverse[pivot]);
        for i in (0..T).filter(|&i| i != pivot) {
            let factor = work[i][pivot];
            for j in 0..T {
                work[i][j] -= factor * pivot_work[j];
                inverse[i][j] -= factor * pivot_inverse[j];
            }
        }
    }
    inverse
}

/// Widths that have a process-wide cell for their constants. A generic function cannot own a generic static, so each
/// width names its own.
pub trait Width<const T: usize> {
    /// The constants, made on first use.
    fn parameters() -> &'static Parameters<T>;
}

/// Carrier of the [`Width`] implementations.
pub enum Poseidon {}

macro_rules! widths {
    ($($width:literal),*) => {
        $(impl Width<$width> for Poseidon {
            fn parameters() -> &'static Parameters<$width> {
                static CELL: OnceLock<Parameters<$width>> = OnceLock::new();
                CELL.get_or_init(Parameters::generate)
            }
        })*
    };
}

widths!(2, 3, 4, 5, 6, 7, 8, 9);
