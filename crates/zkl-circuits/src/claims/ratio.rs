//! Claims that compare a fraction of one column's sealed integers with a range: the mean, the sum, the counts, the variance.
//!
//! Public inputs: h, ctx, layout; record index; a switch where the kind has one (0 or 1); range (6). Relation:
//!
//! ```text
//! (x, y) = fraction of the record,  y >= 1,  x / y in the range
//! ```

use std::fmt;

use zkl_core::{
    ark::Fr,
    circuit::Circuit,
    layout::{ColumnLayout, Layout},
};

use super::{
    bounds::{Bounds, Unit},
    evaluate::{Evaluation, Facts},
    kind::{ClaimKind, Page},
    language::{Claim, ClaimError, Fault, TextForm, parser::Parser},
    range::{BoundsVar, WIDE, bounds_inputs},
    relation::{Frame, Relation, blank},
    resolve::{Place, ResolvedClaim, Table},
};
use crate::seal::{
    NumericRecord, NumericRecordVar, Opening, RecordHead, RecordHeadVar, RecordIndexVar, Seal, SealError,
};
use zkl_snark::gadgets::{BoolVar, Cs, FieldVar, GadgetError, IntVar};

/// A kind of claim about a ratio of one column. All of these are a [`ClaimKind`].
pub(super) trait ColumnRatio: Into<Claim> + Clone + Send + Sync + 'static {
    /// [`ClaimKind::FUNCTIONS`]
    const FUNCTIONS: &'static [&'static str];
    /// [`ClaimKind::ALIASES`]
    const ALIASES: &'static [&'static str] = &[];
    /// [`ClaimKind::PAGE`]
    const PAGE: Page;
    /// Name of the circuit.
    const CIRCUIT: &'static str;
    /// Whether the column must hold numbers; otherwise any will do.
    const NEEDS_QUANTITY: bool;

    /// The record that is opened.
    type Record: ColumnRecord;
    /// What else the circuit takes: nothing, or a bit.
    type Switch: Switch;

    /// [`ClaimKind::read`]
    fn read(function: &str, words: &mut Parser) -> Result<Self, Fault>;

    /// [`ClaimKind::function`]
    fn function(&self) -> &'static str;

    /// The column.
    fn column(&self) -> &str;

    /// Writes the range, as the canonical text has it.
    fn write_range(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// [`ClaimKind::in_words`]
    fn in_words(&self) -> String;

    /// The range in the unit of the column's committed integers.
    fn bounds(&self, table: &Table<'_>, unit: Unit) -> Result<Bounds, ClaimError>;

    /// [`ClaimKind::inwards`]
    fn inwards(&self, layout: &Layout) -> Result<Option<Self>, ClaimError>;

    /// The switch of this claim.
    fn switch(&self) -> Self::Switch;

    /// Exact arithmetic on the profile.
    fn evaluate(&self, facts: &Facts<'_>, column: Place, is: &Bounds) -> Result<Evaluation, ClaimError>;

    /// The fraction `(x, y)`, and the constraints that `y >= 1`.
    fn fraction(
        cs: &Cs,
        frame: &Frame,
        record: &<Self::Record as ColumnRecord>::Var,
        switch: &<Self::Switch as Switch>::Var,
    ) -> Result<(IntVar, IntVar), GadgetError>;

    /// Claims for each circuit of this kind; none when the circuit is another kind's.
    fn samples() -> Vec<Self>;
}

/// A record of the seal that a ratio reads.
pub(super) trait ColumnRecord: Clone + Send + Sync + 'static {
    /// The record in the circuit.
    type Var;

    /// Takes the record of a column from a seal.
    fn of(seal: &Seal, column: usize) -> Result<Opening<Self>, SealError>;

    /// Opens the record in the circuit.
    fn open(
        cs: &Cs,
        index: &RecordIndexVar,
        opening: Option<&Opening<Self>>,
        h: &FieldVar,
    ) -> Result<Self::Var, GadgetError>;
}

/// Any kind of column: the field that is read stands at the same place in all records.
impl ColumnRecord for RecordHead {
    type Var = RecordHeadVar;

    fn of(seal: &Seal, column: usize) -> Result<Opening<Self>, SealError> {
        seal.head(column)
    }

    fn open(
        cs: &Cs,
        index: &RecordIndexVar,
        opening: Option<&Opening<Self>>,
        h: &FieldVar,
    ) -> Result<Self::Var, GadgetError> {
        RecordHeadVar::open(cs, index, opening, h)
    }
}

impl ColumnRecord for NumericRecord {
    type Var = NumericRecordVar;

    fn of(seal: &Seal, column: usize) -> Result<Opening<Self>, SealError> {
        seal.numeric(column)
    }

    fn open(
        cs: &Cs,
        index: &RecordIndexVar,
        opening: Option<&Opening<Self>>,
        h: &FieldVar,
    ) -> Result<Self::Var, GadgetError> {
        NumericRecordVar::open(cs, index, opening, h)
    }
}

/// A public choice between two statistics of one circuit.
pub(super) trait Switch {
    /// The choice in the circuit.
    type Var;

    /// The public inputs.
    fn inputs(&self) -> Vec<Fr>;

    /// Takes the next public inputs.
    fn input(&self, cs: &Cs) -> Result<Self::Var, GadgetError>;
}

impl Switch for () {
    type Var = ();

    fn inputs(&self) -> Vec<Fr> {
        Vec::new()
    }

    fn input(&self, _: &Cs) -> Result<(), GadgetError> {
        Ok(())
    }
}

impl Switch for bool {
    type Var = BoolVar;

    fn inputs(&self) -> Vec<Fr> {
        vec![Fr::from(*self)]
    }

    fn input(&self, cs: &Cs) -> Result<BoolVar, GadgetError> {
        BoolVar::input(cs, Some(*self))
    }
}

impl<K: ColumnRatio> ClaimKind for K {
    const FUNCTIONS: &'static [&'static str] = K::FUNCTIONS;
    const ALIASES: &'static [&'static str] = K::ALIASES;
    const PAGE: Page = K::PAGE;

    fn read(function: &str, words: &mut Parser) -> Result<Self, Fault> {
        K::read(function, words)
    }

    fn function(&self) -> &'static str {
        ColumnRatio::function(self)
    }

    fn columns(&self) -> Vec<&str> {
        vec![self.column()]
    }

    fn values(&self) -> Vec<&str> {
        Vec::new()
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, text: TextForm) -> fmt::Result {
        write!(f, "{}({}) ", ColumnRatio::function(self), text.name(self.column()))?;
        self.write_range(f)
    }

    fn in_words(&self) -> String {
        ColumnRatio::in_words(self)
    }

    fn serves(column: &ColumnLayout) -> bool {
        !K::NEEDS_QUANTITY || column.ty.is_quantity()
    }

    fn inwards(&self, layout: &Layout) -> Result<Option<Self>, ClaimError> {
        ColumnRatio::inwards(self, layout)
    }

    fn resolve(&self, table: &Table<'_>) -> Result<ResolvedClaim, ClaimError> {
        Ok(table.resolved(Ratio::new(self.clone(), table)?))
    }

    fn shapes() -> Vec<Box<dyn Circuit>> {
        let blanks = K::samples().into_iter();
        blanks.map(|claim| blank(Ratio { claim, column: Place::BLANK, is: Bounds::default() })).collect()
    }
}

/// A claim about a ratio of one column, matched to a table.
#[derive(Clone)]
pub(super) struct Ratio<K> {
    pub(super) claim: K,
    pub(super) column: Place,
    pub(super) is: Bounds,
}

impl<K: ColumnRatio> Ratio<K> {
    /// Matches `claim` to a table.
    pub(super) fn new(claim: K, table: &Table<'_>) -> Result<Self, ClaimError> {
        let (column, unit) = match K::NEEDS_QUANTITY {
            true => table.quantity(claim.column())?,
            false => (table.column(claim.column())?.0, Unit::ONE),
        };
        let is = claim.bounds(table, unit)?;
        Ok(Self { claim, column, is })
    }
}

impl<K: ColumnRatio> Relation for Ratio<K> {
    type Witness = Opening<K::Record>;

    fn name(&self) -> String {
        K::CIRCUIT.to_owned()
    }

    fn inputs(&self) -> Vec<Fr> {
        let mut inputs = vec![self.column.record.public_input()];
        inputs.extend(self.claim.switch().inputs());
        inputs.extend(bounds_inputs(&self.is));
        inputs
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Evaluation, ClaimError> {
        self.claim.evaluate(facts, self.column, &self.is)
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        K::Record::of(seal, self.column.position)
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let index = RecordIndexVar::input(cs, Some(self.column.record))?;
        let switch = self.claim.switch().input(cs)?;
        let range = BoundsVar::input(cs, WIDE, &self.is)?;
        let record = K::Record::open(cs, &index, witness, &frame.h)?;
        let (x, y) = K::fraction(cs, frame, &record, &switch)?;
        range.enforce(cs, &x, &y)
    }
}
