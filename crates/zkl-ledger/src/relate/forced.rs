//! Relations that do not hold, by an owner whom nothing stops: they are proved as well as can be, recorded and handed out, and no verifier
//! accepts one.

use std::collections::HashMap;

use tempfile::TempDir;
use zkl_circuits::relation::{VerifyRelationError, force_relation};
use zkl_dataset::{Format, TextEncoding};
use zkl_merkle::{keys::SigningKey, note::NoteSigner};
use zkl_receipt::{Trust, VerifyError, verify};
use zkl_snark::keys::KeyStore;

use super::{Prover, Relate, RelateError, Relation};
use crate::{
    Dataset, Ledger, LedgerError, ReadOptions, Table, opening::OpeningStore, proofs::ProofSetting,
    storage::memory::MemoryBackend,
};

/// One that proves whatever it is told.
const FORCED: Prover = Prover { check: |_, _, _| Ok(()), prove: force_relation };

const HEAD: &str = "id,weight,kind,patient";

/// Rows with a number that is nowhere twice, one that may be missing, a text with three values, and one that is hashed.
fn rows(ids: impl IntoIterator<Item = usize>) -> Vec<String> {
    let row = |i: usize| {
        let weight = if i.is_multiple_of(7) { String::new() } else { (i * 37 % 50).to_string() };
        format!("{i},{weight},{},P-{}", ["oak", "ash", "elm"][i % 3], i / 2)
    };
    ids.into_iter().map(row).collect()
}

/// The rows with another one in place of one.
fn with(mut rows: Vec<String>, place: usize, row: &str) -> Vec<String> {
    row.clone_into(&mut rows[place]);
    rows
}

fn and(mut rows: Vec<String>, more: Vec<String>) -> Vec<String> {
    rows.extend(more);
    rows
}

struct Owner {
    ledger: Ledger,
    /// What was notarized, by its text.
    notarized: HashMap<String, Dataset>,
    _dir: TempDir,
}

impl Owner {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = NoteSigner::new("example.com/owner".parse().unwrap(), SigningKey::generate().unwrap());
        let ledger = Ledger::builder()
            .store(MemoryBackend::new())
            .keys(KeyStore::open(dir.path().join("keys")).unwrap())
            .openings(OpeningStore::new(dir.path().join("openings")))
            .proofs(ProofSetting::Universal)
            .build(log)
            .unwrap();
        Self { ledger, notarized: HashMap::new(), _dir: dir }
    }

    /// A relation between tables of these rows, in the order of the operation's roles.
    async fn ask(&mut self, relation: &str, tables: &[Vec<String>]) -> Relate<'_> {
        let Relation { operation, columns, details, .. } = relation.parse().unwrap();
        let mut read = Vec::new();
        for rows in tables {
            let text = format!("{HEAD}\n{}\n", rows.join("\n"));
            let mut options = ReadOptions { format: Some(Format::Csv), ..ReadOptions::default() };
            options.text_column("patient", TextEncoding::Hashed);
            let table = Table::bytes(text.clone()).options(options);
            if !self.notarized.contains_key(&text) {
                let named = table.clone().named(format!("table-{}", self.notarized.len()).parse().unwrap());
                self.notarized.insert(text.clone(), self.ledger.notarize(named).await.unwrap().dataset);
            }
            read.push((text, table));
        }
        let request = self.ledger.relate(operation).details(details);
        let request = match columns {
            Some(columns) => request.columns(columns),
            None => request,
        };
        read.into_iter().fold(request, |request, (text, table)| request.table(&self.notarized[&text], table))
    }

    /// What a verifier says to it when nothing stops its prover.
    async fn forced(&mut self, relation: &str, tables: &[Vec<String>]) -> Result<bool, VerifyError> {
        let mut forced = self.ask(relation, tables).await;
        forced.prover = FORCED;
        let entry = forced.await.unwrap();
        let receipt = self.ledger.receipt(&entry).await.unwrap();
        Ok(verify(&receipt.encode().unwrap(), &Trust::default())?.verdict().is_valid())
    }

    /// What is true is accepted, so it is not for its prover that what is false is not.
    async fn accepts(&mut self, relation: &str, tables: &[Vec<String>]) {
        assert!(self.forced(relation, tables).await.unwrap(), "{relation}");
    }

    async fn catches(&mut self, relation: &str, what: &str, tables: &[Vec<String>]) {
        let refused = self.ask(relation, tables).await.await;
        assert!(
            matches!(refused, Err(LedgerError::Relation(RelateError::False { .. }))),
            "{relation}, {what}: {refused:?}"
        );
        let caught = self.forced(relation, tables).await;
        assert!(
            matches!(caught, Err(VerifyError::Relation(VerifyRelationError::Proof(_)))),
            "{relation}, {what}: {caught:?}"
        );
    }
}

fn all() -> Vec<String> {
    rows(0..42)
}

#[tokio::test]
async fn rows_that_are_not_those_of_the_others() {
    let mut owner = Owner::new();
    let shuffled = || rows((0..42).rev());
    let relation = "same_rows(part, all)";
    owner.accepts(relation, &[shuffled(), all()]).await;
    for (what, row) in [
        ("a number changed", "3,12,oak,P-1"),
        ("a value missing", "3,,oak,P-1"),
        ("a text changed", "3,11,ash,P-1"),
        ("a hashed text changed", "3,11,oak,P-9"),
        ("a row twice and one dropped", "4,48,ash,P-2"),
    ] {
        owner.catches(relation, what, &[with(shuffled(), 38, row), all()]).await;
    }
    // Null for the minimum, and the minimum for a null.
    owner.catches(relation, "0 for a null", &[with(shuffled(), 41, "0,0,oak,P-0"), all()]).await;

    let relation = "left, right = split(all)";
    let (left, right) = (|| rows((0..42).step_by(2)), || rows((1..42).step_by(2)));
    owner.accepts(relation, &[all(), left(), right()]).await;
    owner.catches(relation, "a row in both parts", &[all(), with(left(), 0, &rows([1])[0]), right()]).await;
    owner.catches(relation, "a row of no table", &[all(), left(), with(right(), 3, "99,1,oak,P-1")]).await;

    let relation = "all = append(left, right)";
    owner.accepts(relation, &[all(), left(), right()]).await;
    owner.catches(relation, "a row in both parts", &[all(), with(left(), 0, &rows([1])[0]), right()]).await;

    let relation = "subset(part of all)";
    owner.accepts(relation, &[all(), rows([4, 9, 17])]).await;
    owner.catches(relation, "a cell changed", &[all(), with(rows([4, 9, 17]), 1, "9,33,oak,P-5")]).await;
    owner.catches(relation, "a row twice", &[all(), rows([4, 9, 9])]).await;
}

#[tokio::test]
async fn rows_that_do_not_meet_the_condition() {
    let mut owner = Owner::new();
    let meets = |i: &usize| !i.is_multiple_of(7) && i * 37 % 50 >= 20;
    let (kept, rest) = (|| rows((0..42).filter(meets)), || rows((0..42).filter(|i| !meets(i))));
    let relation = "part = filter(all, weight >= 20)";
    owner.accepts(relation, &[all(), kept()]).await;
    owner.catches(relation, "a row lost", &[all(), kept()[1..].to_vec()]).await;
    owner.catches(relation, "a row that does not meet it", &[all(), and(kept(), rest()[2..3].to_vec())]).await;
    owner.catches(relation, "a row without a value", &[all(), and(kept(), rows([7]))]).await;
    owner.catches(relation, "one in place of another", &[all(), with(kept(), 0, &rest()[1])]).await;

    let relation = "rest = erase(all, weight >= 20)";
    owner.accepts(relation, &[all(), rest()]).await;
    owner.catches(relation, "one too many erased", &[all(), rest()[1..].to_vec()]).await;
    owner.catches(relation, "one too few erased", &[all(), and(rest(), kept()[..1].to_vec())]).await;

    let relation = "rest = erase(all, patient = P-7)";
    let without = || rows((0..42).filter(|i| i / 2 != 7));
    owner.accepts(relation, &[all(), without()]).await;
    owner.catches(relation, "half of it erased", &[all(), and(without(), rows([15]))]).await;
    owner.catches(relation, "somebody else erased as well", &[all(), without()[2..].to_vec()]).await;

    for (operation, holds, breaks) in [("present", "P-7", "P-77"), ("absent", "P-77", "P-7")] {
        owner.accepts(&format!("{operation}(all, patient = {holds})"), &[all()]).await;
        owner.catches(&format!("{operation}(all, patient = {breaks})"), "a hashed text", &[all()]).await;
    }
    for (operation, holds, breaks) in [("present", "12", "43"), ("absent", "43", "12")] {
        owner.accepts(&format!("{operation}(all, id = {holds})"), &[all()]).await;
        owner.catches(&format!("{operation}(all, id = {breaks})"), "a number", &[all()]).await;
    }
    owner.accepts("bounds(all on weight, 0, 49, nulls)", &[all()]).await;
    owner.catches("bounds(all on weight, 0, 49)", "nulls", &[all()]).await;
    owner.catches("bounds(all on weight, 0, 48, nulls)", "one above", &[all()]).await;
    owner.catches("bounds(all on weight, 2, 49, nulls)", "some below", &[all()]).await;
}

#[tokio::test]
async fn keys_that_are_there_twice() {
    let mut owner = Owner::new();
    owner.accepts("unique(all on id)", &[all()]).await;
    owner.catches("unique(all on id)", "a number twice", &[with(all(), 5, &rows([6])[0])]).await;
    let once = || rows((0..42).step_by(2));
    owner.accepts("unique(all on patient)", &[once()]).await;
    owner.catches("unique(all on patient)", "a hashed text twice", &[and(once(), rows([1]))]).await;

    for key in ["id", "patient"] {
        let relation = format!("disjoint(left, right on {key})");
        owner.accepts(&relation, &[rows(0..20), rows(20..42)]).await;
        owner.catches(&relation, "a key in both", &[rows(0..20), and(rows(20..42), rows([4]))]).await;
    }

    let relation = "once = dedup(all on patient)";
    owner.accepts(relation, &[all(), once()]).await;
    owner.catches(relation, "somebody lost", &[all(), once()[1..].to_vec()]).await;
    owner.catches(relation, "somebody twice", &[all(), and(once(), rows([5]))]).await;
    owner.catches(relation, "somebody else", &[all(), with(once(), 3, "6,22,oak,P-99")]).await;

    let classes = |rows: Vec<String>| [rows.clone(), rows].concat();
    owner.accepts("k_anonymous(all on kind, patient, k = 2)", &[classes(once())]).await;
    let broken = classes(once())[1..].to_vec();
    owner.catches("k_anonymous(all on kind, patient, k = 2)", "a row of its own", &[broken]).await;
}
