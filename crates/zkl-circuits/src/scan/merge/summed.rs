//! Records as a merge sees them: elements that all seals have in common, and elements that are added.

use num_bigint::BigUint;
use zkl_argument::Slots;
use zkl_core::ark::{
    Fr,
    ff::{Field as _, PrimeField as _},
};
use zkl_snark::gadgets::{Cs, FieldVar, GadgetError, decompose, recompose};

use super::super::records::Records;
use crate::seal::{
    BOUNDS_BITS, COUNT_BITS, COUNTS_PER_ELEMENT, RecordKind, SUM_BITS, category_counts_var, joint_counts_var,
    pack_counts, product_sums_var, record_leaf_var,
};

/// What a record of a slot is made of.
#[derive(Clone, Copy)]
pub(super) struct Form {
    kind: RecordKind,
    /// Elements of packed counts or sums.
    packed: usize,
}

/// The form of every record slot, in the order of [`Records`].
pub(super) fn forms(slots: &Slots) -> Vec<Form> {
    let tables = slots.small_tables();
    let (category, joint) = tables.split_at(slots.category_count());
    let counts = |kind: RecordKind| move |&size: &usize| Form { kind, packed: size.div_ceil(COUNTS_PER_ELEMENT) };
    let plain = |kind, count, packed| std::iter::repeat_n(Form { kind, packed }, count);
    plain(RecordKind::Numeric, slots.numeric, 0)
        .chain(plain(RecordKind::Opaque, slots.opaque, 0))
        .chain(category.iter().map(counts(RecordKind::Category)))
        .chain(joint.iter().map(counts(RecordKind::Joint)))
        .chain(plain(RecordKind::Grouped, slots.grouped, 0))
        .chain(plain(RecordKind::Product, slots.products, 4))
        .collect()
}

/// The elements of one record.
#[derive(Clone)]
pub(super) struct Summed<V> {
    pub(super) common: Vec<V>,
    pub(super) summed: Vec<V>,
}

/// The elements of every record, in slot order.
pub(super) fn summed(records: &Records) -> Vec<Summed<Fr>> {
    let zero = Fr::from(0u64);
    let numeric = records.numeric.iter().map(|record| Summed {
        common: vec![record.salt, Fr::from(record.bounds())],
        summed: vec![Fr::from(record.valid), Fr::from(record.sum.clone()), Fr::from(record.sum_squares.clone())],
    });
    let opaque =
        records.opaque.iter().map(|record| Summed { common: vec![record.salt], summed: vec![Fr::from(record.valid)] });
    let counted = |common: Fr, salt: Fr, valid: u64, counts: &[u64]| {
        let mut summed = vec![Fr::from(valid)];
        summed.extend(pack_counts(counts));
        Summed { common: vec![salt, common], summed }
    };
    let category = records
        .category
        .iter()
        .map(|record| counted(record.values_digest(), record.salt, record.valid, &record.counts));
    let joint = records
        .joint
        .iter()
        .map(|record| counted(Fr::from(record.label_capacity as u64), record.salt, record.valid, &record.counts));
    let grouped = records.grouped.iter().map(|record| Summed {
        common: vec![record.salt, Fr::from(record.distinct)],
        summed: vec![Fr::from(record.valid), Fr::from(record.smallest_group)],
    });
    let product = records.product.iter().map(|record| {
        let mut summed = vec![Fr::from(record.sums.valid), zero, zero, zero, zero];
        summed[1..].copy_from_slice(&record.packed());
        Summed { common: vec![record.salt], summed }
    });
    numeric.chain(opaque).chain(category).chain(joint).chain(grouped).chain(product).collect()
}

impl Form {
    /// Whether the record has a smallest group, which is no sum: it is summed element [`Self::SMALLEST`].
    pub(super) const fn has_smallest(self) -> bool {
        matches!(self.kind, RecordKind::Grouped)
    }

    /// Position of the smallest group among the summed elements.
    pub(super) const SMALLEST: usize = 1;

    /// Bits of the common elements, `None` for elements that are not looked into.
    fn common_bits(self) -> Vec<Option<u64>> {
        match self.kind {
            RecordKind::Numeric => vec![None, Some(BOUNDS_BITS)],
            RecordKind::Grouped => vec![None, Some(COUNT_BITS)],
            RecordKind::Category | RecordKind::Joint => vec![None, None],
            RecordKind::Opaque | RecordKind::Product => vec![None],
        }
    }

    /// Bits of the summed elements, likewise.
    fn summed_bits(self) -> Vec<Option<u64>> {
        match self.kind {
            RecordKind::Numeric => vec![None, Some(SUM_BITS), None],
            RecordKind::Grouped => vec![None, Some(COUNT_BITS)],
            RecordKind::Opaque | RecordKind::Category | RecordKind::Joint | RecordKind::Product => {
                vec![None; 1 + self.packed]
            }
        }
    }

    /// New variables for the common elements.
    pub(super) fn common_var(self, cs: &Cs, values: Option<&[Fr]>) -> Result<Vec<FieldVar>, GadgetError> {
        elements(cs, &self.common_bits(), values)
    }

    /// New variables for the summed elements.
    pub(super) fn summed_var(self, cs: &Cs, values: Option<&[Fr]>) -> Result<Vec<FieldVar>, GadgetError> {
        elements(cs, &self.summed_bits(), values)
    }

    /// How many elements are summed.
    pub(super) fn summed_len(self) -> usize {
        self.summed_bits().len()
    }

    /// The leaf of the record with these elements.
    pub(super) fn leaf(self, cs: &Cs, common: &[FieldVar], summed: &[FieldVar]) -> Result<FieldVar, GadgetError> {
        let length = |got| GadgetError::Length { expected: self.summed_len(), got };
        let (Some(salt), Some((valid, rest))) = (common.first(), summed.split_first()) else {
            return Err(length(summed.len()));
        };
        let shared = || common.get(1).cloned().ok_or(length(0));
        let body = match self.kind {
            RecordKind::Numeric => {
                let [sum, squares] = rest else { return Err(length(summed.len())) };
                [above(sum, &shared()?, SUM_BITS), squares.clone()]
            }
            RecordKind::Opaque => [FieldVar::zero(), FieldVar::zero()],
            RecordKind::Category => [category_counts_var(cs, rest)?, shared()?],
            RecordKind::Joint => [joint_counts_var(cs, rest)?, shared()?],
            RecordKind::Grouped => {
                let [smallest] = rest else { return Err(length(summed.len())) };
                [above(&shared()?, smallest, COUNT_BITS), FieldVar::zero()]
            }
            RecordKind::Product => [product_sums_var(cs, rest)?, FieldVar::zero()],
        };
        record_leaf_var(cs, self.kind, salt, valid, body)
    }
}

/// `low + 2^bits high`.
fn above(low: &FieldVar, high: &FieldVar, bits: u64) -> FieldVar {
    let one = Fr::from(1u64);
    FieldVar::linear([(one, low), (Fr::from(2u64).pow([bits]), high)], Fr::from(0u64))
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
