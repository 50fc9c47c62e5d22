//! The driver: begins, takes in what workers have proved, and appends.

use std::{future::IntoFuture, sync::Arc};

use futures::future::BoxFuture;
use zkl_circuits::{
    scan::{ScanContext, SegmentPart, TableProver, TableProverState, TableSecrets},
    seal::SealSeed,
};
use zkl_core::{
    circuit::Circuit,
    digest::{DatasetId, DigestRule, KeyDigest, Sha256Digest},
    name::DatasetName,
    privacy::PrivacyLevel,
    profile::Profile,
};
use zkl_dataset::PartialScan;
use zkl_receipt::Nonce;

use super::frame::TableFrame;
use crate::{
    error::LedgerError,
    ledger::Ledger,
    notarize::{Notarized, SealedTable, Statement, record},
    opening::{OPENING_FORMAT, Opening, commitment_seed},
    proofs::reference_string,
    scan::{ScanJob, SegmentTools},
    stage::{SharedReporter, StageReporter},
    table::ReadOptions,
    work,
};

/// A notarization of a table in parts that was asked for; awaiting it begins it. Nothing is stored before
/// [`TableInParts::finish`].
#[must_use = "nothing begins until it is awaited"]
pub struct NotarizeParts<'l> {
    ledger: &'l Ledger,
    name: DatasetName,
    read: ReadOptions,
    scan: PartialScan,
    privacy: PrivacyLevel,
    srs: Option<KeyDigest>,
    reporter: SharedReporter,
}

impl Ledger {
    /// Begins to notarize a table whose parts were observed and joined in order, each with the reading options `read`.
    ///
    /// # Errors
    /// Of the future: [`LedgerError::ReadOnly`]; the parts make no table with the pairs of `read`; keys cannot be had.
    pub fn notarize_parts(&self, name: DatasetName, read: ReadOptions, scan: PartialScan) -> NotarizeParts<'_> {
        let (privacy, reporter) = (PrivacyLevel::default(), Arc::new(()));
        NotarizeParts { ledger: self, name, read, scan, privacy, srs: None, reporter }
    }
}

impl NotarizeParts<'_> {
    /// Sets what is published about the digests of the parts.
    pub const fn privacy(mut self, privacy: PrivacyLevel) -> Self {
        self.privacy = privacy;
        self
    }

    /// Proves under an imported reference string, which workers need as well, instead of the project's own.
    pub const fn under(mut self, srs: KeyDigest) -> Self {
        self.srs = Some(srs);
        self
    }

    /// Reports stages.
    pub fn progress(mut self, reporter: impl StageReporter + 'static) -> Self {
        self.reporter = Arc::new(reporter);
        self
    }

    async fn run(self) -> Result<TableInParts, LedgerError> {
        let Self { ledger, name, read, scan, privacy, srs, reporter } = self;
        let notary = ledger.notary()?.verifying_key();
        let nonce = Nonce::generate().map_err(LedgerError::randomness)?;
        let context = ScanContext::new(ledger.log_key().name().as_str(), notary.as_bytes(), &name, nonce.as_bytes());
        let (keys, proofs) = (Arc::clone(&ledger.keys), ledger.proofs);
        let begun = work::run(Arc::clone(&reporter), move |work| {
            let seed = SealSeed::generate()?;
            let secrets = TableSecrets { seal: seed.clone(), commitments: commitment_seed(&seed) };
            let srs = reference_string(&keys, srs, work)?.digest();
            let job = ScanJob { keys: &keys, proofs, srs: Some(srs), context, secrets, work };
            let frame = TableFrame::new(&job, srs, seed, read, scan);
            let tools = job.tools(frame.plan()?)?;
            let (empty, digest) = (frame.empty_profile()?, frame.digest()?);
            Ok((frame, tools, empty, digest))
        });
        let (frame, tools, empty, digest) = begun.await?;
        let state = TableProverState::new(tools.table()?);
        let statement = Statement { privacy, notary, nonce };
        Ok(TableInParts { ledger: ledger.clone(), name, frame, digest, empty, tools, state, statement, reporter })
    }
}

impl<'l> IntoFuture for NotarizeParts<'l> {
    type Output = Result<TableInParts, LedgerError>;
    type IntoFuture = BoxFuture<'l, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A table whose segments are being proved elsewhere.
///
/// Memory: per segment its commitments, its proof and its profile's records; profiles that arrived before an earlier one.
pub struct TableInParts {
    ledger: Ledger,
    name: DatasetName,
    frame: TableFrame,
    /// Of the frame.
    digest: Sha256Digest,
    /// The profile of no rows.
    empty: Profile,
    tools: SegmentTools,
    state: TableProverState,
    statement: Statement,
    reporter: SharedReporter,
}

impl TableInParts {
    /// What workers need: secret.
    pub const fn frame(&self) -> &TableFrame {
        &self.frame
    }

    /// Positions of the segments that are still to come, in order.
    pub fn missing(&self) -> impl Iterator<Item = usize> {
        self.state.missing()
    }

    /// Checks a part from [`TableFrame::prove`], takes it in and returns the position of its segment. Blocking, as long as a
    /// verification. What is refused leaves everything as it was: the segment can be asked for again, of another worker.
    ///
    /// # Errors
    /// [`LedgerError::Part`] for bytes that are no part of this table; [`LedgerError::Scan`] for a part that was there before, or that
    /// is not what it says: the error names the segment.
    pub fn accept(&mut self, part: &[u8]) -> Result<usize, LedgerError> {
        let keys = self.tools.verifying_keys();
        let part = SegmentPart::from_bytes(self.tools.table()?, &keys, &self.empty, &self.digest, part)?;
        let index = part.index();
        let source = |circuit: &dyn Circuit| self.tools.key(circuit);
        let state = std::mem::replace(&mut self.state, TableProverState::new(self.tools.table()?));
        let mut prover = TableProver::resume(self.tools.segment_prover(&source)?, state);
        let accepted = prover.accept(part);
        self.state = prover.pause();
        accepted?;
        Ok(index)
    }

    /// Joins the segments, signs the statement and appends it, as [`Ledger::notarize`] does.
    ///
    /// # Errors
    /// [`LedgerError::Scan`] when segments are missing; [`LedgerError::OtherRows`] when the rows that were proved are not those that
    /// were observed; the store or the vault of openings fails.
    pub async fn finish(self) -> Result<Notarized, LedgerError> {
        let Self { ledger, name, frame, tools, state, statement, reporter, .. } = self;
        let sealed = work::run(Arc::clone(&reporter), move |work| {
            let source = |circuit: &dyn Circuit| tools.key(circuit);
            let prover = TableProver::resume(tools.segment_prover(&source)?, state);
            let proved = tools.finish(work, || prover.finish())?;
            if !frame.scan.agrees_with(&proved.profile) {
                return Err(LedgerError::OtherRows);
            }
            work.check()?;
            let (layout, reader) = (frame.layout()?, frame.reader());
            let opening = Opening {
                format: OPENING_FORMAT.to_owned(),
                dataset: name,
                // Follows from the statement; set before the opening is stored.
                dataset_id: DatasetId::new([0; 32]),
                seed: frame.seed.clone(),
                digests: frame.scan.digests(),
                read: frame.read.pinned_to(&layout),
                layout,
                profile: proved.profile,
            };
            let report = reader.report_of(&frame.scan).ok_or(LedgerError::NoRows)?;
            let notes = frame.scan.notes().to_vec();
            let (seal, rule) = (proved.seal, DigestRule::Parts);
            Ok(SealedTable { opening, seal, rule, report, notes, scan: Some(proved.scan) })
        });
        work::carry_out(record(ledger, sealed.await?, statement, reporter)).await
    }
}
