//! A lineage as lines of text.

use std::{collections::BTreeSet, fmt::Write as _};

use zkl_circuits::relation::words;
use zkl_core::{digest::TransactionId, text::visible};

use super::{Lineage, Link, Statement, Version, worth};

/// Which way a tree grows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Towards {
    Sources,
    Results,
}

impl Lineage {
    /// Trees of ancestors and of descendants for every version of the dataset, the newest first, and what else was recorded of their rows.
    /// What was shown once is not shown again, so the text ends whatever came from what.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut shown = BTreeSet::new();
        let own = self.versions.iter().rev().filter(|version| version.dataset == self.dataset);
        for version in own {
            if shown.contains(&version.entry) {
                continue;
            }
            line(&mut text, &version.in_words());
            for (title, towards) in [("comes from", Towards::Sources), ("led to", Towards::Results)] {
                if self.steps(version.entry, towards).is_empty() {
                    line(&mut text, &format!("{title} nothing that is recorded"));
                    continue;
                }
                line(&mut text, title);
                let mut in_tree = BTreeSet::from([version.entry]);
                self.branches(version.entry, towards, "", &mut in_tree, &mut text);
                shown.extend(in_tree);
            }
            shown.insert(version.entry);
            text.push('\n');
        }
        if self.remarks().next().is_some() {
            line(&mut text, "also recorded");
            for statement in self.remarks() {
                line(&mut text, &format!("- {} ({})", remark(statement), worth(statement)));
            }
            text.push('\n');
        }
        if self.is_cut {
            line(&mut text, "There is more than is shown here.");
        }
        let end = text.trim_end().len();
        text.truncate(end);
        text
    }

    /// What comes next to a version, with what says so.
    fn steps(&self, version: TransactionId, towards: Towards) -> Vec<(TransactionId, &Link)> {
        let step = |link: &'_ Link| {
            let (here, there) = if towards == Towards::Sources { (link.to, link.from) } else { (link.from, link.to) };
            match version {
                version if version == here => Some(there),
                version if version == there && self.is_alike(link) => Some(here),
                _ => None,
            }
        };
        self.links.iter().filter_map(|link| Some((step(link)?, link))).collect()
    }

    fn branches(
        &self,
        version: TransactionId,
        towards: Towards,
        indent: &str,
        shown: &mut BTreeSet<TransactionId>,
        text: &mut String,
    ) {
        let steps = self.steps(version, towards);
        for (at, (next, link)) in steps.iter().enumerate() {
            let is_last = at + 1 == steps.len();
            let (branch, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let name = self.version(*next).map_or_else(|| next.to_string(), Version::in_words);
            let is_new = shown.insert(*next);
            let repeated = if is_new { "" } else { ": see above" };
            line(text, &format!("{indent}{branch}{name}: {} ({}){repeated}", self.reason(link), self.worth(link)));
            if is_new {
                self.branches(*next, towards, &format!("{indent}{below}"), shown, text);
            }
        }
    }
}

/// `disjoint train, test in patient_id`.
fn remark(statement: &Statement) -> String {
    let tables: Vec<&str> = statement.tables.iter().map(|table| table.dataset.as_str()).collect();
    let asked = statement.details.clone();
    let said = match (asked, statement.operation.is_about_conditions()) {
        (Some(details), true) => format!(": {details}"),
        (details, _) => {
            let details = details.map(|details| format!(", {details}")).unwrap_or_default();
            format!(" in {}{details}", words(&statement.columns))
        }
    };
    format!("{} {}{said}", statement.operation, tables.join(", "))
}

/// Conditions and names of columns are strangers' text.
fn line(text: &mut String, line: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{}", visible(line));
}
