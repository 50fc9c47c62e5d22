//! Writing: one append is one SQL transaction.

use std::mem;

use sqlx::{Row as _, postgres::PgRow};
use zkl_core::{
    name::DatasetName,
    storage::{
        AppendBatch,
        StorageErrorKind::{Conflict, Corrupt, Format, Invalid},
    },
    transaction::StoredTransaction,
    tree::{TileId, TreeSize},
};

use crate::{
    error::PgError,
    open::{FORMAT, Store},
    session::Session,
    settle::{Mark, Outcome},
};

/// The update locks the head row, so appends wait here for one another; it is the only one that moves the head from this size.
const MOVE_HEAD: &str = "update head set size = $2, root = $3, checkpoint = $4 where size = $1 and format = $5 \
    returning pg_current_xact_id()::xid::text as transaction, pg_backend_pid() as process";

const INSERT: &str = "with grown as ( \
        insert into tiles (level, index, hashes) \
        select * from unnest($1::smallint[], $2::bigint[], $3::bytea[]) \
        on conflict (level, index) do update set hashes = excluded.hashes \
    ) \
    insert into transactions (index, id, operation, dataset, recorded_at, entry) \
    select * from unnest($4::bigint[], $5::bytea[], $6::text[], $7::text[], $8::text[]::numeric[], $9::bytea[])";

/// Bytes of entries in one statement: bounds what the server holds in memory at a time.
const STATEMENT_BYTES: usize = 16 << 20;

/// How a transaction ended that did not end well.
enum Failure {
    /// It was not committed.
    NotCommitted(PgError),
    /// The connection broke while it was.
    Unknown { mark: Mark, cause: PgError },
}

impl From<PgError> for Failure {
    fn from(error: PgError) -> Self {
        Self::NotCommitted(error)
    }
}

impl Store {
    pub(crate) async fn append(&self, expected: TreeSize, batch: &AppendBatch) -> Result<(), PgError> {
        batch.check(expected)?;
        let mut attempt = 0;
        loop {
            self.check_writable()?;
            let error = match self.try_append(expected, batch).await {
                Ok(()) => return Ok(()),
                Err(Failure::NotCommitted(error)) => error,
                Err(Failure::Unknown { mark, cause }) => match self.settle(batch, &mark).await {
                    Outcome::Committed => return Ok(()),
                    Outcome::NotCommitted => cause,
                    Outcome::Unknown => {
                        self.poison();
                        return Err(PgError::Unsettled { cause: Box::new(cause) });
                    }
                },
            };
            if error.violates("transactions_id_key") {
                return Err(PgError::Contract(Invalid("a transaction with this id is already in the log")));
            }
            if error.violates("tile_grew") {
                return Err(PgError::Contract(Invalid("a tile changes hashes that it already had")));
            }
            self.pause(&mut attempt, error).await?;
        }
    }

    async fn try_append(&self, expected: TreeSize, batch: &AppendBatch) -> Result<(), Failure> {
        let mut session = self.begin().await?;
        let mark = match write(&mut session, expected, batch).await {
            Ok(mark) => mark,
            Err(error) => {
                session.roll_back(&error).await;
                return Err(error.into());
            }
        };
        match session.run("commit").await {
            Ok(()) => {
                session.give_back();
                Ok(())
            }
            Err(error) if error.is_refusal() => {
                session.roll_back(&error).await;
                Err(error.into())
            }
            Err(cause) => Err(Failure::Unknown { mark, cause }),
        }
    }
}

/// Does everything that an append does before its COMMIT.
async fn write(session: &mut Session, expected: TreeSize, batch: &AppendBatch) -> Result<Mark, PgError> {
    let Some(row) = move_head(session, expected, batch).await? else {
        return Err(why_not_moved(session, expected).await?);
    };
    let mark = Mark { transaction: row.try_get("transaction")?, process: row.try_get("process")? };
    let mut tiles: &[_] = &batch.tiles;
    for entries in statements(&batch.transactions) {
        insert(session, mem::take(&mut tiles), entries).await?;
    }
    Ok(mark)
}

async fn move_head(session: &mut Session, expected: TreeSize, batch: &AppendBatch) -> Result<Option<PgRow>, PgError> {
    // A head never is beyond 2^63, so the expected size cannot be the head's.
    let (Ok(from), Ok(to)) = (i64::try_from(expected.0), i64::try_from(batch.head.size.0)) else {
        return Ok(None);
    };
    let query = sqlx::query(MOVE_HEAD)
        .bind(from)
        .bind(to)
        .bind(batch.head.root.as_bytes().as_slice())
        .bind(batch.head.checkpoint.as_bytes())
        .bind(i32::try_from(FORMAT).ok());
    Ok(session.rows(query).await?.pop())
}

async fn why_not_moved(session: &mut Session, expected: TreeSize) -> Result<PgError, PgError> {
    let row = session.rows(sqlx::query("select size, format from head")).await?.pop();
    let row = row.ok_or(PgError::Contract(Corrupt("the table of the head is empty")))?;
    let (size, format): (i64, i32) = (row.try_get("size")?, row.try_get("format")?);
    if u32::try_from(format) != Ok(FORMAT) {
        return Ok(PgError::Contract(Format { expected: FORMAT, got: u32::try_from(format).unwrap_or(0) }));
    }
    let actual = u64::try_from(size).map_err(|_| PgError::Contract(Corrupt("the head has a negative size")))?;
    if actual == expected.0 {
        return Ok(PgError::Contract(Invalid("the log is too long")));
    }
    Ok(PgError::Contract(Conflict { expected: expected.0, actual }))
}

/// Cuts a batch into statements of bounded size, each with at least one entry.
fn statements(entries: &[StoredTransaction]) -> impl Iterator<Item = &[StoredTransaction]> {
    let mut rest = entries;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |entry: &&StoredTransaction| {
            bytes += entry.entry.len();
            bytes <= STATEMENT_BYTES
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (statement, behind) = rest.split_at_checked(count)?;
        rest = behind;
        Some(statement)
    })
}

async fn insert(
    session: &mut Session,
    tiles: &[(TileId, Vec<u8>)],
    entries: &[StoredTransaction],
) -> Result<(), PgError> {
    let too_long = |_| PgError::Contract(Invalid("the log is too long"));
    let levels: Vec<i16> = tiles.iter().map(|(id, _)| i16::from(id.level)).collect();
    let positions: Result<Vec<i64>, _> = tiles.iter().map(|(id, _)| i64::try_from(id.index)).collect();
    let hashes: Vec<&[u8]> = tiles.iter().map(|(_, bytes)| bytes.as_slice()).collect();
    let indices: Result<Vec<i64>, _> = entries.iter().map(|entry| i64::try_from(entry.index.0)).collect();
    let ids: Vec<&[u8]> = entries.iter().map(|entry| entry.id.as_bytes().as_slice()).collect();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    let names: Vec<Option<&str>> =
        entries.iter().map(|entry| entry.dataset.as_ref().map(DatasetName::as_str)).collect();
    let times: Vec<String> = entries.iter().map(|entry| entry.recorded_at.0.to_string()).collect();
    let bytes: Vec<&[u8]> = entries.iter().map(|entry| entry.entry.as_slice()).collect();
    let query = sqlx::query(INSERT)
        .bind(levels)
        .bind(positions.map_err(too_long)?)
        .bind(hashes)
        .bind(indices.map_err(too_long)?)
        .bind(ids)
        .bind(kinds)
        .bind(names)
        .bind(times)
        .bind(bytes);
    session.rows(query).await?;
    Ok(())
}
