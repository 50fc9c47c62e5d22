//! What a relation is about, and the digest of everything public that is fixed before the first challenge.

use sha2::{Digest as _, Sha256};
use zkl_argument::commit::{Commitment, merkle_root};
use zkl_core::{
    ark::Fr,
    digest::{KeyDigest, Sha256Digest, TransactionId},
};
use zkl_poseidon::{Domain, hash_to_field};
use zkl_snark::proof_system::VerifyingKey;

use super::{circuit::relation_circuit_id, plan::RelationPlan};
use crate::{
    scan::{ColumnCommitments, scalar_bytes},
    seal::{SealCommitment, layout_digest},
};

const CONTEXT: &[u8] = b"zkl/relation/context/v1\0";
const T0: Domain = Domain::new("zkl/relation/t0/v1");

/// The entry that a proof is for: SHA-256 of `"zkl/relation/context/v1\0"`, then the log's name, the notary's key and the entry's nonce, each
/// after its length (u32, little-endian).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelationContext(Sha256Digest);

impl RelationContext {
    /// The context of an entry.
    pub fn new(origin: &str, notary_key: &[u8; 32], nonce: &[u8; 32]) -> Self {
        let mut hasher = Sha256::new_with_prefix(CONTEXT);
        for part in [origin.as_bytes(), notary_key, nonce] {
            hasher.update((part.len() as u32).to_le_bytes());
            hasher.update(part);
        }
        Self(Sha256Digest::new(hasher.finalize().into()))
    }
}

/// A table of a relation, as everybody has it.
#[derive(Clone, Copy)]
pub struct RelationRole<'a> {
    /// The notarization.
    pub entry: TransactionId,
    /// The dataset commitment.
    pub commitment_root: Sha256Digest,
    /// The sealed profile.
    pub h: SealCommitment,
    /// The committed columns of every segment, which have that root.
    pub segments: &'a [ColumnCommitments],
}

/// What a relation's proof is about.
#[derive(Clone, Copy)]
pub struct RelationStatement<'a> {
    /// The entry that the proof is for.
    pub context: RelationContext,
    /// Digest of the statement in the entry.
    pub digest: Sha256Digest,
    /// Tables and columns in the slots of a relation.
    pub plan: &'a RelationPlan<'a>,
    /// The tables, in the order of the plan.
    pub roles: &'a [RelationRole<'a>],
}

impl RelationStatement<'_> {
    /// `t0`: hash-to-field of, in this order, integers little-endian,
    ///
    /// ```text
    /// tag of the proof system    1, 0 for the one that has none
    /// context                    32
    /// statement                  32, its digest
    /// number of tables           1
    /// per table                  32 each: id of the entry, dataset commitment, h, layout digest
    /// reference string           32, its digest
    /// verifying key              32, its digest
    /// circuit id                 1, its length, and as many
    /// fresh columns              32, root over the commitments to the columns of this relation
    /// mask commitment            32
    /// ```
    pub(super) fn t0(
        &self,
        srs: KeyDigest,
        key: &dyn VerifyingKey,
        fresh: &[Vec<Vec<Commitment>>],
        mask: &Commitment,
    ) -> Fr {
        let id = relation_circuit_id(self.plan.shape()).to_string();
        let mut message = vec![key.system().tag().unwrap_or(0)];
        message.extend_from_slice(self.context.0.as_bytes());
        message.extend_from_slice(self.digest.as_bytes());
        // At most four.
        message.push(self.roles.len() as u8);
        for (role, table) in self.roles.iter().zip(self.plan.tables()) {
            message.extend_from_slice(role.entry.as_bytes());
            message.extend_from_slice(role.commitment_root.as_bytes());
            message.extend_from_slice(&role.h.to_bytes());
            message.extend_from_slice(&scalar_bytes(&layout_digest(table.layout())));
        }
        message.extend_from_slice(srs.as_bytes());
        message.extend_from_slice(key.digest().as_bytes());
        // An id has at most 96 bytes of name and a version.
        message.push(id.len() as u8);
        message.extend_from_slice(id.as_bytes());
        message.extend_from_slice(fresh_root(fresh).as_bytes());
        message.extend_from_slice(&mask.to_bytes());
        hash_to_field(T0, &message)
    }
}

/// RFC 6962 root over the commitments to fresh columns, `[unit][column][row group]`, integers little-endian.
///
/// ```text
/// leaf 0                           0x05 || units (u32)
/// per unit, column, row group      0x06 || unit (u32) || column (u32) || group (u32) || commitment (32)
/// ```
fn fresh_root(fresh: &[Vec<Vec<Commitment>>]) -> Sha256Digest {
    let mut leaves = vec![[vec![5], u32_bytes(fresh.len())].concat()];
    for (unit, columns) in fresh.iter().enumerate() {
        for (column, groups) in columns.iter().enumerate() {
            for (group, commitment) in groups.iter().enumerate() {
                let place = [vec![6], u32_bytes(unit), u32_bytes(column), u32_bytes(group)].concat();
                leaves.push([place, commitment.to_bytes().to_vec()].concat());
            }
        }
    }
    merkle_root(&leaves)
}

/// Numbers of units, columns and groups are far below 2^32.
fn u32_bytes(value: usize) -> Vec<u8> {
    (value as u32).to_le_bytes().to_vec()
}
