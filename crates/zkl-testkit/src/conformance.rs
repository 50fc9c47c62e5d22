//! The storage contract as a test suite.
//!
//! A backend's tests implement [`BackendFactory`] and call [`storage_conformance!`](crate::storage_conformance), which
//! makes one `#[test]` of each function of these modules. Every function starts from an empty ledger of its own.

use std::{future::Future, sync::Arc};

use async_trait::async_trait;
use zkl_core::{
    storage::{Query, StorageBackend, StorageBackendExt, StorageError, StorageErrorKind},
    tree::TreeSize,
};

use crate::log::TestLog;

pub mod append;
pub mod blobs;
pub mod concurrency;
pub mod cosigned;
pub mod datasets;
pub mod find;
pub mod model;
pub mod tiles;

/// Opens the ledgers of one backend.
#[async_trait]
pub trait BackendFactory: Send + Sync {
    /// The backend.
    type Backend: StorageBackend + 'static;

    /// A new, empty ledger.
    async fn create(&self) -> Self::Backend;

    /// Closes `backend` and opens the same ledger again.
    async fn reopen(&self, backend: Self::Backend) -> Self::Backend;
}

/// Runs `test` to its end on a runtime with several threads.
pub fn block_on<F: Future>(test: F) -> F::Output {
    #[expect(clippy::expect_used, reason = "without a runtime there is nothing to test")]
    let runtime = tokio::runtime::Runtime::new().expect("a tokio runtime starts");
    runtime.block_on(test)
}

/// Makes a `#[test]` of every function of the conformance suite. The argument is an expression that yields a
/// [`BackendFactory`](crate::conformance::BackendFactory); each test evaluates it once.
#[macro_export]
macro_rules! storage_conformance {
    ($factory:expr) => {
        $crate::storage_conformance! { @tests $factory;
            append::a_new_ledger_is_empty
            append::an_append_shows_in_every_read
            append::the_head_is_kept_byte_for_byte
            append::entries_of_every_length_are_kept
            append::a_conflict_writes_nothing
            append::an_inconsistent_batch_is_invalid_and_writes_nothing
            append::an_inconsistent_batch_is_invalid_before_it_is_a_conflict
            append::an_id_that_is_already_there_is_invalid
            append::a_repeated_append_is_a_conflict
            append::a_large_batch_lands_whole
            append::reopening_keeps_everything
            concurrency::of_concurrent_appends_exactly_one_wins
            concurrency::of_concurrent_appends_through_a_trait_object_exactly_one_wins
            concurrency::writers_that_retry_all_make_progress
            concurrency::readers_see_an_append_whole_or_not_at_all
            find::find_agrees_with_the_definition_for_every_combination
            find::find_never_returns_more_than_the_limit
            find::find_answers_inverted_and_empty_ranges_with_nothing
            find::find_finds_times_of_a_clock_that_runs_backwards
            find::kinds_that_no_program_knows_are_kept_and_found
            find::pages_visit_every_result_once_in_both_orders
            find::a_page_order_survives_appends_in_between
            datasets::datasets_are_listed_in_byte_order
            datasets::datasets_are_paged
            datasets::dataset_summaries_follow_appends
            tiles::tiles_grow_and_answer_prefixes
            tiles::tiles_that_are_not_there_are_none
            tiles::full_tiles_stay_as_they_are
            blobs::a_blob_comes_back_whole
            blobs::an_absent_blob_is_none
            blobs::storing_a_blob_again_changes_nothing
            blobs::blobs_do_not_move_the_head
            blobs::concurrent_puts_of_one_blob_agree
            cosigned::a_log_without_witnesses_has_no_cosigned_checkpoint
            cosigned::the_cosigned_checkpoint_of_the_largest_size_that_fits_is_found
            cosigned::a_cosigned_checkpoint_is_kept_byte_for_byte
            cosigned::a_cosigned_checkpoint_replaces_the_one_of_its_size
            cosigned::a_cosigned_checkpoint_of_a_size_not_reached_is_invalid
            cosigned::cosigned_checkpoints_leave_the_log_alone
            cosigned::of_concurrent_cosigned_checkpoints_one_stays_whole
            model::random_operations_agree_with_a_model
        }
    };
    (@tests $factory:expr; $($module:ident :: $name:ident)+) => {
        $(
            #[test]
            fn $name() {
                $crate::conformance::block_on(async { $crate::conformance::$module::$name(&$factory).await });
            }
        )+
    };
}

/// Appends transactions `from..from + count` of `log`, which must succeed.
async fn append(backend: &dyn StorageBackend, log: TestLog, from: u64, count: u64) {
    let appended = backend.append(TreeSize(from), log.batch(from, count)).await;
    assert!(appended.is_ok(), "append of {count} at {from}: {appended:?}");
}

/// The answer, which must not be an error.
#[expect(clippy::panic, reason = "a suite reports by panicking")]
#[track_caller]
fn ok<T>(answer: Result<T, StorageError>) -> T {
    match answer {
        Ok(value) => value,
        Err(error) => panic!("unexpected error: {error:?}"),
    }
}

/// The error's kind; there must be one.
#[expect(clippy::panic, reason = "a suite reports by panicking")]
#[track_caller]
fn kind_of<T>(answer: Result<T, StorageError>) -> StorageErrorKind {
    match answer {
        Ok(_) => panic!("expected an error"),
        Err(error) => error.kind,
    }
}

/// Asserts that `backend` holds the first `size` entries of `log` and nothing else, by every way of reading.
///
/// # Panics
/// When it does not.
pub async fn assert_holds(backend: &dyn StorageBackend, log: TestLog, size: u64) {
    let head = ok(backend.head().await);
    assert_eq!(head, (size > 0).then(|| log.head(size)), "head");
    let mut pages = backend.pages(Query::default());
    let mut next = 0;
    while let Some(page) = ok(pages.next().await) {
        for transaction in page {
            assert_eq!(transaction, log.transaction(next), "transaction {next}");
            assert_eq!(ok(backend.transaction(transaction.id).await).as_ref(), Some(&transaction), "by id {next}");
            next += 1;
        }
    }
    assert_eq!(next, size, "number of transactions");
    for (id, bytes) in log.tiles(0, size) {
        assert_eq!(ok(backend.tile(id).await), Some(bytes), "{id:?}");
    }
    for name in TestLog::names() {
        let query = Query { dataset: Some(name.clone()), ..Query::default() };
        let mut pages = backend.pages(query);
        let mut found = Vec::new();
        while let Some(page) = ok(pages.next().await) {
            found.extend(page.into_iter().map(|transaction| transaction.index.0));
        }
        let expected = (0..size).filter(|index| log.transaction(*index).dataset.as_ref() == Some(&name));
        assert_eq!(found, expected.collect::<Vec<_>>(), "entries of {name}");
    }
    let listed = ok(backend.datasets(None, 0).await);
    assert_eq!(listed, datasets::expected(log, size), "datasets");
}

fn shared<B: StorageBackend + 'static>(backend: B) -> Arc<dyn StorageBackend> {
    Arc::new(backend)
}
