//! How a table is cut, from its layout alone.

use zkl_argument::{PlanError, ScanPlan, Shape, Slots, commit::RowGroups, plan::slots_of, shape::LIMB_BITS};
use zkl_core::{
    circuit::Circuit,
    layout::{Encoding, Layout},
};

use super::{
    super::{
        circuit::TranscriptCircuit,
        merge::{MERGE_FAN_IN, MergeCircuit, MergeStep, chain},
        shapes::{SEGMENT_LOG_ROWS, shape_for, standard_slots},
        statement::ColumnCommitments,
    },
    error::TablePlanError,
};

/// Binary logarithm of the most cells, rows times blocks, that a segment has if it can: what bounds the prover's memory.
const SEGMENT_LOG_CELLS: usize = 25;
/// Columns of hashed text that take as much memory as a block.
const HASHED_PER_BLOCK: usize = 4;

/// Rows of every segment but the last: the largest power of two up to 2^20 for which rows x blocks is at most 2^25, and at
/// least 2^16. The blocks are those of all columns, whether or not a shape has as many: a group of them is cut where the table is. Four
/// columns of hashed text, which have none, count as one: their digests are held with the rows.
pub fn segment_rows(layout: &Layout) -> u64 {
    let hashed = layout.columns().iter().filter(|column| column.encoding == Encoding::Hashed).count();
    let blocks = slots_of(layout).blocks() + hashed / HASHED_PER_BLOCK;
    let log_blocks = blocks.max(1).next_power_of_two().trailing_zeros() as usize;
    1 << SEGMENT_LOG_CELLS.saturating_sub(log_blocks).clamp(LIMB_BITS, SEGMENT_LOG_ROWS)
}

/// One segment.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    /// Position, from 0.
    pub index: usize,
    /// Rows of the table before it.
    pub first_row: u64,
    /// Layout of its rows in the slots of a shape.
    pub scan: &'a ScanPlan,
    /// How its rows are grouped.
    pub groups: RowGroups,
}

impl Segment<'_> {
    /// Rows of the segment.
    pub fn rows(&self) -> u64 {
        self.scan.layout().rows()
    }
}

/// The scan plan of segments of one size.
#[derive(Clone, Debug)]
struct Part {
    scan: ScanPlan,
    groups: RowGroups,
}

impl Part {
    fn new(scan: ScanPlan, kappa: u32) -> Result<Self, TablePlanError> {
        let groups = ColumnCommitments::row_groups(&scan, kappa)?;
        Ok(Self { scan, groups })
    }
}

/// Everything about a proof that follows from layout and kappa.
#[derive(Clone, Debug)]
pub struct TablePlan {
    layout: Layout,
    full: Part,
    /// A shorter last segment.
    last: Option<Part>,
    segments: usize,
    dictionaries: Option<Part>,
}

impl TablePlan {
    /// The plan of a table, in row groups of `2^kappa` rows.
    ///
    /// # Errors
    /// [`TablePlanError`] for a layout that no shape holds, and a `kappa` that commitments do not support.
    pub fn new(layout: Layout, kappa: u32) -> Result<Self, TablePlanError> {
        let rows = segment_rows(&layout);
        Self::cut(layout, kappa, rows, LIMB_BITS, &shape_for)
    }

    /// Cut into segments of `segment_rows` rows in shapes of one's choice.
    pub(crate) fn cut(
        layout: Layout,
        kappa: u32,
        segment_rows: u64,
        limb_bits: usize,
        shape: &dyn Fn(&Layout) -> Result<Shape, PlanError>,
    ) -> Result<Self, TablePlanError> {
        let part = |rows: u64| {
            let layout = with_rows(&layout, rows)?;
            Part::new(ScanPlan::new(shape(&layout)?, layout)?, kappa)
        };
        let (rows, rest) = (layout.rows(), layout.rows() % segment_rows);
        let segments = rows.div_ceil(segment_rows) as usize;
        let full = part(rows.min(segment_rows))?;
        let last = (segments > 1 && rest > 0).then(|| part(rest)).transpose()?;
        let dictionaries = if segments > 1 { ScanPlan::dictionaries(&layout, limb_bits)? } else { None };
        let dictionaries = dictionaries.map(|scan| Part::new(scan, kappa)).transpose()?;
        Ok(Self { full, last, segments, dictionaries, layout })
    }

    /// The layout of the whole table.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Number of segments.
    pub fn len(&self) -> usize {
        self.segments
    }

    /// Always false: a table has a row.
    pub fn is_empty(&self) -> bool {
        self.segments == 0
    }

    /// Segment `index`, from 0.
    pub fn segment(&self, index: usize) -> Option<Segment<'_>> {
        if index >= self.segments {
            return None;
        }
        let part = match &self.last {
            Some(last) if index + 1 == self.segments => last,
            _ => &self.full,
        };
        let first_row = index as u64 * self.full.scan.layout().rows();
        Some(Segment { index, first_row, scan: &part.scan, groups: part.groups })
    }

    /// All segments, in order.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        (0..self.segments).filter_map(|index| self.segment(index))
    }

    /// One instance without a witness of every circuit that proofs of this table have: what keys are made from.
    pub fn circuits(&self) -> Vec<Box<dyn Circuit>> {
        let shapes = std::iter::once(&self.full).chain(&self.last).chain(&self.dictionaries);
        let mut circuits: Vec<Box<dyn Circuit>> = Vec::new();
        for part in shapes {
            circuits.push(Box::new(TranscriptCircuit::blank(part.scan.shape().clone())));
        }
        if self.segments > 1 {
            circuits.push(Box::new(MergeCircuit::blank(self.full.scan.shape().slots().clone())));
        }
        circuits.dedup_by_key(|circuit| circuit.id());
        circuits
    }

    /// The plan of the scan over the large dictionaries, when there is one.
    pub(super) fn dictionaries(&self) -> Option<(&ScanPlan, RowGroups)> {
        self.dictionaries.as_ref().map(|part| (&part.scan, part.groups))
    }

    /// The merges, in order.
    pub(super) fn merges(&self) -> Vec<MergeStep> {
        chain(self.segments, MERGE_FAN_IN)
    }

    /// The layout of the first `segments` segments.
    pub(super) fn prefix(&self, segments: usize) -> Result<Layout, TablePlanError> {
        let next = self.segment(segments).map_or(self.layout.rows(), |segment| segment.first_row);
        with_rows(&self.layout, next)
    }
}

/// Blank circuits that tables beyond one segment need besides transcript circuits of the standard shapes: the merge of every
/// standard set of slots, and the scan over one large dictionary.
pub fn standard_table_circuits() -> Vec<Box<dyn Circuit>> {
    let merge = |slots| -> Box<dyn Circuit> { Box::new(MergeCircuit::blank(slots)) };
    let mut circuits: Vec<Box<dyn Circuit>> = standard_slots().into_iter().map(merge).collect();
    // A test counts them: the shape is not refused.
    if let Ok(shape) = Shape::new(LIMB_BITS, Slots { grouped: 1, ..Slots::default() }) {
        circuits.push(Box::new(TranscriptCircuit::blank(shape)));
    }
    circuits
}

/// The layout with another number of rows.
fn with_rows(layout: &Layout, rows: u64) -> Result<Layout, TablePlanError> {
    Ok(Layout::new(rows, layout.columns().to_vec(), layout.pairs().to_vec())?)
}
