//! The log's key through its life: replaced, in an overlap, revoked; and commands that are interrupted.

use std::fs;

use serde_json::Value;

use crate::common::{Workdir, penguins};

fn notarize(workdir: &Workdir, name: &str) {
    workdir.ok(&["notarize", &penguins(), "--name", name, "--attest-only", "-o", &format!("{name}.receipt")]);
}

fn ledger() -> (Workdir, String) {
    let workdir = Workdir::new();
    let key = workdir.json(&["init", "--origin", "example.com/log"])["log_key"].as_str().unwrap().to_owned();
    notarize(&workdir, "first");
    (workdir, key)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn a_key_is_replaced_and_whoever_pinned_it_goes_on() {
    let (workdir, old) = ledger();
    workdir.ok(&["export", "public"]);
    fs::copy(workdir.path("public/checkpoint"), workdir.path("kept")).unwrap();
    let rotated = workdir.json(&["key", "rotate"]);
    let new = text(&rotated["log_key"]);
    assert_eq!((&rotated["old"], &rotated["index"]), (&old.clone().into(), &1.into()));
    assert_ne!(new, old);
    let shown = workdir.json(&["key", "show"]);
    assert_eq!((&shown["log_key"], &shown["overlap"]), (&new.clone().into(), &old.clone().into()));
    assert_eq!((&shown["former"][0]["log_key"], &shown["former"][0]["index"]), (&old.clone().into(), &1.into()));
    assert!(workdir.ok(&["log"]).contains("log key replaced by"));

    // Both sign until the overlap ends.
    workdir.ok(&["export", "public"]);
    workdir.ok(&["fsck", "--export", "public", "--trust", &new]);
    let lines = || fs::read_to_string(workdir.path("public/checkpoint")).unwrap().matches("— example.com/log ").count();
    assert_eq!(lines(), 2);
    workdir.ok(&["key", "rotate", "--end-overlap"]);
    assert!(workdir.ok(&["key", "rotate", "--end-overlap"]).contains("no former key"));
    assert_eq!(workdir.json(&["key", "show"])["overlap"], Value::Null);
    notarize(&workdir, "second");
    workdir.ok(&["export", "public"]);
    assert_eq!(lines(), 1);
    assert_eq!(workdir.json(&["fsck"])["sound"], true);

    // Receipts of before and after, for whoever knows either key.
    for (receipt, key, followed) in [("first", &old, false), ("second", &old, true), ("second", &new, false)] {
        let verified = workdir.json(&["verify", &format!("{receipt}.receipt"), "--trust", key, "--require", "pinned"]);
        assert_eq!(verified["kind"], "notarization", "{verified}");
        assert_eq!(verified["log"]["followedFrom"] == Value::String(old.clone()), followed, "{verified}");
    }
    assert!(
        workdir.ok(&["verify", "second.receipt", "--trust", &old]).contains("which you trust, in entries of the log")
    );
    let audit = ["audit", "--since", "kept", "--export", "public", "--trust", &old];
    let report = workdir.json(&audit);
    assert_eq!((&report["log_key"], &report["followed_from"]), (&new.into(), &old.into()));
    workdir.ok(&["audit", "--since", "kept"]);
}

#[test]
fn an_interrupted_rotation_goes_on_where_it_was() {
    let (workdir, old) = ledger();
    let [key, next, former] = ["ledger.key", "next.key", "former.key"].map(|name| workdir.path(".zkl").join(name));
    let secret = fs::read(&key).unwrap();
    workdir.ok(&["key", "rotate"]);
    let new = text(&workdir.json(&["key", "show"])["log_key"]);
    // As if the process had ended before the files changed places: the entry is in the log.
    fs::rename(&key, &next).unwrap();
    fs::write(&key, &secret).unwrap();
    fs::remove_file(&former).unwrap();
    notarize(&workdir, "between");
    let verified = workdir.json(&["verify", "between.receipt"]);
    assert_eq!(verified["log"]["key"], old, "the key that the directory has");
    let again = workdir.json(&["key", "rotate"]);
    assert_eq!((&again["index"], &again["log_key"]), (&1.into(), &new.clone().into()));
    // As if it had ended between the two files.
    fs::copy(&key, &next).unwrap();
    fs::write(&key, &secret).unwrap();
    fs::write(&former, &secret).unwrap();
    assert_eq!(workdir.json(&["key", "rotate"])["index"], 1);
    assert!(!next.exists() && former.exists());
    notarize(&workdir, "after");
    let verified = workdir.json(&["verify", "after.receipt", "--trust", &old]);
    assert_eq!((&verified["log"]["key"], &verified["log"]["size"]), (&new.into(), &4.into()));
    assert_eq!(workdir.json(&["fsck"])["sound"], true);
    for path in [key, former] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_revoked_key_ends_in_the_log_and_in_the_trust_store() {
    let (workdir, old) = ledger();
    let error = workdir.fails(2, &["key", "revoke", &old, "--from", "1"]);
    assert!(error.contains("that is the log's key") && error.contains("zkl key rotate"), "{error}");
    workdir.ok(&["key", "rotate"]);
    let other = Workdir::new().json(&["init"])["log_key"].as_str().unwrap().to_owned();
    workdir.fails(2, &["key", "revoke", &other, "--from", "1"]);
    let revoked = workdir.json(&["key", "revoke", &old, "--from", "2"]);
    assert_eq!((&revoked["revoked"], &revoked["from"]), (&old.clone().into(), &2.into()));
    assert_eq!(workdir.json(&["key", "show"])["overlap"], Value::Null, "the revoked key signs no more");
    assert!(workdir.ok(&["log"]).contains("revoked from 2 entries on"));
    notarize(&workdir, "second");
    workdir.write("trust.toml", format!("version = 1\n{}", text(&revoked["trust_store"])));
    // What the old key signed before counts, and so does what the new one signs.
    for receipt in ["first.receipt", "second.receipt"] {
        workdir.ok(&["verify", receipt, "--trust-store", "trust.toml", "--require", "pinned"]);
    }
    let late = text(&revoked["trust_store"]).replace("until = 1", "until = 0");
    workdir.write("late.toml", format!("version = 1\n{late}"));
    assert!(workdir.fails(1, &["verify", "first.receipt", "--trust-store", "late.toml"]).contains("counts up to 0"));
    let text = workdir.ok(&["key", "revoke", &old, "--from", "2"]);
    assert!(text.starts_with("REVOKED from 2 entries on") && text.contains("strike it out"), "{text}");
}
