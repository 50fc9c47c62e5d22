//! A relation's proof and its one encoding.

use zkl_argument::{commit::Commitment, relation::RelationOpening};
use zkl_core::ark::{Fr, serialize::CanonicalDeserialize as _};
use zkl_snark::proof_system::VerifyingKey;

use super::{error::RelationDecodeError, plan::RelationPlan};
use crate::scan::{read_points, scalar_bytes};

/// The version of every proof.
const VERSION: u8 = 1;

/// What a prover publishes.
///
/// ```text
/// version            1 byte: 1
/// fresh columns      32 each: commitments to the columns of this relation, unit by unit: digests of values, dictionary by dictionary, then
///                    extra columns; row group by row group
/// mask commitment    32
/// claim              32 each: r*, z_blk, Y, eta, rho, y
/// proof              of the relation circuit and its link, as its proof system encodes it
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RelationProof {
    /// `[unit][column][row group]`.
    pub(super) fresh: Vec<Vec<Vec<Commitment>>>,
    pub(super) mask: Commitment,
    pub(super) claim: RelationOpening<Fr>,
    pub(super) proof: Vec<u8>,
}

impl RelationProof {
    /// Bytes before the proof of the circuit.
    pub fn bytes_before(plan: &RelationPlan<'_>) -> usize {
        1 + Commitment::ENCODED_BYTES * (plan.fresh_commitments() + 1) + 32 * RelationOpening::<Fr>::len(plan.shape())
    }

    /// Bytes of a proof that `key` verifies.
    ///
    /// # Errors
    /// [`RelationDecodeError::Proof`] for row groups that have no openings.
    pub fn encoded_bytes(plan: &RelationPlan<'_>, key: &dyn VerifyingKey) -> Result<usize, RelationDecodeError> {
        let proof = key.proof_len(Some(plan.groups().kappa())).map_err(RelationDecodeError::Proof)?;
        Ok(Self::bytes_before(plan) + proof)
    }

    /// Canonical encoding. Proofs of one plan under one key have one length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.fresh.iter().flatten().flatten().flat_map(Commitment::to_bytes));
        bytes.extend(self.mask.to_bytes());
        bytes.extend(self.claim.elements().iter().flat_map(scalar_bytes));
        bytes.extend_from_slice(&self.proof);
        bytes
    }

    /// Reads [`Self::to_bytes`]; every length comes from plan and key, and the whole is checked before anything is allocated.
    ///
    /// # Errors
    /// [`RelationDecodeError`].
    pub fn from_bytes(
        plan: &RelationPlan<'_>,
        key: &dyn VerifyingKey,
        bytes: &[u8],
    ) -> Result<Self, RelationDecodeError> {
        let expected = Self::encoded_bytes(plan, key)?;
        let length = || RelationDecodeError::Length { expected, got: bytes.len() };
        if bytes.len() != expected {
            return Err(length());
        }
        let (&version, rest) = bytes.split_first().ok_or_else(length)?;
        if version != VERSION {
            return Err(RelationDecodeError::Version { expected: VERSION, got: version });
        }
        let points = Commitment::ENCODED_BYTES * plan.fresh_commitments();
        let (points, rest) = rest.split_at_checked(points).ok_or_else(length)?;
        let (mask, rest) = rest.split_first_chunk::<32>().ok_or_else(length)?;
        let (claim, proof) = rest.split_at_checked(32 * RelationOpening::<Fr>::len(plan.shape())).ok_or_else(length)?;
        let mut fresh = Vec::new();
        let mut points = points;
        for (index, unit) in plan.units().enumerate() {
            let groups = unit.groups.count();
            let own = Commitment::ENCODED_BYTES * groups * plan.fresh_columns(index);
            let (own, rest) = points.split_at_checked(own).ok_or_else(length)?;
            fresh.push(read_points(own, groups).map_err(RelationDecodeError::Fresh)?);
            points = rest;
        }
        let mask = Commitment::from_bytes(mask).map_err(RelationDecodeError::Mask)?;
        let (elements, _) = claim.as_chunks::<32>();
        let read = |(index, bytes): (usize, &[u8; 32])| {
            Fr::deserialize_compressed(bytes.as_slice()).map_err(|_| RelationDecodeError::Element { index })
        };
        let elements: Vec<Fr> = elements.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        let claim = RelationOpening::from_elements(plan.shape(), &elements).ok_or_else(length)?;
        Ok(Self { fresh, mask, claim, proof: proof.to_vec() })
    }
}
