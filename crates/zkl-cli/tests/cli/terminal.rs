//! What a person sees: help pages and tables.

use crate::common::Workdir;

#[test]
fn every_command_says_what_it_does() {
    let help = Workdir::new().ok(&["-h"]);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Deeper lines go on with the description above them.
    for line in commands.filter(|line| !line.starts_with("   ")) {
        assert!(line.split_whitespace().count() > 2, "{line:?} has no description");
    }
}

#[test]
fn a_switch_in_the_environment_may_be_1_or_true() {
    let workdir = Workdir::with_penguins();
    for value in ["1", "0", "true", "false", "yes"] {
        let output = workdir.command(&["datasets"]).env("ZKL_QUIET", value).output().unwrap();
        assert!(output.status.success(), "ZKL_QUIET={value}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn kinds_and_times_that_are_none_are_explained() {
    let workdir = Workdir::new();
    assert!(workdir.fails(2, &["log", "--kind", "Proof"]).contains("a kind has 1 to 32 characters"));
    assert!(workdir.fails(2, &["log", "--since", "yesterday"]).contains("such as 2024-06-01T00:00:00Z"));
}

#[test]
fn tables_for_people_hold_one_line_per_item() {
    let workdir = Workdir::with_penguins();
    let profile = workdir.ok(&["profile", "penguins"]);
    assert!(profile.contains("Adelie: 152, Gentoo: 124, Chinstrap: 68"), "{profile}");
    assert!(profile.contains("2700 to 6300, mean 4201.754385…, variance 641250.577100…"), "{profile}");
    let log = workdir.ok(&["log"]);
    assert!(log.contains("notarization: attested, private"), "{log}");
    // The header and one line each: frames are for terminals.
    assert_eq!((profile.lines().count(), log.lines().count()), (1 + 1 + 7, 1 + 1));
    assert!(!(profile + &log).contains(['│', '─', '═', '┌']), "{log}");
}

#[test]
fn a_list_that_ends_early_says_so() {
    let workdir = Workdir::with_penguins();
    for bound in 1..=2 {
        workdir.ok(&["prove", "penguins", &format!("rows >= {bound}")]);
    }
    for (limit, listed, more) in [("1", 1, true), ("2", 2, true), ("3", 3, false), ("20", 3, false), ("0", 0, true)] {
        let args = ["log", "--limit", limit];
        let log = workdir.json(&args);
        assert_eq!((log["entries"].as_array().unwrap().len(), &log["more"]), (listed, &more.into()), "{log}");
        assert_eq!(workdir.run(&args).stderr.contains("there are older entries"), more, "--limit {limit}");
        assert_eq!(workdir.run(&[&args[..], &["-q"]].concat()).stderr, "");
    }
    let history = workdir.json(&["history", "penguins", "--kind", "claim", "--limit", "2"]);
    assert_eq!(history["more"], false, "the older entry is of another kind");
}

#[test]
fn a_type_that_is_none_is_explained() {
    let workdir = Workdir::new();
    workdir.write("t.csv", "a\n1\n");
    let error = workdir.fails(2, &["notarize", "t.csv", "--column", "a=number"]);
    assert!(error.contains("expected bool, int, decimal(2), date"), "{error}");
}
