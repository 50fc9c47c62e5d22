//! Writing rows that stand for themselves: blobs and cosigned checkpoints.

use sqlx::{Postgres, postgres::PgArguments, query::Query as SqlQuery};
use zkl_core::{
    storage::StorageErrorKind::Invalid,
    {digest::BlobDigest, tree::TreeSize},
};

use crate::{error::PgError, open::Store};

/// A value of 1 GiB does not fit a message of the protocol, and the server holds several copies of it.
const MAX_BLOB_LEN: usize = 256 << 20;

const PUT_COSIGNED: &str = "insert into cosigned_checkpoints (size, checkpoint) values ($1, $2) \
    on conflict (size) do update set checkpoint = excluded.checkpoint";

impl Store {
    pub(crate) async fn put_blob(&self, bytes: &[u8]) -> Result<BlobDigest, PgError> {
        self.check_writable()?;
        if bytes.len() > MAX_BLOB_LEN {
            return Err(PgError::Contract(Invalid("a blob is longer than 256 MiB")));
        }
        let digest = BlobDigest::of(bytes);
        let name = digest.as_bytes().as_slice();
        // A row that is seen was committed, and whoever committed it waited for the disk. A row of a transaction that still
        // runs is not seen here, and waited for by the insertion.
        let known = self.rows(|| sqlx::query("select from blobs where digest = $1").bind(name)).await?;
        if known.is_empty() {
            let insert = "insert into blobs (digest, bytes) values ($1, $2) on conflict do nothing";
            self.put(|| sqlx::query(insert).bind(name).bind(bytes)).await?;
        }
        Ok(digest)
    }

    pub(crate) async fn put_cosigned(&self, size: TreeSize, checkpoint: &str) -> Result<(), PgError> {
        self.check_writable()?;
        let not_reached =
            || PgError::Contract(Invalid("the cosigned checkpoint is of a size that the log has not reached"));
        let size = i64::try_from(size.0).map_err(|_| not_reached())?;
        let put = self.put(|| sqlx::query(PUT_COSIGNED).bind(size).bind(checkpoint.as_bytes())).await;
        put.map_err(|error| if error.violates("cosigned_reached") { not_reached() } else { error })
    }

    /// Runs one statement durably. It is repeated even after a commit of unknown outcome, so doing it twice must be doing it once.
    async fn put<'q>(
        &self,
        make: impl Fn() -> SqlQuery<'q, Postgres, PgArguments> + Send + Sync,
    ) -> Result<(), PgError> {
        let mut attempt = 0;
        loop {
            match self.try_put(make()).await {
                Ok(()) => return Ok(()),
                Err(error) => self.pause(&mut attempt, error).await?,
            }
        }
    }

    async fn try_put(&self, query: SqlQuery<'_, Postgres, PgArguments>) -> Result<(), PgError> {
        let mut session = self.begin().await?;
        let mut done = session.rows(query).await.map(drop);
        if done.is_ok() {
            done = session.run("commit").await;
        }
        match &done {
            Ok(()) => session.give_back(),
            Err(error) => session.roll_back(error).await,
        }
        done
    }
}
