//! Somebody with psql, every privilege on the tables' rows, and no good intentions. He does not own the tables.

use std::thread;

use zkl_core::{
    storage::{StorageBackend, StorageBackendExt},
    tree::{TileId, TreeSize},
};
use zkl_storage_pg::PgBackend;
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    log::TestLog,
    postgres::{fresh_name, shared},
};

use crate::support::{append, with_entries};

const LOG: TestLog = TestLog::salted(63);
const SIZE: u64 = 300;

/// An attack, and the name or the words by which the database refuses it.
type Attack = (&'static str, &'static str, &'static str);

/// `entry(i)` inserts an entry at `i`, `move_to(n)` moves the head to size `n`.
const LOG_ATTACKS: [Attack; 26] = [
    ("a gap", "begin; call move_to(302); call entry(301); commit", "no_gap"),
    (
        "a gap, filled from the wrong end",
        "begin; call move_to(302); call entry(301); call entry(300); commit",
        "no_gap",
    ),
    (
        "a gap inside one statement",
        "begin; call move_to(303); insert into transactions select i, sha256(i::text::bytea), 'claim', null, 0, '' \
         from unnest(array[300, 302]) i; commit",
        "no_gap",
    ),
    ("a negative index", "begin; call move_to(301); call entry(-1); commit", "index_range"),
    ("a fork: a second entry at an index", "begin; call move_to(301); call entry(7); commit", "transactions_pkey"),
    ("an entry without a head", "call entry(300)", "covered_by_head"),
    (
        "more entries than the head has",
        "begin; call move_to(301); call entry(300); call entry(301); commit",
        "covered_by_head",
    ),
    (
        "entries copied in",
        "copy transactions (index, id, operation, recorded_at, entry) from stdin;\n\
         300\t\\\\x0000000000000000000000000000000000000000000000000000000000000000\tclaim\t0\t\\\\x00\n\\.\n",
        "covered_by_head",
    ),
    ("a head without entries", "call move_to(301)", "head_has_its_last_entry"),
    ("a head with too few entries", "begin; call move_to(302); call entry(300); commit", "head_has_its_last_entry"),
    ("a head that goes back", "call move_to(299)", "head_moved"),
    ("a head that starts again", "update head set size = 0, root = null, checkpoint = null", "head_moved"),
    ("another root for the same entries", "update head set root = sha256('x')", "head_moved"),
    ("another checkpoint for the same entries", "update head set checkpoint = 'x'", "head_moved"),
    ("a format that goes back", "update head set format = 0", "head_moved"),
    ("a second head", "insert into head (only_row, format, size) values (false, 1, 0)", "one_row"),
    ("another head", "insert into head (format, size) values (1, 0)", "head_pkey"),
    ("no head", "delete from head", "append_only"),
    ("an empty table of heads", "truncate head", "append_only"),
    ("a changed entry", "update transactions set entry = 'x' where index = 7", "append_only"),
    (
        "an entry replaced by an insertion",
        "begin; call move_to(301); insert into transactions values (7, sha256('x'), 'claim', null, 0, 'x') \
         on conflict (index) do update set entry = excluded.entry; commit",
        "append_only",
    ),
    ("a deleted last entry", "delete from transactions where index = 299", "append_only"),
    ("a deleted first entry", "delete from transactions where index = 0", "append_only"),
    ("an emptied log", "truncate transactions cascade", "append_only"),
    (
        "an entry twice",
        "begin; call move_to(301); insert into transactions select 300, id, operation, dataset, recorded_at, entry \
         from transactions where index = 7; commit",
        "transactions_id_key",
    ),
    (
        "a head of his own in front of the real one",
        "create temp table head (size bigint); insert into pg_temp.head values (1000); \
         set search_path = pg_temp, LEDGER; insert into LEDGER.transactions values (300, sha256('x'), 'claim', null, 0, 'x')",
        "covered_by_head",
    ),
];

const ROW_ATTACKS: [Attack; 32] = [
    (
        "a kind that is none",
        "begin; call move_to(301); insert into transactions values (300, sha256('x'), 'No Kind', null, 0, 'x'); commit",
        "operation_name",
    ),
    (
        "a name that is none",
        "begin; call move_to(301); insert into transactions values (300, sha256('x'), 'claim', '../up', 0, 'x'); commit",
        "dataset_name",
    ),
    (
        "a short id",
        "begin; call move_to(301); insert into transactions values (300, 'x', 'claim', null, 0, 'x'); commit",
        "id_length",
    ),
    (
        "a long entry",
        "begin; call move_to(301); insert into transactions values \
         (300, sha256('x'), 'claim', null, 0, repeat('x', 65536)::bytea); commit",
        "entry_length",
    ),
    (
        "a time before 1970",
        "begin; call move_to(301); insert into transactions values (300, sha256('x'), 'claim', null, -1, 'x'); commit",
        "time_range",
    ),
    (
        "a time that is no number",
        "begin; call move_to(301); insert into transactions values (300, sha256('x'), 'claim', null, 'NaN', 'x'); commit",
        "time_range",
    ),
    ("a renamed kind", "update transactions set operation = 'theft' where operation = 'claim'", "append_only"),
    ("a deleted kind", "delete from transactions where operation = 'claim'", "append_only"),
    (
        "a kind that is too long",
        "begin; call move_to(301); insert into transactions values (300, sha256('x'), repeat('k', 33), null, 0, 'x'); commit",
        "operation_name",
    ),
    ("a false count", "update datasets set entries = entries + 1", "dataset_counted"),
    ("a false newest entry", "update datasets set latest = latest - 1", "dataset_counted"),
    ("a renamed dataset", "update datasets set name = 'other' where name = 'a'", "dataset_counted"),
    ("a dataset without entries", "insert into datasets values ('ghost', 0, 299)", "dataset_counted"),
    ("a deleted dataset", "delete from datasets", "append_only"),
    (
        "a narrower tile",
        "update tiles set hashes = substring(hashes for 32) where (level, index) = (0, 1)",
        "tile_width",
    ),
    ("a wider tile", "update tiles set hashes = hashes || sha256('x') where (level, index) = (0, 1)", "tile_width"),
    (
        "another hash in a full tile",
        "update tiles set hashes = overlay(hashes placing sha256('x') from 33) where (level, index) = (0, 0)",
        "tile_grew",
    ),
    (
        "another hash in a partial tile, with an append as the excuse",
        "begin; call move_to(301); call entry(300); update tiles set hashes = sha256('x') || substring(hashes from 33) || \
         sha256('y') where (level, index) = (0, 1); commit",
        "tile_grew",
    ),
    (
        "another hash by an insertion",
        "insert into tiles select level, index, overlay(hashes placing sha256('x') from 33) from tiles where level = 0 \
         on conflict (level, index) do update set hashes = excluded.hashes",
        "tile_grew",
    ),
    ("a tile of nowhere", "insert into tiles values (0, 7, sha256('x'))", "tile_width"),
    ("a tile moved away", "update tiles set index = 5 where (level, index) = (0, 1)", "tile_width"),
    ("a tile swapped", "update tiles set level = 1, index = 0 where (level, index) = (0, 1)", "tile_width"),
    ("half a hash", "insert into tiles values (0, 2, 'x')", "tile_width"),
    ("a deleted tile", "delete from tiles where level = 1", "append_only"),
    ("a blob under a false name", "insert into blobs values (sha256('x'), 'y')", "digest_of_bytes"),
    ("a changed blob", "update blobs set bytes = 'y'", "append_only"),
    ("a deleted blob", "delete from blobs", "append_only"),
    ("a cosigned checkpoint of the future", "insert into cosigned_checkpoints values (301, 'x')", "cosigned_reached"),
    ("a cosigned checkpoint of another size", "update cosigned_checkpoints set size = size - 1", "cosigned_reached"),
    ("a deleted cosigned checkpoint", "delete from cosigned_checkpoints", "append_only"),
    ("entries hidden from time ranges", "update time_extents set earliest = latest", "extent_widened"),
    ("entries taken out of time ranges", "delete from time_extents", "append_only"),
];

const POWER_ATTACKS: [Attack; 6] = [
    ("checks switched off for the session", "set session_replication_role = replica", "permission denied"),
    ("checks switched off for a table", "alter table transactions disable trigger all", "must be owner"),
    ("a dropped check", "alter table head drop constraint head_has_its_last_entry", "must be owner"),
    (
        "a replaced check",
        "create or replace function head_moved() returns trigger language plpgsql as \
        $$ begin return new; end $$",
        "permission denied",
    ),
    (
        "the owner's function on a table of his own",
        "create temp table trap (index bigint, dataset text, recorded_at numeric); \
         create trigger trap after insert on trap referencing new table as added for each statement \
         execute function log_grew()",
        "permission denied for function log_grew",
    ),
    ("another format", "begin; set role postgres; update head set format = 9; commit", "permission denied"),
];

struct Stage {
    backend: PgBackend,
    schema: String,
    role: String,
}

impl Stage {
    async fn new() -> Self {
        let (_, backend) = with_entries(LOG, SIZE).await;
        backend.put_blob(b"a blob").await.unwrap();
        backend.put_cosigned(TreeSize(SIZE), "signed\n").await.unwrap();
        let (schema, role) = (backend.schema().to_owned(), fresh_name());
        let sql = format!(
            "create role {role} login; grant usage on schema {schema} to {role}; \
             grant select, insert, update, delete, truncate, references on all tables in schema {schema} to {role}"
        );
        shared().psql("postgres", &sql).unwrap();
        Self { backend, schema, role }
    }

    /// What the attacker runs. His helpers do what an honest writer's statements do, with made-up content.
    fn script(&self, sql: &str) -> String {
        let Self { schema, .. } = self;
        let sql = sql.replace("LEDGER", schema);
        format!(
            "set search_path = {schema}, pg_temp;\n\
             create procedure pg_temp.move_to(n bigint) language sql as $$ update {schema}.head set size = n, \
             root = sha256(n::text::bytea), checkpoint = 'x' $$;\n\
             create procedure pg_temp.entry(i bigint) language sql as $$ insert into {schema}.transactions values \
             (i, sha256(random()::text::bytea), 'claim', null, 0, 'x') $$;\n{}",
            sql.replace("call ", "call pg_temp.")
        )
    }

    fn refuses(&self, (name, sql, reason): Attack) {
        let outcome = shared().psql(&self.role, &self.script(sql));
        let message = outcome.err().unwrap_or_else(|| panic!("{name}: nobody objected")).to_string();
        assert!(message.contains(reason), "{name}: {message}");
    }
}

fn run(attacks: &[Attack]) {
    block_on(async {
        let stage = Stage::new().await;
        for attack in attacks {
            stage.refuses(*attack);
            assert_eq!(stage.backend.size().await.unwrap(), TreeSize(SIZE), "{}", attack.0);
        }
        assert_holds(&stage.backend, LOG, SIZE).await;
        append(&stage.backend, LOG, SIZE, 300).await;
        assert_holds(&stage.backend, LOG, SIZE + 300).await;
    });
}

#[test]
fn the_log_and_its_head_cannot_be_forked_gapped_or_rewritten() {
    run(&LOG_ATTACKS);
}

#[test]
fn rows_cannot_lie_change_or_go() {
    run(&ROW_ATTACKS);
}

#[test]
fn checks_cannot_be_switched_off_by_a_writer() {
    run(&POWER_ATTACKS);
}

#[test]
fn the_owner_who_does_not_switch_them_off_is_held_to_the_same_checks() {
    block_on(async {
        let stage = Stage::new().await;
        let owner = Stage { role: "postgres".to_owned(), ..stage };
        for attack in LOG_ATTACKS.iter().chain(&ROW_ATTACKS) {
            owner.refuses(*attack);
        }
        assert_holds(&owner.backend, LOG, SIZE).await;
    });
}

#[test]
fn of_two_sessions_that_append_at_once_by_hand_one_wins() {
    block_on(async {
        let stage = Stage::new().await;
        // The first one commits when the second one waits for it.
        let until_awaited = "do $$ begin while not exists (select from pg_locks join pg_stat_activity using (pid) \
             where not granted and usename = current_user) loop perform pg_sleep(0.01); perform pg_stat_clear_snapshot(); \
             end loop; end $$";
        let append = |isolation: &str, pause: &str| {
            let sql = "begin isolation level ISOLATION; call move_to(301); call entry(300); PAUSE; commit";
            stage.script(&sql.replace("ISOLATION", isolation).replace("PAUSE", pause))
        };
        let (slow, fast) = (append("read committed", until_awaited), append("repeatable read", "select"));
        let role = stage.role.clone();
        let first = thread::spawn(move || shared().psql(&role, &slow));
        let waiting = format!(
            "select count(*) from pg_stat_activity where usename = '{}' and wait_event = 'PgSleep'",
            stage.role
        );
        while shared().psql("postgres", &waiting).unwrap() == "0\n" {}
        let second = shared().psql(&stage.role, &fast).unwrap_err().to_string();
        assert!(second.contains("could not serialize"), "{second}");
        first.join().unwrap().unwrap();
        assert_eq!(stage.backend.size().await.unwrap(), TreeSize(SIZE + 1));
    });
}

#[test]
fn who_keeps_the_rules_can_append_with_psql() {
    block_on(async {
        let stage = Stage::new().await;
        let honest = "begin; call move_to(302); insert into transactions values \
             (300, sha256('x'), 'claim', 'from/psql', 1, 'x'), (301, sha256('y'), 'custom', 'from/psql', 2, 'y'); commit";
        shared().psql(&stage.role, &stage.script(honest)).unwrap();
        let datasets = stage.backend.datasets(None, 0).await.unwrap();
        let added = datasets.iter().find(|summary| summary.name.as_str() == "from/psql").unwrap();
        assert_eq!((added.transactions, added.latest.0), (2, 301));
        // The tiles of a log that went on without them can catch up.
        append(&stage.backend, LOG, SIZE + 2, 300).await;
        let tile = TileId { level: 0, index: 1, width: 256 };
        assert_eq!(stage.backend.tile(tile).await.unwrap(), Some(LOG.tile(tile)));
    });
}
