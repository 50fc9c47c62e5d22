//! The receipt: one file that carries entries of a log and all that is needed to believe them.
//!
//! In memory there is one form, the list of entries of format 4. The older formats are read into it: `receipt/single.rs`.

mod single;

use serde::{Deserialize, Serialize};
use zkl_core::{
    digest::{BlobDigest, KeyDigest},
    layout::Layout,
    table_note::TableNote,
    text::visible,
    tree::LeafIndex,
};
use zkl_merkle::{checkpoint::SignedCheckpoint, proof_file::TlogProof, tree::InclusionProof};

use crate::{entry::SignedEntry, kind::StatementPart, verify::VerifyError};

/// The `format` of receipts that are written.
pub const RECEIPT_FORMAT: &str = "zkl-receipt/4";

/// Longest receipt that is read, in bytes. Commitments to 2^20 rows of 10 columns need 20 KB, of 1,023 columns 4 MB.
pub const MAX_RECEIPT_LEN: usize = 64 << 20;

/// Most entries of a receipt.
pub const MAX_RECEIPT_ENTRIES: usize = 1_024;

/// Most scan proofs of a receipt. One of a shape whose keys are not built in costs a verifier some seconds, whoever made it.
pub const MAX_SCAN_PROOFS: usize = 64;

/// Most relations of a receipt. Each has a circuit of its own, which takes a verifier up to some seconds to make.
pub const MAX_RELATIONS: usize = 64;

/// Entries of a log with their evidence, under one checkpoint. Nothing of it is verified: see [`crate::verify()`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The log's key, as in signed notes: `origin+hash+base64`.
    pub log: String,
    /// The keys of the witnesses that cosigned the checkpoint, as in signed notes, in the order of their lines.
    pub witnesses: Vec<String>,
    /// The checkpoint: a signed note with the log's line and one line of each witness.
    pub checkpoint: String,
    /// The entries, by ascending index.
    pub entries: Vec<ReceiptEntry>,
}

/// An entry, the proof that it is in the tree of the checkpoint, and the evidence for what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceiptEntry {
    /// Position in the log.
    pub index: LeafIndex,
    /// The DSSE envelope, exactly the bytes that are logged.
    pub envelope: String,
    /// RFC 6962 audit path, from the leaf's sibling up.
    #[serde(with = "audit_path")]
    pub inclusion: InclusionProof,
    /// Exactly the parts that the entry's kind calls for.
    pub evidence: Evidence,
}

/// What an entry names and a verifier needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Evidence {
    /// The table's layout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Manifest>,
    /// The proof over every row, unless the receipt leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan: Option<ScanPart>,
    /// The proof of the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofPart>,
    /// What a closed relation says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<StatementPart>,
}

/// A proof and the key that checks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProofPart {
    /// The proof's bytes in base64.
    pub bytes: String,
    /// The verifying key's bytes in base64.
    pub key: String,
}

/// A scan proof and the keys that check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScanPart {
    /// Reference string, commitments and proof in base64.
    pub proof: String,
    /// The verifying keys in base64, in the order of the notarization's scan record.
    pub keys: Vec<String>,
}

/// What a notarization's manifest blob holds: the public shape of the table, and what reading did to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// Version of this format: 1 or 2.
    pub version: u32,
    /// The table's layout. In version 1 it does not say how values were read.
    pub layout: Layout,
    /// What the reader did to the table; version 1 has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notes: Option<Vec<TableNote>>,
}

impl Manifest {
    /// The newest version, which is written.
    pub const VERSION: u32 = 2;

    /// The manifest of a table.
    pub const fn new(layout: Layout, notes: Vec<TableNote>) -> Self {
        Self { version: Self::VERSION, layout, notes: Some(notes) }
    }

    /// The manifest of version 1 of the same table.
    #[must_use]
    pub fn without_reading(&self) -> Self {
        Self { version: 1, layout: self.layout.without_reading(), notes: None }
    }

    /// What the reader did to the table.
    pub fn notes(&self) -> &[TableNote] {
        self.notes.as_deref().unwrap_or_default()
    }

    /// Whether there is exactly what the version has, and notes are about this table.
    pub(crate) fn is_of_its_version(&self) -> bool {
        match self.version {
            1 => self.notes.is_none() && self.layout == self.layout.without_reading(),
            _ => self.notes.as_ref().is_some_and(|notes| notes.iter().all(|note| note.fits(&self.layout))),
        }
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

/// A receipt as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListJson {
    format: String,
    log: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<String>,
    checkpoint: String,
    entries: Vec<ReceiptEntry>,
}

impl Receipt {
    /// The file's bytes in the newest format: indented JSON and a final newline.
    ///
    /// # Errors
    /// Never for a value that was built or decoded; the serializer's error type admits it.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let Self { log, witnesses, checkpoint, entries } = self.clone();
        encode(&ListJson { format: RECEIPT_FORMAT.to_owned(), log, witnesses, checkpoint, entries })
    }

    /// Reads a receipt of any format. Only the canonical bytes are accepted, so that no two files of one format say the same.
    ///
    /// # Errors
    /// [`VerifyError::TooLong`], [`VerifyError::NotAReceipt`], [`VerifyError::UnknownFormat`],
    /// [`VerifyError::NotCanonical`]; for the older formats also what keeps them from being a list of entries.
    pub fn decode(bytes: &[u8]) -> Result<Self, VerifyError> {
        if bytes.len() > MAX_RECEIPT_LEN {
            return Err(VerifyError::TooLong { got: bytes.len(), max: MAX_RECEIPT_LEN });
        }
        #[derive(Deserialize)]
        struct Header {
            format: String,
        }
        let header: Header = serde_json::from_slice(bytes).map_err(|source| VerifyError::NotAReceipt { source })?;
        if single::FORMATS.contains(&header.format.as_str()) {
            return single::decode(bytes);
        }
        if header.format != RECEIPT_FORMAT {
            return Err(VerifyError::UnknownFormat { expected: RECEIPT_FORMAT, got: excerpt(&header.format) });
        }
        let ListJson { log, witnesses, checkpoint, entries, .. } = decode(bytes)?;
        Ok(Self { log, witnesses, checkpoint, entries })
    }

    /// The proof of one entry as a `c2sp.org/tlog-proof@v1` file, for programs that know logs and no receipts.
    ///
    /// # Errors
    /// [`VerifyError::Checkpoint`], [`VerifyError::TlogProof`] when checkpoint or proof cannot be one of any log.
    pub fn tlog_proof(&self, entry: &ReceiptEntry) -> Result<TlogProof, VerifyError> {
        let checkpoint = SignedCheckpoint::parse(self.checkpoint.as_bytes()).map_err(VerifyError::Checkpoint)?;
        TlogProof::new(entry.index, entry.inclusion.clone(), checkpoint).map_err(VerifyError::TlogProof)
    }
}

impl ReceiptEntry {
    /// Reads the envelope and checks that the notary it names signed it. Nothing says yet that it is in the log.
    ///
    /// # Errors
    /// [`VerifyError::Entry`].
    pub fn open(&self) -> Result<SignedEntry, VerifyError> {
        SignedEntry::open(&self.envelope).map_err(|source| VerifyError::Entry { index: self.index, source })
    }
}

/// Indented JSON and a final newline.
fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads what [`encode`] wrote, and no other spelling of it.
fn decode<T: Serialize + for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, VerifyError> {
    let value: T = serde_json::from_slice(bytes).map_err(|source| VerifyError::NotAReceipt { source })?;
    let canonical = encode(&value).map_err(|source| VerifyError::NotAReceipt { source })?;
    match first_difference(&canonical, bytes) {
        Some(offset) => Err(VerifyError::NotCanonical { offset }),
        None => Ok(value),
    }
}

/// The blob of a verifying key: its digest is the SHA-256 of its bytes, as a blob's is.
pub const fn key_blob(digest: KeyDigest) -> BlobDigest {
    BlobDigest::new(*digest.as_bytes())
}

/// A text from a file that nobody vouches for, cut to what fits an error message.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 40;
    visible(text.get(..text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at)).unwrap_or(text))
}

fn first_difference(expected: &[u8], got: &[u8]) -> Option<usize> {
    let common = expected.iter().zip(got).take_while(|(a, b)| a == b).count();
    (common < expected.len() || common < got.len()).then_some(common)
}

/// Hashes as base64, one text each.
mod audit_path {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use zkl_merkle::tree::InclusionProof;

    pub(super) fn serialize<S: Serializer>(proof: &InclusionProof, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(proof.hashes().iter().map(|hash| BASE64_STANDARD.encode(hash)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<InclusionProof, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let hash = |text: String| BASE64_STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        let hashes =
            texts.into_iter().map(|text| hash(text).ok_or_else(|| D::Error::custom("expected the base64 of 32 bytes")));
        hashes.collect::<Result<_, _>>().map(InclusionProof::new)
    }
}
