//! The transcript circuit: one constraint system per shape.

use zeroize::Zeroize as _;
use zkl_argument::{LayoutVector, Opening, PlainProof, ScanPlan, Shape, Slots};
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
    lay::{LayoutFields, LayoutVar, layout_element},
    profile::open_seal,
    wire::CircuitVerifier,
};
use crate::seal::{Records, Seal, SealCommitment, SealError};

/// Version of every transcript circuit.
const VERSION: u32 = 1;

/// How many slots of each kind hold a record, as the ids of circuits say it.
pub(super) fn slots_name(slots: &Slots) -> String {
    let Slots { limbs: _, numeric, opaque, categories, joints, grouped, products } = slots;
    let list = |counts: &[usize]| counts.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
    format!("n{numeric}-o{opaque}-c{}-j{}-g{grouped}-p{products}", list(categories), list(joints))
}

/// Id of the transcript circuit of `shape`: `scan/ROWS-lLIMBS-nNUMERIC-oOPAQUE-cCATEGORIES-jJOINTS-gGROUPED-pPRODUCTS`,
/// rows as a binary logarithm, categories and joints by ascending size. Limbs of other than 16 bits, which only tests
/// have, are told after the rows.
pub fn scan_circuit_id(shape: &Shape) -> CircuitId {
    let limb_bits = match shape.limb_bits() {
        zkl_argument::shape::LIMB_BITS => String::new(),
        bits => format!("-b{bits}"),
    };
    let (rows, limbs) = (shape.log_rows(), shape.slots().limbs);
    let name = format!("scan/{rows}{limb_bits}-l{limbs}-{}", slots_name(shape.slots()));
    let id: Result<CircuitId, ParseError> = CircuitId::new(&name, VERSION);
    #[expect(clippy::expect_used, reason = "a shape bounds every count, and a test builds the longest name")]
    id.expect("a valid circuit name")
}

/// Public inputs of the transcript circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanInputs {
    /// Digest of everything public that was fixed before the first challenge.
    pub t0: Fr,
    /// The sealed profile.
    pub h: SealCommitment,
    /// [`layout_element`].
    pub lay: Fr,
    /// Rows of the table.
    pub rows: u64,
    /// The claim about the committed columns.
    pub opening: Opening<Fr>,
}

impl ScanInputs {
    /// In the order in which the circuit allocates them: t0, h, lay, n, r*, z_blk, beta, eta, rho, y.
    pub fn to_vec(&self) -> Vec<Fr> {
        let mut inputs = vec![self.t0, self.h.field(), self.lay, Fr::from(self.rows)];
        inputs.extend(opening_elements(&self.opening));
        inputs
    }

    /// How many there are for `shape`.
    pub fn len(shape: &Shape) -> usize {
        4 + opening_len(shape)
    }
}

/// Elements of an [`Opening`] of `shape`.
pub(super) fn opening_len(shape: &Shape) -> usize {
    shape.log_rows() + shape.block_bits() + 4
}

/// The elements of an opening, in the order of the public inputs.
pub(super) fn opening_elements<V: Clone>(opening: &Opening<V>) -> Vec<V> {
    let Opening { r_star, z_blk, beta, eta, rho, y } = opening;
    r_star.iter().chain(z_blk).chain([beta, eta, rho, y]).cloned().collect()
}

/// The opening with these elements; `None` unless there are [`opening_len`] of them.
pub(super) fn opening_from_elements<V: Clone>(shape: &Shape, elements: &[V]) -> Option<Opening<V>> {
    let (r_star, rest) = elements.split_at_checked(shape.log_rows())?;
    let (z_blk, rest) = rest.split_at_checked(shape.block_bits())?;
    let [beta, eta, rho, y] = <&[V; 4]>::try_from(rest).ok()?.clone();
    Some(Opening { r_star: r_star.to_vec(), z_blk: z_blk.to_vec(), beta, eta, rho, y })
}

/// The prover's side.
pub(super) struct Secret {
    pub(super) salt: Fr,
    pub(super) messages: Vec<Fr>,
    pub(super) layout: LayoutFields,
    pub(super) records: Records,
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.salt.zeroize();
        self.messages.zeroize();
    }
}

/// The statement that messages of the scan argument verify, for one shape.
pub struct TranscriptCircuit {
    shape: Shape,
    inputs: Vec<Fr>,
    secret: Option<Secret>,
}

impl TranscriptCircuit {
    /// The circuit of `shape` without a witness: enough to generate keys, not to prove.
    pub fn blank(shape: Shape) -> Self {
        Self { inputs: vec![Fr::ZERO; ScanInputs::len(&shape)], shape, secret: None }
    }

    /// The instance that proves `proof` about the profile in `seal`. `salt` is that of the transcript which made
    /// `proof`.
    ///
    /// # Errors
    /// [`SealError`] when the seal has other records than the layout says.
    pub fn new(plan: &ScanPlan, seal: &Seal, t0: Fr, salt: Fr, proof: &PlainProof) -> Result<Self, SealError> {
        let records = Records::new(plan, seal)?;
        let inputs = ScanInputs {
            t0,
            h: seal.commitment(),
            lay: layout_element(plan),
            rows: plan.layout().rows(),
            opening: proof.opening.clone(),
        };
        let secret = Secret { salt, messages: proof.messages.clone(), layout: LayoutFields::new(plan), records };
        Ok(Self::of_parts(plan.shape().clone(), inputs.to_vec(), secret))
    }

    pub(super) const fn of_parts(shape: Shape, inputs: Vec<Fr>, secret: Secret) -> Self {
        Self { shape, inputs, secret: Some(secret) }
    }

    fn constrain(&self, cs: &Cs) -> Result<(), GadgetError> {
        let (shape, secret) = (&self.shape, self.secret.as_ref());
        let expected = ScanInputs::len(shape);
        if self.inputs.len() != expected {
            return Err(GadgetError::Length { expected, got: self.inputs.len() });
        }
        let inputs: Vec<FieldVar> =
            self.inputs.iter().map(|&input| FieldVar::input(cs, Some(input))).collect::<Result<_, _>>()?;
        let Some(([t0, h, lay, rows], public)) = inputs.split_first_chunk::<4>() else {
            return Err(GadgetError::Length { expected: 4, got: inputs.len() });
        };

        let layout = LayoutVar::open(cs, shape, secret.map(|secret| &secret.layout), lay)?;
        let (salt, messages) = (secret.map(|secret| secret.salt), secret.map(|secret| secret.messages.as_slice()));
        let mut verifier = CircuitVerifier::new(cs, t0, salt, messages, shape.message_count())?;
        let records = secret.map(|secret| &secret.records);
        let sealed = open_seal(cs, shape, &layout, records, rows, h, &verifier)?;

        let flags = std::iter::once(rows).chain(&layout.flags).map(|var| verifier.wire(var)).collect::<Vec<_>>();
        let length = GadgetError::Length { expected: LayoutVector::<Fr>::len(shape), got: flags.len() };
        let vector = LayoutVector::from_elements(shape, flags).map_err(|_| length)?;
        let opening = zkl_argument::verify(&mut verifier, shape, &vector, &sealed)?;
        let opened = opening_elements(&opening);
        if opened.len() != public.len() {
            return Err(GadgetError::Length { expected: public.len(), got: opened.len() });
        }
        for (opened, public) in opened.iter().zip(public) {
            opened.var().enforce_equal(cs, public)?;
        }
        verifier.finish()
    }
}

impl Circuit for TranscriptCircuit {
    fn id(&self) -> CircuitId {
        scan_circuit_id(&self.shape)
    }

    fn public_inputs(&self) -> Vec<Fr> {
        self.inputs.clone()
    }

    fn synthesize(&self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        Ok(self.constrain(&cs)?)
    }

    fn is_linked(&self) -> bool {
        true
    }
}
