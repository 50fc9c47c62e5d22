//! `min_group(zip3) >= 20`, `min_group(sex, species) >= 5`: every group that occurs has at least k rows.
//!
//! Public inputs: h, ctx, layout; record index; k; nulls (0 or 1). Relations, with `cnt` the count of a group and the
//! groups with a null code left out unless nulls is 1:
//!
//! ```text
//! counts sealed:           for each group  cnt = 0 or cnt >= k;  sum of the cnt >= 1
//! smallest count sealed:   c = 0 or smallest >= k;  nulls: n - c = 0 or n - c >= k;  (nulls ? n : c) >= 1
//! ```
//!
//! Width: below 2^33 for one group, below 2^41 for the sum.

use std::fmt;

use num_rational::BigRational;
use serde::{Deserialize, Serialize};
use zkl_core::{
    ark::Fr,
    circuit::Circuit,
    layout::{ColumnLayout, Encoding, Layout},
    profile::ColumnStats,
};

use super::share::enforce_complete;
use crate::{
    claims::{
        evaluate::{Evaluation, Facts},
        kind::{ClaimKind, Page, PageRow},
        language::{
            ClaimError, Comparison, Decimal, Expected, Fault, OneSided, PairKind, Symbol, TextForm, Unsupported,
            Vacuity, parser::Parser,
        },
        observed::Observed,
        relation::{Frame, Relation, blank, enforce_at_least},
        resolve::{Order, Place, ResolvedClaim, Table, joint_capacities},
        words::quoted,
    },
    seal::{
        CategoryRecord, CategoryRecordVar, GroupedRecord, GroupedRecordVar, JointRecord, JointRecordVar, Opening,
        RecordIndexVar, Seal, SealError,
    },
};
use zkl_snark::gadgets::{BoolVar, Cs, FieldVar, GadgetError, IntVar};

/// `min_group(zip3) >= 20`, `min_group(sex, species) >= 5`: every group that occurs has at least so many rows. Two
/// columns need a sealed joint pair.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinGroup {
    /// One column, or two.
    pub columns: Vec<String>,
    /// Whether rows with a null are groups too.
    pub nulls: NullGroups,
    /// `>=` or `>`.
    pub is: Comparison<Decimal>,
}

/// Whether rows with a null form groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NullGroups {
    /// Rows with a null in a named column are in no group.
    #[default]
    Excluded,
    /// Null is a value like any other: `with nulls`.
    Included,
}

impl ClaimKind for MinGroup {
    const FUNCTIONS: &'static [&'static str] = &["min_group"];
    const ALIASES: &'static [&'static str] = &[];
    const PAGE: Page = Page {
        grammar: r#""min_group" "(" column [ "," column ] ")" range [ "with" "nulls" ]"#,
        examples: &["min_group(zip3) >= 20", "min_group(sex, species) >= 5 with nulls"],
        rows: &[
            PageRow {
                claim: "`min_group(x)`",
                meaning: "smallest count of a value that occurs",
                nulls: "are no group; `with nulls`: one more",
                hidden: "counts",
                circuit: "`min-group-CAP`, `min-group-large`",
                bits: 33,
            },
            PageRow {
                claim: "`min_group(x, y)`",
                meaning: "the same over pairs of values",
                nulls: "a row with a null is in no group; `with nulls`: null is a value",
                hidden: "joint counts",
                circuit: "`min-group-AxB`",
                bits: 33,
            },
        ],
        notes: &[],
    };

    fn read(_: &str, words: &mut Parser) -> Result<Self, Fault> {
        words.symbol(Symbol::Open)?;
        let mut columns = vec![words.column()?];
        if words.take_symbol(Symbol::Comma) {
            let span = words.span();
            let second = words.column()?;
            if columns[0] == second {
                return Err((span, Expected::Different));
            }
            columns.push(second);
        }
        words.symbol(Symbol::Close)?;
        words.lower_only("min_group", OneSided::LowerOnly)?;
        let is = words.numbers()?;
        let mut nulls = NullGroups::Excluded;
        if words.take_keyword("with") {
            words.keyword("nulls", "nulls")?;
            nulls = NullGroups::Included;
        }
        Ok(Self { columns, nulls, is })
    }

    fn function(&self) -> &'static str {
        "min_group"
    }

    fn columns(&self) -> Vec<&str> {
        self.columns.iter().map(String::as_str).collect()
    }

    fn values(&self) -> Vec<&str> {
        Vec::new()
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, text: TextForm) -> fmt::Result {
        f.write_str("min_group(")?;
        for (index, column) in self.columns.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { ", " }, text.name(column))?;
        }
        write!(f, ") {}", self.is)?;
        f.write_str(match self.nulls {
            NullGroups::Excluded => "",
            NullGroups::Included => " with nulls",
        })
    }

    fn in_words(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| quoted(column)).collect();
        let nulls = match self.nulls {
            NullGroups::Excluded => "in no group",
            NullGroups::Included => "grouped as well",
        };
        let (columns, is) = (columns.join(" and "), self.is.in_words());
        format!(
            "Of the groups of rows that share what they hold in {columns}, the number of rows in the smallest {is} (rows without \
             a value are {nulls})."
        )
    }

    fn serves(column: &ColumnLayout) -> bool {
        matches!(column.encoding, Encoding::Category { .. } | Encoding::Grouped { .. })
    }

    fn inwards(&self, _: &Layout) -> Result<Option<Self>, ClaimError> {
        Ok(None)
    }

    fn resolve(&self, table: &Table<'_>) -> Result<ResolvedClaim, ClaimError> {
        let threshold = |place| Ok(Threshold { place, at_least: self.at_least(table)?, nulls: self.nulls });
        match self.columns.as_slice() {
            [one] => {
                let (column, about) = table.column(one)?;
                match about.encoding {
                    Encoding::Category { capacity } => {
                        let (threshold, capacity) = (threshold(column)?, capacity as usize);
                        Ok(table.resolved(SmallestValue { threshold, capacity }))
                    }
                    Encoding::Grouped { .. } => Ok(table.resolved(SmallestSealed { threshold: threshold(column)? })),
                    Encoding::Numeric { .. } | Encoding::Hashed | Encoding::Opaque => {
                        Err(table.unsupported(about, Unsupported::NeedsGroups))
                    }
                }
            }
            [first, second] => {
                table.two(first, second)?;
                let ((a, of_a), (b, of_b)) = (table.category(first, None)?, table.category(second, None)?);
                let (pair, order) = table.pair(PairKind::Joint, (a, first), (b, second))?;
                let capacities = match order {
                    Order::Straight => (of_a.capacity, of_b.capacity),
                    Order::Reversed => (of_b.capacity, of_a.capacity),
                };
                Ok(table.resolved(SmallestCell { threshold: threshold(pair)?, capacities }))
            }
            _ => Err(ClaimError::GroupColumns { got: self.columns.len() }),
        }
    }

    fn shapes() -> Vec<Box<dyn Circuit>> {
        let threshold = Threshold { place: Place::BLANK, at_least: 0, nulls: NullGroups::Excluded };
        let value = |capacity| blank(SmallestValue { threshold, capacity: capacity as usize });
        let cell = |capacities| blank(SmallestCell { threshold, capacities });
        let values = Encoding::CATEGORY_CAPACITIES.into_iter().map(value);
        let cells = joint_capacities().into_iter().map(cell);
        values.chain([blank(SmallestSealed { threshold })]).chain(cells).collect()
    }
}

impl MinGroup {
    fn at_least(&self, table: &Table<'_>) -> Result<u32, ClaimError> {
        let bound = table.whole(&self.is)?.lower_only().ok_or(table.lower_bound_only())?;
        let least = bound.numerator + i128::from(bound.strict);
        u32::try_from(least.max(0)).map_err(|_| ClaimError::ThresholdTooWide {
            got: least.to_string(),
            numerator_bits: 32,
            denominator_bits: 1,
        })
    }
}

/// Bits of k.
const BITS: u64 = 32;

/// The public side of all three circuits.
#[derive(Clone, Copy)]
pub(in crate::claims) struct Threshold {
    /// Column or pair.
    pub(in crate::claims) place: Place,
    pub(in crate::claims) at_least: u32,
    pub(in crate::claims) nulls: NullGroups,
}

struct ThresholdVar {
    index: RecordIndexVar,
    at_least: IntVar,
    nulls: BoolVar,
}

impl Threshold {
    fn with_nulls(self) -> bool {
        self.nulls == NullGroups::Included
    }

    /// The smallest group, among a column's values and, if they are a group, its nulls.
    fn evaluate_column(self, facts: &Facts<'_>, smallest: Option<u64>) -> Result<Evaluation, ClaimError> {
        let (_, nulls) = facts.rows(self.place)?;
        let nulls = (self.with_nulls() && nulls > 0).then_some(nulls);
        self.evaluate(facts, smallest.filter(|&count| count > 0).into_iter().chain(nulls).min())
    }

    fn evaluate(self, facts: &Facts<'_>, smallest: Option<u64>) -> Result<Evaluation, ClaimError> {
        let Some(smallest) = smallest else { return facts.vacuous(Vacuity::NoValues) };
        let observed = Observed::Number(BigRational::from_integer(smallest.into()));
        Ok(Evaluation::exact(smallest >= u64::from(self.at_least), observed))
    }

    fn inputs(self) -> Vec<Fr> {
        vec![self.place.record.public_input(), Fr::from(self.at_least), Fr::from(self.with_nulls())]
    }

    fn input(self, cs: &Cs) -> Result<ThresholdVar, GadgetError> {
        Ok(ThresholdVar {
            index: RecordIndexVar::input(cs, Some(self.place.record))?,
            at_least: IntVar::input(cs, BITS, Some(&self.at_least.into()))?,
            nulls: BoolVar::input(cs, Some(self.with_nulls()))?,
        })
    }
}

impl ThresholdVar {
    /// `count = 0 or count >= k`.
    fn enforce_group(&self, cs: &Cs, count: &IntVar) -> Result<(), GadgetError> {
        let occurs = occurs(cs, count)?;
        count.sub(&self.at_least)?.masked(cs, &occurs)?.enforce_nonnegative(cs)
    }

    /// Checks the groups `(has a null code, count)`, and that there is a row in one of them.
    fn enforce_groups<'a>(
        &self,
        cs: &Cs,
        groups: impl IntoIterator<Item = (bool, &'a IntVar)>,
    ) -> Result<(), GadgetError> {
        let mut counted = Vec::new();
        for (null, count) in groups {
            let count = if null { count.masked(cs, &self.nulls)? } else { count.clone() };
            self.enforce_group(cs, &count)?;
            counted.push(count);
        }
        enforce_at_least(cs, &IntVar::sum(&counted)?, 1)
    }
}

/// A bit that is 1 when `count` is not 0: two constraints. A prover may set it for a zero count too, and then has to pass
/// whatever check it turns on.
pub(in crate::claims) fn occurs(cs: &Cs, count: &IntVar) -> Result<BoolVar, GadgetError> {
    let bit = BoolVar::witness(cs, count.value().map(|count| count.sign() != num_bigint::Sign::NoSign))?;
    FieldVar::enforce_product(cs, bit.not().field(), count.field(), &FieldVar::zero())?;
    Ok(bit)
}

/// Over the values of a column with every count sealed.
#[derive(Clone)]
pub(in crate::claims) struct SmallestValue {
    pub(in crate::claims) threshold: Threshold,
    pub(in crate::claims) capacity: usize,
}

impl Relation for SmallestValue {
    type Witness = Opening<CategoryRecord>;

    const PRIVACY: bool = true;

    fn name(&self) -> String {
        format!("min-group-{}", self.capacity)
    }

    fn inputs(&self) -> Vec<Fr> {
        self.threshold.inputs()
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Evaluation, ClaimError> {
        let (_, stats) = facts.category(self.threshold.place)?;
        let smallest = stats.entries.iter().map(|entry| entry.count).min();
        self.threshold.evaluate_column(facts, smallest)
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        seal.category(self.threshold.place.position)
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let threshold = self.threshold.input(cs)?;
        let record = CategoryRecordVar::open_counts(cs, self.capacity, &threshold.index, witness, &frame.h)?;
        enforce_complete(cs, &record)?;
        threshold.enforce_groups(cs, record.counts.iter().enumerate().map(|(code, count)| (code == 0, count)))
    }
}

/// Whether a cell of a joint table is that of a null, in one of its columns or in both.
const fn has_null(cell: usize, labels: usize) -> bool {
    cell < labels || cell.is_multiple_of(labels)
}

/// Over the cells of a joint table.
#[derive(Clone)]
pub(in crate::claims) struct SmallestCell {
    pub(in crate::claims) threshold: Threshold,
    /// Capacities of the first and the second dictionary.
    pub(in crate::claims) capacities: (usize, usize),
}

impl Relation for SmallestCell {
    type Witness = Opening<JointRecord>;

    const PRIVACY: bool = true;

    fn name(&self) -> String {
        format!("min-group-{}x{}", self.capacities.0, self.capacities.1)
    }

    fn inputs(&self) -> Vec<Fr> {
        self.threshold.inputs()
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Evaluation, ClaimError> {
        let (_, labels) = self.capacities;
        let groups = facts.joint(self.threshold.place)?.counts.iter().enumerate();
        let groups = groups.filter(|(cell, _)| self.threshold.with_nulls() || !has_null(*cell, labels));
        self.threshold.evaluate(facts, groups.map(|(_, &count)| count).filter(|&count| count > 0).min())
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        seal.joint(self.threshold.place.position)
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let (groups, labels) = self.capacities;
        let threshold = self.threshold.input(cs)?;
        let record = JointRecordVar::open(cs, groups, labels, &threshold.index, witness, &frame.h)?;
        let groups = record.counts.iter().enumerate();
        threshold.enforce_groups(cs, groups.map(|(cell, count)| (has_null(cell, labels), count)))
    }
}

/// Over the values of a column of which only the smallest count is sealed.
#[derive(Clone)]
pub(in crate::claims) struct SmallestSealed {
    pub(in crate::claims) threshold: Threshold,
}

impl Relation for SmallestSealed {
    type Witness = Opening<GroupedRecord>;

    const PRIVACY: bool = true;

    fn name(&self) -> String {
        "min-group-large".to_owned()
    }

    fn inputs(&self) -> Vec<Fr> {
        self.threshold.inputs()
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Evaluation, ClaimError> {
        let ColumnStats::Grouped(stats) = &facts.column(self.threshold.place)?.stats else {
            return Err(ClaimError::ProfileMismatch);
        };
        self.threshold.evaluate_column(facts, Some(stats.smallest_group()))
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        seal.grouped(self.threshold.place.position)
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let threshold = self.threshold.input(cs)?;
        let record = GroupedRecordVar::open(cs, &threshold.index, witness, &frame.h)?;
        let occurs = occurs(cs, &record.valid)?;
        record.smallest_group.sub(&threshold.at_least)?.masked(cs, &occurs)?.enforce_nonnegative(cs)?;
        let nulls = frame.rows.sub(&record.valid)?;
        nulls.enforce_nonnegative(cs)?;
        let nulls = nulls.masked(cs, &threshold.nulls)?;
        threshold.enforce_group(cs, &nulls)?;
        enforce_at_least(cs, &record.valid.add(&nulls)?, 1)
    }
}
