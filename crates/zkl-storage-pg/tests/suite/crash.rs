//! Servers, connections and processes that die while appends are under way, by the trials of the testkit.
//!
//! `ZKL_PG_SERVER_KILLS` (4 by default), `ZKL_PG_CONNECTION_KILLS` (60) and `ZKL_PG_PROCESS_KILLS` (6) set the numbers of trials,
//! `ZKL_PG_SEED` the seed of their moments.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use zkl_core::storage::StorageError;
use zkl_storage_pg::PgBackend;
use zkl_testkit::{
    conformance::block_on,
    crash::{
        Kills, Ledgers, ServerKills, Tally, Workload, append_until_stopped, append_until_told, kill_server,
        kill_writers, number,
    },
    log::TestLog,
    postgres::{Server, ServerConfig, fresh_name, shared},
};

use crate::support::{config, fresh, reopen_verify_append};

const WORK: Workload = Workload { log: TestLog::salted(67), longest_batch: 3, longest_blob: 32_000 };
const LONGEST: u64 = 2_000;

/// Schemas of a server.
struct Schemas<S>(S);

#[async_trait]
impl<S: Deref<Target = Server> + Send + Sync + 'static> Ledgers for Schemas<S> {
    type Backend = PgBackend;

    /// Appending waits for the transaction of the dead, if it holds the head.
    const LINGERS: bool = true;

    fn fresh(&self) -> String {
        self.0.fresh_url()
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    async fn open(&self, place: &str) -> Result<PgBackend, StorageError> {
        PgBackend::open(place, &config()).await
    }

    async fn open_or_create(&self, place: &str) -> Result<PgBackend, StorageError> {
        PgBackend::connect(place, &config()).await
    }
}

#[test]
fn a_server_killed_during_commits_loses_nothing_that_was_acknowledged() {
    let server = Arc::new(Server::start(ServerConfig::default()).unwrap());
    let kills = ServerKills {
        work: WORK,
        trials: number("ZKL_PG_SERVER_KILLS", 4),
        seed: number("ZKL_PG_SEED", 1),
        pause: Duration::from_millis(100),
        longest: LONGEST,
    };
    kill_server(Schemas(Arc::clone(&server)), &kills, || server.kill().unwrap(), || server.start_again().unwrap());
}

#[test]
fn connections_ended_by_an_administrator_lose_nothing_that_was_acknowledged() {
    let trials = number("ZKL_PG_CONNECTION_KILLS", 60);
    block_on(async {
        let (url, _) = fresh().await;
        let name = fresh_name();
        let named = format!("{url}&application_name={name}");
        let (stop, tally) = (Arc::new(AtomicBool::new(false)), Arc::new(Tally::default()));
        let writers = append_until_told(&Arc::new(Schemas(shared())), &named, WORK, &stop, &tally);
        tally.more_than(0).await;
        // Each round ends every connection that is in a transaction at that moment.
        let sql = format!(
            "create temp table ended (n bigint); \
             do $$ declare ended bigint := 0; now bigint; begin while ended < {trials} loop \
             perform pg_stat_clear_snapshot(); \
             select count(*) into now from (select pg_terminate_backend(pid) as gone from pg_stat_activity \
             where application_name = '{name}' and backend_xid is not null) t where gone; ended := ended + now; \
             perform pg_sleep(random() * 0.02); end loop; insert into ended values (ended); end $$; select n from ended"
        );
        let ended = tokio::task::spawn_blocking(move || shared().psql("postgres", &sql)).await.unwrap().unwrap();
        stop.store(true, Ordering::Release);
        for writer in writers {
            writer.await.unwrap();
        }
        let acknowledged = tally.acknowledged.load(Ordering::Acquire);
        let size = reopen_verify_append(&url, WORK.log, acknowledged, "ended connections").await;
        println!(
            "{} connections ended inside a transaction: {} appends acknowledged, {size} entries, none missing; {} calls failed",
            ended.trim(),
            tally.appends.load(Ordering::Acquire),
            tally.failed.load(Ordering::Acquire),
        );
        assert_eq!(tally.reopened.load(Ordering::Acquire), 0, "every outcome could be found out");
    });
}

#[test]
#[ignore = "the child of the other test; does nothing by itself"]
fn child_appends_until_it_is_killed() {
    block_on(append_until_stopped(WORK, u64::MAX, async |url: String| PgBackend::connect(&url, &config()).await));
}

#[test]
fn a_killed_writer_process_loses_nothing_that_was_acknowledged_and_blocks_nobody() {
    let kills = Kills {
        child: "crash::child_appends_until_it_is_killed",
        work: WORK,
        trials: number("ZKL_PG_PROCESS_KILLS", 6),
        seed: number("ZKL_PG_SEED", 1),
        steps: 8,
        pause: Duration::from_millis(20),
        longest: LONGEST,
    };
    kill_writers(&Schemas(shared()), &kills);
}
