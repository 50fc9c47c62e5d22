//! Receipts of entries, made from what the store holds.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zkl_core::digest::{BlobDigest, KeyDigest};
use zkl_receipt::{
    LoggedEntry, Manifest, Predicate, ProofPart, RECEIPT_FORMAT, Receipt, SCAN_RECEIPT_FORMAT, ScanPart, ScanRecord,
    WITNESSED_RECEIPT_FORMAT, key_blob,
};

use crate::{
    entry::Entry,
    error::LedgerError,
    ledger::{EntryRef, Ledger},
    log::{self, TrustedHead},
};

impl Ledger {
    /// The receipt of an entry, with the scan proof if there is one: against the newest checkpoint that a witness of this ledger
    /// cosigned, if that covers the entry, otherwise against the newest one. Everything in it comes
    /// from the store: no secrets are needed, so whoever runs the ledger can hand out receipts.
    ///
    /// # Errors
    /// [`LedgerError::Blob`] when a blob that the entry names is not there; otherwise what the store answers.
    pub async fn receipt(&self, entry: &Entry) -> Result<Receipt, LedgerError> {
        let mut receipt = self.receipt_without_scan(entry).await?;
        let notarized = match entry.predicate() {
            Predicate::Notarization(record) => Some((entry.clone(), record.scan.clone())),
            Predicate::Claim(record) => {
                let notarized = self.notarization(EntryRef::Id(record.notarization)).await?;
                Some((notarized.entry, notarized.notarization.scan))
            }
            Predicate::Custom(_) => None,
        };
        if let Some((entry, Some(scan))) = notarized {
            receipt.scan = Some(self.scan_part(&entry, &scan).await?);
            if receipt.witnesses.is_empty() {
                SCAN_RECEIPT_FORMAT.clone_into(&mut receipt.format);
            }
        }
        Ok(receipt)
    }

    /// The receipt of an entry without the scan proof: some KB, whatever the table, and it verifies as attested.
    ///
    /// # Errors
    /// As [`Ledger::receipt`].
    pub async fn receipt_without_scan(&self, entry: &Entry) -> Result<Receipt, LedgerError> {
        let unknown = || LedgerError::UnknownEntry { reference: entry.id.to_string() };
        // A claim stands behind its notarization, so what covers the one covers the other.
        let (head, witnesses) = self.head_for_receipt(entry.index).await?.ok_or_else(unknown)?;
        let format = if witnesses.is_empty() { RECEIPT_FORMAT } else { WITNESSED_RECEIPT_FORMAT };
        let mut receipt = Receipt {
            format: format.to_owned(),
            log: self.log_key().to_string(),
            witnesses: witnesses.iter().map(ToString::to_string).collect(),
            entry: self.logged(entry, &head).await?,
            notarization: None,
            manifest: None,
            scan: None,
            proof: None,
        };
        match entry.predicate() {
            Predicate::Notarization(record) => receipt.manifest = Some(self.manifest(entry, record.manifest).await?),
            Predicate::Claim(record) => {
                let notarized = self.notarization(EntryRef::Id(record.notarization)).await?;
                receipt.manifest = Some(self.manifest(&notarized.entry, notarized.notarization.manifest).await?);
                receipt.notarization = Some(self.logged(&notarized.entry, &head).await?);
                receipt.proof = Some(self.proof_part(entry, record.proof, record.verifying_key).await?);
            }
            Predicate::Custom(record) => {
                receipt.proof = Some(self.proof_part(entry, record.proof, record.verifying_key).await?);
            }
        }
        Ok(receipt)
    }

    async fn logged(&self, entry: &Entry, head: &TrustedHead) -> Result<LoggedEntry, LedgerError> {
        let inclusion = log::inclusion(&*self.storage, entry.index, head).await?;
        Ok(LoggedEntry { envelope: entry.signed.envelope().to_owned(), inclusion: inclusion.encode() })
    }

    async fn manifest(&self, entry: &Entry, digest: BlobDigest) -> Result<Manifest, LedgerError> {
        let bytes = self.blob(entry, digest).await?;
        serde_json::from_slice(&bytes).map_err(|_| LedgerError::Blob { id: entry.id, digest })
    }

    async fn proof_part(&self, entry: &Entry, proof: BlobDigest, key: KeyDigest) -> Result<ProofPart, LedgerError> {
        Ok(ProofPart {
            bytes: BASE64_STANDARD.encode(self.blob(entry, proof).await?),
            verifying_key: BASE64_STANDARD.encode(self.blob(entry, key_blob(key)).await?),
        })
    }

    async fn scan_part(&self, entry: &Entry, scan: &ScanRecord) -> Result<ScanPart, LedgerError> {
        let mut verifying_keys = Vec::with_capacity(scan.keys.len());
        for key in &scan.keys {
            verifying_keys.push(BASE64_STANDARD.encode(self.blob(entry, key_blob(key.verifying_key)).await?));
        }
        Ok(ScanPart { proof: BASE64_STANDARD.encode(self.blob(entry, scan.proof).await?), verifying_keys })
    }

    async fn blob(&self, entry: &Entry, digest: BlobDigest) -> Result<Vec<u8>, LedgerError> {
        self.storage.blob(digest).await?.ok_or(LedgerError::Blob { id: entry.id, digest })
    }
}
