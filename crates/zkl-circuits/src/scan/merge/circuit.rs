//! The circuit, one per set of slots.

use zeroize::Zeroize as _;
use zkl_argument::{ScanPlan, Slots};
use zkl_core::{
    ark::{
        Fr,
        ff::AdditiveGroup as _,
        relations::gr1cs::{ConstraintSystemRef, SynthesisError},
    },
    circuit::{Circuit, CircuitId},
    error::ParseError,
};
use zkl_snark::gadgets::{Cs, FieldVar, GadgetError};

use super::{
    super::{circuit::slots_name, lay::place_values},
    places::{Places, tree_root, word_count},
    summed::{Summed, bounded, forms, summed},
};
use crate::seal::{COUNT_BITS, Form, Record as _, Records, SealCommitment, header_leaf_var};

/// Version of every merge circuit.
const VERSION: u32 = 1;

/// Seals that one merge takes at most.
///
/// S segments take `(S - 1) / (fan_in - 1)` merges of `fan_in + 1` seals each. From 4 on more saves little, and tables of two
/// segments pay for the parts that they leave out.
pub const MERGE_FAN_IN: usize = 4;

/// Id of the merge circuit of `slots`: `merge/FANIN-nNUMERIC-oOPAQUE-cCATEGORIES-jJOINTS-gGROUPED-pPRODUCTS`, as that of
/// the transcript circuit.
pub fn merge_circuit_id(slots: &Slots) -> CircuitId {
    let name = format!("merge/{MERGE_FAN_IN}-{}", slots_name(slots));
    let id: Result<CircuitId, ParseError> = CircuitId::new(&name, VERSION);
    #[expect(clippy::expect_used, reason = "a shape bounds every count, and a test builds the longest name")]
    id.expect("a valid circuit name")
}

/// Public inputs of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeInputs {
    /// Digest of the table, its proof's commitments and seals, and which merge this is.
    pub t0: Fr,
    /// Digest of the layout of the rows that are merged.
    pub layout: Fr,
    /// How many rows these are.
    pub rows: u64,
    /// The seal of the sums.
    pub h: SealCommitment,
    /// Places of the records.
    pub places: Vec<Fr>,
    /// The seals that are added, 2 to [`MERGE_FAN_IN`].
    pub parts: Vec<SealCommitment>,
    /// The seal of the large dictionaries that smallest groups are taken from; without it they are added.
    pub dictionaries: Option<SealCommitment>,
}

impl MergeInputs {
    /// In the order in which the circuit of `slots` allocates them: t0, layout, rows, h, places, parts (0 where there is
    /// none), 1 or 0 for every part after the second; with grouped slots also the dictionaries' seal (or 0), and whether
    /// there is one.
    pub fn to_vec(&self, slots: &Slots) -> Vec<Fr> {
        let mut inputs = vec![self.t0, self.layout, Fr::from(self.rows), self.h.field()];
        inputs.extend_from_slice(&self.places);
        let part = |index: usize| self.parts.get(index).map_or(Fr::ZERO, |h| h.field());
        inputs.extend((0..MERGE_FAN_IN).map(part));
        inputs.extend((2..MERGE_FAN_IN).map(|index| Fr::from(index < self.parts.len())));
        if slots.grouped > 0 {
            inputs.extend([
                self.dictionaries.map_or(Fr::ZERO, SealCommitment::field),
                Fr::from(self.dictionaries.is_some()),
            ]);
        }
        inputs
    }

    /// How many there are for `slots`.
    pub fn len(slots: &Slots) -> usize {
        let grouped = if slots.grouped > 0 { 2 } else { 0 };
        4 + word_count(slots) + MERGE_FAN_IN + (MERGE_FAN_IN - 2) + grouped
    }
}

/// The prover's side of a merge.
pub(in crate::scan) struct MergeParts<'a> {
    /// Records of every part, in the order of [`MergeInputs::parts`].
    pub(in crate::scan) parts: Vec<&'a Records>,
    /// Records of the output.
    pub(in crate::scan) output: &'a Records,
    /// The header's leaf of the dictionaries' seal.
    pub(in crate::scan) dictionaries: Option<Fr>,
}

struct Secret {
    /// Header's leaf and elements per part, absent ones included.
    parts: Vec<(Fr, Vec<Summed<Fr>>)>,
    /// The output.
    nonce: Fr,
    output: Vec<Summed<Fr>>,
    dictionaries: Fr,
    places: Vec<u64>,
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.nonce.zeroize();
        for (header, records) in &mut self.parts {
            header.zeroize();
            records.iter_mut().for_each(|record| record.summed.zeroize());
        }
        for record in &mut self.output {
            record.common.zeroize();
            record.summed.zeroize();
        }
    }
}

/// The statement that one seal holds the sums of others, for one set of slots.
pub struct MergeCircuit {
    slots: Slots,
    inputs: Vec<Fr>,
    secret: Option<Secret>,
}

impl MergeCircuit {
    /// The circuit of `slots` without a witness: enough to generate keys, not to prove. Limbs make no difference.
    pub fn blank(slots: Slots) -> Self {
        Self { inputs: vec![Fr::ZERO; MergeInputs::len(&slots)], slots, secret: None }
    }

    /// The instance of a prover, in the slots of `plan`, whose rows do not matter.
    pub(in crate::scan) fn new(plan: &ScanPlan, inputs: &MergeInputs, witness: &MergeParts<'_>) -> Self {
        let slots = plan.shape().slots().clone();
        let absent = || {
            let zeros = |form: Form| Summed { common: Vec::new(), summed: vec![Fr::ZERO; form.summed_len()] };
            (Fr::ZERO, forms(&slots).into_iter().map(zeros).collect())
        };
        let part = |records: &&Records| (records.header.leaf(), summed(records));
        let mut parts: Vec<_> = witness.parts.iter().map(part).collect();
        parts.resize_with(parts.len().max(MERGE_FAN_IN), absent);
        let secret = Secret {
            parts,
            nonce: witness.output.header.nonce,
            output: summed(witness.output),
            dictionaries: witness.dictionaries.unwrap_or_default(),
            places: place_values(plan),
        };
        Self { inputs: inputs.to_vec(&slots), slots, secret: Some(secret) }
    }

    fn constrain(&self, cs: &Cs) -> Result<(), GadgetError> {
        let secret = self.secret.as_ref();
        let expected = MergeInputs::len(&self.slots);
        if self.inputs.len() != expected {
            return Err(GadgetError::Length { expected, got: self.inputs.len() });
        }
        let inputs: Vec<FieldVar> =
            self.inputs.iter().map(|&input| FieldVar::input(cs, Some(input))).collect::<Result<_, _>>()?;
        let public = Public::split(&self.slots, &inputs).ok_or(GadgetError::Length { expected, got: inputs.len() })?;
        // Without a constraint of its own, t0 could be exchanged in a proof that was already made.
        public.t0.square(cs)?;

        let places = Places::open(cs, &self.slots, secret.map(|secret| secret.places.as_slice()), public.places)?;
        let forms = forms(&self.slots);
        let output = |slot: usize| secret.and_then(|secret| secret.output.get(slot));
        let common: Vec<Vec<FieldVar>> = forms
            .iter()
            .enumerate()
            .map(|(slot, form)| form.common_var(cs, output(slot).map(|record| record.common.as_slice())))
            .collect::<Result<_, _>>()?;

        let mut totals: Vec<Vec<FieldVar>> =
            forms.iter().map(|form| vec![FieldVar::zero(); form.summed_len()]).collect();
        for (index, h) in public.parts.iter().enumerate() {
            let part = secret.and_then(|secret| secret.parts.get(index));
            let header = FieldVar::witness(cs, part.map(|(header, _)| *header))?;
            let active = index.checked_sub(2).and_then(|index| public.active.get(index));
            let mut leaves = Vec::with_capacity(forms.len());
            for (slot, form) in forms.iter().enumerate() {
                let record = part.and_then(|(_, records)| records.get(slot));
                let values = form.summed_var(cs, record.map(|record| record.summed.as_slice()))?;
                leaves.push(form.leaf(cs, &common[slot], &values)?);
                for (total, value) in totals[slot].iter_mut().zip(&values) {
                    let value = active.map_or(Ok(value.clone()), |active| value.mul(cs, active))?;
                    *total = &*total + &value;
                }
            }
            let root = places.root(cs, &header, &leaves)?;
            match active {
                Some(active) => FieldVar::enforce_product(cs, active, &(&root - h), &FieldVar::zero())?,
                None => root.enforce_equal(cs, h)?,
            }
        }

        for (slot, (form, total)) in forms.iter().zip(&mut totals).enumerate() {
            let (true, Some(smallest), Some((_, exact))) =
                (form.has_smallest, total.get_mut(Form::SMALLEST), public.dictionaries)
            else {
                continue;
            };
            let value = output(slot).and_then(|record| record.summed.get(Form::SMALLEST)).copied();
            let sealed = bounded(cs, value, COUNT_BITS)?;
            let added = &FieldVar::one() - exact;
            FieldVar::enforce_product(cs, &added, &(&sealed - smallest), &FieldVar::zero())?;
            *smallest = sealed;
        }
        let leaves: Vec<FieldVar> = forms
            .iter()
            .zip(common.iter().zip(&totals))
            .map(|(form, (common, total))| form.leaf(cs, common, total))
            .collect::<Result<_, _>>()?;
        let nonce = FieldVar::witness(cs, secret.map(|secret| secret.nonce))?;
        let header = header_leaf_var(cs, public.layout, public.rows, &nonce)?;
        places.root(cs, &header, &leaves)?.enforce_equal(cs, public.h)?;

        if let Some((h, exact)) = public.dictionaries {
            let header = FieldVar::witness(cs, secret.map(|secret| secret.dictionaries))?;
            let mut own = vec![header];
            let grouped = forms.iter().zip(&leaves).enumerate().filter(|(_, (form, _))| form.has_smallest);
            for (slot, (_, leaf)) in grouped {
                own.push(places.if_in_use(cs, slot, leaf)?);
            }
            let root = tree_root(cs, own)?;
            FieldVar::enforce_product(cs, exact, &(&root - h), &FieldVar::zero())?;
        }
        Ok(())
    }
}

/// The public inputs by name.
struct Public<'a> {
    t0: &'a FieldVar,
    layout: &'a FieldVar,
    rows: &'a FieldVar,
    h: &'a FieldVar,
    places: &'a [FieldVar],
    parts: &'a [FieldVar],
    active: &'a [FieldVar],
    /// Seal, and whether there is one.
    dictionaries: Option<(&'a FieldVar, &'a FieldVar)>,
}

impl<'a> Public<'a> {
    fn split(slots: &Slots, inputs: &'a [FieldVar]) -> Option<Self> {
        let ([t0, layout, rows, h], rest) = inputs.split_first_chunk::<4>()?;
        let (places, rest) = rest.split_at_checked(word_count(slots))?;
        let (parts, rest) = rest.split_at_checked(MERGE_FAN_IN)?;
        let (active, rest) = rest.split_at_checked(MERGE_FAN_IN - 2)?;
        let dictionaries = match rest {
            [] => None,
            [h, exact] => Some((h, exact)),
            _ => return None,
        };
        Some(Self { t0, layout, rows, h, places, parts, active, dictionaries })
    }
}

impl Circuit for MergeCircuit {
    fn id(&self) -> CircuitId {
        merge_circuit_id(&self.slots)
    }

    fn public_inputs(&self) -> Vec<Fr> {
        self.inputs.clone()
    }

    fn synthesize(&self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        Ok(self.constrain(&cs)?)
    }
}

#[cfg(test)]
impl MergeCircuit {
    /// A prover who adds to a summed element of a part.
    pub(in crate::scan) fn cheat_summed(&mut self, part: usize, slot: usize, element: usize, change: Fr) {
        let secret = self.secret.as_mut().unwrap();
        secret.parts[part].1[slot].summed[element] += change;
    }

    /// A prover who adds to an element that all records have in common.
    pub(in crate::scan) fn cheat_common(&mut self, slot: usize, element: usize, change: Fr) {
        let secret = self.secret.as_mut().unwrap();
        secret.output[slot].common[element] += change;
    }

    /// A prover who seals another smallest group.
    pub(in crate::scan) fn cheat_smallest(&mut self, slot: usize, change: Fr) {
        let secret = self.secret.as_mut().unwrap();
        secret.output[slot].summed[Form::SMALLEST] += change;
    }
}
