//! Whether a table is still the one that was notarized.

use zkl_ledger::{
    Dataset, Ledger, LedgerError, Table,
    circuit::KeyStore,
    dataset::{ColumnPin, CsvOptions, DateOrder},
    openings::MemoryVault,
    requests::EvidenceRequest,
    storage::memory::MemoryBackend,
    transparency::{keys::SigningKey, note::NoteSigner},
    types::{ColumnType, PrivacyLevel},
};

const ROWS: &str = "day,sex,mass\n1/2/2024,f,3.5\n3/4/2024,m,4.25\n5/6/2024,f,4.0\n";

fn table(rows: &str) -> Table {
    Table::bytes(rows).named("birds".parse().unwrap())
}

/// The table, notarized without a proof, which would make no difference.
async fn notarized(table: Table, privacy: PrivacyLevel) -> Dataset {
    let dir = tempfile::tempdir().unwrap();
    let signer = NoteSigner::new("example.com/unchanged".parse().unwrap(), SigningKey::from_seed(&[6; 32]));
    let builder = Ledger::builder().store(MemoryBackend::default()).keys(KeyStore::open(dir.path()).unwrap());
    let ledger = builder.openings(MemoryVault::default()).build(signer).unwrap();
    ledger.notarize(table).evidence(EvidenceRequest::Attestation).privacy(privacy).await.unwrap().dataset
}

fn dates(order: DateOrder) -> CsvOptions {
    CsvOptions { dates: Some(order), ..CsvOptions::default() }
}

#[tokio::test]
async fn the_same_table_is_unchanged_whatever_is_published_about_it() {
    for privacy in [PrivacyLevel::Private, PrivacyLevel::Public] {
        let version = notarized(table(ROWS), privacy).await;
        assert!(version.is_unchanged(table(ROWS), ()).await.unwrap());
    }
}

#[tokio::test]
async fn other_bytes_are_a_change_even_where_they_are_no_table() {
    let version = notarized(table(ROWS), PrivacyLevel::Private).await;
    // The profile is the same, the order of the rows is not.
    let other = "day,sex,mass\n3/4/2024,m,4.25\n1/2/2024,f,3.5\n5/6/2024,f,4.0\n";
    for rows in [other, "", "day,sex\n1\n"] {
        assert!(!version.is_unchanged(table(rows), ()).await.unwrap(), "{rows:?}");
    }
    let absent = version.is_unchanged(Table::path("/nonexistent/birds.csv"), ()).await;
    assert!(matches!(absent, Err(LedgerError::Dataset(_))));
}

#[tokio::test]
async fn the_same_bytes_read_in_another_way_are_a_change() {
    let version = notarized(table(ROWS), PrivacyLevel::Private).await;
    assert!(!version.is_unchanged(table(ROWS).joint("sex", "day"), ()).await.unwrap(), "a pair more");
    let pin = ColumnPin { ty: Some(ColumnType::Decimal { scale: 1 }), round: true, ..ColumnPin::new("mass") };
    assert!(!version.is_unchanged(table(ROWS).column(pin), ()).await.unwrap(), "a column rounded");

    // Day first or month first, which a note says.
    let version = notarized(table(ROWS).csv(dates(DateOrder::DayMonthYear)), PrivacyLevel::Private).await;
    assert!(version.is_unchanged(table(ROWS).csv(dates(DateOrder::DayMonthYear)), ()).await.unwrap());
    assert!(!version.is_unchanged(table(ROWS).csv(dates(DateOrder::MonthDayYear)), ()).await.unwrap());

    // Quoted or not: one layout without notes, and other values.
    let rows = "sex\n'f'\n'm'\n'f'\n";
    let quotes = || CsvOptions { quote: Some(b'\''), ..CsvOptions::default() };
    let version = notarized(table(rows).csv(quotes()), PrivacyLevel::Private).await;
    assert!(version.is_unchanged(table(rows).csv(quotes()), ()).await.unwrap());
    assert!(!version.is_unchanged(table(rows), ()).await.unwrap());
}
