//! How the columns of a table are cut into groups, from its layout alone.

use zkl_argument::{Cell, PlanError, Slots, commit::CommitmentSeed, plan::slots_of, shape::LIMB_BITS};
use zkl_core::{
    circuit::Circuit,
    hashed::DIGEST_CELLS,
    layout::{Layout, PairLayout},
    profile::Profile,
};

use super::super::{
    shapes::{holds, shape_for, standard_slots},
    statement::{ScanContext, scalar_bytes},
    table::{TablePlan, TablePlanError, TableSecrets, segment_rows},
};
use crate::seal::{RecordIndex, layout_digest};

const GROUP: &[u8] = b"zkl/scan/group/v1\0";

/// Numbers of a column's cells for its blinders: a column has no more cells than this beside the parts of digests.
const CELLS_PER_COLUMN: usize = 8;

/// Columns and pairs of a table that are proved together, as a table of their own.
#[derive(Clone, Debug)]
pub struct ColumnGroup {
    columns: Vec<usize>,
    pairs: Vec<usize>,
    plan: TablePlan,
    shared: Vec<SharedCell>,
}

/// A committed column of a group that is one of another group.
#[derive(Clone, Copy, Debug)]
pub(super) struct SharedCell {
    /// The column, in the table.
    pub(super) column: usize,
    /// Position among the committed columns of the group.
    pub(super) position: usize,
    /// The column's own group, and the position there.
    pub(super) home: (usize, usize),
}

impl ColumnGroup {
    /// Positions of the columns in the table, ascending.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Positions of the pairs in the table, ascending.
    pub fn pairs(&self) -> &[usize] {
        &self.pairs
    }

    /// How the rows of the group are cut: all groups alike.
    pub const fn plan(&self) -> &TablePlan {
        &self.plan
    }

    /// Committed columns that are those of other groups.
    pub(super) fn shared(&self) -> &[SharedCell] {
        &self.shared
    }

    /// The group's part of a profile of the table.
    pub(super) fn profile(&self, table: &Profile) -> Profile {
        Profile {
            rows: table.rows,
            columns: pick(&self.columns, &table.columns),
            pairs: pick(&self.pairs, &table.pairs),
        }
    }
}

/// Those of `all` at these positions.
pub(super) fn pick<T: Clone>(positions: &[usize], all: &[T]) -> Vec<T> {
    positions.iter().filter_map(|&position| all.get(position)).cloned().collect()
}

/// Everything about a proof that follows from layout and row groups.
#[derive(Clone, Debug)]
pub struct JoinedPlan {
    layout: Layout,
    groups: Vec<ColumnGroup>,
}

impl JoinedPlan {
    /// The plan of a table that one circuit holds: one group, whose proof is the table's.
    pub fn whole(plan: TablePlan) -> Self {
        let layout = plan.layout().clone();
        let (columns, pairs) = ((0..layout.columns().len()).collect(), (0..layout.pairs().len()).collect());
        Self { layout, groups: vec![ColumnGroup { columns, pairs, plan, shared: Vec::new() }] }
    }

    /// The plan of a table in groups that the widest standard slots hold, in row groups of `2^kappa` rows: first consecutive columns,
    /// each group as long as it can be; then consecutive pairs, likewise, each group with the columns that its pairs touch.
    ///
    /// # Errors
    /// [`TablePlanError`] for a `kappa` that commitments do not support.
    pub fn in_groups(layout: Layout, kappa: u32) -> Result<Self, TablePlanError> {
        let [.., widest] = standard_slots();
        let rows = segment_rows(&layout);
        Self::cut(layout, &widest, &|group| TablePlan::cut(group, kappa, rows, LIMB_BITS, &shape_for))
    }

    /// Groups that `widest` holds.
    pub(crate) fn cut(
        layout: Layout,
        widest: &Slots,
        plan: &dyn Fn(Layout) -> Result<TablePlan, TablePlanError>,
    ) -> Result<Self, TablePlanError> {
        let fits = |columns: &[usize], pairs: &[usize]| -> Result<bool, TablePlanError> {
            Ok(holds(widest, &slots_of(&part(&layout, columns, pairs)?)))
        };
        let columns = longest(layout.columns().len(), &|columns| fits(columns, &[]))?;
        let pairs = longest(layout.pairs().len(), &|pairs| fits(&touched(&layout, pairs), pairs))?;
        let columns = columns.into_iter().map(|columns| (columns, Vec::new()));
        let parts = columns.chain(pairs.into_iter().map(|pairs| (touched(&layout, &pairs), pairs)));
        let mut groups: Vec<ColumnGroup> = Vec::new();
        for (columns, pairs) in parts {
            let plan = plan(part(&layout, &columns, &pairs)?)?;
            let shared = if pairs.is_empty() { Vec::new() } else { shared(&groups, &columns, &plan)? };
            groups.push(ColumnGroup { columns, pairs, plan, shared });
        }
        Ok(Self { layout, groups })
    }

    /// The layout of the whole table.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The groups: those of columns, in which every column stands once, then those of pairs, in which every pair does.
    pub fn groups(&self) -> &[ColumnGroup] {
        &self.groups
    }

    /// The plan of a table that is not in groups.
    pub fn table(&self) -> Option<&TablePlan> {
        match self.groups.as_slice() {
            [only] => Some(&only.plan),
            _ => None,
        }
    }

    /// As [`JoinedPlan::table`].
    pub fn into_table(self) -> Option<TablePlan> {
        let [only] = <[ColumnGroup; 1]>::try_from(self.groups).ok()?;
        Some(only.plan)
    }

    /// Number of segments, the same in all groups.
    pub fn segments(&self) -> usize {
        self.groups.first().map_or(0, |group| group.plan.len())
    }

    /// Rows of segment `index`; 0 when there is none.
    pub fn segment_rows(&self, index: usize) -> u64 {
        self.groups.first().and_then(|group| group.plan.segment(index)).map_or(0, |segment| segment.rows())
    }

    /// One instance without a witness of every circuit that proofs of this table have, each once, in the order of the groups.
    pub fn circuits(&self) -> Vec<Box<dyn Circuit>> {
        if let Some(plan) = self.table() {
            return plan.circuits();
        }
        let mut circuits: Vec<Box<dyn Circuit>> = Vec::new();
        for circuit in self.groups.iter().flat_map(|group| group.plan.circuits()) {
            if circuits.iter().all(|known| known.id() != circuit.id()) {
                circuits.push(circuit);
            }
        }
        circuits
    }

    /// The context of a group's proof: SHA-256 of
    ///
    /// ```text
    /// "zkl/scan/group/v1\0", context (32), layout digest of the table (32), groups (u32), group (u32)
    /// ```
    ///
    /// With one group the context of the table.
    pub(super) fn context(&self, context: ScanContext, group: usize) -> ScanContext {
        if self.groups.len() == 1 {
            return context;
        }
        let place = [self.groups.len() as u32, group as u32].map(u32::to_le_bytes).concat();
        context.part(GROUP, &[&scalar_bytes(&layout_digest(&self.layout)), &place])
    }

    /// The secrets of a group: records have the salts and columns the blinders that they have in the table.
    pub(super) fn secrets(&self, secrets: &TableSecrets, group: usize) -> TableSecrets {
        let Some(own) = self.group_of_several(group) else { return secrets.clone() };
        let records = own.columns.iter().filter_map(|&column| RecordIndex::column(&self.layout, column));
        let records = records.chain(own.pairs.iter().filter_map(|&pair| RecordIndex::pair(&self.layout, pair)));
        let seal = secrets.seal.group(group as u32, records.collect());
        TableSecrets { seal, commitments: self.commitment_seed(&secrets.commitments, group) }
    }

    /// The seed of a group's blinders.
    pub(super) fn commitment_seed(&self, seed: &CommitmentSeed, group: usize) -> CommitmentSeed {
        let Some(own) = self.group_of_several(group) else { return seed.clone() };
        let cells = own.plan.segment(0).map(|segment| segment.scan.cells()).unwrap_or_default();
        let number = |cell: &Cell| {
            let (column, place) = place(*cell)?;
            Some(blinder_number(*own.columns.get(column)?, place) as u32)
        };
        seed.group(group as u32, cells.iter().map(number).collect())
    }

    fn group_of_several(&self, group: usize) -> Option<&ColumnGroup> {
        self.groups.get(group).filter(|_| self.groups.len() > 1)
    }
}

/// The column of a cell, and the cell's place among those of its column; `None` for what is no column's.
const fn place(cell: Cell) -> Option<(usize, usize)> {
    match cell {
        Cell::Limb { column, limb } => Some((column, limb)),
        Cell::Valid { column } => Some((column, 4)),
        Cell::Code { column } => Some((column, 0)),
        Cell::Multiplicity { column } => Some((column, 1)),
        Cell::RestLow { column } => Some((column, 2)),
        Cell::RestHigh { column } => Some((column, 3)),
        Cell::Digest { column, part } => Some((column, CELLS_PER_COLUMN + part)),
        Cell::LimbMultiplicity | Cell::Origin | Cell::Nothing | Cell::GroupSum { .. } => None,
    }
}

/// The number of a cell for its blinder: those of digests come after all others.
const fn blinder_number(column: usize, place: usize) -> usize {
    match place.checked_sub(CELLS_PER_COLUMN) {
        None => CELLS_PER_COLUMN * column + place,
        Some(part) => CELLS_PER_COLUMN * Layout::MAX_RECORDS + DIGEST_CELLS * column + part,
    }
}

/// 0 .. count cut into runs, each as long as `fits` lets it be, and never empty.
fn longest(
    count: usize,
    fits: &dyn Fn(&[usize]) -> Result<bool, TablePlanError>,
) -> Result<Vec<Vec<usize>>, TablePlanError> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for next in 0..count {
        if let Some(run) = runs.last_mut() {
            run.push(next);
            if fits(run)? {
                continue;
            }
            run.pop();
        }
        runs.push(vec![next]);
    }
    Ok(runs)
}

/// The columns of these pairs, ascending, each once.
fn touched(layout: &Layout, pairs: &[usize]) -> Vec<usize> {
    let columns = pairs.iter().filter_map(|&pair| layout.pairs().get(pair)).flat_map(|pair| match *pair {
        PairLayout::Joint { group, label } => [group, label],
        PairLayout::Product { left, right } => [left, right],
    });
    let mut columns: Vec<usize> = columns.map(|column| column as usize).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// The layout of these columns and pairs alone. The columns of the pairs are among the columns.
fn part(layout: &Layout, columns: &[usize], pairs: &[usize]) -> Result<Layout, TablePlanError> {
    let place = |column: u32| match columns.binary_search(&(column as usize)) {
        Ok(place) => Ok(place as u32),
        Err(_) => Err(PlanError::Column { index: column as usize }),
    };
    let moved = |pair: PairLayout| -> Result<PairLayout, PlanError> {
        Ok(match pair {
            PairLayout::Joint { group, label } => PairLayout::Joint { group: place(group)?, label: place(label)? },
            PairLayout::Product { left, right } => PairLayout::Product { left: place(left)?, right: place(right)? },
        })
    };
    let pairs = pick(pairs, layout.pairs()).into_iter().map(moved).collect::<Result<Vec<_>, _>>()?;
    Ok(Layout::new(layout.rows(), pick(columns, layout.columns()), pairs)?)
}

/// The committed columns of a group of pairs: those of columns, each of which is one of the column's own group.
fn shared(groups: &[ColumnGroup], columns: &[usize], plan: &TablePlan) -> Result<Vec<SharedCell>, PlanError> {
    let cells = |plan: &TablePlan| plan.segment(0).map(|segment| segment.scan.cells().to_vec()).unwrap_or_default();
    let own = |cell: Cell, columns: &[usize]| {
        let (column, place) = place(cell)?;
        Some((*columns.get(column)?, place))
    };
    let mut shared = Vec::new();
    for (position, cell) in cells(plan).into_iter().enumerate() {
        let Some(wanted) = own(cell, columns) else { continue };
        let column = wanted.0;
        let mut of_columns = groups.iter().enumerate().filter(|(_, group)| group.pairs.is_empty());
        let (group, home) = of_columns
            .find(|(_, group)| group.columns.binary_search(&column).is_ok())
            .ok_or(PlanError::Column { index: column })?;
        let at = cells(&home.plan).into_iter().position(|cell| own(cell, &home.columns) == Some(wanted));
        let at = at.ok_or(PlanError::Column { index: column })?;
        shared.push(SharedCell { column, position, home: (group, at) });
    }
    Ok(shared)
}
