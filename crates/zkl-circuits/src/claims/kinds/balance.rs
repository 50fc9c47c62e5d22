//! `balance(species) >= 0.4`: rows of the smallest class that occurs over rows of the largest. Nulls are no class.
//!
//! Public inputs: h, ctx, layout; record index; lower end (3). Relation, with private `m` and `M`:
//!
//! ```text
//! for each code t >= 1:  cnt_t = 0 or cnt_t >= m,  and  cnt_t <= M
//! m >= 1,  at least two codes occur,  m / M at least the lower end
//! ```
//!
//! A prover gains nothing from an `m` below the smallest class or an `M` above the largest. `m >= 1` makes a code that is
//! said to occur occur. Width: below 2^88.

use std::fmt;

use num_bigint::BigUint;
use serde::{Deserialize, Serialize};
use zkl_core::{
    ark::Fr,
    circuit::Circuit,
    layout::{ColumnLayout, Encoding, Layout},
};

use super::{min_group::occurs, share::enforce_complete};
use crate::{
    claims::{
        bounds::Bound,
        evaluate::{Evaluation, Facts},
        kind::{ClaimKind, Page, PageRow},
        language::{ClaimError, Comparison, Decimal, Fault, OneSided, TextForm, Vacuity, parser::Parser},
        observed::Observed,
        range::{BoundVar, NARROW, bound_inputs},
        relation::{Frame, Relation, blank, enforce_at_least},
        resolve::{Place, ResolvedClaim, Table},
        words::quoted,
    },
    seal::{COUNT_BITS, CategoryRecord, CategoryRecordVar, Opening, RecordIndexVar, Seal, SealError},
};
use zkl_snark::gadgets::{BoolVar, Cs, GadgetError, IntVar};

/// `balance(species) >= 0.4`: rows of the smallest class that occurs over rows of the largest. Nulls do not count;
/// at least two classes occur.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// The column.
    pub column: String,
    /// `>=` or `>`, out of 1.
    pub is: Comparison<Decimal>,
}

impl ClaimKind for Balance {
    const FUNCTIONS: &'static [&'static str] = &["balance"];
    const ALIASES: &'static [&'static str] = &[];
    const PAGE: Page = Page {
        grammar: r#""balance" "(" column ")" range"#,
        examples: &["balance(species) >= 0.4"],
        rows: &[PageRow {
            claim: "`balance(x)`",
            meaning: "smallest class that occurs / largest class",
            nulls: "are no class",
            hidden: "counts",
            circuit: "`balance-CAP`",
            bits: 89,
        }],
        notes: &[
            "`balance` counts codes of the dictionary, and does not see their values: a notary who seals one value under \
             two codes makes two classes of it, which can raise the balance. Shares and gaps add such codes up, and \
             smallest groups only get smaller. Notaries who are not trusted with a dictionary are asked for shares.",
        ],
    };

    fn read(_: &str, words: &mut Parser) -> Result<Self, Fault> {
        let column = words.argument()?;
        words.lower_only("balance", OneSided::LowerOnly)?;
        Ok(Self { column, is: words.rates()? })
    }

    fn function(&self) -> &'static str {
        "balance"
    }

    fn columns(&self) -> Vec<&str> {
        vec![&self.column]
    }

    fn values(&self) -> Vec<&str> {
        Vec::new()
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, text: TextForm) -> fmt::Result {
        write!(f, "balance({}) {}", text.name(&self.column), self.is)
    }

    fn in_words(&self) -> String {
        let (column, is) = (quoted(&self.column), self.is.in_words());
        format!(
            "The number of rows with the rarest value of {column}, divided by that with the most frequent one, {is}."
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
        let at_least = Bound { numerator: 0, denominator: 1, strict: false };
        let shape = |capacity| blank(ClassRatio { column: Place::BLANK, capacity: capacity as usize, at_least });
        Encoding::CATEGORY_CAPACITIES.map(shape).into()
    }
}

impl Balance {
    pub(in crate::claims) fn relation(&self, table: &Table<'_>) -> Result<ClassRatio, ClaimError> {
        let (column, about) = table.category(&self.column, None)?;
        let at_least = table.rate(&self.is)?.lower_only().ok_or(table.lower_bound_only())?;
        Ok(ClassRatio { column, capacity: about.capacity, at_least })
    }
}

/// Rows of the smallest class over rows of the largest.
#[derive(Clone)]
pub(in crate::claims) struct ClassRatio {
    pub(in crate::claims) column: Place,
    /// Slots of the dictionary.
    pub(in crate::claims) capacity: usize,
    /// The lower end, out of 1.
    pub(in crate::claims) at_least: Bound,
}

#[derive(Clone)]
pub(in crate::claims) struct BalanceWitness {
    pub(in crate::claims) record: Opening<CategoryRecord>,
    pub(in crate::claims) smallest: u64,
    pub(in crate::claims) largest: u64,
}

impl Relation for ClassRatio {
    type Witness = BalanceWitness;

    fn name(&self) -> String {
        format!("balance-{}", self.capacity)
    }

    fn inputs(&self) -> Vec<Fr> {
        let mut inputs = vec![self.column.record.public_input()];
        inputs.extend(bound_inputs(Some(&self.at_least)));
        inputs
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Evaluation, ClaimError> {
        let (_, stats) = facts.category(self.column)?;
        let counts = || stats.entries.iter().map(|entry| entry.count).filter(|&count| count > 0);
        let (Some(smallest), Some(largest)) = (counts().min(), counts().max()) else {
            return facts.vacuous(Vacuity::NoValues);
        };
        if counts().count() < 2 {
            return facts.vacuous(Vacuity::OneClass);
        }
        let balance = Observed::fraction(smallest.into(), largest.into());
        Ok(Evaluation::exact(self.at_least.holds_from_below(&balance), Observed::Number(balance)))
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        let record = seal.category(self.column.position)?;
        let classes = || record.record.counts[1..].iter().copied().filter(|&count| count > 0);
        let (smallest, largest) = (classes().min().unwrap_or(0), classes().max().unwrap_or(0));
        Ok(BalanceWitness { record, smallest, largest })
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let index = RecordIndexVar::input(cs, Some(self.column.record))?;
        let at_least = BoundVar::input(cs, NARROW, Some(&self.at_least))?;
        let opening = witness.map(|witness| &witness.record);
        let record = CategoryRecordVar::open_counts(cs, self.capacity, &index, opening, &frame.h)?;
        enforce_complete(cs, &record)?;
        let count = |value: Option<u64>| IntVar::witness(cs, COUNT_BITS, value.map(BigUint::from).as_ref());
        let smallest = count(witness.map(|witness| witness.smallest))?;
        let largest = count(witness.map(|witness| witness.largest))?;
        enforce_at_least(cs, &smallest, 1)?;
        let mut classes = Vec::with_capacity(self.capacity - 1);
        for class in &record.counts[1..] {
            let occurs: BoolVar = occurs(cs, class)?;
            class.sub(&smallest)?.masked(cs, &occurs)?.enforce_nonnegative(cs)?;
            class.enforce_le(cs, &largest)?;
            classes.push(IntVar::from_bit(&occurs));
        }
        enforce_at_least(cs, &IntVar::sum(&classes)?, 2)?;
        at_least.enforce_lower(cs, &smallest, &largest)
    }
}
