//! Where the records sit, from public words, and the root over them.

use zkl_argument::{ScanPlan, Slots};
use zkl_core::ark::Fr;
use zkl_poseidon::hash2;
use zkl_snark::gadgets::{BoolVar, Cs, FieldVar, GadgetError, decompose, hash2_var, recompose};

use super::super::lay::{leaf_bits, pack, pack_vars, place_values, place_widths, record_slots};
use crate::seal::{DEPTH, empty_leaf};

/// The places of a plan's records, packed: public inputs of a merge.
pub(in crate::scan) fn place_words(plan: &ScanPlan) -> Vec<Fr> {
    pack(&place_widths(plan.shape().slots()), &place_values(plan))
}

/// How many words there are for `slots`.
pub(super) fn word_count(slots: &Slots) -> usize {
    let widths = place_widths(slots);
    pack(&widths, &vec![0; widths.len()]).len()
}

/// Which slot's record sits at which leaf.
pub(super) struct Places {
    /// `selectors[slot][leaf - 1]`: 1 where the slot is in use and sits there, else 0.
    selectors: Vec<Vec<FieldVar>>,
}

impl Places {
    /// Opens the words: a constraint per bit, and one per slot and leaf.
    pub(super) fn open(
        cs: &Cs,
        slots: &Slots,
        values: Option<&[u64]>,
        words: &[FieldVar],
    ) -> Result<Self, GadgetError> {
        let widths = place_widths(slots);
        if let Some(got) = values.map(<[u64]>::len)
            && got != widths.len()
        {
            return Err(GadgetError::Length { expected: widths.len(), got });
        }
        let value = |field: usize| values.and_then(|values| values.get(field)).map(|&value| value.into());
        let bits: Vec<Vec<BoolVar>> = widths
            .iter()
            .enumerate()
            .map(|(field, &width)| decompose(cs, value(field).as_ref(), width as u64))
            .collect::<Result<_, _>>()?;
        let packed: Vec<FieldVar> = bits.iter().map(|bits| recompose(bits)).collect();
        let packed = pack_vars(&widths, &packed);
        if packed.len() != words.len() {
            return Err(GadgetError::Length { expected: packed.len(), got: words.len() });
        }
        for (packed, word) in packed.iter().zip(words) {
            packed.enforce_equal(cs, word)?;
        }
        let (pairs, _) = bits.as_chunks::<2>();
        let selectors = pairs
            .iter()
            .map(|[in_use, leaf]| {
                let mut selectors: Vec<FieldVar> = in_use.iter().map(BoolVar::field).cloned().collect();
                for bit in leaf.iter().rev() {
                    selectors = split(cs, &selectors, bit)?;
                }
                // The records of a layout are its first leaves: there is one more leaf than there are slots.
                Ok(selectors.into_iter().skip(1).take(record_slots(slots)).collect())
            })
            .collect::<Result<_, GadgetError>>()?;
        debug_assert!(record_slots(slots) < 1 << leaf_bits(slots));
        Ok(Self { selectors })
    }

    /// `record` when the slot is in use, else the empty leaf: one constraint.
    pub(super) fn if_in_use(&self, cs: &Cs, slot: usize, record: &FieldVar) -> Result<FieldVar, GadgetError> {
        let empty = FieldVar::constant(empty_leaf());
        let in_use = self.selectors.get(slot).map_or_else(FieldVar::zero, FieldVar::sum);
        Ok(&empty + &(record - &empty).mul(cs, &in_use)?)
    }

    /// The root of a seal's tree with this header and these records, in slot order.
    pub(super) fn root(&self, cs: &Cs, header: &FieldVar, records: &[FieldVar]) -> Result<FieldVar, GadgetError> {
        if records.len() != self.selectors.len() {
            return Err(GadgetError::Length { expected: self.selectors.len(), got: records.len() });
        }
        let empty = FieldVar::constant(empty_leaf());
        let mut terms = vec![vec![empty.clone()]; records.len()];
        for (record, selectors) in records.iter().zip(&self.selectors) {
            let record = record - &empty;
            for (terms, selector) in terms.iter_mut().zip(selectors) {
                terms.push(record.mul(cs, selector)?);
            }
        }
        let mut leaves = vec![header.clone()];
        leaves.extend(terms.iter().map(FieldVar::sum));
        tree_root(cs, leaves)
    }
}

/// Doubles one-hot selectors by one more bit of the index, which becomes the lowest.
fn split(cs: &Cs, selectors: &[FieldVar], bit: &BoolVar) -> Result<Vec<FieldVar>, GadgetError> {
    let mut halves = Vec::with_capacity(2 * selectors.len());
    for selector in selectors {
        let upper = selector.mul(cs, bit.field())?;
        halves.extend([selector - &upper, upper]);
    }
    Ok(halves)
}

/// The root of a seal's tree whose leaves after these are empty: one hash per pair that is not constant.
pub(super) fn tree_root(cs: &Cs, leaves: Vec<FieldVar>) -> Result<FieldVar, GadgetError> {
    let mut level = leaves;
    let mut filler = empty_leaf();
    for _ in 0..DEPTH {
        if level.len() % 2 == 1 {
            level.push(FieldVar::constant(filler));
        }
        let (pairs, _) = level.as_chunks::<2>();
        level = pairs.iter().map(|[left, right]| hash2_var(cs, left, right)).collect::<Result<_, _>>()?;
        filler = hash2(filler, filler);
    }
    level.pop().ok_or(GadgetError::Length { expected: 1, got: 0 })
}
