use zkl_circuits::relation::Operation;
use zkl_core::{digest::TransactionId, time::Timestamp};

use super::{Lineage, ProofState, RelatedVersion, Statement, Version, Withdrawals, select::select};

fn id(index: u64) -> TransactionId {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&index.to_le_bytes());
    TransactionId::new(bytes)
}

fn version(index: u64, name: &str) -> Version {
    Version {
        entry: id(index),
        index,
        dataset: name.parse().unwrap(),
        rows: Some(index * 10),
        recorded_at: Timestamp(0),
        is_proved: true,
        withdrawn: None,
    }
}

fn statement(index: u64, operation: Operation, tables: &[&Version]) -> Statement {
    let table = |version: &&Version| RelatedVersion {
        role: "table".to_owned(),
        dataset: version.dataset.clone(),
        version: version.entry,
    };
    Statement {
        entry: id(index),
        index,
        operation,
        details: None,
        columns: vec!["n".to_owned()],
        tables: tables.iter().map(table).collect(),
        proof: ProofState::Recorded,
        withdrawn: None,
    }
}

fn lineage(name: &str, versions: &[Version], statements: Vec<Statement>, withdrawals: &Withdrawals) -> Lineage {
    let dataset = name.parse().unwrap();
    let newest = versions.iter().rev().find(|version| version.dataset == dataset).unwrap().entry;
    let (statements, is_cut) = select(&dataset, newest, statements);
    let is_named = |version: &Version| {
        version.entry == newest
            || statements.iter().flat_map(|one| &one.tables).any(|table| table.version == version.entry)
    };
    let versions = versions.iter().filter(|version| is_named(version)).cloned().collect();
    Lineage::assembled(dataset, versions, statements, withdrawals, is_cut)
}

/// raw -> clean -> train and test; train -> v2; another use of raw; train and test disjoint.
fn history() -> (Vec<Version>, Vec<Statement>) {
    let names = ["raw", "clean", "train", "test", "v2", "other"];
    let versions: Vec<Version> = names.iter().zip(1..).map(|(name, index)| version(index, name)).collect();
    let [raw, clean, train, test, v2, other] = [0, 1, 2, 3, 4, 5].map(|at| &versions[at]);
    let mut filter = statement(7, Operation::Filter, &[raw, clean]);
    filter.details = Some("age >= 18".to_owned());
    let statements = vec![
        filter,
        statement(8, Operation::Split, &[clean, train, test]),
        statement(9, Operation::Erase, &[train, v2]),
        statement(10, Operation::Disjoint, &[train, test]),
        statement(11, Operation::Subset, &[raw, other]),
        statement(12, Operation::Unique, &[other]),
        statement(13, Operation::Unique, &[raw]),
    ];
    (versions, statements)
}

#[test]
fn a_lineage_has_ancestors_and_descendants_and_what_is_said_of_them_and_nothing_else() {
    let (versions, statements) = history();
    let of = |name: &str| {
        let found = lineage(name, &versions, statements.clone(), &Withdrawals::new());
        let names: Vec<String> = found.versions.iter().map(|version| version.dataset.to_string()).collect();
        let indices: Vec<u64> = found.statements.iter().map(|statement| statement.index).collect();
        (names.join(" "), indices)
    };
    // The test table is no ancestor: the split and the disjointness of its sibling name it.
    assert_eq!(of("v2"), ("raw clean train test v2".to_owned(), vec![7, 8, 9, 10, 13]));
    assert_eq!(of("test"), ("raw clean train test".to_owned(), vec![7, 8, 10, 13]));
    assert_eq!(of("raw"), ("raw clean train test v2 other".to_owned(), vec![7, 8, 9, 10, 11, 12, 13]));
    assert_eq!(of("other"), ("raw other".to_owned(), vec![11, 12, 13]));
}

#[test]
fn the_text_is_a_tree_each_way() {
    let (versions, statements) = history();
    let text = lineage("train", &versions, statements, &Withdrawals::new()).to_text();
    let expected = "\
train, entry 3, 30 rows
comes from
└─ clean, entry 2, 20 rows: split (entry 8, with a proof)
   └─ raw, entry 1, 10 rows: filter age >= 18 (entry 7, with a proof)
led to
└─ v2, entry 5, 50 rows: erase (entry 9, with a proof)

also recorded
- disjoint train, test in n (entry 10, with a proof)
- unique raw in n (entry 13, with a proof)";
    assert_eq!(text, expected);
}

#[test]
fn what_no_relation_shows_is_told_apart() {
    let versions = vec![version(1, "raw"), version(2, "t"), version(3, "t"), version(4, "t"), version(5, "new")];
    let statements = vec![
        statement(6, Operation::Filter, &[&versions[0], &versions[1]]),
        statement(7, Operation::Filter, &[&versions[0], &versions[2]]),
        statement(8, Operation::SameRows, &[&versions[0], &versions[4]]),
    ];
    let withdrawals = Withdrawals::from([(id(2), (9, Some(id(3)))), (id(7), (10, None))]);
    let found = lineage("t", &versions, statements, &withdrawals);
    let text = found.to_text();
    for line in [
        "t, entry 4, 40 rows\ncomes from\n└─ t, entry 3, 30 rows: of the same name (no relation is recorded)",
        "raw, entry 1, 10 rows: filter (entry 7, with a proof, WITHDRAWN in entry 10)",
        "t, entry 2, 20 rows, WITHDRAWN in entry 9: named as its replacement (no relation is recorded)",
        // Tables of the same rows come from each other.
        "new, entry 5, 50 rows: same_rows (entry 8, with a proof)",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let dot = found.to_dot();
    assert!(dot.contains("style=dashed") && dot.contains("dir=both"), "{dot}");
    let mermaid = found.to_mermaid();
    assert!(mermaid.contains("-.->") && mermaid.contains("<-->"), "{mermaid}");
}

#[test]
fn long_histories_and_circles_end() {
    let versions: Vec<Version> = (1..=3_000).map(|index| version(index, &format!("t{index}"))).collect();
    let pairs = versions.windows(2).zip(10_000..);
    let mut statements: Vec<Statement> =
        pairs.map(|(pair, index)| statement(index, Operation::Filter, &[&pair[0], &pair[1]])).collect();
    let found = lineage("t3000", &versions, statements.clone(), &Withdrawals::new());
    assert!(found.is_cut && found.versions.len() < 1_100, "{}", found.versions.len());
    assert!(found.to_text().ends_with("There is more than is shown here."));

    statements.truncate(3);
    statements.push(statement(20_000, Operation::Subset, &[&versions[3], &versions[0]]));
    statements.push(statement(20_001, Operation::SameRows, &[&versions[1], &versions[0]]));
    let found = lineage("t2", &versions[..4], statements, &Withdrawals::new());
    let text = found.to_text();
    assert!(!found.is_cut && text.contains(": see above"), "{text}");
    assert!(text.lines().count() < 40, "{text}");
}

#[test]
fn texts_of_strangers_stay_in_their_labels() {
    let (versions, mut statements) = history();
    statements[0].details = Some("kind = \"]; x\\\n<b>`#35;\u{202e}".to_owned());
    let found = lineage("clean", &versions, statements, &Withdrawals::new());
    let dot = found.to_dot();
    assert!(dot.contains(r#"filter kind = \"]; x\\\\u{a}<b>`#35;\\u{202e}\nentry 7"#), "{dot}");
    let mermaid = found.to_mermaid();
    let quoted = "filter kind = #34;]; x#92;#92;u{a}#60;b#62;#96;#35;35;#92;u{202e}<br/>entry 7";
    assert!(mermaid.contains(quoted), "{mermaid}");
    assert!(found.to_text().contains("kind = \"]; x\\\\u{a}<b>`#35;\\u{202e}"), "{}", found.to_text());
    assert!(mermaid.lines().all(|line| line.matches('"').count() % 2 == 0), "{mermaid}");
}
