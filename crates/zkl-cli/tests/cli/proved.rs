//! The proof over every row, as a user meets it.

use std::fs;

use crate::common::{Workdir, penguins};

#[test]
fn a_notarized_table_verifies_as_proved_with_every_receipt_about_it() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    let notarized =
        workdir.json(&["notarize", &penguins(), "--name", "penguins", "--joint", "species,sex", "-o", "table.receipt"]);
    assert_eq!(notarized["assurance"], "proved");
    let text = workdir.ok(&["verify", "table.receipt"]);
    assert!(text.contains("proved over every row, dev setup: forgeable"), "{text}");

    workdir.ok(&["prove", "penguins", "mean(body_mass_g) between 4000 and 4500", "-o", "mean.receipt"]);
    let verified = workdir.json(&["verify", "mean.receipt"]);
    assert_eq!((&verified["assurance"], &verified["kind"]), (&"proved".into(), &"claim".into()));
    assert_eq!(verified["scan"]["segments"], 1);

    workdir.ok(&["receipt", "1", "-o", "short.receipt", "--no-scan"]);
    let text = workdir.ok(&["verify", "short.receipt"]);
    assert!(text.contains("attested; the log names a proof, which this receipt leaves out"), "{text}");
    let length = |name: &str| fs::metadata(workdir.path(name)).unwrap().len();
    assert!(length("short.receipt") + 4_000 < length("mean.receipt"));

    // The auditor gets the table and the opening, and commits again.
    let opening = notarized["opening"].as_str().unwrap();
    let text = workdir.ok(&["verify", "table.receipt", "--data", &penguins(), "--opening", opening]);
    assert!(text.contains("is the notarized table (344 rows read)"), "{text}");
    let other = fs::read_to_string(penguins()).unwrap().replacen("3750", "3751", 1);
    workdir.write("other.csv", other);
    let error = workdir.fails(1, &["verify", "table.receipt", "--data", "other.csv", "--opening", opening]);
    assert!(error.contains("is not the notarized table"), "{error}");
}

#[test]
fn reference_strings_come_from_ceremonies_of_enough_powers() {
    let workdir = Workdir::new();
    workdir.write("text.ptau", "not a ceremony");
    let error = workdir.fails(2, &["srs", "import", "text.ptau"]);
    assert!(error.contains("not a ptau file"), "{error}");
    let small = concat!(env!("CARGO_MANIFEST_DIR"), "/../zkl-argument/tests/data/snarkjs_bn128_power4.ptau");
    let error = workdir.fails(2, &["srs", "import", small]);
    assert!(error.contains("65536 powers were asked for, this file has 2 to 31"), "{error}");

    workdir.ok(&["init"]);
    let unknown = "0".repeat(64);
    let error = workdir.fails(2, &["notarize", &penguins(), "--srs", &unknown]);
    assert!(error.contains("is not here") && error.contains("hint: "), "{error}");
}
