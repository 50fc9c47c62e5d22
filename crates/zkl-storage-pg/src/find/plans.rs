//! What the server does for each form of query on a log that is too long to be scanned.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use zkl_core::{
    storage::{AppendBatch, Order, Query, StorageBackend as _},
    transaction::OperationKind,
    tree::TreeSize,
};
use zkl_testkit::{conformance::block_on, log::TestLog, postgres::shared};

use super::Form;
use crate::{PgBackend, PgConfig, open::Access, place::Place};

const LOG: TestLog = TestLog::salted(71);
const SIZE: u64 = 30_000;
const LIMIT: i32 = 200;
/// Tables that grow with the log.
const LARGE: [&str; 6] = ["transactions", "datasets", "tiles", "blobs", "cosigned_checkpoints", "time_extents"];

/// A long log with several names on top of the usual ones, in batches, and its place.
async fn long_log() -> Place {
    let url = shared().fresh_url();
    let config = PgConfig::default();
    let backend = PgBackend::create(&url, &config).await.unwrap();
    let mut size = 0;
    while size < SIZE {
        let mut batch: AppendBatch = LOG.batch(size, 1_000);
        for transaction in batch.transactions.iter_mut().filter(|transaction| transaction.index.0 % 20 == 0) {
            transaction.dataset = format!("rare/{:05}", transaction.index.0).parse().ok();
        }
        backend.append(TreeSize(size), batch).await.unwrap();
        size += 1_000;
    }
    let many = "insert into cosigned_checkpoints select i, 'x' from generate_series(1, 3000) i; \
        insert into blobs select sha256(i::text::bytea), i::text::bytea from generate_series(1, 3000) i";
    shared().psql("postgres", &format!("set search_path = {}; {many}", backend.schema())).unwrap();
    Place::parse(&url, &config, Access::Write).ok().unwrap()
}

fn forms() -> impl Iterator<Item = Form> {
    (0..16).map(|bits: u8| Form {
        dataset: bits & 1 != 0,
        kind: bits & 2 != 0,
        time: bits & 4 != 0,
        order: if bits & 8 != 0 { Order::Descending } else { Order::Ascending },
    })
}

/// A statement, prepared and then executed, so that the server can be made to plan it without knowing the values.
struct Prepared {
    prepare: String,
    execute: String,
}

impl Prepared {
    /// A short range in the first third of the log: who reads on behind it reads much.
    fn form(form: Form) -> Self {
        let (low, high) = (SIZE / 3, SIZE / 3 + 300);
        let at = |index: u64| format!("'{}'", LOG.transaction(index).recorded_at.0);
        let (name, kind) = (form.dataset.then(|| "'a'".to_owned()), form.kind.then(|| "'claim'".to_owned()));
        let mut values = vec![low.to_string(), high.to_string(), LIMIT.to_string()];
        if form.time {
            let null = || "null".to_owned();
            values.extend([at(low + 40), at(low + 240), name.unwrap_or_else(null), kind.unwrap_or_else(null)]);
        } else {
            values.extend(name.into_iter().chain(kind));
        }
        let texts = ", text".repeat(values.len() - 3);
        Self {
            prepare: format!("prepare q (bigint, bigint, integer{texts}) as {}", form.sql()),
            execute: format!("execute q ({})", values.join(", ")),
        }
    }

    fn other(types: &str, sql: &str, values: &str) -> Self {
        Self { prepare: format!("prepare q ({types}) as {sql}"), execute: format!("execute q ({values})") }
    }
}

async fn text(connection: &mut PgConnection, sql: &str) -> Vec<String> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await;
    let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

/// Pages that an analysed statement touched, by the first line of its plan that tells.
fn pages_read(plan: &str) -> i64 {
    let line = plan.lines().find_map(|line| line.trim().strip_prefix("Buffers: shared ")).unwrap_or_default();
    let counts = line.split(' ').filter_map(|part| part.strip_prefix("hit=").or(part.strip_prefix("read=")));
    counts.filter_map(|count| count.parse::<i64>().ok()).sum()
}

/// Runs a statement without the driver's own preparation, and returns the number of rows.
async fn run(connection: &mut PgConnection, sql: &str) -> usize {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await;
    rows.unwrap_or_else(|error| panic!("{sql}: {error}")).len()
}

/// Rows that sequential scans and index scans of the large tables have read in this transaction, and in those before it that the
/// server has not yet added to its statistics.
async fn rows_read(connection: &mut PgConnection) -> (i64, i64) {
    let sql = "select coalesce(sum(seq_scan + seq_tup_read), 0)::bigint as scanned, \
        coalesce(sum(coalesce(idx_tup_fetch, 0)), 0)::bigint as fetched \
        from pg_stat_xact_user_tables where schemaname = current_schema() and relname = any ($1)";
    let row = sqlx::query(sql).bind(LARGE.to_vec()).fetch_one(connection).await.unwrap();
    (row.get("scanned"), row.get("fetched"))
}

#[test]
fn no_query_scans_a_long_log() {
    block_on(async {
        let place = long_log().await;
        let mut connection = PgConnection::connect_with(&place.options).await.unwrap();
        let others = [
            Prepared::other("bytea", "select index, entry from transactions where id = $1", "sha256('x')"),
            Prepared::other(
                "text, integer",
                "select name, entries, latest from datasets where name > $1 order by name limit $2",
                "'b', 10",
            ),
            Prepared::other(
                "smallint, bigint, integer",
                "select substring(hashes for $3) from tiles where level = $1 and index = $2 and octet_length(hashes) >= $3",
                "0, 3, 32",
            ),
            Prepared::other("bytea", "select bytes from blobs where digest = $1", "sha256('x')"),
            Prepared::other(
                "bigint",
                "select size, checkpoint from cosigned_checkpoints where size <= $1 order by size desc limit 1",
                "2000",
            ),
        ];
        let statements: Vec<Prepared> = forms().map(Prepared::form).chain(others).collect();
        // A young log has no statistics; an old one has; and a session may keep a plan made without knowing the values.
        for statistics in [false, true] {
            if statistics {
                run(&mut connection, "analyze").await;
            }
            for mode in ["force_custom_plan", "force_generic_plan"] {
                run(&mut connection, &format!("set plan_cache_mode = {mode}")).await;
                for Prepared { prepare, execute } in &statements {
                    let at = format!("statistics: {statistics}, {mode}: {prepare}; {execute}");
                    run(&mut connection, prepare).await;
                    let plan = text(&mut connection, &format!("explain (costs off) {execute}")).await.join("\n");
                    for table in LARGE {
                        assert!(!plan.contains(&format!("Seq Scan on {table}")), "{at}\n{plan}");
                    }
                    // The plan says nothing about the inside of a function; the server's counters do.
                    let mut transaction = connection.begin().await.unwrap();
                    let before = rows_read(&mut transaction).await;
                    let found = run(&mut transaction, execute).await as i64;
                    let after = rows_read(&mut transaction).await;
                    // Nor do the counters of rows say what was read of an index in vain; those of pages do.
                    let measured = format!("explain (analyze, buffers, costs off, timing off) {execute}");
                    let pages = pages_read(&text(&mut transaction, &measured).await.join("\n"));
                    transaction.rollback().await.unwrap();
                    run(&mut connection, "deallocate q").await;
                    let (scanned, fetched) = (after.0 - before.0, after.1 - before.1);
                    assert_eq!(scanned, 0, "{at}");
                    // The rows of the result, the blocks on the way, and entries in between whose clock ran elsewhere.
                    assert!(fetched <= 4 * found + 400, "{at}: {found} rows found, {fetched} read");
                    assert!(pages <= found + 150, "{at}: {found} rows found, {pages} pages read");
                }
            }
        }
    });
}

#[test]
fn plain_forms_walk_the_index_of_their_key_without_sorting() {
    block_on(async {
        let place = long_log().await;
        let mut connection = PgConnection::connect_with(&place.options).await.unwrap();
        for statistics in [false, true] {
            if statistics {
                run(&mut connection, "analyze").await;
            }
            for form in forms().filter(|form| !form.time) {
                let index = match (form.dataset, form.kind) {
                    (false, false) => "transactions_pkey",
                    (true, false) => "transactions_by_dataset",
                    (false, true) => "transactions_by_operation",
                    (true, true) => "transactions_by_dataset_and_operation",
                };
                let walk = match form.order {
                    Order::Ascending => format!("Index Scan using {index} on transactions"),
                    Order::Descending => format!("Index Scan Backward using {index} on transactions"),
                };
                let Prepared { prepare, execute } = Prepared::form(form);
                run(&mut connection, &prepare).await;
                let plan = text(&mut connection, &format!("explain (costs off) {execute}")).await.join("\n");
                run(&mut connection, "deallocate q").await;
                let whole_key = plan.contains(&walk) && !plan.contains("Sort") && !plan.contains("Filter");
                assert!(whole_key, "statistics: {statistics}, {form:?}\n{plan}");
            }
        }
    });
}

#[test]
fn an_append_reads_no_more_on_a_long_log() {
    block_on(async {
        let place = long_log().await;
        let url = format!("{}?schema={}", shared().url(), place.schema);
        let mut connection = PgConnection::connect_with(&place.options).await.unwrap();
        // Counts inside the append's own transaction, at its end. The connection is new and has done nothing before.
        let sql = "create table read_by_append (scanned bigint, fetched bigint); \
            create function count_reads() returns trigger language plpgsql as $$ begin \
            insert into read_by_append select sum(seq_scan + seq_tup_read), sum(coalesce(idx_tup_fetch, 0)) \
            from pg_stat_xact_user_tables where schemaname = tg_table_schema and relname in \
            ('transactions', 'datasets', 'tiles', 'blobs', 'time_extents'); return null; end $$; \
            create constraint trigger zz_count after insert on transactions deferrable initially deferred \
            for each row execute function count_reads()";
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        let backend = PgBackend::open(&url, &PgConfig::default()).await.unwrap();
        backend.append(TreeSize(SIZE), LOG.batch(SIZE, 1)).await.unwrap();
        let row = sqlx::query("select scanned, fetched from read_by_append").fetch_one(&mut connection).await.unwrap();
        let (scanned, fetched): (i64, i64) = (row.get(0), row.get(1));
        assert_eq!(scanned, 0);
        assert!(fetched < 40, "{fetched} rows read");
    });
}

#[test]
fn every_form_belongs_to_the_queries_that_have_it() {
    let name = "a".parse().ok();
    for form in forms() {
        let query = Query {
            dataset: if form.dataset { name.clone() } else { None },
            kind: form.kind.then_some(OperationKind::CLAIM),
            time: form.time.then(|| LOG.transaction(0).recorded_at..LOG.transaction(9).recorded_at),
            order: form.order,
            ..Query::default()
        };
        assert_eq!(Form::of(&query), form);
        assert_eq!(form.sql().contains("find_"), form.time);
        assert_eq!(form.sql().contains("desc"), form.order == Order::Descending);
    }
}
