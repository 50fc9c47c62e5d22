//! A ledger that several commands use, and a store that is replaced behind its back.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::common::{Workdir, answer, penguins};

/// A notarization that reads its table from a pipe, and so is under way until the pipe is closed.
fn under_way(workdir: &Workdir) -> (Child, fs::File) {
    let fifo = workdir.path("slow.csv");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut command = workdir.command(&["notarize", "slow.csv", "--input-format", "csv"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Opens when the other end does.
    (child, fs::OpenOptions::new().write(true).open(&fifo).unwrap())
}

fn replace(from: &Path, to: &Path) {
    fs::remove_dir_all(to).unwrap();
    assert!(Command::new("cp").arg("-r").args([from, to]).status().unwrap().success());
}

#[test]
fn tables_are_read_and_proved_side_by_side_in_one_ledger() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    let (slow, mut pipe) = under_way(&workdir);
    workdir.ok(&["notarize", &penguins(), "--name", "penguins", "--attest-only"]);
    workdir.ok(&["prove", "penguins", "rows >= 300"]);
    pipe.write_all(b"a,b\n1,2\n3,4\n5,6\n").unwrap();
    drop(pipe);
    let answer = answer(&slow.wait_with_output().unwrap());
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    assert!(answer.stdout.contains("proved") && answer.stdout.contains("entry 2"), "{}", answer.stdout);
    assert_eq!(workdir.json(&["fsck"])["sound"], true);
    assert_eq!(workdir.json(&["history", "slow"])["entries"].as_array().unwrap().len(), 1);
}

#[test]
fn a_key_that_was_rotated_away_meanwhile_signs_nothing() {
    let workdir = Workdir::with_penguins();
    let (slow, mut pipe) = under_way(&workdir);
    workdir.ok(&["key", "rotate"]);
    workdir.ok(&["key", "rotate", "--end-overlap"]);
    pipe.write_all(b"a,b\n1,2\n3,4\n5,6\n").unwrap();
    drop(pipe);
    let answer = answer(&slow.wait_with_output().unwrap());
    assert_eq!(answer.code, Some(2), "{}", answer.stdout);
    assert!(answer.stderr.contains("successor"), "{}", answer.stderr);
    assert_eq!(workdir.json(&["log"])["entries"][0]["kind"], "key", "nothing came after the rotation");
}

#[test]
fn an_older_copy_of_the_store_does_not_begin_a_second_history() {
    let workdir = Workdir::with_penguins();
    workdir.ok(&["backup", "rocks:old"]);
    workdir.ok(&["prove", "penguins", "rows >= 300"]);
    let (store, first) = (workdir.path(".zkl/db"), workdir.path("first"));
    assert!(Command::new("cp").arg("-r").args([&store, &first]).status().unwrap().success());
    let kept = workdir.json(&["export", "public"])["entries"].clone();
    assert_eq!(kept, 2);
    fs::remove_dir_all(&store).unwrap();
    workdir.ok(&["restore", "rocks:old"]);

    let prove = ["prove", "penguins", "rows >= 301"];
    let refused = workdir.fails(2, &prove);
    assert!(refused.contains("has 1 entries, and not the 2 that this ledger has had"), "{refused}");
    assert!(
        refused.contains("\nhint: restore the newest copy") && refused.contains("--accept-older-store"),
        "{refused}"
    );
    workdir.fails(2, &["notarize", &penguins(), "--name", "again", "--attest-only"]);
    workdir.fails(2, &["key", "rotate"]);
    assert!(workdir.run(&["doctor"]).stdout.contains("PROBLEM  store"), "the doctor sees it");
    assert_eq!(workdir.json(&["log"])["entries"].as_array().unwrap().len(), 1, "what is there can be read");

    // Who says so goes on, once, and from then on that is the log.
    workdir.ok(&[&prove[..], &["--accept-older-store"]].concat());
    workdir.ok(&["prove", "penguins", "rows >= 302"]);
    workdir.ok(&["doctor"]);
    // As many entries and more, of the other history.
    replace(&first, &store);
    workdir.fails(2, &prove);
    for rows in 303..305 {
        workdir.ok(&["prove", "penguins", &format!("rows >= {rows}"), "--accept-older-store"]);
    }
    replace(&workdir.path("old"), &store);
    assert!(workdir.fails(2, &prove).contains("has 1 entries"));
}

#[test]
fn a_longer_store_with_another_history_is_refused_too() {
    let workdir = Workdir::with_penguins();
    let (store, fork) = (workdir.path(".zkl/db"), workdir.path("fork"));
    assert!(Command::new("cp").arg("-r").args([&store, &fork]).status().unwrap().success());
    let seen = fs::read(workdir.path(".zkl/seen.json")).unwrap();
    workdir.ok(&["prove", "penguins", "rows >= 300"]);
    let newer = fs::read(workdir.path(".zkl/seen.json")).unwrap();
    assert_ne!(seen, newer);
    // A copy of the directory that went on by itself.
    replace(&fork, &store);
    workdir.write(".zkl/seen.json", &seen);
    workdir.ok(&["prove", "penguins", "rows >= 301"]);
    workdir.ok(&["prove", "penguins", "rows >= 302"]);
    workdir.write(".zkl/seen.json", &newer);
    let refused = workdir.fails(2, &["prove", "penguins", "rows >= 303"]);
    assert!(refused.contains("has 3 entries, and not the 2"), "{refused}");
    // What a crash of the machine may leave: nothing is known then.
    workdir.write(".zkl/seen.json", "");
    workdir.ok(&["prove", "penguins", "rows >= 303"]);
    workdir.write(".zkl/seen.json", "{");
    assert!(workdir.fails(2, &["prove", "penguins", "rows >= 304"]).contains("seen.json"));
}

#[test]
fn a_log_moves_to_another_store_and_not_back() {
    let workdir = Workdir::with_penguins();
    let before = fs::read_to_string(workdir.path(".zkl/ledger.toml")).unwrap();
    let moved = workdir.json(&["move", "rocks:elsewhere"]);
    assert_eq!((&moved["entries"], moved["to"].as_str().unwrap().ends_with("/elsewhere")), (&1.into(), true));
    assert!(fs::read_to_string(workdir.path(".zkl/ledger.toml")).unwrap().contains("elsewhere"));
    assert!(workdir.fails(2, &["move", "rocks:elsewhere"]).contains("already"));
    // Until something is recorded, both are the same; then only one is the log.
    workdir.ok(&["prove", "penguins", "rows >= 300"]);
    assert_eq!(workdir.json(&["fsck"])["entries"], 2);
    workdir.write(".zkl/ledger.toml", &before);
    workdir.fails(2, &["prove", "penguins", "rows >= 301"]);
    assert!(workdir.fails(2, &["move", "rocks:third"]).contains("an older copy"));
    assert!(workdir.fails(2, &["move", "memory:"]).contains("lasts"));
    assert!(!workdir.path("third").exists());
}

#[test]
fn a_log_is_not_moved_over_another_one() {
    let workdir = Workdir::with_penguins();
    workdir.ok(&["--ledger", "other", "init", "--store", "rocks:other-db"]);
    workdir.ok(&["--ledger", "other", "notarize", &penguins(), "--name", "penguins", "--attest-only"]);
    let before = fs::read_to_string(workdir.path(".zkl/ledger.toml")).unwrap();
    workdir.fails(2, &["move", "rocks:other-db"]);
    assert_eq!(fs::read_to_string(workdir.path(".zkl/ledger.toml")).unwrap(), before);
    workdir.ok(&["prove", "penguins", "rows >= 300"]);
}
