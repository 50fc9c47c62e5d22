//! `zkl report`: a page about receipts.

use std::fs;

use crate::common::Workdir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../zkl-ledger/tests/fixtures");

#[test]
fn a_report_is_one_page_that_loads_and_runs_nothing() {
    let workdir = Workdir::new();
    let receipt = format!("{FIXTURES}/v5/public-notarization.receipt");
    let said = workdir.ok(&["report", &receipt, "-o", "report.html"]);
    assert!(said.contains("report.html") && said.contains("1, of which 1 are valid"), "{said}");
    let page = fs::read_to_string(workdir.path("report.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("Art. 10(3)") && !page.contains("<script"));
    // It is replaced by another report, and nothing else is.
    workdir.ok(&["report", &receipt, "-o", "report.html"]);
    fs::write(workdir.path("thesis.html"), "<html>mine</html>").unwrap();
    workdir.fails(2, &["report", &receipt, "-o", "thesis.html"]);
    fs::copy(&receipt, workdir.path("own.receipt")).unwrap();
    workdir.fails(2, &["report", "own.receipt", "-o", "own.receipt"]);
    workdir.fails(2, &["report", "absent.receipt", "-o", "report.html"]);
}

#[test]
fn receipts_that_are_not_valid_stand_in_the_report_as_that() {
    let workdir = Workdir::new();
    let mut bytes = fs::read(format!("{FIXTURES}/v5/public-notarization.receipt")).unwrap();
    fs::create_dir(workdir.path("receipts")).unwrap();
    fs::write(workdir.path("receipts/good.receipt"), &bytes).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(workdir.path("receipts/bad.receipt"), &bytes).unwrap();
    let answer = workdir.run(&["report", "receipts", "-o", "report.html"]);
    assert_eq!(answer.code, Some(1), "{}", answer.stderr);
    assert!(answer.stdout.contains("2, of which 1 are valid"), "{}", answer.stdout);
    let page = fs::read_to_string(workdir.path("report.html")).unwrap();
    assert!(page.contains("not valid</span>") && page.contains("bad.receipt") && page.contains("good.receipt"));
    // Whom the reader trusts stands in it, too.
    let good = "receipts/good.receipt";
    workdir.ok(&["report", good, "-o", "report.html"]);
    let page = fs::read_to_string(workdir.path("report.html")).unwrap();
    assert!(page.contains("Nobody vouched for the log"));
}
