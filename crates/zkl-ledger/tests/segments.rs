//! A table whose rows lie on several machines: what they make together is what one of them makes alone.

#![expect(clippy::unwrap_used, reason = "a test that fails should stop")]

use std::{path::Path, sync::Arc};

use zkl_core::{column::ColumnType, layout::Encoding};
use zkl_dataset::{ColumnPin, Fault, Source};
use zkl_ledger::{
    ErrorKind, Ledger, LedgerError, ReadOptions, Table, Trust,
    circuit::KeyStore,
    data::{DataCheck, check_data},
    openings::{MemoryVault, Opening},
    receipt::{Assurance, FileEvidence},
    requests::ProofSetting,
    segments::{FrameError, PartialScan, TableFrame},
    storage::{Query, StorageBackend as _, memory::MemoryBackend},
    transparency::{keys::SigningKey, note::NoteSigner},
    types::DigestRule,
    verify,
};

const HEADER: &str = "age,city,smokes,pay,mail\n";
/// No part has the span of all pay, from which its fraction bits follow.
const PARTS: [&str; 3] = [
    "34,York,no,20000,a@x\n58,Bath,yes,31000,b@x\n",
    "41,York,no,25000,a@y\n,Ely,no,25000,\n19,Bath,yes,41000,b@y\n",
    "77,,no,99999,a@x\n",
];

fn keys() -> KeyStore {
    KeyStore::open(Path::new(env!("CARGO_TARGET_TMPDIR")).join("zkl-keys")).unwrap()
}

fn ledger(store: MemoryBackend) -> Ledger {
    let log = NoteSigner::new("example.com/segments".parse().unwrap(), SigningKey::from_seed(&[4; 32]));
    let builder = Ledger::builder().store(store).keys(keys()).openings(MemoryVault::default());
    builder.proofs(ProofSetting::Dev).build(log).unwrap()
}

fn read() -> ReadOptions {
    let pin = |(name, ty): (&str, ColumnType)| ColumnPin { ty: Some(ty), ..ColumnPin::new(name) };
    let types = [
        ("age", ColumnType::Int),
        ("city", ColumnType::Category),
        ("smokes", ColumnType::Bool),
        ("pay", ColumnType::Int),
        ("mail", ColumnType::Text),
    ];
    ReadOptions {
        pins: types.map(pin).to_vec(),
        joint: vec![("city".into(), "smokes".into())],
        ..ReadOptions::default()
    }
}

fn table(rows: &str) -> Table {
    Table::bytes(format!("{HEADER}{rows}")).options(read())
}

/// The parts as a worker sends them, joined by the driver.
fn observed() -> PartialScan {
    let sent = PARTS.map(|rows| table(rows).observe(&mut ()).unwrap().to_bytes().unwrap());
    sent.iter().map(|bytes| PartialScan::from_bytes(bytes).unwrap()).reduce(|a, b| a.followed_by(b).unwrap()).unwrap()
}

#[tokio::test]
async fn a_table_in_parts_becomes_the_entry_of_a_table_on_one_machine() {
    let store = MemoryBackend::new();
    let ledger = ledger(store.clone());
    let mut driver = ledger.notarize_parts("people".parse().unwrap(), read(), observed()).await.unwrap();
    assert_eq!(driver.missing().collect::<Vec<_>>(), [0]);
    assert!(driver.frame().rows().unwrap().into_iter().eq(std::iter::once(0..6)));

    // A worker, with keys of its own and nothing but the frame and the rows.
    let frame = driver.frame().to_bytes().unwrap();
    let worker = TableFrame::from_bytes(&frame).unwrap();
    let workers_keys = Arc::new(keys());
    let rows = || table(&PARTS.concat());
    let part = worker.prove(0, rows(), Arc::clone(&workers_keys), ()).await.unwrap();

    // Other rows than were observed are not proved, and what was changed on the way is not accepted.
    let other = worker.prove(0, table(&PARTS[..2].concat()), Arc::clone(&workers_keys), ()).await.unwrap_err();
    assert!(
        matches!(&other, LedgerError::Dataset(e) if matches!(e.fault(), Fault::PartRows { expected: 6, got: 5 })),
        "{other}"
    );
    let older = PARTS.concat().replace("77", "78");
    let other = worker.prove(0, table(&older), Arc::clone(&workers_keys), ()).await.unwrap_err();
    assert!(matches!(&other, LedgerError::Dataset(e) if matches!(e.fault(), Fault::NotObserved)), "{other}");
    let none = worker.prove(1, rows(), Arc::clone(&workers_keys), ()).await.unwrap_err();
    assert_eq!(none.to_string(), "the proof over every row could not be made");
    let mut changed = part.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(driver.accept(&changed).unwrap_err().kind(), ErrorKind::InvalidInput);
    let elsewhere = ledger.notarize_parts("people".parse().unwrap(), read(), observed()).await.unwrap();
    let foreign = elsewhere.frame().prove(0, rows(), Arc::clone(&workers_keys), ()).await.unwrap();
    assert!(matches!(driver.accept(&foreign).unwrap_err(), LedgerError::Part(_)));
    assert!(matches!(elsewhere.finish().await.err().unwrap(), LedgerError::Scan(_)), "a segment is missing");
    assert!(store.find(&Query::default()).await.unwrap().is_empty());

    assert_eq!(driver.accept(&part).unwrap(), 0);
    assert_eq!(driver.accept(&part).unwrap_err().to_string(), "the proof over every row could not be made");
    let notarized = driver.finish().await.unwrap();
    assert_eq!(notarized.notarization.assurance, Assurance::Proved);

    // The same verifier, and claims as about any table.
    assert_eq!(notarized.layout.columns()[3].fraction_bits, 15);
    assert_eq!(notarized.layout.columns()[4].encoding, Encoding::Hashed);
    for claim in ["mean(age) between 40 and 50", "max(pay) <= 100000"] {
        let entry = notarized.dataset.prove(&claim.parse().unwrap()).await.unwrap();
        let receipt = ledger.receipt(&entry).await.unwrap().encode().unwrap();
        verify(&receipt, &Trust::default().with_log(ledger.log_key())).unwrap();
    }

    // One machine that reads the whole with the same secrets has the same layout, seal and dataset commitment: only the digests
    // of the source are others.
    let opening = serde_json::to_vec(notarized.dataset.opening().await.unwrap()).unwrap();
    let opening: Arc<Opening> = Arc::new(serde_json::from_slice(&opening).unwrap());
    let mut of_one_file = notarized.notarization;
    let (_, digests) = Source::bytes(format!("{HEADER}{}", PARTS.concat()).into_bytes()).digests().unwrap();
    assert_eq!(of_one_file.covers.replace(DigestRule::StoredBytes), Some(DigestRule::Parts));
    of_one_file.file = FileEvidence::new(of_one_file.privacy, &digests, &opening.file_salt());
    let check = check_data(rows(), opening, of_one_file, workers_keys, ()).await.unwrap();
    assert_eq!(check, Ok(DataCheck { rows: 6 }));
}

#[tokio::test]
async fn rows_that_were_proved_are_those_that_were_observed() {
    let ledger = ledger(MemoryBackend::new());
    let mut driver = ledger.notarize_parts("people".parse().unwrap(), read(), observed()).await.unwrap();
    // Within all bounds, and with another number of ages.
    let other = PARTS.concat().replace("41,", ",");
    let part = driver.frame().prove(0, table(&other), Arc::new(keys()), ()).await.unwrap();
    driver.accept(&part).unwrap();
    assert!(matches!(driver.finish().await.err().unwrap(), LedgerError::OtherRows));
}

#[tokio::test]
async fn a_frame_has_one_spelling() {
    let driver =
        ledger(MemoryBackend::new()).notarize_parts("people".parse().unwrap(), read(), observed()).await.unwrap();
    let text = String::from_utf8(driver.frame().to_bytes().unwrap().to_vec()).unwrap();
    let with = |old: &str, new: &str| {
        assert!(text.contains(old), "{old} is not in the frame");
        TableFrame::from_bytes(text.replacen(old, new, 1).as_bytes()).err().unwrap()
    };
    assert!(matches!(with("frame/1", "frame/2"), FrameError::Format));
    assert!(matches!(with("{", "{ "), FrameError::NotCanonical));
    assert!(matches!(with("\"seed\":\"", "\"seed\":\"0"), FrameError::Syntax(_)));
    assert!(matches!(with("\"srs\":", "\"more\":1,\"srs\":"), FrameError::Syntax(_)));
    assert!(matches!(with("\"nulls\":1", "\"nulls\":9"), FrameError::Syntax(_)), "a partial scan that no rows have");
}
