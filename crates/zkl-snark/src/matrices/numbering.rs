//! Coefficients and combinations get numbers by their first use.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use super::{Matrices, Term};
use crate::ark::{Fr, ff::AdditiveGroup as _};

/// Matrices in the making.
pub(super) struct Numbering {
    matrices: Matrices,
    /// Numbers of coefficients.
    coefficients: HashMap<Fr, u32>,
    /// Numbers of combinations, found by their terms.
    combinations: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Numbering {
    pub(super) fn new(num_inputs: usize, num_variables: usize) -> Self {
        let matrices = Matrices {
            num_inputs,
            num_variables,
            coefficients: Vec::new(),
            terms: Vec::new(),
            ends: Vec::new(),
            rows: Vec::new(),
        };
        let hasher = DefaultHashBuilder::default();
        Self { matrices, coefficients: HashMap::new(), combinations: HashTable::new(), hasher }
    }

    /// The number of a coefficient that has one.
    pub(super) fn known(&self, value: Fr) -> Option<u32> {
        self.coefficients.get(&value).copied()
    }

    fn coefficient(&mut self, value: Fr) -> u32 {
        let matrices = &mut self.matrices;
        *self.coefficients.entry(value).or_insert_with(|| {
            matrices.coefficients.push(value);
            matrices.coefficients.len() as u32 - 1
        })
    }

    /// The number of a combination given as `(coefficient, position in the assignment)`, in any order.
    pub(super) fn combination(&mut self, terms: impl IntoIterator<Item = (Fr, usize)>) -> u32 {
        let start = self.matrices.terms.len();
        for (value, variable) in canonical(terms.into_iter().collect()) {
            let coefficient = self.coefficient(value);
            self.push(Term { coefficient, column: variable as u32 });
        }
        self.close(start)
    }

    /// Where a combination that is given term by term begins.
    pub(super) const fn open(&self) -> usize {
        self.matrices.terms.len()
    }

    /// The next term of a combination: its variable comes after that of the last one.
    pub(super) fn push(&mut self, term: Term) {
        self.matrices.terms.push(term);
    }

    /// Forgets the terms since `start`.
    pub(super) fn give_up(&mut self, start: usize) {
        self.matrices.terms.truncate(start);
    }

    /// The number of the combination whose terms began at `start`.
    pub(super) fn close(&mut self, start: usize) -> u32 {
        let Self { matrices: Matrices { terms, ends, .. }, combinations, hasher, .. } = self;
        let of = |index: &u32| {
            let start = index.checked_sub(1).map_or(0, |before| ends[before as usize]);
            &terms[start as usize..ends[*index as usize] as usize]
        };
        let new = &terms[start..];
        let next = ends.len() as u32;
        let (same, hash) = (|index: &u32| of(index) == new, |index: &u32| hasher.hash_one(of(index)));
        let number = *combinations.entry(hasher.hash_one(new), same, hash).or_insert(next).get();
        if number == next {
            ends.push(terms.len() as u32);
        } else {
            terms.truncate(start);
        }
        number
    }

    /// The matrices whose constraints have these combinations.
    pub(super) fn finish(self, rows: Vec<[u32; 3]>) -> Matrices {
        Matrices { rows, ..self.matrices }
    }
}

/// A combination with ascending variables, like terms merged and zeros dropped.
fn canonical(mut terms: Vec<(Fr, usize)>) -> Vec<(Fr, usize)> {
    terms.sort_by_key(|&(_, variable)| variable);
    terms.dedup_by(|(value, variable), (sum, before)| {
        let same = variable == before;
        if same {
            *sum += *value;
        }
        same
    });
    terms.retain(|(value, _)| *value != Fr::ZERO);
    terms
}
