//! What every claim circuit has in common.

use zkl_core::{
    ark::{
        Fr,
        relations::gr1cs::{ConstraintSystemRef, SynthesisError},
    },
    circuit::{Circuit, CircuitId},
    error::ParseError,
};
use zkl_snark::gadgets::{Cs, FieldVar, GadgetError, IntVar};

use crate::seal::{HeaderRecord, HeaderVar, Opening, Seal, SealError};

/// One claim circuit with its public side: the statement of a verifier, and with a [`Relation::Witness`] the instance of a
/// prover.
pub(super) trait Relation: Send + Sync + 'static {
    /// The records that the circuit opens, and what else only the prover knows.
    type Witness: Send + Sync;

    /// Name of the constraint system, without `claim/` and version.
    fn name(&self) -> String;

    /// The public inputs after `h`, `ctx` and the layout digest, in the order in which [`Relation::constrain`] allocates
    /// them.
    fn inputs(&self) -> Vec<Fr>;

    /// Takes the records from a seal.
    ///
    /// # Errors
    /// [`SealError`] when the seal has no such records.
    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError>;

    /// Writes the constraints that follow the frame's.
    ///
    /// # Errors
    /// Those of the gadgets.
    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError>;
}

/// The constraints that all claims start with.
pub(super) struct Frame {
    /// The seal.
    pub(super) h: FieldVar,
    /// Rows of the table, below 2^32.
    pub(super) rows: IntVar,
}

/// The public inputs that all claims start with.
#[derive(Clone, Copy)]
pub(super) struct FrameInputs {
    pub(super) h: Fr,
    pub(super) ctx: Fr,
    pub(super) layout: Fr,
}

impl FrameInputs {
    pub(super) const fn to_vec(self) -> [Fr; 3] {
        [self.h, self.ctx, self.layout]
    }
}

impl Frame {
    /// Opens the header and compares its layout with the public one.
    fn open(cs: &Cs, inputs: &FrameInputs, header: Option<&Opening<HeaderRecord>>) -> Result<Self, GadgetError> {
        let h = FieldVar::input(cs, Some(inputs.h))?;
        let ctx = FieldVar::input(cs, Some(inputs.ctx))?;
        // Without a constraint of its own, ctx could be exchanged in a proof that was already made.
        ctx.square(cs)?;
        let layout = FieldVar::input(cs, Some(inputs.layout))?;
        let header = HeaderVar::open(cs, header, &h)?;
        header.layout.enforce_equal(cs, &layout)?;
        Ok(Self { h, rows: header.rows })
    }
}

/// A relation with or without the prover's side.
pub(super) struct Instance<R: Relation> {
    pub(super) relation: R,
    pub(super) inputs: FrameInputs,
    pub(super) secret: Option<(Opening<HeaderRecord>, R::Witness)>,
}

impl<R: Relation> Circuit for Instance<R> {
    fn id(&self) -> CircuitId {
        circuit_id(&self.relation.name())
    }

    fn public_inputs(&self) -> Vec<Fr> {
        let mut inputs = self.inputs.to_vec().to_vec();
        inputs.extend(self.relation.inputs());
        inputs
    }

    fn synthesize(&self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let (header, witness) = self.secret.as_ref().map(|(header, witness)| (header, witness)).unzip();
        let frame = Frame::open(&cs, &self.inputs, header)?;
        self.relation.constrain(&cs, &frame, witness)?;
        Ok(())
    }
}

/// Version of every claim circuit.
const VERSION: u32 = 1;

/// The id of the claim circuit called `name`. Names are constants of this crate and sizes, which a test runs through.
pub(super) fn circuit_id(name: &str) -> CircuitId {
    let id: Result<CircuitId, ParseError> = CircuitId::new(&format!("claim/{name}"), VERSION);
    #[expect(clippy::expect_used, reason = "every name is built from constants, and a test builds them all")]
    id.expect("a valid circuit name")
}

/// `value >= least`, for a small constant.
pub(super) fn enforce_at_least(cs: &Cs, value: &IntVar, least: u64) -> Result<(), GadgetError> {
    IntVar::constant(least)?.enforce_le(cs, value)
}
