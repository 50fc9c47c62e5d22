//! Several receipts in one run.

use std::fs;

use serde_json::Value;

use crate::common::{Answer, Workdir};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../zkl-ledger/tests/fixtures");

/// A directory with two good receipts, of which one speaks of two claims.
fn receipts() -> Workdir {
    let workdir = Workdir::new();
    fs::create_dir_all(workdir.path("in/deep")).unwrap();
    for (from, to) in [("v5/claims", "in/claims"), ("v5/public-notarization", "in/deep/table")] {
        fs::copy(format!("{FIXTURES}/{from}.receipt"), workdir.path(&format!("{to}.receipt"))).unwrap();
    }
    // Not for us.
    workdir.write("in/notes.txt", "x");
    workdir
}

fn json(workdir: &Workdir, args: &[&str]) -> (Answer, Value) {
    let answer = workdir.run(&[args, &["--format", "json"]].concat());
    let value = serde_json::from_str(&answer.stdout).expect("JSON on stdout");
    (answer, value)
}

#[test]
fn a_folder_is_verified_whole_and_told_in_a_line_per_statement() {
    let workdir = receipts();
    let (answer, list) = json(&workdir, &["verify", "in"]);
    assert_eq!((answer.code, &list["valid"]), (Some(0), &true.into()), "{}", answer.stderr);
    let lines = list["receipts"].as_array().unwrap();
    let files: Vec<_> = lines.iter().map(|line| line["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["in/claims.receipt", "in/deep/table.receipt"]);
    // The fields are those of one receipt.
    for line in lines {
        let mut alone = workdir.json(&["verify", line["file"].as_str().unwrap()]);
        alone["file"] = line["file"].clone();
        assert_eq!(line, &alone);
    }
    let text = workdir.ok(&["verify", "in"]);
    let rows: Vec<_> = text.lines().collect();
    assert_eq!(rows.len(), 1 + 3 + 1, "{text}");
    assert!(rows[1..4].iter().all(|row| row.contains("VALID") && row.contains("NOT pinned")), "{text}");
    assert_eq!(rows[4], "2 of 2 receipts are valid");
}

#[test]
fn a_spreadsheet_gets_a_line_per_statement() {
    let workdir = receipts();
    workdir.write("in/a.receipt", "{}");
    let answer = workdir.run(&["verify", "in", "--format", "csv"]);
    assert_eq!(answer.code, Some(1), "as with every format: {}", answer.stderr);
    let lines: Vec<_> = answer.stdout.lines().collect();
    assert!(lines[0].starts_with("file,verdict,origin,pinned,index,kind,dataset,"), "{}", lines[0]);
    assert_eq!(lines.len(), 1 + 1 + 3, "{}", answer.stdout);
    assert!(lines[1].starts_with("in/a.receipt,not-valid,,,") && !lines[1].ends_with(','), "{}", lines[1]);
    assert!(lines[2].starts_with("in/claims.receipt,valid,") && lines[2].contains(",claim,"), "{}", lines[2]);
    assert!(lines[4].starts_with("in/deep/table.receipt,valid,") && lines[4].contains(",attested,"), "{}", lines[4]);
    // One receipt is a table of one.
    let alone = workdir.ok(&["verify", "in/claims.receipt", "--format", "csv"]);
    assert_eq!(alone.lines().collect::<Vec<_>>(), [lines[0], lines[2], lines[3]]);
    // A claim has commas and quotes, and stays in its cell.
    let (_, list) = json(&workdir, &["verify", "in"]);
    let statements = list["receipts"][1]["statements"].as_array().unwrap().iter();
    for (line, statement) in lines[2..4].iter().zip(statements) {
        let claim = statement["claim"].as_str().unwrap();
        let quoted = format!(",\"{}\",", claim.replace('"', "\"\""));
        assert!(line.contains(&quoted) || line.contains(&format!(",{claim},")), "{line}: {claim}");
    }
    assert!(workdir.fails(2, &["log", "--format", "csv"]).contains("only `zkl verify` has a CSV form"));
}

#[test]
fn one_bad_receipt_fails_the_run_and_hides_no_other() {
    let workdir = receipts();
    workdir.write("in/a.receipt", "{}");
    let good = fs::read_to_string(workdir.path("in/claims.receipt")).unwrap();
    workdir.write("in/z.receipt", good.replacen("\"index\": 0", "\"index\": 1", 1));
    let (answer, list) = json(&workdir, &["verify", "in", "absent.receipt"]);
    let error: Value = serde_json::from_str(&answer.stderr).unwrap();
    assert_eq!((answer.code, &error["kind"]), (Some(1), &"not-valid".into()), "{error}");
    assert_eq!(error["message"], "2 of 5 receipts are NOT VALID");
    let verdicts: Vec<_> = list["receipts"].as_array().unwrap().iter().map(|line| &line["verdict"]).collect();
    assert_eq!(verdicts, ["not-valid", "valid", "valid", "not-valid", "unreadable"]);
    assert_eq!(list["receipts"][4]["error"]["kind"], "not-found");
    assert_eq!(list["valid"], false);
    let answer = workdir.run(&["verify", "in"]);
    assert!(answer.code == Some(1) && answer.stdout.contains("NOT VALID"), "{}", answer.stdout);
    assert!(answer.stdout.contains("2 of 4 receipts are valid"), "{}", answer.stdout);
}

#[test]
fn what_is_required_is_required_of_each() {
    let workdir = receipts();
    let (answer, list) = json(&workdir, &["verify", "in", "--require", "proved"]);
    assert_eq!(answer.code, Some(1));
    let verdicts: Vec<_> = list["receipts"].as_array().unwrap().iter().map(|line| &line["verdict"]).collect();
    assert_eq!(verdicts, ["valid", "not-as-required"], "the table was only attested");
    fs::copy(format!("{FIXTURES}/v4/claims.receipt"), workdir.path("in/dev.receipt")).unwrap();
    let (answer, list) = json(&workdir, &["verify", "in"]);
    assert_eq!((answer.code, &list["valid"]), (Some(0), &false.into()), "as one forgeable receipt");
    let (answer, _) = json(&workdir, &["verify", "in", "--require", "public-setup"]);
    assert_eq!(answer.code, Some(1));
}

#[test]
fn receipts_that_cannot_be_read_or_are_not_there_are_errors() {
    let workdir = receipts();
    let (answer, list) = json(&workdir, &["verify", "in/claims.receipt", "absent.receipt"]);
    assert_eq!((answer.code, &list["receipts"][0]["verdict"]), (Some(2), &"valid".into()));
    fs::create_dir(workdir.path("empty")).unwrap();
    assert!(workdir.fails(2, &["verify", "empty"]).contains("no file that ends in .receipt"));
    workdir.fails(2, &["verify", "in", "empty"]);
    workdir.fails(2, &["verify"]);
    let error = workdir.fails(2, &["verify", "in", "--data", "t.csv", "--opening", "o.json"]);
    assert!(error.contains("one receipt"), "{error}");
}
