//! A table's proof and its one encoding.

use zkl_argument::{Cell, ScanPlan, commit::Commitment};
use zkl_snark::groth16;

use super::{super::statement::read_points, error::TableDecodeError, plan::TablePlan};
use crate::{
    scan::{ColumnCommitments, ScanProof},
    seal::SealCommitment,
};

/// The version that is written and read.
const VERSION: u8 = 1;
/// Bytes before the first segment: version and number of segments.
const HEADER: usize = 1 + 4;
/// Bytes of a seal.
const SEAL: usize = 32;

/// What a prover publishes about one segment.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentProof {
    /// Rows.
    pub(super) rows: u32,
    /// The profile of these rows.
    pub(super) h: SealCommitment,
    /// The columns.
    pub(super) commitments: ColumnCommitments,
    /// That both belong together.
    pub(super) scan: ScanProof,
}

impl SegmentProof {
    /// The committed columns.
    pub const fn commitments(&self) -> &ColumnCommitments {
        &self.commitments
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
    /// The proof.
    pub(super) groth16: groth16::Proof,
}

/// What a prover publishes about a table beside its seal.
///
/// ```text
/// version        1 byte: 1
/// segments       4, little-endian
/// per segment    rows (4), h_s (32), commitments, scan proof
/// dictionaries   with large dictionaries and more than one segment: h_d (32), commitments, scan proof
/// per merge      h (32), Groth16 proof (128)
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TableProof {
    pub(super) segments: Vec<SegmentProof>,
    pub(super) dictionaries: Option<DictionaryProof>,
    pub(super) merges: Vec<MergeProof>,
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

    /// Bytes of a proof of the table.
    ///
    /// # Errors
    /// [`TableDecodeError::Scan`] for row groups that have no openings.
    pub fn encoded_bytes(plan: &TablePlan) -> Result<usize, TableDecodeError> {
        let mut bytes = HEADER + plan.merges().len() * (SEAL + groth16::Proof::LEN);
        for segment in plan.segments() {
            let scan = ScanProof::encoded_bytes(segment.scan.shape(), segment.groups)
                .map_err(|source| TableDecodeError::Scan { segment: segment.index, source })?;
            bytes += 4 + SEAL + ColumnCommitments::encoded_bytes(segment.scan, segment.groups) + scan;
        }
        if let Some((scan, groups)) = plan.dictionaries() {
            let proof = ScanProof::encoded_bytes(scan.shape(), groups)
                .map_err(|source| TableDecodeError::Scan { segment: plan.len(), source })?;
            bytes += SEAL + own_columns(scan) * groups.count() * Commitment::ENCODED_BYTES + proof;
        }
        Ok(bytes)
    }

    /// Canonical encoding. Proofs of one layout in row groups of one size have one length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        // A table has fewer than 2^32 rows, and a segment is at least one.
        bytes.extend_from_slice(&(self.segments.len() as u32).to_le_bytes());
        for SegmentProof { rows, h, commitments, scan } in &self.segments {
            bytes.extend_from_slice(&rows.to_le_bytes());
            bytes.extend_from_slice(&h.to_bytes());
            bytes.extend(commitments.to_bytes());
            bytes.extend(scan.to_bytes());
        }
        if let Some(DictionaryProof { h, columns, scan }) = &self.dictionaries {
            bytes.extend_from_slice(&h.to_bytes());
            bytes.extend(columns.iter().flatten().flat_map(Commitment::to_bytes));
            bytes.extend(scan.to_bytes());
        }
        for MergeProof { h, groth16 } in &self.merges {
            bytes.extend_from_slice(&h.to_bytes());
            bytes.extend_from_slice(&groth16.to_bytes());
        }
        bytes
    }

    /// Reads [`TableProof::to_bytes`]; every length comes from the plan, and the whole is checked before anything is
    /// allocated.
    ///
    /// # Errors
    /// [`TableDecodeError`].
    pub fn from_bytes(plan: &TablePlan, bytes: &[u8]) -> Result<Self, TableDecodeError> {
        let expected = Self::encoded_bytes(plan)?;
        let length = TableDecodeError::Length { expected, got: bytes.len() };
        let (&version, _) = bytes.split_first().ok_or_else(|| length.clone())?;
        if version != VERSION {
            return Err(TableDecodeError::Version { expected: VERSION, got: version });
        }
        let count = bytes.get(1..HEADER).and_then(<[u8]>::first_chunk::<4>).ok_or_else(|| length.clone())?;
        let count = u32::from_le_bytes(*count);
        if usize::try_from(count) != Ok(plan.len()) {
            return Err(TableDecodeError::Segments { expected: plan.len(), got: count });
        }
        if bytes.len() != expected {
            return Err(length);
        }
        let mut reader = Reader { rest: &bytes[HEADER..], length, seals: 0 };
        let segments = plan.segments().map(|segment| {
            let rows = u32::from_le_bytes(reader.array()?);
            let h = reader.seal()?;
            let bytes = reader.take(ColumnCommitments::encoded_bytes(segment.scan, segment.groups))?;
            let at = |source| TableDecodeError::Commitments { segment: segment.index, source };
            let commitments = ColumnCommitments::from_bytes(segment.scan, segment.groups, bytes).map_err(at)?;
            let scan = reader.scan(segment.index, segment.scan, segment.groups)?;
            Ok(SegmentProof { rows, h, commitments, scan })
        });
        let segments = segments.collect::<Result<_, TableDecodeError>>()?;
        let dictionaries = match plan.dictionaries() {
            None => None,
            Some((scan, groups)) => {
                let h = reader.seal()?;
                let bytes = reader.take(own_columns(scan) * groups.count() * Commitment::ENCODED_BYTES)?;
                let columns = read_points(bytes, groups.count())
                    .map_err(|source| TableDecodeError::Commitments { segment: plan.len(), source })?;
                Some(DictionaryProof { h, columns, scan: reader.scan(plan.len(), scan, groups)? })
            }
        };
        let merges = (0..plan.merges().len()).map(|index| {
            let h = reader.seal()?;
            let bytes = reader.take(groth16::Proof::LEN)?;
            let groth16 =
                groth16::Proof::from_bytes(bytes).map_err(|source| TableDecodeError::Merge { index, source })?;
            Ok(MergeProof { h, groth16 })
        });
        let merges = merges.collect::<Result<_, TableDecodeError>>()?;
        Ok(Self { segments, dictionaries, merges })
    }
}

/// Takes parts off the front of bytes whose length was checked.
struct Reader<'a> {
    rest: &'a [u8],
    length: TableDecodeError,
    seals: usize,
}

impl<'a> Reader<'a> {
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
        segment: usize,
        plan: &ScanPlan,
        groups: zkl_argument::commit::RowGroups,
    ) -> Result<ScanProof, TableDecodeError> {
        let at = |source| TableDecodeError::Scan { segment, source };
        let bytes = self.take(ScanProof::encoded_bytes(plan.shape(), groups).map_err(at)?)?;
        ScanProof::from_bytes(plan.shape(), groups, bytes).map_err(at)
    }
}
