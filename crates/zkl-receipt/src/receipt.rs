//! The receipt: one file that carries an entry and all that is needed to believe it.

use serde::{Deserialize, Serialize};
use zkl_core::{
    digest::{BlobDigest, KeyDigest},
    layout::Layout,
};

use crate::verify::VerifyError;

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

/// The blob of a verifying key: its digest is the SHA-256 of its bytes, as a blob's is.
pub const fn key_blob(digest: KeyDigest) -> BlobDigest {
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
