//! Forms of the output.

use clap::ValueEnum;

/// Form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    #[default]
    #[value(alias = "text")]
    #[serde(alias = "text")]
    Table,
    /// For programs; the fields are stable.
    Json,
    /// The same fields as YAML.
    Yaml,
    /// A line for each statement of each receipt (of verification alone).
    Csv,
    /// A graph in the language of Graphviz (of `zkl lineage` alone).
    #[value(hide = true)]
    Dot,
    /// A graph in the language of Mermaid (of `zkl lineage` alone).
    #[value(hide = true)]
    Mermaid,
}

impl Format {
    /// Whether it is the form of a graph.
    pub const fn is_graph(self) -> bool {
        matches!(self, Self::Dot | Self::Mermaid)
    }
}
