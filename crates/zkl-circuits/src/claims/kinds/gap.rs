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

use std::fmt;

use num_bigint::Sign;
use num_traits::Signed as _;
use serde::{Deserialize, Serialize};
use zkl_core::{
    ark::Fr,
    circuit::Circuit,
    layout::{ColumnLayout, Encoding, Layout},
};

use super::share::value_codes;
use crate::{
    claims::{
        bounds::Bounds,
        evaluate::{Evaluation, Facts},
        kind::{ClaimKind, Page, PageRow},
        language::{
            ClaimError, Comparison, Decimal, Expected, Fault, PairKind, Symbol, TextForm, Vacuity, parser::Parser,
        },
        observed::Observed,
        range::{BoundsVar, NARROW, bounds_inputs},
        relation::{Frame, Relation, blank, enforce_at_least},
        resolve::{Order, Place, ResolvedClaim, Table, joint_capacities},
        words::quoted,
    },
    seal::{
        CategoryRecord, CategoryRecordVar, JointRecord, JointRecordVar, Opening, RecordIndexVar, Seal, SealError,
        value_digest,
    },
};
use zkl_snark::gadgets::{BoolVar, Cs, FieldVar, GadgetError, IntVar};

/// `gap(hired = 'yes' by sex: 'f', 'm') <= 5%`: the absolute difference between two groups in the rate of one label.
/// Rows in which the label is null do not count. Needs a sealed joint pair.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// The label column.
    pub column: String,
    /// The label.
    pub value: String,
    /// The group column.
    pub by: String,
    /// The two groups.
    pub groups: [String; 2],
    /// The range, out of 1.
    pub is: Comparison<Decimal>,
}

impl ClaimKind for Gap {
    const FUNCTIONS: &'static [&'static str] = &["gap"];
    const ALIASES: &'static [&'static str] = &[];
    const PAGE: Page = Page {
        grammar: r#""gap" "(" column "=" value "by" column ":" value "," value ")" range"#,
        examples: &["gap(hired = 'yes' by sex: 'f', 'm') <= 5%"],
        rows: &[PageRow {
            claim: "`gap(y = 'v' by x: 'a', 'b')`",
            meaning: "abs(rate in a - rate in b), rate = rows with y = v / rows with any y",
            nulls: "rows with a null label or group do not count",
            hidden: "joint counts",
            circuit: "`gap-GxL`",
            bits: 137,
        }],
        notes: &[
            "`gap` and `min_group` over two columns need `--joint x,y` when the table is notarized, `corr` needs \
             `--product x,y`; either order of the pair serves.",
        ],
    };

    fn read(_: &str, words: &mut Parser) -> Result<Self, Fault> {
        words.symbol(Symbol::Open)?;
        let column = words.column()?;
        words.symbol(Symbol::Equal)?;
        let value = words.value()?;
        words.keyword("by", "by")?;
        let by_span = words.span();
        let by = words.column()?;
        if by == column {
            return Err((by_span, Expected::Different));
        }
        words.symbol(Symbol::Colon)?;
        let first = words.value()?;
        words.symbol(Symbol::Comma)?;
        let second_span = words.span();
        let second = words.value()?;
        if first == second {
            return Err((second_span, Expected::Different));
        }
        words.symbol(Symbol::Close)?;
        Ok(Self { column, value, by, groups: [first, second], is: words.rates()? })
    }

    fn function(&self) -> &'static str {
        "gap"
    }

    fn columns(&self) -> Vec<&str> {
        vec![&self.column, &self.by]
    }

    fn values(&self) -> Vec<&str> {
        vec![&self.value, &self.groups[0], &self.groups[1]]
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, text: TextForm) -> fmt::Result {
        let [first, second] = self.groups.each_ref().map(|group| text.value(group));
        let (column, value, by) = (text.name(&self.column), text.value(&self.value), text.name(&self.by));
        write!(f, "gap({column} = {value} by {by}: {first}, {second}) {}", self.is.percent())
    }

    fn in_words(&self) -> String {
        let [first, second] = self.groups.each_ref().map(|group| quoted(group));
        let (column, value, by) = (quoted(&self.column), quoted(&self.value), quoted(&self.by));
        let is = self.is.percent().in_words();
        format!(
            "The rate of {value} in {column} among rows with {first} in {by} and that among rows with {second} there are \
             compared: the difference {is}."
        )
    }

    fn serves(column: &ColumnLayout) -> bool {
        matches!(column.encoding, Encoding::Category { .. })
    }

    fn inwards(&self, _: &Layout) -> Result<Option<Self>, ClaimError> {
        Ok(None)
    }

    fn resolve(&self, table: &Table<'_>) -> Result<ResolvedClaim, ClaimError> {
        Ok(table.resolved(self.relation(table)?))
    }

    fn shapes() -> Vec<Box<dyn Circuit>> {
        let orders = [Order::Straight, Order::Reversed].into_iter();
        let shapes = orders.flat_map(|order| {
            joint_capacities().into_iter().map(move |(groups, labels)| GapShape { groups, labels, order })
        });
        shapes.map(|shape| blank(RateGap::blank(shape))).collect()
    }
}

impl Gap {
    pub(in crate::claims) fn relation(&self, table: &Table<'_>) -> Result<RateGap, ClaimError> {
        table.two(&self.column, &self.by)?;
        table.two(&self.groups[0], &self.groups[1])?;
        let (label, labels) = table.category(&self.column, Some(&self.value))?;
        let (group, groups) = table.category(&self.by, Some(&self.groups[0]))?;
        table.category(&self.by, Some(&self.groups[1]))?;
        let is = table.rate(&self.is)?;
        let (pair, order) = table.pair(PairKind::Joint, (group, &self.by), (label, &self.column))?;
        Ok(RateGap {
            shape: GapShape { groups: groups.capacity, labels: labels.capacity, order },
            pair,
            group,
            label,
            digest: value_digest(labels.ty, &self.value),
            group_digests: self.groups.each_ref().map(|name| value_digest(groups.ty, name)),
            value: self.value.clone(),
            groups: self.groups.clone(),
            is,
        })
    }
}

/// The gap between two groups in the rate of one label.
#[derive(Clone)]
pub(in crate::claims) struct RateGap {
    pub(in crate::claims) shape: GapShape,
    pub(in crate::claims) pair: Place,
    pub(in crate::claims) group: Place,
    pub(in crate::claims) label: Place,
    value: String,
    groups: [String; 2],
    digest: Fr,
    group_digests: [Fr; 2],
    is: Bounds,
}

impl RateGap {
    fn blank(shape: GapShape) -> Self {
        Self {
            shape,
            pair: Place::BLANK,
            group: Place::BLANK,
            label: Place::BLANK,
            value: String::new(),
            groups: Default::default(),
            digest: Fr::from(0u64),
            group_digests: [Fr::from(0u64); 2],
            is: Bounds::default(),
        }
    }
}

/// What the constraints depend on.
#[derive(Clone, Copy)]
pub(in crate::claims) struct GapShape {
    pub(in crate::claims) groups: usize,
    pub(in crate::claims) labels: usize,
    /// Which way round the pair was declared: straight is group, label.
    pub(in crate::claims) order: Order,
}

#[derive(Clone)]
pub(in crate::claims) struct GapWitness {
    pub(in crate::claims) joint: Opening<JointRecord>,
    pub(in crate::claims) group: Opening<CategoryRecord>,
    pub(in crate::claims) label: Opening<CategoryRecord>,
}

impl GapShape {
    /// Capacities in the order of the sealed table's axes.
    const fn axes(self) -> (usize, usize) {
        match self.order {
            Order::Straight => (self.groups, self.labels),
            Order::Reversed => (self.labels, self.groups),
        }
    }

    /// Cell of group code `g` and label code `l`.
    const fn cell(self, g: usize, l: usize) -> usize {
        match self.order {
            Order::Straight => g * self.labels + l,
            Order::Reversed => l * self.groups + g,
        }
    }
}

/// The absolute value of `value`, whose sign the prover says: whichever was said, the result is not below 0.
pub(in crate::claims) fn absolute(cs: &Cs, value: &IntVar, positive: Option<bool>) -> Result<IntVar, GadgetError> {
    let positive = BoolVar::witness(cs, positive)?;
    let absolute = IntVar::select(cs, &positive, value, &value.neg())?;
    absolute.enforce_nonnegative(cs)?;
    Ok(absolute)
}

impl Relation for RateGap {
    type Witness = GapWitness;

    fn name(&self) -> String {
        let order = match self.shape.order {
            Order::Straight => "",
            Order::Reversed => "-label-first",
        };
        format!("gap-{}x{}{order}", self.shape.groups, self.shape.labels)
    }

    fn inputs(&self) -> Vec<Fr> {
        let mut inputs: Vec<Fr> = [self.pair, self.group, self.label].map(|place| place.record.public_input()).to_vec();
        inputs.extend([self.digest, self.group_digests[0], self.group_digests[1]]);
        inputs.extend(bounds_inputs(&self.is));
        inputs
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Evaluation, ClaimError> {
        let (shape, joint) = (self.shape, facts.joint(self.pair)?);
        if joint.counts.len() != shape.groups * shape.labels {
            return Err(ClaimError::ProfileMismatch);
        }
        let count = |g: usize, l: usize| joint.counts.get(shape.cell(g, l)).copied().unwrap_or(0);
        let (group, label) = (facts.category(self.group)?.1, facts.category(self.label)?.1);
        let label_code = label.code_of(&self.value);
        let rate_of = |name: &String| {
            let code = group.code_of(name);
            let total: u64 = code.map_or(0, |g| (1..shape.labels).map(|l| count(g, l)).sum());
            let hits = code.zip(label_code).map_or(0, |(g, l)| count(g, l));
            if total == 0 {
                return facts.vacuous(Vacuity::EmptyGroup);
            }
            Ok(Observed::fraction(hits.into(), total.into()))
        };
        let gap = (rate_of(&self.groups[0])? - rate_of(&self.groups[1])?).abs();
        let mut evaluation = Evaluation::exact(self.is.hold(&gap), Observed::Rate(gap));
        if label_code.is_none() {
            evaluation.absent_values.push(self.value.clone());
        }
        Ok(evaluation)
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        Ok(GapWitness {
            joint: seal.joint(self.pair.position)?,
            group: seal.category(self.group.position)?,
            label: seal.category(self.label.position)?,
        })
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let shape = self.shape;
        let pair = RecordIndexVar::input(cs, Some(self.pair.record))?;
        let group = RecordIndexVar::input(cs, Some(self.group.record))?;
        let label = RecordIndexVar::input(cs, Some(self.label.record))?;
        let value = FieldVar::input(cs, Some(self.digest))?;
        let first = FieldVar::input(cs, Some(self.group_digests[0]))?;
        let second = FieldVar::input(cs, Some(self.group_digests[1]))?;
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
        let gap = absolute(cs, &difference, witness.and(difference.value()).map(|d| d.sign() != Sign::Minus))?;
        range.enforce(cs, &gap, &d1.mul(cs, &d2)?)
    }
}
