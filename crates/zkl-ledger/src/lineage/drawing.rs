//! A lineage in the languages of Graphviz and Mermaid.

use std::fmt::Write as _;

use zkl_circuits::relation::words;
use zkl_core::{digest::TransactionId, text::visible};

use super::{Basis, Lineage, Statement, Version, worth};

/// A text in double quotes of Graphviz; `lines` are its lines.
fn dot_label<const N: usize>(lines: [String; N]) -> String {
    let escaped = lines.map(|line| visible(&line).replace('\\', "\\\\").replace('"', "\\\""));
    format!("\"{}\"", escaped.join("\\n"))
}

/// A text in double quotes of Mermaid, which reads entities and tags in it, and Markdown between backquotes.
fn mermaid_label<const N: usize>(lines: [String; N]) -> String {
    let escape = |c: char| match c {
        '#' | '"' | '<' | '>' | '&' | '`' | '\\' => format!("#{};", u32::from(c)),
        c => c.to_string(),
    };
    let escaped = lines.map(|line| visible(&line).chars().map(escape).collect::<String>());
    format!("\"{}\"", escaped.join("<br/>"))
}

impl Lineage {
    /// The graph in the language of Graphviz: `zkl lineage NAME --format dot | dot -Tsvg`. What no relation shows is dashed.
    pub fn to_dot(&self) -> String {
        let mut text = "digraph lineage {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
        for (at, version) in self.versions.iter().enumerate() {
            let shape = if version.dataset == self.dataset { ", style=bold" } else { "" };
            let label = dot_label(self.version_lines(at));
            let _ = writeln!(text, "  v{at} [label={label}{shape}];");
        }
        for link in &self.links {
            let (Some(from), Some(to)) = (self.place(link.from), self.place(link.to)) else { continue };
            let label = dot_label([self.reason(link), self.worth(link)]);
            let style = if link.by == Basis::Relation { "" } else { ", style=dashed" };
            let both = if self.is_alike(link) { ", dir=both" } else { "" };
            let _ = writeln!(text, "  v{from} -> v{to} [label={label}{style}{both}];");
        }
        for (at, statement) in self.remarks().enumerate() {
            let label = dot_label([said(statement), worth(statement)]);
            let _ = writeln!(text, "  s{at} [label={label}, shape=note];");
            for place in statement.tables.iter().filter_map(|table| self.place(table.version)) {
                let _ = writeln!(text, "  v{place} -> s{at} [dir=none, style=dotted];");
            }
        }
        text.push_str("}\n");
        text
    }

    /// The graph in the language of Mermaid, as GitHub and GitLab draw it. What no relation shows is dotted.
    pub fn to_mermaid(&self) -> String {
        let mut text = "flowchart LR\n".to_owned();
        for at in 0..self.versions.len() {
            let _ = writeln!(text, "  v{at}[{}]", mermaid_label(self.version_lines(at)));
        }
        for link in &self.links {
            let (Some(from), Some(to)) = (self.place(link.from), self.place(link.to)) else { continue };
            let label = mermaid_label([self.reason(link), self.worth(link)]);
            let arrow = match link.by {
                Basis::Relation if self.is_alike(link) => "<-->",
                Basis::Relation => "-->",
                _ => "-.->",
            };
            let _ = writeln!(text, "  v{from} {arrow}|{label}| v{to}");
        }
        for (at, statement) in self.remarks().enumerate() {
            let _ = writeln!(text, "  s{at}([{}])", mermaid_label([said(statement), worth(statement)]));
            for place in statement.tables.iter().filter_map(|table| self.place(table.version)) {
                let _ = writeln!(text, "  v{place} -.- s{at}");
            }
        }
        text
    }

    fn place(&self, version: TransactionId) -> Option<usize> {
        self.versions.iter().position(|other| other.entry == version)
    }

    /// The name of a version, and the rest of what is said of it.
    fn version_lines(&self, at: usize) -> [String; 2] {
        let words = self.versions.get(at).map(Version::in_words).unwrap_or_default();
        match words.split_once(", ") {
            Some((name, rest)) => [name.to_owned(), rest.to_owned()],
            None => [words, String::new()],
        }
    }
}

fn said(statement: &Statement) -> String {
    match statement.operation.is_about_conditions() {
        true => statement.in_words(),
        false => format!("{} in {}", statement.in_words(), words(&statement.columns)),
    }
}
