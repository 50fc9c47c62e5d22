//! What the kinds say about themselves stands in `docs/claims.md`.

use std::fmt::Write as _;

use crate::claims::{Page, language::Claim, pages};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/claims.md");
/// Writes the generated parts into [`FILE`] when it is set.
const WRITE: &str = "ZKL_WRITE_DOCS";

/// What stands between the markers of each section.
fn sections() -> [(&'static str, String); 4] {
    let (mut grammar, mut examples) = ("claim = ".to_owned(), String::new());
    for (position, Page { grammar: rule, examples: texts, .. }) in pages().enumerate() {
        let bar = if position == 0 { "" } else { "      | " };
        let _ = writeln!(grammar, "{bar}{rule}");
        let _ = writeln!(examples, "{}", texts.join("\n"));
    }
    let mut meanings = "| claim | meaning | nulls | hidden | circuit | k |\n|---|---|---|---|---|---|\n".to_owned();
    for row in pages().flat_map(|page| page.rows) {
        let (claim, meaning, nulls) = (row.claim, row.meaning, row.nulls);
        let _ =
            writeln!(meanings, "| {claim} | {meaning} | {nulls} | {} | {} | {} |", row.hidden, row.circuit, row.bits);
    }
    let notes = pages().flat_map(|page| page.notes).map(|note| format!("- {note}\n")).collect();
    let code = |text: String| format!("```text\n{text}```\n");
    [("grammar", code(grammar)), ("examples", code(examples)), ("meanings", meanings), ("notes", notes)]
}

/// `file` with the generated sections put between their markers.
fn generated(file: &str) -> String {
    sections().into_iter().fold(file.to_owned(), |file, (name, content)| {
        let (begin, end) = (format!("<!-- {name}: generated -->\n"), format!("<!-- end of {name} -->\n"));
        let (before, rest) = file.split_once(&begin).unwrap_or_else(|| panic!("no {begin}"));
        let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no {end}"));
        format!("{before}{begin}{content}{end}{after}")
    })
}

#[test]
fn the_page_of_claims_says_what_the_kinds_say() {
    let file = std::fs::read_to_string(FILE).unwrap();
    let expected = generated(&file);
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(FILE, expected).unwrap();
    } else {
        assert!(file == expected, "docs/claims.md is not what the kinds say: run this test with {WRITE}=1");
    }
}

/// Whoever writes another verifier reads these two.
#[test]
fn every_kind_stands_in_the_pages_about_bytes() {
    for file in ["../../docs/formats.md", "../../docs/verifying/claims.md"] {
        let text = std::fs::read_to_string(file).unwrap();
        for page in pages() {
            let claim: Claim = page.examples[0].parse().unwrap();
            let json = serde_json::to_value(&claim).unwrap();
            let tag = json["claim"].as_str().unwrap();
            assert!(text.contains(&format!("`{tag}`")), "{file} does not name `{tag}`");
        }
    }
}

#[test]
fn every_example_is_a_claim_of_its_kind() {
    for page in pages() {
        assert!(!page.examples.is_empty() && !page.rows.is_empty());
        for text in page.examples {
            let claim: Claim = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert!(page.grammar.contains(&format!("\"{}\"", claim.function())), "{text}");
        }
    }
}
