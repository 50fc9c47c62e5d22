//! The plan of a scan over the large dictionaries of a table that is committed to in segments: one row per code.
//!
//! # Statement
//! With `M_j(t)` the sum of the segments' committed multiplicities of code t in large dictionary j: the sealed record of j
//! holds `valid = n - M_j(0)`, and `D`, `k_min` such that `M_j(t) = 0` for `t > D` and `M_j(t) >= k_min` for
//! `1 <= t <= D`.
//!
//! # Relation
//! The argument as it is, for a layout of one row with these dictionaries as its columns, under other linear forms:
//!
//! | in the argument | form |
//! |---|---|
//! | code, looked up in row 0 | [`Cell::Nothing`] |
//! | multiplicities of the looked-up table | [`Cell::Origin`]: code 0, once |
//! | m, in the rules about groups | `M + (1 - n)` [`Cell::Origin`] |
//! | remainders, multiplicities of limbs | columns of their own |
//!
//! The rule `m(0) = rows - valid` of [`moments`](crate::moments) then reads `M(0) = n - valid`.
//!
//! # Soundness
//! That of the argument. `M` is a true count per code because every segment's argument has fixed its multiplicities, rows
//! beyond the dictionary included. The caller must compute the commitments of [`Cell::GroupSum`] from those of the
//! segments, and those of the two public columns from nothing.

use zkl_core::{
    ark::{Fr, ff::Field as _},
    layout::{ColumnLayout, Encoding, Layout},
};

use super::{Cell, Forms, LinearForm, ScanPlan, SlotMap, layout_vector, slots_of};
use crate::{
    error::PlanError,
    shape::{Block, Shape},
};

impl ScanPlan {
    /// The plan of the scan over the large dictionaries of `layout`, `None` when it has none. Its columns are those
    /// dictionaries in layout order.
    ///
    /// # Errors
    /// [`PlanError::Size`] for more dictionaries than a shape holds.
    pub fn dictionaries(layout: &Layout, limb_bits: usize) -> Result<Option<Self>, PlanError> {
        let large = |column: &&ColumnLayout| matches!(column.encoding, Encoding::Grouped { .. });
        let columns: Vec<ColumnLayout> = layout
            .columns()
            .iter()
            .filter(large)
            .map(|column| ColumnLayout { nullable: true, ..column.clone() })
            .collect();
        if columns.is_empty() {
            return Ok(None);
        }
        // Some columns of a valid layout are a valid layout.
        let own = Layout::new(1, columns, Vec::new()).map_err(|_| PlanError::Column { index: 0 })?;
        let shape = Shape::with_limb_bits(limb_bits, limb_bits, slots_of(&own))?;
        // Checks the capacities.
        Self::new(shape.clone(), own.clone())?;

        let mut cells = vec![Cell::Origin, Cell::Nothing];
        for column in 0..own.columns().len() {
            cells.extend([Cell::GroupSum { column }, Cell::RestLow { column }, Cell::RestHigh { column }]);
        }
        cells.push(Cell::LimbMultiplicity);
        let slots = SlotMap::new(&shape, &own);
        let forms = Forms { layout: &own, cells: &cells, limb_bits };
        let block = |&block: &Block| match block {
            Block::GroupCode(_) => forms.cell(Cell::Nothing, Fr::ONE),
            Block::GroupTable(_) => forms.cell(Cell::Origin, Fr::ONE),
            other => forms.block(&slots, other),
        };
        let block_forms = shape.blocks().iter().map(block).collect();
        let nulls = Fr::ONE - Fr::from(layout.rows());
        let value_forms = (0..own.columns().len())
            .flat_map(|column| {
                let mut sums = forms.cell(Cell::GroupSum { column }, Fr::ONE);
                sums.extend(forms.cell(Cell::Origin, nulls));
                [sums, forms.rest(column)]
            })
            .collect::<Vec<LinearForm>>();
        let vector = layout_vector(&shape, &own, &slots);
        Ok(Some(Self { cells, vector, block_forms, value_forms, slots, shape, layout: own }))
    }
}
