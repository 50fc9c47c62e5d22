//! The proof of a table in groups, and its one encoding.

use zkl_core::ark::Fr;

use super::{
    super::{
        statement::scalar_bytes,
        table::{TableDecodeError, TableKeys, TableProof},
    },
    plan::JoinedPlan,
};
use crate::seal::SealCommitment;

/// The version of proofs in groups; lower ones are those of [`TableProof`].
const VERSION: u8 = 3;
/// Bytes of a field element.
const ELEMENT: usize = 32;

/// What joins the groups of a table: openings of nothing but hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The nonce of the table's seal.
    pub(super) nonce: Fr,
    /// The header's leaf of the seal of every group.
    pub(super) headers: Vec<Fr>,
    /// The leaves of the table's seal but the header's: columns, then pairs.
    pub(super) leaves: Vec<Fr>,
}

/// What a prover publishes about a table beside its seal. With one group the bytes of its table proof; else
///
/// ```text
/// version        1 byte: 3
/// nonce          32, of the table's seal
/// headers        32 per group: the leaf of the header of its seal
/// leaves         32 per column, then per pair: the leaf of its record
/// groups         their table proofs
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct JoinedProof {
    /// With more than one group.
    pub(super) join: Option<Join>,
    pub(super) groups: Vec<TableProof>,
}

impl JoinedProof {
    /// The proof of a table that is not in groups.
    pub fn whole(proof: TableProof) -> Self {
        Self { join: None, groups: vec![proof] }
    }

    /// The proof of a table that is not in groups.
    pub fn table(&self) -> Option<&TableProof> {
        match self.groups.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Bytes of a proof of the table that `keys` verify.
    ///
    /// # Errors
    /// As [`TableProof::encoded_bytes`].
    pub fn encoded_bytes(plan: &JoinedPlan, keys: &TableKeys<'_>) -> Result<usize, TableDecodeError> {
        if let Some(plan) = plan.table() {
            return TableProof::encoded_bytes(plan, keys);
        }
        let mut bytes = 1 + ELEMENT * elements(plan);
        for (index, group) in plan.groups().iter().enumerate() {
            bytes += TableProof::encoded_bytes(group.plan(), keys).map_err(in_group(index))?;
        }
        Ok(bytes)
    }

    /// Canonical encoding. Proofs of one layout in row groups of one size have one length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(Join { nonce, headers, leaves }) = &self.join {
            bytes.push(VERSION);
            bytes.extend(std::iter::once(nonce).chain(headers).chain(leaves).flat_map(scalar_bytes));
        }
        bytes.extend(self.groups.iter().flat_map(TableProof::to_bytes));
        bytes
    }

    /// Reads [`JoinedProof::to_bytes`]; every length comes from plan and keys, and the whole is checked before anything is allocated.
    ///
    /// # Errors
    /// [`TableDecodeError`].
    pub fn from_bytes(plan: &JoinedPlan, keys: &TableKeys<'_>, bytes: &[u8]) -> Result<Self, TableDecodeError> {
        if let Some(plan) = plan.table() {
            return TableProof::from_bytes(plan, keys, bytes).map(Self::whole);
        }
        let expected = Self::encoded_bytes(plan, keys)?;
        let length = TableDecodeError::Length { expected, got: bytes.len() };
        let (&got, rest) = bytes.split_first().ok_or_else(|| length.clone())?;
        if got != VERSION {
            return Err(TableDecodeError::Version { expected: VERSION, got });
        }
        if bytes.len() != expected {
            return Err(length);
        }
        let (join, mut rest) = rest.split_at_checked(ELEMENT * elements(plan)).ok_or_else(|| length.clone())?;
        let (join, _) = join.as_chunks::<ELEMENT>();
        let element = |(index, bytes)| match SealCommitment::from_bytes(bytes) {
            Ok(element) => Ok(element.field()),
            Err(source) => Err(TableDecodeError::Join { index, source }),
        };
        let join = join.iter().enumerate().map(element).collect::<Result<Vec<Fr>, _>>()?;
        let (nonce, join) = join.split_first().ok_or_else(|| length.clone())?;
        let (headers, leaves) = join.split_at_checked(plan.groups().len()).ok_or_else(|| length.clone())?;
        let join = Join { nonce: *nonce, headers: headers.to_vec(), leaves: leaves.to_vec() };

        let mut groups = Vec::with_capacity(plan.groups().len());
        for (index, group) in plan.groups().iter().enumerate() {
            let own = TableProof::encoded_bytes(group.plan(), keys).map_err(in_group(index))?;
            let (own, others) = rest.split_at_checked(own).ok_or_else(|| length.clone())?;
            groups.push(TableProof::from_bytes(group.plan(), keys, own).map_err(in_group(index))?);
            rest = others;
        }
        Ok(Self { join: Some(join), groups })
    }
}

/// Field elements that join the groups.
fn elements(plan: &JoinedPlan) -> usize {
    1 + plan.groups().len() + plan.layout().columns().len() + plan.layout().pairs().len()
}

fn in_group(index: usize) -> impl Fn(TableDecodeError) -> TableDecodeError {
    move |source| TableDecodeError::Group { index, source: Box::new(source) }
}
