//! Copies: identical afterwards, resumable, and never over something else.

use zkl_core::tree::TreeSize;
use zkl_ledger::{
    LedgerError,
    storage::{AnyStore, RocksBackend, StorageBackendExt as _, StoreUrl, copy_log, memory::MemoryBackend},
    transparency::note::NoteVerifier,
};
use zkl_testkit::faults::{Fault, FaultPlan, FaultyBackend, Operation};

use crate::{
    altered::{Alteration, Altered, other_kind},
    cosign::{FakeWitness, clients},
    log::{content, grow, ledger, shared, signer},
};

fn key() -> NoteVerifier {
    signer(1).verifier()
}

/// Entries of a batch of a copy.
const BATCH: u64 = 768;

/// 2,600 entries, four batches of a copy, cosigned at two sizes.
async fn source() -> MemoryBackend {
    let store = MemoryBackend::new();
    let custody = ledger(store.clone(), 1);
    let witness = FakeWitness::honest(1);
    for count in [1_500, 700, 400] {
        grow(&store, &signer(1), count, 0).await;
        if count != 700 {
            custody.ledger.cosign(&clients(std::slice::from_ref(&witness))).await.unwrap();
        }
    }
    store
}

#[tokio::test]
async fn a_copy_is_identical_on_every_kind_of_store_and_back() {
    let memory = source().await;
    let dir = tempfile::tempdir().unwrap();
    let url: StoreUrl = format!("rocks:{}", dir.path().join("backup").display()).parse().unwrap();
    let rocks: AnyStore = url.open_or_create().await.unwrap();
    let copied = copy_log(&memory, &rocks, &key(), &()).await.unwrap();
    assert_eq!((copied.entries, copied.already, copied.blobs, copied.cosigned), (TreeSize(2_600), TreeSize(0), 9, 2));
    assert!(content(&memory).await == content(&rocks).await);
    let back = shared(MemoryBackend::new());
    copy_log(&rocks, &back, &key(), &()).await.unwrap();
    assert!(content(&memory).await == content(&back).await);
    assert!(ledger(back, 1).ledger.fsck(&()).await.unwrap().is_sound());
    // Nothing is left to do.
    let again = copy_log(&memory, &rocks, &key(), &()).await.unwrap();
    assert_eq!((again.already, again.blobs, again.cosigned), (TreeSize(2_600), 0, 0));
    drop(rocks);
    let reopened = url.open_read_only().await.unwrap();
    assert!(content(&memory).await == content(&reopened).await);
}

#[tokio::test]
async fn an_interrupted_copy_is_no_ledger_and_goes_on_where_it_stopped() {
    let memory = source().await;
    let calls = (0..4).flat_map(|call| [(call, false), (call, true)]);
    for (call, persisted) in calls {
        let plan = FaultPlan::none().with(Operation::Append, call, Fault::Fail { persisted });
        let target = FaultyBackend::new(MemoryBackend::new(), plan);
        let interrupted = copy_log(&memory, &target, &key(), &()).await;
        assert!(matches!(interrupted, Err(LedgerError::Storage(_))), "{interrupted:?}");
        let landed = call + u64::from(persisted);
        let size = target.inner().size().await.unwrap();
        assert_eq!(size.0, (landed * BATCH).min(2_600));
        if 0 < landed && landed < 4 {
            let custody = ledger(target.inner().clone(), 1);
            let opened = custody.ledger.checkpoint().await;
            assert!(matches!(opened, Err(LedgerError::Unfinished)), "{opened:?}");
            let next = ledger(MemoryBackend::new(), 1);
            let as_source = copy_log(target.inner(), next.ledger.storage(), &key(), &()).await;
            assert!(matches!(as_source, Err(LedgerError::Unfinished)), "{as_source:?}");
        }
        let resumed = copy_log(&memory, &target, &key(), &()).await.unwrap();
        assert_eq!((resumed.entries, resumed.already), (TreeSize(2_600), size));
        assert!(content(&memory).await == content(target.inner()).await);
    }
}

#[tokio::test]
async fn faults_at_every_other_operation_leave_a_copy_that_can_be_repeated() {
    let memory = source().await;
    for operation in [Operation::PutBlob, Operation::PutCosigned, Operation::Head, Operation::Cosigned] {
        for persisted in [false, true] {
            let plan = FaultPlan::none().with(operation, 0, Fault::TimeOut { persisted });
            let target = FaultyBackend::new(MemoryBackend::new(), plan);
            assert!(copy_log(&memory, &target, &key(), &()).await.is_err(), "{operation:?}");
            copy_log(&memory, &target, &key(), &()).await.unwrap();
            assert!(content(&memory).await == content(target.inner()).await, "{operation:?}");
        }
    }
    for operation in [Operation::Find, Operation::Tile, Operation::Blob] {
        let faulty =
            FaultyBackend::new(memory.clone(), FaultPlan::none().with(operation, 2, Fault::Fail { persisted: false }));
        let target = MemoryBackend::new();
        assert!(copy_log(&faulty, &target, &key(), &()).await.is_err(), "{operation:?}");
        copy_log(&faulty, &target, &key(), &()).await.unwrap();
        assert!(content(&memory).await == content(&target).await, "{operation:?}");
    }
}

#[tokio::test]
async fn a_grown_log_brings_its_backup_up_to_date() {
    let (memory, backup) = (MemoryBackend::new(), MemoryBackend::new());
    let mut before = 0;
    for count in [3, 1_100, 1] {
        grow(&memory, &signer(1), count, 0).await;
        let copied = copy_log(&memory, &backup, &key(), &()).await.unwrap();
        assert_eq!(copied.already, TreeSize(before));
        before += count;
        assert!(content(&memory).await == content(&backup).await);
    }
}

#[tokio::test]
async fn nothing_is_written_over_a_log_that_is_not_a_prefix() {
    let source = source().await;
    let longer = MemoryBackend::new();
    copy_log(&source, &longer, &key(), &()).await.unwrap();
    grow(&longer, &signer(1), 1, 0).await;
    let forked = MemoryBackend::new();
    grow(&forked, &signer(1), 10, 7).await;
    let foreign = MemoryBackend::new();
    grow(&foreign, &signer(2), 10, 0).await;
    for target in [longer, forked, foreign] {
        let before = content(&target).await;
        let answer = copy_log(&source, &target, &key(), &()).await;
        assert!(matches!(answer, Err(LedgerError::NotAPrefix { .. })), "{answer:?}");
        assert!(content(&target).await == before);
    }
    // Nor an empty source over anything.
    let answer = copy_log(&MemoryBackend::new(), &source, &key(), &()).await;
    assert!(matches!(answer, Err(LedgerError::NotAPrefix { .. })), "{answer:?}");
}

#[tokio::test]
async fn a_target_that_lies_about_its_tiles_is_refused() {
    let source = source().await;
    let target = MemoryBackend::new();
    copy_log(&source, &target, &key(), &()).await.unwrap();
    grow(&source, &signer(1), 10, 0).await;
    let lying = Altered { inner: target, alteration: Alteration::Tile(0, 10) };
    let answer = copy_log(&source, &lying, &key(), &()).await;
    assert!(matches!(answer, Err(LedgerError::Tree(_))), "{answer:?}");
}

#[tokio::test]
async fn a_damaged_source_is_found_on_the_way() {
    let memory = source().await;
    let proof = zkl_core::digest::BlobDigest::of(&crate::log::proof(3));
    let copy = |alteration: Alteration| {
        let source = Altered { inner: memory.clone(), alteration };
        async move {
            let target = MemoryBackend::new();
            let answer = copy_log(&source, &target, &key(), &()).await;
            let error = answer.map(|_| ()).unwrap_err();
            // Entries that cannot be verified never become a ledger.
            let opened = ledger(target, 1).ledger.checkpoint().await;
            let no_ledger = matches!(opened, Err(LedgerError::Unfinished) | Ok(None));
            assert!(no_ledger || matches!(error, LedgerError::Checkpoint(_)), "{opened:?}");
            error
        }
    };
    let error = copy(Alteration::Head(|head| head.checkpoint.push('x'))).await;
    assert!(matches!(error, LedgerError::Checkpoint(_)), "{error:?}");
    let error = copy(Alteration::Entry(2_000, |stored| stored.entry.truncate(7))).await;
    assert!(matches!(error, LedgerError::Entry { .. }), "{error:?}");
    for alteration in [Alteration::Entry(2_000, other_kind), Alteration::EntryAbsent(2_000)] {
        let error = copy(alteration).await;
        assert!(matches!(error, LedgerError::UnknownEntry { .. }), "{error:?}");
    }
    for alteration in [Alteration::Tile(0, 3), Alteration::TileAbsent(1, 0)] {
        let error = copy(alteration).await;
        assert!(matches!(error, LedgerError::Tree(_)), "{error:?}");
    }
    for alteration in [Alteration::Blob(proof), Alteration::BlobAbsent(proof)] {
        let error = copy(alteration).await;
        assert!(matches!(error, LedgerError::Blob { .. }), "{error:?}");
    }
    let error = copy(Alteration::Cosigned(|_, text| text.replace("— example.com/log ", "— example.com/lag "))).await;
    assert!(matches!(error, LedgerError::Checkpoint(_)), "{error:?}");
}

#[tokio::test]
async fn a_ledger_is_opened_in_the_store_that_its_settings_name() {
    use zkl_ledger::{Ledger, circuit::KeyStore, home::LedgerHome};
    let dir = tempfile::tempdir().unwrap();
    let (home, store) = (dir.path().join("home"), dir.path().join("elsewhere"));
    let keys = || KeyStore::open(dir.path().join("keys")).unwrap();
    let url: StoreUrl = format!("rocks:{}", store.display()).parse().unwrap();
    let origin: zkl_ledger::transparency::keys::Origin = "example.com/x".parse().unwrap();
    let made = Ledger::builder().keys(keys()).store_url(url.clone()).create(&home, origin.clone()).await.unwrap();
    let log = made.log_key();
    drop(made);
    assert!(RocksBackend::open_read_only(&store, &Default::default()).is_ok());
    assert_eq!(LedgerHome::open(&home).unwrap().store(), &url);
    let opened = Ledger::builder().keys(keys()).open(&home).await.unwrap();
    assert_eq!(opened.log_key(), log);
    drop(opened);
    assert!(Ledger::builder().keys(keys()).open_read_only(&home).await.is_ok());
    // A second ledger cannot take the same store, and leaves nothing behind that would hinder a third try.
    let other = dir.path().join("other");
    let taken = Ledger::builder().keys(keys()).store_url(url).create(&other, origin.clone()).await;
    assert!(matches!(taken, Err(LedgerError::Storage(_))), "{:?}", taken.map(|_| ()));
    assert!(Ledger::builder().keys(keys()).create(&other, origin.clone()).await.is_ok());
    let without: StoreUrl = "postgres://db.example/x".parse().unwrap();
    if !cfg!(feature = "pg") {
        let builder = Ledger::builder().keys(keys()).store_url(without);
        let absent = builder.create(dir.path().join("third"), origin).await;
        assert!(matches!(absent, Err(LedgerError::NotCompiledIn { feature: "pg", .. })), "{:?}", absent.map(|_| ()));
    }
}
