//! Where a pass reads its elements: from columns of small integers at first, so that the largest tables are never stored,
//! and from tables that shrink by half a round.

use std::sync::Arc;

use zkl_core::ark::{Fr, ff::AdditiveGroup as _};

use super::parallel;
use crate::cells::{Cells, Entry, Form};

/// Multiples `coefficient * v` of the coefficients of some forms, for the values that their columns hold.
pub(super) struct Multiples {
    tables: Vec<(Fr, Arc<[Fr]>)>,
}

/// Rows from which tables of all 16-bit multiples pay for themselves.
const TABLE_ROWS: usize = 1 << 15;

impl Multiples {
    /// Tables for `forms` on `rows` rows. Sizes follow from the kind of a column, not from what it holds.
    pub(super) fn new<'a>(forms: impl Iterator<Item = &'a Form<'a>>, rows: usize) -> Self {
        let mut sizes: Vec<(Fr, usize)> = Vec::new();
        for (coefficient, cells) in forms.flat_map(|form| &form.terms) {
            let size = match cells {
                Cells::Bits(_) => 2,
                Cells::Periodic { bits } if *bits <= 16 && rows >= 1 << bits => 1 << bits,
                Cells::U16(_) if rows >= TABLE_ROWS => 1 << 16,
                _ => continue,
            };
            match sizes.iter_mut().find(|(known, _)| known == coefficient) {
                Some((_, known)) => *known = size.max(*known),
                None => sizes.push((*coefficient, size)),
            }
        }
        let tables = sizes.into_iter().map(|(coefficient, size)| (coefficient, multiples(coefficient, size)));
        Self { tables: tables.collect() }
    }

    fn of(&self, coefficient: &Fr) -> Arc<[Fr]> {
        let found = self.tables.iter().find(|(known, _)| known == coefficient);
        found.map_or_else(|| Arc::from([]), |(_, table)| Arc::clone(table))
    }
}

fn multiples(coefficient: Fr, size: usize) -> Arc<[Fr]> {
    let mut next = Fr::ZERO;
    let mut table = Vec::with_capacity(size);
    for _ in 0..size {
        table.push(next);
        next += coefficient;
    }
    table.into()
}

/// A form with its tables.
pub(super) struct TabledForm<'a> {
    constant: Fr,
    terms: Vec<(Arc<[Fr]>, Fr, Cells<'a>)>,
}

impl<'a> TabledForm<'a> {
    pub(super) fn new(form: &Form<'a>, multiples: &Multiples) -> Self {
        let term = |&(coefficient, cells): &(Fr, Cells<'a>)| (multiples.of(&coefficient), coefficient, cells);
        Self { constant: form.constant, terms: form.terms.iter().map(term).collect() }
    }

    #[inline]
    fn value(&self, row: usize) -> Fr {
        let mut sum = self.constant;
        for (multiples, coefficient, cells) in &self.terms {
            sum += match cells.entry(row) {
                Entry::Small(0) => continue,
                Entry::Small(value) => match multiples.get(value as usize) {
                    Some(multiple) => *multiple,
                    None => *coefficient * Fr::from(value),
                },
                Entry::Field(value) => *coefficient * value,
            };
        }
        sum
    }
}

/// Elements of a pass.
pub(super) enum Source<'a> {
    /// Computed where they are needed.
    Form(TabledForm<'a>),
    /// One of four equal parts of a table.
    Quarter { table: Arc<Vec<Fr>>, part: usize },
    /// Stored.
    Dense(Vec<Fr>),
}

impl Source<'_> {
    #[inline]
    pub(super) fn value(&self, index: usize) -> Fr {
        match self {
            Self::Form(form) => form.value(index),
            Self::Quarter { table, part } => table[part * (table.len() / 4) + index],
            Self::Dense(values) => values[index],
        }
    }

    /// Binds coordinate 0 of `len` entries.
    pub(super) fn bind(&mut self, len: usize, r: Fr) {
        *self = Self::Dense(parallel::tabulate(len / 2, |i| {
            let (low, high) = (self.value(2 * i), self.value(2 * i + 1));
            if low == high { low } else { low + r * (high - low) }
        }));
    }

    /// All of `len` entries.
    pub(super) fn into_dense(self, len: usize) -> Vec<Fr> {
        match self {
            Self::Dense(values) => values,
            source => parallel::tabulate(len, |i| source.value(i)),
        }
    }
}
