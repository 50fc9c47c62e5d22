//! Fault trials: several writers, every fault at every method, and everything checked again from the stored bytes; also while the
//! server is killed again and again.
//!
//! `ZKL_FAULT_TRIALS` sets the number of trials (each method with each fault once by default, a third of that beside kills).

use std::{
    env,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_storage_pg::PgBackend;
use zkl_testkit::{
    conformance::{BackendFactory, block_on},
    postgres::{Server, ServerConfig, shared},
    trials::{FaultTrials, SharedBackendFactory},
};

use crate::support::config;

/// Ledgers on one server, which may be down now and then.
struct OnServer<'a>(&'a Server);

impl OnServer<'_> {
    async fn patiently<F: Future<Output = Result<PgBackend, zkl_core::storage::StorageError>>>(
        open: impl Fn() -> F,
    ) -> PgBackend {
        loop {
            match open().await {
                Ok(backend) => return backend,
                Err(error) => assert!(error.retryable, "{error:?}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn url(&self, backend: &PgBackend) -> String {
        format!("{}?schema={}", self.0.url(), backend.schema())
    }
}

#[async_trait]
impl BackendFactory for OnServer<'_> {
    type Backend = PgBackend;

    async fn create(&self) -> PgBackend {
        let url = self.0.fresh_url();
        let config = config();
        Self::patiently(|| PgBackend::connect(&url, &config)).await
    }

    async fn reopen(&self, backend: PgBackend) -> PgBackend {
        let url = self.url(&backend);
        drop(backend);
        let config = config();
        Self::patiently(|| PgBackend::open(&url, &config)).await
    }
}

#[async_trait]
impl SharedBackendFactory for OnServer<'_> {
    async fn open_another(&self, backend: &PgBackend) -> PgBackend {
        let url = self.url(backend);
        let config = config();
        Self::patiently(|| PgBackend::open(&url, &config)).await
    }
}

#[test]
fn faults_lose_nothing_and_fork_nothing() {
    println!("{}", block_on(FaultTrials::from_env().run(&OnServer(shared()))));
}

#[test]
fn writers_with_handles_of_their_own_lose_nothing_and_fork_nothing() {
    println!("{}", block_on(FaultTrials::from_env().run_shared(&OnServer(shared()))));
}

#[test]
fn faults_beside_kills_of_the_server_lose_nothing_and_fork_nothing() {
    let mut trials = FaultTrials::from_env();
    if env::var_os("ZKL_FAULT_TRIALS").is_none() {
        trials.trials /= 3;
    }
    let server = Server::start(ServerConfig::default()).unwrap();
    let (stop, kills) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut rng = ChaCha8Rng::seed_from_u64(2);
            while !stop.load(Ordering::Acquire) {
                thread::sleep(Duration::from_millis(u64::from(200 + rng.next_u32() % 1_500)));
                server.kill().unwrap();
                server.start_again().unwrap();
                kills.fetch_add(1, Ordering::AcqRel);
            }
        });
        // Also when the trials fail: the scope waits for the other thread.
        let report =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| block_on(trials.run_shared(&OnServer(&server)))));
        stop.store(true, Ordering::Release);
        match report {
            Ok(report) => println!("beside {} kills of the server: {report}", kills.load(Ordering::Acquire)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
    assert!(kills.load(Ordering::Acquire) > 0);
}
