//! Reports about the stored receipts of every version, and about hostile names.

#![expect(clippy::unwrap_used, reason = "a test that fails should stop")]

use std::{fs, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};
use zkl_core::time::Timestamp;
use zkl_receipt::{Receipt, Trust, VerifiedReceipt, VerifiedStatement, VerifyError, verify};
use zkl_report::{Reported, report};

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../zkl-ledger/tests/fixtures");
    let mut found = Vec::new();
    let versions = fs::read_dir(root).unwrap().map(|version| version.unwrap().path());
    for version in versions.filter(|version| version.is_dir()) {
        for file in fs::read_dir(version).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "receipt") {
                found.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Verifies a receipt, with whatever key its custom circuit is proved under.
fn outcome(bytes: &[u8]) -> Result<VerifiedReceipt, VerifyError> {
    let trust = Trust::default();
    match verify(bytes, &trust) {
        Err(VerifyError::KeyNotTrusted { circuit, digest }) => {
            verify(bytes, &trust.with_text(&format!("vk:{circuit}:{digest}")).unwrap())
        }
        other => other,
    }
}

fn verified(bytes: &[u8]) -> VerifiedReceipt {
    outcome(bytes).unwrap()
}

fn made(receipts: &[Reported]) -> String {
    let page = report(receipts, Timestamp(1_767_225_600_000));
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
    // Nothing is run and nothing is loaded.
    let tags = page.split('<').skip(1).map(|part| part.split('>').next().unwrap());
    for tag in tags {
        let name = tag.split([' ', '/']).next().unwrap();
        assert!(!["script", "img", "link", "iframe", "form", "object", "a"].contains(&name), "<{tag}>");
        assert!(!tag.contains(" src=") && !tag.contains(" href=") && !tag.contains(" on"), "<{tag}>");
    }
    page
}

#[test]
fn there_is_a_report_for_every_stored_receipt_and_it_has_words_for_every_statement() {
    let fixtures = fixtures();
    assert!(fixtures.len() >= 13, "{}", fixtures.len());
    let (mut all, mut unknown) = (Vec::new(), 0);
    for (name, bytes) in &fixtures {
        let verified = match outcome(bytes) {
            Ok(verified) => verified,
            // Whoever has no program for a custom circuit is told so.
            Err(error @ VerifyError::CircuitUnknown { .. }) => {
                let reason = error.to_string();
                let page = made(&[Reported::new(name, bytes, Err(reason.clone()))]);
                assert!(page.contains("not valid</span>") && page.contains(&escaped(&reason)), "{name}");
                unknown += 1;
                continue;
            }
            Err(error) => panic!("{name}: {error}"),
        };
        let claims: Vec<(String, String)> = verified
            .subjects()
            .filter_map(|entry| match &entry.statement {
                VerifiedStatement::Claim { claim, .. } => Some((claim.to_string(), claim.in_words())),
                _ => None,
            })
            .collect();
        let forgeable = !verified.verdict().is_valid();
        let log = verified.log.origin.clone();
        let page = made(&[Reported::new(name, bytes, Ok(verified))]);
        assert!(!page.contains("has no words for"), "{name}");
        assert!(page.contains(&log), "{name}");
        assert_eq!(page.contains("rests on test material"), forgeable, "{name}");
        // What rests on test material is nowhere called proved but where the word is explained.
        assert!(!forgeable || page.matches("badge good\">proved").count() == 1, "{name}");
        for (text, words) in claims {
            assert!(page.contains(&escaped(&text)) && page.contains(&escaped(&words)), "{name}: {text}");
        }
        all.push(Reported::new(name, bytes, Ok(self::verified(bytes))));
    }
    assert!(unknown <= 2, "{unknown}");
    let page = made(&all);
    for provision in ["Art. 10(2)(a)", "Art. 10(2)(h)", "Art. 10(3)", "Art. 10(5)", "Annex IV, 2(d)"] {
        assert!(page.contains(provision), "{provision}");
    }
    for status in ["not provable", "not shown", "attested"] {
        assert!(page.contains(&format!("{status}</span>")), "{status}");
    }
    assert!(page.contains("no finding of compliance") && page.contains("What is not shown"));
}

fn escaped(text: &str) -> String {
    maud::html! { (text) }.into_string()
}

#[test]
fn what_is_not_valid_shows_nothing_and_says_why() {
    let (name, bytes) = &fixtures()[0];
    let mut broken = bytes.clone();
    let place = broken.iter().position(|byte| *byte == b':').unwrap();
    broken[place] = b';';
    let outcome = verify(&broken, &Trust::default()).map_err(|error| error.to_string());
    let reason = outcome.as_ref().unwrap_err().clone();
    let page = made(&[Reported::new(name, &broken, outcome)]);
    assert!(page.contains("not valid</span>") && page.contains(&escaped(&reason)));
    assert!(!page.contains("class=\"statement\""));
    // The worth of nothing is nothing: all that could be shown is not.
    assert_eq!(page.matches("badge good").count(), 1);
}

/// Names and reasons come from whoever made the receipt.
#[test]
fn hostile_texts_do_not_become_markup() {
    let hostile = "</style><script>alert(1)</script><img src=x onerror=\"alert(1)\">'\u{202e}\0";
    let page = made(&[Reported::new(hostile, b"", Err(hostile.to_owned()))]);
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("\\u{202e}") && !page.contains('\u{202e}'));
    assert!(!page.contains('\0'));
}

/// So do the names of columns and values in claims.
#[test]
fn hostile_columns_do_not_become_markup() {
    let hostile = "<script>alert(1)</script>";
    let json = serde_json::json!({"claim": "gap", "column": hostile, "value": hostile, "by": hostile,
        "groups": [hostile, "\u{202e}x"], "is": {"at_most": "0.1"}});
    let claim: zkl_circuits::claims::language::Claim = serde_json::from_value(json).unwrap();
    let words = claim.in_words();
    assert!(words.contains("\\u{202e}") && !words.contains('\u{202e}'), "{words}");
    assert!(!escaped(&words).contains('<'));
}

#[test]
fn every_kind_of_claim_has_words_that_name_what_the_claim_names() {
    for page in zkl_circuits::claims::language::kinds::pages() {
        for example in page.examples {
            let claim: zkl_circuits::claims::language::Claim = example.parse().unwrap();
            let words = claim.in_words();
            assert!(words.starts_with(char::is_uppercase) && words.ends_with('.'), "{words}");
            for column in claim.columns() {
                assert!(words.contains(column), "{words} does not name {column}");
            }
        }
    }
}

/// A receipt with several entries is decoded as it is reported.
#[test]
fn a_receipt_for_several_entries_is_reported_entry_by_entry() {
    let all = fixtures();
    let several = all.iter().find(|(_, bytes)| Receipt::decode(bytes).unwrap().entries.len() > 2);
    let (name, bytes) = several.unwrap_or_else(|| panic!("no such fixture"));
    let subjects = verified(bytes).subjects().count();
    let page = made(&[Reported::new(name, bytes, Ok(verified(bytes)))]);
    assert_eq!(page.matches("class=\"statement\"").count(), subjects);
}

/// A new kind of claim must say what it is good for.
#[test]
fn every_kind_of_claim_serves_a_requirement() {
    let named: Vec<&str> = zkl_report::legal::functions().collect();
    for page in zkl_circuits::claims::language::kinds::pages() {
        for example in page.examples {
            let claim: zkl_circuits::claims::language::Claim = example.parse().unwrap();
            assert!(named.contains(&claim.function()), "{example}");
        }
    }
}

/// So must a new relation, but for one that no requirement asks for: that a value is there.
#[test]
fn every_relation_serves_a_requirement() {
    let named: Vec<&str> = zkl_report::legal::operations().collect();
    for operation in zkl_circuits::relation::Operation::ALL {
        let serves = named.contains(&operation.name());
        assert_eq!(serves, operation != zkl_circuits::relation::Operation::Present, "{operation}");
    }
    let known = |name: &&str| name.parse::<zkl_circuits::relation::Operation>().is_ok();
    assert!(named.iter().all(known), "{named:?}");
}

/// Browsers hash what stands between the tags: it must be the very text.
#[test]
fn the_policy_of_a_page_allows_its_style_and_nothing_else() {
    let page = made(&[]);
    let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let digest = BASE64_STANDARD.encode(Sha256::digest(style));
    let policy = page.split("Content-Security-Policy\" content=\"").nth(1).unwrap().split('"').next().unwrap();
    let expected = format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'");
    assert_eq!(policy.replace("&#39;", "'"), expected);
    // What is before it is not under it.
    assert!(page.find("Content-Security-Policy") < page.find("<style>"));
    assert!(!style.contains('<') && !style.contains("url(") && !style.contains("@import"));
    assert!(page[..256].contains(zkl_report::page::GENERATOR));
}
