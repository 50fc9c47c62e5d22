//! `lay`: the layout as the transcript circuit reads it, behind one hash.
//!
//! ```text
//! lay = H(layout digest, words)
//! ```
//!
//! The words pack these fields, the first in the lowest bits, as many to a word as fit 252 bits:
//!
//! | fields | bits each |
//! |---|---|
//! | [`LayoutVector`] after `rows`, in its order: flags, but `grouped_max` | 1, 16 |
//! | per numeric slot: limbs - 1 | 2 |
//! | per joint slot: which label capacity, one of those that divide its size | 1 per capacity |
//! | per record slot: in use, leaf of the seal | 1, depth of the shape's records |
//!
//! Record slots are the numeric, opaque, category, joint, grouped and product slots. A slot that is not in use is all
//! zeros. A verifier computes the fields from the layout; the circuit opens them, so that no prover chooses them.

use zkl_argument::{LayoutVector, ScanPlan, Shape, Slots};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _, PrimeField as _},
};
use zkl_poseidon::{Domain, hash_many};
use zkl_snark::gadgets::{BoolVar, Cs, FieldVar, GadgetError, decompose, hash_many_var, recompose};

use crate::seal::{DEPTH, RecordIndex, SlotRecord, each_kind, layout_digest};

const LAY: Domain = Domain::new("zkl/scan/lay/v1");

/// Bits of a packed word.
const WORD_BITS: usize = 252;
/// Bits of `grouped_max`.
const CODE_BITS: usize = 16;

/// Slots of a shape that have a record in the seal.
pub(super) fn record_slots(slots: &Slots) -> usize {
    let mut count = 0;
    each_kind!(K => count += K::sizes(slots).len());
    count
}

/// Levels of the part of the seal's tree that holds the header and every record of a shape.
pub(super) fn leaf_bits(slots: &Slots) -> usize {
    ((usize::BITS - record_slots(slots).leading_zeros()) as usize).min(DEPTH)
}

/// The public input `lay` of the transcript circuit, for a layout in the slots of a shape.
pub fn layout_element(plan: &ScanPlan) -> Fr {
    LayoutFields::new(plan).hash(plan.shape())
}

/// The fields with their digest, natively.
#[derive(Clone)]
pub(super) struct LayoutFields {
    pub(super) digest: Fr,
    pub(super) values: Vec<u64>,
}

impl LayoutFields {
    pub(super) fn new(plan: &ScanPlan) -> Self {
        let (layout, slots) = (plan.layout(), plan.slots());
        let flags = plan.vector().elements();
        let mut values: Vec<u64> = flags.iter().skip(1).map(|flag| flag.into_bigint().0[0]).collect();
        each_kind!(K => {
            for (slot, size) in K::held(slots).iter().zip(K::sizes(plan.shape().slots())) {
                let none = || vec![0; K::fact_bits(size).len()];
                values.extend(slot.map_or_else(none, |position| K::facts(layout, position, size)));
            }
        });
        values.extend(place_values(plan));
        Self { digest: layout_digest(layout), values }
    }

    fn hash(&self, shape: &Shape) -> Fr {
        let mut message = vec![self.digest];
        message.extend(pack(&widths(shape), &self.values));
        hash_many(LAY, &message)
    }
}

/// Values of these widths in words.
pub(super) fn pack(widths: &[usize], values: &[u64]) -> Vec<Fr> {
    let word = |word: Word| {
        let fields = word.iter().zip(values.iter().skip(word.first));
        fields.map(|(position, &value)| power_of_two(position) * Fr::from(value)).sum()
    };
    words(widths).into_iter().map(word).collect()
}

/// [`pack`] in a circuit.
pub(super) fn pack_vars(widths: &[usize], values: &[FieldVar]) -> Vec<FieldVar> {
    let word = |word: Word| {
        let weights = word.iter().map(power_of_two);
        FieldVar::linear(weights.zip(values.iter().skip(word.first)), Fr::ZERO)
    };
    words(widths).into_iter().map(word).collect()
}

/// Per record slot: in use, leaf.
pub(super) fn place_values(plan: &ScanPlan) -> Vec<u64> {
    let (layout, slots) = (plan.layout(), plan.slots());
    let value = |place: Option<RecordIndex>| [u64::from(place.is_some()), place.map_or(0, |index| index.get().into())];
    let mut values = Vec::new();
    each_kind!(K => {
        let places = K::held(slots).iter().map(|slot| slot.and_then(|position| K::index(layout, position)));
        values.extend(places.flat_map(value));
    });
    values
}

/// Bits of [`place_values`].
pub(super) fn place_widths(slots: &Slots) -> Vec<usize> {
    (0..record_slots(slots)).flat_map(|_| [1, leaf_bits(slots)]).collect()
}

/// Bits of every field of a shape.
fn widths(shape: &Shape) -> Vec<usize> {
    let slots = shape.slots();
    let flags = LayoutVector::<Fr>::len(shape) - 1;
    let mut widths = vec![1; flags];
    let codes = flags - 2 * slots.products - slots.grouped;
    for width in widths.iter_mut().skip(codes).take(slots.grouped) {
        *width = CODE_BITS;
    }
    each_kind!(K => widths.extend(K::sizes(slots).into_iter().flat_map(K::fact_bits)));
    widths.extend(place_widths(slots));
    widths
}

/// A word: fields `first..` at these bit positions.
struct Word {
    first: usize,
    positions: Vec<usize>,
}

impl Word {
    fn iter(&self) -> impl Iterator<Item = usize> {
        self.positions.iter().copied()
    }
}

fn words(widths: &[usize]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut used = WORD_BITS;
    for (field, width) in widths.iter().enumerate() {
        if used + width > WORD_BITS {
            words.push(Word { first: field, positions: Vec::new() });
            used = 0;
        }
        if let Some(word) = words.last_mut() {
            word.positions.push(used);
        }
        used += width;
    }
    words
}

fn power_of_two(exponent: usize) -> Fr {
    (0..exponent).fold(Fr::ONE, |power, _| power.double())
}

/// Where a slot's record sits in the seal.
pub(super) struct PlaceVar {
    pub(super) in_use: BoolVar,
    /// Bits of the leaf, lowest first.
    pub(super) leaf: Vec<BoolVar>,
}

/// The layout in the circuit, opened from `lay`.
pub(super) struct LayoutVar {
    /// Digest of the layout, as the seal's header has it.
    pub(super) digest: FieldVar,
    /// [`LayoutVector`] after `rows`.
    pub(super) flags: Vec<FieldVar>,
    /// Per record slot: bits of each of its [`SlotRecord::facts`], lowest first.
    pub(super) facts: Vec<Vec<Vec<BoolVar>>>,
    /// Per record slot.
    pub(super) places: Vec<PlaceVar>,
}

impl LayoutVar {
    /// Opens `lay`: a constraint per bit and a hash.
    pub(super) fn open(
        cs: &Cs,
        shape: &Shape,
        fields: Option<&LayoutFields>,
        lay: &FieldVar,
    ) -> Result<Self, GadgetError> {
        let widths = widths(shape);
        if let Some(got) = fields.map(|fields| fields.values.len())
            && got != widths.len()
        {
            return Err(GadgetError::Length { expected: widths.len(), got });
        }
        let digest = FieldVar::witness(cs, fields.map(|fields| fields.digest))?;
        let value = |field: usize| fields.and_then(|fields| fields.values.get(field)).map(|&value| value.into());
        let bits: Vec<Vec<BoolVar>> = widths
            .iter()
            .enumerate()
            .map(|(field, &width)| decompose(cs, value(field).as_ref(), width as u64))
            .collect::<Result<_, _>>()?;
        let packed: Vec<FieldVar> = bits.iter().map(|bits| recompose(bits)).collect();
        let mut message = vec![digest.clone()];
        message.extend(pack_vars(&widths, &packed));
        hash_many_var(cs, LAY, &message)?.enforce_equal(cs, lay)?;

        let slots = shape.slots();
        let flags_len = LayoutVector::<Fr>::len(shape) - 1;
        let flags = packed.into_iter().take(flags_len).collect();
        let mut bits = bits.into_iter().skip(flags_len);
        let mut facts = Vec::with_capacity(record_slots(slots));
        each_kind!(K => {
            let counts = K::sizes(slots).into_iter().map(|size| K::fact_bits(size).len());
            facts.extend(counts.map(|count| bits.by_ref().take(count).collect::<Vec<_>>()));
        });
        let mut places = Vec::with_capacity(record_slots(slots));
        while let (Some(in_use), Some(leaf)) = (bits.next().and_then(|mut bits| bits.pop()), bits.next()) {
            places.push(PlaceVar { in_use, leaf });
        }
        Ok(Self { digest, flags, facts, places })
    }
}
