//! Reading: every call is one statement, so it sees one state of the ledger.

use sqlx::{
    Postgres, Row as _,
    postgres::{PgArguments, PgRow},
    query::Query as SqlQuery,
};
use zkl_core::{
    digest::{BlobDigest, RootHash, TransactionId},
    name::DatasetName,
    storage::{DatasetSummary, Head, Query},
    time::Timestamp,
    transaction::{OperationKind, StoredTransaction},
    tree::{LeafIndex, TileId, TreeSize},
};

use crate::{error::PgError, find::Form, open::Store};

const TRANSACTION: &str = "select index, id, operation, dataset, recorded_at::text as recorded_at, entry \
    from transactions where id = $1";

impl Store {
    /// The rows of a query, which is made anew for every attempt.
    pub(crate) async fn rows<'q>(
        &self,
        make: impl Fn() -> SqlQuery<'q, Postgres, PgArguments> + Send + Sync,
    ) -> Result<Vec<PgRow>, PgError> {
        let mut attempt = 0;
        loop {
            match self.try_rows(make()).await {
                Ok(rows) => return Ok(rows),
                Err(error) => self.pause(&mut attempt, error).await?,
            }
        }
    }

    async fn try_rows(&self, query: SqlQuery<'_, Postgres, PgArguments>) -> Result<Vec<PgRow>, PgError> {
        let mut session = self.session().await?;
        let rows = session.rows(query).await;
        if rows.is_ok() || rows.as_ref().is_err_and(PgError::is_refusal) {
            session.give_back();
        }
        rows
    }

    pub(crate) async fn head(&self) -> Result<Option<Head>, PgError> {
        let rows = self.rows(|| sqlx::query("select size, root, checkpoint from head")).await?;
        let row = rows.first().ok_or(PgError::Corrupt { what: "the table of the head is empty" })?;
        let size: i64 = row.try_get("size")?;
        if size == 0 {
            return Ok(None);
        }
        let damaged = "the head cannot be decoded";
        let checkpoint =
            String::from_utf8(row.try_get("checkpoint")?).map_err(|_| PgError::Corrupt { what: damaged })?;
        let root = RootHash::new(digest(row, "root", damaged)?);
        Ok(Some(Head { size: TreeSize(unsigned(size, damaged)?), root, checkpoint }))
    }

    pub(crate) async fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, PgError> {
        let rows = self.rows(|| sqlx::query(TRANSACTION).bind(id.as_bytes().to_vec())).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let transaction = transaction(row)?;
        if transaction.id != id {
            return Err(PgError::Corrupt { what: "an index names another transaction" });
        }
        Ok(Some(transaction))
    }

    pub(crate) async fn find(&self, query: &Query) -> Result<Vec<StoredTransaction>, PgError> {
        let indices = query.index.clone().unwrap_or(0..u64::MAX);
        // No index is beyond 2^63.
        let bound = |index: u64| i64::try_from(index).unwrap_or(i64::MAX);
        let (low, high) = (bound(indices.start), bound(indices.end));
        if low >= high || query.time.as_ref().is_some_and(|range| range.start >= range.end) {
            return Ok(Vec::new());
        }
        let limit = i32::try_from(query.effective_limit()).unwrap_or(i32::MAX);
        let dataset = query.dataset.as_ref().map(DatasetName::as_str);
        let kind = query.kind.as_ref().map(OperationKind::as_str);
        let sql = Form::of(query).sql();
        let rows = self
            .rows(|| {
                let statement = sqlx::query(sql).bind(low).bind(high).bind(limit);
                match &query.time {
                    Some(range) => {
                        let (from, to) = (range.start.0.to_string(), range.end.0.to_string());
                        statement.bind(from).bind(to).bind(dataset).bind(kind)
                    }
                    None => [dataset, kind].into_iter().flatten().fold(statement, SqlQuery::bind),
                }
            })
            .await?;
        let found: Vec<StoredTransaction> = rows.iter().map(transaction).collect::<Result<_, _>>()?;
        if !found.iter().all(|transaction| query.matches(transaction)) {
            return Err(PgError::Corrupt { what: "an index names another transaction" });
        }
        Ok(found)
    }

    pub(crate) async fn datasets(
        &self,
        after: Option<&DatasetName>,
        limit: usize,
    ) -> Result<Vec<DatasetSummary>, PgError> {
        let limit = Query { limit, ..Query::default() }.effective_limit();
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        // Every name is behind the empty one.
        let after = after.map_or("", DatasetName::as_str);
        let sql = "select name, entries, latest from datasets where name > $1 order by name limit $2";
        let rows = self.rows(|| sqlx::query(sql).bind(after).bind(limit)).await?;
        rows.iter().map(summary).collect()
    }

    pub(crate) async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, PgError> {
        let Ok(index) = i64::try_from(id.index) else {
            return Ok(None);
        };
        if id.width == 0 || id.width > TileId::FULL_WIDTH {
            return Ok(None);
        }
        let bytes = i32::from(id.width) * TileId::HASH_LEN as i32;
        let sql = "select substring(hashes for $3) as hashes from tiles \
            where level = $1 and index = $2 and octet_length(hashes) >= $3";
        let rows = self.rows(|| sqlx::query(sql).bind(i16::from(id.level)).bind(index).bind(bytes)).await?;
        Ok(rows.first().map(|row| row.try_get("hashes")).transpose()?)
    }

    pub(crate) async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, PgError> {
        let sql = "select bytes from blobs where digest = $1";
        let rows = self.rows(|| sqlx::query(sql).bind(digest.as_bytes().to_vec())).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let bytes: Vec<u8> = row.try_get("bytes")?;
        if BlobDigest::of(&bytes) != digest {
            return Err(PgError::Corrupt { what: "a blob does not have its digest" });
        }
        Ok(Some(bytes))
    }

    pub(crate) async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, PgError> {
        let at_most = i64::try_from(at_most.0).unwrap_or(i64::MAX);
        let sql = "select size, checkpoint from cosigned_checkpoints where size <= $1 order by size desc limit 1";
        let rows = self.rows(|| sqlx::query(sql).bind(at_most)).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let damaged = "a cosigned checkpoint cannot be decoded";
        let size = TreeSize(unsigned(row.try_get("size")?, damaged)?);
        let text = String::from_utf8(row.try_get("checkpoint")?).map_err(|_| PgError::Corrupt { what: damaged })?;
        Ok(Some((size, text)))
    }
}

fn transaction(row: &PgRow) -> Result<StoredTransaction, PgError> {
    let damaged = "a stored transaction cannot be decoded";
    let corrupt = || PgError::Corrupt { what: damaged };
    let dataset: Option<&str> = row.try_get("dataset")?;
    Ok(StoredTransaction {
        index: LeafIndex(unsigned(row.try_get("index")?, damaged)?),
        id: TransactionId::new(digest(row, "id", damaged)?),
        kind: row.try_get::<&str, _>("operation")?.parse().map_err(|_| corrupt())?,
        dataset: dataset.map(str::parse).transpose().map_err(|_| corrupt())?,
        recorded_at: Timestamp(row.try_get::<&str, _>("recorded_at")?.parse().map_err(|_| corrupt())?),
        entry: row.try_get("entry")?,
    })
}

fn summary(row: &PgRow) -> Result<DatasetSummary, PgError> {
    let damaged = "a dataset summary cannot be decoded";
    Ok(DatasetSummary {
        name: row.try_get::<&str, _>("name")?.parse().map_err(|_| PgError::Corrupt { what: damaged })?,
        transactions: unsigned(row.try_get("entries")?, damaged)?,
        latest: LeafIndex(unsigned(row.try_get("latest")?, damaged)?),
    })
}

fn digest(row: &PgRow, column: &str, damaged: &'static str) -> Result<[u8; 32], PgError> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map_err(|_| PgError::Corrupt { what: damaged })
}

fn unsigned(number: i64, damaged: &'static str) -> Result<u64, PgError> {
    u64::try_from(number).map_err(|_| PgError::Corrupt { what: damaged })
}
