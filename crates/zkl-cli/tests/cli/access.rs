//! Who could do what on a ledger's servers, as an auditor reads it.

use std::fs;

use serde_json::Value;
use zkl_ledger::receipt::{AccessPolicy, PolicyLine};

use crate::common::{Workdir, keep_open};

const SERVER: &str = "5b1f0c2d3e4f5a6b7c8d9e0f";
const FIRST: [&str; 2] = ["everybody may verify", "key 0011223344556677 may administer"];
const SECOND: [&str; 2] = ["key 0011223344556677 may administer", "key 8899aabbccddeeff may read:team/*"];

fn line(text: &str) -> PolicyLine {
    PolicyLine::try_from(text.to_owned()).unwrap()
}

fn policy(lines: &[&str]) -> AccessPolicy {
    lines.iter().map(|text| line(text)).collect()
}

/// Records as a server does; each change is from the one policy to the other.
fn record(workdir: &Workdir, changes: &[(Option<&[&str]>, &[&str])]) {
    let ledger = keep_open(workdir);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        for (before, after) in changes {
            let before = before.map(policy);
            ledger.record_policy(&line(SERVER), before.as_ref(), &policy(after), &line("operator")).await.unwrap();
        }
    });
}

fn lines(report: &Value) -> Vec<&str> {
    report["servers"][0]["policy"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
}

#[test]
fn a_policy_is_read_at_every_size_from_the_ledger_and_from_an_export() {
    let workdir = Workdir::with_penguins();
    assert_eq!(workdir.ok(&["access"]), "No server has recorded who may do what.\n");
    record(&workdir, &[(None, &FIRST), (Some(&FIRST), &SECOND)]);
    workdir.ok(&["export", "public"]);
    let key = fs::read_to_string(workdir.path("public/log.key")).unwrap();
    let export = ["--export", "public", "--trust", key.trim()];
    for place in [&[][..], &export] {
        let at = |size: &[&str]| workdir.json(&[&["access"][..], size, place].concat());
        let now = at(&[]);
        assert_eq!(lines(&now), SECOND);
        let server = &now["servers"][0];
        assert_eq!((&server["server"], &server["entries"], &server["newest"]), (&SERVER.into(), &2.into(), &2.into()));
        assert_eq!((&server["whole"], server.get("breaks")), (&true.into(), None));
        assert_eq!(server["digest"], policy(&SECOND).digest().to_string());
        assert_eq!(lines(&at(&["--at", "2"])), FIRST);
        assert_eq!(at(&["--at", "1"])["servers"].as_array().unwrap().len(), 0);
    }
    let text = workdir.ok(&["access"]);
    assert!(text.contains(SERVER) && text.contains("\n  key 8899aabbccddeeff may read:team/*\n"), "{text}");

    // The other commands tell of it in words.
    let log = workdir.ok(&["log", "--kind", "policy"]);
    assert!(log.contains("policy: key 8899aabbccddeeff may read:team/*; no longer: everybody may verify"), "{log}");
    assert!(workdir.ok(&["show", "2"]).contains("by: operator"));
    assert!(workdir.fails(2, &["withdraw", "2", "--reason", "no"]).contains("cannot be withdrawn"));
    workdir.ok(&["receipt", "2", "-o", "policy.receipt"]);
    let verified = workdir.ok(&["verify", "policy.receipt"]);
    assert!(verified.contains("from now on") && verified.contains("no longer"), "{verified}");
    let verified = workdir.json(&["verify", "policy.receipt"]);
    assert_eq!((&verified["kind"], &verified["policy"]["removed"][0]), (&"policy".into(), &FIRST[0].into()));
    assert!(workdir.ok(&["verify", "policy.receipt", "--format", "csv"]).contains("may read:team/*"));
    workdir.ok(&["report", "policy.receipt", "-o", "report.html"]);
    let report = fs::read_to_string(workdir.path("report.html")).unwrap();
    assert!(report.contains("A server changed who may do what") && report.contains(SECOND[1]), "{report}");
}

#[test]
fn what_cannot_be_followed_is_no_policy() {
    let workdir = Workdir::with_penguins();
    record(&workdir, &[(None, &FIRST), (Some(&SECOND), &FIRST)]);
    let answer = workdir.run(&["access"]);
    assert_eq!(answer.code, Some(1), "{}", answer.stderr);
    assert!(answer.stdout.contains("BROKEN") && answer.stderr.contains("does not follow"), "{}", answer.stdout);
    // A log that is not what its checkpoint says.
    workdir.ok(&["export", "public"]);
    let key = fs::read_to_string(workdir.path("public/log.key")).unwrap();
    let bundle = workdir.path("public/tile/entries/000.p/3");
    let mut bytes = fs::read(&bundle).unwrap();
    let end = bytes.len() - 20;
    bytes[end] ^= 1;
    fs::write(&bundle, bytes).unwrap();
    let refused = workdir.fails(1, &["access", "--export", "public", "--trust", key.trim()]);
    assert!(refused.contains("not what its checkpoint says"), "{refused}");
    let other = workdir.fails(2, &["access", "--export", "public", "--trust", "nonsense"]);
    assert!(other.contains("nonsense"), "{other}");
}
