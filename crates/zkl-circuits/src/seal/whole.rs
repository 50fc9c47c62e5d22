//! A whole seal: every record of a profile and the tree over them.

use zkl_core::{
    ark::Fr,
    layout::{Encoding, Layout},
    profile::{CategoryStats, ColumnStats, NumericStats, PairProfile, Profile},
};

use super::{
    CategoryRecord, GroupedRecord, HeaderRecord, JointRecord, MerklePath, NumericRecord, Opening, ProductRecord,
    Record as _, RecordHead, RecordIndex, RecordKind, SealCommitment, SealError, SealSeed, SegmentRange,
    check::{Scope, check_profile, joint_capacities, product_fraction_bits},
    layout_digest,
    tree::RecordTree,
    value_digest,
};

/// Record of one column.
#[derive(Clone)]
pub enum ColumnRecord {
    /// A numeric column.
    Numeric(NumericRecord),
    /// A dictionary of at most 256 slots.
    Category(CategoryRecord),
    /// A larger dictionary.
    Grouped(GroupedRecord),
    /// Only the valid count.
    Opaque(RecordHead),
}

impl ColumnRecord {
    /// The record as every kind is hashed.
    pub fn head(&self) -> RecordHead {
        match self {
            Self::Numeric(record) => record.head(),
            Self::Category(record) => record.head(),
            Self::Grouped(record) => record.head(),
            Self::Opaque(record) => record.clone(),
        }
    }
}

/// Record of one declared pair.
#[derive(Clone)]
pub enum PairRecord {
    /// Joint counts.
    Joint(JointRecord),
    /// Sums of products.
    Product(ProductRecord),
}

impl PairRecord {
    /// The record as every kind is hashed.
    pub fn head(&self) -> RecordHead {
        match self {
            Self::Joint(record) => record.head(),
            Self::Product(record) => record.head(),
        }
    }
}

/// A sealed profile with everything that claims about it need. Secret: it holds the profile and the salts.
#[derive(Clone)]
pub struct Seal {
    header: HeaderRecord,
    columns: Vec<ColumnRecord>,
    pairs: Vec<PairRecord>,
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
        let columns: Vec<ColumnRecord> =
            self.columns.iter().filter(|record| matches!(record, ColumnRecord::Grouped(_))).cloned().collect();
        let mut leaves = vec![header.leaf()];
        leaves.extend(columns.iter().map(|record| record.head().leaf()));
        Self { header, columns, pairs: Vec::new(), tree: RecordTree::new(leaves) }
    }

    /// This seal with other smallest groups of its large dictionaries, in column order: where ranges are merged, sums of
    /// smallest groups stand for smallest sums.
    pub(crate) fn with_smallest_groups(mut self, smallest: &[u64]) -> Self {
        let grouped = self.columns.iter_mut().filter_map(|record| match record {
            ColumnRecord::Grouped(record) => Some(record),
            _ => None,
        });
        for (record, &smallest) in grouped.zip(smallest) {
            record.smallest_group = smallest;
        }
        let records = self.columns.iter().map(ColumnRecord::head).chain(self.pairs.iter().map(PairRecord::head));
        let leaves = std::iter::once(self.header.leaf()).chain(records.map(|record| record.leaf())).collect();
        self.tree = RecordTree::new(leaves);
        self
    }

    fn of_checked(layout: &Layout, profile: &Profile, seed: &SealSeed, nonce: Fr) -> Result<Self, SealError> {
        let header = HeaderRecord { layout: layout_digest(layout), rows: layout.rows(), nonce };
        let mut leaves = vec![header.leaf()];

        let mut columns = Vec::with_capacity(layout.columns().len());
        for (index, (column, stats)) in layout.columns().iter().zip(&profile.columns).enumerate() {
            let position = RecordIndex::column(layout, index).ok_or(SealError::Absent { what: "column", index })?;
            let salt = seed.salt(position);
            let valid = stats.valid;
            let record = match (&stats.stats, column.encoding) {
                (ColumnStats::Numeric(stats), Encoding::Numeric { limbs }) => {
                    let stats = stats.committed(column.fraction_bits);
                    let top_limb = stats.top_limb(limbs);
                    let NumericStats { min, sum, sum_squares, .. } = stats;
                    ColumnRecord::Numeric(NumericRecord { salt, valid, sum, sum_squares, min, top_limb, limbs })
                }
                (ColumnStats::Category(stats), Encoding::Category { capacity }) => {
                    let nulls = layout.rows() - valid;
                    let digest = |value: &str| value_digest(column.ty, value);
                    ColumnRecord::Category(category_record(salt, valid, nulls, capacity as usize, stats, digest))
                }
                (ColumnStats::Grouped(stats), _) => ColumnRecord::Grouped(GroupedRecord {
                    salt,
                    valid,
                    distinct: stats.distinct() as u64,
                    smallest_group: stats.smallest_group(),
                }),
                _ => ColumnRecord::Opaque(RecordHead {
                    kind: RecordKind::Opaque,
                    salt,
                    valid,
                    body: [Fr::from(0u64); 2],
                }),
            };
            leaves.push(record.head().leaf());
            columns.push(record);
        }

        let mut pairs = Vec::with_capacity(layout.pairs().len());
        for (index, (pair, stats)) in layout.pairs().iter().zip(&profile.pairs).enumerate() {
            let position = RecordIndex::pair(layout, index).ok_or(SealError::Absent { what: "pair", index })?;
            let salt = seed.salt(position);
            let record = match stats {
                PairProfile::Joint(joint) => {
                    let (_, label_capacity) = joint_capacities(layout, pair);
                    let valid = joint
                        .counts
                        .chunks(label_capacity.max(1))
                        .skip(1)
                        .flat_map(|labels| labels.iter().skip(1))
                        .sum();
                    PairRecord::Joint(JointRecord { salt, valid, label_capacity, counts: joint.counts.clone() })
                }
                PairProfile::Product(sums) => {
                    let sums = sums.committed(product_fraction_bits(layout, pair));
                    PairRecord::Product(ProductRecord { salt, sums })
                }
            };
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
    pub fn columns(&self) -> &[ColumnRecord] {
        &self.columns
    }

    /// Records of the declared pairs.
    pub fn pairs(&self) -> &[PairRecord] {
        &self.pairs
    }

    /// The head of column `column`, whatever its kind.
    ///
    /// # Errors
    /// [`SealError::Absent`].
    pub fn head(&self, column: usize) -> Result<Opening<RecordHead>, SealError> {
        Ok(self.open(column_index(column), self.column(column)?.head()))
    }

    /// The record of numeric column `column`.
    ///
    /// # Errors
    /// [`SealError::Absent`], [`SealError::Kind`].
    pub fn numeric(&self, column: usize) -> Result<Opening<NumericRecord>, SealError> {
        match self.column(column)? {
            ColumnRecord::Numeric(record) => Ok(self.open(column_index(column), record.clone())),
            other => Err(SealError::Kind { expected: RecordKind::Numeric, got: other.head().kind }),
        }
    }

    /// The record of dictionary column `column`.
    ///
    /// # Errors
    /// [`SealError::Absent`], [`SealError::Kind`].
    pub fn category(&self, column: usize) -> Result<Opening<CategoryRecord>, SealError> {
        match self.column(column)? {
            ColumnRecord::Category(record) => Ok(self.open(column_index(column), record.clone())),
            other => Err(SealError::Kind { expected: RecordKind::Category, got: other.head().kind }),
        }
    }

    /// The record of large dictionary column `column`.
    ///
    /// # Errors
    /// [`SealError::Absent`], [`SealError::Kind`].
    pub fn grouped(&self, column: usize) -> Result<Opening<GroupedRecord>, SealError> {
        match self.column(column)? {
            ColumnRecord::Grouped(record) => Ok(self.open(column_index(column), record.clone())),
            other => Err(SealError::Kind { expected: RecordKind::Grouped, got: other.head().kind }),
        }
    }

    /// The record of joint pair `pair`.
    ///
    /// # Errors
    /// [`SealError::Absent`], [`SealError::Kind`].
    pub fn joint(&self, pair: usize) -> Result<Opening<JointRecord>, SealError> {
        match self.pair(pair)? {
            PairRecord::Joint(record) => Ok(self.open(self.pair_index(pair), record.clone())),
            PairRecord::Product(_) => Err(SealError::Kind { expected: RecordKind::Joint, got: RecordKind::Product }),
        }
    }

    /// The record of product pair `pair`.
    ///
    /// # Errors
    /// [`SealError::Absent`], [`SealError::Kind`].
    pub fn product(&self, pair: usize) -> Result<Opening<ProductRecord>, SealError> {
        match self.pair(pair)? {
            PairRecord::Product(record) => Ok(self.open(self.pair_index(pair), record.clone())),
            PairRecord::Joint(_) => Err(SealError::Kind { expected: RecordKind::Product, got: RecordKind::Joint }),
        }
    }

    /// The siblings of the leaf at `index`.
    pub fn path(&self, index: RecordIndex) -> MerklePath {
        self.tree.path(index)
    }

    fn column(&self, index: usize) -> Result<&ColumnRecord, SealError> {
        self.columns.get(index).ok_or(SealError::Absent { what: "column", index })
    }

    fn pair(&self, index: usize) -> Result<&PairRecord, SealError> {
        self.pairs.get(index).ok_or(SealError::Absent { what: "pair", index })
    }

    fn pair_index(&self, pair: usize) -> RecordIndex {
        RecordIndex::new_unchecked(1 + self.columns.len() + pair)
    }

    fn open<R>(&self, index: RecordIndex, record: R) -> Opening<R> {
        Opening { index, record, path: self.tree.path(index) }
    }
}

fn column_index(column: usize) -> RecordIndex {
    RecordIndex::new_unchecked(1 + column)
}

fn category_record(
    salt: Fr,
    valid: u64,
    nulls: u64,
    capacity: usize,
    stats: &CategoryStats,
    digest: impl Fn(&str) -> Fr,
) -> CategoryRecord {
    let mut counts = vec![0; capacity];
    let mut values = vec![Fr::from(0u64); capacity];
    counts[0] = nulls;
    for (slot, entry) in stats.entries.iter().enumerate() {
        counts[slot + 1] = entry.count;
        values[slot + 1] = digest(&entry.value);
    }
    CategoryRecord { salt, valid, counts, values }
}
