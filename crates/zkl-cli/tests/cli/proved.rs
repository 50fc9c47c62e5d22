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
    assert!(error.contains("is not on this machine") && error.contains("hint: "), "{error}");
    let error = workdir.fails(2, &["notarize", &penguins(), "--srs", "perpetual"]);
    assert!(error.contains("`zkl srs list`"), "{error}");
}

#[test]
fn commitments_rest_on_the_public_string_unless_asked_otherwise() {
    let workdir = Workdir::new();
    let strings = workdir.json(&["srs", "list"]);
    let string = |name: &str| {
        let listed = strings["strings"].as_array().unwrap().iter().find(|line| line["name"] == name);
        listed.unwrap().clone()
    };
    let (public, dev) = (string("hez-derived"), string("dev"));
    assert_eq!(
        (&public["default"], &public["here"], &public["setup"]),
        (&true.into(), &true.into(), &"ceremony".into())
    );
    assert_eq!((&dev["default"], &dev["here"], &dev["setup"]), (&false.into(), &true.into(), &"dev".into()));
    assert_eq!(string("ppot-80")["here"], false);
    let text = workdir.ok(&["srs", "check", "hez-derived"]);
    assert_eq!(text, "65536 powers of one secret, as their digest says\n");

    workdir.ok(&["init"]);
    let used = |receipt: &str, arguments: &[&str]| {
        workdir.ok(&[&["notarize", &penguins(), "-o", receipt], arguments].concat());
        workdir.json(&["verify", receipt])["scan"]["reference_string"].clone()
    };
    assert_eq!(used("default.receipt", &[]), public["digest"]);
    assert_eq!(used("dev.receipt", &["--srs", "dev"]), dev["digest"]);
}

#[test]
fn a_string_whose_file_is_damaged_is_listed_as_that() {
    let workdir = Workdir::new();
    let keys = tempfile::tempdir().unwrap();
    let digest = "1".repeat(64);
    std::fs::write(keys.path().join(format!("srs-{digest}.srs")), b"not a string").unwrap();
    let list = |more: &[&str]| {
        let output = workdir.command(&["srs", "list"]).arg("--keys").arg(keys.path()).args(more).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let strings: serde_json::Value = serde_json::from_str(&list(&["--format", "json"])).unwrap();
    let strings = strings["strings"].as_array().unwrap();
    let found = strings.iter().find(|string| string["digest"] == *digest).unwrap();
    assert_eq!((&found["here"], &found["damaged"]), (&false.into(), &true.into()));
    assert!(strings.iter().any(|string| string["default"] == true), "the others are listed, too");
    assert!(list(&[]).contains("damaged"));
}

#[test]
fn proofs_rest_on_the_public_string_alone_unless_asked_otherwise() {
    let workdir = Workdir::new();
    let run = |args: &[&str]| {
        let output = workdir.command(args).env_remove("ZKL_PROOF").output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let ok = |args: &[&str]| {
        let (code, out, error) = run(args);
        assert_eq!(code, Some(0), "{error}");
        out
    };
    ok(&["init"]);
    ok(&["notarize", &penguins(), "--name", "penguins", "-o", "table.receipt"]);
    ok(&["prove", "penguins", "rows >= 300", "-o", "rows.receipt"]);
    for receipt in ["table.receipt", "rows.receipt"] {
        let text = ok(&["verify", receipt]);
        assert!(text.contains("public ceremony") && !text.contains("forgeable"), "{text}");
        let verified: serde_json::Value = serde_json::from_str(&ok(&["verify", receipt, "--format", "json"])).unwrap();
        assert_eq!(
            (&verified["basis"], &verified["scan"]["circuits"][0]["scheme"]),
            (&"ceremony".into(), &"universal".into())
        );
    }
    // One dev part, and all of it is forgeable.
    ok(&["--proof", "dev", "prove", "penguins", "rows >= 300", "-o", "dev.receipt"]);
    let text = ok(&["verify", "dev.receipt"]);
    assert!(text.contains("rests on  dev setup: forgeable"), "{text}");
    let (code, _, error) = run(&["--proof", "compact", "prove", "penguins", "rows >= 300"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("no key from a ceremony") && error.contains("hint: "), "{error}");
    let (code, _, error) = run(&["--proof", "plonk", "history", "penguins"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("universal, compact or dev"), "{error}");
}

#[test]
fn a_string_is_derived_only_from_a_key_of_its_ceremony() {
    let workdir = Workdir::new();
    let ceremony = concat!(env!("CARGO_MANIFEST_DIR"), "/../zkl-argument/tests/data/snarkjs_bn128_power4.ptau");
    workdir.write("key.zkey", "not a key");
    let error = workdir.fails(2, &["srs", "derive", "key.zkey", "--ceremony", ceremony]);
    assert!(error.contains("not a zkey file"), "{error}");
    let error = workdir.fails(2, &["srs", "derive", ceremony, "--ceremony", "key.zkey"]);
    assert!(error.contains("not a ptau file"), "{error}");
}

/// A table of `columns` columns of amounts.
fn wide(columns: usize) -> String {
    let row = |cell: &dyn Fn(usize) -> String| (0..columns).map(cell).collect::<Vec<_>>().join(",") + "\n";
    let rows = (0..3).map(|line| row(&|column| format!("{}.{line}5", 10_000 + 7 * column * (line + 1))));
    row(&|column| format!("c{column}")) + &rows.collect::<String>()
}

#[test]
fn a_wide_table_verifies_everywhere_or_is_not_logged() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    workdir.write("wide.csv", wide(150));
    workdir.ok(&["notarize", "wide.csv", "--proof", "universal", "-o", "wide.receipt"]);
    let demanded =
        ["verify", "wide.receipt", "--trust", ".zkl/log-public.txt", "--require", "pinned,proved,public-setup"];
    assert_eq!(workdir.json(&demanded)["columns"], 150);

    // Others make no dev keys of this size.
    let refused = workdir.fails(2, &["notarize", "wide.csv", "--proof", "dev"]);
    assert!(refused.contains("too many columns (150)") && refused.contains("attest"), "{refused}");
    assert_eq!(workdir.json(&["log"])["entries"].as_array().unwrap().len(), 1, "nothing was logged");
}

/// A table of 520 columns of all kinds, of which a group holds 35. Every column is a function of the row and of a number.
fn widest() -> String {
    let cell = |column: usize, row: usize| match column % 35 {
        kind @ 0..16 if kind % 5 == 1 && row % 9 == 3 => String::new(),
        kind @ 0..16 => ((row * (column + 3) + kind) % 41).to_string(),
        16..24 => ["a", "b", "c"][(row + column) % 3].to_owned(),
        24..30 => format!("v{}", (row * 7 + column) % 11),
        30..33 => format!("w{}", (row + column) % 40),
        kind => format!("note {row} of {kind}"),
    };
    let names = (0..520).map(|column| format!("c{column}")).collect::<Vec<_>>().join(",");
    let row = |row: usize| (0..520).map(|column| cell(column, row)).collect::<Vec<_>>().join(",") + "\n";
    names + "\n" + &(0..80).map(row).collect::<String>()
}

#[test]
fn a_table_wider_than_a_circuit_is_proved_in_groups_of_columns() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    workdir.write("wide.csv", widest());
    // Columns of pairs are in different groups.
    let pairs = ["--joint", "c16,c506", "--product", "c0,c490"];
    let arguments = ["notarize", "wide.csv", "--name", "wide", "--proof", "universal", "-o", "wide.receipt"];
    let notarized = workdir.json(&[&arguments[..], &pairs].concat());
    assert_eq!(notarized["assurance"], "proved");
    let demanded = ["--trust", ".zkl/log-public.txt", "--require", "pinned,proved,public-setup"];
    let verified = workdir.json(&[&["verify", "wide.receipt"][..], &demanded].concat());
    assert_eq!((&verified["columns"], &verified["scan"]["segments"]), (&520.into(), &1.into()));
    assert_eq!(verified["scan"]["groups"], 16, "15 of columns, one of pairs");

    let about = ["mean(c492) between 0 and 40", "gap(c506 = 'a' by c16: 'a', 'b') <= 100%", "corr(c0, c490) <= 0.99"];
    for (claim, receipt) in about.iter().zip(["mean.receipt", "gap.receipt", "correlation.receipt"]) {
        workdir.ok(&["prove", "wide", claim, "--proof", "universal", "-o", receipt]);
        let verified = workdir.json(&[&["verify", receipt][..], &demanded].concat());
        assert_eq!((&verified["assurance"], &verified["kind"]), (&"proved".into(), &"claim".into()));
    }

    // The auditor commits to the table again; another table is found out.
    let opening = notarized["opening"].as_str().unwrap();
    let text = workdir.ok(&["verify", "wide.receipt", "--data", "wide.csv", "--opening", opening]);
    assert!(text.contains("is the notarized table (80 rows read)"), "{text}");
    workdir.write("other.csv", widest().replacen("note 5 of", "note 6 of", 1));
    let error = workdir.fails(1, &["verify", "wide.receipt", "--data", "other.csv", "--opening", opening]);
    assert!(error.contains("is not the notarized table"), "{error}");
}
