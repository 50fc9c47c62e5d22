//! What a worker gets, and what it does with it.

use std::{ops::Range, sync::Arc};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;
use zkl_circuits::{
    scan::{JoinedPlan, ScanContext, TableSecrets},
    seal::SealSeed,
};
use zkl_core::{
    circuit::Circuit,
    digest::{KeyDigest, Sha256Digest},
    layout::Layout,
    profile::Profile,
};
use zkl_dataset::{PartialScan, ProfileSums, Scan, Source};
use zkl_receipt::table_plan;
use zkl_snark::keys::KeyStore;

use crate::{
    error::LedgerError,
    opening::{commitment_seed, dictionary_key, seed_text},
    proofs::ProofSetting,
    scan::{ScanJob, SegmentSink, SegmentTools, TablePart, side_by_side, witness},
    stage::StageReporter,
    table::{ReadOptions, Table},
    work::{self, Work},
};

/// The `format` that is written and read.
const FORMAT: &str = "zkl-table-frame/1";
/// Most bytes that are read, as of an opening: dictionaries of long values fit.
const MAX_BYTES: usize = 1 << 30;

/// Bytes that are no frame.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// More bytes than are read.
    #[error("a frame has at most {max} bytes, not {got}")]
    TooLong {
        /// Most bytes.
        max: usize,
        /// Bytes that were given.
        got: usize,
    },
    /// Not JSON of this form, or with a partial scan that no rows have.
    #[error("the bytes are no frame of a table")]
    Syntax(#[source] serde_json::Error),
    /// Of another version, or something else.
    #[error("expected the format {FORMAT:?}")]
    Format,
    /// Another spelling than the one that is written.
    #[error("the frame is not spelled as it is written")]
    NotCanonical,
}

/// Everything that segments of one table are proved with, beside the rows: how it is read, what its values are relative to, for which
/// entry. Secret: it holds the seed of the notarization, and the values of every dictionary.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableFrame {
    pub(super) format: String,
    pub(super) proofs: ProofSetting,
    pub(super) srs: KeyDigest,
    /// Digest of the context of the scan proof, which binds it to the entry.
    pub(super) context: Sha256Digest,
    #[serde(with = "seed_text")]
    pub(super) seed: SealSeed,
    pub(super) read: ReadOptions,
    pub(super) scan: PartialScan,
}

impl TableFrame {
    pub(super) fn new(job: &ScanJob<'_>, srs: KeyDigest, seed: SealSeed, read: ReadOptions, scan: PartialScan) -> Self {
        let context = job.context.digest();
        Self { format: FORMAT.to_owned(), proofs: job.proofs, srs, context, seed, read, scan }
    }

    /// The one encoding: JSON without white space. Secret.
    ///
    /// # Errors
    /// [`LedgerError::Encode`].
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, LedgerError> {
        Ok(Zeroizing::new(serde_json::to_vec(self)?))
    }

    /// Reads [`TableFrame::to_bytes`], and nothing else.
    ///
    /// # Errors
    /// [`FrameError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrameError> {
        if bytes.len() > MAX_BYTES {
            return Err(FrameError::TooLong { max: MAX_BYTES, got: bytes.len() });
        }
        let frame: Self = serde_json::from_slice(bytes).map_err(FrameError::Syntax)?;
        if frame.format != FORMAT {
            return Err(FrameError::Format);
        }
        match frame.to_bytes() {
            Ok(again) if *again == bytes => Ok(frame),
            _ => Err(FrameError::NotCanonical),
        }
    }

    /// The public shape of the table.
    ///
    /// # Errors
    /// [`LedgerError::Dataset`] when the parts make no table with the declared pairs.
    pub fn layout(&self) -> Result<Layout, LedgerError> {
        Ok(self.reader().layout_of(&self.scan)?)
    }

    /// The rows of every segment, counted from 0 over the parts in the order in which they were joined.
    ///
    /// # Errors
    /// [`LedgerError::TablePlan`], and as [`TableFrame::layout`].
    pub fn rows(&self) -> Result<Vec<Range<u64>>, LedgerError> {
        let plan = self.plan()?;
        let columns = plan.layout().columns().len();
        let plan = plan.into_table().ok_or(LedgerError::TooWideInParts { columns })?;
        Ok(plan.segments().map(|segment| segment.first_row..segment.first_row + segment.rows()).collect())
    }

    /// Proves segment `index`, from 0, whose rows are those of `rows`, in any format. Returns the part for the driver, which is
    /// secret as well. `keys` has or makes keys and reference string. Memory is bounded by a segment. When the future is dropped, the
    /// work stops soon.
    ///
    /// # Errors
    /// [`LedgerError::Dataset`] for rows that cannot be read, are not as many as the segment has, or hold what was not observed;
    /// [`LedgerError::Scan`] and others when the segment cannot be proved.
    pub async fn prove(
        &self,
        index: usize,
        rows: Table,
        keys: Arc<KeyStore>,
        reporter: impl StageReporter + 'static,
    ) -> Result<Vec<u8>, LedgerError> {
        let frame = self.clone();
        work::run(Arc::new(reporter), move |work| frame.prove_segment(index, &rows, &keys, work)).await
    }

    fn prove_segment(
        &self,
        index: usize,
        rows: &Table,
        keys: &Arc<KeyStore>,
        work: &Work,
    ) -> Result<Vec<u8>, LedgerError> {
        let tools = self.tools(keys, work)?;
        let segment = tools.segment(index)?;
        let (reader, key, mut progress) = (self.read.scan(rows.source().clone()), dictionary_key(&self.seed), work);
        let layout = segment.scan.layout();
        let read = |sink: &mut SegmentSink| reader.encode_part(&self.scan, layout, &key, &mut progress, sink);
        let ((), part) = side_by_side(read, |parts| {
            let rows = parts.iter().find_map(|part| match part {
                TablePart::Segment(rows) => Some(rows),
                TablePart::Layout(_) => None,
            });
            let rows = rows.ok_or(LedgerError::NoRows)?;
            work.stage(tools.stage(&segment))?;
            let source = |circuit: &dyn Circuit| tools.key(circuit);
            let prover = tools.segment_prover(&source)?;
            Ok(prover.prove(index, &witness(&segment, &rows)?, rows.profile.clone())?)
        })?;
        Ok(part.to_bytes(&self.digest()?))
    }

    pub(super) fn tools(&self, keys: &Arc<KeyStore>, work: &Work) -> Result<SegmentTools, LedgerError> {
        self.job(keys, work).tools(self.plan()?)
    }

    pub(super) fn plan(&self) -> Result<JoinedPlan, LedgerError> {
        Ok(table_plan(&self.layout()?)?)
    }

    fn job<'a>(&self, keys: &'a Arc<KeyStore>, work: &'a Work) -> ScanJob<'a> {
        let secrets = TableSecrets { seal: self.seed.clone(), commitments: commitment_seed(&self.seed) };
        let context = ScanContext::from_digest(self.context);
        ScanJob { keys, proofs: self.proofs, srs: Some(self.srs), context, secrets, work }
    }

    /// What parts are bound to.
    pub(super) fn digest(&self) -> Result<Sha256Digest, LedgerError> {
        Ok(Sha256Digest::of(&self.to_bytes()?))
    }

    /// The profile of no rows: the bounds and dictionaries of the table.
    pub(super) fn empty_profile(&self) -> Result<Profile, LedgerError> {
        let layout = self.layout()?;
        let frame = self.reader().frame_of(&self.scan, &dictionary_key(&self.seed));
        Ok(ProfileSums::new(&layout).finish(&layout, &frame))
    }

    /// How the table is read, without a table.
    pub(super) fn reader(&self) -> Scan {
        self.read.scan(Source::bytes(Vec::new()))
    }
}
