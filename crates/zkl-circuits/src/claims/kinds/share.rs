//! `share(species = 'Adelie') >= 20%`: the part of the valid rows, or of all rows, that hold one value.
//!
//! Public inputs: h, ctx, layout; record index; digest of the value; all rows (0 or 1); range (6). Relation, over
//! counts `cnt` and value digests `hv` of all codes, code 0 being null:
//!
//! ```text
//! hv_0 = 0,  sum_{t >= 1} cnt_t = c
//! x = sum_{t >= 1, hv_t = value} cnt_t,  y = if all rows { n } else { c } >= 1,  x / y in the range
//! ```
//!
//! The counts of ALL matching codes are added: a dictionary that splits one value over two codes changes nothing.
//! Width: `b x` and `a y` below 2^96.

use std::fmt;

use serde::{Deserialize, Serialize};
use zkl_core::{
    ark::Fr,
    circuit::Circuit,
    layout::{ColumnLayout, Encoding, Layout},
};

use crate::{
    claims::{
        bounds::Bounds,
        evaluate::{Evaluation, Facts},
        kind::{ClaimKind, Page, PageRow},
        language::{ClaimError, Comparison, Decimal, Fault, Symbol, TextForm, Vacuity, parser::Parser},
        range::{BoundsVar, NARROW, bounds_inputs},
        relation::{Frame, Relation, blank, enforce_at_least},
        resolve::{Place, ResolvedClaim, Table},
        words::quoted,
    },
    seal::{CategoryRecord, CategoryRecordVar, Opening, RecordIndexVar, Seal, SealError, value_digest},
};
use zkl_snark::gadgets::{BoolVar, Cs, FieldVar, GadgetError, IntVar};

/// `share(species = 'Adelie') >= 20%`: the part of the rows that hold one value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The column.
    pub column: String,
    /// The value; `true` or `false` for booleans.
    pub value: String,
    /// What it is a part of.
    pub over: ShareBase,
    /// The range, out of 1.
    pub is: Comparison<Decimal>,
}

/// What a share is a part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareBase {
    /// The rows with a value in the column.
    #[default]
    ValidRows,
    /// All rows: `over all rows`.
    AllRows,
}

impl ClaimKind for Share {
    const FUNCTIONS: &'static [&'static str] = &["share"];
    const ALIASES: &'static [&'static str] = &[];
    const PAGE: Page = Page {
        grammar: r#""share" "(" column "=" value ")" range [ "over" ("all" | "valid") "rows" ]"#,
        examples: &["share(species = 'Adelie') >= 20%", "share(ok = true) >= 99% over all rows"],
        rows: &[PageRow {
            claim: "`share(x = 'v')`",
            meaning: "rows that hold v / c; `over all rows`: / n",
            nulls: "in the divisor with `over all rows` only",
            hidden: "all counts and values",
            circuit: "`share-CAP`",
            bits: 96,
        }],
        notes: &[
            "A share of a value that the column does not hold is 0 and can be claimed; `Evaluation::absent_values` \
             names it, in case it is misspelt.",
        ],
    };

    fn read(_: &str, words: &mut Parser) -> Result<Self, Fault> {
        words.symbol(Symbol::Open)?;
        let column = words.column()?;
        words.symbol(Symbol::Equal)?;
        let value = words.value()?;
        words.symbol(Symbol::Close)?;
        let is = words.rates()?;
        let mut over = ShareBase::ValidRows;
        if words.take_keyword("over") {
            if words.take_keyword("all") {
                over = ShareBase::AllRows;
            } else {
                words.keyword("valid", "all rows or valid rows")?;
            }
            words.keyword("rows", "rows")?;
        }
        Ok(Self { column, value, over, is })
    }

    fn function(&self) -> &'static str {
        "share"
    }

    fn columns(&self) -> Vec<&str> {
        vec![&self.column]
    }

    fn values(&self) -> Vec<&str> {
        vec![&self.value]
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, text: TextForm) -> fmt::Result {
        write!(f, "share({} = {}) {}", text.name(&self.column), text.value(&self.value), self.is.percent())?;
        f.write_str(match self.over {
            ShareBase::ValidRows => "",
            ShareBase::AllRows => " over all rows",
        })
    }

    fn in_words(&self) -> String {
        let among = match self.over {
            ShareBase::ValidRows => "among the rows with a value there",
            ShareBase::AllRows => "among all rows",
        };
        let (column, value, is) = (quoted(&self.column), quoted(&self.value), self.is.percent().in_words());
        format!("The share of rows with {value} in {column}, {among}, {is}.")
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
        let shape = |capacity| {
            let (over, is) = (ShareBase::ValidRows, Bounds::default());
            let (value, digest) = (String::new(), Fr::from(0u64));
            blank(ShareOf { column: Place::BLANK, capacity: capacity as usize, value, digest, over, is })
        };
        Encoding::CATEGORY_CAPACITIES.map(shape).into()
    }
}

impl Share {
    pub(in crate::claims) fn relation(&self, table: &Table<'_>) -> Result<ShareOf, ClaimError> {
        let (column, about) = table.category(&self.column, Some(&self.value))?;
        let digest = value_digest(about.ty, &self.value);
        let (value, is) = (self.value.clone(), table.rate(&self.is)?);
        Ok(ShareOf { column, capacity: about.capacity, value, digest, over: self.over, is })
    }
}

/// The share of one value.
#[derive(Clone)]
pub(in crate::claims) struct ShareOf {
    pub(in crate::claims) column: Place,
    /// Slots of the dictionary.
    pub(in crate::claims) capacity: usize,
    pub(in crate::claims) value: String,
    pub(in crate::claims) digest: Fr,
    pub(in crate::claims) over: ShareBase,
    pub(in crate::claims) is: Bounds,
}

impl ShareOf {
    fn all_rows(&self) -> bool {
        self.over == ShareBase::AllRows
    }
}

/// The counts of the values of a dictionary are those of its valid rows: one constraint.
pub(super) fn enforce_complete(cs: &Cs, record: &CategoryRecordVar) -> Result<(), GadgetError> {
    IntVar::sum(&record.counts[1..])?.enforce_equal(cs, &record.valid)
}

/// For every code from 1 whether its value is `value`. Code 0 is null and must not carry a value.
pub(super) fn value_codes(cs: &Cs, record: &CategoryRecordVar, value: &FieldVar) -> Result<Vec<BoolVar>, GadgetError> {
    record.values[0].enforce_equal(cs, &FieldVar::zero())?;
    record.values[1..].iter().map(|slot| slot.is_equal(cs, value)).collect()
}

impl Relation for ShareOf {
    type Witness = Opening<CategoryRecord>;

    fn name(&self) -> String {
        format!("share-{}", self.capacity)
    }

    fn inputs(&self) -> Vec<Fr> {
        let mut inputs = vec![self.column.record.public_input(), self.digest, Fr::from(self.all_rows())];
        inputs.extend(bounds_inputs(&self.is));
        inputs
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Evaluation, ClaimError> {
        let (valid, stats) = facts.category(self.column)?;
        let base = match self.over {
            ShareBase::ValidRows => valid,
            ShareBase::AllRows => facts.profile.rows,
        };
        if base == 0 {
            return facts.vacuous(Vacuity::NoValues);
        }
        let entry = stats.entries.iter().find(|entry| entry.value == self.value);
        let mut evaluation = Evaluation::rate(entry.map_or(0, |entry| entry.count), base, &self.is);
        if entry.is_none() {
            evaluation.absent_values.push(self.value.clone());
        }
        Ok(evaluation)
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        seal.category(self.column.position)
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let index = RecordIndexVar::input(cs, Some(self.column.record))?;
        let value = FieldVar::input(cs, Some(self.digest))?;
        let all_rows = BoolVar::input(cs, Some(self.all_rows()))?;
        let range = BoundsVar::input(cs, NARROW, &self.is)?;
        let record = CategoryRecordVar::open(cs, self.capacity, &index, witness, &frame.h)?;
        enforce_complete(cs, &record)?;
        let matching = value_codes(cs, &record, &value)?;
        let hits = IntVar::masked_sum(cs, &matching, &record.counts[1..])?;
        let base = IntVar::select(cs, &all_rows, &frame.rows, &record.valid)?;
        enforce_at_least(cs, &base, 1)?;
        range.enforce(cs, &hits, &base)
    }
}
