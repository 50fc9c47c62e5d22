//! From a resolved claim to its circuit.

use crate::claims::language::{ClaimError, GroupTarget, ResolvedClaim};
use zkl_core::{
    ark::Fr,
    circuit::{Circuit, CircuitId, CircuitType},
    column::ColumnType,
    layout::Layout,
    profile::Profile,
};

use super::{
    balance::Balance,
    correlation::Correlation,
    count::Count,
    evaluate::evaluate,
    gap::{Gap, GapShape},
    mean::Mean,
    min_group::{MinGroup, MinJointGroup, MinLargeGroup, Threshold},
    nulls::Nulls,
    relation::{FrameInputs, Instance, Relation, circuit_id},
    rows::Rows,
    share::Share,
    sum::Sum,
    values::Values,
    variance::Variance,
};
use crate::seal::{RecordIndex, Seal, SealCommitment, SealError, layout_digest, value_digest};

/// The circuit of one claim about one layout: what a verifier knows of it.
pub struct ClaimCircuit {
    relation: Box<dyn AnyRelation>,
    /// Whether the claim is about the privacy of groups.
    privacy: bool,
}

impl ClaimCircuit {
    /// The circuit of `claim`.
    ///
    /// # Errors
    /// [`ClaimError::ProfileMismatch`] when `claim` was resolved against another layout.
    pub fn new(claim: &ResolvedClaim, layout: &Layout) -> Result<Self, ClaimError> {
        let relation = relation(claim, layout)?;
        Ok(Self { relation, privacy: matches!(claim, ResolvedClaim::MinGroup { .. }) })
    }

    /// A circuit of a shape alone, for key generation.
    pub(super) fn of_shape<R: Relation>(relation: R) -> Self {
        Self { relation: Box::new(relation), privacy: false }
    }

    /// Which constraint system this is.
    pub fn id(&self) -> CircuitId {
        circuit_id(&self.relation.name())
    }

    /// All public inputs, in order.
    pub fn public_inputs(&self, layout: &Layout, h: SealCommitment, ctx: Fr) -> Vec<Fr> {
        let mut inputs = FrameInputs { h: h.field(), ctx, layout: layout_digest(layout) }.to_vec().to_vec();
        inputs.extend(self.relation.inputs());
        inputs
    }

    /// The circuit without a witness: enough to generate keys, not to prove.
    pub fn blank(self) -> Box<dyn Circuit> {
        self.relation.blank()
    }

    /// The instance that proves `claim` about `profile`, sealed in `seal`.
    ///
    /// # Errors
    /// [`ClaimError::False`] without the hidden value, [`ClaimError::NotProvable`], [`ClaimError::Vacuous`], and
    /// [`ClaimError::ProfileMismatch`] when claim, layout, profile and seal are not of one table.
    pub fn prove_instance(
        claim: &ResolvedClaim,
        layout: &Layout,
        profile: &Profile,
        seal: &Seal,
        ctx: Fr,
    ) -> Result<CircuitType, ClaimError> {
        evaluate(claim, layout, profile)?.check()?;
        let header = seal.header().record;
        if header.layout != layout_digest(layout) || header.rows != profile.rows {
            return Err(ClaimError::ProfileMismatch);
        }
        let circuit = Self::new(claim, layout)?;
        let inputs = FrameInputs { h: seal.commitment().field(), ctx, layout: header.layout };
        let instance = circuit.relation.instance(inputs, seal).map_err(|_| ClaimError::ProfileMismatch)?;
        Ok(if circuit.privacy {
            CircuitType::PrivacyPreserving(instance)
        } else {
            CircuitType::StatisticalProperties(instance)
        })
    }
}

/// A [`Relation`] whatever its witness.
trait AnyRelation: Send + Sync {
    fn name(&self) -> String;
    fn inputs(&self) -> Vec<Fr>;
    fn blank(self: Box<Self>) -> Box<dyn Circuit>;
    fn instance(self: Box<Self>, inputs: FrameInputs, seal: &Seal) -> Result<Box<dyn Circuit>, SealError>;
}

impl<R: Relation> AnyRelation for R {
    fn name(&self) -> String {
        Relation::name(self)
    }

    fn inputs(&self) -> Vec<Fr> {
        Relation::inputs(self)
    }

    fn blank(self: Box<Self>) -> Box<dyn Circuit> {
        let zero = Fr::from(0u64);
        let inputs = FrameInputs { h: zero, ctx: zero, layout: zero };
        Box::new(Instance { relation: *self, inputs, secret: None })
    }

    fn instance(self: Box<Self>, inputs: FrameInputs, seal: &Seal) -> Result<Box<dyn Circuit>, SealError> {
        let secret = Some((seal.header(), self.open(seal)?));
        Ok(Box::new(Instance { relation: *self, inputs, secret }))
    }
}

fn relation(claim: &ResolvedClaim, layout: &Layout) -> Result<Box<dyn AnyRelation>, ClaimError> {
    let column = |column: usize| RecordIndex::column(layout, column).ok_or(ClaimError::ProfileMismatch);
    let pair = |pair: usize| RecordIndex::pair(layout, pair).ok_or(ClaimError::ProfileMismatch);
    let digest = |column: usize, value: &str| {
        let ty: Option<ColumnType> = layout.columns().get(column).map(|column| column.ty);
        ty.map(|ty| value_digest(ty, value)).ok_or(ClaimError::ProfileMismatch)
    };
    Ok(match claim {
        ResolvedClaim::Rows { is } => Box::new(Rows { is: *is }),
        ResolvedClaim::Count { column: c, is } => Box::new(Count { column: *c, index: column(*c)?, is: *is }),
        ResolvedClaim::Nulls { column: c, unit, is } => {
            Box::new(Nulls { column: *c, index: column(*c)?, unit: *unit, is: *is })
        }
        ResolvedClaim::Mean { column: c, is } => Box::new(Mean { column: *c, index: column(*c)?, is: *is }),
        ResolvedClaim::Sum { column: c, is } => Box::new(Sum { column: *c, index: column(*c)?, is: *is }),
        ResolvedClaim::Variance { column: c, estimator, is } => {
            Box::new(Variance { column: *c, index: column(*c)?, estimator: *estimator, is: *is })
        }
        ResolvedClaim::Values { column: c, lower, upper, .. } => {
            Box::new(Values { column: *c, index: column(*c)?, lower: *lower, upper: *upper })
        }
        ResolvedClaim::Share { column: c, capacity, value, over, is } => Box::new(Share {
            column: *c,
            index: column(*c)?,
            capacity: *capacity as usize,
            value: digest(*c, value)?,
            over: *over,
            is: *is,
        }),
        ResolvedClaim::Gap { pair: p, axes, group, group_capacity, label, label_capacity, value, groups, is } => {
            let (labels, groups_len) = (*label_capacity as usize, *group_capacity as usize);
            Box::new(Gap {
                shape: GapShape { groups: groups_len, labels, axes: *axes },
                positions: [*p, *group, *label],
                pair: pair(*p)?,
                group: column(*group)?,
                label: column(*label)?,
                value: digest(*label, value)?,
                groups: [digest(*group, &groups[0])?, digest(*group, &groups[1])?],
                is: *is,
            })
        }
        ResolvedClaim::MinGroup { target, nulls, at_least } => {
            let threshold = |index| Threshold { index, at_least: *at_least, nulls: *nulls };
            match *target {
                GroupTarget::Category { column: c, capacity } => {
                    Box::new(MinGroup { column: c, capacity: capacity as usize, threshold: threshold(column(c)?) })
                }
                GroupTarget::Grouped { column: c } => {
                    Box::new(MinLargeGroup { column: c, threshold: threshold(column(c)?) })
                }
                GroupTarget::Joint { pair: p, group_capacity, label_capacity } => {
                    let capacities = (group_capacity as usize, label_capacity as usize);
                    Box::new(MinJointGroup { pair: p, capacities, threshold: threshold(pair(p)?) })
                }
            }
        }
        ResolvedClaim::Balance { column: c, capacity, at_least } => {
            Box::new(Balance { column: *c, index: column(*c)?, capacity: *capacity as usize, at_least: *at_least })
        }
        ResolvedClaim::Correlation { pair: p, is } => Box::new(Correlation { pair: *p, index: pair(*p)?, is: *is }),
    })
}

#[cfg(test)]
impl ClaimCircuit {
    /// [`ClaimCircuit::prove_instance`] by a prover who does not care whether the claim is true.
    pub(super) fn careless_instance(
        claim: &ResolvedClaim,
        layout: &Layout,
        seal: &Seal,
        ctx: Fr,
    ) -> Result<Box<dyn Circuit>, ClaimError> {
        let inputs = FrameInputs { h: seal.commitment().field(), ctx, layout: layout_digest(layout) };
        let instance = Self::new(claim, layout)?.relation.instance(inputs, seal);
        instance.map_err(|_| ClaimError::ProfileMismatch)
    }
}
