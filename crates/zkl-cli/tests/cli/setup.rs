//! The first minutes: what `init` leaves behind, what a program was built with, manual pages.

use std::{fs, process::Command};

use crate::common::{Workdir, penguins};

#[test]
fn git_never_sees_the_secrets_of_a_ledger() {
    let workdir = Workdir::with_penguins();
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command
            .args(args)
            .current_dir(workdir.dir.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", workdir.dir.path());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    git(&["init", "-q"]);
    workdir.write("seen.txt", "x");
    git(&["add", "-A"]);
    assert_eq!(git(&["ls-files"]), "seen.txt\n");
    // Elsewhere as well, and never over a file that is there.
    workdir.ok(&["--ledger", "elsewhere", "init"]);
    assert!(workdir.path("elsewhere/.gitignore").is_file());
    fs::create_dir(workdir.path("mine")).unwrap();
    workdir.write("mine/.gitignore", "ledger.key\n");
    workdir.ok(&["--ledger", "mine", "init"]);
    assert_eq!(fs::read_to_string(workdir.path("mine/.gitignore")).unwrap(), "ledger.key\n");
    workdir.ok(&["doctor"]);
    workdir.ok(&["fsck"]);
}

#[test]
fn whoever_names_no_origin_is_told_what_that_means() {
    let workdir = Workdir::new();
    let answer = workdir.run(&["init"]);
    assert!(
        answer.code == Some(0) && answer.stderr.contains("--origin") && answer.stderr.contains(".invalid"),
        "{}",
        answer.stderr
    );
    let named = Workdir::new().run(&["init", "--origin", "ledger.example.com/ml"]);
    assert_eq!((named.code, named.stderr.as_str()), (Some(0), ""));
}

#[test]
fn an_absent_key_is_reported() {
    let workdir = Workdir::with_penguins();
    fs::remove_file(workdir.path(".zkl/ledger.key")).unwrap();
    let said = workdir.ok(&["doctor"]);
    assert!(
        said.contains("note     key        the log's private key is not here: this ledger can only be read"),
        "{said}"
    );
    assert!(!said.contains("is private"), "{said}");
    workdir.ok(&["log"]);
    assert!(workdir.fails(2, &["notarize", &penguins(), "--name", "more"]).contains("ledger.key"));
    // Without the public key it cannot even be read.
    fs::remove_file(workdir.path(".zkl/log-public.txt")).unwrap();
    assert!(workdir.run(&["doctor"]).stdout.contains("PROBLEM  key"));
}

#[test]
fn the_version_says_what_was_compiled_in() {
    let workdir = Workdir::new();
    let short = workdir.ok(&["-V"]);
    assert_eq!(short.lines().count(), 1);
    let long = workdir.ok(&["--version"]);
    assert!(long.starts_with(&short.trim_end().to_owned()), "{long}");
    assert!(long.lines().any(|line| line.starts_with("features: ")), "{long}");
    assert_eq!(long.contains("features: rocks"), cfg!(feature = "rocks"), "{long}");
    assert!(long.lines().last().unwrap().starts_with("left out: "), "{long}");
}

#[test]
fn every_command_has_a_manual_page() {
    let workdir = Workdir::new();
    workdir.ok(&["man", "share/man1"]);
    for (page, said) in
        [("zkl", "zero knowledge"), ("zkl-verify", "Verify receipts offline"), ("zkl-key-show", "public keys")]
    {
        let text = fs::read_to_string(workdir.path(&format!("share/man1/{page}.1"))).expect(page);
        assert!(text.starts_with(".ie") || text.contains(".TH"), "{page}");
        assert!(text.contains(said), "{page}");
    }
    assert!(!workdir.ok(&["--help"]).contains("  man "), "packagers know it");
}
