//! Tables made of the rows of another one: the files are written, notarized as their source was read, and the relation is proved.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    future::IntoFuture,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::future::BoxFuture;
use tempfile::NamedTempFile;
use zkl_circuits::relation::{Condition, Details, Operation, RelationPlan, RelationPlanError, compare};
use zkl_core::{layout::Layout, name::DatasetName};
use zkl_dataset::{CopyTarget, RowCopy, Source};

use super::{
    ClosedRelation,
    derive_error::DerivationError,
    difference,
    error::RelateError,
    rows::CommittedRows,
    split::{self, Ratio},
};
use crate::{
    dataset_version::Dataset,
    entry::Entry,
    error::LedgerError,
    ledger::{EntryRef, Ledger},
    notarize::{EvidenceRequest, Notarized},
    opening::Opening,
    stage::{SharedReporter, StageReporter},
    table::{ReadOptions, Table},
    work::{self, Work},
};

/// How tables are made of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Derivation {
    /// The rows that meet all conditions.
    Filter(Vec<Condition>),
    /// The rows that do not.
    Erase(Vec<Condition>),
    /// The first row of every key, which these columns are; without any, all that can be compared.
    Dedup(Vec<String>),
    /// Two or three parts, chosen at random.
    Split {
        /// Their sizes in proportion.
        ratio: Ratio,
        /// The column in each of whose values the ratio is kept, within a row.
        stratify: Option<String>,
        /// Where the random numbers come from: the same seed gives the same parts.
        seed: u64,
    },
}

/// A file that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DerivedFile {
    /// Where. Its extension tells the format.
    pub path: PathBuf,
    /// What its dataset is called; as the file is, if nothing is said.
    pub dataset: Option<DatasetName>,
}

impl<P: Into<PathBuf>> From<P> for DerivedFile {
    fn from(path: P) -> Self {
        Self { path: path.into(), dataset: None }
    }
}

/// A derivation that was asked for; awaiting it makes, notarizes and proves. When it fails or is dropped no file is left behind; what was
/// notarized before stays in the log, which takes nothing back.
#[must_use = "nothing is made until it is awaited"]
pub struct Derive<'l> {
    ledger: &'l Ledger,
    source: Table,
    derivation: Derivation,
    files: Vec<DerivedFile>,
    columns: Option<Vec<String>>,
    overwrite: bool,
    closed: bool,
    reporter: SharedReporter,
}

/// What was made. The files are in their places, and everything is in the log.
#[non_exhaustive]
pub struct Derived {
    /// The notarized source.
    pub source: Dataset,
    /// Its rows.
    pub rows: u64,
    /// Its notarization, if it was not notarized before.
    pub notarized: Option<Box<Notarized>>,
    /// The tables that were made, in order.
    pub tables: Vec<DerivedTable>,
    /// The entry of the relation.
    pub relation: Entry,
    /// What a closed relation says, which is nowhere else; none of an open one.
    pub closed: Option<ClosedRelation>,
}

/// A table that was made.
#[non_exhaustive]
pub struct DerivedTable {
    /// Where it is.
    pub path: PathBuf,
    /// Its notarization.
    pub notarized: Notarized,
}

impl Derivation {
    /// The relation between the source and what is made of it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Filter(_) => Operation::Filter,
            Self::Erase(_) => Operation::Erase,
            Self::Dedup(_) => Operation::Dedup,
            Self::Split { .. } => Operation::Split,
        }
    }

    /// What the relation has beside tables and columns.
    fn details(&self) -> Details {
        match self {
            Self::Filter(conditions) | Self::Erase(conditions) => {
                Details { conditions: conditions.clone(), ..Details::default() }
            }
            Self::Dedup(key) => Details { key: key.clone(), ..Details::default() },
            Self::Split { .. } => Details::default(),
        }
    }

    fn targets(&self) -> usize {
        match self {
            Self::Filter(_) | Self::Erase(_) | Self::Dedup(_) => 1,
            Self::Split { ratio, .. } => ratio.shares().len(),
        }
    }

    /// A seed from the operating system. It has 32 bits: enough for no two splits to be alike by accident, and short enough to be written
    /// down.
    ///
    /// # Errors
    /// [`LedgerError::Randomness`].
    pub fn random_seed() -> Result<u64, LedgerError> {
        let mut bytes = [0; 4];
        zkl_core::random::fill(&mut bytes).map_err(LedgerError::randomness)?;
        Ok(u32::from_le_bytes(bytes).into())
    }
}

impl Ledger {
    /// Makes tables of the rows of `source`: the files, their notarizations, and the proof of how they are related to it. When the newest version of the
    /// source's dataset is another table than this one, or there is none, the source is notarized first.
    ///
    /// All rows are held in memory. Cells and the order of rows are those of the source: see [`RowCopy`].
    ///
    /// # Errors
    /// Of the future: [`LedgerError::Derivation`] when the files cannot be made, or would be empty; [`LedgerError::Relation`] when the
    /// conditions do not fit the table; otherwise what reading, notarizing and proving answer.
    pub fn derive(&self, source: Table, derivation: Derivation) -> Derive<'_> {
        let (files, reporter) = (Vec::new(), Arc::new(()) as SharedReporter);
        Derive { ledger: self, source, derivation, files, columns: None, overwrite: false, closed: false, reporter }
    }
}

impl Derive<'_> {
    /// The next file that is to be made.
    pub fn file(mut self, file: impl Into<DerivedFile>) -> Self {
        self.files.push(file.into());
        self
    }

    /// Compares the tables in these columns alone.
    pub fn columns(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Replaces files that are there.
    pub const fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Keeps what the relation says out of the log, as [`Relate::closed`](super::Relate::closed) does.
    pub const fn closed(mut self, closed: bool) -> Self {
        self.closed = closed;
        self
    }

    /// Reports stages.
    pub fn progress(mut self, reporter: impl StageReporter + 'static) -> Self {
        self.reporter = Arc::new(reporter);
        self
    }

    async fn run(self) -> Result<Derived, LedgerError> {
        let Self { ledger, source: table, derivation, files, columns, overwrite, closed, reporter } = self;
        let targets = check_files(&table, &derivation, files, overwrite)?;
        // Before the source is notarized for nothing.
        let (of, places) = (table.clone(), paths(&targets));
        work::blocking(move || Ok(RowCopy::plan(&of.read_options().source(of.source().clone()), &places).map(drop)?))
            .await?;
        let found = notarized_version(ledger, &table).await?;
        let (source, notarized) = match found {
            Some(source) => (source, None),
            None => {
                let notarized = ledger.notarize(table.clone()).progress(Arc::clone(&reporter)).await?;
                (ledger.dataset_at(EntryRef::Id(notarized.entry.id)).await?, Some(Box::new(notarized)))
            }
        };
        let committed = CommittedRows::fetch(ledger, &source, table.clone()).await?;
        let (srs, rows) = (committed.record.srs, committed.plan.layout().rows());
        let (details, operation) = (derivation.details(), derivation.operation());
        let job = Job { source: table.clone(), derivation, paths: paths(&targets), columns: columns.clone() };
        let opening = source.secrets().await?;
        let made = work::run(Arc::clone(&reporter), move |work| job.make(&committed, &opening.opening, work));
        let made = made.await?;

        let mut recorded = Vec::new();
        recorded.extend(notarized.as_ref().map(|notarized| notarized.entry.index.0));
        let mut tables: Vec<DerivedTable> = Vec::with_capacity(targets.len());
        for (target, made) in targets.iter().zip(&made) {
            let privacy = source.notarization().privacy;
            let request =
                ledger.notarize(made.table(target)).privacy(privacy).evidence(EvidenceRequest::ProofUnder(srs));
            let notarized = request.progress(Arc::clone(&reporter)).await;
            let notarized = notarized.map_err(|error| unfinished(&recorded, error))?;
            recorded.push(notarized.entry.index.0);
            tables.push(DerivedTable { path: target.path.clone(), notarized });
        }
        let mut relate = ledger.relate(operation).details(details).progress(reporter).table(&source, table);
        for ((derived, target), made) in tables.iter().zip(&targets).zip(&made) {
            relate = relate.table(&derived.notarized.dataset, made.table(target));
        }
        if let Some(columns) = columns {
            relate = relate.columns(columns);
        }
        let relation = match closed {
            false => relate.await.map(|entry| (entry, None)),
            true => relate.closed().await.map(|relation| (relation.entry.clone(), Some(relation))),
        };
        let (relation, closed) = relation.map_err(|error| unfinished(&recorded, error))?;
        recorded.push(relation.index.0);
        let paths = paths(&targets);
        let placed = work::blocking(move || Ok(place(made, &paths, overwrite)?)).await;
        placed.map_err(|error| unfinished(&recorded, error))?;
        Ok(Derived { source, rows, notarized, tables, relation, closed })
    }
}

impl<'l> IntoFuture for Derive<'l> {
    type Output = Result<Derived, LedgerError>;
    type IntoFuture = BoxFuture<'l, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A file that is to be made, of a dataset that has a name.
struct Target {
    path: PathBuf,
    dataset: DatasetName,
}

fn paths(targets: &[Target]) -> Vec<PathBuf> {
    targets.iter().map(|target| target.path.clone()).collect()
}

/// Checks what can be said before anything is read.
fn check_files(
    source: &Table,
    derivation: &Derivation,
    files: Vec<DerivedFile>,
    overwrite: bool,
) -> Result<Vec<Target>, DerivationError> {
    let expected = derivation.targets();
    if files.len() != expected {
        return Err(DerivationError::Files { expected, got: files.len() });
    }
    let source = fs::canonicalize(source.source().name()).ok();
    let mut known = BTreeSet::new();
    let mut targets: Vec<Target> = Vec::with_capacity(files.len());
    for DerivedFile { path, dataset } in files {
        let place = placed(&path);
        if source.as_ref() == Some(&place) {
            return Err(DerivationError::IsSource { path });
        }
        if !known.insert(place) {
            return Err(DerivationError::Repeated { path });
        }
        if !overwrite && path.exists() {
            return Err(DerivationError::Exists { path });
        }
        let named = dataset.or_else(|| Table::path(&path).name().cloned());
        let dataset = named.ok_or_else(|| DerivationError::Unnamed { path: path.clone() })?;
        targets.push(Target { path, dataset });
    }
    Ok(targets)
}

/// Where a file is, or would be.
fn placed(path: &Path) -> PathBuf {
    let would_be = || {
        let directory = fs::canonicalize(directory(path)).ok()?;
        path.file_name().map(|name| directory.join(name))
    };
    fs::canonicalize(path).ok().or_else(would_be).unwrap_or_else(|| path.to_owned())
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The newest version of the table's dataset, if it is this table, proved, and read as it is to be read now.
async fn notarized_version(ledger: &Ledger, table: &Table) -> Result<Option<Dataset>, LedgerError> {
    let name = table.name().ok_or(LedgerError::Unnamed)?;
    let newest = match ledger.dataset(name.as_str()).await {
        Err(LedgerError::UnknownDataset { .. } | LedgerError::NotNotarized { .. }) => return Ok(None),
        newest => newest?,
    };
    if newest.notarization().scan.is_none() {
        return Ok(None);
    }
    let opening = newest.opening().await?;
    let (source, digests) = (table.source().clone(), opening.digests);
    let is_same = work::blocking(move || Ok(source.digests()?.1 == digests)).await?;
    Ok((is_same && table.read_options().agree_with(&opening.read, &opening.layout)).then_some(newest))
}

/// What is made where it may block and compute.
struct Job {
    source: Table,
    derivation: Derivation,
    paths: Vec<PathBuf>,
    columns: Option<Vec<String>>,
}

/// A table that was made and has no name yet.
struct Made {
    file: NamedTempFile,
    read: ReadOptions,
}

impl Made {
    fn table(&self, target: &Target) -> Table {
        let source = Source::path(self.file.path()).named(&target.path);
        Table::new(source).named(target.dataset.clone()).options(self.read.clone())
    }
}

impl Job {
    fn make(self, committed: &CommittedRows, opening: &Opening, work: &Work) -> Result<Vec<Made>, LedgerError> {
        let mut progress = work;
        let source = opening.read.source(self.source.source().clone());
        let copy = RowCopy::plan(&source, &self.paths)?;
        let places = self.places(committed, work)?;
        let mut made = Vec::with_capacity(self.paths.len());
        let mut targets = Vec::with_capacity(self.paths.len());
        for (index, (path, format)) in self.paths.iter().zip(copy.formats()).enumerate() {
            if !places.iter().flatten().any(|place| usize::from(*place) == index) {
                return Err(DerivationError::Empty { path: path.clone() }.into());
            }
            let not_written = |source| DerivationError::Write { path: path.clone(), source };
            let file = temporary(path, self.source.source().name()).map_err(not_written)?;
            targets.push(CopyTarget { name: path.clone(), file: file.reopen().map_err(not_written)? });
            let read = ReadOptions {
                format: Some(*format),
                compression: Some(copy.compression()),
                csv: copy.csv(&opening.read.csv),
                ..opening.read.clone()
            };
            made.push(Made { file, read });
        }
        copy.run(&places, targets, &mut progress)?;
        Ok(made)
    }

    /// The columns in which the tables are compared, in the order of the source.
    fn columns(&self, layout: &Layout) -> Vec<String> {
        let mut columns = self.columns.clone().unwrap_or_else(|| comparable(layout));
        columns.sort_by_key(|name| layout.index_of(name));
        columns
    }

    /// Where every row goes.
    fn places(&self, committed: &CommittedRows, work: &Work) -> Result<Vec<Option<u8>>, LedgerError> {
        let layout = committed.plan.layout();
        let dataset = committed.name.clone();
        match &self.derivation {
            Derivation::Filter(_) | Derivation::Erase(_) => {
                let details = self.derivation.details().canonical(layout);
                let columns = self.columns(layout);
                // The conditions are about the first table: any other one will do.
                let tables = vec![&committed.plan, &committed.plan];
                let plan = RelationPlan::with(self.derivation.operation(), &details, tables, &columns)
                    .map_err(RelateError::Plan)?;
                let rows = committed.read_again(work)?;
                let meets = difference::meeting(&plan, Some((committed, &rows)));
                if !meets.contains(&true) {
                    let conditions: Vec<String> = details.conditions.iter().map(ToString::to_string).collect();
                    return Err(DerivationError::NoRow { dataset, conditions: conditions.join(" and ") }.into());
                }
                let wanted = matches!(self.derivation, Derivation::Filter(_));
                Ok(meets.into_iter().map(|meets| (meets == wanted).then_some(0)).collect())
            }
            Derivation::Dedup(key) => {
                let columns = self.columns(layout);
                let key = if key.is_empty() { columns.clone() } else { key.clone() };
                let details = Details { key, ..Details::default() }.canonical(layout);
                // Before anything is made: a key that is not compared has no relation. Any other table will do.
                let tables = vec![&committed.plan, &committed.plan];
                RelationPlan::with(self.derivation.operation(), &details, tables, &columns)
                    .map_err(RelateError::Plan)?;
                let key: Vec<usize> = details.key.iter().filter_map(|name| layout.index_of(name)).collect();
                let rows = committed.read_again(work)?;
                let mut seen = HashSet::new();
                let hashes = difference::hashes_of(&key, committed, &rows);
                Ok(hashes.into_iter().map(|key| seen.insert(key).then_some(0)).collect())
            }
            Derivation::Split { ratio, stratify, seed } => {
                if comparable(layout).is_empty() {
                    return Err(RelateError::Plan(RelationPlanError::NoColumns).into());
                }
                let strata = match stratify {
                    None => vec![0; usize::try_from(layout.rows()).unwrap_or(usize::MAX)],
                    Some(column) => {
                        let missing = || DerivationError::NoColumn { dataset: dataset.clone(), column: column.clone() };
                        let position = layout.index_of(column).ok_or_else(missing)?;
                        let rows = committed.read_again(work)?;
                        let not_stratified = || DerivationError::NotStratified { column: column.clone() };
                        split::strata(&rows, position).ok_or_else(not_stratified)?
                    }
                };
                Ok(split::parts(ratio, &strata, *seed).into_iter().map(Some).collect())
            }
        }
    }
}

/// The columns in which a table can be compared with others.
fn comparable(layout: &Layout) -> Vec<String> {
    let compared = compare(&[layout]).into_iter().filter(|column| column.positions.is_ok());
    compared.map(|column| column.column).collect()
}

/// A file beside `path` that is removed with the value, readable for whom the source is.
fn temporary(path: &Path, source: &Path) -> std::io::Result<NamedTempFile> {
    let file = tempfile::Builder::new().prefix(".zkl-").tempfile_in(directory(path))?;
    #[cfg(unix)]
    if let Some(mode) = fs::metadata(source).ok().filter(fs::Metadata::is_file) {
        use std::os::unix::fs::PermissionsExt as _;
        file.as_file().set_permissions(fs::Permissions::from_mode(mode.permissions().mode() & 0o666 | 0o600))?;
    }
    Ok(file)
}

/// Puts the files in their places: all of them, or none unless one was replaced.
fn place(made: Vec<Made>, paths: &[PathBuf], overwrite: bool) -> Result<(), DerivationError> {
    let mut done: Vec<&PathBuf> = Vec::new();
    for (made, path) in made.into_iter().zip(paths) {
        let persisted = if overwrite { made.file.persist(path) } else { made.file.persist_noclobber(path) };
        if let Err(error) = persisted {
            if !overwrite {
                // What cannot be removed stays: there is nothing else to be done about it.
                done.into_iter().for_each(|path| drop(fs::remove_file(path)));
            }
            return Err(DerivationError::Write { path: path.clone(), source: error.error });
        }
        done.push(path);
    }
    Ok(())
}

fn unfinished(recorded: &[u64], error: LedgerError) -> LedgerError {
    match recorded {
        [] => error,
        _ => DerivationError::Unfinished { recorded: recorded.to_vec(), source: Box::new(error) }.into(),
    }
}
