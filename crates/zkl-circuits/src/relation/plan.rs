//! What a relation is proved over, from the layouts and the statement alone.

use zkl_argument::{
    Cell, ScanPlan,
    commit::RowGroups,
    relation::{ColumnShape, RelationKind, RelationShape, TableShape},
};
use zkl_core::{
    hashed::DIGEST_CELLS,
    layout::{Encoding, Layout},
};

use super::{
    compare::{NotCompared, Reason, positions},
    condition::Details,
    error::RelationPlanError,
    operations::Operation,
};
use crate::{scan::TablePlan, seal::RecordIndex};

/// Tables and columns in the slots of a relation.
#[derive(Clone, Debug)]
pub struct RelationPlan<'a> {
    operation: Operation,
    details: Details,
    tables: Vec<&'a TablePlan>,
    /// `[table][compared column]`.
    positions: Vec<Vec<usize>>,
    shape: RelationShape,
    groups: RowGroups,
}

/// A segment of a table, as a relation takes it.
#[derive(Clone, Copy)]
pub struct RelationUnit<'a> {
    /// Position of the table.
    pub table: usize,
    /// Position of the segment in the table.
    pub segment: usize,
    pub(super) scan: &'a ScanPlan,
    pub(super) groups: RowGroups,
}

impl<'a> RelationPlan<'a> {
    /// The plan of `operation` over `tables`, compared in `columns`, which stand in the order of the first table.
    ///
    /// # Errors
    /// [`RelationPlanError`], one variant per check, in their order.
    pub fn new(
        operation: Operation,
        tables: Vec<&'a TablePlan>,
        columns: &[String],
    ) -> Result<Self, RelationPlanError> {
        Self::with(operation, &Details::default(), tables, columns)
    }

    /// As [`Self::new`], with what the operation has beside tables and columns.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with(
        operation: Operation,
        details: &Details,
        tables: Vec<&'a TablePlan>,
        columns: &[String],
    ) -> Result<Self, RelationPlanError> {
        details.check(operation, columns)?;
        let layouts: Vec<&Layout> = tables.iter().map(|table| table.layout()).collect();
        let (Some(first), true) = (layouts.first(), operation.tables().contains(&layouts.len())) else {
            return Err(RelationPlanError::Tables { operation, got: tables.len() });
        };
        let mut by_column: Vec<Vec<usize>> = Vec::with_capacity(columns.len());
        for column in columns {
            let found = positions(&layouts, column).map_err(|NotCompared { table, reason }| {
                RelationPlanError::Column { column: column.clone(), table, reason }
            })?;
            // Keys of two tables are compared as numbers, which digests are too: their dictionaries have codes of their own.
            let own = found.first().and_then(|&position| first.columns().get(position));
            let is_number = own.is_some_and(|own| matches!(own.encoding, Encoding::Numeric { .. } | Encoding::Hashed));
            if operation.has_common_key() && !is_number {
                let (column, reason) = (column.clone(), Reason::NoKey);
                return Err(RelationPlanError::Column { column, table: 0, reason });
            }
            if by_column.last().is_some_and(|before| before.first() >= found.first()) {
                return Err(RelationPlanError::Order { column: column.clone() });
            }
            by_column.push(found);
        }
        if by_column.is_empty() {
            return Err(RelationPlanError::NoColumns);
        }
        let (resolved, tests) = details.resolve(operation, first, columns)?;
        let kind = operation.kind(&resolved).ok_or(RelationPlanError::K { operation })?;
        let whole = first.rows();
        let parts = layouts.iter().skip(1).map(|layout| layout.rows()).sum();
        let fits = match kind {
            RelationKind::SameRows => whole == parts,
            RelationKind::Subset | RelationKind::Filter | RelationKind::Erase | RelationKind::Dedup { .. } => {
                whole >= parts
            }
            RelationKind::Unique
            | RelationKind::KAnonymous { .. }
            | RelationKind::Bounds { .. }
            | RelationKind::Present
            | RelationKind::Absent
            | RelationKind::Disjoint => true,
        };
        if !fits {
            return Err(RelationPlanError::Rows { whole, parts });
        }
        let positions: Vec<Vec<usize>> = (0..tables.len())
            .map(|table| by_column.iter().filter_map(|column| column.get(table)).copied().collect())
            .collect();
        let segments = || tables.iter().flat_map(|table| table.segments());
        let log_rows = segments().map(|segment| segment.scan.shape().log_rows()).max().unwrap_or(0);
        let kappa = segments().map(|segment| segment.groups.kappa()).max().unwrap_or(0);
        // One opening takes all columns, so a row group has one length.
        if segments().any(|segment| segment.groups.kappa() != kappa) {
            return Err(RelationPlanError::RowGroups);
        }
        let groups = RowGroups::new(kappa as u32, 1 << (log_rows - kappa)).map_err(|_| RelationPlanError::RowGroups)?;
        let mut shapes = Vec::with_capacity(tables.len());
        for (index, (table, positions)) in tables.iter().zip(&positions).enumerate() {
            let columns =
                positions.iter().filter_map(|&position| column_shape(kind, table.layout(), position)).collect();
            shapes.push(TableShape { side: operation.side(index), columns, units: table.len() });
        }
        let limb_bits = segments().map(|segment| segment.scan.shape().limb_bits()).min().unwrap_or(0);
        let shape = RelationShape::with_tests(kind, limb_bits, log_rows, shapes, tests)?;
        Ok(Self { operation, details: details.clone(), tables, positions, shape, groups })
    }

    /// The operation.
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    /// What the operation has beside tables and columns.
    pub const fn details(&self) -> &Details {
        &self.details
    }

    /// The tables.
    pub fn tables(&self) -> &[&'a TablePlan] {
        &self.tables
    }

    /// The sizes of the argument.
    pub const fn shape(&self) -> &RelationShape {
        &self.shape
    }

    /// The row groups of the longest segment.
    pub const fn groups(&self) -> RowGroups {
        self.groups
    }

    /// Where a table has the compared columns.
    pub fn positions(&self, table: usize) -> &[usize] {
        self.positions.get(table).map(Vec::as_slice).unwrap_or_default()
    }

    /// The segments of all tables, table by table.
    pub fn units(&self) -> impl Iterator<Item = RelationUnit<'a>> {
        self.tables.iter().enumerate().flat_map(|(table, plan)| {
            plan.segments().map(move |segment| RelationUnit {
                table,
                segment: segment.index,
                scan: segment.scan,
                groups: segment.groups,
            })
        })
    }

    /// Leaves of the compared columns' records in the seal of a table, but for those that the argument needs nothing of.
    pub(super) fn leaves(&self, table: usize) -> Vec<RecordIndex> {
        let layout = self.tables.get(table).map(|table| table.layout());
        let columns = self.shape.tables().get(table).map(|table| table.columns.as_slice()).unwrap_or_default();
        let sealed = self.positions(table).iter().zip(columns).filter(|(_, column)| column.is_sealed());
        sealed.filter_map(|(&position, _)| RecordIndex::column(layout?, position)).collect()
    }

    /// The compared columns that are dictionaries, by their place among all that are compared.
    pub(super) fn dictionaries(&self) -> Vec<usize> {
        let columns = self.shape.tables().first().map(|table| table.columns.as_slice()).unwrap_or_default();
        let is_dictionary = |column: &ColumnShape| matches!(column, ColumnShape::Category { .. });
        columns.iter().enumerate().filter(|(_, column)| is_dictionary(column)).map(|(index, _)| index).collect()
    }

    /// Columns of a unit, counted over all tables, that are committed to for this relation: digests of dictionaries, then extra columns.
    pub(super) fn fresh_columns(&self, unit: usize) -> usize {
        self.dictionaries().len() + self.shape.extra(unit).len()
    }

    /// The commitments to these columns of all units.
    pub(super) fn fresh_commitments(&self) -> usize {
        self.units().enumerate().map(|(index, unit)| unit.groups.count() * self.fresh_columns(index)).sum()
    }
}

impl RelationUnit<'_> {
    /// Rows.
    pub fn rows(&self) -> u64 {
        self.scan.layout().rows()
    }

    /// Per compared column, which committed columns of the segment it has: limbs and validity, codes, or the parts of digests.
    pub(super) fn cells(&self, positions: &[usize]) -> Vec<Vec<usize>> {
        let layout = self.scan.layout();
        let of_column = |&column: &usize| {
            let spec = layout.columns().get(column);
            let cells = match spec.map(|spec| spec.encoding) {
                Some(Encoding::Numeric { limbs }) => {
                    let mut cells: Vec<Cell> =
                        (0..usize::from(limbs)).map(|limb| Cell::Limb { column, limb }).collect();
                    if spec.is_some_and(|spec| spec.nullable) {
                        cells.push(Cell::Valid { column });
                    }
                    cells
                }
                Some(Encoding::Hashed) => (0..DIGEST_CELLS).map(|part| Cell::Digest { column, part }).collect(),
                _ => vec![Cell::Code { column }],
            };
            cells.into_iter().filter_map(|cell| self.scan.position(cell)).collect()
        };
        positions.iter().map(of_column).collect()
    }
}

/// `None` for a column whose values are not committed to, which none that is compared is.
fn column_shape(kind: RelationKind, layout: &Layout, position: usize) -> Option<ColumnShape> {
    let column = layout.columns().get(position)?;
    match column.encoding {
        Encoding::Numeric { limbs } => {
            // Within one table cells say as much as values.
            let fraction_bits = if kind.has_values() { column.fraction_bits } else { 0 };
            Some(ColumnShape::Numeric { limbs, nullable: column.nullable, fraction_bits })
        }
        // Within one table a code says as much as its value.
        Encoding::Category { capacity } => Some(match kind.has_digests() {
            true => ColumnShape::Category { capacity },
            false => ColumnShape::Code { capacity },
        }),
        Encoding::Hashed => Some(ColumnShape::Hashed),
        Encoding::Grouped { .. } | Encoding::Opaque => None,
    }
}
