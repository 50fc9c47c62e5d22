//! The nightly job.

use std::fs;

use serde_json::Value;

use crate::common::{Answer, Workdir, answer, block, keep_open, penguins};

const CLAIMS: &str = "claims:\n  enough: rows >= 300\n  heavy: mean(body_mass_g) between 4000 and 4500\n";

/// A ledger, the bundled table, and a dataset file with these lines. What does not ask for the proof over every row does not wait
/// for it.
fn workdir(lines: &str) -> Workdir {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    fs::copy(penguins(), workdir.path("penguins.csv")).unwrap();
    write(&workdir, lines);
    workdir
}

fn write(workdir: &Workdir, lines: &str) {
    workdir.write("zkl.yaml", format!("version: 1\nsource: penguins.csv\nattest_only: true\n{lines}"));
}

/// What a run reports, on stdout and in its file.
#[track_caller]
fn check(workdir: &Workdir, code: i32) -> Value {
    let answer = workdir.run(&["check", "--format", "json"]);
    assert_eq!(answer.code, Some(code), "{} {}", answer.stdout, answer.stderr);
    let report: Value = serde_json::from_str(&answer.stdout).unwrap();
    let written: Value = serde_json::from_slice(&fs::read(workdir.path("receipts/report.json")).unwrap()).unwrap();
    assert_eq!(report, written);
    assert_eq!(report["holds"], code == 0, "{report}");
    report
}

fn outcomes(report: &Value) -> Vec<String> {
    let line = |line: &Value| format!("{} {}", line["name"].as_str().unwrap(), line["outcome"].as_str().unwrap());
    report["claims"].as_array().unwrap().iter().map(line).collect()
}

fn entries(workdir: &Workdir) -> usize {
    workdir.json(&["log"])["entries"].as_array().unwrap().len()
}

/// Makes every penguin lighter than the claim says.
fn lighten(workdir: &Workdir) {
    let table = fs::read_to_string(workdir.path("penguins.csv")).unwrap();
    let (header, rows) = table.split_once('\n').unwrap();
    let at = header.split(',').position(|name| name == "body_mass_g").unwrap();
    let rows = rows.lines().map(|row| {
        let mut cells: Vec<&str> = row.split(',').collect();
        cells[at] = "1000";
        cells.join(",") + "\n"
    });
    workdir.write("penguins.csv", format!("{header}\n{}", rows.collect::<String>()));
}

#[test]
fn a_table_is_notarized_when_it_changed_and_claims_proved_once_of_each_version() {
    let workdir = workdir(CLAIMS);
    let first = check(&workdir, 0);
    assert_eq!(first["notarization"]["new"], true);
    assert_eq!((&first["dataset"], &first["notarization"]["rows"]), (&"penguins".into(), &344.into()));
    assert_eq!(outcomes(&first), ["enough proved", "heavy proved"]);
    for name in ["notarization", "enough", "heavy"] {
        workdir.ok(&["verify", &format!("receipts/{name}.receipt")]);
    }
    let seen = workdir.json(&["verify", first["claims"][1]["receipt"].as_str().unwrap()]);
    assert_eq!(seen["claim"], "mean(body_mass_g) between 4000 and 4500");

    // Nothing changed: nothing is recorded, and lost receipts come back.
    fs::remove_file(workdir.path("receipts/heavy.receipt")).unwrap();
    let second = check(&workdir, 0);
    assert_eq!(second["notarization"]["new"], false);
    assert_eq!(outcomes(&second), ["enough unchanged", "heavy unchanged"]);
    assert_eq!(second["claims"][1]["index"], first["claims"][1]["index"]);
    workdir.ok(&["verify", "receipts/heavy.receipt"]);
    assert_eq!(entries(&workdir), 3);

    // One more claim is the only new thing.
    write(&workdir, &format!("{CLAIMS}  measured: null_rate(body_mass_g) <= 1%\n"));
    assert_eq!(outcomes(&check(&workdir, 0)), ["enough unchanged", "heavy unchanged", "measured proved"]);

    // A row less is another version, of which everything is proved anew.
    let table = fs::read_to_string(workdir.path("penguins.csv")).unwrap();
    workdir.write("penguins.csv", table.trim_end().rsplit_once('\n').unwrap().0);
    let third = check(&workdir, 0);
    assert_eq!((&third["notarization"]["new"], &third["notarization"]["rows"]), (&true.into(), &343.into()));
    assert_eq!(outcomes(&third), ["enough proved", "heavy proved", "measured proved"]);
    assert_eq!(entries(&workdir), 3 + 1 + 4);
}

#[test]
fn what_was_withdrawn_is_recorded_anew() {
    let workdir = workdir(CLAIMS);
    let first = check(&workdir, 0);
    let index = |line: &Value| line["index"].to_string();
    workdir.ok(&["withdraw", &index(&first["claims"][0]), "--reason", "not checked by anybody"]);
    let second = check(&workdir, 0);
    assert_eq!(second["notarization"]["new"], false);
    assert_eq!(outcomes(&second), ["enough proved", "heavy unchanged"]);

    workdir.ok(&["withdraw", &index(&first["notarization"]), "--reason", "a clinic was missing"]);
    let third = check(&workdir, 0);
    assert_eq!(third["notarization"]["new"], true);
    assert_eq!(outcomes(&third), ["enough proved", "heavy proved"]);
    assert_eq!(outcomes(&check(&workdir, 0)), ["enough unchanged", "heavy unchanged"]);
}

#[test]
fn a_claim_that_became_false_is_named_and_hinders_no_other() {
    let workdir = workdir(CLAIMS);
    let heavy = check(&workdir, 0)["claims"][1]["index"].clone();
    let receipt = fs::read(workdir.path("receipts/heavy.receipt")).unwrap();
    lighten(&workdir);
    write(&workdir, &format!("{CLAIMS}  never: rows >= 1000\n  zz-last: rows <= 400\n"));
    let report = check(&workdir, 3);
    assert_eq!(outcomes(&report), ["enough proved", "heavy false", "never false", "zz-last proved"]);
    assert_eq!((&report["claims"][1]["last_proved"], report["claims"][2].get("last_proved")), (&heavy, None));
    assert!(report["claims"][1].get("receipt").is_none(), "{report}");
    assert_eq!(fs::read(workdir.path("receipts/heavy.receipt")).unwrap(), receipt, "true of the version that it names");
    workdir.ok(&["verify", "receipts/zz-last.receipt"]);

    let answer = workdir.run(&["check"]);
    assert_eq!(answer.code, Some(3));
    assert!(answer.stdout.contains(&format!("BECAME FALSE, was proved in entry {heavy}")), "{}", answer.stdout);
    assert!(answer.stderr.contains("error: heavy, never: FALSE"), "{}", answer.stderr);
    let answer = workdir.run(&["check", "-q", "--format", "json"]);
    let error: Value = serde_json::from_str(&answer.stderr).unwrap();
    assert_eq!((&error["code"], &error["kind"]), (&3.into(), &"false-claim".into()));
}

#[test]
fn a_claim_that_cannot_be_proved_is_an_error_and_hinders_no_other() {
    let workdir = workdir(&format!(
        "{CLAIMS}  absent: mean(body_mas_g) >= 1\n  fair: \"gap(sex = 'MALE' by species: 'Adelie', 'Gentoo') <= 50%\"\n"
    ));
    let report = check(&workdir, 2);
    assert_eq!(outcomes(&report), ["absent failed", "enough proved", "fair failed", "heavy proved"]);
    assert!(report["claims"][2]["error"]["hint"].as_str().unwrap().contains("--joint"), "{report}");
    // With the pair it is another way of reading the table, and so a version of its own.
    write(
        &workdir,
        "joint: [[species, sex]]\nclaims:\n  fair: \"gap(sex = 'MALE' by species: 'Adelie', 'Gentoo') <= 50%\"\n",
    );
    let report = check(&workdir, 0);
    assert_eq!((&report["notarization"]["new"], outcomes(&report)), (&true.into(), vec!["fair proved".to_owned()]));
    assert_eq!(check(&workdir, 0)["notarization"]["new"], false);
}

#[test]
fn what_was_tried_with_dev_proofs_is_proved_again_in_earnest() {
    let workdir = workdir("claims:\n  enough: rows >= 300\n");
    assert_eq!(outcomes(&check(&workdir, 0)), ["enough proved"]);
    let run = || {
        let mut command = workdir.command(&["check", "--format", "json"]);
        let answer = answer(&command.env("ZKL_PROOF", "universal").output().unwrap());
        serde_json::from_str::<Value>(&answer.stdout).unwrap()
    };
    assert_eq!(outcomes(&run()), ["enough proved"]);
    assert!(workdir.ok(&["verify", "receipts/enough.receipt"]).starts_with("VALID\n"));
    assert_eq!(outcomes(&run()), ["enough unchanged"]);
}

#[test]
fn how_the_table_is_read_is_in_the_file() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    fs::create_dir(workdir.path("data")).unwrap();
    workdir.write(
        "data/t.csv",
        "# made by hand\nzip;price;day;ward;note\n0123;1,25;1/2/2024;7;a\n0456;2,75;3/4/2024;8;b\n0789;NONE;5/6/2024;7;\n",
    );
    workdir.write(
        "data/t.yaml",
        "version: 1\nsource: t.csv\nname: team/t\nprivacy: public\nattest_only: true\ncolumns: {zip: category}\nround: {price: 1}\nhash: [ward]\nopaque: [note]\n\
         delimiter: ';'\ncomment: '#'\ndecimal: ','\ndates: dmy\nnulls: [NONE]\nreceipts: out\n\
         claims:\n  cheap: max(price) <= 3\n  known: nulls(price) <= 1\n  zips: count(zip) >= 3\n",
    );
    let report = workdir.json(&["check", "data/t.yaml"]);
    assert_eq!((&report["dataset"], &report["holds"]), (&"team/t".into(), &true.into()), "{report}");
    let seen = workdir.json(&["inspect", "data/out/notarization.receipt"]);
    let columns = seen["receipts"][0]["entries"][0]["table"]["columns"].as_array().unwrap();
    let types: Vec<_> = columns.iter().map(|column| column["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["category", "decimal(1)", "date", "text", "text"]);
    let encodings = [3, 4].map(|column| columns[column]["encoding"].as_str().unwrap());
    assert_eq!(encodings, ["hashed", "opaque"]);
    assert_eq!(workdir.json(&["show", "team/t"])["predicate"]["privacy"], "public");
}

#[test]
fn what_a_dataset_file_must_not_hold_is_named() {
    let workdir = workdir("");
    for (lines, said) in [
        ("clams:\n  a: rows >= 1\n", "clams"),
        ("claims:\n  a: rows >> 1\n", "the claim a"),
        ("claims:\n  a/b: rows >= 1\n", "\"a/b\""),
        ("claims:\n  notarization: rows >= 1\n", "\"notarization\""),
        ("claims:\n  a: rows >= 1\n  a: rows >= 2\n", "duplicate"),
        ("decimal: x\n", "the field decimal is \"x\""),
        ("round: {bill_length_mm: 19}\n", "the field round is \"19\""),
        ("columns: {sex: number}\n", "the field columns is \"number\""),
        ("delimiter: ab\n", "the field delimiter is \"ab\""),
        ("privacy: secret\n", "secret"),
        ("joint: [[a]]\n", "zkl.yaml is not a dataset file"),
        ("claims:\n  a: gap(sex = 'f' by species: 'a', 'b') <= 5%\n", "stands in double quotes"),
    ] {
        write(&workdir, lines);
        let error = workdir.fails(2, &["check"]);
        assert!(error.contains(said) && error.contains("zkl.yaml"), "{lines:?}: {error}");
    }
    workdir.write("zkl.yaml", "version: 2\nsource: penguins.csv\n");
    assert!(workdir.fails(2, &["check"]).contains("the field version is \"2\": expected 1"));
    workdir.write("zkl.yaml", "version: 1\n");
    assert!(workdir.fails(2, &["check"]).contains("source"));
    assert!(workdir.fails(2, &["check", "absent.yaml"]).contains("cannot read absent.yaml"));
    assert_eq!(entries(&workdir), 0, "nothing was recorded");
    assert!(!workdir.path("receipts").exists());
}

#[test]
fn a_run_that_fails_leaves_a_report_that_says_so() {
    let workdir = workdir(CLAIMS);
    check(&workdir, 0);
    fs::remove_file(workdir.path("penguins.csv")).unwrap();
    let report = check(&workdir, 2);
    assert!(report["error"]["message"].as_str().unwrap().contains("penguins.csv"), "{report}");
    assert_eq!(report["claims"].as_array().unwrap().len(), 0);

    // Somebody else's file where a receipt or the report should be.
    fs::copy(penguins(), workdir.path("penguins.csv")).unwrap();
    for name in ["receipts/heavy.receipt", "receipts/report.json"] {
        let before = fs::read(workdir.path(name)).unwrap();
        workdir.write(name, "mine");
        assert!(workdir.fails(2, &["check"]).contains("is not replaced"));
        assert_eq!(fs::read(workdir.path(name)).unwrap(), b"mine");
        workdir.write(name, before);
    }
}

#[test]
fn another_writer_is_told_apart_from_failure() {
    let workdir = workdir(CLAIMS);
    let other = keep_open(&workdir);
    let report = check(&workdir, 4);
    assert_eq!(report["error"]["kind"], "busy");
    drop(other);
    check(&workdir, 0);
}

#[track_caller]
fn succeeds(answer: &Answer) {
    assert_eq!(answer.code, Some(0), "{} {}", answer.stdout, answer.stderr);
}

/// With the proof over every row, as the page has it.
#[test]
fn the_page_on_nightly_runs_says_what_happens() {
    let workdir = Workdir::new();
    fs::copy(penguins(), workdir.path("penguins.csv")).unwrap();
    workdir.write("zkl.yaml", block("nightly.md", "yaml dataset"));
    let here = workdir.dir.path().display().to_string();
    let run = |name: &str| workdir.shell(&block("nightly.md", &format!("sh {name}")), &[("PENGUINS", &here)]);
    succeeds(&run("setup"));
    let first = run("check");
    succeeds(&first);
    assert!(first.stdout.contains("notarized in entry 0, 344 rows, 7 columns, proved"), "{}", first.stdout);
    succeeds(&run("cron"));
    let report: Value = serde_json::from_slice(&fs::read(workdir.path("check.json")).unwrap()).unwrap();
    assert_eq!((&report["holds"], &report["notarization"]["new"]), (&true.into(), &false.into()));
    assert_eq!(fs::read_to_string(workdir.path("check.err")).unwrap(), "");
    // Where there is `jq`, as on the page; the fields it asks for are there in any case.
    if std::process::Command::new("jq").arg("--version").output().is_ok() {
        let listed = run("report");
        succeeds(&listed);
        assert_eq!(listed.stdout, "enough-rows unchanged\nheavy unchanged\nmeasured unchanged\n");
    }
    assert_eq!(outcomes(&report), ["enough-rows unchanged", "heavy unchanged", "measured unchanged"]);
    let verified = run("verify");
    succeeds(&verified);
    assert!(verified.stdout.contains("4 of 4 receipts are valid"), "{}", verified.stdout);
    assert!(
        answer(&workdir.command(&["inspect", "receipts"]).output().unwrap()).stdout.contains("notarized in entry 0")
    );
}
