//! Entries by name, by how their ids begin, and by `last`.

use crate::common::{Workdir, penguins};

#[test]
fn entries_are_shown_and_receipts_written_by_name_prefix_and_last() {
    let workdir = Workdir::with_penguins();
    workdir.ok(&["prove", "penguins", "rows >= 300"]);
    let shown = |reference: &str| workdir.json(&["show", reference])["index"].clone();
    let id = workdir.json(&["show", "1"])["transaction"].as_str().unwrap().to_owned();
    assert_eq!(shown("penguins"), 0, "the notarization, not the claim about it");
    assert_eq!(shown("last"), 1);
    assert_eq!((shown(&id), shown(&id[..12]), shown(&id[..63])), (1.into(), 1.into(), 1.into()));
    workdir.ok(&["notarize", &penguins(), "--name", "penguins", "--attest-only"]);
    assert_eq!((shown("penguins"), shown("last")), (2.into(), 2.into()));

    let made = workdir.json(&["receipt", "penguins", &id[..12], "-o", "both.receipt"]);
    assert_eq!(made["transactions"][1], id);
    let subjects = workdir.json(&["verify", "both.receipt"]);
    let indices: Vec<_> = subjects["statements"].as_array().unwrap().iter().map(|one| &one["index"]).collect();
    assert_eq!(indices, [1, 2]);
    // Named twice, an entry is in the receipt once.
    workdir.ok(&["receipt", "last", "penguins", "-o", "one.receipt"]);
    assert_eq!(workdir.json(&["inspect", "one.receipt"])["receipts"][0]["entries"].as_array().unwrap().len(), 1);

    // Versions are named in the same ways.
    let first = workdir.json(&["show", "0"])["transaction"].as_str().unwrap().to_owned();
    let proved = workdir.json(&["prove", "penguins", "rows >= 301", "--entry", &first[..12]]);
    assert_eq!(proved["notarization"], first);
}

#[test]
fn what_may_mean_several_entries_is_refused_with_the_list_of_them() {
    let workdir = Workdir::with_penguins();
    let id = workdir.json(&["show", "0"])["transaction"].as_str().unwrap().to_owned();
    // Digits alone could be an index, and would be one.
    let length = (4..16).find(|length| !id[..*length].bytes().all(|byte| byte.is_ascii_digit())).unwrap();
    let name = &id[..length];
    workdir.ok(&["notarize", &penguins(), "--name", name, "--attest-only"]);
    for args in [&["show", name][..], &["receipt", name, "-o", "a.receipt"]] {
        let error = workdir.fails(2, args);
        assert!(error.contains(&format!("\"{name}\" may mean 0 ({id}), 1 (")), "{error}");
    }
    assert!(!workdir.path("a.receipt").exists());
    workdir.ok(&["notarize", &penguins(), "--name", "last", "--attest-only"]);
    workdir.ok(&["show", "last"]);
    workdir.ok(&["prove", "penguins", "rows >= 300"]);
    assert!(
        workdir.fails(2, &["show", "last"]).contains("may mean 2 ("),
        "a dataset of that name is not the newest entry"
    );
}

#[test]
fn what_names_nothing_is_explained() {
    let workdir = Workdir::with_penguins();
    assert!(workdir.fails(2, &["show", "penguin"]).contains("did you mean penguins?"));
    assert!(workdir.fails(2, &["show", "ffffffff"]).contains("there is no entry ffffffff"));
    assert!(workdir.fails(2, &["receipt", "7", "-o", "a.receipt"]).contains("a dataset, or `last`"));
    let empty = Workdir::new();
    empty.ok(&["init"]);
    assert!(empty.fails(2, &["show", "last"]).contains("there is no entry last"));
}
