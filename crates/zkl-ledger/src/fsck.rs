//! The one check of a log, from its stored bytes.
//!
//! ```text
//! checkpoint   signed by the log; size and root are the store's
//! leaves       tiles of level 0; each entry has the hash of its leaf and is signed by its notary
//! tree         tiles of all levels and the root, computed from the leaves
//! blobs        every one that an entry names is there and has that digest
//! indexes      find, transaction and datasets agree with the entries (a store; an export has none)
//! cosigned     each is signed by the log, with the key that it had then, and has the root of its size; cosignatures of known witnesses verify
//! ```
//!
//! One walk in the order of the log. It holds a bundle of entries and the right edge of the tree, and steps over whatever is
//! damaged, so that it ends with every finding.

mod finding;
mod indexes;

use std::collections::{HashMap, HashSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use zkl_core::{
    digest::{BlobDigest, RootHash, TransactionId},
    storage::{Query, StorageBackend, StorageBackendExt as _, StorageError},
    tree::{LeafIndex, TileId, TreeSize},
};
use zkl_merkle::{
    checkpoint::SignedCheckpoint,
    cosignature::WitnessVerifier,
    error::NoteError,
    note::NoteVerifier,
    tile::{RightEdge, decode_bundle, right_edge_tiles},
    tree::{RootPlan, leaf_hash},
};

pub use finding::{Finding, FsckReport};
use indexes::IndexCheck;
use zkl_receipt::{EntryError, Predicate, Rotation, SignedEntry};

use crate::{
    error::LedgerError,
    export::ExportDir,
    ledger::Ledger,
    rotation::{open_former, rotation_of},
    source::{BUNDLE, LogSource, SourceEntry, Stored, Unreadable, load_tiles},
    stage::{Stage, StageReporter},
};

/// From so many blobs on, those that were checked are forgotten: most entries share their verifying keys with others.
const REMEMBERED_BLOBS: usize = 4_096;
/// Blobs read at a time.
const PARALLEL: usize = 16;

/// What became of a blob that an entry names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BlobState {
    Sound,
    Damaged,
    Absent,
}

impl Ledger {
    /// Checks everything that the store holds, in bounded memory, and reports every finding.
    ///
    /// # Errors
    /// [`LedgerError::Storage`] when the store does not answer; damage is a finding and no error.
    pub async fn fsck(&self, reporter: &dyn StageReporter) -> Result<FsckReport, LedgerError> {
        check_store(&*self.storage, &self.log_key(), self.witness_keys(), reporter).await
    }

    /// Checks the log from its stored bytes and returns its size: [`Ledger::fsck`] for those who need only know whether it
    /// is sound.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] with the first finding.
    pub async fn verify_log(&self) -> Result<TreeSize, LedgerError> {
        self.fsck(&()).await?.into_size()
    }
}

impl FsckReport {
    /// The size of a log that is sound.
    pub(crate) fn into_size(self) -> Result<TreeSize, LedgerError> {
        let findings = self.findings.len() as u64 + self.more;
        match self.findings.into_iter().next() {
            None => Ok(TreeSize(self.entries)),
            Some(first) => Err(LedgerError::Damaged { findings, first: Box::new(first) }),
        }
    }
}

/// Checks everything that a store holds of the log whose key is `log`.
pub(crate) async fn check_store(
    storage: &dyn StorageBackend,
    log: &NoteVerifier,
    witnesses: &[WitnessVerifier],
    reporter: &dyn StageReporter,
) -> Result<FsckReport, LedgerError> {
    Walk::new(&Stored(storage), log, witnesses, reporter).run().await
}

impl ExportDir {
    /// Checks everything that the export holds, as [`Ledger::fsck`] does. `log` is the key to check it with; cosignatures of
    /// `witnesses` are verified.
    ///
    /// # Errors
    /// [`LedgerError::Io`] when the files cannot be read; damage is a finding and no error.
    pub async fn fsck(
        &self,
        log: &NoteVerifier,
        witnesses: &[WitnessVerifier],
        reporter: &dyn StageReporter,
    ) -> Result<FsckReport, LedgerError> {
        let mut report = Walk::new(self, log, witnesses, reporter).run().await?;
        if self.unverified_log_key().ok().as_ref() != Some(log) {
            report.add(Finding::LogKey);
        }
        Ok(report)
    }
}

struct Walk<'a> {
    source: &'a dyn LogSource,
    log: &'a NoteVerifier,
    witnesses: &'a [WitnessVerifier],
    reporter: &'a dyn StageReporter,
    report: FsckReport,
    blobs: HashSet<BlobDigest>,
    indexes: Option<IndexCheck<'a>>,
    /// Those of the log's key, as they were met.
    rotations: Vec<Rotation>,
}

impl<'a> Walk<'a> {
    fn new(
        source: &'a dyn LogSource,
        log: &'a NoteVerifier,
        witnesses: &'a [WitnessVerifier],
        reporter: &'a dyn StageReporter,
    ) -> Self {
        let indexes = source.indexed().map(IndexCheck::new);
        let report = FsckReport { indexes: indexes.is_some(), ..FsckReport::default() };
        Self { source, log, witnesses, reporter, report, blobs: HashSet::new(), indexes, rotations: Vec::new() }
    }

    async fn run(mut self) -> Result<FsckReport, LedgerError> {
        let Some((size, root)) = self.head().await? else {
            self.nothing_behind(TreeSize(0)).await?;
            return Ok(self.report);
        };
        self.report.entries = size.0;
        let mut edge = Some(RightEdge::empty());
        for bundle in 0..size.0.div_ceil(BUNDLE) {
            self.reporter.stage(Stage::Check { entries: bundle * BUNDLE, of: size.0 });
            let leaves = self.bundle(bundle, size).await?;
            // Where neither tile nor entry tells a leaf, nothing can be said about the tree above it.
            edge = match (edge, leaves) {
                (Some(edge), Some(leaves)) => Some(self.grow(&edge, &leaves, size).await?),
                _ => None,
            };
        }
        if let Some(computed) = edge.map(|edge| edge.root()).filter(|computed| *computed != root) {
            self.report.add(Finding::Root { size, expected: root, computed });
        }
        self.nothing_behind(size).await?;
        self.cosigned(size).await?;
        if let Some(indexes) = self.indexes.take() {
            indexes.finish(size, &mut self.report).await?;
        }
        Ok(self.report)
    }

    /// Checks the head and returns size and root to go by.
    async fn head(&mut self) -> Result<Option<(TreeSize, RootHash)>, LedgerError> {
        let head = match self.source.head().await {
            Ok(Some(head)) => head,
            Ok(None) if self.source.indexed().is_some() => return Ok(None),
            Ok(None) => {
                self.report.add(Finding::CheckpointAbsent);
                return Ok(None);
            }
            Err(unreadable) => return self.damaged("the head", unreadable).map(|()| None),
        };
        let signed = match SignedCheckpoint::parse(&head.checkpoint) {
            Ok(signed) => signed,
            Err(error) => {
                self.report.add(Finding::Checkpoint(error));
                return Ok(head.stored);
            }
        };
        if let Err(error) = signed.open(self.log) {
            self.report.add(Finding::Checkpoint(error));
        }
        self.cosignatures(&signed);
        let said = (signed.unverified().size(), signed.unverified().root());
        if let Some(stored) = head.stored.filter(|stored| *stored != said) {
            self.report.add(Finding::Head { stored: stored.0, signed: said.0 });
        }
        Ok(Some(head.stored.unwrap_or(said)))
    }

    /// Checks the entries of a bundle and the tile of their leaves, and returns the leaves if they can be told.
    async fn bundle(&mut self, index: u64, size: TreeSize) -> Result<Option<Vec<TransactionId>>, LedgerError> {
        let id = TileId { level: 0, index, width: 0 };
        let id = TileId { width: id.width_in(size), ..id };
        let tile = self.tile(id, size).await?;
        let entries = match self.source.entries(index, id.width).await {
            Ok(entries) => Some(entries),
            Err(unreadable) => {
                self.damaged(&format!("entry bundle {index}"), unreadable)?;
                None
            }
        };
        let first = index * BUNDLE;
        let mut by_index: Vec<Option<&SourceEntry>> = vec![None; usize::from(id.width)];
        for entry in entries.iter().flatten() {
            let place =
                entry.index.checked_sub(first).and_then(|offset| by_index.get_mut(usize::try_from(offset).ok()?));
            match place {
                Some(place) => *place = Some(entry),
                None => self.report.add(Finding::Answer { by: "index", of: first.to_string() }),
            }
        }
        let hashes: Vec<_> = by_index.iter().map(|entry| entry.map(|entry| leaf_hash(&entry.bytes))).collect();
        let stored = tile.as_deref().map(|tile| tile.as_chunks::<{ TileId::HASH_LEN }>().0);
        for (offset, hash) in (0_u64..).zip(&hashes) {
            let leaf = stored.and_then(|stored| stored.get(usize::try_from(offset).ok()?));
            match (hash, leaf) {
                (None, _) if entries.is_some() => self.report.add(Finding::EntryAbsent { index: first + offset }),
                (Some(hash), Some(leaf)) if hash.as_bytes() != leaf => {
                    self.report.add(Finding::EntryBytes { index: first + offset });
                }
                _ => {}
            }
        }
        self.narrower_bundles(index, id.width, &by_index).await?;
        if let Some(entries) = entries {
            self.entries(entries).await?;
        }
        let leaves = match stored {
            Some(stored) => Some(stored.iter().map(|leaf| TransactionId::new(*leaf)).collect()),
            None => hashes.into_iter().collect(),
        };
        Ok(leaves)
    }

    /// Reads a tile and checks its presence, its length, and that nothing is stored behind it.
    async fn tile(&mut self, id: TileId, size: TreeSize) -> Result<Option<Vec<u8>>, LedgerError> {
        let bytes = match self.source.tile(id).await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                self.report.add(Finding::TileAbsent { id });
                return Ok(None);
            }
            Err(unreadable) => {
                let what = zkl_merkle::tile::tile_path(id)?;
                return self.damaged(&format!("tile {what}"), unreadable).map(|()| None);
            }
        };
        self.report.tiles += 1;
        if bytes.len() != usize::from(id.width) * TileId::HASH_LEN {
            self.report.add(Finding::Tile { id });
            return Ok(None);
        }
        for (width, narrower) in self.source.narrower_tiles(id).await? {
            let whole = narrower.len() == usize::from(width) * TileId::HASH_LEN;
            if !whole || !bytes.starts_with(&narrower) {
                self.report.add(Finding::Tile { id: TileId { width, ..id } });
            }
        }
        if !id.is_full() && self.source.indexed().is_some() {
            let wider = TileId { width: id.width + 1, ..id };
            if matches!(self.source.tile(wider).await, Ok(Some(_))) && !self.has_grown(size).await? {
                self.report.add(Finding::TileTooWide { id });
            }
        }
        Ok(Some(bytes))
    }

    /// Grows the tree by the leaves of a bundle and compares the tiles above that this completes.
    async fn grow(
        &mut self,
        edge: &RightEdge,
        leaves: &[TransactionId],
        size: TreeSize,
    ) -> Result<RightEdge, LedgerError> {
        let grown = edge.append(leaves)?;
        for (id, expected) in grown.tiles {
            if id.level > 0
                && id.width == id.width_in(size)
                && self.tile(id, size).await?.is_some_and(|got| got != expected)
            {
                self.report.add(Finding::Tile { id });
            }
        }
        Ok(grown.edge)
    }

    /// Checks signatures, stored fields, blobs and indexes of a bundle's entries.
    async fn entries(&mut self, entries: Vec<SourceEntry>) -> Result<(), LedgerError> {
        // Signatures are the bulk of the work.
        let opened = tokio::task::spawn_blocking(move || {
            let open = |entry: SourceEntry| (open(&entry.bytes), entry);
            entries.into_iter().map(open).collect::<Vec<_>>()
        });
        let (mut stored, mut named) = (Vec::new(), Vec::new());
        for (opened, entry) in opened.await.map_err(LedgerError::task)? {
            let predicate = match opened {
                Ok(predicate) => predicate,
                Err(source) => {
                    self.report.add(Finding::Entry { index: entry.index, source });
                    continue;
                }
            };
            if let Some(transaction) = entry.stored {
                let fields = [
                    ("id", transaction.id == leaf_hash(&entry.bytes)),
                    ("kind", transaction.kind == predicate.kind()),
                    ("dataset", transaction.dataset.as_ref() == predicate.dataset()),
                    ("time", transaction.recorded_at == predicate.recorded_at()),
                ];
                for (field, _) in fields.into_iter().filter(|(_, agrees)| !agrees) {
                    self.report.add(Finding::EntryField { index: entry.index, field });
                }
                stored.push(transaction);
            }
            self.rotations.extend(rotation_of(LeafIndex(entry.index), &predicate, self.log));
            self.report.unknown += u64::from(matches!(predicate, Predicate::Unknown(_)));
            named.extend(predicate.blobs().required().into_iter().map(|digest| (entry.index, digest)));
        }
        self.blobs(&named).await?;
        if let Some(indexes) = &mut self.indexes {
            indexes.bundle(&stored, &mut self.report).await?;
        }
        Ok(())
    }

    /// Checks the blobs that entries name, several at a time: what a store takes to answer counts, not what it takes to hash.
    async fn blobs(&mut self, named: &[(u64, BlobDigest)]) -> Result<(), LedgerError> {
        let new: HashSet<BlobDigest> = named.iter().map(|(_, digest)| *digest).collect();
        let source = self.source;
        let reads = new.difference(&self.blobs).copied().map(|digest| async move {
            match source.blob(digest).await {
                Ok(Some(bytes)) if BlobDigest::of(&bytes) == digest => Ok((digest, BlobState::Sound)),
                Ok(Some(_)) | Err(Unreadable::Damaged(_)) => Ok((digest, BlobState::Damaged)),
                Ok(None) => Ok((digest, BlobState::Absent)),
                Err(failed) => Err(LedgerError::from(failed)),
            }
        });
        let reads: Vec<_> = reads.collect();
        let states: HashMap<_, _> = stream::iter(reads).buffer_unordered(PARALLEL).try_collect().await?;
        for (index, digest) in named.iter().copied() {
            match states.get(&digest) {
                Some(BlobState::Damaged) => self.report.add(Finding::Blob { index, digest }),
                Some(BlobState::Absent) => self.report.add(Finding::BlobAbsent { index, digest }),
                Some(BlobState::Sound) | None => {}
            }
        }
        let sound = states.into_iter().filter(|(_, state)| *state == BlobState::Sound).map(|(digest, _)| digest);
        if self.blobs.len() >= REMEMBERED_BLOBS {
            self.blobs.clear();
        }
        for digest in sound {
            self.report.blobs += 1;
            self.blobs.insert(digest);
        }
        Ok(())
    }

    /// Partial bundles that earlier exports published must be beginnings of this one.
    async fn narrower_bundles(
        &mut self,
        index: u64,
        width: u16,
        entries: &[Option<&SourceEntry>],
    ) -> Result<(), LedgerError> {
        for (narrower, bytes) in self.source.narrower_bundles(index, width).await? {
            let same = decode_bundle(&bytes, narrower).is_ok_and(|decoded| {
                narrower <= width
                    && decoded.iter().zip(entries).all(|(got, entry)| entry.is_none_or(|entry| entry.bytes == **got))
            });
            if !same {
                self.report.add(Finding::Bundle { index, width: narrower });
            }
        }
        Ok(())
    }

    /// A store must not hold more than its head says, nor an export another bundle.
    async fn nothing_behind(&mut self, size: TreeSize) -> Result<(), LedgerError> {
        let Some(store) = self.source.indexed() else {
            let behind = size.0.div_ceil(BUNDLE);
            if matches!(self.source.entries(behind, 1).await, Ok(entries) if !entries.is_empty()) {
                self.report.add(Finding::EntryBehindHead { index: behind * BUNDLE });
            }
            return Ok(());
        };
        // Another writer may have appended since the head was read.
        let size = store.size().await?.max(size);
        let query = Query { index: Some(size.0..u64::MAX), limit: 1, ..Query::default() };
        match store.find(&query).await.map_err(Unreadable::from) {
            Ok(found) => found.iter().for_each(|entry| {
                self.report.add(Finding::EntryBehindHead { index: entry.index.0 });
            }),
            Err(unreadable) => self.damaged("what lies behind the head", unreadable)?,
        }
        Ok(())
    }

    async fn has_grown(&self, size: TreeSize) -> Result<bool, LedgerError> {
        match self.source.indexed() {
            Some(store) => Ok(store.size().await? > size),
            None => Ok(false),
        }
    }

    /// Checks the cosigned checkpoints from the newest on.
    async fn cosigned(&mut self, head: TreeSize) -> Result<(), LedgerError> {
        let mut at_most = head;
        while at_most.0 > 0 {
            let (size, text) = match self.source.cosigned(at_most).await {
                Ok(Some(found)) => found,
                Ok(None) => break,
                Err(unreadable) => return self.damaged("a cosigned checkpoint", unreadable),
            };
            self.report.cosigned += 1;
            match SignedCheckpoint::parse(text.as_bytes()) {
                Err(source) => self.report.add(Finding::Cosigned { size, source }),
                Ok(signed) => self.cosigned_checkpoint(size, &signed).await?,
            }
            // A store that answers with a larger size than was asked for must not keep this from ending.
            at_most = TreeSize(size.0.min(at_most.0) - 1);
            if self.source.indexed().is_none() {
                break;
            }
        }
        Ok(())
    }

    async fn cosigned_checkpoint(&mut self, size: TreeSize, signed: &SignedCheckpoint) -> Result<(), LedgerError> {
        let rotations = Rotation::leading_to(&self.rotations, self.log);
        let opened = signed.open(self.log).or_else(|_| open_former(&rotations, self.log, signed));
        let checkpoint = match opened {
            Ok(checkpoint) => checkpoint,
            Err(source) => {
                self.report.add(Finding::Cosigned { size, source });
                return Ok(());
            }
        };
        if checkpoint.size() != size {
            self.report.add(Finding::CosignedSize { size, got: checkpoint.size() });
            return Ok(());
        }
        self.cosignatures(signed);
        match load_tiles(self.source, &right_edge_tiles(size)).await {
            Ok(tiles) => match RootPlan::new(size).root(&tiles) {
                Ok(computed) if computed == checkpoint.root() => {}
                Ok(computed) => self.report.add(Finding::Root { size, expected: checkpoint.root(), computed }),
                // The tile is reported where the walk met it.
                Err(_) => {}
            },
            Err(unreadable) => self.damaged("the right edge of a cosigned tree", unreadable)?,
        }
        Ok(())
    }

    fn cosignatures(&mut self, signed: &SignedCheckpoint) {
        for witness in self.witnesses {
            match witness.verify(signed) {
                Ok(_) | Err(NoteError::NotSigned { .. }) => {}
                Err(source) => {
                    let (witness, size) = (witness.name().to_string(), signed.unverified().size());
                    self.report.add(Finding::Cosignature { witness, size, source });
                }
            }
        }
    }

    /// Records damage, and gives up when the source does not answer.
    fn damaged(&mut self, what: &str, unreadable: Unreadable) -> Result<(), LedgerError> {
        match unreadable {
            Unreadable::Damaged(source) => {
                self.report.add(Finding::Unreadable { what: what.to_owned(), source });
                Ok(())
            }
            Unreadable::Failed(error) => Err(*error),
        }
    }
}

fn open(bytes: &[u8]) -> Result<Predicate, EntryError> {
    let text = str::from_utf8(bytes).map_err(|_| EntryError::Utf8)?;
    Ok(SignedEntry::open(text)?.predicate().clone())
}

/// The answer of a store, or `None` for one that says that its bytes are damaged.
fn sound<T>(answer: Result<T, StorageError>) -> Result<Option<T>, LedgerError> {
    match answer.map_err(Unreadable::from) {
        Ok(value) => Ok(Some(value)),
        Err(Unreadable::Damaged(_)) => Ok(None),
        Err(Unreadable::Failed(error)) => Err(*error),
    }
}
