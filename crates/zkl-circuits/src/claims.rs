//! Claim circuits: statements over a seal `h` alone.
//!
//! Every circuit opens the header and the records that its claim is about, and proves an inequality between integers
//! that cannot wrap. Public inputs start with
//!
//! ```text
//! h, ctx, layout digest
//! ```
//!
//! and go on as the file of each circuit says. A verifier never takes them from a receipt: [`statement`] recomputes circuit
//! id and every input from the claim, the layout, `h` and `ctx`. `docs/claims.md` says what each claim means.
//!
//! # Soundness
//! A proof shows that the profile sealed in `h` satisfies the claim; whether that profile is the table's is not shown
//! here. The layout digest in the header ties types, scales, capacities and positions to `h`; the kind of a record is a
//! constant of its leaf's hash and its index is public, so that no record stands in for another. `ctx` sits in a
//! constraint of its own, so that a proof made for one entry, key or nonce is no proof for another.

mod bounds;
mod evaluate;
mod kind;
pub mod kinds;
pub mod language;
mod observed;
mod range;
mod ratio;
mod relation;
mod resolve;
mod rounded;
mod words;

#[cfg(test)]
mod tests;

use sha2::{Digest as _, Sha256};
use zkl_core::{
    ark::Fr,
    circuit::{CircuitId, CircuitType},
    digest::TransactionId,
    layout::Layout,
    profile::Profile,
};
use zkl_poseidon::{Domain, hash_to_field};

use self::{
    language::{Claim, ClaimError, TextForm},
    relation::{FrameInputs, circuit_id},
};
use crate::seal::{Seal, SealCommitment, layout_digest};

pub use self::{
    evaluate::{Evaluation, evaluate},
    kind::{Page, PageRow},
    kinds::{all_shapes, pages},
    observed::Observed,
    resolve::{ResolvedClaim, resolve},
};

/// What a verifier checks a claim's proof against: the circuit, and all its public inputs in order.
///
/// # Errors
/// [`ClaimError::ProfileMismatch`] when `resolved` was resolved against another layout.
pub fn statement(
    resolved: &ResolvedClaim,
    layout: &Layout,
    h: &SealCommitment,
    ctx: Fr,
) -> Result<(CircuitId, Vec<Fr>), ClaimError> {
    if resolved.layout != layout_digest(layout) {
        return Err(ClaimError::ProfileMismatch);
    }
    let mut inputs = FrameInputs { h: h.field(), ctx, layout: resolved.layout }.to_vec().to_vec();
    inputs.extend(resolved.relation.inputs());
    Ok((circuit_id(&resolved.relation.name()), inputs))
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
    if header.layout != claim.layout || header.rows != profile.rows {
        return Err(ClaimError::ProfileMismatch);
    }
    let inputs = FrameInputs { h: seal.commitment().field(), ctx, layout: header.layout };
    let instance = claim.relation.instance(inputs, seal).map_err(|_| ClaimError::ProfileMismatch)?;
    Ok(if claim.relation.privacy() {
        CircuitType::PrivacyPreserving(instance)
    } else {
        CircuitType::StatisticalProperties(instance)
    })
}

/// Whether a circuit's name is one of the project's own, which no embedder's statement may use.
pub fn is_reserved(circuit: &CircuitId) -> bool {
    ["claim/", "scan/", "merge/", "relation/"].iter().any(|prefix| circuit.name().starts_with(prefix))
}

/// The public input that ties a proof to one use: hash-to-field of
/// `SHA-256(canonical text of the claim) || entry || notary key || nonce`, where `entry` is the id of the notarization. Each version of
/// the text has a domain of its own.
pub fn context(text: TextForm, claim: &Claim, entry: TransactionId, notary_key: &[u8; 32], nonce: &[u8; 32]) -> Fr {
    const V1: Domain = Domain::new("zkl/claim/v1/context");
    const V2: Domain = Domain::new("zkl/claim/v2/context");
    let mut message = [0; 128];
    message[..32].copy_from_slice(&Sha256::digest(claim.canonical(text)));
    message[32..64].copy_from_slice(entry.as_bytes());
    message[64..96].copy_from_slice(notary_key);
    message[96..].copy_from_slice(nonce);
    let domain = match text {
        TextForm::V1 => V1,
        TextForm::V2 => V2,
    };
    hash_to_field(domain, &message)
}
