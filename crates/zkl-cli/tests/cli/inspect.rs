//! What is in a receipt, by its own words.

use std::fs;

use crate::common::Workdir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../zkl-ledger/tests/fixtures");

#[test]
fn a_receipt_says_which_table_its_claims_are_about() {
    let workdir = Workdir::new();
    let path = format!("{FIXTURES}/v5/claims.receipt");
    let seen = workdir.json(&["inspect", &path]);
    assert_eq!(seen["verified"], false);
    let receipt = &seen["receipts"][0];
    assert_eq!(receipt["bytes"], fs::metadata(&path).unwrap().len());
    assert!(receipt["log"]["size"].as_u64().is_some() && receipt["log"]["witnesses"][0].is_string(), "{receipt}");
    let entries = receipt["entries"].as_array().unwrap();
    let (table, claims) = entries.split_first().unwrap();
    assert_eq!((&table["kind"], &table["subject"]), (&"notarization".into(), &false.into()));
    let columns = table["table"]["columns"].as_array().unwrap();
    assert!(
        !columns.is_empty() && columns.iter().all(|column| column["name"].is_string() && column["type"].is_string())
    );
    assert_eq!((&table["proofs"][0]["of"], &table["proofs"][0]["scheme"]), (&"rows".into(), &"universal".into()));
    assert!(table["proofs"][0]["bytes"].as_u64().unwrap() > 1_000, "{table}");
    assert_eq!(claims.len(), 2);
    for claim in claims {
        assert_eq!((&claim["kind"], &claim["subject"]), (&"claim".into(), &true.into()));
        assert!(claim["claim"].is_string() && claim["proofs"][0]["of"] == "statement", "{claim}");
        // Which version of the dataset: the notarization in this receipt.
        assert_eq!(claim["datasets"][0]["notarized_in"], table["index"]);
        assert_eq!(claim["datasets"][0]["dataset_id"], table["datasets"][0]["dataset_id"]);
    }
    let verified = workdir.json(&["verify", &path]);
    assert_eq!(verified["statements"][0]["dataset_id"], table["datasets"][0]["dataset_id"], "as the verifier has it");
    assert_eq!(verified["statements"][0]["columns"], columns.len());
}

#[test]
fn every_form_says_that_nothing_was_verified() {
    let workdir = Workdir::new();
    let path = format!("{FIXTURES}/v5/claims.receipt");
    let text = workdir.ok(&["inspect", &path]);
    assert!(text.contains("NOTHING WAS VERIFIED") && !text.contains("VALID:"), "{text}");
    assert!(workdir.ok(&["inspect", &path, "--format", "yaml"]).starts_with("verified: false"));
    // A receipt that is not valid is shown like any other: another log's key.
    let receipt = fs::read_to_string(&path).unwrap();
    let key = workdir.json(&["verify", &path])["log"]["key"].as_str().unwrap().to_owned();
    let other = Workdir::new();
    let other_key = other.json(&["init", "--origin", "example.com/other"])["log_key"].as_str().unwrap().to_owned();
    workdir.write("forged.receipt", receipt.replace(&key, &other_key));
    workdir.fails(1, &["verify", "forged.receipt"]);
    assert!(workdir.ok(&["inspect", "forged.receipt"]).contains("NOTHING WAS VERIFIED"));
}

#[test]
fn receipts_of_every_version_and_kind_are_shown() {
    let workdir = Workdir::new();
    let seen = workdir.json(&["inspect", FIXTURES]);
    let receipts = seen["receipts"].as_array().unwrap();
    let files = receipts.iter().map(|receipt| receipt["file"].as_str().unwrap());
    assert!(files.clone().any(|file| file.ends_with("v1/claim.receipt")));
    assert!(files.clone().any(|file| file.ends_with("v6/rotated.receipt")));
    let entries: Vec<_> = receipts.iter().flat_map(|receipt| receipt["entries"].as_array().unwrap()).collect();
    for kind in ["notarization", "claim", "custom", "key"] {
        let of_kind = entries.iter().find(|entry| entry["kind"] == kind).expect(kind);
        assert_eq!(of_kind["known"], true, "{of_kind}");
    }
    let text = workdir.ok(&["inspect", FIXTURES]);
    assert_eq!(text.matches("NOTHING WAS VERIFIED").count(), receipts.len());
}

#[test]
fn what_is_no_receipt_hides_no_other() {
    let workdir = Workdir::new();
    let path = format!("{FIXTURES}/v5/claims.receipt");
    workdir.write("a.receipt", "{}");
    let answer = workdir.run(&["inspect", "a.receipt", &path, "absent.receipt", "--format", "json"]);
    let seen: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((answer.code, seen["receipts"].as_array().unwrap().len()), (Some(2), 1), "{}", answer.stderr);
    assert_eq!(
        (&seen["others"][0]["file"], &seen["others"][1]["error"]["kind"]),
        (&"a.receipt".into(), &"not-found".into())
    );
    let error: serde_json::Value = serde_json::from_str(&answer.stderr).unwrap();
    assert_eq!(error["message"], "2 of 3 files are no receipts");
    let text = workdir.run(&["inspect", "a.receipt", &path]).stdout;
    assert!(text.contains("NOTHING WAS VERIFIED") && text.contains("a.receipt: NO RECEIPT: "), "{text}");
}

#[test]
fn what_is_no_receipt_is_an_error_and_no_verdict() {
    let workdir = Workdir::new();
    workdir.write("a.receipt", "{}");
    assert!(workdir.fails(2, &["inspect", "a.receipt"]).contains("a.receipt is not a receipt"));
    workdir.fails(2, &["inspect", "absent.receipt"]);
    workdir.fails(2, &["inspect"]);
}
