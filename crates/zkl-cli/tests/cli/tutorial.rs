//! The tutorial, as its reader follows it.

use std::{path::Path, process::Command};

use crate::common::{Answer, Workdir, block};

fn clone() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap().display().to_string()
}

#[test]
fn the_tutorial_shows_what_it_says() {
    let (workdir, clone) = (Workdir::new(), clone());
    let run = |name: &str| -> Answer {
        let answer = workdir.shell(&block("tutorial.md", &format!("sh {name}")), &[("CLONE", &clone)]);
        assert_eq!(answer.code, Some(0), "{name}: {} {}", answer.stdout, answer.stderr);
        answer
    };
    run("begin");
    let looked = run("look").stdout;
    assert!(looked.contains("systolic") && looked.contains("admitted"), "{looked}");
    let notarized = run("notarize").stdout;
    assert!(notarized.starts_with("Notarized patients: 600 rows, 9 columns, entry 0"), "{notarized}");
    assert!(notarized.contains("proved: it is that of every row"), "{notarized}");
    assert!(run("profile").stdout.contains("600 rows"));
    let tried = run("try").stdout;
    assert!(tried.contains("holds and can be proved") && tried.contains("hidden value"), "{tried}");
    run("prove");
    let refused = run("false");
    assert!(refused.stdout.contains("exit code 3") && refused.stderr.contains("false"), "{}", refused.stderr);
    run("publish");

    let verified = run("verify").stdout;
    assert!(verified.contains("5 of 5 receipts are valid") && !verified.contains("NOT pinned"), "{verified}");
    let one = run("one").stdout;
    for line in
        ["VALID", "rests on  public ceremony", "NOTHING WAS VERIFIED", "column    crp: decimal(1), may be absent"]
    {
        assert!(one.contains(line), "{line}: {one}");
    }
    // Nobody else's log passes for the hospital's.
    let stranger = Workdir::new();
    stranger.ok(&["init", "--origin", "hospital.example/research"]);
    let key = stranger.path(".zkl/log-public.txt").display().to_string();
    workdir.fails(1, &["verify", "receipts/age.receipt", "--trust", &key]);

    let history = run("supersede").stdout;
    assert!(history.contains("Notarized patients: 605 rows"), "{history}");
    assert!(history.contains("SUPERSEDED in entry 7 (the first of July was missing)"), "{history}");
    let audit = run("audit").stdout;
    assert!(audit.starts_with("ONLY GROWN: from 2 to 8 entries"), "{audit}");
    assert!(audit.contains("WITHDRAWN in entry 7: ") && audit.contains("the first of July was missing"), "{audit}");
}

#[test]
fn the_commands_of_the_first_page_work_from_a_clone() {
    let workdir = Workdir::new();
    let copied = workdir.path("examples/data");
    std::fs::create_dir_all(&copied).unwrap();
    std::fs::copy(Path::new(&clone()).join("examples/data/penguins.csv"), copied.join("penguins.csv")).unwrap();
    let answer = workdir.shell(&block("../README.md", "sh commands"), &[]);
    assert_eq!(answer.code, Some(0), "{} {}", answer.stdout, answer.stderr);
    assert!(answer.stdout.contains("\nVALID\n") && answer.stdout.contains("344 rows"), "{}", answer.stdout);
}

#[test]
fn the_tutorials_table_is_what_its_script_writes() {
    let data = Path::new(&clone()).join("examples/data");
    let made = Command::new("python3").arg(data.join("make_patients.py")).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert_eq!(made.stdout, std::fs::read(data.join("patients.csv")).unwrap());
}
