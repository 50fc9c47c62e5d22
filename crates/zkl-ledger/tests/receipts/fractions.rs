//! Columns whose values are committed times a power of two: bounds are sharp, other powers are found out, and tables with different ones
//! are compared by value.

use tokio::sync::OnceCell;
use zkl_circuits::{
    claims::language::Comparison,
    relation::{Condition, VerifyRelationError},
    scan::VerifyTableError,
};
use zkl_core::layout::Layout;
use zkl_ledger::{
    Dataset, LedgerError,
    receipt::{Manifest, Predicate, Receipt, SignedEntry, VerifiedStatement, VerifyError},
    relation::{Operation, RelateError},
    requests::{EvidenceRequest, ProofSetting},
    transparency::keys::SigningKey,
};

use crate::{
    common::{Fixture, logged_again},
    proved::{KEY_SEED, signer},
    relations::{changed, check, notarized, table, terms},
};

struct Tables {
    fixture: Fixture,
    /// Ids and pay, of other spans: everybody's, those of the middle and of the ends, few of the middle, and half of the pay.
    all: (Dataset, String),
    middle: (Dataset, String),
    ends: (Dataset, String),
    few: (Dataset, String),
    halved: (Dataset, String),
}

fn csv(rows: &[(usize, i64)]) -> String {
    let rows: Vec<String> = rows.iter().map(|(id, pay)| format!("{id},{}.{:02}", pay / 100, pay % 100)).collect();
    format!("id,pay\n{}\n", rows.join("\n"))
}

async fn tables() -> &'static Tables {
    static TABLES: OnceCell<Tables> = OnceCell::const_new();
    TABLES
        .get_or_init(|| async {
            let fixture = Fixture::with(signer(), ProofSetting::Universal);
            let rows: Vec<(usize, i64)> = (0..60).map(|i| (i, 1_000 + (i as i64 * 7_919 % 60) * 4_444)).collect();
            let middle = |pay: i64| (50_000..=150_000).contains(&pay);
            let of = |keep: &dyn Fn(i64) -> bool| rows.iter().filter(|row| keep(row.1)).copied().collect::<Vec<_>>();
            let [inside, ends] = [of(&middle), of(&|pay| !middle(pay))];
            let few: Vec<_> = inside.iter().filter(|row| row.1 < 90_000).copied().collect();
            let halved: Vec<_> = inside.iter().map(|(id, pay)| (*id, pay / 2)).collect();
            let mut made = Vec::new();
            for (name, rows) in [("all", rows), ("middle", inside), ("ends", ends), ("few", few), ("halved", halved)] {
                let text = csv(&rows);
                made.push((notarized(&fixture, name, &text, EvidenceRequest::Proof).await, text));
            }
            let [all, middle, ends, few, halved] = made.try_into().unwrap_or_else(|_| panic!("five tables"));
            Tables { fixture, all, middle, ends, few, halved }
        })
        .await
}

async fn layout(dataset: &Dataset) -> Layout {
    dataset.opening().await.unwrap().layout.clone()
}

fn condition(is: Comparison<&str>) -> Condition {
    let is: Result<_, std::convert::Infallible> = is.try_map(|value| Ok(value.to_owned()));
    Condition { column: "pay".to_owned(), is: is.unwrap() }
}

async fn related(
    operation: Operation,
    of: &[&(Dataset, String)],
    conditions: Vec<Condition>,
) -> Result<Receipt, LedgerError> {
    let fixture = &tables().await.fixture;
    let mut request = fixture.ledger.relate(operation);
    for (dataset, text) in of {
        request = request.table(dataset, table(text));
    }
    for condition in conditions {
        request = request.condition(condition);
    }
    if operation == Operation::Disjoint {
        request = request.columns(vec!["pay"]);
    }
    fixture.ledger.receipt(&request.await?).await
}

async fn verifies(operation: Operation, of: &[&(Dataset, String)], conditions: Vec<Condition>) -> Receipt {
    let receipt = related(operation, of, conditions).await.unwrap_or_else(|error| panic!("{operation}: {error:?}"));
    check(&receipt).unwrap_or_else(|error| panic!("{operation}: {error:?}"));
    receipt
}

async fn is_false(operation: Operation, of: &[&(Dataset, String)], conditions: Vec<Condition>) {
    let refused = related(operation, of, conditions).await.unwrap_err();
    assert!(matches!(refused, LedgerError::Relation(RelateError::False { .. })), "{operation}: {refused:?}");
}

#[tokio::test]
async fn tables_with_other_fraction_bits_are_compared_by_value() {
    let Tables { all, middle, ends, few, halved, .. } = tables().await;
    let mut bits = Vec::new();
    for (dataset, _) in [all, middle, ends, few, halved] {
        bits.push(layout(dataset).await.columns()[1].fraction_bits);
    }
    // few has one limb.
    assert_eq!(bits, [13, 15, 13, 0, 0]);

    verifies(Operation::Split, &[all, middle, ends], vec![]).await;
    verifies(Operation::Subset, &[all, middle], vec![]).await;
    verifies(Operation::Subset, &[middle, few], vec![]).await;
    let between = || condition(Comparison::Between("500", "1500"));
    let filter = verifies(Operation::Filter, &[all, middle], vec![between()]).await;
    verifies(Operation::Erase, &[all, ends], vec![between()]).await;
    verifies(Operation::Filter, &[middle, few], vec![condition(Comparison::Below("900"))]).await;
    verifies(Operation::Disjoint, &[middle, ends], vec![]).await;
    verifies(Operation::Disjoint, &[ends, few], vec![]).await;
    verifies(Operation::Bounds, &[all], vec![condition(Comparison::Between("10", "2631.96"))]).await;
    verifies(Operation::Absent, &[all], vec![condition(Comparison::Equal("10.01"))]).await;
    verifies(Operation::Present, &[all], vec![condition(Comparison::Equal("10"))]).await;
    verifies(Operation::Unique, &[middle], vec![]).await;

    is_false(Operation::SameRows, &[middle, halved], vec![]).await;
    is_false(Operation::SameRows, &[halved, middle], vec![]).await;
    is_false(Operation::Subset, &[all, halved], vec![]).await;
    is_false(Operation::Disjoint, &[few, all], vec![]).await;
    is_false(Operation::Disjoint, &[all, few], vec![]).await;
    is_false(Operation::Bounds, &[all], vec![condition(Comparison::Between("10", "2631.95"))]).await;
    is_false(Operation::Filter, &[all, middle], vec![condition(Comparison::Between("500", "1400"))]).await;

    // Another constant has the same circuit, and is not what was proved.
    let other = changed(&filter, &|record, _| {
        terms(record).details.conditions[0] = condition(Comparison::Between("500", "1500.01"));
    });
    assert!(matches!(other, Err(VerifyError::Relation(VerifyRelationError::Proof(_)))), "{other:?}");
}

#[tokio::test]
async fn round_bounds_are_proved_and_verify() {
    let Tables { fixture, all, .. } = tables().await;
    // 10.00 to 2631.96.
    for claim in
        ["max(pay) <= 2632", "range(pay) <= 2622", "values(pay) between 10 and 2632", "mean(pay) between 10 and 2632"]
    {
        let entry = all.0.prove(&claim.parse().unwrap()).await.unwrap();
        let receipt = fixture.ledger.receipt(&entry).await.unwrap();
        let verified = check(&receipt).unwrap();
        assert!(
            matches!(&verified.subject().unwrap().statement, VerifiedStatement::Claim { claim: said, .. } if said.to_string() == claim)
        );
    }
    assert_eq!(all.0.profile().await.unwrap().columns[1].max.as_deref(), Some("2631.96"));
}

/// The receipt's notarization, which says other fraction bits of `pay`, signed and logged with the notary's own keys.
fn with_bits(receipt: &Receipt, bits: u8) -> Receipt {
    let mut receipt = receipt.clone();
    receipt.entries.truncate(1);
    let manifest = receipt.entries[0].evidence.manifest.as_mut().unwrap();
    let mut columns = manifest.layout.columns().to_vec();
    columns[1].fraction_bits = bits;
    let layout = Layout::new(manifest.layout.rows(), columns, manifest.layout.pairs().to_vec()).unwrap();
    *manifest = Manifest::new(layout, manifest.notes().to_vec());
    let digest = manifest.digest().unwrap();
    let Predicate::Notarization(mut record) = receipt.entries[0].open().unwrap().predicate().clone() else { panic!() };
    record.manifest = digest;
    record.dataset_id = record.derived_id();
    let signed = SignedEntry::sign(Predicate::Notarization(record), &SigningKey::from_seed(&KEY_SEED)).unwrap();
    receipt.entries[0].envelope = signed.envelope().to_owned();
    logged_again(&signer(), &receipt)
}

#[tokio::test]
async fn other_fraction_bits_than_were_proved_are_refused_by_the_scan() {
    let Tables { fixture, middle, .. } = tables().await;
    let receipt = fixture.ledger.receipt(middle.0.entry()).await.unwrap();
    check(&with_bits(&receipt, 15)).expect("the test's log is as good");
    for bits in [0, 14] {
        let refused = check(&with_bits(&receipt, bits)).unwrap_err();
        assert!(
            matches!(refused, VerifyError::Scan(VerifyTableError::Segment { index: 0, .. })),
            "{bits}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_table_is_checked_and_found_unchanged_with_the_bits_that_it_has() {
    let Tables { all, middle, .. } = tables().await;
    for (dataset, text) in [all, middle] {
        dataset.check(table(text), ()).await.unwrap().unwrap();
        assert!(dataset.is_unchanged(table(text), ()).await.unwrap());
    }
    assert!(all.0.check(table(&middle.1), ()).await.unwrap().is_err());
}
