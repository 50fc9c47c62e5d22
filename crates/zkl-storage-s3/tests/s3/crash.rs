//! Writers that die, and Ceph's gateway, which is killed while writers append, by the trials of the testkit.
//!
//! `ZKL_CRASH_TRIALS` sets the number of kills of writers (10 by default), `ZKL_S3_SERVER_KILLS` that of kills of the gateway (3),
//! `ZKL_CRASH_SEED` the seed of their moments.

use std::{ops::Deref, sync::Arc, time::Duration};

use async_trait::async_trait;
use zkl_core::storage::StorageError;
use zkl_storage_s3::{S3Backend, S3Config};
use zkl_testkit::{
    conformance::block_on,
    crash::{Kills, Ledgers, ServerKills, Workload, append_until_stopped, kill_server, kill_writers, number},
    log::TestLog,
    s3::S3Server,
};

use crate::support::{BUCKET, CEPH, config, environment, fresh_prefix, on_its_own, url};

/// Blocks fill and segments merge now and then.
const WORK: Workload = Workload { log: TestLog::salted(86), longest_batch: 30, longest_blob: 32_000 };
const LONGEST: u64 = 600;

/// Prefixes of a server's bucket.
struct Prefixes<S>(S);

#[async_trait]
impl<S: Deref<Target = S3Server> + Send + Sync + 'static> Ledgers for Prefixes<S> {
    type Backend = S3Backend;

    const LINGERS: bool = false;

    fn fresh(&self) -> String {
        url(self.0.endpoint(), &fresh_prefix())
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        environment(&self.0)
    }

    async fn open(&self, place: &str) -> Result<S3Backend, StorageError> {
        S3Backend::open(place, &config(&self.0)).await
    }

    async fn open_or_create(&self, place: &str) -> Result<S3Backend, StorageError> {
        S3Backend::open_or_create(place, &config(&self.0)).await
    }
}

#[test]
#[ignore = "the child of the other test; does nothing by itself"]
fn child_appends_until_it_is_killed() {
    let open = async |url: String| S3Backend::open_or_create(&url, &S3Config::default()).await;
    block_on(append_until_stopped(WORK, u64::MAX, open));
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    let kills = Kills {
        child: "crash::child_appends_until_it_is_killed",
        work: WORK,
        trials: number("ZKL_CRASH_TRIALS", 10),
        seed: number("ZKL_CRASH_SEED", 1),
        steps: 6,
        pause: Duration::from_millis(150),
        longest: LONGEST,
    };
    kill_writers(&Prefixes(&*CEPH), &kills);
}

#[test]
fn a_gateway_killed_during_appends_loses_nothing_that_was_acknowledged() {
    let server = Arc::new(S3Server::ceph_rgw().unwrap());
    on_its_own(server.create_bucket(BUCKET, false)).unwrap();
    let kills = ServerKills {
        work: WORK,
        trials: number("ZKL_S3_SERVER_KILLS", 3),
        seed: number("ZKL_CRASH_SEED", 1),
        pause: Duration::from_millis(150),
        longest: LONGEST,
    };
    kill_server(Prefixes(Arc::clone(&server)), &kills, || server.kill().unwrap(), || server.start_again().unwrap());
}
