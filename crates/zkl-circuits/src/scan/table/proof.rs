//! A table's proof and its one encoding.

use zkl_argument::{
    Cell, ScanPlan,
    commit::{Commitment, RowGroups},
};
use zkl_core::circuit::CircuitId;
use zkl_snark::proof_system::VerifyingKey;

use super::{
    super::{circuit::scan_circuit_id, merge::merge_circuit_id, statement::read_points},
    error::TableDecodeError,
    keys::TableKeys,
    plan::{Segment, TablePlan},
};
use crate::{
    scan::{ColumnCommitments, ScanProof},
    seal::SealCommitment,
};

/// The version of proofs without a tag.
const UNTAGGED: u8 = 1;
/// The version of proofs that name their proof system by its tag.
const TAGGED: u8 = 2;
/// Bytes of the number of segments.
const COUNT: usize = 4;
/// Bytes of the number of a segment's rows.
const ROWS: usize = 4;
/// Bytes of a seal.
const SEAL: usize = 32;

/// What a prover publishes about one segment.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentProof {
    /// Rows.
    pub(in crate::scan) rows: u32,
    /// The profile of these rows.
    pub(in crate::scan) h: SealCommitment,
    /// The columns.
    pub(in crate::scan) commitments: ColumnCommitments,
    /// That both belong together.
    pub(in crate::scan) scan: ScanProof,
}

impl SegmentProof {
    /// The committed columns.
    pub const fn commitments(&self) -> &ColumnCommitments {
        &self.commitments
    }

    /// Bytes of the proof of `segment` that `keys` verify.
    pub(super) fn encoded_bytes(segment: &Segment<'_>, keys: &TableKeys<'_>) -> Result<usize, TableDecodeError> {
        let key = key(keys, scan_circuit_id(segment.scan.shape()))?;
        let scan = ScanProof::encoded_bytes(segment.scan.shape(), segment.groups, key)
            .map_err(|source| TableDecodeError::Scan { segment: segment.index, source })?;
        Ok(ROWS + SEAL + ColumnCommitments::encoded_bytes(segment.scan, segment.groups) + scan)
    }

    /// Appends the encoding, as [`TableProof`] has it.
    pub(super) fn encode_into(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.rows.to_le_bytes());
        bytes.extend_from_slice(&self.h.to_bytes());
        bytes.extend(self.commitments.to_bytes());
        bytes.extend(self.scan.to_bytes());
    }
}

/// The scan over the large dictionaries.
#[derive(Clone, Debug, PartialEq)]
pub struct DictionaryProof {
    /// The records of the large dictionaries.
    pub(super) h: SealCommitment,
    /// Columns that were committed to for this scan, `[column][row group]`: remainders and multiplicities of limbs.
    pub(super) columns: Vec<Vec<Commitment>>,
    /// The proof.
    pub(super) scan: ScanProof,
}

/// One merge.
#[derive(Clone, Debug, PartialEq)]
pub struct MergeProof {
    /// The seal of the sums; that of the last merge is the table's.
    pub(super) h: SealCommitment,
    /// The proof, as its proof system encodes it.
    pub(super) proof: Vec<u8>,
}

/// What a prover publishes about a table beside its seal.
///
/// ```text
/// version        1 byte: 1, or 2 and then the tag of the proof system
/// segments       4, little-endian
/// per segment    rows (4), h_s (32), commitments, scan proof
/// dictionaries   with large dictionaries and more than one segment: h_d (32), commitments, scan proof
/// per merge      h (32), proof of the merge circuit
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TableProof {
    /// Of the proof system.
    pub(in crate::scan) tag: Option<u8>,
    pub(in crate::scan) segments: Vec<SegmentProof>,
    pub(in crate::scan) dictionaries: Option<DictionaryProof>,
    pub(in crate::scan) merges: Vec<MergeProof>,
}

/// Whether a column of the scan over dictionaries is committed to for it.
pub(super) const fn is_own(cell: Cell) -> bool {
    !matches!(cell, Cell::Origin | Cell::Nothing | Cell::GroupSum { .. })
}

fn own_columns(plan: &ScanPlan) -> usize {
    plan.cells().iter().filter(|cell| is_own(**cell)).count()
}

impl TableProof {
    /// The segments, in order.
    pub fn segments(&self) -> &[SegmentProof] {
        &self.segments
    }

    /// Bytes of a proof of the table that `keys` verify.
    ///
    /// # Errors
    /// [`TableDecodeError::MissingKey`], and [`TableDecodeError::Scan`] for row groups that have no openings.
    pub fn encoded_bytes(plan: &TablePlan, keys: &TableKeys<'_>) -> Result<usize, TableDecodeError> {
        let mut bytes = header(keys.system().tag()).len() + COUNT;
        if let Some((key, merges)) = merge_key(plan, keys)? {
            bytes += merges * (SEAL + merge_len(key)?);
        }
        for segment in plan.segments() {
            bytes += SegmentProof::encoded_bytes(&segment, keys)?;
        }
        if let Some((scan, groups)) = plan.dictionaries() {
            let key = key(keys, scan_circuit_id(scan.shape()))?;
            let proof = ScanProof::encoded_bytes(scan.shape(), groups, key)
                .map_err(|source| TableDecodeError::Scan { segment: plan.len(), source })?;
            bytes += SEAL + own_columns(scan) * groups.count() * Commitment::ENCODED_BYTES + proof;
        }
        Ok(bytes)
    }

    /// Canonical encoding. Proofs of one layout in row groups of one size have one length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = header(self.tag);
        // A table has fewer than 2^32 rows, and a segment is at least one.
        bytes.extend_from_slice(&(self.segments.len() as u32).to_le_bytes());
        self.segments.iter().for_each(|segment| segment.encode_into(&mut bytes));
        if let Some(DictionaryProof { h, columns, scan }) = &self.dictionaries {
            bytes.extend_from_slice(&h.to_bytes());
            bytes.extend(columns.iter().flatten().flat_map(Commitment::to_bytes));
            bytes.extend(scan.to_bytes());
        }
        for MergeProof { h, proof } in &self.merges {
            bytes.extend_from_slice(&h.to_bytes());
            bytes.extend_from_slice(proof);
        }
        bytes
    }

    /// Reads [`TableProof::to_bytes`]; every length comes from plan and keys, and the whole is checked before anything is
    /// allocated. How the proof is read follows from the keys, never from its bytes.
    ///
    /// # Errors
    /// [`TableDecodeError`].
    pub fn from_bytes(plan: &TablePlan, keys: &TableKeys<'_>, bytes: &[u8]) -> Result<Self, TableDecodeError> {
        let tag = keys.system().tag();
        let expected = Self::encoded_bytes(plan, keys)?;
        let length = TableDecodeError::Length { expected, got: bytes.len() };
        let mut head = bytes.iter();
        let version = version(tag);
        match head.next() {
            None => return Err(length),
            Some(&got) if got != version => return Err(TableDecodeError::Version { expected: version, got }),
            Some(_) => {}
        }
        if let Some(expected) = tag {
            let got = head.next().copied().ok_or_else(|| length.clone())?;
            if got != expected {
                return Err(TableDecodeError::System { expected, got });
            }
        }
        let (count, rest) = head.as_slice().split_first_chunk::<COUNT>().ok_or_else(|| length.clone())?;
        let count = u32::from_le_bytes(*count);
        if usize::try_from(count) != Ok(plan.len()) {
            return Err(TableDecodeError::Segments { expected: plan.len(), got: count });
        }
        if bytes.len() != expected {
            return Err(length);
        }
        let mut reader = Reader { rest, length, seals: 0 };
        let segments = plan.segments().map(|segment| reader.segment(keys, &segment));
        let segments = segments.collect::<Result<_, TableDecodeError>>()?;
        let dictionaries = match plan.dictionaries() {
            None => None,
            Some((scan, groups)) => {
                let h = reader.seal()?;
                let bytes = reader.take(own_columns(scan) * groups.count() * Commitment::ENCODED_BYTES)?;
                let columns = read_points(bytes, groups.count())
                    .map_err(|source| TableDecodeError::Commitments { segment: plan.len(), source })?;
                Some(DictionaryProof { h, columns, scan: reader.scan(keys, plan.len(), scan, groups)? })
            }
        };
        let mut merges = Vec::new();
        if let Some((key, count)) = merge_key(plan, keys)? {
            let len = merge_len(key)?;
            for _ in 0..count {
                merges.push(MergeProof { h: reader.seal()?, proof: reader.take(len)?.to_vec() });
            }
        }
        Ok(Self { tag, segments, dictionaries, merges })
    }
}

/// Version, and the tag where there is one.
fn header(tag: Option<u8>) -> Vec<u8> {
    std::iter::once(version(tag)).chain(tag).collect()
}

const fn version(tag: Option<u8>) -> u8 {
    if tag.is_some() { TAGGED } else { UNTAGGED }
}

fn key<'k>(keys: &TableKeys<'k>, circuit: CircuitId) -> Result<&'k dyn VerifyingKey, TableDecodeError> {
    keys.get(&circuit).ok_or(TableDecodeError::MissingKey { circuit })
}

/// The key of the merges and how many there are, unless there are none.
fn merge_key<'k>(
    plan: &TablePlan,
    keys: &TableKeys<'k>,
) -> Result<Option<(&'k dyn VerifyingKey, usize)>, TableDecodeError> {
    match (plan.segment(0), plan.merges().len()) {
        (None, _) | (_, 0) => Ok(None),
        (Some(first), count) => Ok(Some((key(keys, merge_circuit_id(first.scan.shape().slots()))?, count))),
    }
}

fn merge_len(key: &dyn VerifyingKey) -> Result<usize, TableDecodeError> {
    key.proof_len(None).map_err(TableDecodeError::Merge)
}

/// Takes parts off the front of bytes whose length was checked.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    length: TableDecodeError,
    seals: usize,
}

impl<'a> Reader<'a> {
    /// A reader of the proof of segment `index` alone.
    pub(super) fn of_segment(bytes: &'a [u8], index: usize) -> Self {
        Self { rest: bytes, length: TableDecodeError::Length { expected: bytes.len(), got: bytes.len() }, seals: index }
    }

    /// Takes what [`SegmentProof::encode_into`] appended.
    pub(super) fn segment(
        &mut self,
        keys: &TableKeys<'_>,
        segment: &Segment<'_>,
    ) -> Result<SegmentProof, TableDecodeError> {
        let rows = u32::from_le_bytes(self.array()?);
        let h = self.seal()?;
        let bytes = self.take(ColumnCommitments::encoded_bytes(segment.scan, segment.groups))?;
        let at = |source| TableDecodeError::Commitments { segment: segment.index, source };
        let commitments = ColumnCommitments::from_bytes(segment.scan, segment.groups, bytes).map_err(at)?;
        let scan = self.scan(keys, segment.index, segment.scan, segment.groups)?;
        Ok(SegmentProof { rows, h, commitments, scan })
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], TableDecodeError> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or_else(|| self.length.clone())?;
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], TableDecodeError> {
        self.take(N)?.first_chunk::<N>().copied().ok_or_else(|| self.length.clone())
    }

    fn seal(&mut self) -> Result<SealCommitment, TableDecodeError> {
        let bytes = self.array::<SEAL>()?;
        let seal = SealCommitment::from_bytes(&bytes)
            .map_err(|source| TableDecodeError::Seal { index: self.seals, source })?;
        self.seals += 1;
        Ok(seal)
    }

    fn scan(
        &mut self,
        keys: &TableKeys<'_>,
        segment: usize,
        plan: &ScanPlan,
        groups: RowGroups,
    ) -> Result<ScanProof, TableDecodeError> {
        let at = |source| TableDecodeError::Scan { segment, source };
        let key = key(keys, scan_circuit_id(plan.shape()))?;
        let bytes = self.take(ScanProof::encoded_bytes(plan.shape(), groups, key).map_err(at)?)?;
        ScanProof::from_bytes(plan.shape(), groups, key, bytes).map_err(at)
    }
}
