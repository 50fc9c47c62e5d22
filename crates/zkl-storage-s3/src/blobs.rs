//! Blobs: objects named by their own digest, in parts when they are large.

use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use zkl_core::{digest::BlobDigest, storage::StorageErrorKind::Corrupt};

use crate::{
    error::S3Error,
    objects::{LARGE, Objects, classify},
    store::Store,
};

/// S3's own limits.
const LEAST_PART: usize = 5 << 20;
const MOST_PARTS: usize = 10_000;
/// Parts of one blob under way at a time.
const PARALLEL: usize = 4;
/// From this length on it is worth a request to ask whether the blob is there already.
const WORTH_ASKING: usize = 256 << 10;

impl Store {
    /// An object appears whole or not at all, under a name that only these bytes have: nothing needs to be undone or settled.
    pub(crate) async fn put_blob(&self, bytes: &[u8]) -> Result<BlobDigest, S3Error> {
        self.writer()?;
        let digest = BlobDigest::of(bytes);
        let key = key(digest);
        let objects = self.objects();
        if bytes.len() >= WORTH_ASKING && objects.len(&key).await? == Some(bytes.len() as u64) {
            return Ok(digest);
        }
        let part = self.part_bytes.max(LEAST_PART).max(bytes.len().div_ceil(MOST_PARTS));
        if bytes.len() <= part {
            objects.put(&key, Bytes::copy_from_slice(bytes)).await?;
        } else {
            objects.put_in_parts(&key, bytes, part).await?;
        }
        Ok(digest)
    }

    pub(crate) async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, S3Error> {
        let Some(bytes) = self.objects().get(&key(digest), LARGE).await? else {
            return Ok(None);
        };
        if BlobDigest::of(&bytes) != digest {
            return Err(S3Error::Contract(Corrupt("a blob does not have its digest")));
        }
        Ok(Some(bytes.into()))
    }
}

fn key(digest: BlobDigest) -> String {
    format!("blob/{digest}")
}

impl Objects {
    async fn put_in_parts(&self, key: &str, bytes: &[u8], part: usize) -> Result<(), S3Error> {
        let key = self.full_key(key);
        let create = self.client.create_multipart_upload().bucket(&self.bucket).key(&key);
        let upload = create.send().await.map_err(|error| classify("CreateMultipartUpload", error))?;
        let id = upload.upload_id().unwrap_or_default();
        let done = self.upload_parts(&key, id, bytes, part).await;
        if done.is_err() {
            // The error that is reported is the one above; an upload that stays behind is removed by the bucket's own rules.
            let _ = self.client.abort_multipart_upload().bucket(&self.bucket).key(&key).upload_id(id).send().await;
        }
        done
    }

    async fn upload_parts(&self, key: &str, id: &str, bytes: &[u8], part: usize) -> Result<(), S3Error> {
        let uploads = (1..).zip(bytes.chunks(part)).map(|(number, part)| async move {
            let request = self.client.upload_part().bucket(&self.bucket).key(key).upload_id(id).part_number(number);
            let body = Bytes::copy_from_slice(part);
            let answer = request.body(body.into()).send().await.map_err(|error| classify("UploadPart", error))?;
            let tag = answer.e_tag().map(str::to_owned);
            Ok::<_, S3Error>(CompletedPart::builder().part_number(number).set_e_tag(tag).build())
        });
        let uploads = stream::iter(uploads.collect::<Vec<_>>()).buffered(PARALLEL);
        let parts: Vec<_> = uploads.try_collect().await?;
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let complete = self.client.complete_multipart_upload().bucket(&self.bucket).key(key).upload_id(id);
        let answer = complete.multipart_upload(parts).send().await;
        answer.map(drop).map_err(|error| classify("CompleteMultipartUpload", error))
    }
}
