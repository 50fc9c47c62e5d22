//! A claim matched to a table: names become positions, thresholds become exact fractions in the columns' integer units.

use std::{fmt, sync::Arc};

use zkl_core::{
    ark::Fr,
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout, PairLayout},
};

use super::{
    bounds::{Bounds, Unit, Width},
    kinds::functions_of,
    language::{Claim, ClaimError, Comparison, Decimal, PairKind, Unsupported},
    relation::{AnyRelation, Relation},
};
use crate::seal::{RecordIndex, layout_digest};

/// A claim about one layout: its statement, whatever the profile. Two that are equal have the same circuit and the same
/// public inputs.
#[derive(Clone)]
pub struct ResolvedClaim {
    /// For errors.
    pub(super) function: &'static str,
    /// Digest of the layout that the claim was matched to.
    pub(super) layout: Fr,
    pub(super) relation: Arc<dyn AnyRelation>,
}

impl PartialEq for ResolvedClaim {
    fn eq(&self, other: &Self) -> bool {
        let statement = |claim: &Self| (claim.layout, claim.relation.name(), claim.relation.inputs());
        statement(self) == statement(other)
    }
}

impl Eq for ResolvedClaim {}

impl fmt::Debug for ResolvedClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (circuit, inputs) = (self.relation.name(), self.relation.inputs());
        f.debug_struct("ResolvedClaim").field("circuit", &circuit).field("inputs", &inputs).finish_non_exhaustive()
    }
}

/// Matches `claim` to the table of `layout`. Where values were rounded, thresholds are moved inwards by the largest error.
///
/// # Errors
/// [`ClaimError`] for a column that is absent or of a type that the claim is not provable about, a pair that was not
/// declared, and a threshold of another type, outside what the statistic can be, or too wide for the circuit.
pub fn resolve(claim: &Claim, layout: &Layout) -> Result<ResolvedClaim, ClaimError> {
    let longest = claim.columns().into_iter().chain(claim.values()).map(str::len).max().unwrap_or(0);
    if longest > Claim::MAX_LEN {
        return Err(ClaimError::TooLong { max: Claim::MAX_LEN, got: longest });
    }
    let moved = claim.inwards(layout)?;
    moved.as_ref().unwrap_or(claim).resolve(&Table { layout, function: claim.function() })
}

/// Where a column or a pair stands, in the layout and in the seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Position in [`Layout::columns`] or [`Layout::pairs`].
    pub(super) position: usize,
    /// Index of its record.
    pub(super) record: RecordIndex,
}

impl Place {
    /// Stands in where a circuit is wanted and no table is there.
    pub(super) const BLANK: Self = Self { position: 0, record: RecordIndex::HEADER };
}

/// Which way round a pair was declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As it was asked for.
    Straight,
    /// The other way round.
    Reversed,
}

/// A layout and the claim's function, for errors.
pub(super) struct Table<'a> {
    pub(super) layout: &'a Layout,
    pub(super) function: &'static str,
}

impl<'a> Table<'a> {
    /// The claim whose statement `relation` is.
    pub(super) fn resolved(&self, relation: impl Relation) -> ResolvedClaim {
        ResolvedClaim { function: self.function, layout: layout_digest(self.layout), relation: Arc::new(relation) }
    }

    /// The column called `name`.
    pub(super) fn column(&self, name: &str) -> Result<(Place, &'a ColumnLayout), ClaimError> {
        let columns = self.layout.columns();
        if let Some(position) = self.layout.index_of(name)
            && let Some(record) = RecordIndex::column(self.layout, position)
        {
            return Ok((Place { position, record }, &columns[position]));
        }
        let closest = columns
            .iter()
            .filter_map(|column| Some((distance(name, &column.name)?, column.name.as_str())))
            .min_by_key(|(distance, _)| *distance);
        let suggestion = closest.map(|(_, name)| name.to_owned());
        Err(ClaimError::UnknownColumn { column: name.to_owned(), suggestion })
    }

    /// `column` does not serve the claim.
    pub(super) fn unsupported(&self, column: &ColumnLayout, reason: Unsupported) -> ClaimError {
        ClaimError::Unsupported {
            function: self.function,
            column: column.name.clone(),
            ty: column.ty,
            reason,
            supported: functions_of(column),
        }
    }

    /// Place and unit of a column of numbers.
    pub(super) fn quantity(&self, name: &str) -> Result<(Place, Unit), ClaimError> {
        let (place, column) = self.column(name)?;
        if !column.ty.is_quantity() {
            return Err(self.unsupported(column, Unsupported::NeedsQuantity));
        }
        Ok((place, Unit::of(column)))
    }

    /// Place and capacity of a category column with every count sealed, that can hold `value`.
    pub(super) fn category(&self, name: &str, value: Option<&str>) -> Result<(Place, Category), ClaimError> {
        let (place, column) = self.column(name)?;
        let Encoding::Category { capacity } = column.encoding else {
            return Err(self.unsupported(column, Unsupported::NeedsCategory));
        };
        match value {
            Some(value) if column.ty == ColumnType::Bool && value != "true" && value != "false" => {
                Err(ClaimError::NotABoolean { column: name.to_owned(), got: value.to_owned() })
            }
            _ => Ok((place, Category { ty: column.ty, capacity: capacity as usize })),
        }
    }

    /// Two names that are not the same.
    pub(super) fn two<'n>(&self, first: &'n str, second: &'n str) -> Result<(&'n str, &'n str), ClaimError> {
        if first == second {
            return Err(ClaimError::Repeated { function: self.function, name: first.to_owned() });
        }
        Ok((first, second))
    }

    /// The pair of `kind` over two columns, in either order.
    pub(super) fn pair(
        &self,
        kind: PairKind,
        (first, first_name): (Place, &str),
        (second, second_name): (Place, &str),
    ) -> Result<(Place, Order), ClaimError> {
        let declared = |a: usize, b: usize| {
            let position = self.layout.pairs().iter().position(|pair| match (*pair, kind) {
                (PairLayout::Joint { group, label }, PairKind::Joint) => (group as usize, label as usize) == (a, b),
                (PairLayout::Product { left, right }, PairKind::Product) => (left as usize, right as usize) == (a, b),
                (PairLayout::Joint { .. }, PairKind::Product) | (PairLayout::Product { .. }, PairKind::Joint) => false,
            })?;
            Some(Place { position, record: RecordIndex::pair(self.layout, position)? })
        };
        let straight = declared(first.position, second.position).map(|pair| (pair, Order::Straight));
        let reversed = || declared(second.position, first.position).map(|pair| (pair, Order::Reversed));
        straight.or_else(reversed).ok_or_else(|| ClaimError::MissingPair {
            function: self.function,
            kind,
            first: first_name.to_owned(),
            second: second_name.to_owned(),
        })
    }

    /// The claim has a lower end only.
    pub(super) const fn lower_bound_only(&self) -> ClaimError {
        ClaimError::LowerBoundOnly { function: self.function }
    }

    /// A range of a number of rows.
    pub(super) fn whole(&self, is: &Comparison<Decimal>) -> Result<Bounds, ClaimError> {
        (*is).try_map(|value| match value.to_integer() {
            Some(_) => Ok(()),
            None => Err(ClaimError::NotWhole { function: self.function, got: value }),
        })?;
        Bounds::new(is, Unit::ONE, Width::STATISTIC)
    }

    /// A range of a part of 1.
    pub(super) fn rate(&self, is: &Comparison<Decimal>) -> Result<Bounds, ClaimError> {
        self.within(is, 0, Some(1))?;
        Bounds::new(is, Unit::ONE, Width::PART)
    }

    /// Passes thresholds inside `[lowest, highest]`.
    pub(super) fn within(&self, is: &Comparison<Decimal>, lowest: i8, highest: Option<i8>) -> Result<(), ClaimError> {
        let number = |value: i8| Decimal::from(i64::from(value));
        (*is).try_map(|got| {
            if got >= number(lowest) && highest.is_none_or(|highest| got <= number(highest)) {
                return Ok(());
            }
            Err(ClaimError::OutsideRange { function: self.function, lowest, highest, got })
        })?;
        Ok(())
    }
}

/// A category column with every count sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Category {
    /// For the digests of its values.
    pub(super) ty: ColumnType,
    /// Slots of its dictionary.
    pub(super) capacity: usize,
}

/// Capacities that a joint pair's dictionaries can have, first and second.
pub(super) fn joint_capacities() -> Vec<(usize, usize)> {
    let capacities = Encoding::CATEGORY_CAPACITIES;
    let pairs = capacities.iter().flat_map(|&first| capacities.iter().map(move |&second| (first, second)));
    let fitting = pairs.filter(|(first, second)| first * second <= PairLayout::MAX_JOINT_CELLS);
    fitting.map(|(first, second)| (first as usize, second as usize)).collect()
}

/// How far `name` is from being `column`, or `None` when they have little in common.
fn distance(name: &str, column: &str) -> Option<usize> {
    const LONGEST: usize = 128;
    if name.len() > LONGEST || column.len() > LONGEST {
        return None;
    }
    let (name, column) = (name.to_lowercase(), column.to_lowercase());
    let edits = strsim::osa_distance(&name, &column);
    let contained = name.len() >= 3 && (column.contains(&name) || name.contains(&column));
    (contained || edits <= (name.chars().count() / 3).max(1)).then_some(edits)
}
