//! docs/operations.md: backup and restore, as they stand there, line by line.

use std::{fs, path::Path};

use crate::common::{Answer, Workdir, block, penguins};

/// Runs the block called `name` in the directory of `workdir`.
fn documented(workdir: &Workdir, name: &str, newest: &str) -> Answer {
    let (ledger, safe) = (workdir.path("ledger").display().to_string(), workdir.path("safe").display().to_string());
    let variables = [("LEDGER", ledger.as_str()), ("SAFE", safe.as_str()), ("NEWEST", newest)];
    workdir.shell(&block("operations.md", &format!("sh {name}")), &variables)
}

#[track_caller]
fn succeeds(workdir: &Workdir, name: &str, newest: &str) -> String {
    let answer = documented(workdir, name, newest);
    assert_eq!(answer.code, Some(0), "{name}: {} {}", answer.stdout, answer.stderr);
    answer.stdout
}

fn notarize(workdir: &Workdir, name: &str) {
    workdir.ok(&["--ledger", "ledger", "notarize", &penguins(), "--name", name, "--attest-only"]);
}

fn entries(workdir: &Workdir) -> usize {
    workdir.json(&["--ledger", "ledger", "log"])["entries"].as_array().unwrap().len()
}

#[test]
fn the_runbook_brings_back_everything() {
    let workdir = Workdir::new();
    workdir.ok(&["--ledger", "ledger", "init", "--origin", "example.com/log"]);
    notarize(&workdir, "first");
    fs::create_dir(workdir.path("ledger/server")).unwrap();
    fs::write(workdir.path("ledger/server/keys.json"), "{}").unwrap();
    succeeds(&workdir, "back-up", "");
    // Repeated, it brings the copy up to date.
    notarize(&workdir, "second");
    succeeds(&workdir, "back-up", "");
    let checked = succeeds(&workdir, "check-the-copy", "");
    assert!(checked.contains("SOUND: 2 entries"), "{checked}");
    let kept = workdir.path("kept.receipt");
    fs::copy(workdir.path("safe/newest.receipt"), &kept).unwrap();
    let kept = kept.display().to_string();

    // It is not begun where there is a ledger.
    assert_eq!(documented(&workdir, "restore-directory", "").code, Some(1));
    fs::remove_dir_all(workdir.path("ledger")).unwrap();
    for name in ["restore-directory", "restore-log", "check-the-restored"] {
        succeeds(&workdir, name, &kept);
    }
    assert_eq!(entries(&workdir), 2);
    assert!(workdir.path("ledger/server/keys.json").exists());
    // The opening is there: a claim about the old version can be proved, and the log goes on.
    workdir.ok(&[
        "--ledger",
        "ledger",
        "prove",
        "second",
        "mean(body_mass_g) between 4000 and 4500",
        "-o",
        "mean.receipt",
    ]);
    workdir.ok(&["verify", "mean.receipt"]);
    workdir.ok(&["verify", &kept]);
    assert_eq!(entries(&workdir), 3);
}

#[test]
fn a_copy_that_is_not_the_newest_and_one_that_is_damaged_are_noticed() {
    let workdir = Workdir::new();
    workdir.ok(&["--ledger", "ledger", "init"]);
    notarize(&workdir, "first");
    succeeds(&workdir, "back-up", "");
    notarize(&workdir, "second");
    workdir.ok(&["--ledger", "ledger", "receipt", "last", "-o", "newest.receipt"]);
    let newest = workdir.path("newest.receipt").display().to_string();
    fs::remove_dir_all(workdir.path("ledger")).unwrap();
    succeeds(&workdir, "restore-directory", &newest);
    succeeds(&workdir, "restore-log", &newest);
    let answer = documented(&workdir, "check-the-restored", &newest);
    assert_eq!(answer.code, Some(1), "{} {}", answer.stdout, answer.stderr);
    assert!(answer.stderr.contains("NOT ONLY GROWN"), "{}", answer.stderr);

    spoil(&workdir.path("safe/log"));
    assert_ne!(documented(&workdir, "check-the-copy", "").code, Some(0));
}

/// Empties the files of a copy's database that hold its entries.
fn spoil(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| ["sst", "log", "blob"].iter().any(|named| extension == *named)) {
            fs::write(path, b"").unwrap();
        }
    }
}
