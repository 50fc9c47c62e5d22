//! A whole seal: every record of a profile and the tree over them.

use zkl_core::{ark::Fr, layout::Layout, profile::Profile};

use super::{
    CategoryRecord, GroupedRecord, HeaderRecord, JointRecord, MerklePath, NumericRecord, Opening, ProductRecord,
    Record as _, RecordHead, RecordIndex, SealCommitment, SealError, SealSeed, SealedRecord, SegmentRange, SlotRecord,
    check::{Scope, check_profile},
    layout_digest,
    record::Subject,
    tree::RecordTree,
};

/// A sealed profile with everything that claims about it need. Secret: it holds the profile and the salts.
#[derive(Clone)]
pub struct Seal {
    header: HeaderRecord,
    columns: Vec<SealedRecord>,
    pairs: Vec<SealedRecord>,
    tree: RecordTree,
}

impl Seal {
    /// Seals `profile`. The same arguments give the same seal.
    ///
    /// # Errors
    /// [`SealError`] when the profile cannot be that of a table with this layout.
    pub fn new(layout: &Layout, profile: &Profile, seed: &SealSeed) -> Result<Self, SealError> {
        check_profile(layout, profile, Scope::Table)?;
        Self::of_checked(layout, profile, seed, seed.nonce())
    }

    /// Seals the profile of some segments of a table: `layout` has their rows, `profile` the minima, maxima and
    /// dictionaries of the table, so that a value may occur nowhere. Salts are those of the table's seal, the nonce is not.
    ///
    /// # Errors
    /// [`SealError`] when the profile cannot be that of such a part of a table.
    pub fn of_range(
        layout: &Layout,
        profile: &Profile,
        seed: &SealSeed,
        range: SegmentRange,
    ) -> Result<Self, SealError> {
        check_profile(layout, profile, Scope::Range)?;
        Self::of_checked(layout, profile, seed, seed.range_nonce(range))
    }

    /// Seals the records of this seal's large dictionaries alone, as they are, under `layout`, which has them as its
    /// columns.
    pub(crate) fn dictionaries(&self, layout: &Layout, seed: &SealSeed) -> Self {
        let nonce = seed.dictionaries_nonce();
        let header = HeaderRecord { layout: layout_digest(layout), rows: layout.rows(), nonce };
        let columns: Vec<SealedRecord> =
            self.columns.iter().filter(|record| matches!(record, SealedRecord::Grouped(_))).cloned().collect();
        let mut leaves = vec![header.leaf()];
        leaves.extend(columns.iter().map(|record| record.head().leaf()));
        Self { header, columns, pairs: Vec::new(), tree: RecordTree::new(leaves) }
    }

    /// This seal with other smallest groups of its large dictionaries, in column order: where ranges are merged, sums of
    /// smallest groups stand for smallest sums.
    pub(crate) fn with_smallest_groups(mut self, smallest: &[u64]) -> Self {
        let grouped = self.columns.iter_mut().filter_map(|record| match record {
            SealedRecord::Grouped(record) => Some(record),
            _ => None,
        });
        for (record, &smallest) in grouped.zip(smallest) {
            record.smallest_group = smallest;
        }
        let records = self.columns.iter().chain(&self.pairs).map(SealedRecord::head);
        let leaves = std::iter::once(self.header.leaf()).chain(records.map(|record| record.leaf())).collect();
        self.tree = RecordTree::new(leaves);
        self
    }

    fn of_checked(layout: &Layout, profile: &Profile, seed: &SealSeed, nonce: Fr) -> Result<Self, SealError> {
        let header = HeaderRecord { layout: layout_digest(layout), rows: layout.rows(), nonce };
        let mut leaves = vec![header.leaf()];

        let mut columns = Vec::with_capacity(layout.columns().len());
        for (index, (column, profile)) in layout.columns().iter().zip(&profile.columns).enumerate() {
            let position = RecordIndex::column(layout, index).ok_or(SealError::Absent { what: "column", index })?;
            let record = SealedRecord::of_column(layout.rows(), column, profile, seed.salt(position));
            leaves.push(record.head().leaf());
            columns.push(record);
        }

        let mut pairs = Vec::with_capacity(layout.pairs().len());
        for (index, (pair, profile)) in layout.pairs().iter().zip(&profile.pairs).enumerate() {
            let position = RecordIndex::pair(layout, index).ok_or(SealError::Absent { what: "pair", index })?;
            let record = SealedRecord::of_pair(layout, pair, profile, seed.salt(position));
            leaves.push(record.head().leaf());
            pairs.push(record);
        }
        Ok(Self { header, columns, pairs, tree: RecordTree::new(leaves) })
    }

    /// The commitment `h`.
    pub fn commitment(&self) -> SealCommitment {
        SealCommitment::new(self.tree.root())
    }

    /// The leaves of the records, columns before pairs: what the table's seal and those of groups of its columns have in common.
    pub(crate) fn record_leaves(&self) -> &[Fr] {
        self.tree.leaves().get(1..).unwrap_or_default()
    }

    /// The leaf of the header.
    pub(crate) fn header_leaf(&self) -> Fr {
        self.header.leaf()
    }

    /// The header.
    pub fn header(&self) -> Opening<HeaderRecord> {
        self.open(RecordIndex::HEADER, self.header.clone())
    }

    /// Records of the columns, in file order.
    pub fn columns(&self) -> &[SealedRecord] {
        &self.columns
    }

    /// Records of the declared pairs.
    pub fn pairs(&self) -> &[SealedRecord] {
        &self.pairs
    }

    /// The head of column `column`, whatever its kind.
    ///
    /// # Errors
    /// [`SealError::Absent`].
    pub fn head(&self, column: usize) -> Result<Opening<RecordHead>, SealError> {
        let (index, record) = self.find(Subject::Column, column)?;
        Ok(self.open(index, record.head()))
    }

    /// The record of numeric column `column`.
    ///
    /// # Errors
    /// [`SealError::Absent`], [`SealError::Kind`].
    pub fn numeric(&self, column: usize) -> Result<Opening<NumericRecord>, SealError> {
        self.record(column)
    }

    /// The record of dictionary column `column`.
    ///
    /// # Errors
    /// [`SealError::Absent`], [`SealError::Kind`].
    pub fn category(&self, column: usize) -> Result<Opening<CategoryRecord>, SealError> {
        self.record(column)
    }

    /// The record of large dictionary column `column`.
    ///
    /// # Errors
    /// [`SealError::Absent`], [`SealError::Kind`].
    pub fn grouped(&self, column: usize) -> Result<Opening<GroupedRecord>, SealError> {
        self.record(column)
    }

    /// The record of joint pair `pair`.
    ///
    /// # Errors
    /// [`SealError::Absent`], [`SealError::Kind`].
    pub fn joint(&self, pair: usize) -> Result<Opening<JointRecord>, SealError> {
        self.record(pair)
    }

    /// The record of product pair `pair`.
    ///
    /// # Errors
    /// [`SealError::Absent`], [`SealError::Kind`].
    pub fn product(&self, pair: usize) -> Result<Opening<ProductRecord>, SealError> {
        self.record(pair)
    }

    /// The record of a column or pair, which must be of kind `K`.
    ///
    /// # Errors
    /// [`SealError::Absent`], [`SealError::Kind`].
    pub(crate) fn record<K: SlotRecord>(&self, position: usize) -> Result<Opening<K>, SealError> {
        let (index, record) = self.find(K::SUBJECT, position)?;
        let kind = || SealError::Kind { expected: K::KIND, got: record.head().kind };
        Ok(self.open(index, K::of(record).ok_or_else(kind)?.clone()))
    }

    /// The siblings of the leaf at `index`.
    pub fn path(&self, index: RecordIndex) -> MerklePath {
        self.tree.path(index)
    }

    fn find(&self, subject: Subject, index: usize) -> Result<(RecordIndex, &SealedRecord), SealError> {
        let (records, first) = match subject {
            Subject::Column => (&self.columns, 1),
            Subject::Pair => (&self.pairs, 1 + self.columns.len()),
        };
        let record = records.get(index).ok_or(SealError::Absent { what: subject.name(), index })?;
        Ok((RecordIndex::new_unchecked(first + index), record))
    }

    fn open<R>(&self, index: RecordIndex, record: R) -> Opening<R> {
        Opening { index, record, path: self.tree.path(index) }
    }
}
