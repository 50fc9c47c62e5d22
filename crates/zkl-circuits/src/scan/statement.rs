//! What a scan proof is about, and `t0`, which binds all of it before the first challenge.

use sha2::{Digest as _, Sha256};
use zkl_argument::{
    Opening, ScanPlan,
    commit::{CommitError, Commitment, RowGroups, commitment_root},
};
use zkl_core::{
    ark::{
        Fr,
        ff::{BigInteger as _, PrimeField as _},
    },
    digest::{KeyDigest, Sha256Digest},
    layout::Layout,
    name::DatasetName,
};
use zkl_kernel::threads::prelude::*;
use zkl_poseidon::{Domain, hash_to_field};
use zkl_snark::proof_system::VerifyingKey;

use super::{
    circuit::{ScanInputs, scan_circuit_id},
    error::CommitmentsError,
    lay::layout_element,
};
use crate::seal::{SealCommitment, layout_digest, layout_vector};

const T0: Domain = Domain::new("zkl/scan/t0/v1");
const TAGGED_T0: Domain = Domain::new("zkl/scan/t0/v2");
const CONTEXT: &[u8] = b"zkl/scan/context/v1\0";

/// Which entry a scan proof is for, so that it is no proof for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanContext(Sha256Digest);

impl ScanContext {
    /// SHA-256 of `"zkl/scan/context/v1\0"`, then origin, notary key, dataset name and nonce, each after its length
    /// (u32, little-endian).
    pub fn new(origin: &str, notary_key: &[u8; 32], dataset: &DatasetName, nonce: &[u8; 32]) -> Self {
        let mut hasher = Sha256::new_with_prefix(CONTEXT);
        for part in [origin.as_bytes(), notary_key, dataset.as_str().as_bytes(), nonce] {
            hasher.update((part.len() as u32).to_le_bytes());
            hasher.update(part);
        }
        Self(Sha256Digest::new(hasher.finalize().into()))
    }

    /// The context with this digest: for whoever proves a segment and need not know what for.
    pub const fn from_digest(digest: Sha256Digest) -> Self {
        Self(digest)
    }

    /// The digest.
    pub const fn digest(&self) -> Sha256Digest {
        self.0
    }

    /// The context of a part of what this context is for. Callers have a tag for every kind of part.
    pub(super) fn part(&self, tag: &[u8], parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new_with_prefix(tag);
        hasher.update(self.0.as_bytes());
        for part in parts {
            hasher.update(part);
        }
        Self(Sha256Digest::new(hasher.finalize().into()))
    }
}

/// The layout as the dataset commitment holds it: the elements of [`layout_vector`], 32 little-endian bytes each.
pub fn layout_bytes(layout: &Layout) -> Vec<u8> {
    layout_vector(layout).iter().flat_map(scalar_bytes).collect()
}

/// Commitments to every committed column of a plan, `[column][row group]`, in the order of `ScanPlan::cells`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnCommitments {
    groups: RowGroups,
    columns: Vec<Vec<Commitment>>,
}

impl ColumnCommitments {
    /// Commitments that belong to `plan`.
    ///
    /// # Errors
    /// [`CommitmentsError::Rows`] unless the groups hold the rows of the plan's shape, [`CommitmentsError::Columns`]
    /// and [`CommitmentsError::Groups`] unless there is one commitment per column and group.
    pub fn new(plan: &ScanPlan, groups: RowGroups, columns: Vec<Vec<Commitment>>) -> Result<Self, CommitmentsError> {
        let commitments = Self { groups, columns };
        commitments.check(plan)?;
        Ok(commitments)
    }

    /// Row groups of `2^kappa` rows for the plan's shape, or one group when it has fewer rows.
    ///
    /// # Errors
    /// [`CommitmentsError::Kappa`] for a `kappa` that commitments do not support.
    pub fn row_groups(plan: &ScanPlan, kappa: u32) -> Result<RowGroups, CommitmentsError> {
        let log_rows = plan.shape().log_rows() as u32;
        let kappa = kappa.min(log_rows);
        RowGroups::new(kappa, 1 << (log_rows - kappa)).map_err(|_| CommitmentsError::Kappa { got: kappa })
    }

    /// How rows are grouped.
    pub const fn groups(&self) -> RowGroups {
        self.groups
    }

    /// The commitments, `[column][row group]`.
    pub fn columns(&self) -> &[Vec<Commitment>] {
        &self.columns
    }

    /// The dataset commitment: RFC 6962 root over [`layout_bytes`] and every commitment.
    ///
    /// # Errors
    /// [`CommitError`], never for commitments that were checked.
    pub fn root(&self, layout: &Layout) -> Result<Sha256Digest, CommitError> {
        commitment_root(&layout_bytes(layout), self.groups, &self.columns)
    }

    /// Bytes of the commitments of a plan.
    pub fn encoded_bytes(plan: &ScanPlan, groups: RowGroups) -> usize {
        plan.cells().len() * groups.count() * Commitment::ENCODED_BYTES
    }

    /// Canonical encoding: column by column, group by group.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.columns.iter().flatten().flat_map(Commitment::to_bytes).collect()
    }

    /// Reads [`Self::to_bytes`]. The length follows from the plan and is checked before anything is allocated.
    ///
    /// # Errors
    /// [`CommitmentsError`].
    pub fn from_bytes(plan: &ScanPlan, groups: RowGroups, bytes: &[u8]) -> Result<Self, CommitmentsError> {
        let expected = Self::encoded_bytes(plan, groups);
        if bytes.len() != expected {
            return Err(CommitmentsError::Length { expected, got: bytes.len() });
        }
        Self::new(plan, groups, read_points(bytes, groups.count())?)
    }

    pub(super) fn check(&self, plan: &ScanPlan) -> Result<(), CommitmentsError> {
        let log_rows = self.groups.kappa() + self.groups.group_vars();
        if log_rows != plan.shape().log_rows() {
            return Err(CommitmentsError::Rows { expected: plan.shape().log_rows(), got: log_rows });
        }
        if self.columns.len() != plan.cells().len() {
            return Err(CommitmentsError::Columns { expected: plan.cells().len(), got: self.columns.len() });
        }
        let expected = self.groups.count();
        match self.columns.iter().position(|column| column.len() != expected) {
            Some(column) => Err(CommitmentsError::Groups { column, expected, got: self.columns[column].len() }),
            None => Ok(()),
        }
    }
}

/// What a scan proof is about.
#[derive(Clone, Copy)]
pub struct ScanStatement<'a> {
    /// The entry that the proof is for.
    pub context: ScanContext,
    /// The layout in the slots of a shape.
    pub plan: &'a ScanPlan,
    /// The sealed profile.
    pub h: SealCommitment,
    /// The committed columns.
    pub commitments: &'a ColumnCommitments,
}

impl ScanStatement<'_> {
    /// `t0`: hash-to-field of, in this order,
    ///
    /// ```text
    /// tag of the proof system    1, in the domain v2; absent in v1, of the system that has none
    /// context                    32 bytes
    /// reference string           32, its digest
    /// verifying key              32, its digest
    /// circuit id                 1, its length, and as many
    /// dataset commitment         32, over row groups, layout and every commitment, multiplicities included
    /// layout digest              32
    /// h                          32
    /// mask commitment            32
    /// ```
    ///
    /// Protocol and version are in the domain.
    ///
    /// # Errors
    /// [`CommitError`], never for commitments that were checked.
    pub fn t0(&self, srs: KeyDigest, key: &dyn VerifyingKey, mask: &Commitment) -> Result<Fr, CommitError> {
        let layout = self.plan.layout();
        let id = scan_circuit_id(self.plan.shape()).to_string();
        let (domain, tag) = match key.system().tag() {
            None => (T0, None),
            tag => (TAGGED_T0, tag),
        };
        let mut message = Vec::with_capacity(7 * 32 + 2 + id.len());
        message.extend(tag);
        message.extend_from_slice(self.context.digest().as_bytes());
        message.extend_from_slice(srs.as_bytes());
        message.extend_from_slice(key.digest().as_bytes());
        // An id has at most 96 bytes of name and a version.
        message.push(id.len() as u8);
        message.extend_from_slice(id.as_bytes());
        message.extend_from_slice(self.commitments.root(layout)?.as_bytes());
        message.extend_from_slice(&scalar_bytes(&layout_digest(layout)));
        message.extend_from_slice(&self.h.to_bytes());
        message.extend_from_slice(&mask.to_bytes());
        Ok(hash_to_field(domain, &message))
    }

    /// Public inputs of the transcript circuit for the claim that a proof ends in.
    pub fn inputs(&self, t0: Fr, opening: &Opening<Fr>) -> ScanInputs {
        let rows = self.plan.layout().rows();
        ScanInputs { t0, h: self.h, lay: layout_element(self.plan), rows, opening: opening.clone() }
    }
}

/// Points one after another, in columns of `groups`. Decoding takes a square root each, most of a verifier's time for a long table.
///
/// # Errors
/// [`CommitmentsError::Point`] for the first one that is no point.
pub(crate) fn read_points(bytes: &[u8], groups: usize) -> Result<Vec<Vec<Commitment>>, CommitmentsError> {
    let (points, _) = bytes.as_chunks::<{ Commitment::ENCODED_BYTES }>();
    let points: Vec<_> = points.par_iter().map(Commitment::from_bytes).collect();
    let point =
        |(index, point): (usize, Result<_, _>)| point.map_err(|source| CommitmentsError::Point { index, source });
    let points: Vec<Commitment> = points.into_iter().enumerate().map(point).collect::<Result<_, _>>()?;
    Ok(points.chunks(groups).map(<[Commitment]>::to_vec).collect())
}

/// 32 little-endian bytes.
pub(crate) fn scalar_bytes(value: &Fr) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (byte, value) in bytes.iter_mut().zip(value.into_bigint().to_bytes_le()) {
        *byte = value;
    }
    bytes
}
