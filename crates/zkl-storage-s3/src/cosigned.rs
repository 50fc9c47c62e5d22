//! Cosigned checkpoints: one object per size, the only ones that are replaced.
//!
//! Which sizes there are is asked of a listing, sorted so that the largest size comes first. A listing that is late shows an
//! older cosigned checkpoint of another process, which is as good as that process being a moment slower; what this handle has
//! stored itself it remembers.

use std::sync::PoisonError;

use zkl_core::{
    storage::StorageErrorKind::{Corrupt, Invalid},
    tree::TreeSize,
};

use crate::{error::S3Error, frame, objects::SMALL, store::Store};

const FOLDER: &str = "cosigned/";
const DAMAGED: S3Error = S3Error::Contract(Corrupt("a cosigned checkpoint cannot be decoded"));

impl Store {
    pub(crate) async fn put_cosigned(&self, size: TreeSize, checkpoint: &str) -> Result<(), S3Error> {
        self.writer()?;
        // The head only grows, so what it allows now it allows when the write lands.
        if size.0 == 0 || (size.0 > self.known().size() && size.0 > self.latest().await?.size()) {
            let rule = "the cosigned checkpoint is of a size that the log has not reached";
            return Err(S3Error::Contract(Invalid(rule)));
        }
        let mut object = Vec::new();
        frame::push(&mut object, checkpoint.as_bytes())?;
        self.objects().put(&format!("{FOLDER}{}", key(size.0)), object.into()).await?;
        self.cosigned.lock().unwrap_or_else(PoisonError::into_inner).insert(size.0);
        Ok(())
    }

    pub(crate) async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, S3Error> {
        let own = self.cosigned.lock().unwrap_or_else(PoisonError::into_inner).range(..=at_most.0).next_back().copied();
        let behind = at_most.0.checked_add(1).map(key);
        let listed = self.objects().first_below(FOLDER, behind.as_deref()).await?;
        let listed = listed.and_then(|key| u64::from_str_radix(&key, 16).ok()).map(|key| !key);
        // A listing out of order must not bring what was not asked for.
        let Some(size) = own.max(listed.filter(|size| *size <= at_most.0)) else {
            return Ok(None);
        };
        let object = self.objects().get(&format!("{FOLDER}{}", key(size)), SMALL).await?.ok_or(DAMAGED)?;
        let text = String::from_utf8(frame::open(&object)?.to_vec()).map_err(|_| DAMAGED)?;
        Ok(Some((TreeSize(size), text)))
    }
}

/// Complemented, so that the largest size comes first in a listing.
fn key(size: u64) -> String {
    format!("{:016x}", !size)
}
