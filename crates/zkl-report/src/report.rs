//! The report: a page of its own about several receipts.

use maud::{Markup, html};
use zkl_core::time::Timestamp;

use crate::{
    legal,
    page::{Style, document},
    receipt::{Reported, receipt_section, withdrawn},
    statement::{Assurance, badge, count},
};

/// What no receipt shows.
const NOT_SHOWN: [&str; 6] = [
    "That a source told the truth: a proof is about the table that was committed to, whatever it was filled with.",
    "That a model was trained with this table, or with nothing else.",
    "That people whose data these are agreed, unless they signed.",
    "That there is no copy that was not recorded.",
    "That the data are free of personal data in what they mean, or sufficient for a purpose or a law.",
    "That the clock of the notary was right.",
];

/// The report about `receipts`, made at `made_at`: one HTML file that loads nothing, runs nothing and prints well.
pub fn report(receipts: &[Reported], made_at: Timestamp) -> String {
    let body = html! {
        main {
            h1 { "What these receipts show" }
            p class="soft" { "Made on " (made_at) " from " (count(receipts.len() as u64, "receipt", "receipts")) "." }
            (overview(receipts))
            @for receipt in receipts { (receipt_section(receipt)) }
            (legal::requirements(receipts))
            (not_shown())
            (check())
        }
        footer { "Written by zkl. This page is no evidence: the receipts are, and anybody can verify them." }
    };
    document("What these receipts show", Style::Inline, &body)
}

fn overview(receipts: &[Reported]) -> Markup {
    let valid = receipts.iter().filter(|receipt| receipt.is_valid()).count();
    let withdrawn = withdrawn(receipts);
    html! {
        @if valid < receipts.len() {
            p class="warning" {
                (count((receipts.len() - valid) as u64, "receipt is", "receipts are")) " not valid or forgeable, and said to be so below."
            }
        }
        ul {
            @for fact in receipts.iter().flat_map(Reported::facts) {
                li {
                    @if withdrawn.contains(&fact.entry.id) {
                        span class="badge bad" { "withdrawn" } " Not to be relied on, says its notary: "
                    } @else { (badge(fact.assurance)) " " }
                    (fact.sentence)
                }
            }
        }
        p {
            (badge(Assurance::Proved)) " means: a mathematical proof shows it without showing a row of the table, and a false statement has no proof "
            "that passes, on the trust that is named with each receipt. " (badge(Assurance::Attested)) " means: the notary signed it, and nothing here "
            "would show a lie."
        }
    }
}

fn not_shown() -> Markup {
    html! {
        section {
            h2 { "What is not shown" }
            ul { @for sentence in NOT_SHOWN { li { (sentence) } } }
            p {
                "Receipts disclose the names and types of columns, the number of rows, what is claimed, and who recorded it when. They disclose no row "
                "and no statistic beyond the claims."
            }
        }
    }
}

fn check() -> Markup {
    html! {
        section {
            h2 { "How to check this" }
            p { "This page says what a program found. Whoever has the receipts can have another program find it again, offline:" }
            p { code { "zkl verify FILE --trust KEY-OF-THE-LOG" } }
            p {
                "Compare the SHA-256 of each file with the one above, and take the key of the log from its operator, not from the receipt."
            }
        }
    }
}
