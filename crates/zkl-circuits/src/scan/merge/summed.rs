//! Records as a merge sees them: elements that all seals have in common, and elements that are added.

use num_bigint::BigUint;
use zkl_argument::Slots;
use zkl_core::ark::{Fr, ff::PrimeField as _};
use zkl_snark::gadgets::{Cs, FieldVar, GadgetError, decompose, recompose};

use crate::seal::{Form, Records, SlotRecord, each_kind, record_leaf_var};

/// The form of every record slot, in the order of slots.
pub(super) fn forms(slots: &Slots) -> Vec<Form> {
    let mut forms = Vec::new();
    each_kind!(K => forms.extend(K::sizes(slots).into_iter().map(Form::of::<K>)));
    forms
}

/// The elements of one record.
#[derive(Clone)]
pub(super) struct Summed<V> {
    pub(super) common: Vec<V>,
    pub(super) summed: Vec<V>,
}

/// The elements of every record, in slot order.
pub(super) fn summed(records: &Records) -> Vec<Summed<Fr>> {
    let mut all = Vec::new();
    each_kind!(K => {
        all.extend(K::records(records).iter().map(|record| Summed { common: record.common(), summed: record.summed() }));
    });
    all
}

impl Form {
    /// New variables for the common elements.
    pub(super) fn common_var(&self, cs: &Cs, values: Option<&[Fr]>) -> Result<Vec<FieldVar>, GadgetError> {
        elements(cs, &self.common_bits, values)
    }

    /// New variables for the summed elements.
    pub(super) fn summed_var(&self, cs: &Cs, values: Option<&[Fr]>) -> Result<Vec<FieldVar>, GadgetError> {
        elements(cs, &self.summed_bits, values)
    }

    /// How many elements are summed.
    pub(super) const fn summed_len(&self) -> usize {
        self.summed_bits.len()
    }

    /// The leaf of the record with these elements.
    pub(super) fn leaf(&self, cs: &Cs, common: &[FieldVar], summed: &[FieldVar]) -> Result<FieldVar, GadgetError> {
        let (Some((salt, common)), Some((valid, summed))) = (common.split_first(), summed.split_first()) else {
            return Err(GadgetError::Length { expected: self.summed_len(), got: summed.len() });
        };
        let body = (self.body)(cs, common, summed)?;
        record_leaf_var(cs, self.kind, salt, valid, body)
    }
}

fn elements(cs: &Cs, bits: &[Option<u64>], values: Option<&[Fr]>) -> Result<Vec<FieldVar>, GadgetError> {
    if let Some(got) = values.map(<[Fr]>::len)
        && got != bits.len()
    {
        return Err(GadgetError::Length { expected: bits.len(), got });
    }
    let value = |index: usize| values.and_then(|values| values.get(index)).copied();
    let element = |(index, bits): (usize, &Option<u64>)| match bits {
        None => FieldVar::witness(cs, value(index)),
        Some(bits) => bounded(cs, value(index), *bits),
    };
    bits.iter().enumerate().map(element).collect()
}

/// A new element below `2^bits`: `bits` constraints.
pub(super) fn bounded(cs: &Cs, value: Option<Fr>, bits: u64) -> Result<FieldVar, GadgetError> {
    let integer: Option<BigUint> = value.map(|value| value.into_bigint().into());
    Ok(recompose(&decompose(cs, integer.as_ref(), bits)?))
}
