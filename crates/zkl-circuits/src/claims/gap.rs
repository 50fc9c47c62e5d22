//! `gap(hired = 'yes' by sex: 'f', 'm') <= 5%`: the absolute difference between two groups in the rate of one label,
//! over the rows where the label is not null.
//!
//! Public inputs: h, ctx, layout; record indices of pair, group column and label column; digests of label, first group and
//! second group; range (6). Relation, over joint counts `cnt_{g,l}`, for each group i:
//!
//! ```text
//! n_i = sum_{g >= 1: hv_g = group i} sum_{l >= 1: hv_l = label} cnt_{g,l}
//! d_i = sum_{g >= 1: hv_g = group i} sum_{l >= 1}               cnt_{g,l}   >= 1
//! |n_1 d_2 - n_2 d_1| / (d_1 d_2) in the range
//! ```
//!
//! As for a share, all matching codes are added, of groups and of labels. Width: `d_1 d_2` below 2^80, with a
//! threshold below 2^137.

use zkl_core::{
    ark::Fr,
    claim::{Bounds, GapAxes},
};
use zkl_snark::gadgets::{BoolVar, Cs, FieldVar, GadgetError, IntVar};

use super::{
    range::{BoundsVar, NARROW, bounds_inputs},
    relation::{Frame, Relation, enforce_at_least},
    share::value_codes,
};
use crate::seal::{
    CategoryRecord, CategoryRecordVar, JointRecord, JointRecordVar, Opening, RecordIndex, RecordIndexVar, Seal,
    SealError,
};

#[derive(Clone)]
pub(super) struct Gap {
    pub(super) shape: GapShape,
    /// Positions of pair, group column and label column in the layout.
    pub(super) positions: [usize; 3],
    pub(super) pair: RecordIndex,
    pub(super) group: RecordIndex,
    pub(super) label: RecordIndex,
    pub(super) value: Fr,
    pub(super) groups: [Fr; 2],
    pub(super) is: Bounds,
}

/// What the constraints depend on.
#[derive(Clone, Copy)]
pub(super) struct GapShape {
    pub(super) groups: usize,
    pub(super) labels: usize,
    pub(super) axes: GapAxes,
}

#[derive(Clone)]
pub(super) struct GapWitness {
    pub(super) joint: Opening<JointRecord>,
    pub(super) group: Opening<CategoryRecord>,
    pub(super) label: Opening<CategoryRecord>,
}

impl GapShape {
    /// Capacities in the order of the sealed table's axes.
    const fn axes(self) -> (usize, usize) {
        match self.axes {
            GapAxes::GroupFirst => (self.groups, self.labels),
            GapAxes::LabelFirst => (self.labels, self.groups),
        }
    }

    /// Cell of group code `g` and label code `l`.
    const fn cell(self, g: usize, l: usize) -> usize {
        match self.axes {
            GapAxes::GroupFirst => g * self.labels + l,
            GapAxes::LabelFirst => l * self.groups + g,
        }
    }
}

impl Relation for Gap {
    type Witness = GapWitness;

    fn name(&self) -> String {
        let order = match self.shape.axes {
            GapAxes::GroupFirst => "",
            GapAxes::LabelFirst => "-label-first",
        };
        format!("gap-{}x{}{order}", self.shape.groups, self.shape.labels)
    }

    fn inputs(&self) -> Vec<Fr> {
        let mut inputs: Vec<Fr> = [self.pair, self.group, self.label].map(RecordIndex::public_input).to_vec();
        inputs.extend([self.value, self.groups[0], self.groups[1]]);
        inputs.extend(bounds_inputs(&self.is));
        inputs
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        let [pair, group, label] = self.positions;
        Ok(GapWitness { joint: seal.joint(pair)?, group: seal.category(group)?, label: seal.category(label)? })
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let shape = self.shape;
        let pair = RecordIndexVar::input(cs, Some(self.pair))?;
        let group = RecordIndexVar::input(cs, Some(self.group))?;
        let label = RecordIndexVar::input(cs, Some(self.label))?;
        let value = FieldVar::input(cs, Some(self.value))?;
        let first = FieldVar::input(cs, Some(self.groups[0]))?;
        let second = FieldVar::input(cs, Some(self.groups[1]))?;
        let range = BoundsVar::input(cs, NARROW, &self.is)?;

        let (rows, columns) = shape.axes();
        let joint = JointRecordVar::open(cs, rows, columns, &pair, witness.map(|w| &w.joint), &frame.h)?;
        let group = CategoryRecordVar::open_values(cs, shape.groups, &group, witness.map(|w| &w.group), &frame.h)?;
        let label = CategoryRecordVar::open_values(cs, shape.labels, &label, witness.map(|w| &w.label), &frame.h)?;

        let labelled = value_codes(cs, &label, &value)?;
        let mut hits = Vec::with_capacity(shape.groups - 1);
        let mut totals = Vec::with_capacity(shape.groups - 1);
        for g in 1..shape.groups {
            let cells: Vec<IntVar> = (1..shape.labels).map(|l| joint.counts[shape.cell(g, l)].clone()).collect();
            hits.push(IntVar::masked_sum(cs, &labelled, &cells)?);
            totals.push(IntVar::sum(&cells)?);
        }
        let rate = |codes: Vec<BoolVar>| -> Result<(IntVar, IntVar), GadgetError> {
            let total = IntVar::masked_sum(cs, &codes, &totals)?;
            enforce_at_least(cs, &total, 1)?;
            Ok((IntVar::masked_sum(cs, &codes, &hits)?, total))
        };
        let (n1, d1) = rate(value_codes(cs, &group, &first)?)?;
        let (n2, d2) = rate(value_codes(cs, &group, &second)?)?;

        let difference = n1.mul(cs, &d2)?.sub(&n2.mul(cs, &d1)?)?;
        let positive =
            BoolVar::witness(cs, witness.and(difference.value()).map(|d| d.sign() != num_bigint::Sign::Minus))?;
        let gap = IntVar::select(cs, &positive, &difference, &difference.neg())?;
        // Whichever sign the prover chose, the result is the absolute value.
        gap.enforce_nonnegative(cs)?;
        range.enforce(cs, &gap, &d1.mul(cs, &d2)?)
    }
}
