//! `-o` replaces an earlier file of its kind, and nothing else.

use std::fs;

use crate::common::{Workdir, penguins};

#[test]
fn an_output_never_replaces_what_is_of_another_kind() {
    let workdir = Workdir::with_penguins();
    let table = fs::read(penguins()).unwrap();
    let others = [("notes.csv", table.as_slice()), ("claim.json", br#"{"format": "zkl-opening/1"}"#), ("one", b"x")];
    for (name, content) in others {
        workdir.write(name, content);
        for args in [
            &["receipt", "0", "-o", name][..],
            &["prove", "penguins", "rows >= 300", "-o", name],
            &["notarize", &penguins(), "--attest-only", "-o", name],
            &["schema", &penguins(), "-o", name],
        ] {
            let error = workdir.fails(2, args);
            assert!(error.contains(&format!("{name} is not replaced")) && error.contains("hint: "), "{error}");
        }
        assert_eq!(fs::read(workdir.path(name)).unwrap(), content);
    }
    assert_eq!(workdir.json(&["log"])["entries"].as_array().unwrap().len(), 1, "nothing was recorded");
}

#[test]
fn an_output_replaces_its_like_and_an_empty_file() {
    let workdir = Workdir::with_penguins();
    // As `mktemp` makes it.
    workdir.write("a.receipt", "");
    workdir.ok(&["receipt", "0", "-o", "a.receipt"]);
    let first = fs::read(workdir.path("a.receipt")).unwrap();
    workdir.ok(&["prove", "penguins", "rows >= 300", "-o", "a.receipt"]);
    assert_ne!(fs::read(workdir.path("a.receipt")).unwrap(), first);
    for version in ["v1/claim", "v2/claim", "v3/claim", "v4/claims"] {
        let older = format!("{}/../zkl-ledger/tests/fixtures/{version}.receipt", env!("CARGO_MANIFEST_DIR"));
        fs::copy(older, workdir.path("older.receipt")).unwrap();
        workdir.ok(&["receipt", "0", "-o", "older.receipt"]);
    }
    for _ in 0..2 {
        workdir.ok(&["schema", &penguins(), "-o", "s.toml"]);
    }
    assert!(workdir.fails(2, &["schema", &penguins(), "-o", "a.receipt"]).contains("is not a schema file"));
    assert!(workdir.fails(2, &["receipt", "0", "-o", "s.toml"]).contains("is not a receipt"));
    workdir.ok(&["receipt", "0", "-o", "/dev/null"]);
}
