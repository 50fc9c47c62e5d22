//! Files of strangers, slips of the owner, and an environment that lacks things.

use crate::common::{Workdir, penguins};

#[test]
fn a_settings_file_that_came_with_the_receipt_pins_nothing() {
    let workdir = Workdir::with_penguins();
    workdir.ok(&["receipt", "0", "-o", "a.receipt"]);
    let key = workdir.json(&["verify", "a.receipt"])["log"]["key"].as_str().unwrap().to_owned();
    workdir.write("zkl.toml", format!("trust = [{key:?}]\n"));
    let error = workdir.fails(2, &["verify", "a.receipt"]);
    assert!(error.contains("come with the receipt") && error.contains("--config"), "{error}");
    assert_eq!(workdir.json(&["verify", "a.receipt", "--config", "zkl.toml"])["log"]["pinned"], true);
    workdir.ok(&["log"]);
}

#[test]
fn a_receipt_verifies_without_a_home() {
    let workdir = Workdir::with_penguins();
    workdir.ok(&["receipt", "0", "-o", "a.receipt"]);
    let run = |args: &[&str]| crate::common::answer(&workdir.command(args).env_remove("ZKL_KEYS").output().unwrap());
    assert_eq!(run(&["verify", "a.receipt"]).code, Some(0));
    assert_eq!(run(&["log"]).code, Some(0), "no keys are made to list entries");
    let answer = run(&["notarize", &penguins(), "--name", "again"]);
    assert!(answer.code == Some(2) && answer.stderr.contains("--keys DIR"), "{}", answer.stderr);
}

#[test]
fn neither_the_table_nor_the_ledger_is_overwritten_by_a_slip() {
    let workdir = Workdir::with_penguins();
    let table = std::fs::read(penguins()).unwrap();
    workdir.write("p.csv", &table);
    let key = std::fs::read(workdir.path(".zkl/ledger.key")).unwrap();
    assert!(workdir.fails(2, &["notarize", "p.csv", "-o", "./p.csv"]).contains("not replaced"));
    workdir.fails(2, &["schema", "p.csv", "-o", "p.csv"]);
    workdir.fails(2, &["receipt", "0", "-o", ".zkl/ledger.key"]);
    workdir.fails(2, &["prove", "penguins", "rows >= 300", "-o", ".zkl/ledger.key"]);
    assert_eq!(std::fs::read(workdir.path("p.csv")).unwrap(), table);
    assert_eq!(std::fs::read(workdir.path(".zkl/ledger.key")).unwrap(), key);
    assert_eq!(workdir.json(&["log"])["entries"].as_array().unwrap().len(), 1);
}

#[test]
fn a_used_ledger_that_lost_its_store_does_not_begin_another_history() {
    let workdir = Workdir::with_penguins();
    std::fs::remove_dir_all(workdir.path(".zkl/db")).unwrap();
    let error = workdir.fails(2, &["notarize", &penguins(), "--name", "penguins"]);
    assert!(error.contains("no store") && error.contains("hint: restore"), "{error}");
    assert!(!workdir.path(".zkl/db").exists());

    // An interrupted `zkl init` leaves a ledger without a store, too: nothing was signed yet.
    let fresh = Workdir::new();
    fresh.ok(&["init"]);
    std::fs::remove_dir_all(fresh.path(".zkl/db")).unwrap();
    fresh.ok(&["notarize", &penguins(), "--name", "penguins", "--attest-only"]);
}

#[test]
fn a_column_name_cannot_steer_the_terminal() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    workdir.write("evil.csv", "\"a\u{1b}[2J\u{202e}\nVALID\",b\n1,2\n3,4\n");
    for args in
        [&["schema", "evil.csv"][..], &["notarize", "evil.csv", "--attest-only"], &["profile", "evil"], &["log"]]
    {
        let answer = workdir.run(args);
        let shown = answer.stdout + &answer.stderr;
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{args:?}: {shown:?}");
        assert!(!shown.lines().any(|line| line.starts_with("VALID")), "{args:?}: {shown:?}");
    }
}

#[test]
fn secrets_stay_private_under_a_permissive_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    let workdir = Workdir::new();
    for args in [vec!["init"], vec!["notarize", &penguins(), "--name", "penguins", "--attest-only"]] {
        let inner = workdir.command(&args);
        let mut command = std::process::Command::new("bash");
        command.args(["-c", "umask 000; exec \"$@\"", "bash"]).arg(inner.get_program()).args(inner.get_args());
        command.current_dir(workdir.dir.path()).env_clear().env("ZKL_KEYS", crate::common::key_dir());
        assert!(command.output().unwrap().status.success());
    }
    let mode = |path: std::path::PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(workdir.path(".zkl")), mode(workdir.path(".zkl/openings"))), (0o700, 0o700));
    assert_eq!(mode(workdir.path(".zkl/ledger.key")), 0o600);
    for opening in std::fs::read_dir(workdir.path(".zkl/openings")).unwrap() {
        assert_eq!(mode(opening.unwrap().path()), 0o600);
    }
}
