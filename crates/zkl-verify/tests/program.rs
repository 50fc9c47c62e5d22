//! The program, run as a user runs it, on the stored receipts of every format.

#![expect(clippy::unwrap_used, reason = "a test that fails should stop")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

const LOG: &str = "example.com/fixtures+3fedaab5+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";

struct Answer {
    code: i32,
    stdout: String,
    stderr: String,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../zkl-ledger/tests/fixtures")
}

fn fixture(name: &str) -> String {
    fixtures().join(name).display().to_string()
}

fn run(args: &[&str]) -> Answer {
    let output = Command::new(env!("CARGO_BIN_EXE_zkl-verify")).args(args).env_clear().output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Answer { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn json(args: &[&str]) -> (i32, Value) {
    let answer = run(&[args, &["--format", "json"]].concat());
    (answer.code, serde_json::from_str(&answer.stdout).unwrap())
}

/// The keys of custom circuits that receipts bring along, as whoever was told of them trusts them.
fn custom_keys() -> Vec<String> {
    let mut keys = BTreeSet::new();
    for version in ["v1", "v4"] {
        let refused = run(&[&fixture(&format!("{version}/custom.receipt")), "--trust", LOG]);
        assert_eq!(refused.code, 1, "{version}: {}", refused.stdout);
        keys.insert(named_key(&refused.stderr));
    }
    keys.into_iter().collect()
}

/// `vk:CIRCUIT:DIGEST` of the key that a refusal names.
fn named_key(refusal: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || "/@-_".contains(c);
    let words: Vec<&str> = refusal.split(|c| !word(c)).filter(|word| !word.is_empty()).collect();
    let digest =
        words.iter().find(|word| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())).unwrap();
    let circuit = words.iter().find(|word| word.contains('@') && word.contains('/') && word.len() < 64).unwrap();
    format!("vk:{circuit}:{digest}")
}

#[test]
fn stored_receipts_of_every_format_verify() {
    let mut args = vec![fixtures().display().to_string(), "--trust".to_owned(), LOG.to_owned()];
    for key in custom_keys() {
        args.extend(["--trust".to_owned(), key]);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (code, report) = json(&args);
    let receipts = report["receipts"].as_array().unwrap();
    let versions: BTreeSet<&str> =
        receipts.iter().map(|line| line["file"].as_str().unwrap().rsplit('/').nth(1).unwrap()).collect();
    assert_eq!(versions.into_iter().collect::<Vec<_>>(), ["v1", "v2", "v3", "v4", "v5", "v6"]);
    for line in receipts {
        // The key of this one is its circuit, which no program but its maker's has.
        if line["file"].as_str().unwrap().ends_with("v5/custom.receipt") {
            assert!(line["error"]["causes"].to_string().contains("neither built in nor was it handed in"), "{line}");
        } else {
            assert!(line.get("error").is_none(), "{line}");
            assert_eq!(line["log"]["pinned"], true, "{line}");
        }
    }
    assert_eq!(code, 1);
    let proved = |line: &&Value| {
        let statements = line["statements"].as_array().cloned().unwrap_or_else(|| vec![(*line).clone()]);
        statements.iter().any(|statement| statement["assurance"] == "proved")
    };
    assert!(receipts.iter().filter(proved).count() >= 5, "scan proofs are among them");
}

#[test]
fn what_is_wrong_is_said_and_is_the_exit_code() {
    let receipt = fixture("v5/claims.receipt");
    let dir = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(&receipt).unwrap();
    // Another checkpoint, of which the log's signature is not.
    let forged = dir.path().join("forged.receipt");
    fs::write(&forged, text.replacen("example.com/fixtures\\n", "example.com/fixturez\\n", 1)).unwrap();
    let forged = forged.display().to_string();
    let stranger = LOG.replace("3fedaab5", "00000000");
    for (code, args, said) in [
        (1, vec![forged.as_str()], "NOT VALID"),
        (1, vec![&receipt, "--require", "pinned"], "NOT AS REQUIRED"),
        (1, vec![&receipt, &forged], "1 of 2 receipts are NOT VALID"),
        (2, vec!["no-such.receipt"], "cannot read no-such.receipt"),
        (2, vec![&receipt, "no-such.receipt"], "1 of 2 receipts could not be read"),
        (2, vec![&receipt, "--trust", &stranger], "is neither a log key"),
        (2, vec![&receipt, "--trust-store", &receipt], "is not a trust store"),
        (2, vec![&receipt, "--policy", &receipt], "is not a trust policy"),
        (2, vec![&receipt, "--no-such-flag"], "--no-such-flag"),
    ] {
        let answer = run(&args);
        assert_eq!(answer.code, code, "{args:?}: {} {}", answer.stdout, answer.stderr);
        assert!(answer.stderr.contains(said), "{args:?}: {}", answer.stderr);
    }
    let answer = run(&[&forged, "--format", "json"]);
    let error: Value = serde_json::from_str(&answer.stderr).unwrap();
    assert_eq!((error["code"].as_i64(), error["kind"].as_str()), (Some(1), Some("not-valid")));
}

#[test]
fn every_form_of_output_is_there() {
    let receipt = fixture("v5/claims.receipt");
    let table = run(&[&receipt, "--trust", LOG]);
    assert!(table.stdout.starts_with("VALID: 2 statements\n"), "{}", table.stdout);
    let csv = run(&[&receipt, "--trust", LOG, "--format", "csv"]);
    assert!(csv.stdout.starts_with("file,verdict,origin,"), "{}", csv.stdout);
    assert_eq!(csv.stdout.lines().count(), 3);
    let yaml = run(&[&receipt, "--trust", LOG, "--format", "yaml"]);
    assert!(yaml.stdout.starts_with("valid: true\n"), "{}", yaml.stdout);
    let version = run(&["--version"]);
    assert!(version.stdout.contains("\ncommit: "), "{}", version.stdout);
}
