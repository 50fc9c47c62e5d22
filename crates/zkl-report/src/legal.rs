//! What receipts contribute to the requirements of the EU AI Act (Regulation (EU) 2024/1689) on data: Article 10 and Annex IV, 2 (d).
//!
//! Paraphrased, not quoted, and never a finding of compliance: a requirement asks for more than a number.

use maud::{Markup, html};
use zkl_receipt::VerifiedStatement;

use crate::{
    receipt::{Reported, withdrawn},
    statement::{self, Assurance, Fact},
};

/// A statement that a requirement may rest on.
struct Item {
    /// Where the requirement stands.
    provision: &'static str,
    /// What is to be shown about the committed table.
    asks: &'static str,
    shown: Shown,
}

/// How it is shown.
#[derive(Clone, Copy)]
enum Shown {
    /// By claims with one of these functions.
    Claims(&'static [&'static str]),
    /// By relations with one of these operations. What they leave open is said where there are some.
    Relations(&'static [&'static str], &'static str),
    /// By claims with one of these functions, or relations with one of these operations.
    Either(&'static [&'static str], &'static [&'static str]),
    /// By claims about dates and times.
    Times,
    /// By the shape of the table, in its entry.
    Shape,
    /// By its place in the log and the notary's clock.
    Order,
    /// By nothing, and why.
    Never(&'static str),
}

const ITEMS: [Item; 21] = [
    Item {
        provision: "Art. 10(2)(a)",
        asks: "The design choices are appropriate",
        shown: Shown::Never("a judgement, not a property of a table"),
    },
    Item { provision: "Art. 10(2)(b)", asks: "The period that the records cover", shown: Shown::Times },
    Item {
        provision: "Art. 10(2)(b)",
        asks: "Where the data come from, and for what purpose they were collected",
        shown: Shown::Never("that a source told the truth cannot be proved; its own signature would attest it"),
    },
    Item {
        provision: "Art. 10(2)(c)",
        asks: "How the data were prepared: this version follows from an earlier one by stated steps",
        shown: Shown::Relations(
            &["filter", "erase", "split", "append", "subset", "same_rows"],
            "steps that no relation was proved of are not shown, nor are steps that changed values",
        ),
    },
    Item {
        provision: "Art. 10(2)(d)",
        asks: "The assumptions are stated",
        shown: Shown::Never("a judgement, not a property of a table"),
    },
    Item {
        provision: "Art. 10(2)(e)",
        asks: "How much there is: number of rows, columns and their types",
        shown: Shown::Shape,
    },
    Item {
        provision: "Art. 10(2)(f)",
        asks: "Examined for bias: how large groups are, and how they compare",
        shown: Shown::Claims(&["share", "min_group", "gap", "balance"]),
    },
    Item {
        provision: "Art. 10(2)(g)",
        asks: "Bias was mitigated: the gap between groups is within a bound",
        shown: Shown::Claims(&["gap"]),
    },
    Item {
        provision: "Art. 10(2)(h)",
        asks: "Gaps and shortcomings of the data were found and addressed",
        shown: Shown::Never("that nothing was overlooked cannot be proved"),
    },
    Item {
        provision: "Art. 10(3)",
        asks: "Complete: how many values are absent",
        shown: Shown::Claims(&["nulls", "null_rate", "count"]),
    },
    Item {
        provision: "Art. 10(3)",
        asks: "Free of errors: every value within bounds",
        shown: Shown::Either(&["values", "min", "max", "range"], &["bounds"]),
    },
    Item {
        provision: "Art. 10(3)",
        asks: "Statistical properties: means, sums, spreads, correlations",
        shown: Shown::Claims(&["mean", "sum", "variance", "var", "var_sample", "std", "std_sample", "corr", "rows"]),
    },
    Item {
        provision: "Art. 10(3)",
        asks: "Representative: shares of the groups concerned",
        shown: Shown::Claims(&["share", "balance"]),
    },
    Item {
        provision: "Art. 10(3)",
        asks: "No record stands in training and test data at once",
        shown: Shown::Relations(
            &["disjoint"],
            "two keys may stand for one person, and tables that are not named may hold the same records",
        ),
    },
    Item {
        provision: "Art. 10(3)",
        asks: "No record stands twice",
        shown: Shown::Relations(&["unique", "dedup"], "two keys may stand for one thing"),
    },
    Item {
        provision: "Art. 10(4)",
        asks: "Fit for the geographical, contextual and functional setting",
        shown: Shown::Never("what setting a system is meant for is not in its data"),
    },
    Item {
        provision: "Art. 10(5)",
        asks: "Special categories of data are used to correct bias only",
        shown: Shown::Never("what data are used for is not in them"),
    },
    Item {
        provision: "Art. 10(5)(b), (e)",
        asks: "Special categories of data are protected by technical measures, and records are deleted",
        shown: Shown::Relations(
            &["erase", "absent", "k_anonymous"],
            "it is about the tables that are named: that no other copy exists cannot be proved",
        ),
    },
    Item { provision: "Annex IV, 2(d)", asks: "Main characteristics of the data sets", shown: Shown::Shape },
    Item { provision: "Annex IV, 2(d)", asks: "The data were recorded before they were used", shown: Shown::Order },
    Item {
        provision: "Annex IV, 2(d)",
        asks: "Labelling and cleaning, such as the removal of outliers",
        shown: Shown::Relations(
            &["filter", "erase", "dedup", "bounds"],
            "which rows were kept or removed is shown; that labels are right is not",
        ),
    },
];

impl Shown {
    fn by(self, fact: &Fact<'_>) -> bool {
        match self {
            Self::Claims(functions) => fact.function().is_some_and(|function| functions.contains(&function)),
            Self::Relations(operations, _) => fact.operation().is_some_and(|operation| operations.contains(&operation)),
            Self::Either(functions, operations) => {
                Self::Claims(functions).by(fact) || Self::Relations(operations, "").by(fact)
            }
            Self::Times => fact.is_about_time(),
            Self::Shape => fact.layout().is_some(),
            Self::Order => {
                matches!(fact.entry.statement, VerifiedStatement::Notarization { .. } | VerifiedStatement::Claim { .. })
            }
            Self::Never(_) => false,
        }
    }

    /// What a fact is worth for this item: an order of time is never more than the word of a clock.
    const fn worth(self, fact: &Fact<'_>) -> Assurance {
        match self {
            Self::Order => Assurance::Attested,
            _ => fact.assurance,
        }
    }
}

/// The table of requirements, with what the receipts contribute to each.
pub(crate) fn requirements(receipts: &[Reported]) -> Markup {
    // What its notary withdrew contributes nothing.
    let withdrawn = withdrawn(receipts);
    let facts = receipts.iter().flat_map(Reported::facts).filter(|fact| !withdrawn.contains(&fact.entry.id));
    let facts: Vec<Fact<'_>> = facts.collect();
    html! {
        section {
            h2 { "What this contributes to the EU AI Act" }
            p {
                "Statements about the recorded tables that requirements of Article 10 and Annex IV, 2(d) of Regulation (EU) 2024/1689 may rest on. "
                "They are paraphrased here. Whether a requirement is met is a judgement that no receipt makes: this is no finding of compliance."
            }
            div class="scroll" {
                table {
                    thead { tr { th scope="col" { "Provision" } th scope="col" { "Statement" } th scope="col" { "Here" } } }
                    tbody { @for item in &ITEMS { (row(item, &facts)) } }
                }
            }
            p class="soft" {
                "Proved: a proof shows it of the table that was committed to. Attested: signed by the notary, or only as good as their clock. "
                "Not shown: a receipt could show it, and none of these does. Not provable: no receipt of this version can."
            }
        }
    }
}

fn row(item: &Item, facts: &[Fact<'_>]) -> Markup {
    let found: Vec<&Fact<'_>> = facts.iter().filter(|fact| item.shown.by(fact)).collect();
    html! {
        tr {
            td { (item.provision) }
            td { (item.asks) }
            td {
                @match (item.shown, found.as_slice()) {
                    (Shown::Never(why), _) => { span class="badge none" { "not provable" } " " (why) }
                    (_, []) => span class="badge none" { "not shown" },
                    (shown, found) => {
                        @for fact in found {
                            div { (statement::badge(shown.worth(fact))) " " (fact.sentence) " " span class="soft" { "(entry " (fact.entry.index.0) ")" } }
                        }
                        @if let Shown::Relations(_, open) = shown { div class="soft" { "Left open: " (open) "." } }
                    }
                }
            }
        }
    }
}

/// Functions of claims that a requirement here may rest on.
pub fn functions() -> impl Iterator<Item = &'static str> {
    ITEMS.iter().flat_map(|item| match item.shown {
        Shown::Claims(functions) | Shown::Either(functions, _) => functions.iter().copied(),
        _ => [].iter().copied(),
    })
}

/// Operations of relations that a requirement here may rest on.
pub fn operations() -> impl Iterator<Item = &'static str> {
    ITEMS.iter().flat_map(|item| match item.shown {
        Shown::Relations(operations, _) | Shown::Either(_, operations) => operations.iter().copied(),
        _ => [].iter().copied(),
    })
}
