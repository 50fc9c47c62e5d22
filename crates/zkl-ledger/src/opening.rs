//! The opening: the secrets of one notarization. It never enters the ledger; deleting it makes what the ledger holds
//! about the dataset meaningless.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;
use zkl_argument::commit::CommitmentSeed;
use zkl_circuits::seal::{Seal, SealSeed};
use zkl_core::{
    digest::{DatasetId, FileDigests, TransactionId},
    layout::Layout,
    name::DatasetName,
    profile::Profile,
};
use zkl_dataset::Scan;
use zkl_receipt::Notarization;

use crate::{
    error::LedgerError,
    files::{create_private_dir, write_private_file},
    table::{ReadOptions, Table},
    vault::{OpeningIdentity, OpeningKeyError, OpeningVault, VaultError, is_encrypted},
};

/// The `format` of every opening that this version writes and reads.
pub const OPENING_FORMAT: &str = "zkl-opening/1";

/// Longest opening that is read: two dictionaries of 65,535 long values fit.
pub(crate) const MAX_OPENING_LEN: u64 = 1 << 30;

/// Everything that its owner needs to prove claims about a notarized table, and nobody else may have.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// [`OPENING_FORMAT`].
    pub format: String,
    /// Name of the dataset.
    pub dataset: DatasetName,
    /// The notarized version.
    pub dataset_id: DatasetId,
    /// The 32 bytes from which every salt is derived.
    #[serde(with = "seed_text")]
    pub seed: SealSeed,
    /// Digests of the file, unsalted.
    pub digests: FileDigests,
    /// How the file was read, every column's type pinned.
    pub read: ReadOptions,
    /// The public shape of the table.
    pub layout: Layout,
    /// The exact profile.
    pub profile: Profile,
}

impl Opening {
    /// Reads an opening file that is not encrypted.
    ///
    /// # Errors
    /// [`LedgerError::Io`] when it cannot be read, [`LedgerError::Opening`] when it is not an opening of this version,
    /// [`LedgerError::OpeningKey`] when it is encrypted.
    pub fn read(path: &Path) -> Result<Self, LedgerError> {
        Self::read_with(path, None)
    }

    /// Reads an opening file, encrypted or not.
    ///
    /// # Errors
    /// As [`Opening::read`].
    pub fn read_with(path: &Path, identity: Option<&OpeningIdentity>) -> Result<Self, LedgerError> {
        let io_error = |source| LedgerError::Io { action: "read", path: path.to_owned(), source };
        let metadata = fs::metadata(path).map_err(io_error)?;
        if metadata.len() > MAX_OPENING_LEN {
            return Err(LedgerError::Opening { place: path.display().to_string(), source: None });
        }
        let bytes = Zeroizing::new(fs::read(path).map_err(io_error)?);
        let bytes = match (is_encrypted(&bytes), identity) {
            (false, _) => bytes,
            (true, None) => return Err(OpeningKeyError::Locked.into()),
            (true, Some(identity)) => identity.decrypt(&bytes)?,
        };
        Self::decode(&bytes, || path.display().to_string())
    }

    /// Reads the bytes of an opening, which are kept at `place`.
    pub(crate) fn decode(bytes: &[u8], place: impl Fn() -> String) -> Result<Self, LedgerError> {
        let opening: Self = serde_json::from_slice(bytes)
            .map_err(|source| LedgerError::Opening { place: place(), source: Some(source.into()) })?;
        if opening.format != OPENING_FORMAT {
            return Err(LedgerError::Opening { place: place(), source: None });
        }
        Ok(opening)
    }

    /// The bytes of the opening: secret.
    ///
    /// # Errors
    /// [`LedgerError::Encode`]; not expected of any opening.
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, LedgerError> {
        let mut bytes = Zeroizing::new(Vec::new());
        serde_json::to_writer(&mut *bytes, self).map_err(LedgerError::Encode)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Checks that this opens the seal of a notarization.
    ///
    /// # Errors
    /// [`LedgerError::OpeningMismatch`], or [`LedgerError::Seal`] for a profile that cannot be sealed at all.
    pub fn check(&self, notarization: &Notarization, id: TransactionId) -> Result<Seal, LedgerError> {
        let seal = Seal::new(&self.layout, &self.profile, &self.seed)?;
        if seal.commitment() != notarization.seal || self.dataset_id != notarization.dataset_id {
            return Err(LedgerError::OpeningMismatch { id });
        }
        Ok(seal)
    }

    /// Reads `table` as the notarized one was read and committed to.
    pub(crate) fn scan_again(&self, table: &Table) -> Scan {
        self.read.scan(table.source().clone()).committed_as(&self.layout)
    }

    /// The salt of the file's digests.
    pub fn file_salt(&self) -> [u8; 32] {
        derive(&self.seed, b"zkl/ledger/v1/file-salt")
    }
}

/// The key that orders the codes of dictionaries.
pub(crate) fn dictionary_key(seed: &SealSeed) -> [u8; 32] {
    derive(seed, b"zkl/ledger/v1/dictionary-key")
}

/// The seed of the commitments' blinders.
pub(crate) fn commitment_seed(seed: &SealSeed) -> CommitmentSeed {
    CommitmentSeed::from_bytes(derive(seed, b"zkl/ledger/v1/commitment-seed"))
}

/// Keyed BLAKE3 of a label; the seal derives its salts from the same seed under labels of its own.
fn derive(seed: &SealSeed, label: &[u8]) -> [u8; 32] {
    *blake3::keyed_hash(seed.as_bytes(), label).as_bytes()
}

/// The seed as 64 hexadecimal digits.
pub(crate) mod seed_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use zeroize::Zeroizing;
    use zkl_circuits::seal::SealSeed;

    pub(crate) fn serialize<S: Serializer>(seed: &SealSeed, serializer: S) -> Result<S::Ok, S::Error> {
        let text = Zeroizing::new(hex::encode(seed.as_bytes()));
        serializer.serialize_str(&text)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SealSeed, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.as_bytes(), bytes.as_mut())
            .map_err(|_| D::Error::custom("expected 64 hexadecimal digits"))?;
        Ok(SealSeed::from_bytes(*bytes))
    }
}

/// The directory of a ledger's openings: one file per notarization, mode 0600, called `<dataset id>.json`.
#[derive(Clone, Debug)]
pub struct OpeningStore {
    dir: PathBuf,
}

impl OpeningStore {
    /// Openings in `dir`, which is created when the first one is written.
    pub const fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The directory.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the opening of `id` is kept.
    pub fn path(&self, id: DatasetId) -> PathBuf {
        self.dir.join(format!("{id}.json"))
    }

    /// Whether there is any opening: the sign of a ledger that was written to.
    pub(crate) fn holds_any(&self) -> bool {
        fs::read_dir(&self.dir).is_ok_and(|mut files| files.next().is_some())
    }
}

#[async_trait]
impl OpeningVault for OpeningStore {
    async fn put(&self, id: DatasetId, opening: &[u8]) -> Result<(), VaultError> {
        let (dir, path, bytes) = (self.dir.clone(), self.path(id), Zeroizing::new(opening.to_vec()));
        let write = move || create_private_dir(&dir).and_then(|()| write_private_file(&path, &bytes));
        Ok(tokio::task::spawn_blocking(write).await??)
    }

    async fn get(&self, id: DatasetId) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let path = self.path(id);
        let read = move || match fs::metadata(&path) {
            Ok(metadata) if metadata.len() > MAX_OPENING_LEN => Err(io::ErrorKind::FileTooLarge.into()),
            Ok(_) => fs::read(&path).map(|bytes| Some(Zeroizing::new(bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        Ok(tokio::task::spawn_blocking(read).await??)
    }

    fn place(&self, id: DatasetId) -> String {
        self.path(id).display().to_string()
    }
}
