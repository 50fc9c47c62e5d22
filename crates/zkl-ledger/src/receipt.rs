//! The receipt: one file that carries an entry and all that is needed to believe it.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use zkl_core::{
    digest::{BlobDigest, KeyDigest},
    layout::Layout,
    storage::StorageBackend,
};

use crate::{
    entry::Entry,
    error::LedgerError,
    ledger::{EntryRef, Ledger},
    log::{self, TrustedHead},
    predicate::Predicate,
    scan::ScanRecord,
    verify::VerifyError,
};

/// The `format` of receipts without a scan proof.
pub const RECEIPT_FORMAT: &str = "zkl-receipt/1";
/// The `format` of receipts with a scan proof.
pub const SCAN_RECEIPT_FORMAT: &str = "zkl-receipt/2";
/// The `format` of receipts with cosignatures, with or without a scan proof.
pub const WITNESSED_RECEIPT_FORMAT: &str = "zkl-receipt/3";

/// Longest receipt that is read, in bytes. Commitments to 2^20 rows of 10 columns need 20 KB, of 1,023 columns 4 MB.
pub const MAX_RECEIPT_LEN: usize = 64 << 20;

/// An entry and the evidence for it. Which fields are present follows from the entry's kind; [`crate::verify()`] refuses
/// absent and superfluous ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    /// [`WITNESSED_RECEIPT_FORMAT`] exactly when there are witnesses, otherwise [`SCAN_RECEIPT_FORMAT`] exactly when there
    /// is a scan proof, otherwise [`RECEIPT_FORMAT`].
    pub format: String,
    /// The log's key, as in signed notes: `origin+hash+base64`.
    pub log: String,
    /// The keys of the witnesses that cosigned the checkpoint, as in signed notes, in the order of their lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub witnesses: Vec<String>,
    /// The entry that the receipt is for.
    pub entry: LoggedEntry,
    /// For a claim: the entry that notarized the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notarization: Option<LoggedEntry>,
    /// For a notarization and a claim: the table's layout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Manifest>,
    /// The proof over every row, if the notarization names one and the receipt does not leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan: Option<ScanPart>,
    /// The proof, if the entry names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofPart>,
}

/// An entry and the evidence that it is in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoggedEntry {
    /// The DSSE envelope, exactly the bytes that are logged.
    pub envelope: String,
    /// A `c2sp.org/tlog-proof@v1` file: index, inclusion proof and checkpoint.
    pub inclusion: String,
}

/// A proof and the key that checks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProofPart {
    /// The proof's bytes in base64.
    pub bytes: String,
    /// The verifying key's bytes in base64.
    pub verifying_key: String,
}

/// A scan proof and the keys that check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScanPart {
    /// Reference string, commitments and proof in base64.
    pub proof: String,
    /// The verifying keys in base64, in the order of the notarization's scan record.
    pub verifying_keys: Vec<String>,
}

/// What a notarization's manifest blob holds: the public shape of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// Version of this format: 1.
    pub version: u32,
    /// The table's layout.
    pub layout: Layout,
}

impl Manifest {
    /// Version that is written and read.
    pub const VERSION: u32 = 1;

    /// The manifest of a table.
    pub const fn new(layout: Layout) -> Self {
        Self { version: Self::VERSION, layout }
    }

    /// The canonical bytes: compact JSON with the fields in declaration order.
    ///
    /// # Errors
    /// Never for a value that was built or decoded; the serializer's error type admits it.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Digest of the canonical bytes.
    ///
    /// # Errors
    /// As [`Manifest::encode`].
    pub fn digest(&self) -> Result<BlobDigest, serde_json::Error> {
        Ok(BlobDigest::of(&self.encode()?))
    }
}

impl Receipt {
    /// The file's bytes: indented JSON and a final newline.
    ///
    /// # Errors
    /// Never for a value that was built or decoded; the serializer's error type admits it.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads a receipt. Only the canonical bytes are accepted, so that no two files say the same.
    ///
    /// # Errors
    /// [`VerifyError::TooLong`], [`VerifyError::NotAReceipt`], [`VerifyError::UnknownFormat`], or
    /// [`VerifyError::NotCanonical`].
    pub fn decode(bytes: &[u8]) -> Result<Self, VerifyError> {
        if bytes.len() > MAX_RECEIPT_LEN {
            return Err(VerifyError::TooLong { got: bytes.len(), max: MAX_RECEIPT_LEN });
        }
        #[derive(Deserialize)]
        struct Header {
            format: String,
        }
        let header: Header = serde_json::from_slice(bytes).map_err(|source| VerifyError::NotAReceipt { source })?;
        const FORMATS: [&str; 3] = [RECEIPT_FORMAT, SCAN_RECEIPT_FORMAT, WITNESSED_RECEIPT_FORMAT];
        if !FORMATS.contains(&header.format.as_str()) {
            return Err(VerifyError::UnknownFormat {
                expected: WITNESSED_RECEIPT_FORMAT,
                got: excerpt(&header.format),
            });
        }
        let receipt: Self = serde_json::from_slice(bytes).map_err(|source| VerifyError::NotAReceipt { source })?;
        receipt.check_format()?;
        let canonical = receipt.encode().map_err(|source| VerifyError::NotAReceipt { source })?;
        if let Some(offset) = first_difference(&canonical, bytes) {
            return Err(VerifyError::NotCanonical { offset });
        }
        Ok(receipt)
    }

    /// Checks that the format is the one of the parts that are there.
    fn check_format(&self) -> Result<(), VerifyError> {
        let witnessed = self.format == WITNESSED_RECEIPT_FORMAT;
        match (witnessed, self.witnesses.is_empty()) {
            (true, true) => return Err(VerifyError::PartMissing { part: "witness" }),
            (false, false) => return Err(VerifyError::PartSuperfluous { part: "witness" }),
            _ => {}
        }
        match (self.format == SCAN_RECEIPT_FORMAT, self.scan.is_some()) {
            (true, false) => Err(VerifyError::PartMissing { part: "scan proof" }),
            (false, true) if !witnessed => Err(VerifyError::PartSuperfluous { part: "scan proof" }),
            _ => Ok(()),
        }
    }
}

impl<S: StorageBackend> Ledger<S> {
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
        let inclusion = log::inclusion(&self.storage, entry.index, head).await?;
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

/// The blob of a verifying key: its digest is the SHA-256 of its bytes, as a blob's is.
pub(crate) const fn key_blob(digest: KeyDigest) -> BlobDigest {
    BlobDigest::new(*digest.as_bytes())
}

/// A text from a file that nobody vouches for, cut to what fits an error message.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 40;
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

fn first_difference(expected: &[u8], got: &[u8]) -> Option<usize> {
    let common = expected.iter().zip(got).take_while(|(a, b)| a == b).count();
    (common < expected.len() || common < got.len()).then_some(common)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_one_receipt_are_not_both_accepted() {
        let entry = LoggedEntry { envelope: "{}".to_owned(), inclusion: "x".to_owned() };
        let receipt = Receipt {
            format: RECEIPT_FORMAT.to_owned(),
            log: "log".to_owned(),
            witnesses: Vec::new(),
            entry,
            notarization: None,
            manifest: None,
            scan: None,
            proof: None,
        };
        let bytes = receipt.encode().unwrap();
        assert_eq!(Receipt::decode(&bytes).unwrap(), receipt);
        let compact = serde_json::to_vec(&receipt).unwrap();
        assert!(matches!(Receipt::decode(&compact), Err(VerifyError::NotCanonical { offset: 1 })));
        let without_newline = &bytes[..bytes.len() - 1];
        assert!(matches!(Receipt::decode(without_newline), Err(VerifyError::NotCanonical { .. })));
        let escaped = String::from_utf8(bytes.clone()).unwrap().replace("\"log\": \"log\"", "\"log\": \"l\\u006fg\"");
        assert!(matches!(Receipt::decode(escaped.as_bytes()), Err(VerifyError::NotCanonical { .. })));
        let text = String::from_utf8(bytes).unwrap();
        let newer = text.replace("receipt/1", "receipt/4");
        assert!(matches!(Receipt::decode(newer.as_bytes()), Err(VerifyError::UnknownFormat { .. })));
        let empty = text.replace("receipt/1", "receipt/2");
        assert!(matches!(Receipt::decode(empty.as_bytes()), Err(VerifyError::PartMissing { part: "scan proof" })));
        let unwitnessed = text.replace("receipt/1", "receipt/3");
        assert!(matches!(Receipt::decode(unwitnessed.as_bytes()), Err(VerifyError::PartMissing { part: "witness" })));
        let named = Receipt { witnesses: vec!["w".to_owned()], ..receipt.clone() }.encode().unwrap();
        assert!(matches!(Receipt::decode(&named), Err(VerifyError::PartSuperfluous { part: "witness" })));
        let scan = Some(ScanPart { proof: String::new(), verifying_keys: Vec::new() });
        let unnamed = Receipt { scan, ..receipt }.encode().unwrap();
        assert!(matches!(Receipt::decode(&unnamed), Err(VerifyError::PartSuperfluous { part: "scan proof" })));
    }
}
