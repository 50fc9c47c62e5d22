//! Making and opening: who may, what is there, which formats.

use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha384};
use zkl_core::{
    storage::{AppendBatch, Query, StorageBackend, StorageBackendExt, StorageErrorKind},
    transaction::OperationKind,
    tree::TreeSize,
};
use zkl_storage_pg::{PgBackend, PgConfig};
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    log::TestLog,
    postgres::{Server, ServerConfig, fresh_name, shared},
};

use crate::support::{append, config, fresh, kind, with_entries};

const LOG: TestLog = TestLog::salted(61);

fn sql(sql: &str) -> String {
    shared().psql("postgres", sql).unwrap()
}

#[test]
fn a_missing_ledger_schema_or_database_is_not_found_and_nothing_is_made() {
    block_on(async {
        let url = shared().fresh_url();
        let schema = url.split_once("schema=").unwrap().1.to_owned();
        assert_eq!(kind(PgBackend::open(&url, &config()).await), StorageErrorKind::NotFound);
        assert_eq!(kind(PgBackend::open_read_only(&url, &config()).await), StorageErrorKind::NotFound);
        assert_eq!(sql(&format!("select count(*) from pg_namespace where nspname = '{schema}'")), "0\n");
        let elsewhere = url.replace("/postgres?", "/absent?");
        assert_eq!(kind(PgBackend::create(&elsewhere, &config()).await), StorageErrorKind::NotFound);
    });
}

#[test]
fn create_refuses_a_place_that_has_a_ledger() {
    block_on(async {
        let (url, backend) = with_entries(LOG, 3).await;
        let kind = kind(PgBackend::create(&url, &config()).await);
        assert_eq!(kind, StorageErrorKind::Invalid("there is already a ledger at this place"));
        assert_holds(&backend, LOG, 3).await;
    });
}

#[test]
fn connect_makes_what_is_missing_and_opens_what_is_there() {
    block_on(async {
        let url = shared().fresh_url();
        append(&PgBackend::connect(&url, &config()).await.unwrap(), LOG, 0, 2).await;
        assert_holds(&PgBackend::connect(&url, &config()).await.unwrap(), LOG, 2).await;
    });
}

#[test]
fn of_those_who_create_at_once_one_succeeds_and_all_connect() {
    block_on(async {
        let url = shared().fresh_url();
        let creators = (0..6).map(|_| {
            let url = url.clone();
            tokio::spawn(async move { PgBackend::create(&url, &config()).await.is_ok() })
        });
        let mut created = 0;
        for creator in creators.collect::<Vec<_>>() {
            created += usize::from(creator.await.unwrap());
        }
        assert_eq!(created, 1);
        let url = shared().fresh_url();
        let connectors = (0..6).map(|_| {
            let url = url.clone();
            tokio::spawn(async move { PgBackend::connect(&url, &config()).await.map(|backend| backend.schema().len()) })
        });
        for connector in connectors.collect::<Vec<_>>() {
            connector.await.unwrap().unwrap();
        }
    });
}

#[test]
fn an_interrupted_creation_is_not_found_and_can_be_repeated() {
    block_on(async {
        let url = shared().fresh_url();
        let schema = url.split_once("schema=").unwrap().1.to_owned();
        // What a kill leaves between the making of the table of migrations and the first one.
        sql(&format!(
            "create schema {schema}; create table {schema}._sqlx_migrations (version bigint primary key, description text \
             not null, installed_on timestamptz not null default now(), success boolean not null, checksum bytea not null, \
             execution_time bigint not null)"
        ));
        assert_eq!(kind(PgBackend::open(&url, &config()).await), StorageErrorKind::NotFound);
        append(&PgBackend::create(&url, &config()).await.unwrap(), LOG, 0, 1).await;
    });
}

#[test]
fn ledgers_in_one_database_do_not_touch_one_another() {
    block_on(async {
        let ((_, first), (_, second)) = (with_entries(LOG, 4).await, fresh().await);
        assert_holds(&second, LOG, 0).await;
        let other = TestLog::salted(62);
        append(&second, other, 0, 9).await;
        first.put_blob(b"first").await.unwrap();
        assert_eq!(second.blob(zkl_core::digest::BlobDigest::of(b"first")).await.unwrap(), None);
        assert_holds(&first, LOG, 4).await;
        assert_holds(&second, other, 9).await;
    });
}

#[test]
fn a_word_of_the_language_is_a_schema_like_any_other() {
    block_on(async {
        let url = format!("{}?schema=table", shared().url());
        append(&PgBackend::create(&url, &config()).await.unwrap(), LOG, 0, 2).await;
        assert_holds(&PgBackend::open_read_only(&url, &config()).await.unwrap(), LOG, 2).await;
    });
}

#[test]
fn a_reader_sees_appends_at_once_and_cannot_write() {
    block_on(async {
        let (url, writer) = with_entries(LOG, 1).await;
        let reader = PgBackend::open_read_only(&url, &config()).await.unwrap();
        let mut size = 1;
        for count in [1, 300, 2] {
            append(&writer, LOG, size, count).await;
            size += count;
            assert_holds(&reader, LOG, size).await;
        }
        assert_eq!(kind(reader.append(TreeSize(size), LOG.batch(size, 1)).await), StorageErrorKind::ReadOnly);
        assert_eq!(kind(reader.put_blob(b"x").await), StorageErrorKind::ReadOnly);
        assert_eq!(kind(reader.put_cosigned(TreeSize(1), "x\n").await), StorageErrorKind::ReadOnly);
        assert_holds(&writer, LOG, size).await;
    });
}

#[test]
fn an_unknown_format_is_named_and_stops_writers_that_are_already_there() {
    block_on(async {
        let (url, backend) = with_entries(LOG, 2).await;
        sql(&format!("update {}.head set format = 7", backend.schema()));
        let expected = StorageErrorKind::Format { expected: 2, got: 7 };
        assert_eq!(kind(PgBackend::open(&url, &config()).await), expected);
        assert_eq!(kind(PgBackend::open_read_only(&url, &config()).await), expected);
        assert_eq!(kind(PgBackend::connect(&url, &config()).await), expected);
        assert_eq!(kind(backend.append(TreeSize(2), LOG.batch(2, 1)).await), expected);
        assert_eq!(backend.size().await.unwrap(), TreeSize(2));
    });
}

/// A ledger as the first version of this crate made it: its one migration, and entries of the kinds that it knew.
fn ledger_of_format_1(schema: &str, batch: &AppendBatch) {
    let first = include_str!("../../migrations/0001_ledger.sql");
    let hex = |bytes: &[u8]| format!("'\\x{}'", hex::encode(bytes));
    let entries = batch.transactions.iter().map(|entry| {
        let dataset = entry.dataset.as_ref().map_or("null".to_owned(), |name| format!("'{name}'"));
        let (id, bytes) = (hex(entry.id.as_bytes()), hex(&entry.entry));
        format!("({}, {id}, '{}', {dataset}, {}, {bytes})", entry.index.0, entry.kind, entry.recorded_at.0)
    });
    let entries = entries.collect::<Vec<_>>().join(", ");
    let tiles = batch.tiles.iter().map(|(id, bytes)| format!("({}, {}, {})", id.level, id.index, hex(bytes)));
    let tiles = tiles.collect::<Vec<_>>().join(", ");
    let (root, checkpoint) = (hex(batch.head.root.as_bytes()), hex(batch.head.checkpoint.as_bytes()));
    sql(&format!("create schema {schema}; set search_path = {schema}; {first}"));
    sql(&format!(
        "set search_path = {schema}; begin; \
         update head set size = {}, root = {root}, checkpoint = {checkpoint}; \
         insert into tiles values {tiles}; insert into transactions values {entries}; commit; \
         create table _sqlx_migrations (version bigint primary key, description text not null, \
         installed_on timestamptz not null default now(), success boolean not null, checksum bytea not null, \
         execution_time bigint not null); \
         insert into _sqlx_migrations values (1, 'ledger', now(), true, {}, 0)",
        batch.head.size.0,
        hex(&Sha384::digest(first))
    ));
}

#[test]
fn a_ledger_of_format_1_is_read_as_it_is_and_brought_up_to_date_by_a_writer() {
    block_on(async {
        let url = shared().fresh_url();
        let schema = url.split_once("schema=").unwrap().1;
        let mut batch = LOG.batch(0, 9);
        let known = [OperationKind::NOTARIZATION, OperationKind::CLAIM, OperationKind::CUSTOM];
        for (transaction, kind) in batch.transactions.iter_mut().zip(known.iter().cycle()) {
            transaction.kind = kind.clone();
        }
        ledger_of_format_1(schema, &batch);
        let format = || sql(&format!("select format from {schema}.head"));
        let reader = PgBackend::open_read_only(&url, &config()).await.unwrap();
        assert_eq!(reader.find(&Query::default()).await.unwrap(), batch.transactions);
        assert_eq!(format(), "1\n");
        let writer = PgBackend::open(&url, &config()).await.unwrap();
        assert_eq!(format(), "2\n");
        // The reader from before the migration goes on, too.
        append(&writer, LOG, 9, 40).await;
        let all: Vec<_> = batch.transactions.into_iter().chain(LOG.batch(9, 40).transactions).collect();
        for backend in [&reader, &writer, &PgBackend::open(&url, &config()).await.unwrap()] {
            assert_eq!(backend.find(&Query::default()).await.unwrap(), all);
            for kind in known.iter().cloned().chain(TestLog::kinds()) {
                let query = Query { kind: Some(kind), ..Query::default() };
                let expected: Vec<_> = all.iter().filter(|transaction| query.matches(transaction)).cloned().collect();
                assert_eq!(backend.find(&query).await.unwrap(), expected);
            }
            assert_eq!(backend.head().await.unwrap(), Some(LOG.head(49)));
        }
    });
}

#[test]
fn a_head_that_contradicts_the_log_is_corrupt() {
    block_on(async {
        let cases = [
            "delete from transactions where index = 4; delete from datasets where latest = 4",
            "update head set size = 4",
            "update head set size = 0, root = null, checkpoint = null",
            "delete from head",
            "drop table transactions cascade",
        ];
        for case in cases {
            let (url, backend) = with_entries(LOG, 5).await;
            // The owner with all checks switched off.
            sql(&format!("set search_path = {}; set session_replication_role = replica; {case}", backend.schema()));
            let kind = kind(PgBackend::open(&url, &config()).await);
            assert!(matches!(kind, StorageErrorKind::Corrupt(_)), "{case}: {kind:?}");
        }
    });
}

#[test]
fn rows_that_lie_are_corrupt_when_they_are_read() {
    block_on(async {
        let (_, backend) = with_entries(LOG, 5).await;
        let digest = backend.put_blob(b"a blob").await.unwrap();
        sql(&format!(
            "set search_path = {}; set session_replication_role = replica; \
             alter table transactions drop constraint operation_name; \
             update transactions set operation = 'No Kind' where index = 1; \
             alter table blobs drop constraint digest_of_bytes; update blobs set bytes = 'b'; \
             alter table datasets drop constraint dataset_name; update datasets set name = name || '//' where name < 'a'",
            backend.schema()
        ));
        for kind in [
            kind(backend.transaction(LOG.transaction(1).id).await),
            kind(backend.find(&Query::default()).await),
            kind(backend.blob(digest).await),
        ] {
            assert!(matches!(kind, StorageErrorKind::Corrupt(_)), "{kind:?}");
        }
    });
}

/// A role with the privileges that docs/storage/postgres.md gives to a writer or a reader, and no more.
fn role(schema: &str, grants: &str) -> String {
    let role = fresh_name();
    sql(&format!("set search_path = {schema}; create role {role} login; grant usage on schema {schema} to {role}"));
    for grant in grants.split(';') {
        sql(&format!("set search_path = {schema}; {grant} to {role}"));
    }
    role
}

#[test]
fn a_writer_needs_few_privileges_and_a_reader_fewer() {
    block_on(async {
        let (_, owner) = with_entries(LOG, 3).await;
        let place = |role: &str| format!("{}?schema={}", shared().url_as(role), owner.schema());
        let reading = format!("grant select on all tables in schema {}", owner.schema());
        let writing = format!(
            "{reading};grant insert on transactions, tiles, blobs, cosigned_checkpoints;grant update (hashes) on tiles;\
             grant update (size, root, checkpoint) on head;grant update (checkpoint) on cosigned_checkpoints"
        );
        let writer = PgBackend::open(&place(&role(owner.schema(), &writing)), &config()).await.unwrap();
        append(&writer, LOG, 3, 300).await;
        append(&writer, LOG, 303, 1).await;
        writer.put_blob(b"x").await.unwrap();
        for text in ["signed once\n", "signed twice\n"] {
            writer.put_cosigned(TreeSize(304), text).await.unwrap();
        }
        assert_holds(&writer, LOG, 304).await;
        let reader = role(owner.schema(), &reading);
        assert_holds(&PgBackend::open_read_only(&place(&reader), &config()).await.unwrap(), LOG, 304).await;
        // Opened for writing without the privileges: the server refuses.
        let pretender = PgBackend::open(&place(&reader), &config()).await.unwrap();
        assert_eq!(kind(pretender.append(TreeSize(304), LOG.batch(304, 1)).await), StorageErrorKind::Unavailable);
        let stranger = place(&role(owner.schema(), "grant connect on database postgres"));
        assert_eq!(kind(PgBackend::open(&stranger, &config()).await), StorageErrorKind::Unavailable);
        assert_holds(&owner, LOG, 304).await;
    });
}

#[test]
fn a_server_that_is_not_there_is_unavailable_at_once() {
    block_on(async {
        let start = Instant::now();
        let error = PgBackend::connect("postgres://nobody@127.0.0.1:1/none", &config()).await.unwrap_err();
        assert_eq!((error.kind, error.retryable), (StorageErrorKind::Unavailable, true));
        assert!(start.elapsed() < config().acquire_timeout);
    });
}

#[test]
fn a_server_that_would_lose_appends_is_refused_unless_that_is_accepted() {
    let settings = vec![("fsync".to_owned(), "off".to_owned())];
    let server = Server::start(ServerConfig { settings, ..ServerConfig::default() }).unwrap();
    block_on(async {
        let kind = kind(PgBackend::create(&server.url(), &config()).await);
        assert!(matches!(kind, StorageErrorKind::Invalid(rule) if rule.contains("fsync")), "{kind:?}");
        let accepting = PgConfig { danger_accept_fsync_off: true, ..config() };
        append(&PgBackend::create(&server.url(), &accepting).await.unwrap(), LOG, 0, 1).await;
        assert_holds(&PgBackend::open_read_only(&server.url(), &config()).await.unwrap(), LOG, 1).await;
    });
}

#[test]
fn an_append_is_synchronous_whatever_the_defaults_are() {
    block_on(async {
        let (_, backend) = fresh().await;
        let schema = backend.schema();
        let role = fresh_name();
        sql(&format!("create role {role} login superuser; alter role {role} set synchronous_commit = off"));
        sql(&format!("alter role {role} set default_transaction_read_only = on"));
        sql(&format!("alter role {role} set default_transaction_isolation = serializable"));
        // Remembers what was in force at the end of each inserting transaction.
        sql(&format!(
            "set search_path = {schema}; create table seen (setting text, isolation text); \
             create function look() returns trigger language plpgsql as $$ begin \
             insert into {schema}.seen values (current_setting('synchronous_commit'), \
             current_setting('transaction_isolation')); return null; end $$; \
             create constraint trigger look after insert on transactions deferrable initially deferred \
             for each row execute function look(); \
             create constraint trigger look after insert on blobs deferrable initially deferred \
             for each row execute function look()"
        ));
        let url = format!("{}?schema={schema}", shared().url_as(&role));
        let backend = PgBackend::open(&url, &config()).await.unwrap();
        append(&backend, LOG, 0, 1).await;
        backend.put_blob(b"x").await.unwrap();
        sql(&format!("alter role {role} set synchronous_commit = remote_apply"));
        append(&PgBackend::open(&url, &config()).await.unwrap(), LOG, 1, 1).await;
        let seen = sql(&format!("select * from {schema}.seen"));
        assert_eq!(seen, "on|read committed\non|read committed\nremote_apply|read committed\n");
    });
}

#[test]
fn waiting_for_a_lock_ends_with_a_timeout_and_nothing_is_written() {
    block_on(async {
        let (url, backend) = with_entries(LOG, 1).await;
        let impatient = PgConfig { lock_timeout: Duration::from_millis(400), ..config() };
        let impatient = PgBackend::open(&url, &impatient).await.unwrap();
        let (schema, holder) = (backend.schema(), fresh_name());
        let hold = format!(
            "set application_name = '{holder}'; begin; select from {schema}.head for update; select pg_sleep(600)"
        );
        let held = tokio::task::spawn_blocking(move || shared().psql("postgres", &hold));
        let holding = format!("from pg_stat_activity where application_name = '{holder}'");
        while sql(&format!("select count(*) {holding} and wait_event = 'PgSleep'")) == "0\n" {}
        let error = impatient.append(TreeSize(1), LOG.batch(1, 1)).await.unwrap_err();
        assert_eq!((error.kind, error.retryable), (StorageErrorKind::Timeout, true));
        sql(&format!("select pg_terminate_backend(pid) {holding}"));
        assert!(held.await.unwrap().is_err());
        append(&impatient, LOG, 1, 1).await;
        assert_holds(&backend, LOG, 2).await;
    });
}

#[test]
fn more_callers_than_connections_wait_for_their_turn() {
    block_on(async {
        let (url, _) = with_entries(LOG, 50).await;
        let narrow = PgConfig { max_connections: 1, ..config() };
        let backend = PgBackend::open(&url, &narrow).await.unwrap();
        let readers = (0..20).map(|_| {
            let backend = backend.clone();
            tokio::spawn(async move { assert_holds(&backend, LOG, 50).await })
        });
        for reader in readers.collect::<Vec<_>>() {
            reader.await.unwrap();
        }
    });
}

#[test]
fn an_append_runs_to_its_end_when_its_caller_stops_waiting() {
    block_on(async {
        let (_, backend) = fresh().await;
        let mut size = 0;
        for millis in [0, 1, 2, 4, 8] {
            let append = backend.append(TreeSize(size), LOG.batch(size, 3));
            // Started, then dropped.
            let _ = tokio::time::timeout(Duration::from_millis(millis), append).await;
            let deadline = Instant::now() + Duration::from_secs(30);
            while backend.size().await.unwrap().0 == size && Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            size += 3;
            assert_holds(&backend, LOG, size).await;
        }
    });
}
