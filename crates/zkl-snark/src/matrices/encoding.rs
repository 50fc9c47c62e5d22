//! The one encoding of matrices, and their digest.
//!
//! ```text
//! counts of coefficients, combinations, terms       8 bytes each
//! coefficients                                      32 each, below the modulus
//! terms: coefficient, variable                      4 + 4
//! ends of combinations among the terms              4 each
//! constraints: combinations of A, B, C              3 x 4
//! ```
//! Integers are little-endian. Numbers of variables and constraints are not here: they stand in the key that names the digest.
//! Two matrices that are equal as matrices have equal bytes, and a reader refuses all others: a second spelling would be a
//! second digest of one circuit.

use std::collections::HashSet;

use zkl_argument::chain::{read_scalar, scalar_bytes};
use zkl_core::digest::Sha256Digest;
use zkl_kernel::threads::prelude::*;

use super::{Matrices, MatricesError, Term};
use crate::ark::{Fr, ff::AdditiveGroup as _};

/// Bytes of the counts.
const HEAD: usize = 24;
const COEFFICIENT: usize = 32;
const TERM: usize = 8;
const END: usize = 4;
const ROW: usize = 12;

/// Numbers that stand beside the digest of matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Public inputs and the constant 1.
    pub(crate) num_inputs: usize,
    /// All variables.
    pub(crate) num_variables: usize,
    /// Rows.
    pub(crate) num_constraints: usize,
}

impl Matrices {
    /// The one encoding: megabytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let counts = [self.coefficients.len(), self.ends.len(), self.terms.len()];
        let len = length(counts.map(|count| count as u64), self.rows.len()).unwrap_or_default();
        let mut bytes = Vec::with_capacity(len);
        counts.iter().for_each(|count| bytes.extend_from_slice(&(*count as u64).to_le_bytes()));
        self.coefficients.iter().for_each(|coefficient| bytes.extend_from_slice(&scalar_bytes(coefficient)));
        for Term { coefficient, column } in &self.terms {
            bytes.extend_from_slice(&coefficient.to_le_bytes());
            bytes.extend_from_slice(&column.to_le_bytes());
        }
        let integers = self.ends.iter().chain(self.rows.as_flattened());
        integers.for_each(|integer| bytes.extend_from_slice(&integer.to_le_bytes()));
        bytes
    }

    /// SHA-256 of the encoding.
    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(&self.to_bytes())
    }

    /// Reads [`Self::to_bytes`]. The length is compared before anything is allocated.
    ///
    /// # Errors
    /// [`MatricesError`], one variant per rule of the encoding.
    pub(crate) fn from_bytes(counts: Counts, bytes: &[u8]) -> Result<Self, MatricesError> {
        let short = MatricesError::Length { expected: HEAD, got: bytes.len() };
        let (head, rest) = bytes.split_at_checked(HEAD).ok_or(short)?;
        let mut numbers = [0u64; 3];
        for (number, bytes) in numbers.iter_mut().zip(head.as_chunks::<8>().0) {
            *number = u64::from_le_bytes(*bytes);
        }
        let expected = length(numbers, counts.num_constraints).unwrap_or(usize::MAX);
        if bytes.len() != expected {
            return Err(MatricesError::Length { expected, got: bytes.len() });
        }
        // They are below the length of the input now.
        let [coefficients, combinations, terms] = numbers.map(|number| number as usize);
        let (coefficients, rest) = rest.split_at(COEFFICIENT * coefficients);
        let (terms, rest) = rest.split_at(TERM * terms);
        let (ends, rows) = rest.split_at(END * combinations);

        let integer = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes);
        let pairs = terms.as_chunks::<4>().0.as_chunks::<2>().0;
        let matrices = Self {
            num_inputs: counts.num_inputs,
            num_variables: counts.num_variables,
            coefficients: read_coefficients(coefficients.as_chunks().0)?,
            terms: pairs
                .par_iter()
                .map(|[coefficient, column]| Term { coefficient: integer(coefficient), column: integer(column) })
                .collect(),
            ends: ends.as_chunks().0.iter().map(integer).collect(),
            rows: rows.as_chunks::<4>().0.as_chunks::<3>().0.iter().map(|row| row.each_ref().map(integer)).collect(),
        };
        matrices.check_canonical()?;
        Ok(matrices)
    }

    /// Numbers that stand beside the digest.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            num_inputs: self.num_inputs,
            num_variables: self.num_variables,
            num_constraints: self.num_constraints(),
        }
    }

    fn check_canonical(&self) -> Result<(), MatricesError> {
        let ends_fit = self.ends.is_sorted() && self.ends.last().map_or(0, |&end| end as usize) == self.terms.len();
        if !ends_fit {
            return Err(MatricesError::Ends);
        }
        let exists = |term: &Term| (term.column as usize) < self.num_variables;
        if let Some(index) = self.terms.iter().position(|term| !exists(term)) {
            return Err(MatricesError::Variable { index });
        }
        if !numbered_by_first_use(self.terms.iter().map(|term| term.coefficient), self.coefficients.len()) {
            return Err(MatricesError::CoefficientOrder);
        }
        let mut distinct = HashSet::with_capacity(self.ends.len());
        for index in 0..self.ends.len() {
            let combination = self.combination(index);
            if !combination.is_sorted_by(|before, after| before.column < after.column) {
                return Err(MatricesError::TermOrder { index });
            }
            if !distinct.insert(combination) {
                return Err(MatricesError::RepeatedCombination { index });
            }
        }
        if numbered_by_first_use(self.rows.as_flattened().iter().copied(), self.ends.len()) {
            Ok(())
        } else {
            Err(MatricesError::CombinationOrder)
        }
    }
}

/// Bytes of an encoding; `None` when they are no length.
fn length([coefficients, combinations, terms]: [u64; 3], rows: usize) -> Option<usize> {
    let part = |count: u64, len: usize| usize::try_from(count).ok()?.checked_mul(len);
    HEAD.checked_add(part(coefficients, COEFFICIENT)?)?
        .checked_add(part(terms, TERM)?)?
        .checked_add(part(combinations, END)?)?
        .checked_add(rows.checked_mul(ROW)?)
}

fn read_coefficients(bytes: &[[u8; COEFFICIENT]]) -> Result<Vec<Fr>, MatricesError> {
    let mut distinct = HashSet::with_capacity(bytes.len());
    let read = |(index, bytes): (usize, &[u8; COEFFICIENT])| {
        let value = read_scalar(bytes).filter(|value| *value != Fr::ZERO);
        let value = value.ok_or(MatricesError::Coefficient { index })?;
        if distinct.insert(value) { Ok(value) } else { Err(MatricesError::RepeatedCoefficient { index }) }
    };
    bytes.iter().enumerate().map(read).collect()
}

/// Whether every number below `count` is named, and none before all that are smaller.
fn numbered_by_first_use(indices: impl Iterator<Item = u32>, count: usize) -> bool {
    let mut next = 0;
    for index in indices {
        let index = index as usize;
        if index > next || index >= count {
            return false;
        }
        next = next.max(index + 1);
    }
    next == count
}
