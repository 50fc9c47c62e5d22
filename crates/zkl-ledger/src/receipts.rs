//! Receipts of entries, made from what the store holds.

use std::collections::{BTreeMap, btree_map};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zkl_core::{
    digest::{BlobDigest, TransactionId},
    tree::LeafIndex,
};
use zkl_receipt::{
    Evidence, MAX_RECEIPT_ENTRIES, MAX_RELATIONS, MAX_SCAN_PROOFS, Manifest, Predicate, ProofPart, Receipt,
    ReceiptEntry, ScanPart,
};

use crate::{
    entry::Entry,
    error::LedgerError,
    ledger::{EntryRef, Ledger},
    log,
    relate::RelateError,
    rotation,
};

impl Ledger {
    /// The receipt of an entry, with the scan proof of the table that it is about if there is one. Otherwise as
    /// [`Ledger::receipt_of`].
    ///
    /// # Errors
    /// As [`Ledger::receipt_of`].
    pub async fn receipt(&self, entry: &Entry) -> Result<Receipt, LedgerError> {
        self.receipt_of(std::slice::from_ref(entry), true).await
    }

    /// The receipt of an entry without scan proofs: some KB, whatever the table, and it verifies as attested.
    ///
    /// # Errors
    /// As [`Ledger::receipt_of`].
    pub async fn receipt_without_scan(&self, entry: &Entry) -> Result<Receipt, LedgerError> {
        self.receipt_of(std::slice::from_ref(entry), false).await
    }

    /// One receipt of several entries, of all that they name, and of the rotations that led to the log's key and to their notaries': claims
    /// about one table share its notarization and its scan proof. It stands under the checkpoint that most witnesses of this ledger cosigned (of the newest few that cover
    /// the entries; the newest of several), otherwise under the newest one. Everything in it comes from the store: no secrets are needed, so whoever runs the
    /// ledger can hand out receipts.
    ///
    /// # Errors
    /// [`LedgerError::Blob`] when a blob that an entry names is not there, [`LedgerError::UnknownKind`] for an entry that no
    /// receipt of this version is about, [`LedgerError::ReceiptEntries`] when there are none or too many,
    /// [`LedgerError::ReceiptScans`] when too many have a scan proof, [`LedgerError::ReceiptRelations`] when too many are
    /// relations; otherwise what the store answers.
    pub async fn receipt_of(&self, entries: &[Entry], with_scans: bool) -> Result<Receipt, LedgerError> {
        self.receipt_with(entries, with_scans, None).await
    }

    /// As [`Self::receipt_of`], for a caller who has the evidence of one closed relation.
    pub(crate) async fn receipt_with(
        &self,
        entries: &[Entry],
        with_scans: bool,
        closed: Option<TransactionId>,
    ) -> Result<Receipt, LedgerError> {
        let mut all = self.with_named(entries).await?;
        if all.is_empty() {
            return Err(LedgerError::ReceiptEntries { got: 0, max: MAX_RECEIPT_ENTRIES });
        }
        let is_closed = |entry: &&Entry| match entry.predicate() {
            Predicate::Relation(record) => record.disclosure.open().is_none() && Some(entry.id) != closed,
            _ => false,
        };
        if let Some(entry) = all.values().find(is_closed) {
            return Err(RelateError::Closed { index: entry.index }.into());
        }
        let is_relation = |entry: &Entry| matches!(entry.predicate(), Predicate::Relation(_));
        if !with_scans && all.values().any(is_relation) {
            return Err(RelateError::ScansNeeded.into());
        }
        // Whoever pinned an earlier key of the log finds the way to the one that signs here.
        let (log, origin) = (self.rotations().await?, self.log_key().name().clone());
        // Whoever lists an earlier notary finds the way to the one that signed.
        let notaries = rotation::of_notaries(&*self.storage, &origin).await?;
        let signers: Vec<_> = all.values().map(|entry| (*entry.predicate().notary(), entry.index)).collect();
        let named = signers.iter().flat_map(|(notary, index)| notaries.leading_to(notary, &origin, *index));
        for step in log.into_iter().chain(named) {
            if let btree_map::Entry::Vacant(place) = all.entry(step.index) {
                place.insert(self.entry(EntryRef::Index(step.index)).await?);
            }
        }
        if all.len() > MAX_RECEIPT_ENTRIES {
            return Err(LedgerError::ReceiptEntries { got: all.len(), max: MAX_RECEIPT_ENTRIES });
        }
        let (Some(first), Some(last)) = (all.keys().next(), all.keys().next_back()) else {
            return Err(LedgerError::ReceiptEntries { got: 0, max: MAX_RECEIPT_ENTRIES });
        };
        let scans = all.values().filter(|entry| with_scans && entry.predicate().blobs().scan.is_some()).count();
        if scans > MAX_SCAN_PROOFS {
            return Err(LedgerError::ReceiptScans { got: scans, max: MAX_SCAN_PROOFS });
        }
        let unknown = || LedgerError::UnknownEntry { reference: first.to_string() };
        let relations = all.values().filter(|entry| is_relation(entry)).count();
        if relations > MAX_RELATIONS {
            return Err(LedgerError::ReceiptRelations { got: relations, max: MAX_RELATIONS });
        }
        let (head, witnesses) = self.head_for_receipt(*last).await?.ok_or_else(unknown)?;
        let mut listed = Vec::with_capacity(all.len());
        for (&index, entry) in &all {
            listed.push(ReceiptEntry {
                index,
                envelope: entry.signed.envelope().to_owned(),
                inclusion: log::inclusion(&*self.storage, index, head.checkpoint.size()).await?,
                evidence: self.evidence(entry, with_scans).await?,
            });
        }
        Ok(Receipt {
            log: self.log_key().to_string(),
            witnesses: witnesses.iter().map(ToString::to_string).collect(),
            checkpoint: head.signed.to_string(),
            entries: listed,
        })
    }

    /// The entries, and those that they name, and so on, by index.
    async fn with_named(&self, entries: &[Entry]) -> Result<BTreeMap<LeafIndex, Entry>, LedgerError> {
        let mut all = BTreeMap::new();
        let mut waiting = entries.to_vec();
        while let Some(entry) = waiting.pop() {
            if let Predicate::Unknown(_) = entry.predicate() {
                let got = entry.predicate().type_uri().to_owned();
                return Err(LedgerError::UnknownKind { id: entry.id, got });
            }
            if all.len() >= MAX_RECEIPT_ENTRIES {
                return Err(LedgerError::ReceiptEntries { got: all.len() + 1, max: MAX_RECEIPT_ENTRIES });
            }
            let named = entry.predicate().names();
            if all.insert(entry.index, entry).is_none() {
                for id in named {
                    waiting.push(self.entry(EntryRef::Id(id)).await?);
                }
            }
        }
        Ok(all)
    }

    /// What the blobs hold that an entry names.
    async fn evidence(&self, entry: &Entry, with_scan: bool) -> Result<Evidence, LedgerError> {
        let blobs = entry.predicate().blobs();
        let mut evidence = Evidence { manifest: self.manifest(entry).await?, ..Evidence::default() };
        if let Some(scan) = blobs.scan.filter(|_| with_scan) {
            let mut keys = Vec::with_capacity(scan.keys.len());
            for key in scan.keys {
                keys.push(self.blob_text(entry, key).await?);
            }
            evidence.scan = Some(ScanPart { proof: self.blob_text(entry, scan.proof).await?, keys });
        }
        if let Some(proof) = blobs.proof {
            let (bytes, key) = (self.blob_text(entry, proof.proof).await?, self.blob_text(entry, proof.key).await?);
            evidence.proof = Some(ProofPart { bytes, key });
        }
        Ok(evidence)
    }

    /// The public shape of the table that an entry notarizes, and what reading did to it; `None` of other entries.
    ///
    /// # Errors
    /// [`LedgerError::Blob`] when the manifest is absent or not one; the store fails.
    pub async fn manifest(&self, entry: &Entry) -> Result<Option<Manifest>, LedgerError> {
        let Some(digest) = entry.predicate().blobs().manifest else { return Ok(None) };
        let bytes = self.blob(entry, digest).await?;
        let manifest = serde_json::from_slice(&bytes).map_err(|_| LedgerError::Blob { id: entry.id, digest })?;
        Ok(Some(manifest))
    }

    async fn blob_text(&self, entry: &Entry, digest: BlobDigest) -> Result<String, LedgerError> {
        Ok(BASE64_STANDARD.encode(self.blob(entry, digest).await?))
    }

    pub(crate) async fn blob(&self, entry: &Entry, digest: BlobDigest) -> Result<Vec<u8>, LedgerError> {
        self.storage.blob(digest).await?.ok_or(LedgerError::Blob { id: entry.id, digest })
    }
}
