//! The log's key through its life: replaced, in an overlap, revoked; and commands that are interrupted.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::common::{Workdir, penguins};

fn notarize(workdir: &Workdir, name: &str) {
    workdir.ok(&["notarize", &penguins(), "--name", name, "--attest-only", "-o", &format!("{name}.receipt")]);
}

fn ledger() -> (Workdir, String) {
    let workdir = Workdir::new();
    let key = text(&workdir.json(&["init", "--origin", "example.com/log"])["log_key"]);
    notarize(&workdir, "first");
    (workdir, key)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn log_key(workdir: &Workdir) -> Value {
    workdir.json(&["key", "show"])["keys"][0].clone()
}

/// How many keys signed the exported checkpoint.
fn signatures(workdir: &Workdir) -> usize {
    workdir.ok(&["export", "public"]);
    fs::read_to_string(workdir.path("public/checkpoint")).unwrap().matches("— example.com/log ").count()
}

#[test]
fn a_key_is_replaced_and_whoever_pinned_it_goes_on() {
    let (workdir, old) = ledger();
    assert_eq!(signatures(&workdir), 1);
    fs::copy(workdir.path("public/checkpoint"), workdir.path("kept")).unwrap();
    let rotated = workdir.json(&["key", "rotate"]);
    let new = text(&rotated["public"]);
    assert_eq!((&rotated["old"], &rotated["index"]), (&old.clone().into(), &1.into()));
    assert_ne!(new, old);
    let shown = log_key(&workdir);
    assert_eq!(text(&shown["public"]), new);
    assert!(text(&shown["former"]).ends_with("ledger.key") && text(&shown["place"]).contains("log-"), "{shown}");
    assert!(workdir.ok(&["log"]).contains("log key replaced by"));
    assert!(workdir.ok(&["doctor"]).contains("so does its former key"));

    // Both sign until the overlap ends, and no other rotation begins.
    assert_eq!(signatures(&workdir), 2);
    workdir.ok(&["fsck", "--export", "public", "--trust", &new]);
    let again = workdir.fails(2, &["key", "rotate"]);
    assert!(again.contains("replaced in entry 1") && again.contains("--end-overlap"), "{again}");
    let former = workdir.path(".zkl/ledger.key");
    assert!(former.exists());
    assert_eq!(workdir.json(&["key", "rotate", "--end-overlap"])["removed"], true);
    assert!(!former.exists());
    assert!(workdir.ok(&["key", "rotate", "--end-overlap"]).contains("No former key"));
    assert_eq!(log_key(&workdir)["former"], Value::Null);
    notarize(&workdir, "second");
    assert_eq!(signatures(&workdir), 1);
    assert_eq!(workdir.json(&["fsck"])["sound"], true);

    // Receipts of before and after, for whoever knows either key.
    for (receipt, key, followed) in [("first", &old, false), ("second", &old, true), ("second", &new, false)] {
        let verified = workdir.json(&["verify", &format!("{receipt}.receipt"), "--trust", key, "--require", "pinned"]);
        assert_eq!(verified["kind"], "notarization", "{verified}");
        assert_eq!(verified["log"]["followed_from"] == Value::String(old.clone()), followed, "{verified}");
    }
    let audit = ["audit", "--since", "kept", "--export", "public", "--trust", &old];
    let report = workdir.json(&audit);
    assert_eq!((&report["log_key"], &report["followed_from"]), (&new.clone().into(), &old.into()));
    workdir.ok(&["audit", "--since", "kept"]);

    // A second rotation, to a key that is there already.
    workdir.ok(&["key", "generate", "third.pem"]);
    let rotated = workdir.json(&["key", "rotate", "third.pem"]);
    assert_eq!(rotated["old"], new);
    workdir.ok(&["key", "rotate", "--end-overlap", "--keep"]);
    notarize(&workdir, "third");
    let verified = workdir.json(&["verify", "third.receipt", "--trust", &new, "--require", "pinned"]);
    assert_eq!(verified["log"]["key"], rotated["public"]);
    // A key that the log had does not come back.
    let kept: Vec<PathBuf> = fs::read_dir(workdir.path(".zkl"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "key"))
        .collect();
    let [kept] = &kept[..] else { panic!("{kept:?}") };
    let refused = workdir.fails(2, &["key", "rotate", &kept.display().to_string()]);
    assert!(refused.contains("was the log's and was replaced"), "{refused}");
    // Nothing of that is left: it does not sign, and the log's own key is refused for what it is.
    assert_eq!(signatures(&workdir), 1);
    let refused = workdir.fails(2, &["key", "rotate", "third.pem"]);
    assert!(refused.contains("that is the log's key"), "{refused}");
    workdir.ok(&["doctor"]);
}

/// After each of its writes the process may have ended.
#[test]
fn an_interrupted_rotation_goes_on_where_it_was() {
    for switched in [false, true] {
        let (workdir, old) = ledger();
        let [settings, public] = ["ledger.toml", "log-public.txt"].map(|name| workdir.path(".zkl").join(name));
        let before = fs::read_to_string(&public).unwrap();
        workdir.ok(&["key", "rotate"]);
        let new = text(&log_key(&workdir)["public"]);
        // As it was before the last write, and before the one that precedes it.
        let done = fs::read_to_string(&settings).unwrap();
        let line = done.lines().find(|line| line.starts_with("log_key = ")).unwrap();
        let undone: String =
            done.lines().filter(|line| !line.contains("log_key = ")).map(|line| format!("{line}\n")).collect();
        fs::write(&settings, format!("next_{line}\n{undone}")).unwrap();
        if !switched {
            fs::write(&public, &before).unwrap();
        }
        assert!(workdir.run(&["doctor"]).stdout.contains("was interrupted"));
        notarize(&workdir, "between");
        let verified = workdir.json(&["verify", "between.receipt"]);
        assert_eq!(verified["log"]["key"], if switched { new.clone() } else { old.clone() });
        assert_eq!(signatures(&workdir), 2);
        for refused in [vec!["key", "rotate", "--end-overlap"], vec!["key", "rotate", "other.pem"]] {
            assert!(workdir.fails(2, &refused).contains("is under way"), "{refused:?}");
        }
        let again = workdir.json(&["key", "rotate"]);
        assert_eq!((&again["index"], &again["public"], &again["old"]), (&1.into(), &new.into(), &old.into()));
        assert_eq!(fs::read_to_string(&settings).unwrap(), done);
        notarize(&workdir, "after");
        assert_eq!(workdir.json(&["fsck"])["sound"], true);
    }
}

/// Before the entry: the key that takes over is known, and the log has not heard of it.
#[test]
fn a_rotation_that_had_only_begun_is_carried_out() {
    let (workdir, old) = ledger();
    workdir.ok(&["key", "generate", "next.pem"]);
    let settings = workdir.path(".zkl/ledger.toml");
    let text_before = fs::read_to_string(&settings).unwrap();
    let next = workdir.path("next.pem").display().to_string();
    fs::write(&settings, format!("next_log_key = {}\n{text_before}", Value::from(next))).unwrap();
    notarize(&workdir, "between");
    let rotated = workdir.json(&["key", "rotate"]);
    assert_eq!((&rotated["index"], &rotated["old"]), (&2.into(), &old.into()));
}

/// Two copies of a directory, and one of them rotates: the other must not go on with the old key alone.
#[test]
fn a_copy_with_the_old_key_appends_nothing_after_a_rotation() {
    let (workdir, _) = ledger();
    let [settings, public] = ["ledger.toml", "log-public.txt"].map(|name| workdir.path(".zkl").join(name));
    let before = [&settings, &public].map(|path| fs::read(path).unwrap());
    workdir.ok(&["key", "rotate"]);
    let after = [&settings, &public].map(|path| fs::read(path).unwrap());
    let put = |files: &[Vec<u8>; 2]| {
        fs::write(&settings, &files[0]).unwrap();
        fs::write(&public, &files[1]).unwrap();
    };
    put(&before);
    let refused = workdir.fails(2, &["notarize", &penguins(), "--name", "fork", "--attest-only"]);
    assert!(refused.contains("has named a successor in entry 1"), "{refused}");
    put(&after);
    notarize(&workdir, "second");
}

#[test]
fn a_revoked_key_ends_in_the_log_and_in_the_trust_store() {
    let (workdir, old) = ledger();
    let error = workdir.fails(2, &["key", "revoke", &old, "--from", "1"]);
    assert!(error.contains("that is the log's key") && error.contains("zkl key rotate"), "{error}");
    workdir.ok(&["key", "rotate"]);
    let other = text(&Workdir::new().json(&["init", "--origin", "example.com/other"])["log_key"]);
    let error = workdir.fails(2, &["key", "revoke", &other, "--from", "1"]);
    assert!(error.contains("another log, example.com/other"), "{error}");
    let revoked = workdir.json(&["key", "revoke", &old, "--from", "2"]);
    assert_eq!((&revoked["revoked"], &revoked["from"]), (&old.clone().into(), &2.into()));
    assert_eq!(log_key(&workdir)["former"], Value::Null, "the revoked key signs no more");
    assert!(workdir.ok(&["log"]).contains("revoked from 2 entries on"));
    assert_eq!(signatures(&workdir), 1);
    notarize(&workdir, "second");
    workdir.write("trust.toml", format!("version = 1\n{}", text(&revoked["trust_store"])));
    // What the old key signed before counts, and so does what the new one signs.
    for receipt in ["first.receipt", "second.receipt"] {
        workdir.ok(&["verify", receipt, "--trust-store", "trust.toml", "--require", "pinned"]);
    }
    let late = text(&revoked["trust_store"]).replace("until = 1", "until = 0");
    workdir.write("late.toml", format!("version = 1\n{late}"));
    let refused = workdir.fails(1, &["verify", "first.receipt", "--trust-store", "late.toml"]);
    assert!(refused.contains("up to 0"), "{refused}");
    let told = workdir.ok(&["key", "revoke", &old, "--from", "2"]);
    assert!(told.starts_with("REVOKED at sizes from 2 on") && told.contains("strike it out"), "{told}");
}

/// A notary with a key of its own, whom a trust store lists: it is followed, forwards only.
#[test]
fn a_notary_names_its_successor_and_whoever_lists_it_goes_on() {
    let workdir = Workdir::new();
    workdir.ok(&["key", "generate", "notary.pem"]);
    let key = text(&workdir.json(&["init", "--origin", "example.com/log", "--notary-key", "notary.pem"])["log_key"]);
    let notary = |workdir: &Workdir| text(&workdir.json(&["key", "show"])["keys"][1]["public"]);
    let first = notary(&workdir);
    notarize(&workdir, "before");
    let [settings, public] = ["ledger.toml", "notary-public.txt"].map(|name| workdir.path(".zkl").join(name));
    let (old_settings, old_public) = (fs::read_to_string(&settings).unwrap(), fs::read_to_string(&public).unwrap());
    let rotated = workdir.json(&["key", "rotate", "--role", "notary"]);
    let second = notary(&workdir);
    assert_eq!((&rotated["old"], &rotated["public"]), (&first.clone().into(), &second.clone().into()));
    assert!(text(&rotated["former"]).ends_with("notary.pem"), "{rotated}");
    assert!(workdir.ok(&["log"]).contains("notary's key replaced by"));
    notarize(&workdir, "after");
    workdir.ok(&["key", "rotate"]);
    workdir.ok(&["doctor"]);

    let store = |lines: &str| {
        workdir.write("trust.toml", format!("version = 1\n[[log]]\nkey = \"{key}\"\n[[notary]]\n{lines}"));
    };
    let verify = |receipt: &str| workdir.run(&["verify", receipt, "--trust-store", "trust.toml"]);
    store(&format!("key = \"{first}\"\n"));
    for receipt in ["before.receipt", "after.receipt"] {
        assert_eq!(verify(receipt).code, Some(0), "{}", verify(receipt).stderr);
    }
    store(&format!("key = \"{second}\"\n"));
    assert_eq!(verify("after.receipt").code, Some(0));
    assert!(verify("before.receipt").stderr.contains("not among those of the trust store"));
    store(&format!("log = \"example.com/log\"\nkey = \"{first}\"\nuntil = 9\n"));
    let refused = verify("after.receipt").stderr;
    assert!(refused.contains("ends in the trust store"), "{refused}");

    // The old key signs nothing more, and comes back from no interruption.
    let (new_settings, new_public) = (fs::read_to_string(&settings).unwrap(), fs::read_to_string(&public).unwrap());
    let with = |line: &str| {
        let kept: String = old_settings.split_inclusive('\n').collect();
        let log_keys = new_settings.split_inclusive('\n').filter(|line| line.contains("log_key = "));
        format!("{line}{}{kept}", log_keys.collect::<String>())
    };
    let next = new_settings.lines().find(|line| line.starts_with("notary_key = ")).unwrap();
    let next = format!("next_{next}\n");
    for (settings_then, public_then) in [(with(""), &old_public), (with(&next), &old_public)] {
        fs::write(&settings, settings_then).unwrap();
        fs::write(&public, public_then).unwrap();
        let refused = workdir.fails(2, &["notarize", &penguins(), "--name", "fork", "--attest-only"]);
        assert!(refused.contains("has named a successor in entry 1"), "{refused}");
    }
    fs::write(&public, &new_public).unwrap();
    notarize(&workdir, "between");
    let again = workdir.json(&["key", "rotate", "--role", "notary"]);
    assert_eq!((&again["index"], &again["old"], &again["public"]), (&1.into(), &first.into(), &second.clone().into()));
    // Nor is it taken again when asked for, and another rotation can begin.
    let refused = workdir.fails(2, &["key", "rotate", "--role", "notary", "notary.pem"]);
    assert!(refused.contains("was replaced"), "{refused}");
    assert_eq!(workdir.json(&["key", "rotate", "--role", "notary"])["old"], second);
    assert_eq!(workdir.json(&["fsck"])["sound"], true);
    let without = Workdir::new();
    without.ok(&["init"]);
    assert!(without.fails(2, &["key", "rotate", "--role", "notary"]).contains("its notary has none"));
}
