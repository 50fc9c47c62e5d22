//! What a script is told: exit codes, and errors as JSON.

use serde_json::Value;

use crate::common::{Answer, Workdir, keep_open, penguins};

/// The one object that stderr holds.
#[track_caller]
fn told(answer: &Answer, code: i32, kind: &str) -> Value {
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(code), ""), "{}", answer.stderr);
    assert_eq!(answer.stderr.lines().count(), 1, "{}", answer.stderr);
    let error: Value = serde_json::from_str(&answer.stderr).expect("an object on stderr");
    assert_eq!((&error["code"], &error["kind"]), (&code.into(), &kind.into()), "{error}");
    let words = error["message"].as_str().unwrap();
    assert!(!words.is_empty() && !words.contains('\n') && error["causes"].is_array(), "{error}");
    error
}

#[test]
fn each_kind_of_failure_has_its_code_and_is_told_as_json() {
    let workdir = Workdir::with_penguins();
    workdir.write("empty.receipt", "{}");
    let json = |args: &[&str]| workdir.run(&[args, &["--format", "json"]].concat());
    told(&json(&["verify", "empty.receipt"]), 1, "not-valid");
    told(&json(&["verify", "absent.receipt"]), 2, "not-found");
    told(&json(&["prove", "penguins", "mean(body_mass_g) <= 4000"]), 3, "false-claim");
    told(&json(&["prove", "penguins", "mean(body_mas_g) <= 4000"]), 2, "invalid-input");
    told(&json(&["history", "puffins"]), 2, "not-found");
    told(&json(&["init"]), 2, "already-exists");
    told(&json(&["receipt", "0", "-o", "no/such/a.receipt"]), 2, "unavailable");
    let error =
        told(&json(&["prove", "penguins", "gap(sex = 'MALE' by island: 'Dream', 'Biscoe') <= 5%"]), 2, "invalid-input");
    assert_eq!(error["hint"], "notarize the table again with --joint island,sex");
    assert_eq!(workdir.json(&["log"])["entries"].as_array().unwrap().len(), 1, "nothing was recorded");
}

#[test]
fn causes_are_told_with_the_nearest_first() {
    let workdir = Workdir::with_penguins();
    let answer = workdir.run(&["receipt", "0", "-o", "/dev/full", "--format", "json"]);
    let error = told(&answer, 2, "unavailable");
    assert_eq!(error["message"], "cannot write /dev/full");
    assert!(error["causes"][0].as_str().unwrap().starts_with("No space left"), "{error}");
    assert!(error.get("hint").is_none(), "{error}");
}

#[test]
fn a_command_line_that_cannot_be_read_is_told_as_json_too() {
    let workdir = Workdir::new();
    let error = told(&workdir.run(&["--format", "json", "log", "--limits", "3"]), 2, "usage");
    assert_eq!(error["message"], "unexpected argument '--limits' found");
    assert!(error["hint"].as_str().unwrap().contains("--limit"), "{error}");
    told(&workdir.run(&["log", "--format=json", "--kind", "Proof"]), 2, "usage");
    let output = workdir.command(&["log", "--kind", "Proof"]).env("ZKL_FORMAT", "json").output().unwrap();
    told(&crate::common::answer(&output), 2, "usage");
    assert!(workdir.fails(2, &["log", "--limits", "3"]).starts_with("error: unexpected argument"));
    // Help stays help.
    assert!(workdir.ok(&["--format", "json", "log", "--help"]).contains("Usage: zkl log"));
}

#[test]
fn the_format_of_errors_comes_from_the_settings_as_any_other_format() {
    let workdir = Workdir::new();
    workdir.write("zkl.toml", "format = \"json\"\n");
    told(&workdir.run(&["log"]), 2, "not-found");
    workdir.write("zkl.toml", "formats = \"json\"\n");
    told(&workdir.run(&["log", "--format", "json"]), 2, "invalid-input");
}

#[test]
fn whoever_meets_another_writer_can_tell() {
    let workdir = Workdir::with_penguins();
    let other = keep_open(&workdir);
    let error = told(&workdir.run(&["notarize", &penguins(), "--format", "json"]), 4, "busy");
    assert!(error["hint"].as_str().unwrap().contains("--wait"), "{error}");
    drop(other);
    workdir.ok(&["notarize", &penguins(), "--attest-only"]);
}

#[test]
fn the_help_says_every_code() {
    let help = Workdir::new().ok(&["--help"]);
    let line = help.lines().find(|line| line.starts_with("Exit codes: ")).unwrap();
    for code in ["0 done", "1 not valid", "2 any other error", "3 the claim is false", "4 busy"] {
        assert!(line.contains(code), "{line}");
    }
}
