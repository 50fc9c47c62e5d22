//! The scan: two passes over a table, from bytes to the exact profile.

use zkl_core::{
    column::Schema,
    digest::{DigestRule, FileDigests},
    layout::{ColumnLayout, Encoding, Layout, PairLayout},
    profile::Profile,
    table_note::TableNote,
};

use crate::{
    encode::{Encoder, Frame, RowSink, column_encoders, frame},
    error::{DatasetError, Fault},
    hash::HashSet,
    infer::{Found, FoundTable, Inference, Plan},
    nulls::{NullRule, NullTokens},
    partial::PartialScan,
    profile::ProfileSink,
    progress::{Pass, Progress},
    reader::Tables,
    report::{ColumnReport, InferenceReport},
    schema_file::{ColumnPin, Pins},
    source::Source,
};

/// How values are understood.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// What is known about columns beforehand.
    pub pins: Pins,
    /// Texts of CSV cells that stand for null. Other formats have nulls of their own; there, only tokens pinned for a
    /// column count.
    pub null_tokens: NullTokens,
    /// Whether NaN in Parquet and Arrow files is null instead of an error.
    pub nan_as_null: bool,
    /// Most digits after the point, at most 18, that columns of floats and of numbers in text keep; `None`: as many as the
    /// largest magnitude of the column leaves of 14 digits. A float is the shortest decimal that reads back as the same
    /// float. What has more digits is rounded half to even, and reported.
    pub float_scale: Option<u8>,
    /// Largest cell in bytes. A row may hold four times as much in all.
    pub max_cell_bytes: usize,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            pins: Pins::default(),
            null_tokens: NullTokens::default(),
            nan_as_null: false,
            float_scale: None,
            max_cell_bytes: 16 << 20,
        }
    }
}

impl ScanOptions {
    /// How a column tells nulls.
    pub(crate) fn null_rule(&self, pin: Option<&ColumnPin>) -> NullRule {
        let tokens = pin.and_then(|pin| pin.null_tokens.as_ref());
        NullRule {
            typed: tokens.is_some(),
            tokens: tokens.map_or_else(|| self.null_tokens.clone(), NullTokens::new),
            nan: self.nan_as_null,
        }
    }
}

/// A scan of one table. Blocking.
#[derive(Clone, Debug)]
pub struct Scan {
    source: Source,
    options: ScanOptions,
    joints: Vec<(String, String)>,
    products: Vec<(String, String)>,
    /// Per column, fraction bits and whether it is text that was not hashed; `None`: the most fraction bits, and hashed where it can be.
    committed: Option<Vec<(u8, bool)>>,
}

/// What a scan found out about a table, beside its rows.
pub struct Scanned {
    /// Digests of the table.
    pub digests: FileDigests,
    /// What they are digests of.
    pub digest_rule: DigestRule,
    /// Columns, in file order.
    pub schema: Schema,
    /// What was inferred and why.
    pub report: InferenceReport,
    /// The public shape.
    pub layout: Layout,
    /// What the reader did to the table.
    pub notes: Vec<TableNote>,
}

/// What a scan found out about a table, and its profile.
pub struct ScanOutput {
    /// Digests of the table.
    pub digests: FileDigests,
    /// What they are digests of.
    pub digest_rule: DigestRule,
    /// Columns, in file order.
    pub schema: Schema,
    /// What was inferred and why.
    pub report: InferenceReport,
    /// The public shape.
    pub layout: Layout,
    /// What the reader did to the table.
    pub notes: Vec<TableNote>,
    /// The exact statistics.
    pub profile: Profile,
}

impl Scan {
    /// A scan of `source` with default options.
    pub fn new(source: Source) -> Self {
        Self { source, options: ScanOptions::default(), joints: Vec::new(), products: Vec::new(), committed: None }
    }

    /// Sets the options.
    #[must_use]
    pub fn options(mut self, options: ScanOptions) -> Self {
        self.options = options;
        self
    }

    /// Declares a pair of columns whose joint counts are wanted. An integer column in a joint becomes a category.
    #[must_use]
    pub fn joint(mut self, group: impl Into<String>, label: impl Into<String>) -> Self {
        self.joints.push((group.into(), label.into()));
        self
    }

    /// Declares a pair of numeric columns whose sums of products are wanted.
    #[must_use]
    pub fn product(mut self, left: impl Into<String>, right: impl Into<String>) -> Self {
        self.products.push((left.into(), right.into()));
        self
    }

    /// Commits to values as `layout` does, which is the table's as it was read before: times 2 to the
    /// [`fraction_bits`](ColumnLayout::fraction_bits) that its columns have there, if they are the same, and not to text that is opaque there unless it is
    /// pinned as hashed.
    #[must_use]
    pub fn committed_as(mut self, layout: &Layout) -> Self {
        let own = |column: &ColumnLayout| (column.fraction_bits, column.encoding == Encoding::Opaque);
        self.committed = Some(layout.columns().iter().map(own).collect());
        self
    }

    /// Reads the table twice and returns its exact profile. `key` orders the codes of dictionaries: by BLAKE3 of the
    /// value keyed with it, so that codes reveal neither the alphabet nor the order of appearance.
    ///
    /// # Errors
    /// [`DatasetError`]: the table cannot be read, is not a valid table, or does not match what is pinned.
    pub fn run(&self, key: &[u8; 32], progress: &mut dyn Progress) -> Result<ScanOutput, DatasetError> {
        let mut sums = ProfileSink::default();
        let scanned = self.run_with_sink(key, progress, &mut sums)?;
        let profile = sums.finish(&scanned.layout).ok_or_else(|| self.error(Fault::NoRows))?;
        let Scanned { digests, digest_rule, schema, report, layout, notes } = scanned;
        Ok(ScanOutput { digests, digest_rule, schema, report, layout, notes, profile })
    }

    /// Reads the table twice and hands every encoded row to `sink`, who sums what it needs: a [`ProfileSink`], or the segments
    /// of a proof.
    ///
    /// # Errors
    /// As [`Scan::run`], and whatever the sink fails with.
    pub fn run_with_sink(
        &self,
        key: &[u8; 32],
        progress: &mut dyn Progress,
        sink: &mut dyn RowSink,
    ) -> Result<Scanned, DatasetError> {
        let table = Tables::open(&self.source, self.options.max_cell_bytes)?;
        let mut inference = self.inference(&table);
        let digests = table
            .read(HashSet::All, &[], Pass::Infer, &mut inference, progress)
            .map_err(|error| inference.ended_by(error))?;
        inference.check()?;
        let names = inference.names();
        let unchanged = |again: FileDigests| {
            let same = (again.blake3, again.bytes) == (digests.blake3, digests.bytes);
            if same { Ok(()) } else { Err(DatasetError::new(&table.path, Fault::Changed)) }
        };
        if inference.begin_dictionary_pass() {
            unchanged(table.read(HashSet::Blake3, &names, Pass::Dictionary, &mut inference, progress)?)?;
        }
        let FoundTable { rows, columns: mut found, notes } = inference.finish()?;
        for (column, (_, is_opaque)) in found.iter_mut().zip(self.committed.iter().flatten()) {
            let pinned = self.options.pins.find(&column.report.name).and_then(|pin| pin.encoding);
            if *is_opaque && pinned.is_none() && matches!(column.plan, Plan::Hashed) {
                column.plan = Plan::Opaque;
            }
        }
        let layout = self.layout(rows, &found)?;
        let digest_rule = table.digest_rule;
        let mut report = InferenceReport {
            source: table.report,
            rows,
            columns: found.iter().map(|column| column.report.clone()).collect(),
        };
        let mut encoder = Encoder::new(table.path.clone(), found, &layout, key, sink)?;
        unchanged(table.read(HashSet::Blake3, &names, Pass::Encode, &mut encoder, progress)?)?;
        if encoder.rows() != rows {
            return Err(DatasetError::new(&table.path, Fault::Changed));
        }
        for (column, rounding) in report.columns.iter_mut().zip(encoder.roundings()) {
            column.rounding = rounding;
        }
        let schema = Schema { columns: report.columns.iter().map(ColumnReport::schema).collect() };
        Ok(Scanned { digests, digest_rule, schema, report, layout, notes })
    }

    /// Observes this table as one part of a larger one: the first pass over it. Every column's type must be pinned.
    ///
    /// # Errors
    /// [`Fault::TypeNotPinned`], and as [`Scan::run`].
    pub fn observe(&self, progress: &mut dyn Progress) -> Result<PartialScan, DatasetError> {
        let table = Tables::open(&self.source, self.options.max_cell_bytes)?;
        let mut inference = self.inference(&table);
        let digests = table
            .read(HashSet::All, &[], Pass::Infer, &mut inference, progress)
            .map_err(|error| inference.ended_by(error))?;
        inference.check()?;
        let found = inference.finish()?;
        let pinned = |name: &str| self.options.pins.find(name).is_some_and(|pin| pin.column_type().is_some());
        match found.columns.iter().find(|column| !pinned(&column.report.name)) {
            Some(column) => Err(self.error(Fault::TypeNotPinned).in_column(&column.report.name)),
            None => Ok(PartialScan::of(found, table.report, table.digest_rule, digests)),
        }
    }

    /// The layout of the table whose parts are `whole`, with the pairs of this scan.
    ///
    /// # Errors
    /// As [`Scan::run`], about pairs and layout.
    pub fn layout_of(&self, whole: &PartialScan) -> Result<Layout, DatasetError> {
        self.layout(whole.rows(), &whole.found(&self.options))
    }

    /// What encoded rows of the table whose parts are `whole` are relative to.
    pub fn frame_of(&self, whole: &PartialScan, key: &[u8; 32]) -> Frame {
        frame(&column_encoders(whole.found(&self.options), key))
    }

    /// What was found out about the table whose parts are `whole`.
    pub fn report_of(&self, whole: &PartialScan) -> Option<InferenceReport> {
        whole.report(&self.options)
    }

    /// Reads this table, which holds some rows of the one whose parts are `whole`, and hands them to `sink`, encoded as in the whole.
    /// `layout` is the whole's, with the number of these rows.
    ///
    /// # Errors
    /// [`Fault::NotObserved`] for columns and values that `whole` does not have, [`Fault::PartRows`]; the table cannot be read, and
    /// whatever the sink fails with.
    pub fn encode_part(
        &self,
        whole: &PartialScan,
        layout: &Layout,
        key: &[u8; 32],
        progress: &mut dyn Progress,
        sink: &mut dyn RowSink,
    ) -> Result<(), DatasetError> {
        let table = Tables::open(&self.source, self.options.max_cell_bytes)?;
        let found = whole.found(&self.options);
        let mut encoder = Encoder::new(table.path.clone(), found, layout, key, sink)?.of_a_part();
        table.read(HashSet::Blake3, &whole.names(), Pass::Encode, &mut encoder, progress)?;
        let (expected, got) = (layout.rows(), encoder.rows());
        if got == expected { Ok(()) } else { Err(self.error(Fault::PartRows { expected, got })) }
    }

    fn inference(&self, table: &Tables) -> Inference<'_> {
        let joint: Vec<&str> = self.joints.iter().flat_map(|(a, b)| [a.as_str(), b.as_str()]).collect();
        let products = self.products.iter().flat_map(|(a, b)| [a.as_str(), b.as_str()]);
        let required = joint.iter().copied().chain(products).collect();
        Inference::new(table.path.clone(), table.has_lines(), &self.options, joint, required)
    }

    fn layout(&self, rows: u64, found: &[Found]) -> Result<Layout, DatasetError> {
        let mut columns: Vec<ColumnLayout> = found.iter().map(Found::layout).collect();
        for (column, (bits, _)) in columns.iter_mut().zip(self.committed.iter().flatten()) {
            // What does not fit is another table's.
            column.fraction_bits = column.fraction_bits.min(*bits);
        }
        let index = |name: &str| columns.iter().position(|column| column.name == name).unwrap_or(usize::MAX);
        let mut pairs = Vec::with_capacity(self.joints.len() + self.products.len());
        for (group, label) in &self.joints {
            let (g, l) = (index(group), index(label));
            self.check_joint(found, g, l)?;
            self.add_pair(&mut pairs, PairLayout::Joint { group: g as u32, label: l as u32 }, group, label)?;
        }
        for (left, right) in &self.products {
            let (l, r) = (index(left), index(right));
            let wrong = [l, r].into_iter().filter_map(|i| columns.get(i)).find(|column| !column.ty.is_quantity());
            if let Some(ColumnLayout { name, ty, .. }) = wrong {
                return Err(self.error(Fault::PairType { ty: *ty, joint: false }).in_column(name));
            }
            self.add_pair(&mut pairs, PairLayout::Product { left: l as u32, right: r as u32 }, left, right)?;
        }
        Layout::new(rows, columns, pairs).map_err(|error| self.error(Fault::Layout(error)))
    }

    fn add_pair(
        &self,
        pairs: &mut Vec<PairLayout>,
        pair: PairLayout,
        left: &str,
        right: &str,
    ) -> Result<(), DatasetError> {
        if left == right || pairs.contains(&pair) {
            return Err(self.error(Fault::RepeatedPair { left: left.to_owned(), right: right.to_owned() }));
        }
        pairs.push(pair);
        Ok(())
    }

    fn check_joint(&self, found: &[Found], group: usize, label: usize) -> Result<(), DatasetError> {
        let (Some(group), Some(label)) = (found.get(group), found.get(label)) else { return Ok(()) };
        for column in [group, label] {
            let ty = column.report.ty;
            if !ty.is_categorical() {
                return Err(self.error(Fault::PairType { ty, joint: true }).in_column(&column.report.name));
            }
        }
        match (group.layout().encoding, label.layout().encoding) {
            (Encoding::Category { capacity: a }, Encoding::Category { capacity: b })
                if a * b <= PairLayout::MAX_JOINT_CELLS =>
            {
                Ok(())
            }
            _ => Err(self.error(Fault::JointTooLarge {
                group: group.report.name.clone(),
                group_values: group.distinct(),
                label: label.report.name.clone(),
                label_values: label.distinct(),
                limit: PairLayout::MAX_JOINT_CELLS,
            })),
        }
    }

    fn error(&self, fault: Fault) -> DatasetError {
        DatasetError::new(self.source.name(), fault)
    }
}
