//! One file of an export, straight from the store: what a server of the log answers.

use zkl_core::{
    digest::BlobDigest,
    storage::Query,
    tree::{LeafIndex, TreeSize},
};
use zkl_merkle::tile::{EntryBundleId, encode_bundle, parse_tile_path};

use super::{CHECKPOINT, COSIGNED, LOG_KEY, blob_path};
use crate::{error::LedgerError, ledger::Ledger, source::BUNDLE};

/// A file of the published log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedFile {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Whether it will never hold anything else: so with all but the checkpoints and the key.
    pub immutable: bool,
}

impl Ledger {
    /// The file that an export of this ledger has at `path`, or `None` for a path that it does not have. Unlike an export, which keeps
    /// the newest partial tiles only, it has those of every size of the log.
    ///
    /// # Errors
    /// As [`Ledger::export`].
    pub async fn published(&self, path: &str) -> Result<Option<PublishedFile>, LedgerError> {
        let (bytes, immutable) = match path {
            CHECKPOINT => (self.published_checkpoint().await?, false),
            COSIGNED => {
                let size = self.head().await?.map_or(TreeSize(0), |head| head.checkpoint.size());
                (self.newest_cosigned(size).await?.map(|signed| signed.to_string().into_bytes()), false)
            }
            LOG_KEY => (Some(format!("{}\n", self.log_key()).into_bytes()), false),
            path => (self.published_for_ever(path).await?, true),
        };
        Ok(bytes.map(|bytes| PublishedFile { bytes, immutable }))
    }

    /// The head, with the cosignatures that it has.
    async fn published_checkpoint(&self) -> Result<Option<Vec<u8>>, LedgerError> {
        let Some(head) = self.head().await? else { return Ok(None) };
        let size = head.checkpoint.size();
        let cosigned = self.newest_cosigned(size).await?.filter(|cosigned| cosigned.unverified().size() == size);
        Ok(Some(cosigned.unwrap_or(head.signed).to_string().into_bytes()))
    }

    /// Tiles, bundles and blobs.
    async fn published_for_ever(&self, path: &str) -> Result<Option<Vec<u8>>, LedgerError> {
        if let Some(digest) = path.strip_prefix("blob/") {
            let digest = digest.parse::<BlobDigest>().ok().filter(|digest| blob_path(*digest) == path);
            return match digest {
                Some(digest) => Ok(self.storage.blob(digest).await?),
                None => Ok(None),
            };
        }
        if let Ok(id) = EntryBundleId::parse_path(path) {
            return self.published_bundle(id).await;
        }
        match parse_tile_path(path) {
            Ok(id) => Ok(self.storage.tile(id).await?),
            Err(_) => Ok(None),
        }
    }

    async fn published_bundle(&self, id: EntryBundleId) -> Result<Option<Vec<u8>>, LedgerError> {
        let width = u64::from(id.width);
        let Some(first) = id.index.checked_mul(BUNDLE) else { return Ok(None) };
        let Some(end) = first.checked_add(width) else { return Ok(None) };
        let query = Query { index: Some(first..end), limit: usize::from(id.width), ..Query::default() };
        let stored = self.storage.find(&query).await?;
        let whole = stored.len() as u64 == width && stored.first().is_some_and(|entry| entry.index == LeafIndex(first));
        if !whole {
            return Ok(None);
        }
        let entries: Vec<&[u8]> = stored.iter().map(|transaction| transaction.entry.as_slice()).collect();
        Ok(Some(encode_bundle(&entries)?))
    }
}
