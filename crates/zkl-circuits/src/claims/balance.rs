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

use num_bigint::BigUint;
use zkl_core::{ark::Fr, claim::Bound};
use zkl_snark::gadgets::{BoolVar, Cs, GadgetError, IntVar};

use super::{
    min_group::occurs,
    range::{BoundVar, NARROW, bound_inputs},
    relation::{Frame, Relation, enforce_at_least},
    share::enforce_complete,
};
use crate::seal::{
    COUNT_BITS, CategoryRecord, CategoryRecordVar, Opening, RecordIndex, RecordIndexVar, Seal, SealError,
};

#[derive(Clone)]
pub(super) struct Balance {
    pub(super) column: usize,
    pub(super) index: RecordIndex,
    pub(super) capacity: usize,
    pub(super) at_least: Bound,
}

#[derive(Clone)]
pub(super) struct BalanceWitness {
    pub(super) record: Opening<CategoryRecord>,
    pub(super) smallest: u64,
    pub(super) largest: u64,
}

impl Relation for Balance {
    type Witness = BalanceWitness;

    fn name(&self) -> String {
        format!("balance-{}", self.capacity)
    }

    fn inputs(&self) -> Vec<Fr> {
        let mut inputs = vec![self.index.public_input()];
        inputs.extend(bound_inputs(Some(&self.at_least)));
        inputs
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        let record = seal.category(self.column)?;
        let classes = || record.record.counts[1..].iter().copied().filter(|&count| count > 0);
        let (smallest, largest) = (classes().min().unwrap_or(0), classes().max().unwrap_or(0));
        Ok(BalanceWitness { record, smallest, largest })
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let index = RecordIndexVar::input(cs, Some(self.index))?;
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
